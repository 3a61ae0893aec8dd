/*
 * The alert: a line in detections.log,
 *
 *     [2026-01-31T23:59:59.123+02:00] ALERT: Rule='NAME' | Flows=N | key=value…
 *
 * appended whole. What a full disk cut off is continued, not begun again.
 */
#ifndef ACT_ALERT_H
#define ACT_ALERT_H

#include "act/detection_read.h"

struct alert {
	char *path;
	int fd; /* -1: not open */
	size_t cut; /* bytes of the line at hand that are written */
};

/* Makes the line, newline included; control bytes become '?'. The offset is that of the zone, in minutes. */
void alert_format(const struct detection_line *d, int offset_minutes, struct buf *out);

void alert_init(struct alert *a, const char *log_dir);
void alert_release(struct alert *a);

/* Opens the file if it is not; makes its folder if that is missing. */
int alert_open(struct alert *a, struct err *e);

/* The file was moved away, or is to be another: the next line goes to a fresh one. */
void alert_close(struct alert *a);

/* Writes the line, or the rest of it. 0, or -1 with words: ask again later with the same line. */
int alert_write(struct alert *a, struct str line, struct err *e);

#endif
