#include "detect/groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"

enum { SLOTS_MIN = 1024, CANDIDATES = 8, SWEPT = 32, LINE = 64 };

void
groups_init(
    struct groups *gs, struct window *w, struct pool *p, uint32_t key_size, size_t promise, uint64_t seed)
{
	*gs = (struct groups){.window = w, .key_size = key_size, .mask = SLOTS_MIN - 1, .seed = seed};
	gs->key_at = (uint32_t)(sizeof(struct group) + w->tail * sizeof(uint64_t));
	gs->slots = pool_zero(SLOTS_MIN * sizeof *gs->slots);
	p->used += SLOTS_MIN * sizeof *gs->slots;
	/* A record that fits into a cache line should lie in one. */
	size_t size = gs->key_at + key_size;
	slab_init(&gs->slab, p, size > LINE / 2 && size < LINE ? LINE : size, promise);
}

uint32_t
groups_next(const struct groups *gs, uint32_t ref)
{
	for (ref++; ref < gs->slab.next; ref++)
		if (groups_at(gs, ref)->pins != GROUP_FREE)
			return ref;
	return 0;
}

void
groups_release(struct groups *gs)
{
	for (uint32_t ref = groups_next(gs, 0); ref != 0; ref = groups_next(gs, ref))
		window_clear(gs->window, groups_at(gs, ref));
	gs->slab.pool->used -= ((size_t)gs->mask + 1) * sizeof *gs->slots;
	slab_release(&gs->slab);
	free(gs->slots);
	*gs = (struct groups){0};
}

/* The slot that holds the key, or the free one where it would go. */
static uint32_t
slot_find(const struct groups *gs, const void *key, uint32_t hash)
{
	uint32_t i = hash & gs->mask;

	for (; gs->slots[i] != 0; i = (i + 1) & gs->mask)
		if ((uint32_t)(gs->slots[i] >> 32) == hash && groups_is(gs, (uint32_t)gs->slots[i], key))
			break;
	return i;
}

uint32_t
groups_find(const struct groups *gs, const void *key, uint32_t hash)
{
	return (uint32_t)gs->slots[slot_find(gs, key, hash)];
}

/* Whether one more group fits into the table of slots, which grows where memory lets it. */
static bool
slots_ready(struct groups *gs)
{
	uint64_t *old = gs->slots;
	uint32_t old_mask = gs->mask;

	if (gs->count < old_mask / 4 * 3)
		return true;
	if (pool_take(gs->slab.pool, ((size_t)old_mask + 1) * sizeof *old) < 0)
		return false;
	gs->mask = old_mask * 2 + 1;
	gs->slots = pool_zero(((size_t)gs->mask + 1) * sizeof *gs->slots);
	for (size_t i = 0; i <= old_mask; i++) {
		if (old[i] == 0)
			continue;
		uint32_t at = (uint32_t)(old[i] >> 32) & gs->mask;
		while (gs->slots[at] != 0)
			at = (at + 1) & gs->mask;
		gs->slots[at] = old[i];
	}
	free(old);
	return true;
}

/* Frees the slot and closes the gap behind it. */
static void
slot_free(struct groups *gs, uint32_t hole)
{
	for (uint32_t i = (hole + 1) & gs->mask; gs->slots[i] != 0; i = (i + 1) & gs->mask) {
		uint32_t home = (uint32_t)(gs->slots[i] >> 32) & gs->mask;

		if (((i - home) & gs->mask) < ((i - hole) & gs->mask))
			continue;
		gs->slots[hole] = gs->slots[i];
		hole = i;
	}
	gs->slots[hole] = 0;
}

static void
group_remove(struct groups *gs, uint32_t ref, uint32_t hash)
{
	struct group *g = groups_at(gs, ref);
	uint32_t i = hash & gs->mask;

	while ((uint32_t)gs->slots[i] != ref)
		i = (i + 1) & gs->mask;
	slot_free(gs, i);
	window_clear(gs->window, g);
	g->pins = GROUP_FREE;
	slab_free(&gs->slab, ref);
	gs->count--;
	gs->removed++;
}

