/*
 * Scores of addresses, as nf-mlfeat writes them, on their way to the flows: the ml_score of a flow is the latest of its
 * source's, or of its destination's where vectors are of those, if that holds still. A score holds from the end of its
 * window for as long as that was, and one step more; the next takes its place. One that comes later than it holds is
 * counted and not used; of an address without one there is none, and no rule with min_ml_score holds.
 *
 * A file is read in step with the clock of the flows, so that a replay says what live said. A FIFO or another
 * stream is read as it comes; scores of a window that has not ended for the flows wait.
 */
#ifndef NF_DETECT_SCORES_H
#define NF_DETECT_SCORES_H

#include "detect/engine.h"
#include "io/loop.h"

enum {
	SCORES_MAX = 1000000, /* addresses that have one */
	SCORES_WAITING_MAX = 262144,
	SCORES_SIDES = 2, /* of sources, of destinations */
};

struct scores_counts {
	uint64_t read; /* vectors with a score */
	uint64_t bad; /* lines that are no vector */
	uint64_t late; /* scores that came after they held, or after a later one */
	uint64_t refused; /* scores of addresses for which there was no room */
	uint64_t held; /* addresses that have one */
	uint64_t flows; /* that got one */
};

struct scores;

/* NULL with words where it cannot be opened. */
struct scores *scores_new(const char *path, enum engine_clock clock, struct err *e);
void scores_free(struct scores *s);
const struct scores_counts *scores_counts(const struct scores *s);

/* Reads what comes as the loop runs. */
void scores_watch(struct scores *s, struct loop *l);

/* Adds the column ml_score; what a flow has of its own stays. */
void scores_batch(struct scores *s, struct batch *b, struct arena *a);

/* Why the address has that score, if it is its latest: a list as JSON, or p NULL. Valid until the next batch. */
struct str scores_reasons(const struct scores *s, const struct addr *a, bool dst, float score);

#endif
