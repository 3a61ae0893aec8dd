#include "keeper.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "decode/keep.h"
#include "io/clock.h"
#include "io/fdio.h"

enum { KEEP_MS = 3000, BYTES_A_MS = 1024, FILE_MODE = 0640 };

struct keeper {
	const struct decoder *d;
	const char *path;
	struct loop_timer *timer;
	uint64_t kept; /* decoder_changes() of what was last given to the thread */
	struct log_limit complaints;

	/* The thread, while `writing`; it owns these until `written`. */
	bool writing;
	pthread_t thread;
	atomic_bool written;
	struct buf bytes;
	int status;
	struct err err;
};

void
keeper_read(struct decoder *d, const char *path, int64_t since_ms)
{
	struct buf b = {0};
	struct err e;

	if (access(path, F_OK) == -1 && errno == ENOENT) {
		log_info("%s: not there yet; templates are awaited", path);
		return;
	}
	if (file_read(&b, path, KEEP_BYTES_MAX, &e) == -1) {
		log_warnx("%s; templates are awaited", e.msg);
	} else if (decoder_restore(d, b.p, b.len, clock_wall_ms(), since_ms, &e) == -1) {
		log_warnx("%s: %s; it is not used, templates are awaited", path, e.msg);
	} else {
		struct decoder_gauges g;

		decoder_gauges(d, &g);
		log_info("%s: %llu templates of %llu exporters", path, (unsigned long long)g.templates,
		    (unsigned long long)g.exporters);
	}
	buf_release(&b);
}

static void *
write_file(void *arg)
{
	struct keeper *k = arg;

	k->status = file_replace(k->path, k->bytes.p, k->bytes.len, FILE_MODE, 1, &k->err);
	atomic_store(&k->written, true);
	return NULL;
}

/* Waits for the thread, if there is one, and says what went wrong. */
static void
settle(struct keeper *k)
{
	if (!k->writing)
		return;
	pthread_join(k->thread, NULL);
	k->writing = false;
	if (k->status == 0)
		return;
	log_limited(&k->complaints, clock_mono_ms(), "%s; templates would not survive a restart", k->err.msg);
	k->kept--; /* so that it is tried again */
}

static void
start(struct keeper *k)
{
	k->kept = decoder_changes(k->d);
	k->bytes.len = 0;
	decoder_save(k->d, &k->bytes);
	atomic_store(&k->written, false);
	int error = pthread_create(&k->thread, NULL, write_file, k);
	if (error != 0)
		log_limited(&k->complaints, clock_mono_ms(), "%s: no thread: %s", k->path, strerror(error));
	k->writing = error == 0;
}

static void
on_timer(void *arg)
{
	struct keeper *k = arg;

	if (k->writing && atomic_load(&k->written))
		settle(k);
	if (!k->writing && decoder_changes(k->d) != k->kept)
		start(k);
	loop_timer_set(k->timer, KEEP_MS + (int64_t)(k->bytes.len / BYTES_A_MS));
}

struct keeper *
keeper_new(struct loop *l, const struct decoder *d, const char *path)
{
	struct keeper *k = mem_zero(1, sizeof *k);

	k->d = d;
	k->path = path;
	k->kept = decoder_changes(d);
	k->timer = loop_timer_add(l, on_timer, k);
	loop_timer_set(k->timer, KEEP_MS);
	return k;
}

void
keeper_finish(struct keeper *k)
{
	if (k == NULL)
		return;
	settle(k);
	if (decoder_changes(k->d) != k->kept) {
		start(k);
		settle(k);
	}
	loop_timer_remove(k->timer);
	buf_release(&k->bytes);
	free(k);
}
