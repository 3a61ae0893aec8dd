#include "replay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "ch/pack.h"
#include "ch/rows.h"
#include "delivery.h"
#include "io/clock.h"
#include "io/fdio.h"
#include "io/prog.h"

enum { FILE_MAX = 1 << 28, PAUSE_MS = 500 };

struct replay {
	const struct target *target;
	struct courier *courier;
	struct delivery delivery;
	struct group group;
	struct queue_counts *counts;
	int64_t until;
	int status;
};

/* As many as can be found in it; 0 if it is of the other kind, or of none. */
static uint64_t
rows_of(const struct group *g, bool lines)
{
	struct pack k = pack_from(g->p, g->len);
	struct str text = {g->p, g->len}, line;
	uint64_t rows = 0;

	if (lines) {
		while (row_next(&text, &line))
			rows += row_look(line, NULL) == ROW_SOUND;
		return rows;
	}
	struct batch *b = mem_alloc(sizeof *b);
	while (pack_next(&k, b))
		rows += b->rows;
	free(b);
	return rows;
}

static char *
words_path(const char *path)
{
	struct buf b = {0};
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	buf_add(&b, path, dot != NULL ? (size_t)(dot - path) : strlen(path));
	buf_puts(&b, ".txt");
	char *words = mem_strdup(buf_cstr(&b));
	buf_release(&b);
	return words;
}

/* Stored: gone. Refused: what is refused stays, and the server's words. */
static int
settle(struct replay *r, const char *path, const struct group_end *end, struct err *e)
{
	char *words = words_path(path);
	int status = 0;

	if (end->bad_rows == 0) {
		if (unlink(path) == -1)
			status = err_sys(e, "%s", path);
		unlink(words);
	} else {
		if (end->bad.p != r->group.p)
			status = file_replace(path, end->bad.p, end->bad.len, 0640, true, e);
		if (status == 0)
			status = file_replace(words, end->words, strlen(end->words), 0640, false, e);
	}
	free(words);
	return status;
}

static int
deliver(struct replay *r, const char *path, struct group_end *end, struct err *e)
{
	enum ch_verdict v;

	r->group.again = false;
	do {
		v = delivery_run(&r->delivery, r->courier, &r->group, r->target->rows, end, e);
		struct insert_counts c = courier_counts(r->courier);
		r->counts->sent.inserts += c.inserts;
		r->counts->sent.bytes += c.bytes;
		r->counts->sent.retries += c.retries;
		r->counts->sent.ambiguous += c.ambiguous + r->delivery.ambiguous;
		r->counts->sent.unfit += c.unfit;
		if (!end->away)
			break;
		r->group.again = true;
		poll(NULL, 0, PAUSE_MS);
	} while (clock_mono_ms() < r->until);
	if (end->away)
		return err_wrap(e, "%s stays: ClickHouse at %s takes no rows", path, r->target->url);
	if (v == CH_POISON)
		log_warnx("%s: ClickHouse refuses %" PRIu64 " rows again (%s)", path, end->bad_rows, e->msg);
	return 0;
}

static int
replay_file(struct replay *r, const char *path, struct err *e)
{
	struct group *g = &r->group;
	struct group_end end;
	const char *slash = strrchr(path, '/');

	g->read.len = 0;
	if (file_read(&g->read, path, FILE_MAX, e) == -1)
		return -1;
	g->p = g->read.p;
	g->len = g->read.len;
	/* The number that it had in the spool, so that a server knows an insert that it has. */
	g->number = strtoull(slash != NULL ? slash + 1 : path, NULL, 10);
	g->rows = rows_of(g, r->target->rows);
	if (g->rows == 0)
		return err_set(e, "%s: %s", path,
		    rows_of(g, !r->target->rows) == 0 ? "this holds no rows"
		    : r->target->rows                 ? "this holds flows, not rows: leave --rows out"
						      : "this holds rows, not flows: say --rows");
	r->counts->rows_in += g->rows;
	if (deliver(r, path, &end, e) == -1)
		return -1;
	if (r->delivery.damaged > 0)
		log_warnx("%s: %" PRIu64 " bytes are damaged and lost", path, r->delivery.damaged);
	r->counts->rows_stored += end.stored;
	r->counts->rows_failed += end.bad_rows;
	log_notice("%s: %" PRIu64 " rows are stored", path, end.stored);
	if (end.bad_rows > 0)
		r->status = EXIT_FAILED;
	return settle(r, path, &end, e);
}

static void
replay_one(struct replay *r, const char *path)
{
	struct err e;

	if (replay_file(r, path, &e) == -1) {
		log_warnx("%s", e.msg);
		r->status = EXIT_FAILED;
	}
}

static int
is_ours(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot != NULL &&
	       (strcmp(dot, ".nfb") == 0 || strcmp(dot, ".ndjson") == 0 || strcmp(dot, ".open") == 0);
}

/* A folder that another program uses is its alone; -1 with words. Folders without a lock are nobody's. */
static int
lock_folder(const char *dir, struct err *e)
{
	struct buf path = {0};

	buf_printf(&path, "%s/lock", dir);
	int fd = open(buf_cstr(&path), O_RDWR | O_CLOEXEC);
	buf_release(&path);
	if (fd == -1)
		return errno == ENOENT ? open("/dev/null", O_RDONLY | O_CLOEXEC) : err_sys(e, "%s", dir);
	if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		close(fd);
		return err_set(e, "%s: another program uses this spool, and sends what is in it", dir);
	}
	return fd;
}

static void
replay_folder(struct replay *r, const char *dir)
{
	struct dirent **names = NULL;
	struct err e;
	int lock = lock_folder(dir, &e), n = lock != -1 ? scandir(dir, &names, is_ours, alphasort) : 0;

	if (n == -1)
		err_sys(&e, "%s", dir);
	if (lock == -1 || n == -1) {
		log_warnx("%s", e.msg);
		r->status = EXIT_FAILED;
	}
	for (int i = 0; i < n; i++) {
		struct buf path = {0};

		buf_printf(&path, "%s/%s", dir, names[i]->d_name);
		replay_one(r, buf_cstr(&path));
		buf_release(&path);
		free(names[i]);
	}
	free(names);
	if (lock != -1)
		close(lock);
}

int
replay_run(const struct opt_list *paths, struct target *t, int64_t drain_ms, struct queue_counts *counts)
{
	struct replay r = {
	    .target = t, .counts = counts, .until = clock_mono_ms() + drain_ms, .status = EXIT_OK};
	struct stat st;

	r.courier = courier_new(t, NULL);
	for (size_t i = 0; i < paths->n; i++) {
		bool folder = stat(paths->v[i], &st) == 0 && S_ISDIR(st.st_mode);

		if (folder)
			replay_folder(&r, paths->v[i]);
		else
			replay_one(&r, paths->v[i]);
	}
	courier_free(r.courier);
	delivery_release(&r.delivery);
	buf_release(&r.group.read);
	target_release(t);
	return r.status;
}
