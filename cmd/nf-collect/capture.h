/* Capture files (pcap, pcapng), and the thread that reads them. */
#ifndef NF_COLLECT_CAPTURE_H
#define NF_COLLECT_CAPTURE_H

#include "base/bytes.h"
#include "base/err.h"
#include "forward.h"
#include "source.h"

struct capture;

struct capture *capture_new(void);
void capture_free(struct capture *c); /* only when it is not running */
void capture_feed(struct capture *c, struct source *s); /* before capture_start */
void capture_forward(struct capture *c, struct forward *f); /* copies all exports on; before capture_start */

/* Whether the thread still reads, perhaps from a pipe that stays silent. */
bool capture_running(const struct capture *c);

/* Whether a file could not be read to its end. */
bool capture_failed(const struct capture *c);

/* One more file, "-" for stdin, opened at once. */
int capture_add(struct capture *c, const char *path, struct err *e);

/* Reads the files one after the other; every UDP payload that begins as a flow export does becomes a message. */
int capture_start(struct capture *c, struct err *e);

/* Declares the source done: what the thread has put counts, and it may wait for a pipe that stays silent. */
void capture_stop(struct capture *c);

void capture_metrics(const struct capture *c, struct buf *out);

#endif
