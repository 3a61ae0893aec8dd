/* Groups of the queue as inserts: flows as Native blocks, lines of NDJSON as JSONEachRow. */
#ifndef NF_CH_INSERT_ENCODE_H
#define NF_CH_INSERT_ENCODE_H

#include "ch/compress.h"
#include "ch/native.h"
#include "queue.h"

struct encode_options {
	const char *database, *table;
	bool rows; /* groups hold lines, not flows */
	enum ch_method method;
	enum peer_as peer_as;
};

struct encoder;

/* For the columns, which must outlive it, as must the options' texts. NULL with words where they cannot take flows. */
struct encoder *encoder_new(const struct encode_options *o, const struct ch_table *columns, struct err *e);
void encoder_free(struct encoder *x);

struct insert {
	const char *query;
	const void *body;
	size_t len;
	uint64_t rows; /* found sound in the group */
	uint64_t damaged; /* bytes of it that belong to no sound row */
};

/* Lasts until the next call. -1 with words: the table has no column for anything in the rows. */
int encoder_run(struct encoder *x, const struct group *g, struct insert *i, struct err *e);

/* Values so far that a column could not hold as they were. */
uint64_t encoder_unfit(const struct encoder *x);

#endif
