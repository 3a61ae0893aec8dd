/* The key of a flow's group: packed bytes, and how they are shown. */
#ifndef DETECT_FLOWKEY_H
#define DETECT_FLOWKEY_H

#include "detect/flows.h"
#include "detect/rules.h"

enum { FLOWKEY_MAX = 40 }; /* two addresses, two ports, a protocol, filled up to a multiple of 8 */

/*
 * Two layouts: one for keys whose addresses are all IPv4, which takes four bytes
 * for each, and one for the others. With millions of groups this is what decides
 * how many of them a cache holds.
 */
enum flowkey_width { KEY_NARROW, KEY_WIDE, KEY_WIDTHS };

struct flowkey_layout {
	uint8_t src_at, dst_at, src_port_at, dst_port_at, proto_at;
	uint8_t size;
};

struct flowkey {
	struct rule_key parts;
	struct flowkey_layout layouts[KEY_WIDTHS];
};

/* The columns that a key is made of, for one batch. */
struct flowkey_columns {
	const struct addr *src, *dst;
	const uint16_t *src_port, *dst_port;
	const uint8_t *proto;
};

void flowkey_init(struct flowkey *k, const struct rule_key *parts);

/* Takes the rows away that lack a part of the key, and fetches its columns. */
void flowkey_columns(const struct flowkey *k, struct flows *f, uint64_t *bits, struct flowkey_columns *c);

/* The layout of the row's key. */
enum flowkey_width flowkey_width(const struct flowkey_columns *c, uint32_t row);

/* Writes the row's key: the layout's size of bytes at p, a multiple of 8. */
void flowkey_build(const struct flowkey *k, enum flowkey_width width, const struct flowkey_columns *c,
    uint32_t row, uint8_t *p);

/* {"src_ip":"192.0.2.1","dst_port":22}; prefixes read "dst_prefix":"192.0.2.0/24". */
void flowkey_json(const struct flowkey *k, enum flowkey_width width, const uint8_t *p, struct buf *out);

/* The grouped address of one side, as a prefix: a host route unless grouped by prefix. */
struct prefix flowkey_prefix(
    const struct flowkey *k, enum flowkey_width width, const uint8_t *p, enum rule_target side);

#endif
