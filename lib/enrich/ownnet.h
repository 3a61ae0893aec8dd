/* Own networks (my_prefixes), and from them the direction of a flow. */
#ifndef ENRICH_OWNNET_H
#define ENRICH_OWNNET_H

#include "route/lpm.h"

/* All zero is an empty set: nothing is own, and no flow has a direction. */
struct ownnet {
	struct lpm_builder prefixes;
	size_t count;
	struct lpm lpm;
	struct buf image;
};

enum net_direction { NET_UNKNOWN, NET_IN, NET_OUT, NET_INTERNAL, NET_TRANSIT, NET_DIRECTIONS };

/* The texts of the field net_direction, by enum net_direction; the first is empty. */
extern const struct str net_direction_texts[NET_DIRECTIONS];

/* "198.51.100.0/24", "2001:db8::/32" or an address; 0 or -1 with words. */
int ownnet_add(struct ownnet *o, struct str prefix, struct err *e);

/* After the last ownnet_add, before the first question. */
void ownnet_compile(struct ownnet *o);
void ownnet_release(struct ownnet *o);

bool ownnet_holds(const struct ownnet *o, const struct addr *a);

/* own[i] != 0: the address i is own. Not for an empty set. */
void ownnet_holds_many(const struct ownnet *o, const struct addr *a, size_t n, uint32_t *own);

static inline enum net_direction
net_direction(bool src_own, bool dst_own)
{
	if (src_own)
		return dst_own ? NET_INTERNAL : NET_OUT;
	return dst_own ? NET_IN : NET_TRANSIT;
}

#endif
