/* Blackholes as nf-bgpd's API takes them: POST /announce. */
#ifndef ACT_ANNOUNCE_H
#define ACT_ANNOUNCE_H

#include "act/detection_read.h"
#include "act/post.h"
#include "act/worker.h"

/* The body of the request, for this step of the proposal. */
void announce_format(const struct detection_line *d, uint32_t ttl, struct buf *out);

/* A work_fn; arg is the struct post. What the API refuses with 4xx is final, all else is tried again. */
void announce_work(void *arg, struct str json, struct outcome *out);

#endif
