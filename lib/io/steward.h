/*
 * A process that keeps the rights which its program gives up (io/sandbox.h). It
 * is forked at the start and reads, replaces and opens files for the program,
 * and runs commands. Which ones is settled before the fork: afterwards the
 * program asks by number and by time and never names a path or a command, so
 * that whoever takes the program over gains nothing by asking.
 *
 * A series is files whose names are made by strftime(3). One in progress is
 * called NAME.part; when complete it is on disk (fsync), renamed to NAME, and
 * the command is run with the name as its only argument. No file is ever
 * replaced: where NAME or NAME.part exists, NAME.001 is next, and so on. Folders are
 * made as needed. A file that stayed empty is removed. A file in progress when
 * the program dies stays NAME.part.
 *
 * Commands run without a shell, four at a time at most, at the lowest priority,
 * in a process group of their own, with their output on stderr; up to 1,024
 * more wait, and beyond that they are not run, which is said and counted.
 *
 * Functions that take a struct steward to read or replace files do it
 * themselves where it is NULL. Any thread may call them.
 */
#ifndef IO_STEWARD_H
#define IO_STEWARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/err.h"

enum {
	STEWARD_FILES = 8, /* to read, and as many to replace */
	STEWARD_OPEN = 2, /* files of the series that may be in progress */
};

struct steward;

struct steward_series {
	const char *pattern, *zone; /* zone NULL: UTC */
	const char *command; /* NULL: none */
};

struct steward_counts {
	uint64_t files, file_errors; /* complete and in place; not to be completed */
	uint64_t commands_ok, commands_failed, commands_dropped;
};

/* Strings are kept, not copied. Each path once; more than STEWARD_FILES is a programming error. */
struct steward *steward_new(void);
void steward_free(struct steward *s); /* NULL is fine; after steward_end, if it was started */
void steward_reads(struct steward *s, const char *path);

/* One that is opened in a way of its own, in the steward: fn gives the descriptor, or -1 with errno. */
typedef int steward_open_fn(const char *path);
void steward_opens(struct steward *s, const char *path, steward_open_fn *fn);
void steward_replaces(struct steward *s, const char *path, mode_t mode, int durable);
void steward_series(struct steward *s, const struct steward_series *series);

/* Forks. Before the first thread, and before anything is given up. */
int steward_start(struct steward *s, struct err *e);

/* file_read() and file_replace() of a path that was agreed on; where s is NULL, of any, with mode 0644, not durable. */
int steward_read(struct steward *s, struct buf *b, const char *path, size_t max, struct err *e);
int steward_replace(struct steward *s, const char *path, const void *p, size_t len, struct err *e);

/* What steward_opens() was told of, opened anew: its descriptor, the caller's to close; -1 with words. */
int steward_fd(struct steward *s, const char *path, struct err *e);

/*
 * The next file of the series, named by wall time: its descriptor, the caller's
 * to close; -1 with words. It has *slot until it is finished, which is to say
 * complete.
 */
int steward_open(struct steward *s, int64_t ms, unsigned *slot, struct err *e);
int steward_finish(struct steward *s, unsigned slot, struct err *e);

/* Whether it has ended before its time: the program should too. */
bool steward_gone(const struct steward *s);

void steward_counts(const struct steward *s, struct steward_counts *c);

/*
 * Nothing more is asked. Waits for the files to be in place and the commands to
 * end, but no longer than wait_ms; what goes on then is left to itself, and said.
 */
void steward_end(struct steward *s, int wait_ms);

#endif
