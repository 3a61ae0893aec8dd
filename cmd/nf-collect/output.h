/* Where all workers write whole batches, one after the other: standard output, or files. */
#ifndef NF_COLLECT_OUTPUT_H
#define NF_COLLECT_OUTPUT_H

#include "files.h"
#include "flow/stream.h"

struct output;

/* Writes to standard output, or to `files` where these are not NULL. The eventfd `news` is written to once nothing more
 * can be written. */
struct output *output_new(struct files *files, enum stream_format format, int news);
void output_free(struct output *o); /* and the files */

/* Which flows may be in one batch: those received at times of the same period. */
int64_t output_period(const struct output *o, int64_t received_ms);

/*
 * What goes wrong is said here: the workers go on, and what they write then is
 * discarded. Memory for what the batch becomes is the caller's, so that they wait
 * for each other no longer than it takes to write.
 */
void output_batch(
    struct output *o, const struct batch *b, int64_t received_ms, struct buf *bytes, struct arena *scratch);
void output_flush(struct output *o);

/* About once a second; and when the end was asked for; and after all workers ended. */
void output_tick(struct output *o, int64_t now_ms);
void output_hurry(struct output *o);
void output_close(struct output *o);

/* Nothing more can be written: the reader went away, which is a normal end, or writing failed. */
bool output_ended(const struct output *o);
bool output_failed(const struct output *o);

void output_metrics(const struct output *o, struct buf *out);

#endif
