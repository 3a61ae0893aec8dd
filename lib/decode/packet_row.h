/* A packet taken apart, into the row that was begun last. */
#ifndef DECODE_PACKET_ROW_H
#define DECODE_PACKET_ROW_H

#include "decode/packet.h"
#include "flow/builder.h"

/* What the packet's headers tell. What the row has of the link already stays: its source knows better. */
void packet_row(struct builder *rows, const struct packet *p);

/* mpls_labels from n of them, top first; at most PACKET_LABELS_MAX. Nothing where n is 0. */
void packet_row_labels(struct builder *rows, const uint32_t *labels, unsigned n);

#endif
