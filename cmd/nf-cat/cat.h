/* What the parts of nf-cat share. */
#ifndef NF_CAT_CAT_H
#define NF_CAT_CAT_H

#include "flow/filter.h"
#include "flow/stage.h"
#include "format.h"

enum format { FORMAT_NDJSON, FORMAT_BINARY, FORMAT_TEXT, FORMAT_CSV, FORMAT_CLICKHOUSE };

/* What the flags and operands say. */
struct settings {
	enum format format;
	struct columns columns;
	bool all_columns;
	struct filter *filter; /* NULL: every flow */
	bool scale;
	bool limited;
	uint64_t limit;
	double pace; /* 0: as fast as it goes */
	int64_t wait_ms; /* for a socket to appear */
	struct stream_in_options in;
	char **inputs; /* NULL-terminated, one at least */
};

/* Tells inputs from the filter among the operands: the filter begins at the first that is no input. 0 or -1. */
int operands_sort(struct settings *s, char **operands, struct err *e);

/* Opens an input: the descriptor, or -1 with words. Waits for a socket as long as wait_ms. */
int input_open(const char *operand, int64_t wait_ms, struct err *e);

/* Reads all inputs through and writes what is asked for; the exit status. */
int cat_run(struct prog *p, const struct settings *s);

#endif
