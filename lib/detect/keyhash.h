/*
 * Hashes of keys and values as short as ours: two multiplications a word (the
 * finalizer of splitmix64), in place of a call. The seed is drawn at the start
 * of the program, so that no sender of flows can choose what collides.
 */
#ifndef DETECT_KEYHASH_H
#define DETECT_KEYHASH_H

#include "base/addr.h"
#include "base/bytes.h"

static inline uint64_t
hash_word(uint64_t w, uint64_t seed)
{
	w ^= seed;
	w = (w ^ w >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	w = (w ^ w >> 27) * UINT64_C(0x94d049bb133111eb);
	return w ^ w >> 31;
}

/* Of an address, as a value. */
static inline uint64_t
hash_addr(const struct addr *a, uint64_t seed)
{
	return hash_word(load_le64(a->b + 8), hash_word(load_le64(a->b), seed));
}

/* Of a key whose size is a multiple of 8. */
static inline uint32_t
hash_key(const uint8_t *key, uint32_t size, uint64_t seed)
{
	uint64_t h = seed;

	for (uint32_t i = 0; i < size; i += 8)
		h = hash_word(load_le64(key + i), h);
	return (uint32_t)h;
}

#endif
