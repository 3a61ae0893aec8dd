/*
 * Detections to actions: each action once, in a queue of its kind, retried,
 * remembered. This program has the alert; what a rule asks for beyond that is
 * said and counted, never passed over in silence.
 *
 * An alert, a message or a row is due at the start of an incident, a blackhole
 * when the detection proposes one.
 */
#ifndef ACT_ACT_H
#define ACT_ACT_H

#include "act/alert.h"
#include "act/journal.h"
#include "act/queue.h"
#include "base/log.h"

struct act_options {
	const char *log_dir;
	const char *state_dir; /* NULL: what was done is forgotten at the end */
	const char *zone; /* of times in the log; NULL = UTC */
	uint32_t queue_max; /* items, of each kind */
	/* With this set nothing is done, but what would be is handed here, line by line. */
	void (*dry_run)(void *arg, struct str line);
	void *arg;
};

struct act_counts {
	uint64_t lines, detections, bad;
	uint64_t duplicates; /* actions that were taken on before */
	uint64_t done[ACTS], failures[ACTS], dropped[ACTS]; /* failures: attempts */
	uint64_t unavailable[ACTS]; /* asked for, but not in this program */
	uint64_t waiting; /* now, in all queues */
};

struct act;

/* The texts of the options are copied. Says what it cannot open and goes on without it. */
struct act *act_new(const struct act_options *o, int64_t now_ms);
void act_free(struct act *a);

/* Another log folder or zone; closes the log in any case, so that it is opened anew. */
void act_reload(struct act *a, const char *log_dir, const char *zone);

/* A line of nf-detect, without its newline. */
void act_line(struct act *a, struct str line, int64_t now_ms);

/* A line that was too long to be taken in. */
void act_long_line(struct act *a, int64_t now_ms);

/* Does what is due; milliseconds until something is again, or -1. */
int64_t act_run(struct act *a, int64_t now_ms);

/* The end: what still waits is kept in the state folder for the next start. How many these are. */
uint32_t act_finish(struct act *a);

const struct act_counts *act_counts(const struct act *a);

#endif
