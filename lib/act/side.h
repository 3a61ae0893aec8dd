/*
 * Rows for a table of detections, as NDJSON, to a file (appended) or a FIFO from
 * which nf-ch-insert takes them:
 *
 *     {"id":"…","state":"start","time":1767225600,"rule":"scan","key":"dst_port=22 src_ip=192.0.2.1",
 *      "flows":70,"packets":80,"bytes":4000,"reasons":"min_flows 70>=70","blackhole":"192.0.2.1/32"}
 *
 * on one line, without what the detection does not tell.
 */
#ifndef ACT_SIDE_H
#define ACT_SIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "act/detection_read.h"
#include "act/worker.h"

struct side {
	pthread_mutex_t lock;
	char *path;
	bool changed; /* open it anew */
	const atomic_bool *abort;

	/* of the thread */
	int fd; /* -1: not open */
	size_t cut; /* bytes of the rows at hand that are written */
};

void side_init(struct side *s, const atomic_bool *abort);
void side_release(struct side *s);

/* Another path, or the same anew. */
void side_set(struct side *s, const char *path);

void side_format(const struct detection_line *d, struct buf *out);

/* A work_fn for one thread; arg is the struct side. Waits for a reader that is slow, and is tried again where none is. */
void side_work(void *arg, struct str rows, struct outcome *out);

#endif
