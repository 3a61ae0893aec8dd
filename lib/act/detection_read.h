/*
 * A line of nf-detect, read. It comes over a pipe from a program of ours, but
 * lines are checked as if they came from anybody.
 */
#ifndef ACT_DETECTION_READ_H
#define ACT_DETECTION_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "act/action.h"
#include "base/addr.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"

enum {
	DETECTION_LINE_MAX = 256 << 10,
	DETECTION_PAIRS_MAX = 32,
	DETECTION_TTLS_MAX = 32,
	DETECTION_COMMUNITIES_MAX = 32,
	DETECTION_NATS_MAX = 8
};

enum incident_state { INCIDENT_START, INCIDENT_UPDATE, INCIDENT_END };

struct pair {
	const char *name, *value;
};

/* A blackhole as the rule proposes it. */
struct proposal {
	struct prefix prefix;
	bool victim; /* the prefix is where the flows go, not where they come from */
	bool has_next_hop, has_communities;
	struct addr next_hop;
	const char *communities[DETECTION_COMMUNITIES_MAX];
	uint32_t ttls[DETECTION_TTLS_MAX]; /* seconds, by how often it was done; 0: until withdrawn */
	unsigned community_count, ttl_count;
};

struct detection_line {
	uint8_t id[16];
	const char *id_text; /* 36 characters */
	enum incident_state state;
	int64_t time_ms;
	const char *rule;
	unsigned actions; /* 1 << enum action */
	uint64_t flows;
	struct pair pairs[DETECTION_PAIRS_MAX]; /* key, then counts, then reasons: for people */
	unsigned pair_count, key_count; /* the first key_count are of the key */
	bool trusted; /* its flows came from trusted exporters */
	struct addr nat_src[DETECTION_NATS_MAX]; /* what its sources were translated to */
	unsigned nat_src_count;
	bool has_blackhole; /* one is due */
	struct proposal blackhole;
};

enum detection_result {
	DETECTION_READ,
	DETECTION_MARK, /* {"_mark": …}, which is of no concern here */
	DETECTION_BAD, /* words in e */
};

/* Texts live in the arena. */
enum detection_result detection_read(
    struct detection_line *d, struct arena *a, struct str line, struct err *e);

#endif
