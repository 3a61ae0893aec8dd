/*
 * Values to text, fast: for the writers of NDJSON, CSV and plain text. Each
 * writes at p without a terminator and returns the place after it. Nothing is
 * checked: the caller has reserved PUT_MAX bytes a value, since stores are whole
 * words and run over the end of what they mean.
 */
#ifndef FLOW_PUT_H
#define FLOW_PUT_H

#include <stdint.h>
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"

enum { PUT_MAX = 64 };

/* "0." to "255.": each octet with the dot after it. */
extern const char put_octets[256][4];

/* The eight decimal digits of n < 10^8 as bytes 0..9, the most significant in the lowest byte. */
static inline uint64_t
digits8(uint32_t n)
{
	uint64_t v = n / 10000 | (uint64_t)(n % 10000) << 32; /* two lanes of four digits */
	uint64_t q = v * 10486 >> 20 & UINT64_C(0x0000007f0000007f); /* each / 100 */

	v = q | (v - q * 100) << 16;
	q = v * 103 >> 10 & UINT64_C(0x000f000f000f000f); /* each / 10 */
	return q | (v - q * 10) << 8;
}

/* n < 10^8 without leading zeros and without a branch: the lengths of numbers are not predictable. */
static inline char *
put_u27(char *p, uint32_t n)
{
	uint64_t d = digits8(n);
	unsigned zeros = (unsigned)__builtin_ctzll(d | UINT64_C(1) << 56) & ~7u;

	d = (d | UINT64_C(0x3030303030303030)) >> zeros;
	memcpy(p, &d, 8);
	return p + 8 - zeros / 8;
}

/* n < 10^8 with its leading zeros. */
static inline char *
put_eight(char *p, uint32_t n)
{
	uint64_t d = digits8(n) | UINT64_C(0x3030303030303030);

	memcpy(p, &d, 8);
	return p + 8;
}

static inline char *
put_u64(char *p, uint64_t v)
{
	const uint32_t e8 = 100000000;

	if (v < e8)
		return put_u27(p, (uint32_t)v);
	uint64_t high = v / e8;
	p = high < e8 ? put_u27(p, (uint32_t)high)
		      : put_eight(put_u27(p, (uint32_t)(high / e8)), (uint32_t)(high % e8));
	return put_eight(p, (uint32_t)(v % e8));
}

/* The same behind what a buffer has. */
static inline void
put_number(struct buf *b, uint64_t v)
{
	char *p = (char *)buf_reserve(b, PUT_MAX);

	b->len += (size_t)(put_u64(p, v) - p);
}

/* Milliseconds as seconds with three decimals: 1700000000.123 */
static inline char *
put_time(char *p, uint64_t ms)
{
	unsigned rest = (unsigned)(ms % 1000);

	p = put_u64(p, ms / 1000);
	p[0] = '.';
	p[1] = (char)('0' + rest / 100);
	p[2] = (char)('0' + rest / 10 % 10);
	p[3] = (char)('0' + rest % 10);
	return p + 4;
}

static inline char *
put_addr(char *p, const struct addr *a)
{
	if (!addr_is_v4(a))
		return p + addr_format(p, a);
	for (int i = 12; i < 16; i++) {
		unsigned n = a->b[i];

		memcpy(p, put_octets[n], 4);
		p += 2 + (n >= 10) + (n >= 100);
	}
	return p - 1;
}

/* 02:42:ac:11:00:02 */
static inline char *
put_mac(char *p, uint64_t mac)
{
	static const char hex[] = "0123456789abcdef";

	for (int shift = 40; shift >= 0; shift -= 8) {
		*p++ = hex[mac >> (shift + 4) & 15];
		*p++ = hex[mac >> shift & 15];
		*p++ = ':';
	}
	return p - 1;
}

/* The shortest decimal that reads back as the same float; "null" for what is no number. */
char *put_real(char *p, float v);

/*
 * The text as the inside of a JSON string: control bytes, quotes and backslashes
 * escaped, what is not UTF-8 replaced by U+FFFD. Needs 6 * len + 16 bytes.
 */
char *put_escaped(char *p, struct str s);

#endif
