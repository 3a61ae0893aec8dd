/*
 * A database file that is kept loaded while it is replaced under us. A new file
 * is read by a thread aside, so flows never wait for it, and takes over only if
 * it is sound; else the old one stays, and the log says so.
 */
#ifndef ENRICH_WATCH_H
#define ENRICH_WATCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>
#include <time.h>

#include "enrich/geodb.h"

/* What tells one state of a file from another. All zero: there is no file. */
struct file_id {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
};

struct watch {
	struct geodb *db; /* what is in use; NULL: nothing yet */
	uint64_t loads, failures;

	/* private */
	char *path, *language;
	const char *remedy;
	struct file_id seen; /* at the last look */
	struct file_id tried; /* the one last loaded, or refused */
	bool loading;
	pthread_t thread;
	atomic_bool loaded; /* the thread is done: */
	struct geodb *fresh; /* what it loaded, or NULL */
	struct err why;
};

/*
 * Loads the file, waiting for it. If it is missing or unsound a warning with
 * the remedy ("flows get no AS numbers until it is there") is logged, once, and
 * it is watched all the same.
 */
void watch_start(struct watch *w, const char *path, const char *language, const char *remedy);
void watch_stop(struct watch *w);

/*
 * Once a second, between batches: looks whether the file changed. One that is
 * still being written is left until it rests. True: `db` is another one now.
 */
bool watch_tick(struct watch *w);

/* HUP: loads again at the next tick, changed or not; of another path or language from now on, maybe. */
void watch_again(struct watch *w, const char *path, const char *language);

#endif
