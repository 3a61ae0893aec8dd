/*
 * The prefix table on disk: written by a child of the process, whose memory is
 * a still picture of the routes, so that the sessions and the API never wait.
 */
#ifndef NF_BGPD_TABLEFILE_H
#define NF_BGPD_TABLEFILE_H

#include "bgp/rib.h"
#include "io/loop.h"

struct tablefile {
	struct loop *loop;
	struct loop_timer *timer;
	struct loop_fd *watch;
	const struct rib *rib;
	const char *path;
	uint64_t interval_ms; /* at most one in so long */
	int64_t written_ms; /* when the last one was begun */
	uint64_t written_changes, begun_changes; /* of the routes in it */
	int pid, fd; /* of the child that writes, fd -1: none */
	uint64_t written, failed; /* tables */
};

void tablefile_init(
    struct tablefile *t, struct loop *l, const struct rib *r, const char *path, uint64_t interval_ms);

/* Routes have changed, perhaps: the file is written when it is time. */
void tablefile_changed(struct tablefile *t);

/* Waits for a child that writes; writes once more if that is needed. */
void tablefile_release(struct tablefile *t);

#endif
