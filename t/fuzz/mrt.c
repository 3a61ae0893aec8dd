/* A dump in MRT: whatever is taken of it is written so that it is taken as the same. */
#include <stdlib.h>

#include "bgp/mrt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct copy {
	struct buf out;
	unsigned peers;
	uint64_t routes;
};

static void
on_peers(void *arg, const struct mrt_peer *peers, unsigned n)
{
	struct copy *c = arg;

	c->peers = n;
	mrt_peers_write(&c->out, 0, 1, peers, n);
}

static void
on_route(void *arg, const struct mrt_route *r)
{
	struct copy *c = arg;
	size_t at = mrt_rib_begin(&c->out, 0, 0, &r->prefix, r->path_id != 0);

	if (r->peer >= c->peers || r->prefix.len > 128)
		abort();
	if (mrt_entry_write(&c->out, 0, r, r->path_id != 0)) {
		mrt_rib_end(&c->out, at, 1);
		c->routes++;
	} else {
		c->out.len = at;
	}
}

static const struct mrt_ops ops = {on_peers, on_route};

/* How many routes there are. */
static uint64_t
copy_all(struct copy *c, const uint8_t *p, size_t len)
{
	struct mrt_reader m;
	struct err e;
	size_t at = 0;
	ssize_t n;

	mrt_reader_init(&m, &ops, c);
	while ((n = mrt_read(&m, p + at, len - at, &e)) > 0)
		at += (size_t)n;
	if (at > len || m.offset != at || (n == -1 && e.msg[0] == '\0'))
		abort();
	mrt_reader_release(&m);
	return c->routes;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct copy first = {0}, second = {0};

	copy_all(&first, data, len);
	if (copy_all(&second, first.out.p != NULL ? first.out.p : (const uint8_t *)"", first.out.len) !=
		first.routes ||
	    first.out.len != second.out.len ||
	    (first.out.len > 0 && memcmp(first.out.p, second.out.p, first.out.len) != 0))
		abort();
	buf_release(&first.out);
	buf_release(&second.out);
	return 0;
}
