/* Tunnels: the headers between an IP packet and the one that it carries. */
#include "decode/packet_layer.h"

enum {
	ETHER_BRIDGED = 0x6558, /* an Ethernet frame, RFC 1701, 7637, 8926 */
	ETHER_PPP = 0x880b, /* RFC 2637 §4.1 */
	ETHER_ERSPAN = 0x88be, /* draft-foschiano-erspan-03, types I and II */
	ETHER_ERSPAN3 = 0x22eb,
};

/* Of a tunnel that carries anything. */
static void
announced(struct packet *p, uint16_t type, struct rd r)
{
	if (type == ETHER_BRIDGED)
		packet_ethernet(p, r);
	else
		packet_type(p, type, r);
}

/* A mirrored frame. Type I has no header of its own; type III may have one more. */
static void
erspan(struct packet *p, struct rd r, bool third, bool sequenced)
{
	enum { SUBHEADER = 0x01 };
	const uint8_t *h;

	if (third) {
		if (rd_bytes(&r, &h, 12) == -1 || ((h[11] & SUBHEADER) != 0 && rd_skip(&r, 8) == -1))
			return;
	} else if (sequenced && rd_skip(&r, 8) == -1) {
		return;
	}
	packet_ethernet(p, r);
}

/* RFC 2784 §2, with RFC 2890's key and sequence number; version 1 is that of PPTP, RFC 2637 §4.1. */
static void
gre(struct packet *p, struct rd r)
{
	enum { CHECKSUM = 0x8000, ROUTED = 0x4000, KEY = 0x2000, SEQUENCE = 0x1000, ACKNOWLEDGED = 0x80 };
	uint16_t flags, type;

	if (rd_be16(&r, &flags) == -1 || rd_be16(&r, &type) == -1 || (flags & ROUTED) != 0)
		return;
	unsigned version = flags & 7, words = ((flags & CHECKSUM) != 0) + ((flags & KEY) != 0) +
					      ((flags & SEQUENCE) != 0) +
					      (version == 1 && (flags & ACKNOWLEDGED) != 0);
	if (version > 1 || rd_skip(&r, words * 4) == -1)
		return;
	if (version == 1)
		packet_ppp(p, r);
	else if (type == ETHER_ERSPAN || type == ETHER_ERSPAN3)
		erspan(p, r, type == ETHER_ERSPAN3, (flags & SEQUENCE) != 0);
	else
		announced(p, type, r);
}

/* RFC 7348 §5: the flag says that there is a network identifier. */
static void
vxlan(struct packet *p, struct rd r)
{
	const uint8_t *h;

	if (rd_bytes(&r, &h, 8) == 0 && (h[0] & 0x08) != 0)
		packet_ethernet(p, r);
}

/* draft-ietf-nvo3-vxlan-gpe §3: as VXLAN, with a flag that says that the next protocol is named. */
static void
vxlan_gpe(struct packet *p, struct rd r)
{
	enum { NEXT_IP4 = 1, NEXT_IP6 = 2, NEXT_ETHERNET = 3 };
	const uint8_t *h;

	if (rd_bytes(&r, &h, 8) == -1)
		return;
	unsigned next = (h[0] & 0x04) != 0 ? h[3] : NEXT_ETHERNET;
	if (next == NEXT_ETHERNET)
		packet_ethernet(p, r);
	else if (next == NEXT_IP4 || next == NEXT_IP6)
		packet_ip(p, r);
}

/* RFC 8926 §3.4: version 0, options in units of 4 bytes, a type. */
static void
geneve(struct packet *p, struct rd r)
{
	const uint8_t *h;

	if (rd_bytes(&r, &h, 8) == 0 && h[0] >> 6 == 0 && rd_skip(&r, (h[0] & 63) * 4u) == 0)
		announced(p, load_be16(h + 2), r);
}

/* 3GPP TS 29.281 §5.1: what is no packet of a user is not entered; extension headers are skipped. */
static void
gtp(struct packet *p, struct rd r)
{
	enum { VERSION_1 = 0x30, OPTIONS = 7, EXTENSION = 4, USER_PACKET = 255 };
	const uint8_t *h;

	if (rd_bytes(&r, &h, 8) == -1 || (h[0] & 0xf0) != VERSION_1 || h[1] != USER_PACKET)
		return;
	if ((h[0] & OPTIONS) != 0) {
		bool extended = (h[0] & EXTENSION) != 0;

		if (rd_bytes(&r, &h, 4) == -1)
			return;
		for (uint8_t next = extended ? h[3] : 0; next != 0;) {
			unsigned len = rd_left(&r) > 0 ? r.p[0] * 4u : 0;

			if (len == 0 || rd_bytes(&r, &h, len) == -1)
				return;
			next = h[len - 1];
		}
	}
	packet_ip(p, r);
}

/* By the port of the server's side, which is the destination of all that is not asked for. */
static packet_layer *
udp_layer(uint16_t port)
{
	switch (port) {
	case 4789:
	case 8472: /* Linux, before there was a number */
		return vxlan;
	case 4790:
		return vxlan_gpe;
	case 6081:
		return geneve;
	case 2152:
		return gtp;
	case 6635:
		return packet_mpls;
	default:
		return NULL;
	}
}

void
packet_tunnel(struct packet *p, struct rd r)
{
	enum { IP4 = 4, UDP = 17, IP6 = 41, GRE = 47, MPLS = 137, ETHERNET = 143 };

	switch (p->proto) {
	case IP4:
	case IP6:
		packet_enter(p, packet_ip, r);
		break;
	case GRE:
		packet_enter(p, gre, r);
		break;
	case MPLS:
		packet_enter(p, packet_mpls, r);
		break;
	case ETHERNET:
		packet_enter(p, packet_ethernet, r);
		break;
	case UDP:
		if (p->has_ports && udp_layer(p->dst_port) != NULL && rd_skip(&r, 8) == 0)
			packet_enter(p, udp_layer(p->dst_port), r);
		break;
	default:
		break;
	}
}
