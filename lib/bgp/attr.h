/*
 * Path attributes: read with the error handling of RFC 7606, kept in one form
 * whoever sent them, written for our own announcements.
 */
#ifndef BGP_ATTR_H
#define BGP_ATTR_H

#include <stdbool.h>

#include "base/addr.h"
#include "bgp/open.h"

/*
 * The attributes of a route. `has` tells which are there, 1 << enum bgp_attr.
 * Texts are as on the wire, AS numbers of four bytes; they point into the
 * message, or into the reader's buffer.
 */
struct attrs {
	uint64_t has;
	uint8_t origin;
	uint32_t med, local_pref, originator;
	uint32_t aggregator_as;
	struct addr aggregator;
	struct str as_path, communities, extended, large, clusters;
};

static inline bool
attrs_has(const struct attrs *a, enum bgp_attr which)
{
	return (a->has >> which & 1) != 0;
}

/* The routes of one family that a message brings or takes away. */
struct nlri {
	enum bgp_family family;
	bool path_ids; /* each comes after an identifier of four bytes */
	struct rd routes;
	struct addr next_hop; /* of those brought */
};

/* RFC 7606 §2, from bad to worse. */
enum verdict {
	VERDICT_GOOD,
	VERDICT_DISCARD, /* an attribute was left out */
	VERDICT_WITHDRAW, /* the routes are to be taken as withdrawn */
	VERDICT_RESET, /* the session is to be closed */
};

struct attrs_read {
	struct attrs attrs;
	bool has_reach, has_unreach;
	struct nlri reach, unreach; /* RFC 4760 */
	struct addr next_hop; /* of the routes outside of MP_REACH_NLRI */
	enum verdict verdict; /* the worst of all */
	struct bgp_error error; /* the first of the worst, with its words */
};

/*
 * Reads all attributes. `scratch` holds what had to be rewritten, as long as the
 * result is used. `announces`: routes stand behind the attributes, so that a
 * NEXT_HOP is due.
 */
void attrs_read(
    struct attrs_read *out, struct rd r, const struct bgp_terms *t, bool announces, struct buf *scratch);

/* One route: 0, or -1 where the bytes are none. Only r moves. */
int nlri_next(struct rd *r, const struct nlri *n, struct prefix *p, uint32_t *path_id);
int nlri_check(const struct nlri *n, struct err *e);

/* An IPv6 prefix that spells IPv4 is no route for it. */
static inline bool
prefix_is_disguised(enum bgp_family f, const struct prefix *p)
{
	return f == BGP_IPV6 && p->len >= 96 && addr_is_v4(&p->addr);
}

void nlri_write(struct buf *out, const struct prefix *p);

/* For us to announce: flags, type, length and value of one attribute. */
void attr_write(struct buf *out, uint8_t flags, enum bgp_attr type, const void *p, size_t len);

/* Communities as lists of strings, each with a NUL behind it: "64500:1", "64500:1:2", "rt:64500:1". */
void communities_list(struct buf *out, struct str wire);
void large_communities_list(struct buf *out, struct str wire);
void extended_communities_list(struct buf *out, struct str wire);

/* "64500:1", "64500:1:2" or a well-known name (no-export, blackhole…) to wire form; the length, 0: it is none. */
size_t community_write(uint8_t out[12], struct str text);

#endif
