#include "decode/packet.h"

#include <string.h>

#include "decode/packet_layer.h"

enum {
	ETHER_LENGTH_MAX = 1500, /* IEEE 802.3: up to here it is no type but a length */
	ETHER_IP4 = 0x0800,
	ETHER_IP6 = 0x86dd,
	ETHER_VLAN = 0x8100, /* IEEE 802.1Q */
	ETHER_QINQ = 0x88a8, /* IEEE 802.1ad, and what came before it */
	ETHER_QINQ_OLD = 0x9100,
	ETHER_MPLS = 0x8847,
	ETHER_MPLS_MULTI = 0x8848,
	ETHER_PPPOE = 0x8864,
};

/* RFC 1661 §2; the numbers of RFC 1332, 5072 and 3032 §4.3. */
void
packet_ppp(struct packet *p, struct rd r)
{
	enum { IP4 = 0x21, IP6 = 0x57, MPLS = 0x281, MPLS_MULTI = 0x283 };
	uint8_t low;
	uint16_t protocol;

	/* RFC 1662 §3.1: address and control. */
	if (rd_left(&r) >= 2 && load_be16(r.p) == 0xff03)
		rd_skip(&r, 2);
	/* RFC 1661 §6.5: a first byte that is odd is all there is of the number. */
	if (rd_u8(&r, &low) == -1)
		return;
	protocol = low;
	if ((low & 1) == 0) {
		if (rd_u8(&r, &low) == -1)
			return;
		protocol = (uint16_t)(protocol << 8 | low);
	}
	if (protocol == IP4 || protocol == IP6)
		packet_ip(p, r);
	else if (protocol == MPLS || protocol == MPLS_MULTI)
		packet_mpls(p, r);
}

/* On a serial line; Cisco's HDLC has an address of its own, no control, and an Ethernet type. */
static void
serial(struct packet *p, struct rd r)
{
	enum { UNICAST = 0x0f00, MULTICAST = 0x8f00 };
	uint32_t head = rd_left(&r) >= 4 ? load_be32(r.p) : 0;

	if (head >> 16 != UNICAST && head >> 16 != MULTICAST) {
		packet_ppp(p, r);
		return;
	}
	rd_skip(&r, 4);
	packet_type(p, (uint16_t)head, r);
}

/* RFC 4385 §3: a control word, whose first bits are zero. */
static void
controlled(struct packet *p, struct rd r)
{
	if (rd_left(&r) >= 4 && r.p[0] >> 4 == 0) {
		rd_skip(&r, 4);
		packet_ethernet(p, r);
	}
}

/*
 * RFC 3032 §2.1. What lies below the labels is known by its first bits alone
 * (RFC 4928 §3); what is no IP may be the Ethernet of a pseudowire (RFC 4448).
 */
void
packet_mpls(struct packet *p, struct rd r)
{
	uint32_t entry;

	while (rd_be32(&r, &entry) == 0) {
		if (p->label_count < PACKET_LABELS_MAX)
			p->labels[p->label_count++] = entry >> 12;
		if ((entry & 0x100) == 0)
			continue;
		packet_ip(p, r);
		if (p->version == 0)
			packet_enter(p, controlled, r);
		if (p->version == 0)
			packet_enter(p, packet_ethernet, r);
		return;
	}
}

/* IEEE 802.2 with a subnetwork header, RFC 1042. */
static void
llc(struct packet *p, struct rd r)
{
	static const uint8_t snap[6] = {0xaa, 0xaa, 3, 0, 0, 0};
	const uint8_t *h;

	if (rd_bytes(&r, &h, 8) == 0 && memcmp(h, snap, sizeof snap) == 0 &&
	    load_be16(h + 6) > ETHER_LENGTH_MAX)
		packet_type(p, load_be16(h + 6), r);
}

void
packet_type(struct packet *p, uint16_t type, struct rd r)
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
		packet_ip(p, r);
		break;
	case ETHER_MPLS:
	case ETHER_MPLS_MULTI:
		packet_mpls(p, r);
		break;
	case ETHER_PPPOE: /* RFC 2516 §4 */
		if (rd_skip(&r, 6) == 0)
			packet_ppp(p, r);
		break;
	default:
		if (type <= ETHER_LENGTH_MAX)
			llc(p, r);
	}
}

static uint64_t
load_mac(const uint8_t *p)
{
	return (uint64_t)load_be16(p) << 32 | load_be32(p + 2);
}

void
packet_ethernet(struct packet *p, struct rd r)
{
	const uint8_t *h;

	if (rd_bytes(&r, &h, 14) == -1)
		return;
	p->has_mac = true;
	p->dst_mac = load_mac(h);
	p->src_mac = load_mac(h + 6);
	packet_type(p, load_be16(h + 12), r);
}

void
packet_enter(struct packet *p, packet_layer *layer, struct rd r)
{
	struct packet in = {.inner = p->inner, .depth = (uint8_t)(p->depth + 1)};

	if (p->depth == PACKET_DEPTH_MAX)
		return;
	layer(&in, r);
	if (in.version == 0)
		return;
	in.has_mac = p->has_mac;
	in.src_mac = p->src_mac;
	in.dst_mac = p->dst_mac;
	in.has_vlan = p->has_vlan;
	in.vlan = p->vlan;
	in.label_count = p->label_count;
	memcpy(in.labels, p->labels, sizeof in.labels);
	*p = in;
}

static void
parse(struct packet *p, enum packet_link link, struct rd r)
{
	const uint8_t *h;

	switch (link) {
	case PACKET_ETHERNET:
		packet_ethernet(p, r);
		break;
	case PACKET_IP:
		packet_ip(p, r);
		break;
	case PACKET_LOOP:
		if (rd_skip(&r, 4) == 0)
			packet_ip(p, r);
		break;
	case PACKET_SLL:
		if (rd_bytes(&r, &h, 16) == 0)
			packet_type(p, load_be16(h + 14), r);
		break;
	case PACKET_SLL2:
		if (rd_bytes(&r, &h, 20) == 0)
			packet_type(p, load_be16(h), r);
		break;
	case PACKET_PPP:
		serial(p, r);
		break;
	case PACKET_MPLS:
		packet_mpls(p, r);
		break;
	}
}

void
packet_parse(struct packet *p, enum packet_link link, const uint8_t *bytes, size_t len)
{
	*p = (struct packet){0};
	parse(p, link, rd_from(bytes, len));
}

void
packet_parse_inner(struct packet *p, enum packet_link link, const uint8_t *bytes, size_t len)
{
	*p = (struct packet){.inner = true};
	parse(p, link, rd_from(bytes, len));
}
