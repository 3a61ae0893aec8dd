/*
 * One TCP connection of a peer: bytes in and out of it, and its state machine.
 * For peer.c, which decides what becomes of two of them.
 */
#ifndef BGP_CONN_H
#define BGP_CONN_H

#include "bgp/fsm.h"
#include "bgp/open.h"
#include "io/loop.h"

enum {
	CONN_IN_MAX = 2 * BGP_EXTENDED_MAX, /* bytes read and not understood yet */
	CONN_OUT_LOW = 256 << 10, /* not taken yet, and there is room for more */
	CONN_OUT_MAX = 4 << 20, /* that the peer does not take */
	CONN_AT_ONCE = 16 << 10, /* bytes read before others have their turn: half a millisecond of routes */
};

struct conn {
	int fd; /* -1: none */
	struct fsm fsm;
	struct loop *loop;
	struct loop_fd *watch;
	struct loop_timer *timer;
	bool calling; /* not answered yet */
	struct buf in, out;
	size_t in_done; /* of `in` */
	struct bgp_terms terms; /* from OpenConfirm on */
	struct bgp_error error; /* for the NOTIFICATION that ends it, and for people */
	uint64_t received, sent; /* messages */

	/* to the peer */
	void *arg;
	void (*event)(void *arg, struct conn *c, enum fsm_event ev);
	/* A message; false: it ended the connection, or it is to be looked at later. */
	bool (*message)(void *arg, struct conn *c, const struct bgp_message *m);
	/* The other side took some of what had to wait, and there is room for more. */
	void (*drained)(void *arg, struct conn *c);
};

void conn_init(struct conn *c, struct loop *l, bool caller);
void conn_release(struct conn *c);

/* Takes a descriptor that is connected, or `calling`. */
void conn_open(struct conn *c, int fd, bool calling);

/* Writes what it can of what is to be sent, then closes. */
void conn_close(struct conn *c);

/* Sends what was put into c->out. */
void conn_flush(struct conn *c);

/* Sets the timer for what the state machine waits for. */
void conn_wait(struct conn *c, int64_t now_ms);

#endif
