/*
 * The usual forms of values, read by whole words and without branches on their
 * lengths. Each returns the place after the value, or NULL where it is not of
 * the usual form: then value_read() looks at it again and finds the words for
 * what is wrong, or the right reading. All of them stop at a newline by their
 * nature, and look at no more than LINE_SLACK bytes beyond it.
 */
#ifndef FLOW_NDJSON_FAST_H
#define FLOW_NDJSON_FAST_H

#include "base/addr.h"
#include "base/bytes.h"

#define EVERY_BYTE UINT64_C(0x0101010101010101)

/* The high bit of each byte that is no decimal digit. */
static inline uint64_t
nondigits(uint64_t w)
{
	uint64_t x = w ^ EVERY_BYTE * '0';

	return (((x & EVERY_BYTE * 0x7f) + EVERY_BYTE * (0x7f - 9)) | x) & EVERY_BYTE * 0x80;
}

/* Eight digits, the most significant in the lowest byte; a byte of zero counts as the digit 0. */
static inline uint32_t
number8(uint64_t w)
{
	w &= EVERY_BYTE * 0x0f;
	w = (w * 10 + (w >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
	w = (w * 100 + (w >> 16)) & UINT64_C(0x0000ffff0000ffff);
	return (uint32_t)(w * 10000 + (w >> 32));
}

/* How many digits come first in a word that is not all digits. */
static inline unsigned
digits_leading(uint64_t non)
{
	return (unsigned)__builtin_ctzll(non) / 8;
}

/* An integer of at most 15 digits. */
static inline const char *
fast_uint(const char *p, uint64_t *v)
{
	static const uint32_t power[8] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
	uint64_t w = load_le64(p), non = nondigits(w), first = 0;
	const char *from = p;
	unsigned n;

	if (non == 0) {
		first = number8(w);
		p += 8;
		w = load_le64(p);
		non = nondigits(w);
		if (non == 0)
			return NULL;
	}
	n = digits_leading(non);
	*v = first * power[n] + (n > 0 ? number8(w << (64 - 8 * n)) : 0);
	p += n;
	if (p == from || (*from == '0' && p - from > 1) || (*p != ',' && *p != '}'))
		return NULL;
	return p;
}

/* 1700000000.123 */
static inline const char *
fast_time(const char *p, uint64_t *ms)
{
	uint64_t a = load_le64(p), b = load_le64(p + 6);

	/* b: the last four digits of the seconds, the point, three decimals. Its digits 2, 3, 5, 6, 7 are new. */
	if (nondigits(a) != 0 || nondigits(b) != UINT64_C(0x80) << 32 || p[10] != '.' || p[0] == '0' ||
	    (p[14] != ',' && p[14] != '}'))
		return NULL;
	uint64_t tail = number8((b & UINT64_C(0xffff0000)) << 8 | (b >> 40 << 40));
	*ms = number8(a) * UINT64_C(100000) + tail;
	return p + 14;
}

/* Where text ends that is plain: no control byte, quote, backslash, nothing beyond ASCII. */
static inline const char *
plain_end(const char *p)
{
	for (;; p += 8) {
		uint64_t w = load_le64(p), quote = w ^ EVERY_BYTE * '"', slash = w ^ EVERY_BYTE * '\\';
		/* The lowest bit set is exact; higher ones may be set by a borrow. */
		uint64_t found = ((quote - EVERY_BYTE) & ~quote) | ((slash - EVERY_BYTE) & ~slash) |
				 ((w - EVERY_BYTE * 0x20) & ~w) | w;

		found &= EVERY_BYTE * 0x80;
		if (found != 0)
			return p + __builtin_ctzll(found) / 8;
	}
}

/* "text" with nothing to decode in it. */
static inline const char *
fast_str(const char *p, struct str *v)
{
	if (*p != '"')
		return NULL;
	const char *end = plain_end(p + 1);
	*v = (struct str){p + 1, (size_t)(end - p - 1)};
	return *end == '"' ? end + 1 : NULL;
}

/* ["64500","64496"], as NUL-terminated strings at `to`, which has room for `room` bytes. */
static inline const char *
fast_list(const char *p, char *to, size_t room, size_t *len)
{
	char *start = to;

	if (*p != '[')
		return NULL;
	do {
		if (*++p != '"')
			return NULL;
		const char *end = plain_end(++p);
		size_t n = (size_t)(end - p);
		if (*end != '"' || n + 8 > room - (size_t)(to - start))
			return NULL;
		for (size_t i = 0; i < n; i += 8)
			memcpy(to + i, p + i, 8);
		to[n] = '\0';
		to += n + 1;
		p = end + 1;
	} while (*p == ',');
	*len = (size_t)(to - start);
	return *p == ']' ? p + 1 : NULL;
}

/* One bit a byte from their high bits, the lowest byte first. */
static inline unsigned
high_bits(uint64_t w)
{
	return (unsigned)((w >> 7) * UINT64_C(0x0102040810204080) >> 56);
}

/* n digits (1 to 3) at p; more than 255 for anything that is no octet. */
static inline unsigned
octet(const char *p, unsigned n)
{
	uint32_t w = n - 1 < 3 ? load_le32(p) << (32 - 8 * n) : UINT32_MAX;
	unsigned v = (w >> 8 & 15) * 100 + (w >> 16 & 15) * 10 + (w >> 24 & 15);

	return n > 1 && *p == '0' ? 256 : n - 1 < 3 ? v : 256;
}

/* "192.0.2.1": fifteen bytes and the quote fit two words. */
static inline const char *
fast_addr(const char *p, struct addr *a)
{
	if (*p++ != '"')
		return NULL;
	/* Where the dots and the quote are; bits beyond keep the count right when they are fewer. */
	unsigned non =
	    high_bits(nondigits(load_le64(p))) | high_bits(nondigits(load_le64(p + 8))) << 8 | 0xf0000;
	unsigned e0 = (unsigned)__builtin_ctz(non), e1, e2, e3;
	non &= non - 1;
	e1 = (unsigned)__builtin_ctz(non);
	non &= non - 1;
	e2 = (unsigned)__builtin_ctz(non);
	non &= non - 1;
	e3 = (unsigned)__builtin_ctz(non);
	unsigned o0 = octet(p, e0), o1 = octet(p + e0 + 1, e1 - e0 - 1), o2 = octet(p + e1 + 1, e2 - e1 - 1),
		 o3 = octet(p + e2 + 1, e3 - e2 - 1);
	if ((o0 | o1 | o2 | o3) > 255 || p[e0] != '.' || p[e1] != '.' || p[e2] != '.' || p[e3] != '"')
		return NULL;
	*a = addr_from_v4(o0 << 24 | o1 << 16 | o2 << 8 | o3);
	return p + e3 + 1;
}

#endif
