/*
 * Detections to actions: each action once, in a queue of its kind, retried,
 * remembered. What a rule asks for and is not set up is said and counted, never
 * passed over in silence.
 *
 * An alert, a message or a script is due at the start of an incident, a row at
 * its start and end, a blackhole when the detection proposes one. Nothing is
 * withdrawn at the end of an incident: a blackhole has its time.
 */
#ifndef ACT_ACT_H
#define ACT_ACT_H

#include "act/alert.h"
#include "act/guard.h"
#include "act/journal.h"
#include "base/log.h"

/* The time by both clocks, see io/clock.h. */
struct instant {
	int64_t mono_ms, wall_ms;
};

/* What may change while it runs. Texts are copied; one that is NULL: the action is not set up. */
struct act_settings {
	const char *log_dir;
	const char *zone; /* of times for people; NULL = UTC */
	const char *bgpd_url, *bgpd_socket, *bgpd_token; /* of the blackhole API; the two last may be NULL */
	const char *webhook; /* of Slack */
	const char *script; /* to run */
	uint32_t script_ms; /* how long at most */
	const char *rows; /* file or FIFO for rows */
};

struct act_options {
	struct act_settings settings;
	const char *state_dir; /* NULL: what was done is forgotten at the end */
	int64_t memory_ms; /* how long offenders are remembered */
	uint32_t queue_max; /* items, of each kind */
	/* With this set nothing is done, but what would be is handed here, a line each with its newline. */
	void (*dry_run)(void *arg, enum action action, struct str line);
	void *arg;
};

struct act_counts {
	uint64_t lines, detections, bad;
	uint64_t duplicates; /* actions that were taken on before */
	uint64_t done[ACTS], failures[ACTS], dropped[ACTS]; /* failures: attempts */
	uint64_t refused[ACTS]; /* for good, by whom it was asked of */
	uint64_t unavailable[ACTS]; /* asked for, but not set up */
	uint64_t never, fuse, late, ended; /* blackholes not announced, by the reason */
	uint64_t waiting; /* now, in all queues */
};

struct act;

/* Takes the guard over. Says what it cannot open and goes on without it. */
struct act *act_new(const struct act_options *o, struct guard *g, const struct instant *now);
void act_free(struct act *a);

/* Other settings; the log is opened anew in any case. Takes the guard over. */
void act_reload(struct act *a, const struct act_settings *s, struct guard *g);

/* Readable when act_run() has something to do before its time. */
int act_wake_fd(const struct act *a);

/* A line of nf-detect, without its newline. */
void act_line(struct act *a, struct str line, const struct instant *now);

/* A line that was too long to be taken in. */
void act_long_line(struct act *a, const struct instant *now);

/* Does what is due; milliseconds until something is again, or -1. */
int64_t act_run(struct act *a, const struct instant *now);

/* The end: what still waits is kept in the state folder for the next start. How many these are. */
uint32_t act_finish(struct act *a);

const struct act_counts *act_counts(const struct act *a);

#endif
