/*
 * Where flows go: standard output, or files of which a new one begins with each
 * period, named by the steward (io/steward.h).
 *
 * Where a file cannot be written on, live, the output is stalled: what was
 * handed in is kept and tried again, and its caller hands in no more than what
 * it has at hand. A file never ends within a batch.
 */
#ifndef NF_COLLECT_OUTPUT_H
#define NF_COLLECT_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/stream.h"
#include "io/steward.h"

struct output;

struct output_options {
	enum stream_format format; /* STREAM_BINARY or STREAM_NDJSON */
	bool live; /* a stall is worth waiting for, and periods end by the clock */
	struct steward *files; /* opens them; NULL: standard output */
	int64_t period_ms; /* 0: one for all times */
	uint64_t size_max; /* bytes after which the next file begins; 0: any */
};

struct output *output_new(const struct output_options *opt);
void output_free(struct output *o);

/* Opens the file of the time, so that one that cannot be had is known from the start. Only for files. */
int output_start(struct output *o, int64_t now_ms, struct err *e);

/*
 * Whether flows received at that time belong to another period than those
 * before. Then the caller hands in what it has, flushes, and calls output_turn.
 * Times less than a period before the present one stay in it.
 */
bool output_turns(const struct output *o, int64_t received_ms);
int output_turn(struct output *o, int64_t received_ms, struct err *e);

/* 0, or -1 with words; *closed is set when the reader went away, which is a normal end. */
int output_batch(struct output *o, const struct batch *b, bool *closed, struct err *e);
int output_flush(struct output *o, bool *closed, struct err *e);

bool output_stalled(const struct output *o);

/* Once a second while nothing is on its way, or the output is stalled: completes a file whose period is over, tries again. */
int output_tick(struct output *o, int64_t now_ms, struct err *e);

/* After the last flush: completes the file. -1 with words, too where flows could not be written. */
int output_end(struct output *o, struct err *e);

void output_metrics(const struct output *o, struct buf *out);

#endif
