#include "enrich/watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"

static struct file_id
file_look(const char *path)
{
	struct file_id id = {0};
	struct stat st;

	if (stat(path, &st) == 0) {
		id.dev = st.st_dev;
		id.ino = st.st_ino;
		id.size = st.st_size;
		id.mtime = st.st_mtim;
	}
	return id;
}

static bool
file_same(const struct file_id *a, const struct file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec;
}

static bool
is_missing(const struct watch *w)
{
	return file_same(&w->seen, &(struct file_id){0});
}

static void
complain(const struct watch *w, const char *words)
{
	if (w->data != NULL)
		log_warnx("%s; the one loaded before stays in use", words);
	else if (w->expected || !is_missing(w))
		log_warnx("%s; %s", words, w->remedy);
	else
		log_info("%s; %s", words, w->remedy);
}

/* Takes what was loaded, or complains. */
static bool
take(struct watch *w)
{
	if (w->fresh == NULL) {
		w->failures++;
		complain(w, w->why.msg);
		return false;
	}
	w->loads++;
	if (w->data != NULL || w->failures > 0)
		log_notice("%s: took the new %s", w->path, w->kind->noun);
	else
		log_info("%s: %zu %s", w->path, w->kind->count(w->fresh), w->kind->counted);
	w->kind->free(w->data);
	w->data = w->fresh;
	w->fresh = NULL;
	return true;
}

void
watch_start(struct watch *w, const struct watch_kind *kind, const char *path, const void *arg,
    const char *remedy, bool expected)
{
	*w = (struct watch){0};
	if (path == NULL)
		return;
	*w = (struct watch){
	    .kind = kind, .path = mem_strdup(path), .arg = arg, .remedy = remedy, .expected = expected};
	w->seen = w->tried = file_look(path);
	w->fresh = kind->load(path, arg, &w->why);
	take(w);
}

void
watch_stop(struct watch *w)
{
	if (w->path == NULL)
		return;
	if (w->loading)
		pthread_join(w->thread, NULL);
	w->kind->free(w->fresh);
	w->kind->free(w->data);
	free(w->path);
	*w = (struct watch){0};
}

static void *
load(void *arg)
{
	struct watch *w = arg;

	w->fresh = w->kind->load(w->path, w->arg, &w->why);
	atomic_store(&w->loaded, true);
	return NULL;
}

bool
watch_tick(struct watch *w)
{
	if (w->path == NULL)
		return false;
	if (w->loading) {
		if (!atomic_load(&w->loaded))
			return false;
		pthread_join(w->thread, NULL);
		w->loading = false;
		return take(w);
	}
	struct file_id now = file_look(w->path), gone = {0};
	bool resting = file_same(&now, &w->seen);
	w->seen = now;
	/* A file that goes away is no reason to forget what it said. */
	if (!resting || file_same(&now, &w->tried) || file_same(&now, &gone))
		return false;
	w->tried = now;
	atomic_store(&w->loaded, false);
	w->loading = pthread_create(&w->thread, NULL, load, w) == 0;
	if (!w->loading)
		w->tried = gone; /* no thread to be had: at the next tick again */
	return false;
}

static void
again(struct watch *w, const char *path, const void *arg, bool expected)
{
	if (w->loading)
		pthread_join(w->thread, NULL);
	w->loading = false;
	w->kind->free(w->fresh);
	w->fresh = NULL;
	free(w->path);
	w->path = mem_strdup(path);
	w->arg = arg;
	w->expected = expected;
	w->seen = file_look(path);
	w->tried = (struct file_id){0};
	if (is_missing(w)) {
		err_set(&w->why, "%s: no such file", path);
		complain(w, w->why.msg);
	}
}

void
watch_set(struct watch *w, const struct watch_kind *kind, const char *path, const void *arg,
    const char *remedy, bool expected)
{
	if (path == NULL)
		watch_stop(w);
	else if (w->path == NULL)
		watch_start(w, kind, path, arg, remedy, expected);
	else
		again(w, path, arg, expected);
}
