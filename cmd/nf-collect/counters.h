/*
 * The stream of counters, lines of NDJSON into a file or FIFO. A thread of its
 * own writes them, so that no disk and no reader ever holds up the flows; what
 * it cannot get rid of in time is dropped and counted.
 */
#ifndef NF_COLLECT_COUNTERS_H
#define NF_COLLECT_COUNTERS_H

#include "base/bytes.h"
#include "base/err.h"
#include "io/steward.h"

struct counters;

/*
 * Opens the path, appending; a file is made where nothing is there. A FIFO may
 * be without a reader. `path` is kept. NULL with words.
 */
struct counters *counters_open(const char *path, struct err *e);

/* Tells the steward of the path, before it is started; then it opens it anew. */
void counters_entrust(struct counters *c, struct steward *s);

/* Starts the thread. */
int counters_start(struct counters *c, struct err *e);

/* Gives what waits a second to be written, and says what was dropped; nothing may be added any more. NULL is fine. */
void counters_finish(struct counters *c);

/* Finishes too, if that is not done. NULL is fine. */
void counters_free(struct counters *c);

/* One line with its newline, copied; or dropped. From any thread. What a decoder calls: arg is a struct counters. */
void counters_add(void *arg, struct str line);

/* Opens the path anew, for those who rotate files. NULL is fine. */
void counters_reopen(struct counters *c);

void counters_metrics(struct counters *c, struct buf *out);

#endif
