/*
 * A file that is kept loaded while it is replaced under us. A new file
 * is read by a thread aside, so flows never wait for it, and takes over only if
 * it is sound; else the old one stays, and the log says so.
 */
#ifndef ENRICH_WATCH_H
#define ENRICH_WATCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/err.h"

/* What tells one state of a file from another. All zero: there is no file. */
struct file_id {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
};

/* What files of a kind are in memory. */
struct watch_kind {
	const char *noun; /* "database" */

	/* What is in the file, or NULL with words; called by the thread. `arg` is whatever watch_start was given. */
	void *(*load)(const char *path, const void *arg, struct err *e);
	void (*free)(void *data); /* NULL is fine */
	size_t (*count)(const void *data); /* how much there is of what, for the log */
	const char *counted; /* "entries" */
};

struct watch {
	void *data; /* what is in use; NULL: nothing yet */
	uint64_t loads, failures;

	/* private */
	const struct watch_kind *kind;
	const void *arg;
	char *path;
	const char *remedy;
	bool expected;
	struct file_id seen; /* at the last look */
	struct file_id tried; /* the one last loaded, or refused */
	bool loading;
	pthread_t thread;
	atomic_bool loaded; /* the thread is done: */
	void *fresh; /* what it loaded, or NULL */
	struct err why;
};

/*
 * Loads the file, waiting for it. If it is missing or unsound a warning with
 * the remedy ("flows get no AS numbers until it is there") is logged, once, and
 * it is watched all the same. A missing one that is not `expected` is no reason
 * for a warning. The kind and what `arg` points at stay until watch_stop or
 * watch_set. Without a path nothing is watched.
 */
void watch_start(struct watch *w, const struct watch_kind *kind, const char *path, const void *arg,
    const char *remedy, bool expected);
void watch_stop(struct watch *w);

/*
 * Once a second, between batches: looks whether the file changed. One that is
 * still being written is left until it rests. True: `data` is another one now.
 */
bool watch_tick(struct watch *w);

/*
 * HUP: loads again at the next tick, changed or not, from now on with what is
 * given here. Starts what was not, and stops it where path is NULL.
 */
void watch_set(struct watch *w, const struct watch_kind *kind, const char *path, const void *arg,
    const char *remedy, bool expected);

#endif
