/*
 * Bodies made smaller on their way.
 *
 * ClickHouse's own compressed blocks, which its HTTP interface takes with
 * decompress=1. Each block: CityHash128 of what follows, a byte of method,
 * UInt32 compressed length with these 9 bytes, UInt32 length before, data.
 *
 * And gzip (RFC 1952), for what stands between and knows HTTP only.
 */
#ifndef CH_COMPRESS_H
#define CH_COMPRESS_H

#include "base/bytes.h"

enum ch_method {
	CH_METHOD_NONE,
	CH_METHOD_LZ4 = 0x82, /* as the byte has it */
	CH_METHOD_ZSTD = 0x90,
};

/* Appends the bytes to out as blocks of at most 1 MiB before compression; as they are with CH_METHOD_NONE. */
void ch_compress(struct buf *out, enum ch_method method, const void *p, size_t len);

/* Appends the bytes to out as one member of gzip. */
void ch_gzip(struct buf *out, const void *p, size_t len);

#endif
