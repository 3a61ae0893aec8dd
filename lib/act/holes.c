#include "act/holes.h"

#include <inttypes.h>

enum { MINUTE_MS = 60000, LATE_LEAST_MS = 60000, LATE_ENDLESS_MS = 3600000 };

void
holes_init(struct holes *h, struct journal *journal, int64_t memory_ms)
{
	*h = (struct holes){.journal = journal};
	offenders_init(&h->offenders, memory_ms);
}

void
holes_release(struct holes *h)
{
	guard_release(&h->guard);
	offenders_release(&h->offenders);
}

/* Whether this incident had its blackhole, or somebody's is in place. */
static bool
is_known(const struct holes *h, const struct detection_line *d, const struct offender *f, int64_t time_ms)
{
	struct journal_key k = {.action = ACT_BLACKHOLE};
	bool same = f != NULL && memcmp(f->id, d->id, sizeof f->id) == 0;

	memcpy(k.id, d->id, sizeof k.id);
	if (f != NULL && f->waiting)
		return true;
	if (same)
		return f->expires_ms == 0 || time_ms <= f->expires_ms;
	/* One without an end may have been withdrawn since: another incident announces it anew. */
	return journal_knows(h->journal, &k) || (f != NULL && f->expires_ms >= time_ms);
}

/* max_rate new ones a minute: credit grows with time, a minute's worth at most. */
static bool
has_credit(struct holes *h, int64_t now_ms)
{
	uint64_t most = h->guard.max_rate * MINUTE_MS;

	if (h->credit_ms == 0 || now_ms < h->credit_ms)
		h->credit = h->credit_ms == 0 ? most : h->credit;
	else
		h->credit += (uint64_t)(now_ms - h->credit_ms) * h->guard.max_rate;
	h->credit_ms = now_ms;
	if (h->credit > most)
		h->credit = most;
	return h->credit >= MINUTE_MS;
}

static bool
has_blown(struct holes *h, int64_t now_ms, struct err *why)
{
	if (offenders_active(&h->offenders, now_ms) >= h->guard.max_active) {
		err_set(why, "%" PRIu64 " blackholes are active, detection.blackhole_max_active",
		    h->guard.max_active);
		return true;
	}
	if (!has_credit(h, now_ms)) {
		err_set(
		    why, "more than %" PRIu64 " a minute, detection.blackhole_max_rate", h->guard.max_rate);
		return true;
	}
	return false;
}

static bool
is_late(uint32_t ttl, int64_t time_ms, int64_t now_ms)
{
	int64_t most = ttl == 0 ? LATE_ENDLESS_MS : (int64_t)ttl * 1000;

	return now_ms - time_ms > (most > LATE_LEAST_MS ? most : LATE_LEAST_MS);
}

enum holes_verdict
holes_judge(
    struct holes *h, const struct detection_line *d, int64_t wall_ms, struct hole *out, struct err *why)
{
	const struct proposal *p = &d->blackhole;
	struct offender *f = offenders_get(&h->offenders, &p->prefix, wall_ms);
	int64_t time_ms = d->time_ms < wall_ms ? d->time_ms : wall_ms;
	char text[PREFIX_TEXT_MAX];

	if (is_known(h, d, f, time_ms))
		return HOLES_KNOWN;
	unsigned step = f != NULL ? f->step + 1U : 0;
	*out = (struct hole){
	    .prefix = p->prefix, .step = (uint8_t)(step < p->ttl_count ? step : p->ttl_count - 1)};
	out->ttl = p->ttls[out->step];
	if (is_late(out->ttl, time_ms, wall_ms)) {
		err_set(why, "%s: the detection is older than the blackhole would last",
		    prefix_text(text, &p->prefix));
		return HOLES_LATE;
	}
	if (has_blown(h, wall_ms, why)) {
		err_wrap(why, "%s", prefix_text(text, &p->prefix));
		return HOLES_FUSE;
	}
	if (guard_allows(&h->guard, d, why) == -1)
		return HOLES_NEVER;
	h->credit -= MINUTE_MS;
	offenders_put(&h->offenders, &p->prefix)->waiting = true;
	return HOLES_GO;
}

int
holes_announced(
    struct holes *h, const struct hole *hole, const uint8_t id[16], int64_t wall_ms, struct err *e)
{
	struct offender *f = offenders_put(&h->offenders, &hole->prefix);

	*f = (struct offender){.step = hole->step,
	    .expires_ms = hole->ttl > 0 ? wall_ms + (int64_t)hole->ttl * 1000 : 0,
	    .announced = true};
	memcpy(f->id, id, sizeof f->id);
	return offenders_save(&h->offenders, &hole->prefix, e);
}

void
holes_refused(struct holes *h, const struct hole *hole)
{
	offenders_give_up(&h->offenders, &hole->prefix);
}
