/*
 * The groups of one state: records of struct group by key, at most as many as
 * the pool lets. Where it does not, the least active of the next few records in
 * turn leaves, open incidents excepted; groups whose window is empty are swept
 * away as time passes.
 */
#ifndef DETECT_GROUPS_H
#define DETECT_GROUPS_H

#include "base/bytes.h"
#include "detect/keyhash.h"
#include "detect/pool.h"
#include "detect/window.h"

struct groups {
	struct window *window;
	struct slab slab;
	uint32_t key_size; /* a multiple of 8 */
	uint32_t key_at; /* in the record */
	uint64_t seed;
	uint64_t *slots; /* hash above, number of the record below; 0 = free */
	uint32_t mask;
	uint32_t count;
	uint32_t evict_hand, sweep_hand; /* the records looked at last */
	uint64_t evicted, refused; /* refused: nothing could leave */
	uint64_t removed; /* groups that left for whatever reason: what was found before may be gone */
};

/* Only where keys lie depends on the seed, nothing that is seen from outside. */
void groups_init(
    struct groups *gs, struct window *w, struct pool *p, uint32_t key_size, size_t promise, uint64_t seed);
void groups_release(struct groups *gs); /* gives the blocks of all groups back */

static inline void *
groups_key(const struct groups *gs, const struct group *g)
{
	return (uint8_t *)(uintptr_t)g + gs->key_at;
}

static inline struct group *
groups_at(const struct groups *gs, uint32_t ref)
{
	return slab_at(&gs->slab, ref);
}

static inline uint32_t
groups_hash(const struct groups *gs, const void *key)
{
	return hash_key(key, gs->key_size, gs->seed);
}

/*
 * Looking up many keys: first the slots of all are brought into the cache, then
 * the records guessed from them; by the time the last is asked for, the first is
 * there.
 */
static inline void
groups_prefetch_slot(const struct groups *gs, uint32_t hash)
{
	__builtin_prefetch(&gs->slots[hash & gs->mask]);
}

/* The record that may be the group's, as far as the hash tells, or 0. */
static inline uint32_t
groups_guess(const struct groups *gs, uint32_t hash)
{
	uint32_t i = hash & gs->mask;

	while (gs->slots[i] != 0 && (uint32_t)(gs->slots[i] >> 32) != hash)
		i = (i + 1) & gs->mask;
	uint32_t ref = (uint32_t)gs->slots[i];
	if (ref != 0) {
		const uint8_t *record = slab_at(&gs->slab, ref);

		__builtin_prefetch(record);
		if (gs->slab.size > 64)
			__builtin_prefetch(record + gs->slab.size - 1);
	}
	return ref;
}

/* Whether the record is that of the key. */
static inline bool
groups_is(const struct groups *gs, uint32_t ref, const void *key)
{
	const uint8_t *a = groups_key(gs, groups_at(gs, ref)), *b = key;

	for (uint32_t i = 0; i < gs->key_size; i += 8)
		if (load_le64(a + i) != load_le64(b + i))
			return false;
	return true;
}

/* The number of the group's record, or 0. */
uint32_t groups_find(const struct groups *gs, const void *key, uint32_t hash);

/* The number of a record, made if the key is new; 0 if there is no room and nothing may leave. */
uint32_t groups_take(struct groups *gs, const void *key, uint32_t hash, uint32_t now);

/* Frees groups with an empty window among the next records, so that all are seen in about half a window. */
void groups_sweep(struct groups *gs, uint32_t now, uint32_t seconds);

/* Moves all groups to a store of perhaps another shape and gives the memory back on the way; `from` is released. */
void groups_move(struct groups *to, struct groups *from, uint32_t now);

/* Forgets every group, pinned ones too. */
void groups_clear(struct groups *gs);

/* The records in use, in a fixed order: start with 0; the next number, or 0 at the end. */
uint32_t groups_next(const struct groups *gs, uint32_t ref);

#endif
