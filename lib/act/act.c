#include "act/act.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/fdio.h"

enum { PENDING_MAX = 256 << 20 };

struct act {
	struct act_options options;
	char *log_dir, *state_dir, *zone;
	struct alert alert;
	struct journal journal;
	struct queue queues[ACTS];
	struct arena arena; /* of the line at hand */
	struct act_counts counts;
	bool unavailable_said[ACTS];
	bool pending_file; /* lines of an earlier life are on disk */
	struct log_limit bad_said, dropped_said, journal_said;
};

static struct str
str_copy(struct str s)
{
	char *p = mem_alloc(s.len + 1);

	memcpy(p, s.p, s.len);
	return (struct str){p, s.len};
}

static void
texts_set(struct act *a, const char *log_dir, const char *zone)
{
	free(a->log_dir);
	free(a->zone);
	a->log_dir = mem_strdup(log_dir);
	a->zone = zone != NULL ? mem_strdup(zone) : NULL;
}

static char *
pending_path(const struct act *a)
{
	struct buf b = {0};

	buf_printf(&b, "%s/pending", a->state_dir);
	char *path = mem_strdup(buf_cstr(&b));
	buf_release(&b);
	return path;
}

/* Takes up the lines that an earlier life could not finish. */
static void
pending_read(struct act *a, int64_t now_ms)
{
	char *path = pending_path(a);
	struct buf b = {0};
	struct err e;

	if (access(path, F_OK) == 0) {
		if (file_read(&b, path, PENDING_MAX, &e) < 0)
			log_warnx("%s", e.msg);
		a->pending_file = true;
	}
	for (size_t at = 0; at < b.len;) {
		const uint8_t *end = memchr(b.p + at, '\n', b.len - at);
		size_t len = end != NULL ? (size_t)(end - b.p) - at : b.len - at;

		act_line(a, (struct str){(const char *)b.p + at, len}, now_ms);
		at += len + 1;
	}
	buf_release(&b);
	free(path);
}

struct act *
act_new(const struct act_options *o, int64_t now_ms)
{
	struct act *a = mem_zero(1, sizeof *a);
	struct err e;

	a->options = *o;
	texts_set(a, o->log_dir, o->zone);
	alert_init(&a->alert, a->log_dir);
	journal_init(&a->journal);
	for (unsigned i = 0; i < ACTS; i++)
		queue_init(&a->queues[i], o->queue_max);
	if (o->dry_run != NULL)
		return a;
	if (alert_open(&a->alert, &e) < 0)
		log_warnx(
		    "%s; alerts wait until it can be opened (detection.log_dir says where it is)", e.msg);
	if (o->state_dir != NULL) {
		a->state_dir = mem_strdup(o->state_dir);
		if (journal_open(&a->journal, a->state_dir, &e) < 0)
			log_warnx("%s; after a restart, actions may be repeated", e.msg);
		else
			pending_read(a, now_ms);
	}
	return a;
}

void
act_free(struct act *a)
{
	if (a == NULL)
		return;
	alert_release(&a->alert);
	journal_release(&a->journal);
	for (unsigned i = 0; i < ACTS; i++)
		queue_release(&a->queues[i]);
	arena_release(&a->arena);
	free(a->log_dir);
	free(a->state_dir);
	free(a->zone);
	free(a);
}

void
act_reload(struct act *a, const char *log_dir, const char *zone)
{
	alert_release(&a->alert);
	texts_set(a, log_dir, zone);
	alert_init(&a->alert, a->log_dir);
	a->queues[ACT_ALERT].retry_ms = 0;
}

/* Asked for, but not here: said once of each kind, counted each time. */
static void
unavailable(struct act *a, const struct detection_line *d, enum action action)
{
	a->counts.unavailable[action]++;
	if (a->unavailable_said[action])
		return;
	a->unavailable_said[action] = true;
	log_warnx("rule '%s' asks for the action %s, which this nf-act does not have: nothing is done; "
		  "further cases are counted as nf_act_unavailable_total",
	    d->rule, action_names[action]);
}

static void
alert_queue(struct act *a, const struct detection_line *d, struct str line, int64_t now_ms)
{
	struct journal_key k = {.action = ACT_ALERT, .state = (uint8_t)d->state};
	struct queue_item item = {.line = str_copy(line)};
	struct buf text = {0};

	memcpy(k.id, d->id, sizeof k.id);
	memcpy(item.key, &k, sizeof item.key);
	alert_format(d, clock_zone_offset(a->zone, d->time_ms), &text);
	item.text = str_copy((struct str){(const char *)text.p, text.len});
	buf_release(&text);
	if (!journal_take(&a->journal, &k)) {
		a->counts.duplicates++;
	} else if (a->options.dry_run != NULL) {
		a->options.dry_run(a->options.arg, item.text);
		(void)journal_done(&a->journal, &k, NULL);
		a->counts.done[ACT_ALERT]++;
	} else if (queue_push(&a->queues[ACT_ALERT], &item) == 0) {
		return;
	} else {
		journal_drop(&a->journal, &k);
		a->counts.dropped[ACT_ALERT]++;
		log_limited(&a->dropped_said, now_ms,
		    "%" PRIu32 " alerts wait already: one for rule '%s' is lost", a->options.queue_max,
		    d->rule);
	}
	free((void *)(uintptr_t)item.text.p);
	free((void *)(uintptr_t)item.line.p);
}

