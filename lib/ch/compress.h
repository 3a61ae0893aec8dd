/*
 * ClickHouse's own compressed blocks, which its HTTP interface takes with
 * decompress=1. Each block: CityHash128 of what follows, a byte 0x82 (LZ4),
 * UInt32 compressed length with these 9 bytes, UInt32 length before, data.
 */
#ifndef CH_COMPRESS_H
#define CH_COMPRESS_H

#include "base/bytes.h"

/* Appends the bytes to out as blocks of at most 1 MiB before compression. */
void ch_compress(struct buf *out, const void *p, size_t len);

#endif
