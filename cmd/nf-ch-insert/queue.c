#include "queue.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "days.h"
#include "io/clock.h"

enum { MEMORY_GROUPS_MIN = 3, MEMORY_GROUPS_MAX = TAKERS_MAX + 1 };

struct memory_group {
	uint64_t number, rows;
	int64_t born;
	struct buf bytes;
	struct days days;
	bool full; /* takes no more rows */
};

struct queue {
	struct queue_options o;
	pthread_mutex_t lock;
	pthread_cond_t due, drained;
	int wake_fd;
	struct buf serialized; /* the reader's: the batch or lines at hand */
	struct days days; /* and its days */

	struct memory_group mem[MEMORY_GROUPS_MAX]; /* in order; only the last may take rows */
	unsigned mem_count, mem_max;
	struct spool_segment growing; /* on disk; number 0 = none */
	int64_t growing_born;
	struct days growing_days;

	uint64_t next;
	uint64_t tried; /* the highest number that was given back; what is lower was taken before it */
	uint64_t out[TAKERS_MAX]; /* numbers of the groups that are taken */
	unsigned out_count;
	int64_t last_insert;
	bool down, ending, quit;
	unsigned stirs;
	struct queue_counts counts;
	struct log_limit disk_words;
};

static void
wait_until(struct queue *q, pthread_cond_t *c, int64_t until)
{
	struct timespec ts = {until / 1000, until % 1000 * 1000000};

	pthread_cond_clockwait(c, &q->lock, CLOCK_MONOTONIC, &ts);
}

struct queue *
queue_new(const struct queue_options *o)
{
	struct queue *q = mem_zero(1, sizeof *q);

	q->o = *o;
	q->next = o->first;
	q->mem_max = o->takers + 1 > MEMORY_GROUPS_MIN ? o->takers + 1 : MEMORY_GROUPS_MIN;
	q->counts.up = 1;
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->due, NULL);
	pthread_cond_init(&q->drained, NULL);
	q->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->wake_fd == -1)
		fatal("eventfd");
	return q;
}

void
queue_free(struct queue *q)
{
	for (unsigned i = 0; i < q->mem_count; i++)
		buf_release(&q->mem[i].bytes);
	buf_release(&q->serialized);
	spool_close(q->o.spool);
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->due);
	pthread_cond_destroy(&q->drained);
	close(q->wake_fd);
	free(q);
}

int
queue_wake_fd(const struct queue *q)
{
	return q->wake_fd;
}

static bool
spool_busy(const struct queue *q)
{
	return q->o.spool != NULL && spool_stats(q->o.spool)->segments > 0;
}

static void
disk_trouble(struct queue *q, const struct err *e)
{
	log_limited(&q->disk_words, clock_mono_ms(), "spool: %s", e->msg);
}

/* Whether memory is at its limit for so many more bytes. */
static bool
mem_full(const struct queue *q, size_t bytes, uint64_t rows)
{
	const struct memory_group *last = &q->mem[q->mem_count - 1];

	return q->mem_count == q->mem_max &&
	       (last->full || last->bytes.len + bytes > GROUP_BYTES || last->rows + rows > GROUP_ROWS);
}

static void
put_memory(struct queue *q, uint64_t rows)
{
	struct memory_group *g = q->mem_count > 0 ? &q->mem[q->mem_count - 1] : NULL;
	size_t len = q->serialized.len;

	if (g != NULL && (g->bytes.len + len > GROUP_BYTES || g->rows + rows > GROUP_ROWS ||
			     !days_join(&g->days, &q->days)))
		g->full = true;
	/* Beyond the limit, the last group takes what came before the reader could pause. */
	if (g == NULL || (g->full && q->mem_count < q->mem_max)) {
		g = &q->mem[q->mem_count++];
		*g = (struct memory_group){.number = q->next++, .born = clock_mono_ms(), .days = q->days};
	}
	buf_add(&g->bytes, q->serialized.p, len);
	g->rows += rows;
}

