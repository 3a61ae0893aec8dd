/* Messages to an incoming webhook of Slack, or of what speaks as it does. */
#ifndef ACT_SLACK_H
#define ACT_SLACK_H

#include "act/detection_read.h"
#include "act/post.h"
#include "act/worker.h"

/* A line of a message: what, who, how much, why. With its newline. */
void slack_format(const struct detection_line *d, int offset_minutes, struct buf *out);

/* The body of a request with these lines; of many, the first and a count of the others. */
void slack_message(struct str lines, struct buf *out);

/*
 * A work_fn, given lines; arg is the struct post. 429 and 5xx are tried again,
 * not before what Retry-After says; other refusals are final. The words have
 * the status, and nothing of what the answer holds.
 */
void slack_work(void *arg, struct str lines, struct outcome *out);

#endif
