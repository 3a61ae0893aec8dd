/*
 * CityHash128 as of its version 1.0.2: the checksum of ClickHouse's compressed
 * blocks. The hash changed in later versions, so no library's will do. The
 * algorithm is Geoff Pike's and Jyrki Alakuijala's, https://github.com/google/cityhash.
 */
#ifndef CH_CITYHASH_H
#define CH_CITYHASH_H

#include <stddef.h>
#include <stdint.h>

struct hash128 {
	uint64_t low, high;
};

struct hash128 cityhash128(const void *p, size_t len);

#endif