/* 0, or -1 if there is no room or the disk fails. */
static int
put_disk(struct queue *q, uint64_t rows)
{
	struct spool_segment *g = &q->growing;
	size_t len = q->serialized.len;
	struct err e;

	if (!spool_fits(q->o.spool, len))
		return -1;
	if (g->number == 0 || g->bytes + len > GROUP_BYTES || g->rows + rows > GROUP_ROWS ||
	    !days_join(&q->growing_days, &q->days)) {
		*g = (struct spool_segment){.number = q->next++};
		q->growing_days = q->days;
		q->growing_born = clock_mono_ms();
	}
	if (spool_append(q->o.spool, g->number, q->serialized.p, len, rows, &e) == -1) {
		disk_trouble(q, &e);
		return -1;
	}
	g->rows += rows;
	g->bytes += len;
	q->counts.rows_spooled += rows;
	return 0;
}

/* What was serialized, to where it belongs. */
static void
put_rows(struct queue *q, uint64_t rows)
{
	bool live =
	    !q->o.patient && (spool_busy(q) || (q->mem_count > 0 && mem_full(q, q->serialized.len, rows)));
	bool disk = q->o.spool != NULL && (q->down || live);

	if (disk && put_disk(q, rows) == 0)
		return;
	if (disk && q->down && !q->o.patient)
		q->counts.rows_dropped += rows;
	else
		put_memory(q, rows);
}

void
queue_put(struct queue *q, const struct batch *b)
{
	size_t rows = b->rows;
	struct err e;

	days_of(&q->days, b);
	q->serialized.len = 0;
	if (batch_serialize(b, &q->serialized, &e) == -1) {
		log_warnx("%zu rows are lost: %s", rows, e.msg);
		rows = 0;
	}
	pthread_mutex_lock(&q->lock);
	q->counts.rows_in += b->rows;
	q->counts.rows_lost += b->rows - rows;
	if (rows > 0)
		put_rows(q, rows);
	pthread_cond_broadcast(&q->due);
	pthread_mutex_unlock(&q->lock);
}

void
queue_put_lines(struct queue *q, const void *p, size_t len, uint64_t rows)
{
	pthread_mutex_lock(&q->lock);
	q->serialized.len = 0;
	buf_add(&q->serialized, p, len);
	q->counts.rows_in += rows;
	put_rows(q, rows);
	pthread_cond_broadcast(&q->due);
	pthread_mutex_unlock(&q->lock);
}

bool
queue_wants_pause(struct queue *q)
{
	bool pause = false;

	pthread_mutex_lock(&q->lock);
	if (q->mem_count > 0 && mem_full(q, BATCH_BYTES_MAX, BATCH_ROWS_MAX))
		pause = q->o.spool == NULL || (q->o.patient && !q->down) ||
			(!spool_fits(q->o.spool, BATCH_BYTES_MAX) && (q->o.patient || !q->down));
	pthread_mutex_unlock(&q->lock);
	return pause;
}

void
queue_tick(struct queue *q)
{
	struct err e;

	pthread_mutex_lock(&q->lock);
	if (q->o.spool != NULL && spool_sync(q->o.spool, &e) == -1)
		disk_trouble(q, &e);
	pthread_mutex_unlock(&q->lock);
}

static uint64_t
rows_waiting(const struct queue *q)
{
	uint64_t rows = q->o.spool != NULL ? spool_stats(q->o.spool)->rows : 0;

	for (unsigned i = 0; i < q->mem_count; i++)
		rows += q->mem[i].rows;
	return rows;
}

void
queue_counts(struct queue *q, struct queue_counts *c)
{
	pthread_mutex_lock(&q->lock);
	*c = q->counts;
	c->up = !q->down;
	c->rows_waiting = rows_waiting(q);
	if (q->o.spool != NULL) {
		c->spool_rows = spool_stats(q->o.spool)->rows;
		c->spool_bytes = spool_stats(q->o.spool)->bytes + spool_stats(q->o.spool)->failed_bytes;
	}
	pthread_mutex_unlock(&q->lock);
}

bool
queue_drain(struct queue *q, int64_t wait_ms)
{
	int64_t until = clock_mono_ms() + wait_ms;

	pthread_mutex_lock(&q->lock);
	q->ending = true;
	q->stirs++;
	pthread_cond_broadcast(&q->due);
	while (rows_waiting(q) > 0 && clock_mono_ms() < until)
		wait_until(q, &q->drained, until);
	bool empty = rows_waiting(q) == 0;
	pthread_mutex_unlock(&q->lock);
	return empty;
}

