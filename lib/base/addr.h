/*
 * Addresses and prefixes. An address is 16 bytes in network order; an IPv4
 * address is held as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2), so both families share
 * one column, one table and one comparison. Prefix lengths count in that space:
 * 192.0.2.0/24 has len 120. Text always shows the family's own length.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"

#define ADDR_TEXT_MAX 46 /* longest text with its terminator */
#define PREFIX_TEXT_MAX 50

struct addr {
	uint8_t b[16];
};

struct prefix {
	struct addr addr; /* bits beyond len are zero */
	uint8_t len; /* 0..128; IPv4 is 96..128 */
};

static inline bool
addr_is_v4(const struct addr *a)
{
	return load_le64(a->b) == 0 && load_be32(a->b + 8) == 0xffff;
}

static inline bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* The IPv4 address in host order; only where addr_is_v4(). */
static inline uint32_t
addr_v4(const struct addr *a)
{
	return load_be32(a->b + 12);
}

static inline struct addr
addr_from_v4(uint32_t host_order)
{
	struct addr a = {.b = {[10] = 0xff, [11] = 0xff}};
	uint32_t be = __builtin_bswap32(host_order);
	memcpy(a.b + 12, &be, 4);
	return a;
}

/* Made of whole words: to load again what was stored in pieces waits for all stores before. */
static inline struct addr
addr_from_bytes(const void *p, bool v6)
{
	struct addr a;
	uint64_t words[2] = {0, (uint64_t)load_le32(p) << 32 | 0xffff0000};

	if (v6)
		memcpy(words, p, sizeof words);
	memcpy(a.b, words, sizeof words);
	return a;
}

/* All bits zero in its own family: 0.0.0.0 or ::. */
bool addr_is_any(const struct addr *a);

/* Text to address: dotted quad or RFC 4291 text, no zone, no spaces, the whole of s. 0 or -1. */
int addr_parse(struct addr *a, struct str s);

/* Writes the address (RFC 5952 for IPv6) without terminator into p of at least ADDR_TEXT_MAX; the length. */
size_t addr_format(char *p, const struct addr *a);

/* The same with a terminator, for messages: returns p. */
const char *addr_text(char p[ADDR_TEXT_MAX], const struct addr *a);

/* "192.0.2.0/24", "2001:db8::/32"; a bare address is a host route. Host bits set are an error with words. */
int prefix_parse(struct prefix *p, struct str s, struct err *e);

/* Within one family only: ::/0 holds no IPv4 address. */
bool prefix_contains(const struct prefix *p, const struct addr *a);
const char *prefix_text(char s[PREFIX_TEXT_MAX], const struct prefix *p);

/* Keeps the first len bits (0..128) of a, clears the others. */
void addr_mask(struct addr *a, unsigned len);

/* RFC 1918, 6598, 3927, 1122 and their IPv6 kin: addresses that name nobody on the Internet. */
bool addr_is_private(const struct addr *a); /* 10/8, 172.16/12, 192.168/16, fc00::/7 */
bool addr_is_shared(const struct addr *a); /* 100.64/10 */
bool addr_is_link_local(const struct addr *a); /* 169.254/16, fe80::/10 */
bool addr_is_loopback(const struct addr *a); /* 127/8, ::1 */
bool addr_is_multicast(const struct addr *a); /* 224/4, ff00::/8 */

/* "host:port", "[v6]:port", ":port" (any address), with the port mandatory; the address must be numeric. */
int hostport_parse(struct addr *a, uint16_t *port, struct str s, struct err *e);

#endif
