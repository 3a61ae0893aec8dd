/* The pages between the features and the output, and the scorers that they go through. */
#ifndef NF_MLFEAT_PAGES_H
#define NF_MLFEAT_PAGES_H

#include "io/loop.h"
#include "io/row_out.h"
#include "scorer.h"

struct pages_counts {
	uint64_t scored[SCORERS_MAX]; /* vectors that got its score */
	uint64_t absent[SCORERS_MAX]; /* that did not: it failed, or was not asked */
	uint64_t waiting; /* pages */
};

struct pages_options {
	uint64_t window_ms, step_ms;
	bool by_dst;
	void (*write)(void *arg, struct str text); /* lines that are ready */
	void *arg;
	struct row_out *rows; /* rows of the table ml_scores, or path NULL */
};

struct pages;

struct pages *pages_new(const struct pages_options *o);
void pages_free(struct pages *ps);

/* What threads have answered is written as the loop runs. */
void pages_watch(struct pages *ps, struct loop *l);

/* These are the scorers from now on, when all that waits is written: at most SCORERS_MAX texts. -1 with words, and the old stay. */
int pages_set(
    struct pages *ps, const char *const *texts, unsigned n, const struct scorer_options *o, struct err *e);

/* A vector. */
void pages_add(struct pages *ps, const struct addr *key, int64_t start, int64_t end, const float *values);

/* A line that goes out after all vectors so far. */
void pages_text(struct pages *ps, struct str text);

/* What was added goes to the scorers. */
void pages_send(struct pages *ps);

/*
 * Whether to be patient, as at first: all is scored, however long that takes, and what adds vectors waits. Else vectors
 * that have waited for longer than the time limit, or behind too many others, go without scores.
 */
void pages_patient(struct pages *ps, bool patient);

/* Writes all, as soon as it was answered. */
void pages_drain(struct pages *ps);

const struct pages_counts *pages_counts(const struct pages *ps);

#endif
