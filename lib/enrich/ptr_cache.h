/*
 * The names of addresses, and that some have none, until their time is over.
 *
 * The number of entries is capped. What leaves first when it is full: what was
 * not used since the hand came by last (CLOCK), so an address that was seen once
 * leaves before one that is seen again and again. An entry that is being asked
 * for does not leave, nor one that a batch wants which waits for others.
 *
 * Times are seconds of a clock that only goes forward.
 */
#ifndef ENRICH_PTR_CACHE_H
#define ENRICH_PTR_CACHE_H

#include <stdbool.h>

#include "base/addr.h"

struct ptr_entry {
	struct addr addr;
	uint32_t next; /* private: in its chain */
	uint32_t fresh_until; /* then it is to be asked for again */
	uint32_t named_until; /* then its name is no longer given */
	uint32_t batch; /* that wants it, by number */
	uint8_t name_len; /* 0: none is known */
	uint8_t asked; /* by whoever asks; what is not 0 does not leave */
	uint8_t tries; /* of this lookup */
	uint8_t failures; /* of lookups in a row */
	bool used; /* since the hand came by last */
};

/* Entries go by number, from 1. A number stands for its entry until that leaves. */
struct ptr_cache {
	struct ptr_entry *entries;
	struct str *names; /* by entry, NULL where none is known; [0] is empty */
	uint32_t room; /* of both, which grow; what is beyond count is zero */
	uint32_t count; /* the highest number */
	uint32_t cap;
	uint32_t hand;
	uint32_t batch; /* what this batch wants does not leave; 0: there is none */
	uint32_t *heads; /* of the chains */
	uint32_t mask;
	uint64_t seed;
	uint64_t evictions;
};

void ptr_cache_init(struct ptr_cache *c, uint32_t cap);
void ptr_cache_release(struct ptr_cache *c);

/* The entries of n addresses; 0 where there is none. */
void ptr_cache_find(const struct ptr_cache *c, const struct addr *a, size_t n, uint32_t *numbers);

/* A new entry for an address that has none, or 0: all that there are are being asked for. */
uint32_t ptr_cache_add(struct ptr_cache *c, const struct addr *a);

/* Copies the name, of at most 255 bytes; an empty one takes away what there was. */
void ptr_cache_name(struct ptr_cache *c, uint32_t number, struct str name);

#endif