void
queue_quit(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->quit = true;
	pthread_cond_broadcast(&q->due);
	pthread_mutex_unlock(&q->lock);
}

static struct memory_group *
mem_find(struct queue *q, uint64_t number)
{
	for (unsigned i = 0; i < q->mem_count; i++)
		if (q->mem[i].number == number)
			return &q->mem[i];
	return NULL;
}

static void
mem_drop(struct queue *q, struct memory_group *g)
{
	buf_release(&g->bytes);
	q->mem_count--;
	memmove(g, g + 1, (size_t)(q->mem + q->mem_count - g) * sizeof *g);
}

static bool
is_out(const struct queue *q, uint64_t number)
{
	for (unsigned i = 0; i < q->out_count; i++)
		if (q->out[i] == number)
			return true;
	return false;
}

/* All that memory holds to disk, but what others are sending, as far as there is room. */
static void
spill(struct queue *q)
{
	struct err e;

	for (unsigned i = 0; i < q->mem_count && q->o.spool != NULL;) {
		struct memory_group *g = &q->mem[i];

		if (is_out(q, g->number)) {
			i++;
			continue;
		}
		if (!spool_fits(q->o.spool, g->bytes.len))
			return;
		if (spool_put(q->o.spool, g->number, g->bytes.p, g->bytes.len, g->rows, &e) == -1) {
			disk_trouble(q, &e);
			return;
		}
		q->counts.rows_spooled += g->rows;
		mem_drop(q, g);
	}
}

void
queue_rest(struct queue *q)
{
	struct err e;

	pthread_mutex_lock(&q->lock);
	spill(q);
	for (; q->mem_count > 0; mem_drop(q, &q->mem[0]))
		q->counts.rows_lost += q->mem[0].rows;
	if (q->o.spool != NULL && spool_end(q->o.spool, &e) == -1)
		disk_trouble(q, &e);
	pthread_mutex_unlock(&q->lock);
}

/* When a group that still takes rows is due. */
static int64_t
due_at(const struct queue *q, uint64_t rows, int64_t born)
{
	int64_t by_age = born + q->o.flush_ms, by_rows = q->last_insert + q->o.flush_ms;

	return q->ending ? 0 : rows >= q->o.batch_rows && by_rows < by_age ? by_rows : by_age;
}

/* A group of the spool: ended, if it still grew, and read. False if it could not be. */
static bool
take_disk(struct queue *q, const struct spool_segment *seg, struct group *g)
{
	struct err e;

	if (seg->number == q->growing.number) {
		q->growing.number = 0;
		if (spool_end(q->o.spool, &e) == -1)
			disk_trouble(q, &e);
	}
	if (spool_read(q->o.spool, seg, &g->read, &e) == -1) {
		disk_trouble(q, &e);
		return false;
	}
	g->number = seg->number;
	g->rows = seg->rows;
	g->p = g->read.p;
	g->len = g->read.len;
	return true;
}

/* The lowest of disk that nobody has. */
static bool
disk_next(const struct queue *q, struct spool_segment *seg)
{
	seg->number = 0;
	if (q->o.spool == NULL)
		return false;
	do
		if (!spool_after(q->o.spool, seg->number, seg))
			return false;
	while (is_out(q, seg->number));
	return true;
}

static struct memory_group *
mem_next(struct queue *q)
{
	for (unsigned i = 0; i < q->mem_count; i++)
		if (!is_out(q, q->mem[i].number))
			return &q->mem[i];
	return NULL;
}

