#include "sender.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/log.h"
#include "delivery.h"
#include "io/clock.h"

enum {
	BACK_OFF_MIN_MS = 500,
	BACK_OFF_MAX_MS = 30000,
	REMIND_MS = 300000, /* how often an outage is told again */
};

struct sender {
	pthread_t threads[TAKERS_MAX];
	unsigned count;
	struct queue *queue;
	const char *waiting;
	atomic_bool abort;

	pthread_mutex_t lock; /* of what follows */
	struct target target;
	unsigned version; /* of it: one more with each sender_retarget */
	int64_t away_since, told; /* 0: the server takes rows */
	enum ch_verdict away_why;
};

/* What one thread has. */
struct lane {
	struct target target;
	unsigned version;
	struct courier *courier;
	struct delivery delivery;
	struct group group;
	int64_t back_off;
};

static void
take_target(struct sender *s, struct lane *l)
{
	pthread_mutex_lock(&s->lock);
	bool stale = l->courier == NULL || l->version != s->version;
	if (stale) {
		target_release(&l->target);
		target_copy(&l->target, &s->target);
		l->version = s->version;
	}
	pthread_mutex_unlock(&s->lock);
	if (!stale)
		return;
	courier_free(l->courier);
	l->courier = courier_new(&l->target, &s->abort);
}

static void
tell_away(struct sender *s, const struct target *t, enum ch_verdict why, const struct err *e)
{
	int64_t now = clock_mono_ms();
	const char *place = s->waiting != NULL ? s->waiting : "memory, and the input with them";

	if (s->away_since == 0)
		s->away_since = now;
	else if (why == s->away_why && now - s->told < REMIND_MS)
		return;
	s->away_why = why;
	s->told = now;
	switch (why) {
	case CH_UNREACHABLE:
		log_warnx("ClickHouse at %s does not answer (%s); rows wait in %s until it does", t->url,
		    e->msg, place);
		break;
	case CH_REFUSED_LOGIN:
		log_warnx(
		    "ClickHouse at %s refuses user '%s' (%s): set user and password_file; rows wait in %s",
		    t->url, t->user, e->msg, place);
		break;
	case CH_NO_TABLE:
		log_warnx("ClickHouse at %s has no table %s.%s (%s): create it, or let --create do so; "
			  "rows wait in %s",
		    t->url, t->database, t->table, e->msg, place);
		break;
	case CH_MISFIT:
		log_warnx(
		    "the table %s.%s cannot take flows (%s); rows wait in %s until its columns are changed",
		    t->database, t->table, e->msg, place);
		break;
	default:
		log_warnx("ClickHouse at %s takes no rows now (%s); they wait in %s", t->url, e->msg, place);
	}
}

static void
tell_back(struct sender *s, const struct target *t)
{
	struct queue_counts c;

	if (s->away_since == 0)
		return;
	queue_counts(s->queue, &c);
	log_notice("ClickHouse at %s takes rows again after %" PRId64 " s; %" PRIu64 " still wait", t->url,
	    (clock_mono_ms() - s->away_since) / 1000, c.rows_waiting);
	s->away_since = 0;
}

static void
count_inserts(struct sender *s, struct lane *l)
{
	struct insert_counts c = courier_counts(l->courier);

	c.ambiguous += l->delivery.ambiguous;
	queue_count(s->queue, &c);
}

static void
tell(struct sender *s, const struct lane *l, enum ch_verdict v, const struct group_end *end,
    const struct err *e)
{
	const struct group *g = &l->group;

	if (end->away) {
		pthread_mutex_lock(&s->lock);
		if (!atomic_load(&s->abort))
			tell_away(s, &l->target, v, e);
		pthread_mutex_unlock(&s->lock);
		return;
	}
	if (l->delivery.damaged > 0)
		log_warnx("%" PRIu64 " bytes of a segment in %s are damaged: %" PRIu64 " rows of it are lost",
		    l->delivery.damaged, s->waiting, g->rows - end->stored - end->bad_rows);
	if (end->bad_rows > 0)
		log_warnx("ClickHouse refuses %" PRIu64 " rows for good (%s); they are %s%s", end->bad_rows,
		    e->msg, s->waiting != NULL ? "set aside in failed/ of " : "lost: there is no spool",
		    s->waiting != NULL ? s->waiting : "");
}

/* One group, or a pause. */
static void
serve(struct sender *s, struct lane *l)
{
	struct group_end end;
	struct err e = {""};

	take_target(s, l);
	enum ch_verdict v = delivery_run(&l->delivery, l->courier, &l->group, l->target.rows, &end, &e);
	if (end.stored + end.bad_rows >
	    l->group.rows) /* what a crash left may hold more than its name says */
		l->group.rows = end.stored + end.bad_rows;
	count_inserts(s, l);
	tell(s, l, v, &end, &e);
	queue_done(s->queue, &l->group, &end);
	if (end.away) {
		queue_sleep(s->queue, &l->group, l->back_off);
		l->back_off = l->back_off * 2 < BACK_OFF_MAX_MS ? l->back_off * 2 : BACK_OFF_MAX_MS;
		return;
	}
	l->back_off = BACK_OFF_MIN_MS;
	pthread_mutex_lock(&s->lock);
	tell_back(s, &l->target);
	pthread_mutex_unlock(&s->lock);
}

static void *
sender_run(void *arg)
{
	struct sender *s = arg;
	struct lane l = {.back_off = BACK_OFF_MIN_MS};

	while (queue_take(s->queue, &l.group))
		serve(s, &l);
	courier_free(l.courier);
	delivery_release(&l.delivery);
	target_release(&l.target);
	buf_release(&l.group.read);
	return NULL;
}

struct sender *
sender_start(struct queue *q, struct target *t, unsigned threads, const char *waiting)
{
	struct sender *s = mem_zero(1, sizeof *s);
	sigset_t all, old;

	s->queue = q;
	s->waiting = waiting;
	s->target = *t;
	*t = (struct target){0};
	pthread_mutex_init(&s->lock, NULL);
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (; s->count < threads; s->count++)
		if (pthread_create(&s->threads[s->count], NULL, sender_run, s) != 0)
			fatalx("the system gives no thread");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return s;
}

void
sender_retarget(struct sender *s, struct target *t)
{
	pthread_mutex_lock(&s->lock);
	target_release(&s->target);
	s->target = *t;
	s->version++;
	pthread_mutex_unlock(&s->lock);
	*t = (struct target){0};
	queue_stir(s->queue);
}

void
sender_stop(struct sender *s)
{
	atomic_store(&s->abort, true);
	queue_quit(s->queue);
	for (unsigned i = 0; i < s->count; i++)
		pthread_join(s->threads[i], NULL);
	target_release(&s->target);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
