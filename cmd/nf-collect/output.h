/* Where all workers write: whole batches, one after the other. */
#ifndef NF_COLLECT_OUTPUT_H
#define NF_COLLECT_OUTPUT_H

#include "flow/stream.h"

struct output;

/* Writes to fd, which stays open. The eventfd `news` is written to once nothing more can be written. */
struct output *output_new(int fd, enum stream_format format, int news);
void output_free(struct output *o);

/*
 * What goes wrong is said here: the workers go on, and what they write then is
 * discarded. Memory for what the batch becomes is the caller's, so that they wait
 * for each other no longer than it takes to write.
 */
void output_batch(struct output *o, const struct batch *b, struct buf *bytes, struct arena *scratch);
void output_flush(struct output *o);

/* Nothing more can be written: the reader went away, which is a normal end, or writing failed. */
bool output_ended(const struct output *o);
bool output_failed(const struct output *o);

/* Flows written. */
uint64_t output_rows(const struct output *o);

#endif