/* Takes the first group that nobody has if it is due; otherwise *until is when it will be. */
static bool
take_first(struct queue *q, struct group *g, int64_t *until)
{
	struct spool_segment seg;
	struct memory_group *m = mem_next(q);
	int64_t now = clock_mono_ms();
	bool disk = disk_next(q, &seg);

	*until = now + 60000;
	if (q->down && q->out_count > 0)
		return false;
	if (m != NULL && (!disk || m->number < seg.number)) {
		bool grows = !m->full && m == &q->mem[q->mem_count - 1] && !disk;

		if (grows && (*until = due_at(q, m->rows, m->born)) > now)
			return false;
		m->full = true;
		g->number = m->number;
		g->rows = m->rows;
		g->p = m->bytes.p;
		g->len = m->bytes.len;
		return true;
	}
	if (!disk)
		return false;
	if (seg.number == q->growing.number && (*until = due_at(q, seg.rows, q->growing_born)) > now)
		return false;
	if (take_disk(q, &seg, g))
		return true;
	*until = now + 1000;
	return false;
}

bool
queue_take(struct queue *q, struct group *g)
{
	int64_t until;
	bool got = false;

	pthread_mutex_lock(&q->lock);
	while (!q->quit && !(got = take_first(q, g, &until)))
		wait_until(q, &q->due, until);
	if (got) {
		q->out[q->out_count++] = g->number;
		g->stirs = q->stirs;
		g->again = g->number <= q->tried;
		q->last_insert = clock_mono_ms();
	}
	pthread_mutex_unlock(&q->lock);
	return got;
}

/* What will never be stored: aside, or gone. True if the whole segment on disk went there. */
static bool
set_aside(struct queue *q, const struct group *g, const struct group_end *end, bool in_memory)
{
	struct spool *s = q->o.spool;
	bool whole = s != NULL && !in_memory && end->bad.p == g->p && end->bad.len == g->len;
	struct err e;

	if (s == NULL) {
		q->counts.rows_lost += end->bad_rows;
		return false;
	}
	int status =
	    whole ? spool_fail(s, g->number, end->words, &e)
		  : spool_fail_part(s, g->number, end->bad.p, end->bad.len, end->bad_rows, end->words, &e);
	if (status == -1)
		disk_trouble(q, &e);
	if (status == 0 || whole)
		q->counts.rows_failed += end->bad_rows;
	else
		q->counts.rows_lost += end->bad_rows;
	return whole;
}

static void
finish_group(struct queue *q, const struct group *g, const struct group_end *end)
{
	struct memory_group *m = mem_find(q, g->number);
	bool moved = end->bad_rows > 0 && set_aside(q, g, end, m != NULL);
	struct err e;

	q->counts.rows_stored += end->stored;
	q->counts.rows_lost += g->rows - end->stored - end->bad_rows;
	if (m != NULL)
		mem_drop(q, m);
	else if (!moved && spool_remove(q->o.spool, g->number, &e) == -1)
		disk_trouble(q, &e);
}

void
queue_done(struct queue *q, const struct group *g, const struct group_end *end)
{
	pthread_mutex_lock(&q->lock);
	for (unsigned i = 0; i < q->out_count; i++)
		if (q->out[i] == g->number)
			q->out[i] = q->out[--q->out_count];
	q->down = end->away;
	if (end->away && g->number > q->tried)
		q->tried = g->number;
	if (end->away)
		spill(q);
	else
		finish_group(q, g, end);
	eventfd_write(q->wake_fd, 1);
	pthread_cond_broadcast(&q->due);
	pthread_cond_signal(&q->drained);
	pthread_mutex_unlock(&q->lock);
}

void
queue_sleep(struct queue *q, const struct group *g, int64_t ms)
{
	int64_t from = clock_mono_ms(), until = from + ms;

	pthread_mutex_lock(&q->lock);
	if (q->ending && ms > 1000) /* the time that is left is short */
		until = from + 1000;
	while (!q->quit && q->stirs == g->stirs && clock_mono_ms() < until)
		wait_until(q, &q->due, until);
	pthread_mutex_unlock(&q->lock);
}

void
queue_stir(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->stirs++;
	pthread_cond_broadcast(&q->due);
	pthread_mutex_unlock(&q->lock);
}

void
queue_count(struct queue *q, const struct insert_counts *c)
{
	struct insert_counts *sum = &q->counts.sent;

	pthread_mutex_lock(&q->lock);
	sum->inserts += c->inserts;
	sum->bytes += c->bytes;
	sum->retries += c->retries;
	sum->ambiguous += c->ambiguous;
	sum->unfit += c->unfit;
	pthread_mutex_unlock(&q->lock);
}
