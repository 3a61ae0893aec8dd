#include "io/udp_head.h"

enum { IP4_LEN = 20, IP6_LEN = 40, UDP_LEN = 8, PACKET_MAX = 65535, TTL = 64, PROTO_UDP = 17 };

static void
put_be16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* RFC 1071: the sum of 16-bit words, not yet folded. A last odd byte counts as the upper half of a word. */
static uint64_t
sum(uint64_t so_far, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (; len >= 4; p += 4, len -= 4)
		so_far += load_be32(p);
	if (len >= 2)
		so_far += load_be16(p);
	if (len % 2 != 0)
		so_far += (uint64_t)p[len - 1] << 8;
	return so_far;
}

static uint16_t
fold(uint64_t s)
{
	while (s >> 16 != 0)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

/* The pseudo header is the same for both families, but for the addresses' length: what is 0 in it adds nothing. */
static void
write_udp(uint8_t *p, const uint8_t *addrs, size_t addrs_len, uint16_t src_port, uint16_t dst_port,
    const void *payload, size_t len)
{
	size_t total = UDP_LEN + len;

	put_be16(p, src_port);
	put_be16(p + 2, dst_port);
	put_be16(p + 4, total);
	put_be16(p + 6, 0);
	uint16_t check = fold(sum(sum(sum(total + PROTO_UDP, addrs, addrs_len), p, UDP_LEN), payload, len));
	put_be16(p + 6, check != 0 ? check : 0xffff); /* 0 says that there is none */
}

size_t
udp_head_write(uint8_t p[UDP_HEAD_MAX], const struct addr *src, uint16_t src_port, const struct addr *dst,
    uint16_t dst_port, const void *payload, size_t len)
{
	bool v4 = addr_is_v4(src);

	if (v4 != addr_is_v4(dst) || len > PACKET_MAX - UDP_LEN - (v4 ? IP4_LEN : 0))
		return 0;
	memset(p, 0, UDP_HEAD_MAX);
	if (v4) {
		p[0] = 4 << 4 | IP4_LEN / 4;
		put_be16(p + 2, IP4_LEN + UDP_LEN + len);
		p[8] = TTL;
		p[9] = PROTO_UDP;
		memcpy(p + 12, src->b + 12, 4);
		memcpy(p + 16, dst->b + 12, 4);
		write_udp(p + IP4_LEN, p + 12, 8, src_port, dst_port, payload, len);
		return IP4_LEN + UDP_LEN;
	}
	p[0] = 6 << 4;
	put_be16(p + 4, UDP_LEN + len);
	p[6] = PROTO_UDP;
	p[7] = TTL;
	memcpy(p + 8, src->b, 16);
	memcpy(p + 24, dst->b, 16);
	write_udp(p + IP6_LEN, p + 8, 32, src_port, dst_port, payload, len);
	return IP6_LEN + UDP_LEN;
}
