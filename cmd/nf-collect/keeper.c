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

enum { KEEP_MS = 3000, BYTES_A_MS = 1024, FILE_MODE = 0640, DAY_MS = 24 * 3600 * 1000 };

struct keeper {
	const char *path;
	struct steward *steward;
	struct worker *const *workers;
	unsigned count;
	struct loop_timer *timer;
	uint64_t kept; /* changes() at what was last given to the thread */
	size_t size; /* of the file, as last written */
	struct log_limit complaints;

	/* The thread, while `writing`; it owns these until `written`. */
	bool writing;
	pthread_t thread;
	atomic_bool written;
	struct buf bytes;
	int status;
	struct err err;
};

struct reading {
	struct buf bytes;
	int64_t now_ms, since_ms;
	int status;
	struct err err;
	struct decoder_gauges known;
};

static void
restore(void *arg, struct decoder *d)
{
	struct reading *g = arg;

	g->status = decoder_restore(d, g->bytes.p, g->bytes.len, g->now_ms, g->since_ms, &g->err);
	decoder_gauges(d, &g->known);
}

void
keeper_read(const char *path, struct worker *const *workers, unsigned count, bool live)
{
	struct reading g = {.now_ms = clock_wall_ms()};

	if (access(path, F_OK) == -1 && errno == ENOENT) {
		log_info("%s: not there yet; templates are awaited", path);
		return;
	}
	g.since_ms = live ? g.now_ms - DAY_MS : 0;
	if (file_read(&g.bytes, path, KEEP_BYTES_MAX, &g.err) == -1) {
		log_warnx("%s; templates are awaited", g.err.msg);
		return;
	}
	for (unsigned i = 0; i < count && g.status == 0; i++)
		worker_visit(workers[i], restore, &g);
	if (g.status == -1)
		log_warnx("%s: %s; it is not used, templates are awaited", path, g.err.msg);
	else
		log_info("%s: %llu templates of %llu exporters", path, (unsigned long long)g.known.templates,
		    (unsigned long long)g.known.exporters);
	buf_release(&g.bytes);
}

static void
add_changes(void *arg, struct decoder *d)
{
	*(uint64_t *)arg += decoder_changes(d);
}

static uint64_t
changes(const struct keeper *k)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < k->count; i++)
		worker_visit(k->workers[i], add_changes, &n);
	return n;
}

static void *
write_file(void *arg)
{
	struct keeper *k = arg;

	k->status = k->steward != NULL
			? steward_replace(k->steward, k->path, k->bytes.p, k->bytes.len, &k->err)
			: file_replace(k->path, k->bytes.p, k->bytes.len, FILE_MODE, 1, &k->err);
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
	buf_release(&k->bytes);
	k->bytes = (struct buf){0};
	if (k->status == 0)
		return;
	log_limited(&k->complaints, clock_mono_ms(), "%s; templates would not survive a restart", k->err.msg);
	k->kept--; /* so that it is tried again */
}

static void
save(void *arg, struct decoder *d)
{
	decoder_save(d, arg);
}

/* All workers' parts, as far as the file may grow. */
static void
collect(struct keeper *k)
{
	for (unsigned i = 0; i < k->count; i++) {
		size_t before = k->bytes.len;

		worker_visit(k->workers[i], save, &k->bytes);
		if (k->bytes.len <= KEEP_BYTES_MAX)
			continue;
		k->bytes.len = before;
		log_limited(&k->complaints, clock_mono_ms(),
		    "%s: it would be larger than %d bytes; some templates would not survive a restart",
		    k->path, KEEP_BYTES_MAX);
	}
}

static void
start(struct keeper *k)
{
	k->kept = changes(k);
	collect(k);
	k->size = k->bytes.len;
	atomic_store(&k->written, false);
	int error = pthread_create(&k->thread, NULL, write_file, k);
	if (error != 0)
		log_limited(&k->complaints, clock_mono_ms(), "%s: no thread: %s", k->path, strerror(error));
	k->writing = error == 0;
	if (!k->writing) {
		k->bytes.len = 0;
		k->kept--;
	}
}

static void
on_timer(void *arg)
{
	struct keeper *k = arg;

	if (k->writing && atomic_load(&k->written))
		settle(k);
	if (!k->writing && changes(k) != k->kept)
		start(k);
	loop_timer_set(k->timer, KEEP_MS + (int64_t)(k->size / BYTES_A_MS));
}

void
keeper_entrust(const char *path, struct steward *s)
{
	steward_replaces(s, path, FILE_MODE, 1);
}

struct keeper *
keeper_new(struct loop *l, const char *path, struct worker *const *workers, unsigned count, struct steward *s)
{
	struct keeper *k = mem_zero(1, sizeof *k);

	k->path = path;
	k->steward = s;
	k->workers = workers;
	k->count = count;
	k->kept = changes(k);
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
	if (changes(k) != k->kept) {
		start(k);
		settle(k);
	}
	loop_timer_remove(k->timer);
	buf_release(&k->bytes);
	free(k);
}
