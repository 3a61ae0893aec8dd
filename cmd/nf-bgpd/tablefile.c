#include "tablefile.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "bgp/segments.h"
#include "io/clock.h"
#include "io/fdio.h"
#include "route/table.h"

/* Routes that come without a pause so long are a table that is not whole yet. */
enum { QUIET_MS = 500, TICK_MS = 50 };

static void on_tick(void *arg);

void
tablefile_init(
    struct tablefile *t, struct loop *l, const struct rib *r, const char *path, uint64_t interval_ms)
{
	*t = (struct tablefile){.loop = l, .rib = r, .path = path, .interval_ms = interval_ms, .fd = -1};
	t->tick = loop_timer_add(l, on_tick, t);
}

/* What a set of attributes became: its number in the table, for routes of the peer; of an epoch of the numbers. */
struct done {
	uint32_t number, epoch; /* epoch 0: it has none yet */
	int peer;
};

struct work {
	struct table_builder builder;
	struct buf lists[3];
	struct done *done; /* by the number of the set */
	struct err *e;
	bool failed;
};

static struct str
list_of(struct buf *b, void (*list)(struct buf *out, struct str wire), struct str wire)
{
	b->len = 0;
	list(b, wire);
	return (struct str){(const char *)b->p, b->len};
}

static int
make_route(struct work *w, const struct rib_route *r, uint32_t *number)
{
	struct attrs a;
	struct route route = {.present = ROUTE_NEXT_HOP | ROUTE_PEER | ROUTE_AS_PATH,
	    .next_hop = r->set->next_hop,
	    .peer = r->from->addr};

	attrset_get(r->set, &a);
	route.as_path = list_of(&w->lists[0], segments_list, a.as_path);
	route.communities = list_of(&w->lists[1], communities_list, a.communities);
	route.large_communities = list_of(&w->lists[2], large_communities_list, a.large);
	route.local_pref = a.local_pref;
	route.med = a.med;
	route.present |= (attrs_has(&a, BGP_ATTR_LOCAL_PREF) ? ROUTE_LOCAL_PREF : 0) |
			 (attrs_has(&a, BGP_ATTR_MED) ? ROUTE_MED : 0) |
			 (a.communities.len > 0 ? ROUTE_COMMUNITIES : 0) |
			 (a.large.len > 0 ? ROUTE_LARGE_COMMUNITIES : 0);
	return table_builder_route(&w->builder, &route, number, w->e);
}

static bool
add_route(void *arg, const struct rib_route *r)
{
	struct work *w = arg;
	struct done *d = &w->done[r->attrs];

	if (d->epoch != w->builder.settled + 1 || d->peer != r->peer) {
		w->failed = make_route(w, r, &d->number) == -1;
		d->epoch = w->builder.settled + 1;
		d->peer = r->peer;
	}
	if (!w->failed)
		table_builder_prefix(&w->builder, &r->prefix, d->number);
	return !w->failed;
}

/* In the child, which ends with it. */
static int
write_table(const struct tablefile *t, struct err *e)
{
	struct work w = {.e = e, .done = mem_zero(t->rib->attrs.used, sizeof *w.done)};

	table_builder_init(&w.builder);
	rib_best(t->rib, add_route, &w);
	return w.failed ? -1 : table_builder_write(&w.builder, t->path, (uint64_t)clock_wall_ms() / 1000, e);
}

/* The child is done: the end of its pipe, with words if it failed. */
static void
finish(struct tablefile *t)
{
	char words[512];
	size_t len = 0;
	ssize_t n;

	while (len < sizeof words - 1 && (n = fd_read(t->fd, words + len, sizeof words - 1 - len)) > 0)
		len += (size_t)n;
	words[len] = '\0';
	loop_fd_remove(t->watch);
	t->watch = NULL;
	close(t->fd);
	t->fd = -1;
	int status = 0;
	while (waitpid(t->pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		t->written++;
		t->written_changes = t->begun_changes;
		return;
	}
	t->failed++;
	log_warnx("the prefix table was not written: %s", len > 0 ? words : "the writer was killed");
}

static void
on_child(void *arg, int fd, int what)
{
	(void)fd;
	(void)what;
	finish(arg);
	tablefile_changed(arg);
}

static void
begin(struct tablefile *t)
{
	int fds[2];
	struct err e;

	t->written_ms = clock_mono_ms();
	if (pipe(fds) == -1) {
		log_warn("no pipe to the writer of the prefix table");
		return;
	}
	t->begun_changes = t->rib->changes;
	t->whole = false;
	t->pid = fork();
	if (t->pid == 0) {
		close(fds[0]);
		int r = write_table(t, &e);
		if (r == -1)
			fd_write_all(fds[1], e.msg, strlen(e.msg));
		_exit(r == -1);
	}
	close(fds[1]);
	t->fd = fds[0];
	if (t->pid == -1) {
		log_warn("no process to write the prefix table");
		close(t->fd);
		t->fd = -1;
		return;
	}
	t->watch = loop_fd_add(t->loop, t->fd, LOOP_READ, on_child, t);
}

void
tablefile_changed(struct tablefile *t)
{
	if (t->fd != -1 || t->rib->changes == t->written_changes || loop_timer_pending(t->tick))
		return;
	t->changed_ms = t->moved_ms = clock_mono_ms();
	t->seen_changes = t->rib->changes;
	loop_timer_set(t->tick, TICK_MS);
}

void
tablefile_whole(struct tablefile *t)
{
	t->whole = t->rib->changes != t->begun_changes;
	tablefile_changed(t);
}

/* The table is written when nothing comes any more, or when it has waited for that as long as it may. */
static void
on_tick(void *arg)
{
	struct tablefile *t = arg;
	int64_t now = clock_mono_ms(), interval = (int64_t)t->interval_ms;

	if (t->rib->changes != t->seen_changes)
		t->moved_ms = now;
	t->seen_changes = t->rib->changes;
	bool ready = t->whole || now - t->moved_ms >= QUIET_MS || now - t->changed_ms >= interval;
	if (ready && (t->written_ms == 0 || now - t->written_ms >= interval))
		begin(t);
	if (t->fd == -1)
		loop_timer_set(t->tick, TICK_MS);
}

void
tablefile_release(struct tablefile *t)
{
	if (t->fd != -1)
		finish(t);
	loop_timer_remove(t->tick);
}
