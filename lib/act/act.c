#include "act/act.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "act/holes.h"
#include "act/kinds.h"
#include "act/pending.h"

struct act {
	struct act_options options; /* without the texts of the settings */
	struct kinds kinds;
	struct queue alerts;
	struct journal journal;
	struct holes holes;
	struct pending pending;
	struct lane *lanes[ACTS]; /* made when first needed; none for alerts */
	atomic_bool abort;
	int wake[2]; /* a pipe */
	struct arena arena; /* of the line at hand */
	struct act_counts counts;
	bool unavailable_said[ACTS];
	struct log_limit bad_said, dropped_said, journal_said, holes_said, refused_said[ACTS];
	int64_t wall_ms; /* of the act_run at hand */
};

static struct str
str_copy(struct str s)
{
	char *p = mem_alloc(s.len + 1);

	memcpy(p, s.p, s.len);
	return (struct str){p, s.len};
}

static struct lane *
lane_of(struct act *a, enum action kind)
{
	if (a->lanes[kind] == NULL)
		a->lanes[kind] = kinds_lane(&a->kinds, kind, a->options.queue_max, a->wake[1]);
	return a->lanes[kind];
}

static void
settings_take(struct act *a, const struct act_settings *s, struct guard *g)
{
	kinds_set(&a->kinds, s);
	guard_release(&a->holes.guard);
	a->holes.guard = *g;
	*g = (struct guard){0};
}

/*
 * Start and end.
 */

/* Takes up the lines that an earlier life could not finish. */
static void
pending_take(struct act *a, const struct instant *now)
{
	struct buf b = {0};
	struct err e;

	if (pending_read(&a->pending, &b, &e) < 0)
		log_warnx("%s", e.msg);
	for (size_t at = 0; at < b.len;) {
		const uint8_t *end = memchr(b.p + at, '\n', b.len - at);
		size_t len = end != NULL ? (size_t)(end - b.p) - at : b.len - at;

		act_line(a, (struct str){(const char *)b.p + at, len}, now);
		at += len + 1;
	}
	buf_release(&b);
}

static void
state_open(struct act *a, const char *dir, const struct instant *now)
{
	struct err e;

	if (journal_open(&a->journal, dir, &e) < 0) {
		log_warnx("%s; after a restart, actions may be repeated", e.msg);
		return;
	}
	if (offenders_open(&a->holes.offenders, dir, now->wall_ms, &e) < 0)
		log_warnx("%s; who was blackholed before is not known", e.msg);
	pending_open(&a->pending, dir);
	pending_take(a, now);
}

struct act *
act_new(const struct act_options *o, struct guard *g, const struct instant *now)
{
	struct act *a = mem_zero(1, sizeof *a);
	struct err e;

	a->options = *o;
	a->options.settings = (struct act_settings){0};
	if (pipe2(a->wake, O_CLOEXEC | O_NONBLOCK) < 0)
		abort();
	journal_init(&a->journal);
	holes_init(&a->holes, &a->journal, o->memory_ms);
	queue_init(&a->alerts, o->queue_max, ACT_RETRY_MAX_MS);
	kinds_init(&a->kinds, &a->abort);
	settings_take(a, &o->settings, g);
	if (o->dry_run != NULL)
		return a;
	if (alert_open(&a->kinds.alert, &e) < 0)
		log_warnx(
		    "%s; alerts wait until it can be opened (detection.log_dir says where it is)", e.msg);
	if (o->state_dir != NULL)
		state_open(a, o->state_dir, now);
	return a;
}

void
act_free(struct act *a)
{
	if (a == NULL)
		return;
	atomic_store(&a->abort, true);
	for (unsigned i = 0; i < ACTS; i++)
		lane_free(a->lanes[i]);
	queue_release(&a->alerts);
	holes_release(&a->holes);
	journal_release(&a->journal);
	pending_release(&a->pending);
	kinds_release(&a->kinds);
	close(a->wake[0]);
	close(a->wake[1]);
	arena_release(&a->arena);
	free(a);
}

