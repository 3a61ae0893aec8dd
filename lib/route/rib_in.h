/*
 * Whole tables as text, given in pieces of any size: lines of `bgpdump -m`,
 * lines with a JSON object each (see route/route_text.h), or one JSON object
 * whose keys are prefixes and whose values are routes or arrays of routes, over
 * as many lines as it likes. What comes first tells the third form; lines of the
 * other two may be mixed. Empty lines and lines that begin with # are passed over.
 *
 * What is no route is counted and complained of, and the rest is read.
 */
#ifndef ROUTE_RIB_IN_H
#define ROUTE_RIB_IN_H

#include "route/route_text.h"

#define RIB_ITEM_MAX (1 << 20) /* bytes of a line, or of a prefix with its routes */

/* What is wrong in which line of the input, counted from 1. */
typedef void rib_complain_fn(void *arg, uint64_t line, const char *words);

struct rib_in {
	struct table_builder *table; /* where the routes go */
	const struct addr *peer; /* the only one whose routes go there; NULL: all */
	rib_complain_fn *complain;
	void *arg;
	uint64_t routes, bad; /* counts: read, and not readable */

	/* private */
	struct route_text text;
	struct map known; /* hashes of attributes as text -> their route's number */
	uint32_t settled; /* of the table, when that was right */
	struct buf buf; /* what has come and is not used up */
	uint64_t line; /* of the first byte in buf */
	enum { RIB_FRESH, RIB_LINES, RIB_OBJECT } form;
	bool skipping; /* the rest of a line that is too long */
	/* in the object of prefixes: how far buf is looked through, and where that is */
	size_t seen;
	unsigned depth;
	bool in_string, escaped;
};

void rib_in_init(struct rib_in *s, struct table_builder *table, rib_complain_fn *complain, void *arg);
void rib_in_release(struct rib_in *s);

/* The next bytes. -1 with words: nothing more can be read from here. */
int rib_in_add(struct rib_in *s, const void *p, size_t len, struct err *e);

/* The end of the input; another may follow, whose lines count anew. -1 with words: it was cut short. */
int rib_in_end(struct rib_in *s, struct err *e);

#endif
