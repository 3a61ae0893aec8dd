/* Capture files (pcap, pcapng), and the thread that reads them. */
#ifndef NF_COLLECT_CAPTURE_H
#define NF_COLLECT_CAPTURE_H

#include "base/bytes.h"
#include "base/err.h"
#include "source.h"

struct capture;

struct capture *capture_new(struct source *s);
void capture_free(struct capture *c); /* only when it is not running */

/* Whether the thread still reads, perhaps from a pipe that stays silent. */
bool capture_running(const struct capture *c);

/* One more file, "-" for stdin, opened at once. */
int capture_add(struct capture *c, const char *path, struct err *e);

/* Reads the files one after the other; every UDP payload that begins as a flow export does becomes a message. */
int capture_start(struct capture *c, struct err *e);

void capture_metrics(const struct capture *c, struct buf *out);

#endif
