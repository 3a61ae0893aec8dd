/*
 * A rule of flowspec (RFC 8955; RFC 8956 for IPv6): which packets, and what becomes of them. As JSON it has the members
 *
 *     "dst", "src"            a prefix; at least one is there, and they tell the family
 *     "proto"                 6, "udp", or a list of such, of which one is enough, as below
 *     "port", "dst_port", "src_port", "icmp_type", "icmp_code", "length", "dscp", "flow_label" (of IPv6)
 *                             53, "1000-2000", or a list
 *     "tcp_flags"             "syn", "S/SA" (of SYN and ACK the first alone is set), or a list
 *     "fragment"              "is-fragment", "first-fragment", "last-fragment", "dont-fragment" (of IPv4), or a list
 *
 * and one or more of
 *
 *     "action": "discard"     which it is too where nothing is said
 *     "rate_limit"            bytes a second
 *     "redirect"              the route target of a VRF, "64496:1" or "192.0.2.1:1"
 *     "mark"                  the DSCP to set
 */
#ifndef BGP_FLOW_RULE_H
#define BGP_FLOW_RULE_H

#include <stdbool.h>

#include "base/addr.h"
#include "flow/json.h"

enum {
	FLOW_ITEMS_MAX = 16, /* of a list */
	FLOW_NLRI_MAX = 239, /* whose length is one byte (RFC 8955 §4.1) */
};

/* Types of components, in the order in which they are sent (RFC 8955 §4.2.2). */
enum flow_part {
	FLOW_DST = 1,
	FLOW_SRC,
	FLOW_PROTO,
	FLOW_PORT,
	FLOW_DST_PORT,
	FLOW_SRC_PORT,
	FLOW_ICMP_TYPE,
	FLOW_ICMP_CODE,
	FLOW_TCP_FLAGS,
	FLOW_LENGTH,
	FLOW_DSCP,
	FLOW_FRAGMENT,
	FLOW_LABEL, /* RFC 8956 §3.7 */
	FLOW_PARTS
};

/* A range of numbers; or bits that are set, and bits that are not. */
struct flow_item {
	uint32_t low, high;
};

struct flow_rule {
	bool has_dst, has_src;
	struct prefix dst, src;
	struct {
		struct flow_item items[FLOW_ITEMS_MAX]; /* in ascending order */
		unsigned count;
	} lists[FLOW_PARTS];
	bool discard, has_rate, has_redirect, has_mark;
	uint64_t rate; /* bytes a second */
	uint8_t redirect[8]; /* as on the wire */
	uint8_t mark;
};

/* Takes a member of the JSON. 0; 1: it is none of a rule; -1 with words. */
int flow_rule_take(struct flow_rule *r, struct str key, const struct json_value *v, struct err *e);

/* Whether the parts belong together, when all are there: 0, or -1 with words. */
int flow_rule_check(struct flow_rule *r, struct err *e);

bool flow_rule_is_v6(const struct flow_rule *r);

/* The packets of a rule as on the wire, to tell rules apart by. Without padding, so that it is compared as bytes. */
struct flow_key {
	uint8_t v6, len;
	uint8_t nlri[FLOW_NLRI_MAX];
};
struct flow_key flow_key_of(const struct flow_rule *r);

/* What becomes of them, as extended communities (RFC 8955 §7). */
void flow_rule_actions(struct buf *out, const struct flow_rule *r);

/* The members of the JSON, without braces. */
void flow_rule_json(struct buf *out, const struct flow_rule *r);

/* The packets in words: "dst=198.51.100.7/32 proto=17 dst_port=53,1000-2000"; and the actions: "rate_limit=1000 mark=46". */
void flow_rule_text(struct buf *out, const struct flow_rule *r);
void flow_actions_text(struct buf *out, const struct flow_rule *r);

#endif
