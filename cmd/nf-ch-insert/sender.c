#include "sender.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/log.h"
#include "ch/account.h"
#include "encode.h"
#include "io/clock.h"
#include "upkeep.h"

enum {
	BACK_OFF_MIN_MS = 500,
	BACK_OFF_MAX_MS = 30000,
	REMIND_MS = 300000, /* how often an outage is told again */
	SWEEP_MS = 3600000, /* how often old days are looked for */
};

struct sender {
	pthread_t thread;
	struct queue *queue;
	const char *waiting;
	atomic_bool abort;

	pthread_mutex_t lock; /* of the two below */
	struct target *next; /* from sender_retarget */
	uint64_t unfit;

	/* the thread's own */
	struct target target;
	struct ch_http *http;
	struct ch_table table;
	struct encoder *encoder; /* NULL: the columns are to be asked for */
	struct buf settings; /* of inserts, for the URL */
	struct ch_answer answer;
	int64_t away_since, told; /* 0: the server takes rows */
	enum ch_verdict away_why;
	bool improved; /* the table has been, as --migrate and --rollup ask */
	bool sweeps; /* the server does not by itself */
	int64_t swept;
};

void
target_release(struct target *t)
{
	ch_password_free(t->password);
	free(t->url);
	free(t->user);
	free(t->database);
	free(t->table);
	*t = (struct target){0};
}

static void
forget_columns(struct sender *s)
{
	encoder_free(s->encoder);
	s->encoder = NULL;
	ch_table_release(&s->table);
}

static void
take_target(struct sender *s)
{
	pthread_mutex_lock(&s->lock);
	struct target *t = s->next;
	s->next = NULL;
	pthread_mutex_unlock(&s->lock);
	if (t == NULL)
		return;
	target_release(&s->target);
	s->target = *t;
	free(t);
	ch_http_free(s->http);
	s->http = NULL;
	s->improved = false;
	s->swept = 0;
	forget_columns(s);
}

static void
set_settings(struct sender *s, const struct ch_server *server)
{
	s->settings.len = 0;
	if (s->target.lz4)
		buf_puts(&s->settings, "decompress=1&");
	/* Groups keep to few days, but a single batch of an archive may hold many: better many parts than none. */
	if (ch_server_since(server, 20, 1))
		buf_puts(&s->settings, "max_partitions_per_insert_block=0&");
}

/* Connects and learns the table's columns, as far as neither is done. */
static enum ch_verdict
get_ready(struct sender *s, struct err *e)
{
	const struct target *t = &s->target;
	struct ch_http_options o = {
	    .url = t->url, .user = t->user, .password = t->password, .abort = &s->abort};
	struct ch_server server;
	enum ch_verdict v;

	if (s->encoder != NULL)
		return CH_OK;
	if (s->http == NULL && (s->http = ch_http_new(&o, e)) == NULL)
		return CH_BUSY;
	if ((v = ch_ask_server(s->http, &server, e)) != CH_OK)
		return v;
	set_settings(s, &server);
	v = ch_ask_table(s->http, t->database, t->table, &s->table, e);
	if (v == CH_NO_TABLE && t->create && (!t->rows || schema_knows(t->table))) {
		if ((v = upkeep_create(s->http, t, &server, e)) == CH_OK)
			v = ch_ask_table(s->http, t->database, t->table, &s->table, e);
	}
	if (v == CH_OK && !s->improved)
		v = upkeep_improve(s->http, t, &server, &s->table, e);
	if (v != CH_OK)
		return v;
	s->improved = true;
	s->sweeps = t->create && !schema_has_ttl(&server);
	struct encode_options eo = {.database = t->database,
	    .table = t->table,
	    .rows = t->rows,
	    .lz4 = t->lz4,
	    .peer_as = t->peer_as};
	s->encoder = encoder_new(&eo, &s->table, e);
	if (s->encoder == NULL) {
		ch_table_release(&s->table);
		return CH_MISFIT;
	}
	log_info("ClickHouse %s at %s: the table %s.%s has %u columns", server.version, t->url, t->database,
	    t->table, s->table.count);
	return CH_OK;
}

static enum ch_verdict
insert(struct sender *s, struct group *g, bool retry, struct err *e)
{
	uint64_t unfit = encoder_unfit(s->encoder);
	struct insert i;

	if (encoder_run(s->encoder, g, &i, e) == -1) {
		g->rows = i.rows;
		return CH_POISON;
	}
	if (i.damaged > 0)
		log_warnx("%" PRIu64 " bytes of a segment in %s are damaged: %" PRIu64 " rows of it are lost",
		    i.damaged, s->waiting, g->rows > i.rows ? g->rows - i.rows : 0);
	struct ch_request r = {
	    .query = i.query, .body = i.body, .body_len = i.len, .settings = buf_cstr(&s->settings)};
	enum ch_verdict v = CH_OK;
	if (i.rows > 0) {
		v = ch_http_query(s->http, &r, &s->answer, e);
		queue_count_insert(s->queue, i.len, retry, s->answer.ambiguous);
	}
	if (v == CH_OK || v == CH_POISON)
		g->rows = i.rows;
	if (v == CH_OK) {
		pthread_mutex_lock(&s->lock);
		s->unfit += encoder_unfit(s->encoder) - unfit;
		pthread_mutex_unlock(&s->lock);
	}
	return v;
}

