/*
 * A side output of rows, each a line: to a file (appended), a FIFO, or a Unix socket by
 * "unix:PATH". It never waits for a reader: rows gather in 1 MiB of memory; what finds
 * it full is dropped and counted. A reader that comes back begins with a whole row.
 */
#ifndef IO_ROW_OUT_H
#define IO_ROW_OUT_H

#include <stdbool.h>

#include "base/bytes.h"

struct row_out {
	char *path;
	int fd; /* -1: nobody reads */
	struct buf rows;
	bool torn; /* part of the first row was written */
	bool warned; /* that it cannot be opened */
	uint64_t written, dropped; /* rows */
};

/* Opens on the first flush. NULL: no output; nothing is to be put. */
void row_out_init(struct row_out *o, const char *path);

void row_out_release(struct row_out *o);

/* Whole rows, each with its newline. */
void row_out_put(struct row_out *o, struct str rows);

/* The end: writes what is gathered, for as long as a reader takes it and never waits longer than wait_ms for him. */
void row_out_drain(struct row_out *o, int wait_ms);

/* Writes what can be written now; to be called once a second too. Warns once of a path that cannot be written to. */
void row_out_flush(struct row_out *o);

/* Another path, or the same anew (a file that was renamed), or none (NULL). What is gathered goes there. */
void row_out_reopen(struct row_out *o, const char *path);

#endif
