/* Where flows go. */
#ifndef NF_COLLECT_OUTPUT_H
#define NF_COLLECT_OUTPUT_H

#include <stdbool.h>

#include "flow/stream.h"

struct output;

struct output_options {
	enum stream_format format; /* STREAM_BINARY or STREAM_NDJSON */
};

struct output *output_new(const struct output_options *opt);
void output_free(struct output *o);

/* 0, or -1 with words; *closed is set when the reader went away, which is a normal end. */
int output_batch(struct output *o, const struct batch *b, bool *closed, struct err *e);
int output_flush(struct output *o, bool *closed, struct err *e);

void output_metrics(const struct output *o, struct buf *out);

#endif
