/*
 * Streams of batches on descriptors. One reader that takes binary and NDJSON
 * and tells them apart by the first bytes; one writer for either.
 */
#ifndef FLOW_STREAM_H
#define FLOW_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/batch.h"

enum stream_format { STREAM_AUTO, STREAM_BINARY, STREAM_NDJSON };

/* "bin" or "ndjson"; NULL is STREAM_AUTO. -1 with words for anything else. */
int stream_format_parse(enum stream_format *f, const char *name, struct err *e);

struct stream_counts {
	uint64_t bytes, batches, rows, marks;
	uint64_t bad_lines; /* NDJSON lines that are no flow */
	uint64_t bad_batches; /* headers that held, payloads that did not */
	uint64_t skipped_bytes; /* between sound batches */
	uint64_t torn_bytes; /* of a batch or line cut off by the end of input */
	uint64_t gap_rows; /* rows that the origin numbered and that never came */
};

/* How a complaint about the input reaches the operator: place ("line 17", "offset 4096") and words. */
typedef void stream_complain_fn(void *arg, const char *place, const char *words);

struct stream_in_options {
	enum stream_format format;
	const char *name; /* of the input, in complaints; NULL = "input" */
	const char *dialect; /* of NDJSON: "native", "pmacct", "goflow2", "nfdump", NULL = by its keys */
	const char *zone; /* of NDJSON times without one; NULL = UTC */
	bool strict; /* the first bad line or batch is an error */
	bool numbered; /* NDJSON rows get an origin and numbers: this program is the source */
	stream_complain_fn *complain;
	void *arg;
};

struct stream_in;

struct stream_in *stream_in_new(int fd, const struct stream_in_options *o);
void stream_in_free(struct stream_in *s);
const struct stream_counts *stream_in_counts(const struct stream_in *s);

/*
 * Goes on with another descriptor after the end of input, when stream_in_next has
 * given all. Counts go on; lines and bytes in complaints begin anew under the name.
 */
void stream_in_switch(struct stream_in *s, int fd, const char *name);

/* One read from the descriptor: 1 something came, 0 the end, -1 with words; 2 nothing now (EAGAIN). */
int stream_in_fill(struct stream_in *s, struct err *e);

/*
 * The next batch from what was read: 1, or 0 when there is none yet, or -1 with
 * words (only under `strict`, or where the input is neither format). `flush`
 * asks for a batch of the rows at hand even if it is not full: set when input
 * falls silent and at the end. The batch lasts until the next call.
 */
int stream_in_next(struct stream_in *s, struct batch *b, bool flush, struct err *e);

/*
 * Reads no further than the end of the batch, or line, that has begun: what
 * comes after it stays for the next reader of the pipe. Whether it is there.
 */
bool stream_in_end_here(struct stream_in *s);

/* The bytes that came, if b is the batch given out last and they are still what it is in binary; else p is NULL. */
struct str stream_in_raw(const struct stream_in *s, const struct batch *b);

/*
 * Appends the batch as it travels in that format, binary or NDJSON. What grew
 * beyond the limits of a batch is appended as several. 0, or -1 with words: one
 * row alone exceeds them. `scratch` is the caller's arena for the batch.
 */
int stream_put(
    struct buf *out, const struct batch *b, enum stream_format format, struct arena *scratch, struct err *e);

struct stream_out;

/* Takes STREAM_BINARY or STREAM_NDJSON. The descriptor is not closed by stream_out_free. */
struct stream_out *stream_out_new(int fd, enum stream_format format);
void stream_out_free(struct stream_out *s);
const struct stream_counts *stream_out_counts(const struct stream_out *s);

/* 0, or -1 with words; *closed (may be NULL) is set when the reader went away, which is a normal end. */
int stream_out_batch(struct stream_out *s, const struct batch *b, bool *closed, struct err *e);

/* The same for a batch, or mark, that is there as its bytes in the output's format. */
int stream_out_bytes(
    struct stream_out *s, const struct batch *b, struct str bytes, bool *closed, struct err *e);
/* The same for what batch_gather() made of it; changes the parts. */
int stream_out_parts(
    struct stream_out *s, const struct batch *b, struct batch_parts *p, bool *closed, struct err *e);
int stream_out_flush(struct stream_out *s, bool *closed, struct err *e);
bool stream_out_pending(const struct stream_out *s);

#endif
