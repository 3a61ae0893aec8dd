/* IP and what tells of the flow behind it. */
#include "decode/packet_layer.h"

enum {
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_DCCP = 33,
	PROTO_ICMP6 = 58,
	PROTO_SCTP = 132,
	PROTO_UDPLITE = 136
};

/* RFC 768; its length may be 0 or more than was captured. */
static void
parse_udp(struct packet *p, struct rd r)
{
	uint16_t len;

	if (rd_be16(&r, &len) == -1 || rd_skip(&r, 2) == -1)
		return;
	size_t said = len >= 8 ? len - 8u : 0;
	p->payload = (struct str){(const char *)r.p, len == 0 || said > rd_left(&r) ? rd_left(&r) : said};
}

/* Only the first fragment has it. */
static void
parse_transport(struct packet *p, struct rd r)
{
	struct rd whole = r;
	uint16_t flags;

	if (p->fragment_offset != 0)
		return;
	switch (p->proto) {
	case PROTO_TCP:
	case PROTO_UDP:
	case PROTO_DCCP:
	case PROTO_SCTP:
	case PROTO_UDPLITE:
		p->has_ports = rd_be16(&r, &p->src_port) == 0 && rd_be16(&r, &p->dst_port) == 0;
		break;
	case PROTO_ICMP:
	case PROTO_ICMP6:
		p->has_icmp = rd_be16(&r, &p->icmp_type) == 0;
		return;
	default:
		break;
	}
	if (p->proto == PROTO_TCP && rd_skip(&r, 8) == 0 && rd_be16(&r, &flags) == 0)
		p->tcpflags = flags & 0x0fff;
	if (p->proto == PROTO_UDP)
		parse_udp(p, r);
	if (p->inner)
		packet_tunnel(p, whole);
}

/* RFC 791 §3.1. */
static void
parse_ip4(struct packet *p, struct rd r)
{
	const uint8_t *h;

	if (rd_bytes(&r, &h, 20) == -1 || h[0] >> 4 != 4)
		return;
	size_t header = (h[0] & 15u) * 4u;
	if (header < 20)
		return;
	p->version = 4;
	p->tos = h[1];
	p->ip_len = load_be16(h + 2);
	p->fragment = (load_be16(h + 6) & 0x3fff) != 0;
	p->fragment_offset = load_be16(h + 6) & 0x1fff;
	p->ttl = h[8];
	p->proto = h[9];
	p->src = addr_from_bytes(h + 12, false);
	p->dst = addr_from_bytes(h + 16, false);
	if (rd_skip(&r, header - 20) == 0)
		parse_transport(p, r);
}

/* RFC 8200 §4: extension headers until one that carries data. False: cut short, or what follows is unreadable. */
static bool
skip_extensions(struct packet *p, struct rd *r)
{
	enum {
		HOP_BY_HOP = 0,
		ROUTING = 43,
		FRAGMENT = 44,
		AUTHENTICATION = 51,
		DESTINATION = 60,
		MOBILITY = 135,
		HOST_IDENTITY = 139,
		SHIM6 = 140
	};
	const uint8_t *h;

	for (;;) {
		switch (p->proto) {
		case HOP_BY_HOP:
		case ROUTING:
		case DESTINATION:
		case MOBILITY:
		case HOST_IDENTITY:
		case SHIM6:
			if (rd_bytes(r, &h, 8) == -1 || rd_skip(r, h[1] * 8u) == -1)
				return false;
			break;
		case AUTHENTICATION:
			if (rd_bytes(r, &h, 8) == -1 || rd_skip(r, h[1] * 4u) == -1)
				return false;
			break;
		case FRAGMENT:
			if (rd_bytes(r, &h, 8) == -1)
				return false;
			p->fragment_offset = load_be16(h + 2) >> 3;
			p->fragment = (load_be16(h + 2) & 0xfff9) != 0;
			break;
		default:
			return true;
		}
		p->proto = h[0];
		if (p->fragment_offset != 0)
			return true;
	}
}

static void
parse_ip6(struct packet *p, struct rd r)
{
	const uint8_t *h;

	if (rd_bytes(&r, &h, 40) == -1 || h[0] >> 4 != 6)
		return;
	uint32_t first = load_be32(h), payload = load_be16(h + 4);
	p->version = 6;
	p->tos = (uint8_t)(first >> 20);
	p->flow_label = first & 0xfffff;
	p->ip_len = payload != 0 ? payload + 40 : 0;
	p->proto = h[6];
	p->ttl = h[7];
	p->src = addr_from_bytes(h + 8, true);
	p->dst = addr_from_bytes(h + 24, true);
	if (skip_extensions(p, &r))
		parse_transport(p, r);
}

void
packet_ip(struct packet *p, struct rd r)
{
	if (rd_left(&r) == 0)
		return;
	if (r.p[0] >> 4 == 4)
		parse_ip4(p, r);
	else if (r.p[0] >> 4 == 6)
		parse_ip6(p, r);
}
