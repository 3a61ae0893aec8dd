/*
 * Reverse lookups: the cache of names, and the questions on their way. They go
 * out at a bounded rate, so many at a time; the others wait in a queue of
 * bounded length. An address that finds it full is not asked for now; the next
 * flow that has it tries again.
 *
 * How long an answer holds:
 *
 *     a name       its TTL within [ttl_min, ttl_max]; it is still given for an hour
 *                  while it is asked for again (RFC 8767)
 *     no name      what the SOA says, within [ttl_min, 3 hours] (RFC 2308 §5)
 *     failure      15 s, doubled with each in a row up to 15 minutes
 *
 * Times are milliseconds of one clock that only goes forward.
 */
#ifndef ENRICH_RDNS_H
#define ENRICH_RDNS_H

#include "enrich/dns.h"
#include "enrich/ptr_cache.h"
#include "enrich/resolver.h"

#define RDNS_CACHE_MIN 65536 /* several times what a batch can need */
#define RDNS_QUEUE_MAX 16384 /* all addresses of a batch */
#define RDNS_CONCURRENCY_MAX 4096

struct rdns_settings {
	struct resolver_server servers[RESOLVER_SERVERS_MAX];
	unsigned server_count; /* 0: the system's */
	uint32_t concurrency; /* questions at a time, 1..RDNS_CONCURRENCY_MAX */
	uint32_t rate; /* questions a second, from 1 */
	uint32_t retries;
	uint32_t timeout_ms;
	uint32_t ttl_min, ttl_max; /* seconds */
	uint32_t cache_entries; /* fixed once begun */
};

struct rdns_counts {
	uint64_t queries; /* sent, those sent again included */
	uint64_t results[DNS_GARBAGE + 1]; /* answers by enum dns_result */
	uint64_t timeouts, unreachable;
	uint64_t refused_rate, refused_down; /* not asked: the queue was full; no server answers */
};

typedef void rdns_named_fn(void *arg, const struct addr *a, struct str name);

struct rdns {
	struct rdns_settings s;
	struct ptr_cache cache;
	struct resolver *resolver; /* NULL: nothing can be asked */
	struct loop *loop;
	struct loop_timer *timer; /* while questions wait */
	uint32_t
	    queue[RDNS_QUEUE_MAX + RDNS_CONCURRENCY_MAX]; /* a ring; the rest is for what is asked again */
	uint32_t head, queued;
	int64_t tokens, filled_ms; /* of the rate: thousandths of a question, and when they were counted */
	uint32_t awaited; /* entries that the batch waits for */
	bool waiting; /* somebody is to be told when there are none left */
	rdns_named_fn *named; /* each name that came, may be NULL */
	loop_fn *ready;
	void *arg; /* of both */
	struct rdns_counts counts;
};

void rdns_init(struct rdns *r, const struct rdns_settings *s);
void rdns_release(struct rdns *r);

/* The loop is there, and goes: between the two, lookups go on. Warns where there is no resolver to be had. */
void rdns_start(struct rdns *r, struct loop *l);
void rdns_stop(struct rdns *r);

/* New settings; the cache and its size stay. */
void rdns_change(struct rdns *r, const struct rdns_settings *s);

/* Whether anything new can be asked for now. */
bool rdns_takes(const struct rdns *r, int64_t now_ms);

/* Begins lookups of those of the n addresses that have no fresh answer and are not on their way yet. */
void rdns_ask(struct rdns *r, const struct addr *a, size_t n, int64_t now_ms);

/*
 * A batch that waits: rdns_await() first, which forgets what the batch before left in the queue, then
 * rdns_ask() for all its addresses, then rdns_wait(): whether to wait. If so, ready() is called once, when all
 * answers are here or given up. rdns_settle() ends the waiting before that.
 */
void rdns_await(struct rdns *r);
bool rdns_wait(struct rdns *r);
void rdns_settle(struct rdns *r);

/* A name that is known from elsewhere, until then. */
void rdns_warm(struct rdns *r, const struct addr *a, struct str name, uint32_t fresh_seconds, int64_t now_ms);

#endif
