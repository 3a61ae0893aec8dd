/*
 * A hash map from keys of one fixed size to values of one fixed size, both
 * stored inline (open addressing, linear probing, no tombstones). Keys are
 * compared as bytes: zero the padding of a struct key. The seed is random, so a
 * sender cannot choose colliding keys. The map does not bound itself: a caller
 * that takes keys from outside checks `count` against its cap before a put.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map {
	size_t key_size, val_size, slot_size;
	size_t count, mask; /* mask + 1 slots, or none when slots is NULL */
	uint32_t *hashes; /* 0 = free slot */
	uint8_t *slots;
	uint64_t seed;
};

void map_init(struct map *m, size_t key_size, size_t val_size);
void map_release(struct map *m);
void map_clear(struct map *m);

/* The value, or NULL. Values are aligned to 8 and stay where they are until the next put or delete. */
void *map_get(const struct map *m, const void *key);

/* Has what map_get() of the key will touch on its way from memory. */
void map_prefetch(const struct map *m, const void *key);

/* The value, made and zeroed if the key is new; *fresh (may be NULL) tells. */
void *map_put(struct map *m, const void *key, bool *fresh);

/* Whether the key was there. */
bool map_delete(struct map *m, const void *key);

/* Walks over all entries in no order: start with *it = 0; false at the end. No put or delete meanwhile. */
bool map_next(const struct map *m, size_t *it, const void **key, void **val);

#endif
