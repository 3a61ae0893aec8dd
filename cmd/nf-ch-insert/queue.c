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
	struct buf read; /* the sender's: a group that was on disk */

	struct memory_group mem[MEMORY_GROUPS]; /* in order; only the last may take rows */
	unsigned mem_count;
	struct spool_segment growing; /* on disk; number 0 = none */
	int64_t growing_born;
	struct days growing_days;

	uint64_t next;
	uint64_t taken_rows; /* as the queue knew them */
	int64_t last_insert;
	bool down, ending, quit, stirred;
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
	buf_release(&q->read);
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

	return q->mem_count == MEMORY_GROUPS &&
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
	if (g == NULL || (g->full && q->mem_count < MEMORY_GROUPS)) {
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
	pthread_cond_signal(&q->due);
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
	pthread_cond_signal(&q->due);
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
	q->ending = q->stirred = true;
	pthread_cond_signal(&q->due);
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
	pthread_cond_signal(&q->due);
	pthread_mutex_unlock(&q->lock);
}

static void
mem_drop_first(struct queue *q)
{
	buf_release(&q->mem[0].bytes);
	q->mem_count--;
	memmove(q->mem, q->mem + 1, q->mem_count * sizeof q->mem[0]);
}

/* All that memory holds to disk, as far as there is room. */
static void
spill(struct queue *q)
{
	struct err e;

	while (q->mem_count > 0 && q->o.spool != NULL) {
		struct memory_group *g = &q->mem[0];

		if (!spool_fits(q->o.spool, g->bytes.len))
			return;
		if (spool_put(q->o.spool, g->number, g->bytes.p, g->bytes.len, g->rows, &e) == -1) {
			disk_trouble(q, &e);
			return;
		}
		q->counts.rows_spooled += g->rows;
		mem_drop_first(q);
	}
}

void
queue_rest(struct queue *q)
{
	struct err e;

	pthread_mutex_lock(&q->lock);
	spill(q);
	for (; q->mem_count > 0; mem_drop_first(q))
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
	if (spool_read(q->o.spool, seg, &q->read, &e) == -1) {
		disk_trouble(q, &e);
		return false;
	}
	*g = (struct group){seg->number, seg->rows, q->read.p, q->read.len};
	return true;
}

/* Takes the first group if it is due; otherwise *until is when it will be. */
static bool
take_first(struct queue *q, struct group *g, int64_t *until)
{
	struct spool_segment seg;
	int64_t now = clock_mono_ms();

	*until = now + 60000;
	bool disk = q->o.spool != NULL && spool_first(q->o.spool, &seg);
	if (q->mem_count > 0 && (!disk || q->mem[0].number < seg.number)) {
		struct memory_group *m = &q->mem[0];

		if (!m->full && q->mem_count == 1 && !disk && (*until = due_at(q, m->rows, m->born)) > now)
			return false;
		m->full = true;
		*g = (struct group){m->number, m->rows, m->bytes.p, m->bytes.len};
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
	q->taken_rows = got ? g->rows : 0;
	if (got)
		q->last_insert = clock_mono_ms();
	pthread_mutex_unlock(&q->lock);
	return got;
}

/* A group that will never be stored: aside, or gone. */
static void
set_aside(struct queue *q, const struct group *g, bool in_memory, const char *words)
{
	struct err e;

	if (q->o.spool == NULL ||
	    (in_memory && spool_put(q->o.spool, g->number, g->p, g->len, g->rows, &e) == -1)) {
		if (q->o.spool != NULL)
			disk_trouble(q, &e);
		q->counts.rows_lost += g->rows;
		return;
	}
	q->counts.rows_failed += g->rows;
	if (spool_fail(q->o.spool, g->number, words, &e) == -1)
		disk_trouble(q, &e);
}

void
queue_done(struct queue *q, const struct group *g, enum group_fate fate, const char *words)
{
	struct err e;

	pthread_mutex_lock(&q->lock);
	bool in_memory = q->mem_count > 0 && q->mem[0].number == g->number;
	q->down = fate == GROUP_RETRY;
	if (fate == GROUP_RETRY)
		spill(q);
	else {
		q->counts.rows_lost += q->taken_rows - g->rows;
		if (fate == GROUP_FAILED)
			set_aside(q, g, in_memory, words);
		else
			q->counts.rows_stored += g->rows;
		if (in_memory)
			mem_drop_first(q);
		else if (fate == GROUP_STORED && spool_remove(q->o.spool, g->number, &e) == -1)
			disk_trouble(q, &e);
	}
	eventfd_write(q->wake_fd, 1);
	pthread_cond_signal(&q->drained);
	pthread_mutex_unlock(&q->lock);
}

void
queue_sleep(struct queue *q, int64_t ms)
{
	int64_t from = clock_mono_ms(), until = from + ms;

	pthread_mutex_lock(&q->lock);
	if (q->ending && ms > 1000) /* the time that is left is short */
		until = from + 1000;
	while (!q->quit && !q->stirred && clock_mono_ms() < until)
		wait_until(q, &q->due, until);
	q->stirred = false;
	pthread_mutex_unlock(&q->lock);
}

void
queue_stir(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->stirred = true;
	pthread_cond_signal(&q->due);
	pthread_mutex_unlock(&q->lock);
}

void
queue_count_insert(struct queue *q, uint64_t bytes, bool retry, bool ambiguous)
{
	pthread_mutex_lock(&q->lock);
	q->counts.inserts++;
	q->counts.bytes += bytes;
	q->counts.retries += retry;
	q->counts.ambiguous += ambiguous;
	pthread_mutex_unlock(&q->lock);
}
