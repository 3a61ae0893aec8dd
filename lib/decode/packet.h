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
};

enum { PACKET_LABELS_MAX = 10 };

struct packet {
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

#endif
