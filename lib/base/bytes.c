#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

uint8_t *
buf_reserve(struct buf *b, size_t n)
{
	if (b->p == NULL || b->cap - b->len < n) {
		size_t cap = b->cap < 256 ? 256 : b->cap;

		while (cap - b->len < n)
			cap += cap;
		b->p = mem_resize(b->p, cap, 1);
		b->cap = cap;
	}
	return b->p + b->len;
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_reserve(b, n), p, n);
	b->len += n;
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_putc(struct buf *b, char c)
{
	*buf_reserve(b, 1) = (uint8_t)c;
	b->len++;
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	char *p = (char *)buf_reserve(b, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void
buf_le16(struct buf *b, uint16_t v)
{
	buf_add(b, &v, sizeof v);
}

void
buf_le32(struct buf *b, uint32_t v)
{
	buf_add(b, &v, sizeof v);
}

void
buf_le64(struct buf *b, uint64_t v)
{
	buf_add(b, &v, sizeof v);
}

void
buf_be16(struct buf *b, uint16_t v)
{
	buf_le16(b, __builtin_bswap16(v));
}

void
buf_be32(struct buf *b, uint32_t v)
{
	buf_le32(b, __builtin_bswap32(v));
}

void
buf_be64(struct buf *b, uint64_t v)
{
	buf_le64(b, __builtin_bswap64(v));
}

void
buf_consume(struct buf *b, size_t n)
{
	b->len -= n;
	if (b->len != 0)
		memmove(b->p, b->p + n, b->len);
}

const char *
buf_cstr(struct buf *b)
{
	*buf_reserve(b, 1) = '\0';
	return (const char *)b->p;
}

void
buf_release(struct buf *b)
{
	free(b->p);
	*b = (struct buf){0};
}
