/*
 * IPFIX over TCP: the sockets that listen, and the thread that serves them and
 * their connections (conns.h). It has a ring of its own, so that waiting for
 * room in it never keeps datagrams waiting.
 */
#ifndef NF_COLLECT_TCP_H
#define NF_COLLECT_TCP_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "io/endpoint.h"
#include "source.h"

enum { TCP_RING = 1 << 20 }; /* bytes that fit the source's ring: who would fill more can wait */

struct tcp;

struct tcp *tcp_new(void);
void tcp_free(struct tcp *t); /* after tcp_stop, waits for the thread's end */

/* Where messages go, before tcp_open. With idle_ms, connections that bring none for so long are closed. */
void tcp_feed(struct tcp *t, struct source *s, uint64_t idle_ms);

/* One more address; a transport other than UDP. */
int tcp_add(struct tcp *t, const struct endpoint *where, struct err *e);

/*
 * Opens the sockets. An address that cannot be had now is warned of, and tried
 * again every few seconds by the thread; with `must` it is an error.
 */
int tcp_open(struct tcp *t, bool must, struct err *e);
bool tcp_wants_low_port(const struct tcp *t); /* one below 1024 is still to be had */
int tcp_start(struct tcp *t, struct err *e);

/* Sets `stop` of the source and wakes the thread, which takes what has come already, for 2 s at most, and ends. */
void tcp_stop(struct tcp *t);

void tcp_metrics(const struct tcp *t, struct buf *out);

#endif
