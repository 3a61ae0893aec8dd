#include "detect/sha1.h"

#include <string.h>

#include "base/bytes.h"

static uint32_t
rotl(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

/* One block of 64 bytes (RFC 3174 §6.1). */
static void
sha1_block(uint32_t h[5], const uint8_t *p)
{
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (int t = 0; t < 16; t++)
		w[t] = load_be32(p + 4 * t);
	for (int t = 16; t < 80; t++)
		w[t] = rotl(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	for (int t = 0; t < 80; t++) {
		uint32_t f, k;

		if (t < 20) {
			f = (b & c) | (~b & d);
			k = 0x5a827999;
		} else if (t < 40) {
			f = b ^ c ^ d;
			k = 0x6ed9eba1;
		} else if (t < 60) {
			f = (b & c) | (b & d) | (c & d);
			k = 0x8f1bbcdc;
		} else {
			f = b ^ c ^ d;
			k = 0xca62c1d6;
		}
		uint32_t next = rotl(a, 5) + f + e + w[t] + k;
		e = d;
		d = c;
		c = rotl(b, 30);
		b = a;
		a = next;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

void
sha1(uint8_t digest[20], const void *p, size_t len)
{
	uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	const uint8_t *in = p;
	uint8_t last[128] = {0};
	size_t rest = len % 64, padded = rest < 56 ? 64 : 128;
	uint64_t bits = __builtin_bswap64((uint64_t)len * 8);

	for (size_t i = 0; i < len / 64; i++)
		sha1_block(h, in + 64 * i);
	if (rest > 0)
		memcpy(last, in + len - rest, rest);
	last[rest] = 0x80;
	memcpy(last + padded - 8, &bits, 8);
	for (size_t i = 0; i < padded; i += 64)
		sha1_block(h, last + i);
	for (int i = 0; i < 5; i++) {
		uint32_t be = __builtin_bswap32(h[i]);
		memcpy(digest + 4 * i, &be, 4);
	}
}

void
uuid5(uint8_t uuid[16], const uint8_t space[16], const void *name, size_t len)
{
	struct buf b = {0};
	uint8_t digest[20];

	buf_add(&b, space, 16);
	buf_add(&b, name, len);
	sha1(digest, b.p, b.len);
	buf_release(&b);
	memcpy(uuid, digest, 16);
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x50);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

const char *
uuid_text(char p[UUID_TEXT_MAX], const uint8_t uuid[16])
{
	static const char hex[] = "0123456789abcdef";
	char *q = p;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*q++ = '-';
		*q++ = hex[uuid[i] >> 4];
		*q++ = hex[uuid[i] & 15];
	}
	*q = '\0';
	return p;
}
