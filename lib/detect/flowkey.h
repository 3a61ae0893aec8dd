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

void flowkey_init(struct flowkey *k, const struct rule_key *parts);

/* The keys of a batch's rows, made column by column, with their hashes. */
struct flowkey_rows {
	uint64_t *present; /* rows that have every part of the key */
	uint64_t *wide; /* of these, whose key is a wide one */
	uint8_t *keys[KEY_WIDTHS]; /* a layout's size each; KEY_WIDE may be NULL where there is none */
	uint32_t *hashes;
};

/* Makes the keys of all rows, in the batch's arena. */
void flowkey_rows(const struct flowkey *k, struct flows *f, uint64_t seed, struct flowkey_rows *out);

/* {"src_ip":"192.0.2.1","dst_port":22}; prefixes read "dst_prefix":"192.0.2.0/24". */
void flowkey_json(const struct flowkey *k, enum flowkey_width width, const uint8_t *p, struct buf *out);

/* The grouped address of one side, as a prefix: a host route unless grouped by prefix. */
struct prefix flowkey_prefix(
    const struct flowkey *k, enum flowkey_width width, const uint8_t *p, enum rule_target side);

#endif
