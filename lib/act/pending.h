/*
 * Detections whose actions could not be done by the end, kept for the next
 * start: the file `pending` of the folder of the state, the lines as they came.
 */
#ifndef ACT_PENDING_H
#define ACT_PENDING_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

struct pending {
	char *path; /* NULL: there is no folder */
	bool there; /* the file of an earlier life is */
};

void pending_open(struct pending *p, const char *dir);
void pending_release(struct pending *p);

/* Adds the lines of an earlier life, if there are any. -1 with words: the file is there, but cannot be read. */
int pending_read(struct pending *p, struct buf *out, struct err *e);

int pending_write(struct pending *p, const struct buf *lines, struct err *e);

/* Removes the file: all that stood in it is done. */
void pending_forget(struct pending *p);

#endif
