/*
 * Vectors on their way through the scorers. They are gathered in pages; a page is written when all its scorers have
 * answered or given up, and pages are written in order, so that flows go on while a scorer is asked.
 */
#ifndef NF_MLFEAT_PAGE_H
#define NF_MLFEAT_PAGE_H

#include <stdatomic.h>

#include "ml/ask.h"
#include "ml/features.h"

enum {
	PAGE_VECTORS = 512,
	PAGES_MAX = 512, /* that wait for a scorer */
	SCORERS_MAX = 2,
};

/* What a scorer had to say; its own until it has taken itself off page.waiting. */
struct verdict {
	bool scored;
	struct err words; /* why not; empty where it was not asked */
	struct answer answers[PAGE_VECTORS];
	struct buf text; /* what the reasons are views of */
};

struct page {
	struct page *next;
	uint32_t count;
	int64_t until_ms; /* monotonic: no scorer begins with it later */
	struct addr keys[PAGE_VECTORS];
	int64_t starts[PAGE_VECTORS], ends[PAGE_VECTORS];
	float values[PAGE_VECTORS * FEATURES];
	struct verdict verdicts[SCORERS_MAX];
	atomic_uint waiting; /* scorers that have not answered */
	struct buf after; /* text to be written after the vectors: marks */
};

#endif
