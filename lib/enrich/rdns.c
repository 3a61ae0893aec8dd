#include "enrich/rdns.h"

#include "base/log.h"
#include "io/clock.h"

enum { NOT_ASKED, QUEUED, IN_FLIGHT };

enum {
	STALE_S = 3600,
	NEGATIVE_MAX_S = 3 * 3600,
	FAILURE_FIRST_S = 15,
	FAILURE_DOUBLINGS = 6, /* to 15 s * 2^6 = 16 minutes, cut to */
	FAILURE_MAX_S = 900,
	RATE_TICK_MS = 10,
	BURST_MS = 100, /* what the rate saves up while nobody asks */
};

#define QUEUE_ROOM (RDNS_QUEUE_MAX + RDNS_CONCURRENCY_MAX)

static uint32_t
seconds(int64_t ms)
{
	return (uint32_t)(ms / 1000);
}

static uint32_t
clamp(uint32_t v, uint32_t min, uint32_t max)
{
	return v < min ? min : v > max ? max : v;
}

static void
queue_put(struct rdns *r, uint32_t number)
{
	r->queue[(r->head + r->queued++) % QUEUE_ROOM] = number;
	r->cache.entries[number].asked = QUEUED;
}

static uint32_t
queue_take(struct rdns *r)
{
	uint32_t number = r->queue[r->head];

	r->head = (r->head + 1) % QUEUE_ROOM;
	r->queued--;
	return number;
}

/* The lookup of an entry is over, whatever it brought. */
static void
lookup_end(struct rdns *r, struct ptr_entry *e)
{
	e->asked = NOT_ASKED;
	e->tries = 0;
	if (r->cache.batch != 0 && e->batch == r->cache.batch)
		r->awaited--;
}

static void
queue_drop(struct rdns *r)
{
	while (r->queued > 0)
		lookup_end(r, &r->cache.entries[queue_take(r)]);
}

static bool
rate_take(struct rdns *r, int64_t now)
{
	int64_t most = (int64_t)r->s.rate * BURST_MS;

	if (most < 1000)
		most = 1000;
	r->tokens += (now - r->filled_ms) * r->s.rate;
	if (r->tokens > most)
		r->tokens = most;
	r->filled_ms = now;
	if (r->tokens < 1000)
		return false;
	r->tokens -= 1000;
	return true;
}

static bool
is_up(const struct rdns *r, int64_t now)
{
	return r->resolver != NULL && resolver_up(r->resolver, now);
}

bool
rdns_takes(const struct rdns *r, int64_t now_ms)
{
	return r->queued < RDNS_QUEUE_MAX && is_up(r, now_ms);
}

static void
pump(struct rdns *r, int64_t now)
{
	while (r->queued > 0) {
		if (!is_up(r, now)) {
			r->counts.refused_down += r->queued;
			queue_drop(r);
			return;
		}
		if (!resolver_takes(r->resolver, now) || !rate_take(r, now)) {
			if (!loop_timer_pending(r->timer))
				loop_timer_set(r->timer, RATE_TICK_MS);
			return;
		}
		uint32_t number = queue_take(r);
		struct ptr_entry *e = &r->cache.entries[number];
		e->asked = IN_FLIGHT;
		r->counts.queries++;
		resolver_ask(r->resolver, &e->addr, number, e->tries++, now);
	}
}

/* Not from within a call of ours: who waits may go on to the next batch at once. */
static void
go_on(void *arg, int64_t now)
{
	struct rdns *r = arg;

	pump(r, now);
	if (r->waiting && r->awaited == 0) {
		r->waiting = false;
		r->ready(r->arg);
	}
}

static void
on_timer(void *arg)
{
	go_on(arg, clock_mono_ms());
}

static void
name_came(struct rdns *r, uint32_t number, const struct dns_answer *a, uint32_t now)
{
	struct ptr_entry *e = &r->cache.entries[number];
	struct str name = {a->name, a->name_len};

	ptr_cache_name(&r->cache, number, name);
	e->fresh_until = now + clamp(a->ttl, r->s.ttl_min, r->s.ttl_max);
	e->named_until = e->fresh_until + STALE_S;
	e->failures = 0;
	if (r->named != NULL)
		r->named(r->arg, &e->addr, name);
}

static void
none_came(struct rdns *r, uint32_t number, const struct dns_answer *a, uint32_t now)
{
	struct ptr_entry *e = &r->cache.entries[number];

	ptr_cache_name(&r->cache, number, (struct str){NULL, 0});
	e->fresh_until = now + clamp(a->ttl, r->s.ttl_min, NEGATIVE_MAX_S);
	e->failures = 0;
}

/* A name that was known stays for its time. */
static void
failure_came(struct ptr_entry *e, uint32_t now)
{
	uint32_t pause = (uint32_t)FAILURE_FIRST_S << e->failures;

	e->fresh_until = now + (pause < FAILURE_MAX_S ? pause : FAILURE_MAX_S);
	if (e->failures < FAILURE_DOUBLINGS)
		e->failures++;
}

