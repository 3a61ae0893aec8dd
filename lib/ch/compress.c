#include "ch/compress.h"

#include <lz4.h>
#include <zstd.h>

#include "ch/cityhash.h"

enum { BLOCK_MAX = 1 << 20, HASH_LEN = 16, HEAD_LEN = 9, ZSTD_LEVEL = 1 };

static size_t
bound(enum ch_method method, size_t len)
{
	return method == CH_METHOD_ZSTD ? ZSTD_compressBound(len) : (size_t)LZ4_compressBound((int)len);
}

/* With the bound's room neither can fail. */
static size_t
pack(enum ch_method method, uint8_t *to, size_t room, const char *p, size_t len)
{
	if (method == CH_METHOD_ZSTD)
		return ZSTD_compress(to, room, p, len, ZSTD_LEVEL);
	return (size_t)LZ4_compress_default(p, (char *)to, (int)len, (int)room);
}

static void
block_put(struct buf *out, enum ch_method method, const char *p, size_t len)
{
	size_t room = bound(method, len);
	uint8_t *block = buf_reserve(out, room + HASH_LEN + HEAD_LEN), *head = block + HASH_LEN;
	uint32_t before = (uint32_t)len,
		 after = (uint32_t)pack(method, head + HEAD_LEN, room, p, len) + HEAD_LEN;

	head[0] = (uint8_t)method;
	memcpy(head + 1, &after, sizeof after);
	memcpy(head + 5, &before, sizeof before);
	struct hash128 hash = cityhash128(head, after);
	memcpy(block, &hash, sizeof hash);
	out->len += HASH_LEN + after;
}

void
ch_compress(struct buf *out, enum ch_method method, const void *p, size_t len)
{
	if (method == CH_METHOD_NONE) {
		buf_add(out, p, len);
		return;
	}
	for (const char *from = p; len > 0;) {
		size_t n = len < BLOCK_MAX ? len : BLOCK_MAX;

		block_put(out, method, from, n);
		from += n;
		len -= n;
	}
}
