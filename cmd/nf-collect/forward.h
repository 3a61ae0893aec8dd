/*
 * Datagrams copied on to other collectors, as if their exporters had sent them
 * there too: source address and port are kept, which takes raw sockets and so
 * CAP_NET_RAW. Who receives only copies them into a queue; a thread sends. What
 * has no room, here or in the network, is dropped and counted for each target.
 */
#ifndef NF_COLLECT_FORWARD_H
#define NF_COLLECT_FORWARD_H

#include "base/addr.h"
#include "base/bytes.h"
#include "base/err.h"

struct forward;

/* A patient one waits where it could lose, for what comes from files. */
struct forward *forward_new(bool patient);

/* Sends what is queued, for 2 s at most, and ends the thread: what is put later stays where it is. */
void forward_stop(struct forward *f);

/* When nothing is put any more. */
void forward_free(struct forward *f);

/* One more HOST:PORT to send to. */
int forward_add(struct forward *f, struct str where, struct err *e);

/*
 * Whether something sent to a target would come back: it is an address of this
 * machine, and that of a socket bound to `addr` and `port`.
 */
bool forward_returns(const struct forward *f, const struct addr *addr, uint16_t port);

/* Opens the sockets, for which alone rights are needed; the error says which. */
int forward_open(struct forward *f, struct err *e);
int forward_start(struct forward *f, struct err *e);

/* Threads may put at the same time. What was put is sent at the latest after the next forward_wake. */
void forward_put(struct forward *f, const struct addr *src, uint16_t port, const void *p, size_t len);
void forward_wake(struct forward *f);

void forward_metrics(const struct forward *f, struct buf *out);

#endif
