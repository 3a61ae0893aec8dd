/*
 * Name servers asked for PTR records on the event loop (c-ares behind it). A
 * question is one packet to one server, and a second over TCP where the answer
 * was cut off: whether to ask again is the caller's business, who keeps the rate.
 *
 * A server that has been silent for a while is left in peace: only one question
 * goes to it now and then, until it answers.
 */
#ifndef ENRICH_RESOLVER_H
#define ENRICH_RESOLVER_H

#include <stdbool.h>

#include "base/addr.h"
#include "io/loop.h"

#define RESOLVER_SERVERS_MAX 8

struct resolver;

struct resolver_server {
	struct addr addr;
	uint16_t port;
};

enum resolver_outcome {
	RESOLVER_ANSWER, /* of any content */
	RESOLVER_TIMEOUT,
	RESOLVER_UNREACHABLE,
	RESOLVER_CANCELLED, /* by resolver_free */
};

struct resolver_options {
	const struct resolver_server *servers;
	unsigned server_count; /* 0: the system's (resolv.conf(5)) */
	unsigned timeout_ms;
	unsigned in_flight_max;

	/* The end of a question; may be called before resolver_ask returns. p only with RESOLVER_ANSWER. */
	void (*answer)(
	    void *arg, uint32_t token, enum resolver_outcome o, const void *p, size_t len, int64_t now_ms);
	/* After some of these, from the event loop: time for more questions. */
	void (*settled)(void *arg, int64_t now_ms);
	void *arg;
};

/* NULL with words if there is no such thing to be had. Times are of clock_mono_ms(). */
struct resolver *resolver_new(struct loop *l, const struct resolver_options *o, struct err *e);

/* Ends what is in flight, as RESOLVER_CANCELLED. */
void resolver_free(struct resolver *r);

/* Whether a question can go out now: there is room, and a server that is not left in peace. */
bool resolver_takes(const struct resolver *r, int64_t now_ms);

/* Whether it is worth to wait for that: any server is up, had no more than a first rest, or is due to be tried. */
bool resolver_up(const struct resolver *r, int64_t now_ms);

/* Asks; only when resolver_takes(). `attempt` counts from 0: a question asked again goes to the next server. */
void resolver_ask(struct resolver *r, const struct addr *a, uint32_t token, unsigned attempt, int64_t now_ms);

unsigned resolver_in_flight(const struct resolver *r);
unsigned resolver_servers(const struct resolver *r, unsigned *silent); /* how many, and those left in peace */

#endif
