/*
 * The files of -w: a new one begins with each period, named and opened by the
 * steward (io/steward.h). Each write is a whole batch and goes to the file of
 * its own period, for which the last one stays open a while; a file never ends
 * within a batch.
 *
 * Where a file cannot be opened or written on, live, the write is tried again
 * every second until it is done or files_hurry() was called: the caller waits
 * meanwhile, its input is queued, and what has no room there is dropped and counted.
 * From captures that is an error. Not for two threads at a time, but where said.
 */
#ifndef NF_COLLECT_FILES_H
#define NF_COLLECT_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "io/steward.h"

struct files;

struct files_options {
	struct steward *steward; /* started, with a series */
	bool live;
	int64_t period_ms; /* 0: one for all times */
	uint64_t size_max; /* bytes after which the next file begins; 0: any */
};

struct files *files_new(const struct files_options *opt);
void files_free(struct files *f);

/* Opens the file of the time, so that one that cannot be had is known from the start. */
int files_start(struct files *f, int64_t now_ms, struct err *e);

/* When the period began that holds this time; any thread. */
int64_t files_period(const struct files *f, int64_t ms);

/* A batch of flows received from that time on, in its period. 0, or -1 with words: no use to go on. */
int files_write(struct files *f, int64_t received_ms, struct str bytes, uint64_t rows, struct err *e);

/* About once a second: completes files whose period is over by the clock. */
int files_tick(struct files *f, int64_t now_ms, struct err *e);

/* The end was asked for: what cannot be written now is lost, and counted. Any thread. */
void files_hurry(struct files *f);

/* Completes the files. -1 with words, too where flows were lost. */
int files_close(struct files *f, struct err *e);

/* Any thread. */
uint64_t files_rows(const struct files *f);
void files_metrics(const struct files *f, struct buf *out);

#endif
