/*
 * Numbers by hash, for things that stand elsewhere by number, are many, and know
 * best themselves whether they are equal: what a map would need to copy them for.
 *
 *     uint32_t n, at = index_start(x, hash);
 *     while ((n = index_next(x, hash, &at)) != 0 && !is_same(n, …))
 *             continue;
 *
 * It is in many parts that grow each for itself, so that even of millions none
 * stops to be moved for longer than a moment. Hashes come from a random seed
 * (base/hash.h), so that no sender can choose colliding ones; all their bits are
 * used.
 */
#ifndef BASE_INDEX_H
#define BASE_INDEX_H

#include <stdint.h>

struct index_slot {
	uint32_t hash, number; /* number 0: free */
};

enum { INDEX_PARTS = 256 };

struct index {
	struct index_part {
		struct index_slot *slots;
		uint32_t count, mask; /* mask + 1 slots */
		unsigned shift; /* of a hash, to its slot */
	} parts[INDEX_PARTS];
};

void index_init(struct index *x);
void index_release(struct index *x);

/* A number that is not 0, under a hash; that it is not there yet is the caller's to know. */
void index_add(struct index *x, uint32_t hash, uint32_t number);

/* A number that is there. */
void index_remove(struct index *x, uint32_t hash, uint32_t number);

static inline uint32_t
index_start(const struct index *x, uint32_t hash)
{
	return hash >> x->parts[hash % INDEX_PARTS].shift;
}

/* The next number under the hash, 0: there is no further. */
static inline uint32_t
index_next(const struct index *x, uint32_t hash, uint32_t *at)
{
	const struct index_part *p = &x->parts[hash % INDEX_PARTS];

	for (;;) {
		const struct index_slot *s = &p->slots[*at];

		*at = (*at + 1) & p->mask;
		if (s->number == 0 || s->hash == hash)
			return s->number;
	}
}

#endif