void
act_reload(struct act *a, const struct act_settings *s, struct guard *g)
{
	settings_take(a, s, g);
	a->alerts.retry_ms = 0;
}

int
act_wake_fd(const struct act *a)
{
	return a->wake[0];
}

/*
 * Lines.
 */

/* Asked for, but not here: said once of each kind, counted each time. */
static void
unavailable(struct act *a, const struct detection_line *d, enum action action)
{
	a->counts.unavailable[action]++;
	if (a->unavailable_said[action])
		return;
	a->unavailable_said[action] = true;
	log_warnx("rule '%s' asks for the action %s, which is not set up (%s): nothing is done; "
		  "further cases are counted as nf_act_unavailable_total",
	    d->rule, action_names[action], kinds_remedy(action));
}

static void
journal_put(struct act *a, const struct journal_key *k, int64_t now_ms)
{
	struct err e;

	if (journal_done(&a->journal, k, &e) < 0)
		log_limited(&a->journal_said, now_ms, "%s; after a restart, actions may be repeated", e.msg);
}

/* Takes the item over; false where there is no room. */
static bool
item_queue(struct act *a, const struct detection_line *d, struct queue_item *item, int64_t now_ms)
{
	enum action kind = (enum action)item->key.action;
	int r = kind == ACT_ALERT ? queue_push(&a->alerts, item) : lane_push(lane_of(a, kind), item);

	if (r == 0)
		return true;
	queue_item_release(item);
	a->counts.dropped[kind]++;
	log_limited(&a->dropped_said, now_ms, "%" PRIu32 " %ss wait already: one for rule '%s' is lost",
	    a->options.queue_max, kind == ACT_ALERT ? "alert" : action_names[kind], d->rule);
	return false;
}

static void
item_show(struct act *a, struct queue_item *item)
{
	struct buf b = {0};

	buf_add(&b, item->text.p, item->text.len);
	if (b.len == 0 || b.p[b.len - 1] != '\n')
		buf_putc(&b, '\n');
	a->options.dry_run(
	    a->options.arg, (enum action)item->key.action, (struct str){(const char *)b.p, b.len});
	buf_release(&b);
	(void)journal_done(&a->journal, &item->key, NULL);
	a->counts.done[item->key.action]++;
	queue_item_release(item);
}

static void
action_take(struct act *a, const struct detection_line *d, enum action kind, struct str line,
    const struct instant *now)
{
	struct queue_item item = {.key = {.action = (uint8_t)kind, .state = (uint8_t)d->state}};

	memcpy(item.key.id, d->id, sizeof item.key.id);
	if (!journal_take(&a->journal, &item.key)) {
		a->counts.duplicates++;
		return;
	}
	item.text = kinds_text(&a->kinds, kind, d, line, 0);
	item.line = str_copy(line);
	struct journal_key key = item.key;
	if (a->options.dry_run != NULL)
		item_show(a, &item);
	else if (!item_queue(a, d, &item, now->mono_ms))
		journal_drop(&a->journal, &key);
}

/* The words of a refusal, which is final unless the next detection may tell otherwise. */
static void
hole_refused(struct act *a, const struct detection_line *d, uint64_t *count, const char *words, bool final,
    const struct instant *now)
{
	struct journal_key k = {.action = ACT_BLACKHOLE};

	(*count)++;
	memcpy(k.id, d->id, sizeof k.id);
	if (final)
		journal_put(a, &k, now->mono_ms);
	log_limited(&a->holes_said, now->mono_ms, "no blackhole for rule '%s': %s", d->rule, words);
}

