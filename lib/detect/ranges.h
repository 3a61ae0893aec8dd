/*
 * Sets of numbers and of addresses as sorted, disjoint ranges: what lists such
 * as "80, 1000-2000" or a list of prefixes become. An all-zero set is empty.
 * Ranges are added in any order, then the set is sealed, then asked.
 */
#ifndef DETECT_RANGES_H
#define DETECT_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/bytes.h"

struct range {
	uint32_t lo, hi; /* both inside */
};

struct ranges {
	struct range *v;
	size_t n;
};

void ranges_add(struct ranges *s, uint32_t lo, uint32_t hi);
void ranges_seal(struct ranges *s); /* sorts, joins what overlaps or touches */
bool ranges_have(const struct ranges *s, uint32_t value);
void ranges_release(struct ranges *s);
void ranges_print(const struct ranges *s, struct buf *out); /* "80, 1000-2000" */

/* "80" or "1000-2000" up to max. 0 or -1. */
int range_parse(struct range *r, struct str s, uint32_t max);

struct nets {
	struct prefix *given; /* as written, for printing */
	struct net_range {
		struct addr lo, hi;
	} * v;
	size_t given_count, n;
};

void nets_add(struct nets *s, const struct prefix *p);
void nets_seal(struct nets *s);
bool nets_have(const struct nets *s, const struct addr *a);
void nets_release(struct nets *s);
void nets_print(const struct nets *s, struct buf *out); /* "192.0.2.0/24, 2001:db8::/32", sorted */

#endif
