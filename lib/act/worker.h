/*
 * A thread that does one thing at a time which may take long: a request, a
 * script. The text to work on goes in, an outcome comes back.
 */
#ifndef ACT_WORKER_H
#define ACT_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

enum outcome_kind {
	OUTCOME_DONE,
	OUTCOME_AGAIN, /* it may succeed later */
	OUTCOME_REFUSED, /* it never will */
};

struct outcome {
	enum outcome_kind kind;
	uint32_t wait_s; /* OUTCOME_AGAIN: not before; 0: as usual */
	struct err words; /* unless done */
};

/* In the thread; `arg` is shared by all workers that were given it. */
typedef void work_fn(void *arg, struct str text, struct outcome *out);

struct worker;

/* A byte is written to wake_fd (non-blocking) whenever an outcome is there. */
struct worker *worker_new(work_fn *fn, void *arg, int wake_fd);

/* Waits for what it does. */
void worker_free(struct worker *w);

/* Only while it has nothing to do: takes the text over. */
void worker_give(struct worker *w, struct str text);

/* Whether it has done what it was given; then what came of it, once. */
bool worker_take(struct worker *w, struct outcome *out);

#endif
