/*
 * A pack: batches as they travel (flow/batch.h), one after another, in memory or
 * as a file. It is what one insert stores and what a segment of the spool holds.
 */
#ifndef CH_PACK_H
#define CH_PACK_H

#include "flow/batch.h"

struct pack {
	const uint8_t *p; /* 8-byte aligned */
	size_t len;
	size_t at; /* where the next batch is looked for */
	size_t sound; /* where the last sound batch ended */
	uint64_t skipped; /* bytes so far that belong to no sound batch, a torn end included */
};

struct pack pack_from(const void *p, size_t len);

/* The next sound batch of flows, whose columns point into the pack; false at the end. */
bool pack_next(struct pack *k, struct batch *b);

#endif
