/* The layers of a packet, for the files that take it apart. Each takes what stands behind the header before it. */
#ifndef DECODE_PACKET_LAYER_H
#define DECODE_PACKET_LAYER_H

#include "decode/packet.h"

typedef void packet_layer(struct packet *p, struct rd r);

packet_layer packet_ethernet;
packet_layer packet_ip; /* of either version, told by its first bits */
packet_layer packet_mpls;
packet_layer packet_ppp;

/* What an Ethernet type announces. */
void packet_type(struct packet *p, uint16_t type, struct rd r);

/* What lies behind p's IP header, if it is a tunnel. */
void packet_tunnel(struct packet *p, struct rd r);

/* Reads a packet within p. Its IP packet, if it has one, takes the place of p's; the link stays. */
void packet_enter(struct packet *p, packet_layer *layer, struct rd r);

#endif
