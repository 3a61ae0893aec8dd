#include "ch/compress.h"

#include <lz4.h>

#include "ch/cityhash.h"

enum { BLOCK_MAX = 1 << 20, HASH_LEN = 16, HEAD_LEN = 9, METHOD_LZ4 = 0x82 };

static void
block_put(struct buf *out, const char *p, int len)
{
	int room = LZ4_compressBound(len);
	uint8_t *block = buf_reserve(out, (size_t)room + HASH_LEN + HEAD_LEN), *head = block + HASH_LEN;
	/* With the bound's room this cannot fail. */
	uint32_t before = (uint32_t)len,
		 after = (uint32_t)LZ4_compress_default(p, (char *)head + HEAD_LEN, len, room) + HEAD_LEN;

	head[0] = METHOD_LZ4;
	memcpy(head + 1, &after, sizeof after);
	memcpy(head + 5, &before, sizeof before);
	struct hash128 hash = cityhash128(head, after);
	memcpy(block, &hash, sizeof hash);
	out->len += HASH_LEN + after;
}

void
ch_compress(struct buf *out, const void *p, size_t len)
{
	for (const char *from = p; len > 0;) {
		size_t n = len < BLOCK_MAX ? len : BLOCK_MAX;

		block_put(out, from, (int)n);
		from += n;
		len -= n;
	}
}
