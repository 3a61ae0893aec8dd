/*
 * The rules of nf-detect, as nf-rules(5) describes them: a YAML or JSON list,
 * bare or under `rules:`. Reading is strict: unknown keys, wrong values and
 * rules that could never hold are errors with file, line and column; what has
 * no effect is a warning. Nothing here knows flows or time.
 */
#ifndef DETECT_RULES_H
#define DETECT_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/mem.h"
#include "detect/host_groups.h"
#include "detect/ranges.h"
#include "io/conf.h"

enum {
	RULES_MAX = 1024, /* in a file */
	RULE_NAME_MAX = 64, /* bytes */
	RULE_WINDOW_MAX = 86400, /* seconds */
	RULE_UNIQUE_MAX = 1000000, /* the largest threshold of unique addresses */
	RULE_TIMES_MAX = 16, /* steps of blackhole_time */
	RULE_COMMUNITIES_MAX = 32,
};

enum rule_direction {
	DIRECTION_IN = 1, /* from elsewhere to my_prefixes */
	DIRECTION_OUT = 2,
	DIRECTION_INTERNAL = 4,
	DIRECTION_TRANSIT = 8,
	DIRECTION_INGRESS = 16, /* as the exporter says, or from an upstream interface */
	DIRECTION_EGRESS = 32,
};

enum rule_presence { NAT_ANY, NAT_PRESENT, NAT_ABSENT };

/* Which flows a rule sees; an empty set asks for nothing. */
struct rule_filter {
	struct ranges proto, src_port, dst_port;
	uint16_t flags_mask, flags_value; /* of TCP: flags & mask == value */
	uint8_t directions; /* of enum rule_direction; 0 = any */
	bool to_own; /* only towards my_prefixes, where those are set */
	uint8_t nat; /* enum rule_presence */
	uint64_t min_bytes, min_packets; /* of a flow, sampling applied */
	uint8_t ttl_min, ttl_max; /* 0 and 255 ask for nothing */
	struct nets exclude_src, exclude_dst;
	struct nets only; /* the source or the destination is inside */
	struct ranges src_as, dst_as;
	const char **countries; /* sorted, of the source or the destination */
	size_t country_count;
	struct ranges interfaces; /* SNMP indices, of the input or the output */
	const char **interface_names; /* sorted */
	size_t interface_name_count;
};

/* What flows are grouped by. Lengths are kept bits of an address: [0] of IPv4, [1] of IPv6. */
struct rule_key {
	bool src_ip, dst_ip, src_port, dst_port, proto;
	uint8_t src_len[2], dst_len[2];
};

/* Thresholds, in the order in which reasons are given. */
enum rule_limit {
	LIMIT_FLOWS,
	LIMIT_DST_IPS,
	LIMIT_DST_PORTS,
	LIMIT_SRC_IPS,
	LIMIT_BYTES,
	LIMIT_PACKETS,
	LIMIT_PPS,
	LIMIT_BPS, /* bits */
	LIMITS
};
extern const char *const rule_limit_names[LIMITS]; /* as the rule's key */

enum rule_action {
	ACTION_ALERT = 1,
	ACTION_BLACKHOLE = 2,
	ACTION_SLACK = 4,
	ACTION_CLICKHOUSE = 8,
	ACTION_EXEC = 16,
};
enum { RULE_ACTIONS = 5 };
extern const char *const rule_action_names[RULE_ACTIONS]; /* of 1 << index */

enum rule_target { TARGET_NONE, TARGET_SRC, TARGET_DST };

/* Thresholds of a host group that differ from the rule's; 0 = the rule's. */
struct rule_override {
	uint32_t group; /* index */
	const char *name;
	uint64_t limits[LIMITS];
};

struct rule {
	const char *name;
	unsigned line, column; /* where it begins */
	struct rule_filter filter;
	struct rule_key key;
	uint32_t window; /* seconds */
	uint64_t limits[LIMITS]; /* 0 = none */
	struct rule_override *overrides;
	size_t override_count;
	uint32_t
	    above_baseline; /* hundredths of the usual that flows, packets and bytes must reach; 0 = none */
	double min_ml_score; /* < 0 = none */

	unsigned actions; /* of enum rule_action */
	uint32_t cooldown; /* seconds */
	uint32_t blackhole_count; /* seconds in which the rule held; 0 = never */
	uint32_t blackhole_count_reset; /* seconds */
	uint8_t blackhole_target; /* enum rule_target */
	bool has_next_hop[2]; /* of IPv4, of IPv6 */
	struct addr next_hop[2];
	const char **communities;
	size_t community_count;
	uint32_t blackhole_times[RULE_TIMES_MAX]; /* seconds, 0 = until withdrawn */
	size_t blackhole_time_count;
};

struct rules {
	struct arena arena; /* texts */
	struct host_groups host_groups;
	struct rule *v;
	size_t n;
};

struct rules_options {
	uint32_t window; /* of rules without time_window, and the longest without a warning; 0: 60 s */
	conf_warn_fn *warn; /* may be NULL */
	void *arg;
};

/* By whose address a rule with this key looks for host groups: the destination's where it groups by it. */
enum rule_target rule_host_side(const struct rule_key *k);

/* 0, or -1 with "file:line:column: words" and nothing to release. o may be NULL. */
int rules_load(struct rules *rs, const char *path, const struct rules_options *o, struct err *e);
int rules_parse(
    struct rules *rs, const char *name, struct str text, const struct rules_options *o, struct err *e);
void rules_release(struct rules *rs);

/*
 * As understood, one "key: value" a line, defaults included, each line after
 * `indent`. The parts serve to compare rules: two filters are one if their
 * texts are.
 */
void rule_print(const struct rule *r, const char *indent, struct buf *out);
void rule_filter_print(const struct rule_filter *f, const char *indent, struct buf *out);
void rule_key_print(const struct rule_key *k, struct buf *out); /* "src_ip, dst_prefix/24/48" */

#endif