static void
detection_take(struct act *a, const struct detection_line *d, struct str line, int64_t now_ms)
{
	a->counts.detections++;
	for (unsigned i = 0; i < ACTS; i++) {
		bool due = i == ACT_BLACKHOLE ? d->blackhole : d->state == INCIDENT_START;

		if (!due || (d->actions >> i & 1) == 0)
			continue;
		if (i == ACT_ALERT)
			alert_queue(a, d, line, now_ms);
		else
			unavailable(a, d, (enum action)i);
	}
}

static void
bad_line(struct act *a, const char *words, int64_t now_ms)
{
	a->counts.bad++;
	log_limited(&a->bad_said, now_ms, "line %" PRIu64 " skipped: %s", a->counts.lines, words);
}

void
act_line(struct act *a, struct str line, int64_t now_ms)
{
	struct detection_line d;
	struct err e;

	a->counts.lines++;
	switch (detection_read(&d, &a->arena, line, &e)) {
	case DETECTION_READ:
		detection_take(a, &d, line, now_ms);
		break;
	case DETECTION_BAD:
		bad_line(a, e.msg, now_ms);
		break;
	case DETECTION_MARK:
		break;
	}
	arena_reset(&a->arena);
}

void
act_long_line(struct act *a, int64_t now_ms)
{
	a->counts.lines++;
	bad_line(a, "longer than any detection", now_ms);
}

/* Writes what waits, until something stands against it. */
static void
alerts_run(struct act *a, int64_t now_ms)
{
	struct queue *q = &a->queues[ACT_ALERT];
	struct journal_key k;
	struct err e;

	while (queue_wait(q, now_ms) == 0) {
		const struct queue_item *item = queue_at(q, 0);

		if (alert_write(&a->alert, item->text, &e) < 0) {
			a->counts.failures[ACT_ALERT]++;
			/* Once when it begins and then as the attempts get rare. */
			if ((q->failures & (q->failures + 1)) == 0)
				log_warnx("%s; %" PRIu32 " alerts wait", e.msg, q->count);
			queue_fail(q, now_ms);
			return;
		}
		if (q->failures > 0)
			log_notice("%s: can be written again", a->alert.path);
		memcpy(&k, item->key, sizeof k);
		if (journal_done(&a->journal, &k, &e) < 0)
			log_limited(
			    &a->journal_said, now_ms, "%s; after a restart, actions may be repeated", e.msg);
		a->counts.done[ACT_ALERT]++;
		queue_pop(q);
	}
}

int64_t
act_run(struct act *a, int64_t now_ms)
{
	int64_t wait = -1;

	alerts_run(a, now_ms);
	a->counts.waiting = 0;
	for (unsigned i = 0; i < ACTS; i++) {
		int64_t w = queue_wait(&a->queues[i], now_ms);

		a->counts.waiting += a->queues[i].count;
		if (w >= 0 && (wait < 0 || w < wait))
			wait = w;
	}
	if (a->pending_file && a->counts.waiting == 0) {
		char *path = pending_path(a);

		(void)unlink(path);
		free(path);
		a->pending_file = false;
	}
	return wait;
}

uint32_t
act_finish(struct act *a)
{
	struct buf b = {0};
	uint32_t n = 0;
	struct err e;

	for (unsigned i = 0; i < ACTS; i++) {
		for (uint32_t k = 0; k < a->queues[i].count; k++) {
			const struct queue_item *item = queue_at(&a->queues[i], k);

			buf_add(&b, item->line.p, item->line.len);
			buf_putc(&b, '\n');
			n++;
		}
	}
	if (n > 0 && a->journal.fd >= 0) {
		char *path = pending_path(a);

		if (file_replace(path, b.p, b.len, 0640, 1, &e) < 0)
			log_warnx("%s; %" PRIu32 " actions are lost", e.msg, n);
		else
			log_warnx("%" PRIu32 " actions could not be done and wait in %s for the next start",
			    n, path);
		free(path);
	} else if (n > 0) {
		log_warnx("%" PRIu32 " actions could not be done and are lost", n);
	}
	buf_release(&b);
	return n;
}

const struct act_counts *
act_counts(const struct act *a)
{
	return &a->counts;
}
