#include "ch/cityhash.h"

#include "base/bytes.h"

#define K0 UINT64_C(0xc3a5c85c97cb3127)
#define K1 UINT64_C(0xb492b66fbe98f273)
#define K2 UINT64_C(0x9ae16a3b2f90404f)
#define K3 UINT64_C(0xc949d7c7509e6557)
#define MIX UINT64_C(0x9ddfea08eb382d69)

static uint64_t
turn(uint64_t v, unsigned n)
{
	return n == 0 ? v : v >> n | v << (64 - n);
}

static uint64_t
fold(uint64_t v)
{
	return v ^ v >> 47;
}

static uint64_t
mix(uint64_t u, uint64_t v)
{
	uint64_t a = fold((u ^ v) * MIX);

	return fold((v ^ a) * MIX) * MIX;
}

static uint64_t
short_hash(const uint8_t *s, size_t len)
{
	if (len > 8) {
		uint64_t b = load_le64(s + len - 8);

		return mix(load_le64(s), turn(b + len, (unsigned)len)) ^ b;
	}
	if (len >= 4)
		return mix(len + ((uint64_t)load_le32(s) << 3), load_le32(s + len - 4));
	if (len > 0) {
		uint32_t y = s[0] + ((uint32_t)s[len >> 1] << 8);
		uint32_t z = (uint32_t)len + ((uint32_t)s[len - 1] << 2);

		return fold(y * K2 ^ z * K3) * K2;
	}
	return K2;
}

/* 32 bytes and two seeds to two numbers. */
static struct hash128
weak(const uint8_t *s, uint64_t a, uint64_t b)
{
	uint64_t z = load_le64(s + 24);

	a += load_le64(s);
	b = turn(b + a + z, 21);
	uint64_t c = a;
	a += load_le64(s + 8) + load_le64(s + 16);
	return (struct hash128){a + z, b + turn(a, 44) + c};
}

/* Less than 128 bytes. */
static struct hash128
murmur(const uint8_t *s, size_t len, struct hash128 seed)
{
	uint64_t a = seed.low, b = seed.high, c, d;

	if (len <= 16) {
		a = fold(a * K1) * K1;
		c = b * K1 + short_hash(s, len);
		d = fold(a + (len >= 8 ? load_le64(s) : c));
	} else {
		c = mix(load_le64(s + len - 8) + K1, a);
		d = mix(b + len, c + load_le64(s + len - 16));
		a += d;
		for (size_t left = len - 16;; left -= 16, s += 16) {
			a = (a ^ fold(load_le64(s) * K1) * K1) * K1;
			b ^= a;
			c = (c ^ fold(load_le64(s + 8) * K1) * K1) * K1;
			d ^= c;
			if (left <= 16)
				break;
		}
	}
	a = mix(a, c);
	b = mix(d, b);
	return (struct hash128){a ^ b, mix(b, a)};
}

struct city {
	uint64_t x, y, z;
	struct hash128 v, w;
};

static void
round64(struct city *h, const uint8_t *s)
{
	uint64_t x = turn(h->x + h->y + h->v.low + load_le64(s + 16), 37) * K1;
	uint64_t y = turn(h->y + h->v.high + load_le64(s + 48), 42) * K1;

	x ^= h->w.high;
	y ^= h->v.low;
	uint64_t z = turn(h->z ^ h->w.low, 33);
	h->v = weak(s, h->v.high * K1, x + h->w.low);
	h->w = weak(s + 32, z + h->w.high, y);
	h->x = z;
	h->y = y;
	h->z = x;
}

static struct hash128
seeded(const uint8_t *s, size_t len, struct hash128 seed)
{
	struct city h = {seed.low, seed.high, len * K1, {0, 0}, {0, 0}};

	if (len < 128)
		return murmur(s, len, seed);
	h.v.low = turn(h.y ^ K1, 49) * K1 + load_le64(s);
	h.v.high = turn(h.v.low, 42) * K1 + load_le64(s + 8);
	h.w.low = turn(h.y + h.z, 35) * K1 + h.x;
	h.w.high = turn(h.x + load_le64(s + 88), 53) * K1;
	for (; len >= 128; len -= 128, s += 128) {
		round64(&h, s);
		round64(&h, s + 64);
	}
	h.y += turn(h.w.low, 37) * K0 + h.z;
	h.x += turn(h.v.low + h.z, 49) * K0;
	/* What is left, 32 bytes at a time from the end, reaching back into what was hashed. */
	for (size_t done = 0; done < len;) {
		done += 32;
		const uint8_t *p = s + len - done;
		h.y = turn(h.y - h.x, 42) * K0 + h.v.high;
		h.w.low += load_le64(p + 16);
		h.x = turn(h.x, 49) * K0 + h.w.low;
		h.w.low += h.v.low;
		h.v = weak(p, h.v.low, h.v.high);
	}
	uint64_t x = mix(h.x, h.v.low), y = mix(h.y, h.w.low);
	return (struct hash128){mix(x + h.v.high, h.w.high) + y, mix(x + h.w.high, y + h.v.high)};
}

struct hash128
cityhash128(const void *p, size_t len)
{
	const uint8_t *s = p;

	if (len >= 16)
		return seeded(s + 16, len - 16, (struct hash128){load_le64(s) ^ K3, load_le64(s + 8)});
	if (len >= 8)
		return seeded(
		    s + len, 0, (struct hash128){load_le64(s) ^ len * K0, load_le64(s + len - 8) ^ K1});
	return seeded(s, len, (struct hash128){K0, K1});
}
