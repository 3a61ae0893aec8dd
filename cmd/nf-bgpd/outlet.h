/*
 * What a neighbour is still to be told: whatever has changed, in order, by its
 * name alone. What there is to say of it is looked up when its turn comes, so
 * that a neighbour who takes little at a time hears of all in the end, however
 * much it is, and costs little memory meanwhile.
 */
#ifndef NF_BGPD_OUTLET_H
#define NF_BGPD_OUTLET_H

#include "bgp/blackholes.h"

enum { OUTLET_MAX = 64 << 20 }; /* bytes, some three million changes */

/* Keys: of blackholes struct prefix; of rules struct flow_key; of an end of RIB a byte, the family. */
enum outlet_kind { OUTLET_PREFIX, OUTLET_FLOW, OUTLET_END, OUTLET_FLOW_END };

/* All zero is empty. */
struct outlet {
	struct buf queue;
	size_t done; /* of the queue */
};

void outlet_release(struct outlet *o); /* it is empty then */

static inline bool
outlet_empty(const struct outlet *o)
{
	return o->done == o->queue.len;
}

/* -1: that is more than anybody can wait for. */
int outlet_put(struct outlet *o, enum outlet_kind kind, const void *key, size_t len);

/* Puts all that is announced, of families, and the ends. -1 as above. */
int outlet_put_all(struct outlet *o, const struct blackholes *bs, uint8_t families);
int outlet_put_flows(struct outlet *o, const struct blackholes *bs, uint8_t families);

/* The message for the next one, appended. Not where it is empty. */
void outlet_write(struct outlet *o, struct buf *out, const struct blackholes *bs, const struct bgp_terms *t,
    uint32_t our_asn);

#endif
