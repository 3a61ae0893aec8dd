/*
 * The prefix table: routes with their BGP attributes as a file that one program
 * writes and many read. The file is renamed into place, never changed, so a
 * reader maps it and swaps to the next one when it likes.
 */
#ifndef ROUTE_TABLE_H
#define ROUTE_TABLE_H

#include "base/map.h"
#include "route/lpm.h"

/* Attributes of a route; which of them it has is in `present`. */
enum {
	ROUTE_NEXT_HOP = 1 << 0,
	ROUTE_PEER = 1 << 1, /* the peer that sent it */
	ROUTE_LOCAL_PREF = 1 << 2,
	ROUTE_MED = 1 << 3,
	ROUTE_AS_PATH = 1 << 4, /* see route/aspath.h */
	ROUTE_COMMUNITIES = 1 << 5, /* RFC 1997, "64500:1" */
	ROUTE_LARGE_COMMUNITIES = 1 << 6, /* RFC 8092, "64500:1:2" */
	ROUTE_ALL = (1 << 7) - 1,
};

#define ROUTE_LIST_MAX 32768 /* bytes of one list */

/* Lists are as in a batch: strings, each followed by a NUL byte. */
struct route {
	uint32_t present;
	struct addr next_hop, peer;
	uint32_t local_pref, med;
	struct str as_path, communities, large_communities;
};

/*
 * The file, little-endian, every part padded with zeros to 8 bytes:
 *
 *     struct table_head
 *     prefix tree     lpm_len bytes, see route/lpm.h; its value v is route v - 1
 *     routes          struct table_route each: the distinct sets of attributes
 *     addresses       16 bytes each: the distinct next hops and peers
 *     ends            lists times 4: where each list ends in the pool
 *     pool            pool_len bytes: the distinct lists
 *     prefixes        of IPv4: addresses (4 bytes each, a number), routes (4), lengths (1)
 *                     of IPv6: addresses (16, as two numbers), routes (4), lengths (1)
 *
 * The tree answers, the prefixes tell what it was made of: by family, address
 * and length, each once.
 *
 * To change any of this: raise TABLE_VERSION, change table_builder_write and
 * table_open together. A reader refuses other versions and keeps the table that
 * it has; the writer of the next version replaces the file within seconds. A
 * new attribute takes the next bit, and so a new version too.
 */
#define TABLE_MAGIC "NFTABLE"
#define TABLE_VERSION 2

struct table_head {
	char magic[8];
	uint32_t version;
	uint32_t routes, addrs, lists; /* counts of what is distinct */
	uint32_t prefixes[LPM_FAMILIES];
	uint64_t created; /* seconds since 1970 */
	uint64_t lpm_len, pool_len;
	uint64_t payload_hash; /* XXH3 of all that follows the head */
	uint64_t head_hash; /* XXH3 of the head up to here */
};

/* A route; addresses and lists go by number. What it does not have is 0. */
struct table_route {
	uint32_t present;
	uint32_t next_hop, peer;
	uint32_t local_pref, med;
	uint32_t as_path, communities, large_communities;
};

/* The prefixes of a family, in columns. */
struct table_prefixes {
	uint32_t count;
	const uint32_t *v4; /* of IPv4: addresses as numbers */
	const uint64_t *v6; /* of IPv6: two numbers each */
	const uint32_t *routes;
	const uint8_t *lens; /* in the family's own space: 0..32 or 0..128 */
};

struct table {
	struct lpm lpm; /* its value v is route v - 1 */
	const struct table_route *routes;
	const struct addr *addrs;
	uint32_t route_count, addr_count, list_count;
	uint32_t prefix_count; /* of both families */
	uint64_t created;

	/* private */
	const uint32_t *ends;
	const char *pool;
	struct table_prefixes prefixes[LPM_FAMILIES];
	void *map;
	size_t map_len;
};

_Static_assert(sizeof(struct table_head) == 72, "the prefix tree behind it needs 8-byte alignment");

/* Maps the file read-only after a check of all of it. 0 or -1 with words that name the file. */
int table_open(struct table *t, const char *path, struct err *e);
void table_close(struct table *t);

/* List number n (< list_count), in the table. */
struct str table_list(const struct table *t, uint32_t n);

/* Route number n (< route_count); its lists point into the table. */
void table_route(const struct table *t, uint32_t n, struct route *r);

/* Prefix number n (< prefix_count), IPv4 before IPv6, by address, shorter first; the number of its route. */
uint32_t table_prefix(const struct table *t, uint32_t n, struct prefix *p);

/* The longest prefix that holds the address, and the number of its route. False: there is none. */
bool table_find(const struct table *t, const struct addr *a, struct prefix *p, uint32_t *route);

/*
 * A table in the making; table_builder_init makes it ready. It must stay where
 * it is. Where routes of several peers are added for a prefix, the one counts
 * that has
 *
 *     1. the highest local_pref (100 where it is absent, RFC 4271 §9.1.1 leaves it to us),
 *     2. the shortest path (see aspath_length),
 *     3. the lowest med (0 where it is absent; compared between all neighbours, so that the order of routes
 *        does not matter),
 *     4. the lowest address of the peer, as 16 bytes, or none;
 *
 * and of those that are equal in all that the one added last.
 */
struct table_builder {
	struct lpm_builder prefixes;
	struct map route_numbers, addr_numbers, list_numbers; /* what is distinct -> its number */
	struct buf routes, addrs, ends, pool;
	size_t settle_at; /* prefixes and routes: how many are worth a look at which still count */
	uint32_t settled; /* how often that was done; route numbers are others then */
};

void table_builder_init(struct table_builder *b);
void table_builder_release(struct table_builder *b);

/* -1 with words for a list that is too long or not terminated, or if there are too many routes. */
int table_builder_add(struct table_builder *b, const struct prefix *p, const struct route *r, struct err *e);

/*
 * The same in two steps, for those who know that a route is one that they had:
 * its number, which holds until `settled` changes, and a prefix that has it.
 */
int table_builder_route(struct table_builder *b, const struct route *r, uint32_t *number, struct err *e);
void table_builder_prefix(struct table_builder *b, const struct prefix *p, uint32_t number);

/*
 * Writes the table aside and renames it to path, mode 0444, on disk before it
 * returns. The builder has given what it had, and can only be released then.
 */
int table_builder_write(struct table_builder *b, const char *path, uint64_t created, struct err *e);

#endif
