/*
 * The connections of exporters that send IPFIX over TCP (RFC 7011 §10.4): each
 * has a buffer for one message, and whole messages go into the ring. A full
 * ring makes the caller wait, and so the exporters: nothing is dropped.
 *
 * Bounds: CONNS_MAX in all, CONNS_PER_ADDR of one address (proxies aside: their
 * clients count). When all are taken, the one that brought nothing for longest
 * makes room, if that is CONNS_IDLE_MS or more; otherwise the newcomer is
 * refused. An incomplete message may take CONNS_MESSAGE_MS. What breaks these
 * or the framing is closed, counted by its reason, and said (rate-limited).
 */
#ifndef NF_COLLECT_CONNS_H
#define NF_COLLECT_CONNS_H

#include <stdint.h>

#include "base/bytes.h"
#include "source.h"

enum {
	CONNS_MAX = 1024,
	CONNS_PER_ADDR = 64,
	CONNS_IDLE_MS = 60 * 1000,
	CONNS_MESSAGE_MS = 30 * 1000,
	CONNS_DRAIN_MS = 2000, /* how long a full ring is waited for after the end was asked for */
};

struct conns;

/* All memory comes now, and is touched as it is needed. With idle_ms a connection that brings no message for so long is closed. */
struct conns *conns_new(struct source *s, uint64_t idle_ms);
void conns_close_all(struct conns *c);
void conns_free(struct conns *c); /* after conns_close_all, if there were any */

/*
 * The next connection that waits at the listening socket: its number (0 to
 * CONNS_MAX - 1), and its descriptor; -1 with errno if there is none, or
 * CONNS_REFUSED. With `proxied` the peer, which must be this machine, first
 * says whose connection it is, as io/proxy_head.h has it.
 */
enum { CONNS_REFUSED = -2 };
int conns_accept(struct conns *c, int listen_fd, bool proxied, int *fd);

/* Closes one that cannot be served after all. */
void conns_drop(struct conns *c, unsigned i);

/* Takes what that connection has to read now. Closes it at its end or fault; nothing if it is closed already. */
void conns_read(struct conns *c, unsigned i);

/* Closes those that are too slow or too silent. */
void conns_expire(struct conns *c);

unsigned conns_count(const struct conns *c);
void conns_metrics(const struct conns *c, struct buf *out);

#endif
