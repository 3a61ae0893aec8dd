#include "restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bgp/mrt.h"
#include "io/fdio.h"

enum { READ_ROOM = 1 << 20 };

struct restored {
	struct speaker *speaker;
	struct loop_timer *stale;
	int own[RIB_PEERS_MAX]; /* peers of the RIB without a session */
	unsigned own_count;
	int *peers; /* of the RIB, by place in the dump's table; -1: there was no room */
	uint64_t dropped; /* routes, for want of room */
};

static struct link *
find_link(const struct speaker *s, const struct addr *remote)
{
	for (unsigned i = 0; i < s->count; i++)
		if (addr_eq(&s->links[i]->remote, remote))
			return s->links[i];
	return NULL;
}

static bool
is_same(const struct rib_peer *a, const struct mrt_peer *b)
{
	return addr_eq(&a->addr, &b->addr) && a->id == b->id && a->asn == b->asn;
}

/* The peer of the RIB whose routes these are. */
static int
peer_for(struct restored *x, const struct mrt_peer *p)
{
	struct rib *rib = &x->speaker->rib;
	struct rib_peer r = {.addr = p->addr, .id = p->id, .asn = p->asn, .ebgp = p->asn != rib->our_asn};
	struct link *l = find_link(x->speaker, &p->addr);

	for (unsigned i = 0; i < x->own_count; i++)
		if (is_same(&rib->peers[x->own[i]].peer, p))
			return x->own[i];
	if (l != NULL) {
		r.ebgp = p->asn != l->settings.peer.open.asn;
		rib_peer_set(rib, l->routes, &r);
		loop_timer_set(l->stale, (int64_t)x->speaker->settings.stale_ms);
		return l->routes;
	}
	r.source = "dump";
	int peer = rib_peer_add(rib, &r);
	if (peer != -1)
		x->own[x->own_count++] = peer;
	return peer;
}

static void
on_peers(void *arg, const struct mrt_peer *peers, unsigned n)
{
	struct restored *x = arg;

	x->peers = mem_resize(x->peers, n + 1U, sizeof *x->peers);
	for (unsigned i = 0; i < n; i++)
		x->peers[i] = peer_for(x, &peers[i]);
}

static void
on_route(void *arg, const struct mrt_route *r)
{
	struct restored *x = arg;
	struct rib *rib = &x->speaker->rib;
	int peer = x->peers[r->peer];

	if (peer == -1) {
		x->dropped++;
		return;
	}
	uint32_t attrs = rib_attrs(rib, &r->attrs, &r->next_hop);
	rib_announce(rib, peer, &r->prefix, r->path_id, attrs);
	rib_attrs_drop(rib, attrs);
}

static int
read_records(struct mrt_reader *m, int fd, struct err *e)
{
	struct buf b = {0};
	size_t done = 0;
	ssize_t got, n = 0;

	while ((got = fd_read(fd, buf_reserve(&b, READ_ROOM), READ_ROOM)) > 0) {
		b.len += (size_t)got;
		while ((n = mrt_read(m, b.p + done, b.len - done, e)) > 0)
			done += (size_t)n;
		if (n == -1)
			break;
		buf_consume(&b, done);
		done = 0;
	}
	int r = got == -1 ? err_sys(e, "cannot read it") : n == -1 ? -1 : mrt_read_end(m, b.len, e);
	buf_release(&b);
	return r;
}

/* Opened so that it never waits, as it would for somebody who writes into a pipe. */
static int
read_file(struct mrt_reader *m, const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), r;
	struct stat st;

	if (fd == -1)
		return errno == ENOENT ? 0 : err_sys(e, "cannot open it");
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		r = err_set(e, "no regular file");
	else
		r = read_records(m, fd, e);
	close(fd);
	return r;
}

static void
say(const struct restored *x, const struct mrt_reader *m, const char *path)
{
	if (m->routes > 0)
		log_notice("%s: %llu routes of %u peers to start from", path, (unsigned long long)m->routes,
		    m->peer_count);
	if (m->refused > 0)
		log_warnx("%s: %llu routes are left out, the first for: %s", path,
		    (unsigned long long)m->refused, m->refusal.msg);
	if (x->dropped > 0)
		log_warnx("%s: %llu routes are left out, there is no room for so many peers", path,
		    (unsigned long long)x->dropped);
}

static void
on_stale(void *arg)
{
	struct restored *x = arg;

	while (x->own_count > 0)
		rib_peer_remove(&x->speaker->rib, x->own[--x->own_count]);
	speaker_changed(x->speaker);
}

/* All that there is so far comes from the dump. */
static void
make_stale(const struct restored *x)
{
	struct speaker *s = x->speaker;

	for (unsigned f = 0; f < BGP_FAMILIES; f++) {
		for (unsigned i = 0; i < x->own_count; i++)
			rib_stale(&s->rib, x->own[i], (enum bgp_family)f);
		for (unsigned i = 0; i < s->count; i++)
			rib_stale(&s->rib, s->links[i]->routes, (enum bgp_family)f);
	}
}

struct restored *
restored_read(struct speaker *s, const char *path)
{
	static const struct mrt_ops ops = {on_peers, on_route};
	struct restored *x = mem_zero(1, sizeof *x);
	struct mrt_reader m;
	struct err e;

	x->speaker = s;
	x->stale = loop_timer_add(s->loop, on_stale, x);
	mrt_reader_init(&m, &ops, x);
	if (read_file(&m, path, &e) == -1)
		log_warnx("%s: %s", path, e.msg);
	make_stale(x);
	say(x, &m, path);
	mrt_reader_release(&m);
	free(x->peers);
	x->peers = NULL;
	if (x->own_count > 0)
		loop_timer_set(x->stale, (int64_t)s->settings.stale_ms);
	speaker_changed(s);
	return x;
}

void
restored_free(struct restored *x)
{
	if (x == NULL)
		return;
	loop_timer_remove(x->stale);
	free(x);
}
