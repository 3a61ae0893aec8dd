/*
 * A batch on its way through the chain: its addresses, and what is found out
 * about them row by row. All arrays have a value for each row of the batch, lie
 * in the pass's arena, and go with it.
 */
#ifndef ENRICH_PASS_H
#define ENRICH_PASS_H

#include "enrich/geodb.h"
#include "flow/batch.h"

enum { SRC, DST, SIDES };

/* Who says what the origin AS of an address is. */
enum as_source { AS_BGP, AS_EXPORTER, AS_DATABASE, AS_SOURCES };

struct pass {
	struct batch *b;
	struct arena *a;
	const uint32_t *own[SIDES]; /* not 0: an own address; NULL: there are no own networks */
	const uint32_t *asn[AS_SOURCES][SIDES]; /* 0: does not know; NULL: has nothing to say */
	const uint32_t
	    *neighbour[SIDES]; /* the AS next to us on the way to the address, by BGP; 0 and NULL as above */

	/* The database of AS numbers and names, to be asked where asn[AS_DATABASE] is not there yet. NULL without one. */
	const struct geodb *as_db;
};

/*
 * What a large table said of IPv4 addresses seen lately: few hosts have most of
 * the traffic, and a look here costs a tenth of one there. A new address takes
 * the place of whoever shares its slot. All zero: nothing yet.
 */
enum { PASS_SEEN_BITS = 15 };

struct pass_seen {
	const void *table; /* that was asked, and how many were loaded before it */
	uint64_t loads;
	uint64_t slots[1 << PASS_SEEN_BITS]; /* address << 32 | value + 1 */
};

void pass_start(struct pass *p, struct batch *b, struct arena *a);

/* The addresses of a side; NULL if the batch has none. */
const struct col *pass_hosts(const struct pass *p, unsigned side);

/* The table's value for each row's address; 0 where the row has none. NULL if the batch has no such column. */
const uint32_t *pass_lookup(const struct pass *p, unsigned side, const struct lpm *t);

/* The same by way of what was seen. `loads` differs where a table may lie at the place of an earlier one. */
const uint32_t *pass_lookup_seen(
    const struct pass *p, unsigned side, const struct lpm *t, struct pass_seen *seen, uint64_t loads);

#endif