/* What the answer means for the entry; false: nothing, it is worth another try. */
static bool
answer_take(struct rdns *r, uint32_t number, const void *p, size_t len, bool last, uint32_t now)
{
	struct dns_answer a;

	dns_answer_read(&a, p, len);
	r->counts.results[a.result]++;
	switch (a.result) {
	case DNS_NAME:
		name_came(r, number, &a, now);
		return true;
	case DNS_NONE:
	case DNS_UNFIT:
		none_came(r, number, &a, now);
		return true;
	case DNS_FAILED:
		if (!last && resolver_servers(r->resolver, &(unsigned){0}) > 1)
			return false; /* another server may know */
		break;
	case DNS_GARBAGE:
		break;
	}
	failure_came(&r->cache.entries[number], now);
	return true;
}

static void
on_answer(void *arg, uint32_t number, enum resolver_outcome o, const void *p, size_t len, int64_t now)
{
	struct rdns *r = arg;
	struct ptr_entry *e = &r->cache.entries[number];
	bool last = e->tries > r->s.retries, done = true;

	switch (o) {
	case RESOLVER_ANSWER:
		done = answer_take(r, number, p, len, last, seconds(now));
		break;
	case RESOLVER_TIMEOUT:
	case RESOLVER_UNREACHABLE:
		*(o == RESOLVER_TIMEOUT ? &r->counts.timeouts : &r->counts.unreachable) += 1;
		done = last;
		if (done)
			failure_came(e, seconds(now));
		break;
	case RESOLVER_CANCELLED:
		e->tries = 0;
		done = false;
		break;
	}
	if (done)
		lookup_end(r, e);
	else
		queue_put(r, number);
}

static void
resolver_open(struct rdns *r)
{
	struct resolver_options o = {
	    .servers = r->s.servers,
	    .server_count = r->s.server_count,
	    .timeout_ms = r->s.timeout_ms,
	    .in_flight_max = r->s.concurrency,
	    .answer = on_answer,
	    .settled = go_on,
	    .arg = r,
	};
	struct err e;

	r->resolver = resolver_new(r->loop, &o, &e);
	if (r->resolver == NULL)
		log_warnx("no reverse DNS: %s", e.msg);
}

void
rdns_init(struct rdns *r, const struct rdns_settings *s)
{
	*r = (struct rdns){.s = *s};
	ptr_cache_init(&r->cache, s->cache_entries);
}

void
rdns_release(struct rdns *r)
{
	rdns_stop(r);
	ptr_cache_release(&r->cache);
}

void
rdns_start(struct rdns *r, struct loop *l)
{
	r->loop = l;
	r->timer = loop_timer_add(l, on_timer, r);
	resolver_open(r);
}

void
rdns_stop(struct rdns *r)
{
	if (r->loop == NULL)
		return;
	resolver_free(r->resolver);
	loop_timer_remove(r->timer);
	r->resolver = NULL;
	r->loop = NULL;
	queue_drop(r);
}

void
rdns_change(struct rdns *r, const struct rdns_settings *s)
{
	uint32_t entries = r->s.cache_entries;

	r->s = *s;
	r->s.cache_entries = entries;
	if (r->loop == NULL)
		return;
	resolver_free(r->resolver); /* what was in flight is in the queue again */
	resolver_open(r);
	loop_timer_set(r->timer, 0);
}

static void
ask(struct rdns *r, const struct addr *a, uint32_t now)
{
	uint32_t number;

	ptr_cache_find(&r->cache, a, 1, &number);
	struct ptr_entry *e = &r->cache.entries[number];
	if (number != 0 && e->asked == NOT_ASKED && now < e->fresh_until)
		return;
	if (number == 0 || e->asked == NOT_ASKED) {
		if (number == 0 && (number = ptr_cache_add(&r->cache, a)) == 0) {
			r->counts.refused_rate++;
			return;
		}
		queue_put(r, number);
		e = &r->cache.entries[number];
		e->batch = 0;
	}
	if (r->cache.batch != 0 && e->batch != r->cache.batch) {
		e->batch = r->cache.batch;
		r->awaited++;
	}
}

void
rdns_ask(struct rdns *r, const struct addr *a, size_t n, int64_t now_ms)
{
	size_t i = 0;

	if (!is_up(r, now_ms)) {
		r->counts.refused_down += n;
		return;
	}
	while (i < n && r->queued < RDNS_QUEUE_MAX)
		ask(r, &a[i++], seconds(now_ms));
	r->counts.refused_rate += n - i;
	pump(r, now_ms);
}

void
rdns_await(struct rdns *r)
{
	rdns_settle(r);
	queue_drop(r);
	if (++r->cache.batch == 0)
		r->cache.batch = 1;
	r->awaited = 0;
}

bool
rdns_wait(struct rdns *r)
{
	r->waiting = r->awaited > 0;
	return r->waiting;
}

void
rdns_settle(struct rdns *r)
{
	r->waiting = false;
}

void
rdns_warm(struct rdns *r, const struct addr *a, struct str name, uint32_t fresh_seconds, int64_t now_ms)
{
	uint32_t number;

	ptr_cache_find(&r->cache, a, 1, &number);
	if (number == 0)
		number = ptr_cache_add(&r->cache, a);
	struct ptr_entry *e = &r->cache.entries[number];
	uint32_t until = seconds(now_ms) + fresh_seconds;
	if (number == 0 || until < e->fresh_until)
		return; /* a later row was there before */
	ptr_cache_name(&r->cache, number, name);
	e->fresh_until = until;
	e->named_until = until + STALE_S;
}
