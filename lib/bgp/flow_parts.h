/* What flow_rule.c and flow_take.c share. */
#ifndef BGP_FLOW_PARTS_H
#define BGP_FLOW_PARTS_H

#include "bgp/flow_rule.h"

enum flow_kind { FLOW_IS_PREFIX, FLOW_IS_NUMBER, FLOW_IS_PROTO, FLOW_IS_TCP, FLOW_IS_FRAGMENT };

struct flow_part_kind {
	const char *key;
	enum flow_kind kind;
	uint32_t max;
};
extern const struct flow_part_kind flow_parts[FLOW_PARTS];

/* Of fragments, from the lowest bit (RFC 8955 §4.2.2.12). */
enum { FLOW_FRAGMENTS = 4, FLOW_DONT_FRAGMENT = 1 };
extern const char *const flow_fragments[FLOW_FRAGMENTS];

/* Room for the longest rule that fits the struct: two prefixes, and lists of items of at most ten bytes. */
enum { FLOW_ROOM = 2 * 19 + (FLOW_PARTS - FLOW_PROTO) * (1 + 10 * FLOW_ITEMS_MAX) };

/* The packets as on the wire, however long. */
size_t flow_rule_put(uint8_t out[FLOW_ROOM], const struct flow_rule *r);

#endif
