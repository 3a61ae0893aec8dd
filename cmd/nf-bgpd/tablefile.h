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
	struct loop_timer *tick; /* runs while there are changes to be written */
	struct loop_fd *watch;
	const struct rib *rib;
	const char *path;
	uint64_t interval_ms; /* at most one in so long */
	int64_t written_ms; /* when the last one was begun */
	int64_t changed_ms; /* when the first change was seen that is not in it */
	uint64_t written_changes, begun_changes; /* of the routes in it */
	uint64_t seen_changes; /* at the last tick */
	int64_t moved_ms; /* when there were others at a tick */
	bool whole; /* a neighbour has just said that it has sent all */
	int pid, fd; /* of the child that writes, fd -1: none */
	uint64_t written, failed; /* tables */
};

void tablefile_init(
    struct tablefile *t, struct loop *l, const struct rib *r, const char *path, uint64_t interval_ms);

/*
 * Routes have changed, perhaps. The file is written when no more have come for a
 * moment, so that one is not begun in the midst of a peer's whole table, and no
 * later than an interval after the first; never sooner than one after the last.
 */
void tablefile_changed(struct tablefile *t);

/* A neighbour has sent all its routes: there is nothing to wait for. */
void tablefile_whole(struct tablefile *t);

/* Waits for a child that writes. */
void tablefile_release(struct tablefile *t);

#endif
