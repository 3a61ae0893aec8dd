/*
 * Whether a detection's blackhole is to be announced, and for how long. An
 * incident has one; another at the next step of its rule's times if it goes on
 * past the expiry, which is told by evidence that is newer than that.
 */
#ifndef ACT_HOLES_H
#define ACT_HOLES_H

#include "act/guard.h"
#include "act/journal.h"
#include "act/offenders.h"
#include "act/queue.h"

struct holes {
	struct guard guard;
	struct offenders offenders;
	struct journal *journal;
	uint64_t credit; /* for new ones: a minute of ms each */
	int64_t credit_ms; /* as of then; 0: never asked */
};

enum holes_verdict {
	HOLES_GO, /* announce it; it counts as waiting from now on */
	HOLES_KNOWN, /* it is there, or was refused before */
	HOLES_LATE, /* the evidence is older than the blackhole would last */
	HOLES_NEVER, /* ruled out: final */
	HOLES_FUSE, /* too many: final */
};

void holes_init(struct holes *h, struct journal *journal, int64_t memory_ms);
void holes_release(struct holes *h);

/* The wall clock's time. Fills *out on HOLES_GO, and has words for the three last. */
enum holes_verdict holes_judge(
    struct holes *h, const struct detection_line *d, int64_t wall_ms, struct hole *out, struct err *why);

/* It is announced. -1 with words: remembered, but not on disk. */
int holes_announced(
    struct holes *h, const struct hole *hole, const uint8_t id[16], int64_t wall_ms, struct err *e);

/* It was refused or given up. */
void holes_refused(struct holes *h, const struct hole *hole);

#endif
