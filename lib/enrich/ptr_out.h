/*
 * The side output of names: rows of the table ptr_cache as NDJSON,
 *
 *     {"ip":"192.0.2.1","ptr":"host.example.net","updated_at":1767225600,
 *      "asn":64496,"asn_name":"Example","country":"CH"}
 *
 * on one line, without what is not known. To a file (appended), a FIFO, or a Unix
 * socket by "unix:PATH". It never waits for a reader: rows gather in 1 MiB of memory; what
 * finds it full is dropped and counted. A reader that comes back begins with a
 * whole row.
 */
#ifndef ENRICH_PTR_OUT_H
#define ENRICH_PTR_OUT_H

#include <stdbool.h>

#include "base/addr.h"

struct ptr_row {
	struct addr addr;
	struct str name;
	int64_t updated_at; /* seconds since 1970 */
	uint32_t asn; /* 0: not known */
	struct str as_name, country; /* empty: not known; UTF-8 */
};

struct ptr_out {
	char *path;
	int fd; /* -1: nobody reads */
	struct buf rows;
	bool torn; /* part of the first row was written */
	bool warned; /* that it cannot be opened */
	uint64_t written, dropped; /* rows */
};

/* Opens on the first flush. NULL: no output; nothing is to be put. */
void ptr_out_init(struct ptr_out *o, const char *path);

void ptr_out_release(struct ptr_out *o);

/* The end: writes what is gathered, for as long as a reader takes it and never waits longer than wait_ms for him. */
void ptr_out_drain(struct ptr_out *o, int wait_ms);

void ptr_out_put(struct ptr_out *o, const struct ptr_row *row);

/* Writes what can be written now; to be called once a second too. Warns once of a path that cannot be written to. */
void ptr_out_flush(struct ptr_out *o);

/* Another path, or the same anew (a file that was renamed), or none (NULL). What is gathered goes there. */
void ptr_out_reopen(struct ptr_out *o, const char *path);

#endif
