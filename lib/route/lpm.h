/*
 * Longest-prefix match from an address to a number, for tables that are built
 * once and read very often. It is a poptrie (Asai and Ohara, "Poptrie: A
 * Compressed Trie with Population Count for Fast and Scalable Software IP
 * Routing Table Lookup", SIGCOMM 2015): the first bits index an array, every
 * further six bits a node whose two bitmaps tell where its children and its
 * runs of equal values stand. Ours differs in its tails, which IPv6 needs.
 *
 * IPv4 and IPv6 have a root each: an IPv4 address is answered by prefixes within
 * ::ffff:0:0/96 only, so ::/0 says nothing about IPv4.
 *
 * The built table is one image without pointers: it can be written to a file,
 * mapped and shared.
 */
#ifndef ROUTE_LPM_H
#define ROUTE_LPM_H

#include <stdint.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/err.h"

#define LPM_VALUE_MAX 0x7fffffffu

enum { LPM_V4, LPM_V6, LPM_FAMILIES };

/*
 * The image, little-endian, 8-byte aligned: this head, root of IPv4, root of
 * IPv6, nodes, leaves. A root has 1 << root_bits entries: LPM_LEAF | value, or
 * the number of a node.
 *
 * To change it: raise LPM_VERSION, change builder, lookup and lpm_open together;
 * a reader refuses other versions, and whoever wrote the image builds it again.
 */
#define LPM_VERSION 1
#define LPM_LEAF 0x80000000u

struct lpm_head {
	uint32_t version;
	uint32_t root_bits[LPM_FAMILIES]; /* 6 to 24 */
	uint32_t nodes, leaves; /* counts */
	uint32_t zero[3];
};

/*
 * Slot s is a child if its bit in `inner` is set, else the value of the last run
 * that starts at or before s. A subtree of a single prefix is no chain of nodes
 * but one tail, known by `starts` being 0.
 */
struct lpm_node {
	union {
		uint64_t inner;
		uint64_t tail; /* the prefix's remaining bits from the left, a 1 bit, zeros */
	};
	uint64_t starts; /* where runs of equal values start, among the slots that are no child */
	union {
		uint32_t first_node;
		uint32_t match; /* of a tail: the value where the bits agree */
	};
	union {
		uint32_t first_leaf;
		uint32_t other; /* of a tail: the value where they do not */
	};
};

/* A view into an image that somebody else owns and keeps unchanged. */
struct lpm {
	const uint32_t *root[LPM_FAMILIES];
	const struct lpm_node *nodes;
	const uint32_t *leaves;
	uint8_t root_bits[LPM_FAMILIES];
	uint32_t value_max; /* the greatest value within */
};

/*
 * Checks an image (8-byte aligned) so that no later lookup can leave it or
 * loop, whatever it holds. 0 or -1.
 */
int lpm_open(struct lpm *t, const void *image, size_t size, struct err *e);

/* The value of the longest prefix that holds the address; 0 for none. */
uint32_t lpm_lookup(const struct lpm *t, const struct addr *a);

/* The same for n addresses at once, several times faster: the waits for memory overlap. */
void lpm_lookup_many(const struct lpm *t, const struct addr *a, size_t n, uint32_t *out);

struct lpm_item {
	uint64_t hi, lo; /* the prefix's bits from the left; IPv4 in the upper half of hi */
	uint32_t value;
	uint8_t len; /* in the family's own space: 0..32 or 0..128 */
};

/* Of two values for one prefix, the one that counts; `held` came first. */
typedef uint32_t lpm_choose_fn(void *arg, uint32_t held, uint32_t next);

/* A set of prefixes on its way to a table. All zero is empty and ready. */
struct lpm_builder {
	lpm_choose_fn *choose; /* NULL: of equal prefixes the one added last counts */
	void *choose_arg;
	struct lpm_list {
		struct lpm_item *items;
		size_t count, cap;
	} list[LPM_FAMILIES];
};

/* The value is at most LPM_VALUE_MAX; 0 makes a hole. */
void lpm_builder_add(struct lpm_builder *b, const struct prefix *p, uint32_t value);

/* Sorts the lists by address, then length, and makes of equal prefixes one. */
void lpm_builder_settle(struct lpm_builder *b);

/* Appends the image to out, whose length must be a multiple of 8. The set stays (settled) and can be added to. */
void lpm_builder_build(struct lpm_builder *b, struct buf *out);
void lpm_builder_release(struct lpm_builder *b);

#endif
