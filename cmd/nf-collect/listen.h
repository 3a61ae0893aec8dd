/*
 * UDP sockets, and the threads that empty them. With several sources each has a
 * thread and, for every address, a socket of its own; by the sender's address
 * the kernel chooses among the sockets of an address, always the same.
 */
#ifndef NF_COLLECT_LISTEN_H
#define NF_COLLECT_LISTEN_H

#include "base/bytes.h"
#include "base/err.h"
#include "forward.h"
#include "io/endpoint.h"
#include "source.h"

struct listener;

/* The buffer in bytes is asked for each socket. */
struct listener *listener_new(uint64_t buffer);
void listener_free(struct listener *l); /* waits for its threads: after listener_stop */

/* One more source; before listener_start. */
void listener_feed(struct listener *l, struct source *s);

/* One more address, of UDP. */
int listener_add(struct listener *l, const struct endpoint *where, struct err *e);

/* Copies all that is received on; before listener_start. */
void listener_forward(struct listener *l, struct forward *f);

/*
 * Opens the sockets. An address that cannot be had now is warned of and tried
 * again every few seconds; with `must` it is an error. Raises the priority of
 * the thread that calls, for those of listener_start, which sets it back.
 */
int listener_open(struct listener *l, bool must, struct err *e);
bool listener_wants_low_port(const struct listener *l); /* one below 1024 is still to be had */

int listener_start(struct listener *l, struct err *e);

/* Sets `stop` of all sources and wakes the threads, which end when the sockets are empty, after 2 s at most. */
void listener_stop(struct listener *l);

void listener_metrics(const struct listener *l, struct buf *out);

#endif
