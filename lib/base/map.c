#include "base/map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/hash.h"
#include "base/mem.h"

#define SLOTS_MIN 16

void
map_init(struct map *m, size_t key_size, size_t val_size)
{
	*m = (struct map){.key_size = key_size, .val_size = val_size};
	m->slot_size = ((key_size + 7) & ~(size_t)7) + ((val_size + 7) & ~(size_t)7);
	if (getrandom(&m->seed, sizeof m->seed, 0) != (ssize_t)sizeof m->seed)
		m->seed = (uintptr_t)m;
}

void
map_release(struct map *m)
{
	free(m->hashes);
	free(m->slots);
	m->hashes = NULL;
	m->slots = NULL;
	m->count = m->mask = 0;
}

void
map_clear(struct map *m)
{
	if (m->slots != NULL)
		memset(m->hashes, 0, (m->mask + 1) * sizeof *m->hashes);
	m->count = 0;
}

static void *
slot_key(const struct map *m, size_t i)
{
	return m->slots + i * m->slot_size;
}

static void *
slot_val(const struct map *m, size_t i)
{
	return m->slots + i * m->slot_size + ((m->key_size + 7) & ~(size_t)7);
}

static uint32_t
key_hash(const struct map *m, const void *key)
{
	uint32_t h = (uint32_t)hash64_seed(key, m->key_size, m->seed);

	return h != 0 ? h : 1;
}

/* The slot of the key, or the free slot where it would go. */
static size_t
slot_find(const struct map *m, const void *key, uint32_t h)
{
	size_t i = h & m->mask;

	while (m->hashes[i] != 0 && (m->hashes[i] != h || memcmp(slot_key(m, i), key, m->key_size) != 0))
		i = (i + 1) & m->mask;
	return i;
}

static void
map_grow(struct map *m)
{
	struct map old = *m;
	size_t slots = old.slots != NULL ? (old.mask + 1) * 2 : SLOTS_MIN;

	m->mask = slots - 1;
	m->hashes = mem_zero(slots, sizeof *m->hashes);
	m->slots = mem_zero(slots, m->slot_size);
	for (size_t i = 0; old.slots != NULL && i <= old.mask; i++) {
		if (old.hashes[i] == 0)
			continue;
		size_t j = slot_find(m, slot_key(&old, i), old.hashes[i]);
		m->hashes[j] = old.hashes[i];
		memcpy(slot_key(m, j), slot_key(&old, i), m->slot_size);
	}
	free(old.hashes);
	free(old.slots);
}

void
map_prefetch(const struct map *m, const void *key)
{
	if (m->slots == NULL)
		return;
	size_t i = key_hash(m, key) & m->mask;
	__builtin_prefetch(&m->hashes[i]);
	__builtin_prefetch(slot_key(m, i));
}

void *
map_get(const struct map *m, const void *key)
{
	if (m->slots == NULL)
		return NULL;
	size_t i = slot_find(m, key, key_hash(m, key));
	return m->hashes[i] != 0 ? slot_val(m, i) : NULL;
}

void *
map_put(struct map *m, const void *key, bool *fresh)
{
	if (m->slots == NULL || m->count * 4 >= (m->mask + 1) * 3)
		map_grow(m);
	uint32_t h = key_hash(m, key);
	size_t i = slot_find(m, key, h);
	bool is_new = m->hashes[i] == 0;
	if (is_new) {
		m->hashes[i] = h;
		memcpy(slot_key(m, i), key, m->key_size);
		memset(slot_val(m, i), 0, m->val_size);
		m->count++;
	}
	if (fresh != NULL)
		*fresh = is_new;
	return slot_val(m, i);
}

bool
map_delete(struct map *m, const void *key)
{
	if (m->slots == NULL)
		return false;
	size_t hole = slot_find(m, key, key_hash(m, key));
	if (m->hashes[hole] == 0)
		return false;
	/* Close the gap: an entry may move back when the hole lies between its home and itself. */
	for (size_t i = (hole + 1) & m->mask; m->hashes[i] != 0; i = (i + 1) & m->mask) {
		size_t home = m->hashes[i] & m->mask;

		if (((i - home) & m->mask) < ((i - hole) & m->mask))
			continue;
		m->hashes[hole] = m->hashes[i];
		memcpy(slot_key(m, hole), slot_key(m, i), m->slot_size);
		hole = i;
	}
	m->hashes[hole] = 0;
	m->count--;
	return true;
}

bool
map_next(const struct map *m, size_t *it, const void **key, void **val)
{
	for (; m->slots != NULL && *it <= m->mask; (*it)++) {
		if (m->hashes[*it] == 0)
			continue;
		*key = slot_key(m, *it);
		*val = slot_val(m, *it);
		(*it)++;
		return true;
	}
	return false;
}