static uint32_t
hash_of(const struct groups *gs, uint32_t ref)
{
	return groups_hash(gs, groups_key(gs, groups_at(gs, ref)));
}

/*
 * Makes room by the least active of the next records in turn. Their flows are as
 * of their last touch: to bring them up to date would cost more than it tells.
 */
static bool
groups_evict(struct groups *gs, uint32_t now)
{
	uint32_t victim = 0, total = gs->slab.next - 1;
	uint64_t least = UINT64_MAX;

	for (uint32_t seen = 0, candidates = 0; seen < total && candidates < CANDIDATES; seen++) {
		gs->evict_hand = gs->evict_hand % total + 1;
		const struct group *g = groups_at(gs, gs->evict_hand);
		if (g->pins != 0)
			continue;
		candidates++;
		uint64_t flows = now - g->newest < gs->window->seconds ? g->flows : 0;
		if (flows >= least)
			continue;
		victim = gs->evict_hand;
		least = flows;
	}
	if (victim == 0)
		return false;
	gs->evicted += least > 0;
	group_remove(gs, victim, hash_of(gs, victim));
	return true;
}

uint32_t
groups_take(struct groups *gs, const void *key, uint32_t hash, uint32_t now)
{
	uint32_t i = slot_find(gs, key, hash);

	if (gs->slots[i] != 0)
		return (uint32_t)gs->slots[i];
	uint32_t ref = slots_ready(gs) ? slab_alloc(&gs->slab) : 0;
	if (ref == 0) {
		if (!groups_evict(gs, now)) {
			gs->refused++;
			return 0;
		}
		ref = slab_alloc(&gs->slab);
	}
	i = slot_find(gs, key, hash);
	struct group *g = groups_at(gs, ref);
	window_begin(gs->window, g);
	memcpy(groups_key(gs, g), key, gs->key_size);
	gs->slots[i] = (uint64_t)hash << 32 | ref;
	gs->count++;
	return ref;
}

void
groups_sweep(struct groups *gs, uint32_t now, uint32_t seconds)
{
	uint32_t total = gs->slab.next - 1, window = gs->window->seconds;
	uint32_t refs[SWEPT], hashes[SWEPT], n = 0;
	uint64_t todo = (uint64_t)total * seconds * 2 / window + 1;

	if (todo > total)
		todo = total;
	for (; todo > 0 || n > 0; todo -= todo > 0) {
		if (todo > 0) {
			gs->sweep_hand = gs->sweep_hand % total + 1;
			const struct group *g = groups_at(gs, gs->sweep_hand);

			if (g->pins == 0 && now - g->newest >= window) {
				refs[n] = gs->sweep_hand;
				hashes[n] = hash_of(gs, refs[n]);
				groups_prefetch_slot(gs, hashes[n++]);
			}
		}
		if (n < SWEPT && todo > 1)
			continue;
		while (n > 0) {
			n--;
			group_remove(gs, refs[n], hashes[n]);
		}
	}
}

void
groups_clear(struct groups *gs)
{
	for (uint32_t ref = groups_next(gs, 0); ref != 0; ref = groups_next(gs, ref))
		group_remove(gs, ref, hash_of(gs, ref));
}

void
groups_move(struct groups *to, struct groups *from, uint32_t now)
{
	uint32_t ref = 1;

	slab_waive(&from->slab);
	for (uint32_t step = 0; step < from->slab.steps; step++) {
		for (; ref < from->slab.next && (ref - 1) >> from->slab.shift == step; ref++) {
			struct group *old = groups_at(from, ref);

			if (old->pins == GROUP_FREE)
				continue;
			const void *key = groups_key(from, old);
			uint32_t fresh = groups_take(to, key, groups_hash(to, key), now);
			if (fresh != 0)
				window_move(to->window, groups_at(to, fresh), from->window, old, now);
			else
				window_clear(from->window, old);
		}
		slab_drop(&from->slab, step);
	}
	from->slab.next = 1;
	groups_release(from);
}
