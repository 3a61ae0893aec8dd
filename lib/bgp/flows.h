/*
 * Rules of flowspec that we announce. They are kept beside the blackholes, in the same ledger and under the same fuses:
 * see blackholes.h, which has the set of them.
 */
#ifndef BGP_FLOWS_H
#define BGP_FLOWS_H

#include "base/map.h"
#include "bgp/announce.h"
#include "bgp/request.h"

struct flow {
	struct flow_key key; /* there is one of each */
	struct request request; /* with all that was open in it; times in ms, `expires` where has_expires */
};

/* Keys -> struct flow *. */
void flows_init(struct map *flows);
void flows_clear(struct map *flows);
void flows_release(struct map *flows);

/* Puts it in the place of one of the same packets. */
const struct flow *flows_keep(struct map *flows, const struct request *r);
void flows_forget(struct map *flows, const struct flow_key *k);
const struct flow *flows_find(const struct map *flows, const struct flow_key *k); /* or NULL */

/* Calls fn for each, by key. */
void flows_each(const struct map *flows, void (*fn)(void *arg, const struct flow *f), void *arg);

/* One that is over by now, or NULL, and then when the next one will be; 0: never. */
const struct flow *flows_due(const struct map *flows, int64_t now_ms, int64_t *next);

/* The line of the ledger. */
void flow_line(struct buf *out, const struct flow *f);

/* As BGP has it; it points into the flow. */
struct flow_announcement flow_announcement(const struct flow *f);

#endif