static void
hole_take(struct act *a, const struct detection_line *d, struct str line, const struct instant *now)
{
	struct queue_item item = {.key = {.action = ACT_BLACKHOLE}};
	struct err why;

	switch (holes_judge(&a->holes, d, now->wall_ms, &item.hole, &why)) {
	case HOLES_KNOWN:
		a->counts.duplicates++;
		return;
	case HOLES_LATE:
		hole_refused(a, d, &a->counts.late, why.msg, false, now);
		return;
	case HOLES_NEVER:
		hole_refused(a, d, &a->counts.never, why.msg, true, now);
		return;
	case HOLES_FUSE:
		hole_refused(a, d, &a->counts.fuse, why.msg, true, now);
		return;
	case HOLES_GO:
		break;
	}
	memcpy(item.key.id, d->id, sizeof item.key.id);
	item.text = kinds_text(&a->kinds, ACT_BLACKHOLE, d, line, item.hole.ttl);
	item.line = str_copy(line);
	struct hole hole = item.hole;
	if (a->options.dry_run != NULL) {
		item_show(a, &item);
		(void)holes_announced(&a->holes, &hole, d->id, now->wall_ms, NULL);
	} else if (!item_queue(a, d, &item, now->mono_ms)) {
		holes_refused(&a->holes, &hole);
	}
}

static void
hole_ended(void *arg, const struct queue_item *item)
{
	struct act *a = arg;

	a->counts.ended++;
	log_warnx("the incident ended before its blackhole could be announced: %.*s", (int)item->text.len,
	    item->text.p);
	holes_refused(&a->holes, &item->hole);
}

static void
detection_take(struct act *a, const struct detection_line *d, struct str line, const struct instant *now)
{
	a->counts.detections++;
	if (d->state == INCIDENT_END && a->lanes[ACT_BLACKHOLE] != NULL)
		lane_drop(a->lanes[ACT_BLACKHOLE], d->id, hole_ended, a);
	/* The blackhole first. */
	static const enum action order[ACTS] = {
	    ACT_BLACKHOLE, ACT_ALERT, ACT_SLACK, ACT_CLICKHOUSE, ACT_EXEC};
	for (unsigned i = 0; i < ACTS; i++) {
		enum action kind = order[i];
		bool due = d->state == INCIDENT_START || (kind == ACT_CLICKHOUSE && d->state == INCIDENT_END);

		if (kind == ACT_BLACKHOLE)
			due = d->has_blackhole && d->state != INCIDENT_END;
		if (!due || (d->actions >> kind & 1) == 0)
			continue;
		if (!a->kinds.set_up[kind] && a->options.dry_run == NULL)
			unavailable(a, d, kind);
		else if (kind == ACT_BLACKHOLE)
			hole_take(a, d, line, now);
		else
			action_take(a, d, kind, line, now);
	}
}

static void
bad_line(struct act *a, const char *words, int64_t now_ms)
{
	a->counts.bad++;
	log_limited(&a->bad_said, now_ms, "line %" PRIu64 " skipped: %s", a->counts.lines, words);
}

void
act_line(struct act *a, struct str line, const struct instant *now)
{
	struct detection_line d;
	struct err e;

	a->counts.lines++;
	switch (detection_read(&d, &a->arena, line, &e)) {
	case DETECTION_READ:
		detection_take(a, &d, line, now);
		break;
	case DETECTION_BAD:
		bad_line(a, e.msg, now->mono_ms);
		break;
	case DETECTION_MARK:
		break;
	}
	arena_reset(&a->arena);
}

void
act_long_line(struct act *a, const struct instant *now)
{
	a->counts.lines++;
	bad_line(a, "longer than any detection", now->mono_ms);
}

/*
 * What is due.
 */

/* Writes what waits, until something stands against it. */
static void
alerts_run(struct act *a, int64_t now_ms)
{
	struct queue *q = &a->alerts;
	struct err e;

	while (queue_wait(q, now_ms) == 0) {
		if (alert_write(&a->kinds.alert, queue_at(q, 0)->text, &e) < 0) {
			a->counts.failures[ACT_ALERT]++;
			/* Once when it begins and then as the attempts get rare. */
			if ((q->failures & (q->failures + 1)) == 0)
				log_warnx("%s; %" PRIu32 " alerts wait", e.msg, q->count);
			queue_fail(q, 0, now_ms);
			return;
		}
		if (q->failures > 0)
			log_notice("%s: can be written again", a->kinds.alert.path);
		struct queue_item item = queue_take(q);
		journal_put(a, &item.key, now_ms);
		a->counts.done[ACT_ALERT]++;
		queue_item_release(&item);
		queue_succeed(q);
	}
}

