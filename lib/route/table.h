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
	ROUTE_AS_PATH = 1 << 4,
	ROUTE_COMMUNITIES = 1 << 5, /* RFC 1997, "64500:1" */
	ROUTE_LARGE_COMMUNITIES = 1 << 6, /* RFC 8092, "64500:1:2" */
	ROUTE_ALL = (1 << 7) - 1,
};

#define ROUTE_LIST_MAX 32768 /* bytes of one list */

/* Lists are as in a batch: strings, each followed by a NUL byte. A set of an AS path is one string, "{64500,64501}". */
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
 *     ends            routes times 4: where each route ends in the pool
 *     pool            pool_len bytes: the distinct routes
 *
 * A route is `present` (4 bytes), then what it has in the order of the bits:
 * addresses as 16 bytes, numbers as 4, lists as a 4-byte length and the bytes.
 *
 * To change any of this: raise TABLE_VERSION, change table_write and table_open
 * together. A reader refuses other versions and keeps the table that it has;
 * the writer of the next version replaces the file within seconds. A new
 * attribute takes the next bit, and so a new version too.
 */
#define TABLE_MAGIC "NFTABLE"
#define TABLE_VERSION 1

struct table_head {
	char magic[8];
	uint32_t version;
	uint32_t routes; /* distinct sets of attributes */
	uint64_t prefixes;
	uint64_t created; /* seconds since 1970 */
	uint64_t lpm_len, pool_len;
	uint64_t payload_hash; /* XXH3 of all that follows the head */
	uint64_t head_hash; /* XXH3 of the head up to here */
};

struct table {
	struct lpm lpm; /* its value v is route v - 1 */
	uint32_t routes;
	uint64_t prefixes;
	uint64_t created;

	/* private */
	const uint32_t *ends;
	const uint8_t *pool;
	void *map;
	size_t map_len;
};

_Static_assert(sizeof(struct table_head) == 64, "the prefix tree behind it needs 8-byte alignment");

/* Maps the file read-only after a check of all of it. 0 or -1 with words that name the file. */
int table_open(struct table *t, const char *path, struct err *e);
void table_close(struct table *t);

/* Route number n (< routes); its lists point into the table. */
void table_route(const struct table *t, uint32_t n, struct route *r);

/* A table in the making; all zero is not ready, table_builder_init makes it so. */
struct table_builder {
	struct lpm_builder prefixes;
	struct map numbers; /* hash of an encoded route -> its number + 1 */
	struct buf pool, ends;
	struct buf scratch;
};

void table_builder_init(struct table_builder *b);
void table_builder_release(struct table_builder *b);

/* Of equal prefixes the last counts. -1 with words for a list that is too long or not terminated. */
int table_builder_add(struct table_builder *b, const struct prefix *p, const struct route *r, struct err *e);

/* Writes the table aside and renames it to path, mode 0444, on disk before it returns. */
int table_builder_write(struct table_builder *b, const char *path, uint64_t created, struct err *e);

#endif
