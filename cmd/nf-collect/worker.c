#include "worker.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/clock.h"

enum {
	FLUSH_MS = 5, /* of silence */
	AGE_MS = 200, /* of the oldest flow, where input never falls silent */
	AT_ONCE = 4096, /* datagrams before others have a look at the decoder */
	WAKE_EVERY = 64,
};

struct worker {
	struct worker_options o;
	struct source source;
	pthread_t thread;
	bool started;
	atomic_bool ended;
	pthread_mutex_t lock; /* of the decoder */
	struct decoder *decoder;

	/* of the thread */
	struct builder rows;
	int64_t since_ms; /* when the first of these rows came */
	int64_t received_ms, period; /* of the datagram at hand; and which of the output's that is */
	struct batch batch;
	struct arena scratch;
	struct buf bytes;
};

static void
emit(struct worker *w)
{
	if (w->rows.rows == 0)
		return;
	if (w->o.explain) {
		builder_reset(&w->rows);
		return;
	}
	builder_finish(&w->rows, &w->batch);
	arena_reset(&w->scratch);
	if (w->o.filter == NULL || filter_apply(w->o.filter, &w->batch, &w->scratch) > 0)
		output_batch(w->o.output, &w->batch, w->received_ms, &w->bytes, &w->scratch);
	builder_reset(&w->rows);
}

/* In the middle of a datagram. Writing may take as long as a reader stalls, and the counters be asked for meanwhile. */
static void
on_full(void *arg, struct builder *rows)
{
	struct worker *w = arg;

	(void)rows;
	pthread_mutex_unlock(&w->lock);
	emit(w);
	pthread_mutex_lock(&w->lock);
}

static uint64_t
new_origin(void)
{
	uint64_t origin = 0;

	while (origin == 0)
		if (getrandom(&origin, sizeof origin, 0) != (ssize_t)sizeof origin)
			origin = (uint64_t)clock_wall_ms();
	return origin;
}

struct worker *
worker_new(const struct worker_options *o)
{
	struct worker *w = mem_zero(1, sizeof *w);

	w->o = *o;
	w->source.ring = ring_new(o->queue);
	builder_init(&w->rows, new_origin());
	w->decoder = decoder_new(&(struct decoder_options){.rows = &w->rows,
	    .full = on_full,
	    .arg = w,
	    .live = o->live,
	    .in_sessions = o->in_sessions,
	    .template_lifetime_ms = o->template_lifetime_ms,
	    .notes = o->explain,
	    .inner = o->inner,
	    .counters = o->counters != NULL ? counters_add : NULL,
	    .counters_arg = o->counters});
	pthread_mutex_init(&w->lock, NULL);
	return w;
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	decoder_free(w->decoder);
	builder_release(&w->rows);
	arena_release(&w->scratch);
	buf_release(&w->bytes);
	ring_free(w->source.ring);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

struct source *
worker_source(struct worker *w)
{
	return &w->source;
}

/* The next datagram came then. Rows of another period have to be on their way before. */
static void
set_time(struct worker *w, int64_t received_ms)
{
	int64_t period = output_period(w->o.output, received_ms);

	if (period != w->period && w->rows.rows > 0)
		on_full(w, &w->rows);
	w->period = period;
	w->received_ms = received_ms;
}

/* All that is in the ring, up to a bound. False: there is more. */
static bool
drain(struct worker *w)
{
	struct ring *ring = w->source.ring;
	const struct message *m;
	size_t len;

	for (unsigned n = 0; n < AT_ONCE; n++) {
		m = ring_get(ring, &len);
		if (m == NULL)
			return true;
		set_time(w, m->received_ms);
		struct datagram dg = {m->exporter, m->received_ms, m->bytes, len - sizeof *m};
		decoder_datagram(w->decoder, &dg);
		ring_drop(ring);
		if (n % WAKE_EVERY == 0)
			ring_wake_putter(ring);
	}
	return false;
}

/* Rows do not grow old while datagrams come without a pause. */
static void
emit_old(struct worker *w, bool had_rows)
{
	int64_t now = clock_mono_ms();

	if (!had_rows)
		w->since_ms = now;
	if (now - w->since_ms <= AGE_MS)
		return;
	emit(w);
	output_flush(w->o.output);
	w->since_ms = now;
}

/* Sleeps until more has come. What was decoded is written once it is clear that no more follows. */
static void
rest(struct worker *w, bool done)
{
	struct pollfd p = {.fd = ring_fd(w->source.ring), .events = POLLIN};
	int wait = FLUSH_MS;

	while (ring_sleep(w->source.ring) && atomic_load(&w->source.done) == done) {
		if (poll(&p, 1, wait) != 0)
			return;
		emit(w);
		output_flush(w->o.output);
		wait = -1;
	}
}

static void *
run(void *arg)
{
	struct worker *w = arg;
	uint64_t one = 1;

	for (;;) {
		/* Looked at before the ring, so that nothing put before it is missed. */
		bool done = atomic_load(&w->source.done), had_rows = w->rows.rows > 0;

		pthread_mutex_lock(&w->lock);
		bool empty = drain(w);
		pthread_mutex_unlock(&w->lock);
		ring_wake_putter(w->source.ring);
		if (empty && done)
			break;
		emit_old(w, had_rows);
		if (empty)
			rest(w, done);
	}
	emit(w);
	output_flush(w->o.output);
	atomic_store(&w->ended, true);
	(void)!write(w->o.news, &one, sizeof one);
	return NULL;
}

int
worker_start(struct worker *w, struct err *e)
{
	int error = pthread_create(&w->thread, NULL, run, w);

	if (error != 0)
		return err_set(e, "no thread: %s", strerror(error));
	w->started = true;
	return 0;
}

bool
worker_ended(const struct worker *w)
{
	return atomic_load(&w->ended);
}

void
worker_join(struct worker *w)
{
	if (w->started)
		pthread_join(w->thread, NULL);
	w->started = false;
}

void
worker_visit(struct worker *w, void (*fn)(void *arg, struct decoder *d), void *arg)
{
	pthread_mutex_lock(&w->lock);
	fn(arg, w->decoder);
	pthread_mutex_unlock(&w->lock);
}
