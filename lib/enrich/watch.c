#include "enrich/watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "enrich/mmdb.h"

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

/* Takes what was loaded, or complains. */
static bool
take(struct watch *w)
{
	if (w->fresh == NULL) {
		w->failures++;
		if (w->db != NULL)
			log_warnx("%s; the one loaded before stays in use", w->why.msg);
		else
			log_warnx("%s; %s", w->why.msg, w->remedy);
		return false;
	}
	w->loads++;
	if (w->db != NULL)
		log_notice("%s: took the new database", w->path);
	else
		log_info("%s: %u entries", w->path, w->fresh->entry_count - 1);
	geodb_free(w->db);
	w->db = w->fresh;
	w->fresh = NULL;
	return true;
}

void
watch_start(struct watch *w, const char *path, const char *language, const char *remedy)
{
	*w = (struct watch){.path = mem_strdup(path), .language = mem_strdup(language), .remedy = remedy};
	w->seen = w->tried = file_look(path);
	w->fresh = mmdb_load(path, language, &w->why);
	take(w);
}

void
watch_stop(struct watch *w)
{
	if (w->loading)
		pthread_join(w->thread, NULL);
	geodb_free(w->fresh);
	geodb_free(w->db);
	free(w->path);
	free(w->language);
	*w = (struct watch){0};
}

static void *
load(void *arg)
{
	struct watch *w = arg;

	w->fresh = mmdb_load(w->path, w->language, &w->why);
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

void
watch_again(struct watch *w, const char *path, const char *language)
{
	if (w->loading)
		pthread_join(w->thread, NULL);
	w->loading = false;
	geodb_free(w->fresh);
	w->fresh = NULL;
	free(w->path);
	free(w->language);
	w->path = mem_strdup(path);
	w->language = mem_strdup(language);
	w->seen = file_look(path);
	w->tried = (struct file_id){0};
	if (file_same(&w->seen, &w->tried))
		log_warnx("%s: no such file; %s", path,
		    w->db != NULL ? "what was loaded before stays in use" : w->remedy);
}
