/*
 * The groups of one state: records of struct group by key, at most as many as
 * the pool lets. Where it does not, the least active of the next few records in
 * turn leaves, open incidents excepted; groups whose window is empty are swept
 * away as time passes.
 */
#ifndef DETECT_GROUPS_H
#define DETECT_GROUPS_H

#include "detect/pool.h"
#include "detect/window.h"

struct groups {
	struct window *window;
	struct slab slab;
	uint32_t key_size; /* a multiple of 8 */
	uint32_t key_at; /* in the record */
	uint64_t *slots; /* hash above, number of the record below; 0 = free */
	uint32_t mask;
	uint32_t count;
	uint32_t evict_hand, sweep_hand; /* the records looked at last */
	uint64_t evicted, refused; /* refused: nothing could leave */
};

void groups_init(struct groups *gs, struct window *w, struct pool *p, uint32_t key_size, size_t promise);
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

/* Starts to bring what groups_find() will look at into the cache: first one, a little later the other. */
static inline void
groups_prefetch_slot(const struct groups *gs, uint32_t hash)
{
	__builtin_prefetch(&gs->slots[hash & gs->mask]);
}

static inline void
groups_prefetch_record(const struct groups *gs, uint32_t hash)
{
	uint64_t slot = gs->slots[hash & gs->mask];

	if ((uint32_t)(slot >> 32) == hash && slot != 0)
		__builtin_prefetch(slab_at(&gs->slab, (uint32_t)slot));
}

/* The number of the group's record, or 0. */
uint32_t groups_find(const struct groups *gs, const void *key, uint32_t hash);

/* The number of a record, made if the key is new; 0 if there is no room and nothing may leave. */
uint32_t groups_take(struct groups *gs, const void *key, uint32_t hash, uint32_t now);

/* Frees groups with an empty window among the next records, so that all are seen in about a window. */
void groups_sweep(struct groups *gs, uint32_t now, uint32_t seconds);

/* Moves all groups to a store of perhaps another shape and gives the memory back on the way; `from` is released. */
void groups_move(struct groups *to, struct groups *from, uint32_t now);

/* Forgets every group, pinned ones too. */
void groups_clear(struct groups *gs);

/* The records in use, in a fixed order: start with 0; the next number, or 0 at the end. */
uint32_t groups_next(const struct groups *gs, uint32_t ref);

#endif
