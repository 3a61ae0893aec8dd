/*
 * Keeps a table of interface names by asking routers, in a thread of its own.
 * Who uses the table never waits: a new one is there to be taken when it is
 * ready.
 *
 * A router that does not answer is asked again after 10 s (or `refresh_ms` if
 * that is less), and each time after twice as long, up to 15 minutes; from the
 * third time on without retries. What is known of it stays.
 */
#ifndef ENRICH_IFNAME_POLL_H
#define ENRICH_IFNAME_POLL_H

#include "enrich/ifname_ask.h"

#define IFPOLL_TARGETS_MAX IFNAME_ROUTERS_MAX

struct ifpoll_settings {
	struct addr *targets; /* always asked */
	size_t target_count;
	bool discover; /* and those of ifpoll_tell() too */
	struct ifask_secrets secrets;
	struct ifask_options ask;
	uint64_t refresh_ms;
	const char *cache; /* file that outlives us; NULL: none */
	bool cache_expected; /* somebody asked for it, so that it cannot be written is worth a warning */
};

struct ifpoll;

/*
 * Starts the thread; `s` is copied. *p is NULL, or one that runs: the new one takes its place, and what was known goes
 * on. 0, or -1 with words where routers cannot be asked in this way; then *p is what runs, or NULL.
 */
int ifpoll_start(struct ifpoll **p, const struct ifpoll_settings *s, struct err *e);
void ifpoll_stop(struct ifpoll *p);

/* A new table if there is one, which is the caller's then; else NULL. */
struct ifnames *ifpoll_take(struct ifpoll *p);

/* Flows of a trusted exporter were seen; `unknown`: with an interface that the table lacks though it has the router. */
void ifpoll_tell(struct ifpoll *p, const struct addr *exporter, bool unknown);

/* Whether all that are always asked have been, once, and their names are to be taken. */
bool ifpoll_ready(struct ifpoll *p);

/* A descriptor that is readable once ifpoll_ready() is true, and never before. */
int ifpoll_ready_fd(struct ifpoll *p);

/* Prometheus text. */
void ifpoll_metrics(struct ifpoll *p, struct buf *out);

#endif
