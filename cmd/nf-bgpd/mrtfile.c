#include "mrtfile.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "bgp/mrt.h"
#include "io/clock.h"
#include "io/fdio.h"

enum { WRITE_AT = 1 << 20 };

/* In the child. */
struct work {
	struct buf out;
	int fd;
	uint32_t time, sequence;
	uint16_t places[RIB_PEERS_MAX]; /* of the RIB's peers in the table of peers */
	bool failed;
};

static void
flush(struct work *w)
{
	w->failed |= fd_write_all(w->fd, w->out.p, w->out.len) == -1;
	w->out.len = 0;
}

static void
put_peers(struct work *w, const struct rib *r)
{
	struct mrt_peer peers[RIB_PEERS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < RIB_PEERS_MAX; i++) {
		const struct rib_peer *p = &r->peers[i].peer;

		if (!r->peers[i].there)
			continue;
		w->places[i] = (uint16_t)n;
		peers[n++] = (struct mrt_peer){p->addr, p->id, p->asn};
	}
	mrt_peers_write(&w->out, w->time, r->our_id, peers, n);
}

static bool
put_prefix(void *arg, const struct prefix *p, const struct rib_route *routes, size_t n)
{
	struct work *w = arg;
	bool path_ids = false;
	unsigned entries = 0;

	for (size_t i = 0; i < n; i++)
		path_ids |= routes[i].path_id != 0;
	if (n == 0)
		return true;
	size_t at = mrt_rib_begin(&w->out, w->time, w->sequence++, p, path_ids);
	for (size_t i = 0; i < n; i++) {
		struct mrt_route route = {.prefix = *p,
		    .path_id = routes[i].path_id,
		    .peer = w->places[routes[i].peer],
		    .next_hop = routes[i].set->next_hop};

		attrset_get(routes[i].set, &route.attrs);
		entries += mrt_entry_write(&w->out, w->time, &route, path_ids);
	}
	mrt_rib_end(&w->out, at, entries);
	if (w->out.len >= WRITE_AT)
		flush(w);
	return !w->failed;
}

/* Aside, to the disk, and then in its place. */
static int
write_file(const struct rib *r, const char *aside, const char *path)
{
	struct work w = {.time = (uint32_t)(clock_wall_ms() / 1000)};

	w.fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (w.fd == -1)
		return -1;
	put_peers(&w, r);
	rib_each(r, put_prefix, &w);
	flush(&w);
	buf_release(&w.out);
	if (w.failed || fsync(w.fd) == -1) {
		close(w.fd);
		return -1;
	}
	return close(w.fd) == -1 || rename(aside, path) == -1 ? -1 : file_sync_parent(path);
}

static int
write_dump(void *arg, struct err *e)
{
	const struct mrtfile *m = arg;
	struct buf aside = {0};

	buf_printf(&aside, "%s.tmp.%ld", m->path, (long)getpid());
	unlink(buf_cstr(&aside));
	int r = write_file(m->rib, buf_cstr(&aside), m->path);
	if (r == -1) {
		err_sys(e, "%s", m->path);
		unlink(buf_cstr(&aside));
	}
	buf_release(&aside);
	return r;
}

static void
begin(struct mrtfile *m)
{
	if (m->path == NULL || writer_busy(&m->writer) || m->rib->changes == m->written_changes)
		return;
	m->begun_changes = m->rib->changes;
	writer_begin(&m->writer, write_dump);
}

static void
on_timer(void *arg)
{
	struct mrtfile *m = arg;

	begin(m);
	loop_timer_set(m->timer, (int64_t)m->interval_ms);
}

static void
on_done(void *arg, bool good)
{
	struct mrtfile *m = arg;

	m->written += good;
	m->failed += !good;
	if (good)
		m->written_changes = m->begun_changes;
}

void
mrtfile_init(struct mrtfile *m, struct loop *l, const struct rib *r)
{
	*m = (struct mrtfile){.rib = r, .timer = loop_timer_add(l, on_timer, m)};
	writer_init(&m->writer, l, "the dump of routes", on_done, m);
}

void
mrtfile_set(struct mrtfile *m, const char *path, uint64_t interval_ms)
{
	bool same = m->path != NULL && path != NULL && strcmp(m->path, path) == 0;

	if (!same)
		m->written_changes = 0;
	free(m->path);
	m->path = path != NULL ? mem_strdup(path) : NULL;
	m->interval_ms = interval_ms;
	if (m->path != NULL)
		loop_timer_set(m->timer, (int64_t)interval_ms);
	else
		loop_timer_cancel(m->timer);
}

void
mrtfile_release(struct mrtfile *m)
{
	writer_wait(&m->writer);
	begin(m);
	writer_wait(&m->writer);
	loop_timer_remove(m->timer);
	free(m->path);
}
