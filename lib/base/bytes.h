/*
 * Bytes from outside and bytes to outside.
 *
 * struct rd walks over a region that somebody else owns. Every read is checked:
 * 0 and the value, or -1 and nothing consumed. Network order unless the name
 * says le.
 *
 * struct buf is a growing output buffer that its user releases. An all-zero buf
 * is empty and ready. Appending cannot fail (see base/mem.h).
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

/* A view of bytes that somebody else owns; not NUL-terminated. */
struct str {
	const char *p;
	size_t len;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})

static inline struct str
str_from(const char *s)
{
	return (struct str){s, strlen(s)};
}

static inline int
str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* Loads and stores that need no alignment. */
static inline uint16_t
load_be16(const void *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof v);
	return __builtin_bswap16(v);
}

static inline uint32_t
load_be32(const void *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return __builtin_bswap32(v);
}

static inline uint64_t
load_be64(const void *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return __builtin_bswap64(v);
}

static inline uint32_t
load_le32(const void *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

static inline uint64_t
load_le64(const void *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "batches and loads assume little-endian");

struct rd {
	const uint8_t *p; /* next byte */
	const uint8_t *end;
	const uint8_t *start; /* for rd_offset, in messages */
};

static inline struct rd
rd_from(const void *p, size_t len)
{
	const uint8_t *b = p;
	return (struct rd){b, b + len, b};
}

static inline size_t
rd_left(const struct rd *r)
{
	return (size_t)(r->end - r->p);
}

static inline size_t
rd_offset(const struct rd *r)
{
	return (size_t)(r->p - r->start);
}

static inline int
rd_skip(struct rd *r, size_t n)
{
	if (rd_left(r) < n)
		return -1;
	r->p += n;
	return 0;
}

/* The next n bytes in place. */
static inline int
rd_bytes(struct rd *r, const uint8_t **p, size_t n)
{
	if (rd_left(r) < n)
		return -1;
	*p = r->p;
	r->p += n;
	return 0;
}

/* A reader over the next n bytes; its offsets go on counting from r's start. */
static inline int
rd_sub(struct rd *r, struct rd *sub, size_t n)
{
	if (rd_left(r) < n)
		return -1;
	*sub = (struct rd){r->p, r->p + n, r->start};
	r->p += n;
	return 0;
}

static inline int
rd_u8(struct rd *r, uint8_t *v)
{
	if (rd_left(r) < 1)
		return -1;
	*v = *r->p++;
	return 0;
}

static inline int
rd_be16(struct rd *r, uint16_t *v)
{
	if (rd_left(r) < 2)
		return -1;
	*v = load_be16(r->p);
	r->p += 2;
	return 0;
}

static inline int
rd_be32(struct rd *r, uint32_t *v)
{
	if (rd_left(r) < 4)
		return -1;
	*v = load_be32(r->p);
	r->p += 4;
	return 0;
}

static inline int
rd_be64(struct rd *r, uint64_t *v)
{
	if (rd_left(r) < 8)
		return -1;
	*v = load_be64(r->p);
	r->p += 8;
	return 0;
}

static inline int
rd_le32(struct rd *r, uint32_t *v)
{
	if (rd_left(r) < 4)
		return -1;
	*v = load_le32(r->p);
	r->p += 4;
	return 0;
}

static inline int
rd_le64(struct rd *r, uint64_t *v)
{
	if (rd_left(r) < 8)
		return -1;
	*v = load_le64(r->p);
	r->p += 8;
	return 0;
}

/* An unsigned of 1 to 8 bytes, network order (RFC 7011 §6.2, reduced-size encoding). */
static inline int
rd_beint(struct rd *r, uint64_t *v, size_t width)
{
	uint64_t x = 0;

	if (width == 0 || width > 8 || rd_left(r) < width)
		return -1;
	for (size_t i = 0; i < width; i++)
		x = x << 8 | r->p[i];
	r->p += width;
	*v = x;
	return 0;
}

struct buf {
	uint8_t *p;
	size_t len, cap;
};

/* Makes room for n more bytes and returns where they go; the caller adds what it wrote to len. */
uint8_t *buf_reserve(struct buf *b, size_t n);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_be16(struct buf *b, uint16_t v);
void buf_be32(struct buf *b, uint32_t v);
void buf_be64(struct buf *b, uint64_t v);
void buf_le16(struct buf *b, uint16_t v);
void buf_le32(struct buf *b, uint32_t v);
void buf_le64(struct buf *b, uint64_t v);
void buf_consume(struct buf *b, size_t n); /* drops n bytes from the front */
const char *buf_cstr(struct buf *b); /* terminated, valid until the next change */
void buf_release(struct buf *b);

#endif
