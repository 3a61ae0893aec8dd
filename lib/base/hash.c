#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#ifdef __x86_64__
/* As xxh_x86dispatch.h of libxxhash has it, which cannot be included beside XXH_INLINE_ALL. */
uint64_t XXH3_64bits_dispatch(const void *input, size_t len);
XXH_errorcode XXH3_64bits_update_dispatch(XXH3_state_t *state, const void *input, size_t len);
#else
#define XXH3_64bits_dispatch XXH3_64bits
#define XXH3_64bits_update_dispatch XXH3_64bits_update
#endif

enum { LONG_INPUT = 1024 };

uint64_t
hash64(const void *p, size_t len)
{
	/* Short keys want no call, batches the widest vectors that the processor has. The hash is the same. */
	return len < LONG_INPUT ? XXH3_64bits(p, len) : XXH3_64bits_dispatch(p, len);
}

uint64_t
hash64_parts(const struct iovec *parts, unsigned n)
{
	XXH3_state_t state;

	XXH3_64bits_reset(&state);
	for (unsigned i = 0; i < n; i++)
		if (parts[i].iov_len > 0)
			XXH3_64bits_update_dispatch(&state, parts[i].iov_base, parts[i].iov_len);
	return XXH3_64bits_digest(&state);
}

uint64_t
hash64_seed(const void *p, size_t len, uint64_t seed)
{
	return XXH3_64bits_withSeed(p, len, seed);
}
