/*
 * A template compiled once into the steps that fill columns from its records.
 * plan.c compiles, fill.c runs.
 */
#ifndef DECODE_PLAN_H
#define DECODE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/packet.h"
#include "decode/template.h"
#include "flow/field.h"

enum how {
	HOW_UINT, /* unsigned of 1 to 8 bytes */
	HOW_DSCP, /* the upper six bits of tos */
	HOW_ADDR4,
	HOW_ADDR6,
	HOW_MAC,
	HOW_TEXT,
	HOW_ICMP_TYPE, /* high and low byte of icmp_type */
	HOW_ICMP_CODE,
	HOW_DIRECTION, /* 0 and 1; else absent (some send 255) */
	HOW_APPLICATION, /* RFC 6759 §4: named by options, or "engine:selector" */
	HOW_VRF, /* named by options, or its number */
	HOW_TIME_MS,
	HOW_TIME_S,
	HOW_TIME_US, /* RFC 7011 §6.1.9, §6.1.10: NTP seconds and fraction */
	HOW_TIME_NS,
	HOW_TIME_UPTIME, /* ms since the exporter started */
	HOW_TIME_DELTA, /* us before the export time */
	HOW_LASTING_MS, /* after the start */
	HOW_LASTING_US,
};

enum rule { RULE_FIRST, RULE_ZERO, RULE_PART };

/* A field of the record: its index, and where it lies unless the template is of variable length. */
struct source {
	uint16_t field, off, len; /* len 0: the template lacks it */
};

struct op {
	struct source src;
	uint8_t how, rule;
	uint8_t field, width; /* of the column */
};

enum { MPLS_MAX = 10, OPS_MAX = 128 };

struct plan {
	/* Records may yield no flow, so that they are taken one by one. */
	bool picky;
	bool no_flow; /* nothing that we know: statistics of the exporter, say */
	uint8_t implied_proto; /* where the template has none, 0: unknown */
	bool icmp_from_port; /* no ICMP element: Cisco puts it into the destination port */
	bool icmp_by_proto; /* there is one, and the protocol to hold it against */
	bool has_names; /* interfaces, to be named by options */
	uint8_t family; /* 4 or 6 where all rows are of one, 0 where rows differ, 255: no address */
	uint8_t family_field; /* the address to tell by */
	bool has_sampling;
	struct source interval, random_interval; /* 34, 50 */
	struct source packet_interval, packet_space; /* 305, 306 */
	struct source sampler; /* 48 or 302 */
	struct source init_time; /* 160 */
	struct source event; /* firewall or NAT event */
	bool event_is_nat;
	struct source section; /* the first bytes of a packet, of records that say no addresses */
	enum packet_link section_link;
	struct source section_offset, frame_type, frame_size; /* 409 or 102, 408, 312 */
	unsigned mpls_count;
	struct source mpls[MPLS_MAX];
	unsigned op_count;
	struct op ops[];
};

/* The plan of a template of flows, to be freed with free(); NULL if `reverse` and it carries no second flow. */
struct plan *plan_new(const struct template *t, bool reverse);

#endif
