/* Files of lines that people write and programs of ours read whole: what stands in them, and what is wrong where. */
#ifndef IO_LINES_H
#define IO_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/* Takes a line off a text, without what stands behind a '#' and blanks around. False at the end. */
bool line_next(struct str *rest, struct str *line);

/*
 * Takes the next line off that has something in it: neither empty nor a comment,
 * which begins with '#'; without blanks before it. A '#' further on is the
 * reader's own. *number counts all lines, from 0 before the first.
 */
bool line_next_entry(struct str *rest, uint64_t *number, struct str *line);

/* Lines that were left out. All zero: none. */
enum { COMPLAINTS_MAX = 10 };

struct complaints {
	uint64_t count;
	struct buf words; /* "file:line: words" of the first of them, each followed by a NUL byte */
};

void complaints_add(struct complaints *c, const char *file, uint64_t line, const char *words);
void complaints_release(struct complaints *c);

/* Warns of them in the log. */
void complaints_log(const struct complaints *c);

#endif
