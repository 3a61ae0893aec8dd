/* XXH3, the one hash of the house: checksums of what is stored, keys of what is looked up. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

uint64_t hash64(const void *p, size_t len);

/* hash64() of what lies in n parts. */
uint64_t hash64_parts(const struct iovec *parts, unsigned n);

uint64_t hash64_seed(const void *p, size_t len, uint64_t seed);

#endif
