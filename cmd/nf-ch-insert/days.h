/*
 * The days on which the flows of a group began. A table of flows has a partition a day, and a server refuses
 * inserts that touch 100 of them: a group ends before it comes to that.
 */
#ifndef NF_CH_INSERT_DAYS_H
#define NF_CH_INSERT_DAYS_H

#include "flow/batch.h"

enum { DAYS_MAX = 50 };

struct days {
	unsigned count; /* at most DAYS_MAX, or more where a single batch has more */
	uint32_t day[DAYS_MAX];
};

/* The days of a batch, in UTC; flows without a time have day 0. */
void days_of(struct days *d, const struct batch *b);

/* Adds those of `more`, if all together are not too many: whether they were added. */
bool days_join(struct days *d, const struct days *more);

#endif
