/* A group to its end: stored, or in part refused for good, or the server is away. */
#ifndef NF_CH_INSERT_DELIVERY_H
#define NF_CH_INSERT_DELIVERY_H

#include "courier.h"

/* What it ends with lives here, from group to group. All zero is ready. */
struct delivery {
	struct buf bad, words;
	uint64_t ambiguous; /* what the courier does not know to be: 1 or 0 */
	uint64_t damaged; /* bytes of the group that belong to no sound row */
};

void delivery_release(struct delivery *d);

/*
 * Where the server refuses lines of NDJSON for good, they are cut down until only the bad ones are left, by
 * some hundred inserts at most; a group of flows goes as a whole. The verdict is CH_OK, or CH_POISON with what is
 * to be set aside in `end`, or why the server is away. `end` lasts as long as d and the group.
 *
 * If the server goes away while lines are cut down, all of them are sent again later, and that is counted as
 * ambiguous: a server without a window for deduplication then has some of them twice.
 */
enum ch_verdict delivery_run(struct delivery *d, struct courier *c, const struct group *g, bool lines,
    struct group_end *end, struct err *e);

#endif
