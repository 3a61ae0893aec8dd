/*
 * Rollups: for a table of flows, three smaller ones that hold its sums by 1
 * minute, 5 minutes and 1 hour, each fed by a materialised view and kept for a
 * time of its own. Addresses and ports are summed over; what the sums are told
 * apart by are those columns in the table that are in the list of rollup.c.
 * Packets and bytes are multiplied by the sampling rate where the table has it.
 */
#ifndef CH_ROLLUP_H
#define CH_ROLLUP_H

#include "ch/schema.h"

enum { ROLLUPS = 3 };

struct rollup {
	const char *suffix; /* of the table's name: "_1m" */
	const char *start; /* the function that gives a row's time */
	const char *partition;
	const char *partition_of; /* the function that gives the partition of a time */
	uint64_t keep_days;
};

extern const struct rollup rollups[ROLLUPS];

/*
 * Each appends one statement, for the table of `s` whose columns are `source`:
 * TABLE_1m, and its view TABLE_1m_view. -1 with words for a table without
 * timestamp_start, packets or bytes.
 */
int rollup_table(struct buf *out, const struct rollup *r, const struct schema *s,
    const struct ch_table *source, struct err *e);
int rollup_view(struct buf *out, const struct rollup *r, const struct schema *s,
    const struct ch_table *source, struct err *e);

#endif
