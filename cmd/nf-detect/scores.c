#include "scores.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/map.h"
#include "io/clock.h"
#include "io/fdio.h"
#include "vector_line.h"

enum { READ_SIZE = 64 << 10, LINE_MAX_BYTES = 1 << 20, SWEEP_MS = 30000 };

struct entry {
	int64_t end_ms, until_ms;
	char *reasons;
	float score;
};

struct scores {
	int fd;
	bool file; /* read in step; else as it comes */
	bool over; /* its end came */
	enum engine_clock clock;
	struct buf text;
	struct vector_line *waiting; /* a ring, in the order in which they came */
	uint32_t first, count;
	struct loop_fd *watch;
	struct map held[SCORES_SIDES]; /* struct addr -> struct entry */
	int64_t now_ms, swept_ms;
	struct scores_counts n;
	struct log_limit complaints;
};

/* A FIFO is opened for writing too: then it never ends, whoever comes and goes. */
static int
path_open(const char *path, bool *file, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(e, "--scores %s", path);
	*file = S_ISREG(st.st_mode);
	int fd =
	    open(path, (S_ISFIFO(st.st_mode) ? O_RDWR : O_RDONLY) | O_CLOEXEC | (*file ? 0 : O_NONBLOCK));
	return fd >= 0 ? fd : err_sys(e, "--scores %s", path);
}

struct scores *
scores_new(const char *path, enum engine_clock clock, struct err *e)
{
	bool file = false;
	int fd = path_open(path, &file, e);

	if (fd < 0)
		return NULL;
	struct scores *s = mem_zero(1, sizeof *s);
	s->fd = fd;
	s->file = file;
	s->clock = clock;
	s->waiting = mem_zero(SCORES_WAITING_MAX, sizeof *s->waiting);
	for (int i = 0; i < SCORES_SIDES; i++)
		map_init(&s->held[i], sizeof(struct addr), sizeof(struct entry));
	return s;
}

void
scores_free(struct scores *s)
{
	if (s == NULL)
		return;
	for (int i = 0; i < SCORES_SIDES; i++) {
		const void *key;
		void *entry;

		for (size_t it = 0; map_next(&s->held[i], &it, &key, &entry);)
			free(((struct entry *)entry)->reasons);
		map_release(&s->held[i]);
	}
	for (; s->count > 0; s->count--)
		free(s->waiting[s->first++ % SCORES_WAITING_MAX].reasons);
	loop_fd_remove(s->watch);
	close(s->fd);
	buf_release(&s->text);
	free(s->waiting);
	free(s);
}

const struct scores_counts *
scores_counts(const struct scores *s)
{
	return &s->n;
}

/*
 * Lines.
 */

static void
line_take(struct scores *s, struct str line)
{
	struct vector_line *v = &s->waiting[(s->first + s->count) % SCORES_WAITING_MAX];
	struct err e;
	int n = vector_line_read(v, line, &e);

	if (n < 0) {
		s->n.bad++;
		log_limited(&s->complaints, clock_mono_ms(), "scores: %s", e.msg);
	} else if (n > 0) {
		s->n.read++;
		s->count++;
	}
}

/* Whole lines, as many as there is room for. */
static void
lines_take(struct scores *s)
{
	size_t at = 0;

	while (s->count < SCORES_WAITING_MAX && at < s->text.len) {
		const uint8_t *from = s->text.p + at, *end = memchr(from, '\n', s->text.len - at);

		if (end == NULL && !s->over)
			break;
		size_t len = end != NULL ? (size_t)(end - from) : s->text.len - at;
		line_take(s, (struct str){(const char *)from, len});
		at += len + (end != NULL);
	}
	buf_consume(&s->text, at);
	if (s->text.len > LINE_MAX_BYTES && memchr(s->text.p, '\n', s->text.len) == NULL) {
		s->n.bad++;
		s->text.len = 0; /* the rest of it is no vector either */
	}
}

static void
text_read(struct scores *s)
{
	ssize_t n = fd_read(s->fd, buf_reserve(&s->text, READ_SIZE), READ_SIZE);

	if (n > 0)
		s->text.len += (size_t)n;
	s->over = n == 0 || (n < 0 && errno != EAGAIN);
	lines_take(s);
	if (s->watch != NULL && (s->over || s->count == SCORES_WAITING_MAX))
		loop_fd_set(s->watch, 0);
}

static void
on_scores(void *arg, int fd, int what)
{
	(void)fd;
	(void)what;
	text_read(arg);
}

void
scores_watch(struct scores *s, struct loop *l)
{
	if (!s->file)
		s->watch = loop_fd_add(l, s->fd, LOOP_READ, on_scores, s);
}

/*
 * The clock.
 */

static void
score_hold(struct scores *s, struct vector_line *v)
{
	struct map *held = &s->held[v->dst];
	struct entry *entry = map_get(held, &v->key);

	if (v->until_ms <= s->now_ms || (entry != NULL && entry->end_ms > v->end_ms)) {
		s->n.late++;
		free(v->reasons);
		return;
	}
	if (entry == NULL && s->n.held == SCORES_MAX) {
		s->n.refused++;
		free(v->reasons);
		return;
	}
	if (entry == NULL) {
		entry = map_put(held, &v->key, NULL);
		s->n.held++;
	}
	free(entry->reasons);
	*entry = (struct entry){v->end_ms, v->until_ms, v->reasons, v->score};
}

