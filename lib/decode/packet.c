#include "decode/packet.h"

enum {
	ETHER_IP4 = 0x0800,
	ETHER_IP6 = 0x86dd,
	ETHER_VLAN = 0x8100, /* IEEE 802.1Q */
	ETHER_QINQ = 0x88a8, /* IEEE 802.1ad, and what came before it */
	ETHER_QINQ_OLD = 0x9100,
	ETHER_MPLS = 0x8847,
	ETHER_MPLS_MULTI = 0x8848,
	ETHER_PPPOE = 0x8864,
};

enum {
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ICMP6 = 58,
	PROTO_SCTP = 132,
	PROTO_UDPLITE = 136
};

/* Only the first fragment has it. */
static void
parse_transport(struct packet *p, struct rd r)
{
	uint16_t len, flags;

	if (p->fragment_offset != 0)
		return;
	switch (p->proto) {
	case PROTO_TCP:
	case PROTO_UDP:
	case PROTO_SCTP:
	case PROTO_UDPLITE:
		p->has_ports = rd_be16(&r, &p->src_port) == 0 && rd_be16(&r, &p->dst_port) == 0;
		break;
	case PROTO_ICMP:
	case PROTO_ICMP6:
		p->has_icmp = rd_be16(&r, &p->icmp_type) == 0;
		return;
	default:
		return;
	}
	if (p->proto == PROTO_TCP && rd_skip(&r, 8) == 0 && rd_be16(&r, &flags) == 0)
		p->tcpflags = flags & 0x0fff;
	if (p->proto == PROTO_UDP && rd_be16(&r, &len) == 0 && rd_skip(&r, 2) == 0) {
		size_t said = len >= 8 ? len - 8u : 0;

		p->payload =
		    (struct str){(const char *)r.p, len == 0 || said > rd_left(&r) ? rd_left(&r) : said};
	}
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
	enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, AUTHENTICATION = 51, DESTINATION = 60 };
	const uint8_t *h;

	for (;;) {
		switch (p->proto) {
		case HOP_BY_HOP:
		case ROUTING:
		case DESTINATION:
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
	uint32_t first = load_be32(h);
	p->version = 6;
	p->tos = (uint8_t)(first >> 20);
	p->flow_label = first & 0xfffff;
	p->ip_len = load_be16(h + 4) + 40u;
	p->proto = h[6];
	p->ttl = h[7];
	p->src = addr_from_bytes(h + 8, true);
	p->dst = addr_from_bytes(h + 24, true);
	if (skip_extensions(p, &r))
		parse_transport(p, r);
}

static void
parse_ip(struct packet *p, struct rd r)
{
	if (rd_left(&r) == 0)
		return;
	if (r.p[0] >> 4 == 4)
		parse_ip4(p, r);
	else if (r.p[0] >> 4 == 6)
		parse_ip6(p, r);
}

/* RFC 3032 §2.1; what lies below the labels is known by its first bits alone. */
static void
parse_mpls(struct packet *p, struct rd r)
{
	uint32_t entry;

	while (rd_be32(&r, &entry) == 0) {
		if (p->label_count < PACKET_LABELS_MAX)
			p->labels[p->label_count++] = entry >> 12;
		if ((entry & 0x100) != 0) {
			parse_ip(p, r);
			return;
		}
	}
}

/* What an Ethernet type announces. */
static void
parse_type(struct packet *p, uint16_t type, struct rd r)
{
	uint16_t tag;

	while (type == ETHER_VLAN || type == ETHER_QINQ || type == ETHER_QINQ_OLD) {
		if (rd_be16(&r, &tag) == -1 || rd_be16(&r, &type) == -1)
			return;
		if (!p->has_vlan)
			p->vlan = tag & 0x0fff;
		p->has_vlan = true;
	}
	switch (type) {
	case ETHER_IP4:
	case ETHER_IP6:
		parse_ip(p, r);
		break;
	case ETHER_MPLS:
	case ETHER_MPLS_MULTI:
		parse_mpls(p, r);
		break;
	case ETHER_PPPOE: /* RFC 2516 §4: 6 bytes, then the protocol of PPP */
		if (rd_skip(&r, 8) == 0)
			parse_ip(p, r);
		break;
	default:
		break;
	}
}

static uint64_t
load_mac(const uint8_t *p)
{
	return (uint64_t)load_be16(p) << 32 | load_be32(p + 2);
}

void
packet_parse(struct packet *p, enum packet_link link, const uint8_t *bytes, size_t len)
{
	struct rd r = rd_from(bytes, len);
	const uint8_t *h;

	*p = (struct packet){0};
	switch (link) {
	case PACKET_ETHERNET:
		if (rd_bytes(&r, &h, 14) == -1)
			return;
		p->has_mac = true;
		p->dst_mac = load_mac(h);
		p->src_mac = load_mac(h + 6);
		parse_type(p, load_be16(h + 12), r);
		break;
	case PACKET_IP:
		parse_ip(p, r);
		break;
	case PACKET_LOOP:
		if (rd_skip(&r, 4) == 0)
			parse_ip(p, r);
		break;
	case PACKET_SLL:
		if (rd_bytes(&r, &h, 16) == 0)
			parse_type(p, load_be16(h + 14), r);
		break;
	case PACKET_SLL2:
		if (rd_bytes(&r, &h, 20) == 0)
			parse_type(p, load_be16(h), r);
		break;
	}
}
