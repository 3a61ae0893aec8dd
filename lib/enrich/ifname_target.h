/* Which routers are asked for interface names, and when. Times are of the monotonic clock. */
#ifndef ENRICH_IFNAME_TARGET_H
#define ENRICH_IFNAME_TARGET_H

#include "enrich/ifname_ask.h"

struct target {
	struct addr addr;
	bool listed; /* else found by its flows */
	bool asked; /* else only known from an earlier run, until a flow of it comes */
	bool first; /* listed, and not asked yet */
	bool early; /* it is asked before its time, for an interface that we do not know */
	int64_t seen_ms, asked_ms, due_ms;
	uint64_t early_wait_ms; /* after asked_ms */
	unsigned failures; /* since it last answered */
	struct router *router; /* what it told last, or NULL */
	struct target_counts {
		uint64_t polls, timeouts, failed, refused;
	} counts;

	/* while it is asked: */
	struct ifask_talk *talk;
	struct ifwalk walk;
};

struct targets {
	uint64_t refresh_ms;
	struct target *all[IFNAME_ROUTERS_MAX];
	size_t count;
	struct map places; /* by address: place in `all` */
	uint64_t refused; /* exporters that there was no room for */
};

void targets_init(struct targets *s, uint64_t refresh_ms);
void targets_release(struct targets *s);

/* A router that is to be asked in any case. Whether it was not there yet, and fits. */
bool target_list(struct targets *s, const struct addr *a, int64_t now);

/* What a router told in earlier times, which is taken over. Without `discover` only of those that are there. */
void targets_known(struct targets *s, struct router *r, bool discover, int64_t now);

/* Flows of a trusted exporter; see ifpoll_tell(). Added if `add`. */
void target_seen(struct targets *s, const struct addr *a, bool unknown, bool add, int64_t now);

/* Forgets routers that are not listed and had no flow for a day. Whether there were any. */
bool targets_expire(struct targets *s, int64_t now);

/* Whether what the router tells can be taken. 0 or -1 with words. */
int targets_accept(const struct targets *s, const struct target *t, const struct router *r, struct err *e);

void target_told(struct target *t, struct router *r, int64_t now, uint64_t refresh_ms); /* takes r over */
void target_failed(struct target *t, int64_t now, uint64_t refresh_ms);

/* All that is known, into an array with room for `count`; how many. */
size_t targets_routers(const struct targets *s, struct router **all);

/* Milliseconds until the next one is due, at most a minute. */
int targets_wait(const struct targets *s, int64_t now);

#endif
