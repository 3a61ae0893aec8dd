/* Inside of the stream reader: what its two formats share. Included by stream_*.c only. */
#ifndef FLOW_STREAM_IN_H
#define FLOW_STREAM_IN_H

#include "flow/ndjson.h"
#include "flow/stream.h"

enum {
	STREAM_ROOM = 2 * BATCH_BYTES_MAX, /* of the input buffer: a batch, and what comes after it */
	STREAM_ORIGINS = 8, /* sources whose row numbers are followed at a time */
};

struct stream_in {
	int fd;
	struct stream_in_options o;
	enum stream_format format; /* as asked for; o.format is what it turned out to be */
	struct stream_counts counts;
	uint64_t bytes_before; /* of counts.bytes: what other inputs had */
	uint8_t *buf; /* STREAM_ROOM bytes, 8-aligned */
	size_t start, end; /* what was read and not used up */
	size_t given; /* bytes from start on of the batch that was given out last */
	bool ended; /* the input has */
	bool end_here; /* nothing new is begun */

	/* binary */
	uint64_t skipped; /* bytes since the last sound batch */
	uint64_t false_until; /* where the batch would end whose payload proved false */
	unsigned false_tries; /* headers looked at before that */
	struct {
		uint64_t id, last;
	} origins[STREAM_ORIGINS]; /* the one seen last first */

	/* NDJSON */
	struct ndjson_reader *reader;
	struct builder builder;
	char mark[BATCH_MARK_MAX];
	size_t mark_len;
	bool finished; /* the builder's batch was given out */
	bool mark_waits; /* behind the rows that were given out */
};

/* stream_in_next of one format. */
int stream_in_binary(struct stream_in *s, struct batch *b, struct err *e);
int stream_in_ndjson(struct stream_in *s, struct batch *b, bool flush, struct err *e);

/* Where in the input buf[start + at] stands. */
static inline uint64_t
stream_in_offset(const struct stream_in *s, size_t at)
{
	return s->counts.bytes - s->bytes_before - (s->end - s->start) + at;
}

#endif