static void
hole_done(struct act *a, const struct queue_item *item, const struct outcome *out, int64_t now_ms)
{
	char text[PREFIX_TEXT_MAX];
	struct err e;

	if (out->kind == OUTCOME_REFUSED) {
		holes_refused(&a->holes, &item->hole);
		return;
	}
	if (holes_announced(&a->holes, &item->hole, item->key.id, a->wall_ms, &e) < 0)
		log_limited(&a->journal_said, now_ms, "%s; after a restart, actions may be repeated", e.msg);
	log_notice(
	    "%s is blackholed for %" PRIu32 " s", prefix_text(text, &item->hole.prefix), item->hole.ttl);
}

struct lane_call {
	struct act *act;
	int64_t now_ms;
};

static void
item_done(void *arg, const struct queue_item *item, const struct outcome *out, bool first, uint32_t failures)
{
	const struct lane_call *call = arg;
	struct act *a = call->act;
	enum action kind = (enum action)item->key.action;

	if (out->kind == OUTCOME_AGAIN) {
		a->counts.failures[kind] += first;
		if (first && (failures & (failures + 1)) == 0)
			log_warnx("%s: %s; it is tried again", action_names[kind], out->words.msg);
		return;
	}
	if (out->kind == OUTCOME_REFUSED) {
		a->counts.refused[kind]++;
		if (first)
			log_limited(&a->refused_said[kind], call->now_ms, "%s: %s; it is not tried again",
			    action_names[kind], out->words.msg);
	} else {
		a->counts.done[kind]++;
		if (first && failures > 0)
			log_notice("%s: it works again", action_names[kind]);
	}
	if (kind == ACT_BLACKHOLE)
		hole_done(a, item, out, call->now_ms);
	journal_put(a, &item->key, call->now_ms);
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

int64_t
act_run(struct act *a, const struct instant *now)
{
	struct lane_call call = {a, now->mono_ms};
	int64_t wait = -1;
	char bytes[64];

	a->wall_ms = now->wall_ms;
	while (read(a->wake[0], bytes, sizeof bytes) > 0)
		continue;
	a->counts.waiting = 0;
	/* Others go before the alerts, which wait for the disk. */
	for (unsigned i = 0; i < ACTS; i++) {
		if (a->lanes[i] == NULL)
			continue;
		wait = sooner(wait, lane_run(a->lanes[i], now->mono_ms, item_done, &call));
		a->counts.waiting += lane_count(a->lanes[i]);
	}
	alerts_run(a, now->mono_ms);
	wait = sooner(wait, queue_wait(&a->alerts, now->mono_ms));
	a->counts.waiting += a->alerts.count;
	if (a->counts.waiting == 0)
		pending_forget(&a->pending);
	return wait;
}

static void
put_line(struct buf *b, const struct queue_item *item)
{
	buf_add(b, item->line.p, item->line.len);
	buf_putc(b, '\n');
}

uint32_t
act_finish(struct act *a)
{
	uint32_t n = a->alerts.count;
	struct buf b = {0};
	struct err e;

	for (uint32_t i = 0; i < a->alerts.count; i++)
		put_line(&b, queue_at(&a->alerts, i));
	for (unsigned i = 0; i < ACTS; i++)
		for (uint32_t k = 0; a->lanes[i] != NULL && k < lane_count(a->lanes[i]); k++, n++)
			put_line(&b, lane_at(a->lanes[i], k));
	if (n > 0 && a->pending.path == NULL)
		log_warnx("%" PRIu32 " actions could not be done and are lost", n);
	else if (n > 0 && pending_write(&a->pending, &b, &e) < 0)
		log_warnx("%s; %" PRIu32 " actions are lost", e.msg, n);
	else if (n > 0)
		log_warnx("%" PRIu32 " actions could not be done and wait in %s for the next start", n,
		    a->pending.path);
	buf_release(&b);
	return n;
}

const struct act_counts *
act_counts(const struct act *a)
{
	return &a->counts;
}
