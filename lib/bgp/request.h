/*
 * What is asked of the API, and what the ledger remembers: an object of JSON,
 *
 *     {"prefix": "198.51.100.7/32", "next_hop": "192.0.2.1", "communities": ["65535:666"],
 *      "ttl": 3600, "rule": "syn_flood", "id": "…"}
 *
 * of which only the prefix must be there; lines of the ledger have "since" and
 * "expires", in ms since 1970, instead of "ttl". A request of flowspec has the
 * members of a rule (flow_rule.h) instead of prefix and next_hop.
 */
#ifndef BGP_REQUEST_H
#define BGP_REQUEST_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "bgp/flow_rule.h"

enum {
	REQUEST_COMMUNITIES_MAX = 32, /* of each kind */
	REQUEST_NAME_MAX =
	    64, /* bytes of rule and id that are kept; what may not stand in a log becomes '_' */
};

struct request {
	bool has_prefix, has_next_hop, has_communities, has_ttl, has_since, has_expires;
	struct prefix prefix;
	struct addr next_hop;
	uint8_t communities[4 * REQUEST_COMMUNITIES_MAX]; /* as on the wire */
	uint8_t large[12 * REQUEST_COMMUNITIES_MAX];
	unsigned community_count, large_count;
	uint64_t ttl; /* seconds; 0: until withdrawn */
	int64_t since, expires;
	char rule[REQUEST_NAME_MAX + 1], id[REQUEST_NAME_MAX + 1];
	struct flow_rule flow; /* of a request of flowspec, which has no prefix */
};

/* An unknown key is an error, as is one that comes twice. 0, or -1 with words. */
int request_parse(struct request *r, struct str json, struct err *e);
int request_parse_flow(struct request *r, struct str json, struct err *e);

/* Adds a community in text form; -1: it is none, or one too many. */
int request_community(struct request *r, struct str text);

#endif