/* Whether the table is still the one that we know; asked when it refuses what it should take. */
static enum ch_verdict
look_again(struct sender *s, bool *changed, struct err *e)
{
	struct ch_table now;
	enum ch_verdict v = ch_ask_table(s->http, s->target.database, s->target.table, &now, e);

	*changed = false;
	if (v == CH_OK) {
		*changed = !ch_table_eq(&now, &s->table);
		ch_table_release(&now);
	}
	return v;
}

static void
sweep(struct sender *s)
{
	int64_t now = clock_mono_ms();

	if (!s->sweeps || (s->swept != 0 && now - s->swept < SWEEP_MS))
		return;
	s->swept = now;
	upkeep_sweep(s->http, &s->target);
}

/*
 * One group to the server, with more tries at once where the first one met only a connection that had gone
 * stale, or a table that was altered meanwhile. CH_POISON is the last word on a group.
 */
static enum ch_verdict
deliver(struct sender *s, struct group *g, struct err *e)
{
	bool retry = s->away_since != 0;

	for (int tries = 0;; tries++, retry = true) {
		bool changed;
		struct err again;
		enum ch_verdict v = get_ready(s, e);

		if (v != CH_OK)
			return v;
		sweep(s);
		v = insert(s, g, retry, e);
		if (v == CH_POISON) {
			enum ch_verdict look = look_again(s, &changed, &again);

			if (look != CH_OK) {
				*e = again;
				return look;
			}
			if (!changed)
				return v;
		}
		if ((v != CH_POISON && v != CH_UNREACHABLE) || tries == 2)
			return v == CH_POISON ? CH_BUSY : v;
		forget_columns(s);
	}
}

static void
tell_away(struct sender *s, enum ch_verdict why, const struct err *e)
{
	const struct target *t = &s->target;
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
tell_back(struct sender *s)
{
	struct queue_counts c;

	if (s->away_since == 0)
		return;
	queue_counts(s->queue, &c);
	log_notice("ClickHouse at %s takes rows again after %" PRId64 " s; %" PRIu64 " still wait",
	    s->target.url, (clock_mono_ms() - s->away_since) / 1000, c.rows_waiting);
	s->away_since = 0;
}

static void *
sender_run(void *arg)
{
	struct sender *s = arg;
	struct group g;
	int64_t back_off = BACK_OFF_MIN_MS;

	while (queue_take(s->queue, &g)) {
		struct err e = {""};

		take_target(s);
		enum ch_verdict v = deliver(s, &g, &e);
		if (v != CH_OK && v != CH_POISON) {
			if (!atomic_load(&s->abort))
				tell_away(s, v, &e);
			queue_done(s->queue, &g, GROUP_RETRY, NULL);
			forget_columns(s);
			queue_sleep(s->queue, back_off);
			back_off = back_off * 2 < BACK_OFF_MAX_MS ? back_off * 2 : BACK_OFF_MAX_MS;
			continue;
		}
		if (v == CH_POISON)
			log_warnx("ClickHouse refuses %" PRIu64 " rows for good (%s); they are %s%s", g.rows,
			    e.msg,
			    s->waiting != NULL ? "set aside in failed/ of " : "lost: there is no spool",
			    s->waiting != NULL ? s->waiting : "");
		queue_done(s->queue, &g, v == CH_POISON ? GROUP_FAILED : GROUP_STORED, e.msg);
		tell_back(s);
		back_off = BACK_OFF_MIN_MS;
	}
	return NULL;
}

struct sender *
sender_start(struct queue *q, struct target *t, const char *waiting)
{
	struct sender *s = mem_zero(1, sizeof *s);
	sigset_t all, old;

	s->queue = q;
	s->waiting = waiting;
	pthread_mutex_init(&s->lock, NULL);
	sender_retarget(s, t);
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int status = pthread_create(&s->thread, NULL, sender_run, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (status != 0)
		fatalx("the system gives no thread");
	return s;
}

void
sender_retarget(struct sender *s, struct target *t)
{
	struct target *mine = mem_alloc(sizeof *mine);

	*mine = *t;
	*t = (struct target){0};
	pthread_mutex_lock(&s->lock);
	struct target *old = s->next;
	s->next = mine;
	pthread_mutex_unlock(&s->lock);
	if (old != NULL) {
		target_release(old);
		free(old);
	}
	queue_stir(s->queue);
}

void
sender_stop(struct sender *s)
{
	atomic_store(&s->abort, true);
	queue_quit(s->queue);
	pthread_join(s->thread, NULL);
	take_target(s);
	target_release(&s->target);
	ch_http_free(s->http);
	forget_columns(s);
	buf_release(&s->settings);
	buf_release(&s->answer.text);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

uint64_t
sender_unfit(struct sender *s)
{
	pthread_mutex_lock(&s->lock);
	uint64_t unfit = s->unfit;
	pthread_mutex_unlock(&s->lock);
	return unfit;
}
