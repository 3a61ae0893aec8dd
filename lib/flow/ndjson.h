/*
 * NDJSON: one flow a line, keys = field names (nf-flow(5)). Unknown members are
 * kept in `extra` and written back.
 *
 * Values: numbers are decimal; times are seconds with 3 decimals; addresses and
 * MACs are text; BOOL is true or false; lists are arrays of strings. On reading,
 * a number may also be a string of digits, a time any RFC 3339 text, a list an
 * array of numbers, null means absent.
 */
#ifndef FLOW_NDJSON_H
#define FLOW_NDJSON_H

#include "flow/batch.h"
#include "flow/builder.h"

/* Appends the batch (or mark) as lines. Never fails; `scratch` is the caller's arena for the batch. */
void ndjson_write(const struct batch *b, struct buf *out, struct arena *scratch);

/*
 * The same as JSONEachRow of any ClickHouse server takes it: times in whole
 * seconds, 0 and 1 for BOOL, nothing but fields. A mark is nothing.
 */
void ndjson_write_clickhouse(const struct batch *b, struct buf *out, struct arena *scratch);

struct ndjson_reader;

struct ndjson_options {
	const char *dialect; /* NULL: recognised line by line from its keys */
	const char *zone; /* of times without one; NULL = UTC */
};

/* NULL with words if the dialect or zone is unknown. */
struct ndjson_reader *ndjson_reader_new(const struct ndjson_options *o, struct err *e);
void ndjson_reader_free(struct ndjson_reader *r);

enum ndjson_result {
	NDJSON_ROW, /* a row was added to the builder */
	NDJSON_MARK, /* a mark line; *mark is its token, inside the reader until the next call */
	NDJSON_NOTHING, /* blank, or only the brackets and commas of an array of objects */
	NDJSON_BAD, /* words in e; the builder is as it was */
	NDJSON_PARTIAL, /* an object that goes on in the next line (nfdump's array form) */
};

enum { NDJSON_LINE_MAX = 1 << 20 }; /* bytes of a line, or of an object over several lines */

struct ndjson_counts {
	uint64_t lines; /* read so far: the number of the line that a complaint is about */
	uint64_t extra_dropped; /* unknown members beyond 16 KiB in their row */
};

const struct ndjson_counts *ndjson_reader_counts(const struct ndjson_reader *r);

/*
 * One object (or mark), complete, in one line or several, without or with its
 * last newline. Never NDJSON_PARTIAL. The builder must not be full.
 */
enum ndjson_result ndjson_read(
    struct ndjson_reader *r, struct str line, struct builder *bd, struct str *mark, struct err *e);

/*
 * As many whole lines of text as fit the builder: the bytes used, stopping after
 * a mark or a bad line; *last is the result of the last line read. What follows
 * the last newline is left for the next call, with more after it. 0 bytes: not
 * one whole line, or the builder is full, or NDJSON_BAD for an object that the
 * next line cuts off. Text of more than NDJSON_LINE_MAX bytes
 * without a newline is used up as a bad line. The fast way in.
 */
size_t ndjson_read_many(struct ndjson_reader *r, struct str text, struct builder *bd,
    enum ndjson_result *last, struct str *mark, struct err *e);

/*
 * The same at the end of the text, for what stands behind its last newline, which
 * may be nothing: a line all the same, or the end of an object over several. One
 * that is still open is NDJSON_BAD. Call until it uses nothing and nothing is bad.
 */
size_t ndjson_read_last(struct ndjson_reader *r, struct str text, struct builder *bd,
    enum ndjson_result *last, struct str *mark, struct err *e);

#endif
