/*
 * Packets taken apart: those of a capture, in which datagrams of exporters are
 * looked for, and the headers that sFlow samples. Of what is cut short, what
 * is there is told.
 */
#ifndef DECODE_PACKET_H
#define DECODE_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/bytes.h"

enum packet_link {
	PACKET_ETHERNET,
	PACKET_IP, /* IPv4 or IPv6 at once */
	PACKET_LOOP, /* 4 bytes of address family before it, of either order (BSD's loopback) */
	PACKET_SLL, /* Linux' "any" device, its first and its second form */
	PACKET_SLL2,
	PACKET_PPP, /* RFC 1661, with or without RFC 1662's first two bytes, or Cisco's HDLC */
	PACKET_MPLS,
};

enum { PACKET_LABELS_MAX = 10, PACKET_DEPTH_MAX = 4 };

struct packet {
	bool inner; /* tunnels are entered */
	uint8_t depth; /* of tunnels entered: the IP packet is the one within them */

	/* The link, always that of the outermost packet. */
	bool has_mac, has_vlan;
	uint64_t src_mac, dst_mac;
	uint16_t vlan; /* the outer one */
	unsigned label_count;
	uint32_t labels[PACKET_LABELS_MAX]; /* of MPLS, top first: 20 bits */

	uint8_t version; /* 4, 6, or 0: no IP packet, and nothing below is set */
	struct addr src, dst;
	uint8_t proto, tos, ttl;
	uint32_t flow_label;
	uint32_t ip_len; /* the packet's length by its own header */
	bool fragment; /* one of several */
	uint16_t fragment_offset; /* in units of 8 bytes; with it there is no header of layer 4 */

	bool has_ports, has_icmp;
	uint16_t src_port, dst_port;
	uint16_t tcpflags; /* TCP */
	uint16_t icmp_type; /* type * 256 + code */
	struct str payload; /* of UDP, as far as it is there */
};

/* Takes apart what begins with the given kind of header. */
void packet_parse(struct packet *p, enum packet_link link, const uint8_t *bytes, size_t len);

/*
 * The same, and p tells of the innermost IP packet: within IP in IP (RFC 2003,
 * 4213, 2473), GRE (RFC 2784, 2890, 2637, 7637) and ERSPAN, VXLAN (RFC 7348; ports
 * 4789 and 8472), VXLAN-GPE, Geneve (RFC 8926), GTP-U (3GPP TS 29.281), MPLS in IP
 * or UDP (RFC 4023, 7510), Ethernet in IPv6 (RFC 8986). At most PACKET_DEPTH_MAX
 * tunnels deep; where the inner header is not whole, it stays with the outer packet.
 */
void packet_parse_inner(struct packet *p, enum packet_link link, const uint8_t *bytes, size_t len);

#endif
