/*
 * Sets of path attributes, each kept once however many routes have it: a full
 * table of a million routes has some two hundred thousand of them.
 */
#ifndef BGP_ATTRSET_H
#define BGP_ATTRSET_H

#include "base/index.h"
#include "base/map.h"
#include "bgp/attr.h"

enum { LOCAL_PREF_DEFAULT = 100, ATTR_TEXTS = 5 };

/* What the decision asks for is at hand; all of it comes by attrset_get. */
struct attrset {
	uint32_t refs;
	uint32_t hash;
	/* From here to the end equal sets are equal bytes. */
	uint64_t has;
	uint32_t local_pref; /* the default where there is none */
	uint32_t med, originator; /* 0 where there is none */
	uint32_t neighbour; /* the first AS of the path, 0: none */
	uint32_t aggregator_as, aggregator;
	uint16_t path_length, clusters; /* as the decision counts */
	uint16_t lens[ATTR_TEXTS]; /* of the texts: AS path, communities, extended, large, clusters */
	uint8_t origin;
	uint8_t pad;
	struct addr next_hop;
	uint8_t texts[];
};

struct attrsets {
	struct attrset **v; /* by number; v[0] is unused */
	uint32_t used, cap; /* of v */
	uint32_t *free; /* numbers that may be used again */
	uint32_t free_count;
	struct index by_hash;
	struct map next_hops; /* struct addr -> how many sets have it */
	uint32_t count;
	size_t bytes; /* of all sets */
	uint64_t seed;
	struct buf scratch;
};

/* `seed` is random, so that no sender can choose colliding sets. */
void attrsets_init(struct attrsets *s, uint64_t seed);
void attrsets_release(struct attrsets *s);

/* The number of the set, made if it is new, with a reference for the caller. */
uint32_t attrsets_take(struct attrsets *s, const struct attrs *a, const struct addr *next_hop);
void attrsets_hold(struct attrsets *s, uint32_t n, uint32_t refs);
void attrsets_drop(struct attrsets *s, uint32_t n);

/* Whether the next hop of any set lies in the prefix. */
bool attrsets_next_hop_in(const struct attrsets *s, const struct prefix *p);

static inline const struct attrset *
attrsets_at(const struct attrsets *s, uint32_t n)
{
	return s->v[n];
}

/* The attributes again; the texts point into the set. */
void attrset_get(const struct attrset *set, struct attrs *a);

#endif