/* Lets go of what holds no more. */
static void
sweep(struct scores *s, struct arena *a)
{
	for (int i = 0; i < SCORES_SIDES; i++) {
		struct addr *gone = arena_alloc(a, (s->held[i].count + 1) * sizeof *gone);
		const void *key;
		void *value;
		size_t n = 0;

		for (size_t it = 0; map_next(&s->held[i], &it, &key, &value);) {
			struct entry *entry = value;

			if (entry->until_ms > s->now_ms)
				continue;
			free(entry->reasons);
			memcpy(&gone[n++], key, sizeof *gone);
		}
		for (size_t k = 0; k < n; k++)
			map_delete(&s->held[i], &gone[k]);
		s->n.held -= n;
	}
	s->swept_ms = s->now_ms;
}

/* It is `ms` for the flows: what was known by then holds. Scores come in the order of their windows. */
static void
clock_set(struct scores *s, int64_t ms)
{
	s->now_ms = ms;
	for (;;) {
		if (s->count == 0 && s->file && !s->over)
			text_read(s);
		else if (s->count == 0 && s->text.len > 0)
			lines_take(s);
		if (s->count == 0 && s->file && !s->over)
			continue; /* what was read held no score */
		if (s->count == 0 || s->waiting[s->first].end_ms > ms)
			break;
		score_hold(s, &s->waiting[s->first]);
		s->first = (s->first + 1) % SCORES_WAITING_MAX;
		s->count--;
	}
	if (s->watch != NULL && !s->over && s->count < SCORES_WAITING_MAX)
		loop_fd_set(s->watch, LOOP_READ);
}

/*
 * Flows.
 */

static const struct entry *
entry_of(const struct scores *s, const struct addr *a, bool dst)
{
	const struct entry *e = s->held[dst].count > 0 ? map_get(&s->held[dst], a) : NULL;

	return e != NULL && e->until_ms > s->now_ms ? e : NULL;
}

struct columns {
	const int64_t *times[3]; /* in the order in which the clock goes by them */
	const struct addr *hosts[SCORES_SIDES];
	const struct col *host_cols[SCORES_SIDES];
	const struct col *own;
	const float *own_scores;
};

static struct columns
columns_of(const struct scores *s, const struct batch *b, struct arena *a)
{
	static const enum field clocks[2][3] = {
	    [CLOCK_RECEIVED] = {FIELD_timestamp_received, FIELD_timestamp_end, FIELD_timestamp_start},
	    [CLOCK_FLOW] = {FIELD_timestamp_end, FIELD_timestamp_start, FIELD_timestamp_received},
	};
	struct columns c = {
	    .own = batch_col(b, FIELD_ml_score), .own_scores = batch_flat(b, FIELD_ml_score, a)};

	for (int i = 0; i < 3; i++)
		c.times[i] = batch_flat(b, clocks[s->clock][i], a);
	for (int i = 0; i < SCORES_SIDES; i++) {
		enum field f = i == 0 ? FIELD_src_host : FIELD_dst_host;

		c.hosts[i] = batch_flat(b, f, a);
		c.host_cols[i] = batch_col(b, f);
	}
	return c;
}

static int64_t
time_of(const struct columns *c, uint32_t row)
{
	int64_t ms = 0;

	for (int i = 0; i < 3 && ms == 0; i++)
		ms = c->times[i] != NULL ? c->times[i][row] : 0;
	return ms;
}

/* The row's score, the higher where both sides have one; < 0 if none. */
static float
score_of(const struct scores *s, const struct columns *c, uint32_t row)
{
	float score = -1;

	for (int i = 0; i < SCORES_SIDES; i++) {
		const struct entry *e = NULL;

		if (c->hosts[i] != NULL && col_has(c->host_cols[i], row))
			e = entry_of(s, &c->hosts[i][row], i == 1);
		if (e != NULL && e->score > score)
			score = e->score;
	}
	return score;
}

void
scores_batch(struct scores *s, struct batch *b, struct arena *a)
{
	const struct columns c = columns_of(s, b, a);
	float *scores = arena_zero(a, (b->rows + 1) * sizeof *scores);
	uint64_t *present = arena_zero(a, (b->rows / 64 + 1) * sizeof *present);
	uint64_t any = 0;

	if (s->now_ms - s->swept_ms > SWEEP_MS)
		sweep(s, a);
	for (uint32_t row = 0; row < b->rows; row++) {
		int64_t ms = time_of(&c, row);

		if (ms > s->now_ms)
			clock_set(s, ms);
		bool own = c.own != NULL && col_has(c.own, row);
		scores[row] = own ? c.own_scores[row] : score_of(s, &c, row);
		if (!own && scores[row] < 0) {
			scores[row] = 0;
			continue;
		}
		s->n.flows += !own;
		present[row >> 6] |= UINT64_C(1) << (row & 63);
		any = 1;
	}
	if (any)
		batch_add_fixed(b, a, FIELD_ml_score, scores, present);
}

struct str
scores_reasons(const struct scores *s, const struct addr *a, bool dst, float score)
{
	const struct entry *e = map_get(&s->held[dst], a);

	return e != NULL && e->reasons != NULL && e->score == score ? str_from(e->reasons) : (struct str){0};
}
