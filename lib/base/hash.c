#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#ifdef __x86_64__
/* As xxh_x86dispatch.h of libxxhash has it, which cannot be included beside XXH_INLINE_ALL. */
uint64_t XXH3_64bits_dispatch(const void *input, size_t len);
#else
#define XXH3_64bits_dispatch XXH3_64bits
#endif

enum { LONG_INPUT = 1024 };

uint64_t
hash64(const void *p, size_t len)
{
	/* Short keys want no call, batches the widest vectors that the processor has. The hash is the same. */
	return len < LONG_INPUT ? XXH3_64bits(p, len) : XXH3_64bits_dispatch(p, len);
}

uint64_t
hash64_seed(const void *p, size_t len, uint64_t seed)
{
	return XXH3_64bits_withSeed(p, len, seed);
}
