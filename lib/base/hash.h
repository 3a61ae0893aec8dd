/* XXH3, the one hash of the house: checksums of what is stored, keys of what is looked up. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash64(const void *p, size_t len);
uint64_t hash64_seed(const void *p, size_t len, uint64_t seed);

#endif
