#include <stdlib.h>
#include <string.h>

#include "detect/engine_parts.h"

/* The key of the map of incidents. */
struct incident_key {
	uint32_t run, width;
	uint8_t key[FLOWKEY_MAX];
};

static struct incident_key
incident_key(const struct engine *e, uint32_t run, enum flowkey_width width, const void *key)
{
	struct incident_key k = {.run = run, .width = width};

	memcpy(k.key, key, e->states[e->runs[run].state].key.layouts[width].size);
	return k;
}

void
incidents_init(struct incidents *is, uint32_t cap)
{
	*is = (struct incidents){.cap = cap, .used = 1};
	map_init(&is->by_key, sizeof(struct incident_key), sizeof(uint32_t));
	is->open = mem_zero((size_t)cap, sizeof *is->open);
}

void
incidents_release(struct incidents *is)
{
	map_release(&is->by_key);
	free(is->v);
	free(is->open);
	*is = (struct incidents){0};
}

static void
closed_unlink(struct incidents *is, uint32_t number)
{
	struct incident *in = &is->v[number];

	*(in->prev != 0 ? &is->v[in->prev].next : &is->closed_first) = in->next;
	*(in->next != 0 ? &is->v[in->next].prev : &is->closed_last) = in->prev;
	in->next = in->prev = 0;
}

static void
closed_append(struct incidents *is, uint32_t number)
{
	is->v[number].prev = is->closed_last;
	*(is->closed_last != 0 ? &is->v[is->closed_last].next : &is->closed_first) = number;
	is->closed_last = number;
}

/* Forgets a closed incident. */
static void
incident_forget(struct engine *e, uint32_t number)
{
	struct incidents *is = &e->incidents;
	struct incident *in = &is->v[number];
	struct incident_key k = incident_key(e, in->run, in->width, in->key);

	map_delete(&is->by_key, &k);
	closed_unlink(is, number);
	in->next = is->free;
	is->free = number;
}

/* A number for a new incident; where there is no room, the one closed longest is forgotten. 0: none. */
static uint32_t
number_take(struct engine *e)
{
	struct incidents *is = &e->incidents;

	if (is->free == 0 && is->used > is->cap && is->closed_first != 0) {
		incident_forget(e, is->closed_first);
		e->counts.incidents_forgotten++;
	}
	uint32_t number = is->free;
	if (number != 0) {
		is->free = is->v[number].next;
	} else if (is->used <= is->cap) {
		number = is->used++;
		if ((number & (number - 1)) == 0)
			is->v = mem_resize(is->v, (size_t)number * 2, sizeof *is->v);
	}
	return number;
}

/* The incident of the run and group, made if there is none (closed and never held before), or 0. */
static uint32_t
incident_find(struct engine *e, uint32_t run, enum flowkey_width width, const void *key)
{
	struct incidents *is = &e->incidents;
	struct incident_key k = incident_key(e, run, width, key);
	const uint32_t *known = map_get(&is->by_key, &k);

	if (known != NULL)
		return *known;
	uint32_t number = number_take(e);
	if (number == 0) {
		e->counts.incidents_refused++;
		return 0;
	}
	struct incident *in = &is->v[number];
	*in = (struct incident){.run = run, .width = width, .phase = PHASE_CLOSED};
	memcpy(in->key, k.key, sizeof in->key);
	closed_append(is, number);
	*(uint32_t *)map_put(&is->by_key, &k, NULL) = number;
	return number;
}

struct totals
totals_take(struct engine *e, struct state *st, struct group *g)
{
	struct window *w = &st->window;
	struct totals t = {.flows = g->flows, .packets = g->packets, .bytes = g->bytes};

	for (unsigned u = 0; u < UNIQUES; u++)
		if (w->unique_max[u] > 0)
			t.unique[u] = window_unique(w, g, (enum unique)u, e->now);
	t.score = window_score(w, g, e->now);
	return t;
}

static void
totals_raise(struct totals *peak, const struct totals *t)
{
#define RAISE(member)                 \
	if (t->member > peak->member) \
	peak->member = t->member
	RAISE(flows);
	RAISE(packets);
	RAISE(bytes);
	for (unsigned u = 0; u < UNIQUES; u++)
		RAISE(unique[u]);
	RAISE(score);
#undef RAISE
}

static void
fill(const struct engine *e, const struct incident *in, enum detection_state state, int64_t time_ms,
    struct detection *d)
{
	const struct run *r = &e->runs[in->run];
	const struct state *st = &e->states[r->state];

	*d = (struct detection){
	    .rule = r->rule,
	    .key = &st->key,
	    .window = &st->window,
	    .actions = r->actions,
	    .trusted = r->trust != TRUST_NONE,
	    .state = state,
	    .time_ms = time_ms,
	    .start_ms = in->start_ms,
	    .key_width = in->width,
	    .now = in->now,
	    .peak = in->peak,
	    .blackhole = in->blackhole,
	    .nat_src = in->nat_src,
	    .nat_dst = in->nat_dst,
	    .sample_count = in->sample_count,
	};
	struct group_limits limits;
	run_limits(e, r, in->width, in->key, &limits);
	memcpy(d->limits, limits.v, sizeof d->limits);
	d->host_group = limits.host_group;
	d->usual = limits.usual;
	memcpy(d->id, in->id, sizeof d->id);
	memcpy(d->key_bytes, in->key, sizeof d->key_bytes);
	memcpy(d->samples, in->samples, sizeof d->samples);
}

/* Says how the incident stands, by a row or at the end of a second. */
static void
say(struct engine *e, struct incident *in, enum detection_state state, int64_t time_ms, const struct row *row)
{
	uint64_t *counters[] = {&e->counts.started, &e->counts.updated, &e->counts.ended};

	if (e->pending_count == e->pending_cap) {
		e->pending_cap = e->pending_cap * 2 + 16;
		e->pending = mem_resize(e->pending, e->pending_cap, sizeof *e->pending);
	}
	struct pending *p = &e->pending[e->pending_count++];
	p->row = row != NULL ? row->row : 0;
	p->run = in->run;
	fill(e, in, state, time_ms, &p->detection);
	(*counters[state])++;
	in->said_at = e->now;
	in->sample_count = 0;
}

/* The rule holds again for the key of a closed incident. */
static void
incident_reopen(struct engine *e, uint32_t number, uint32_t group)
{
	struct incidents *is = &e->incidents;
	struct incident *in = &is->v[number];
	const struct rule *r = e->runs[in->run].rule;

	closed_unlink(is, number);
	is->open[is->open_count++] = number;
	groups_at(&e->states[e->runs[in->run].state].groups[in->width], group)->pins++;
	in->group = group;
	in->phase = PHASE_MUTED;
	in->blackhole = false;
	in->sample_count = 0;
	in->nat_src.count = in->nat_dst.count = 0;
	in->peak = (struct totals){.score = -1};
	if (in->held > 0 && e->now - in->last_held >= r->blackhole_count_reset)
		in->held = 0;
}

/* Counts the current second as one in which the rule held; whether the blackhole has just come due. */
static bool
incident_count(struct engine *e, struct incident *in)
{
	const struct run *run = &e->runs[in->run];
	const struct rule *r = run->rule;

	in->last_held = e->now;
	if (in->held == 0 || in->counted != e->now) {
		in->counted = e->now;
		in->held++;
	}
	bool due = (run->actions & ACTION_BLACKHOLE) != 0 && r->blackhole_count > 0 &&
		   in->held >= r->blackhole_count && !in->blackhole;
	in->blackhole = in->blackhole || due;
	return due;
}

/* Opens a muted incident if the time has come. */
static void
incident_start(struct engine *e, struct incident *in, int64_t time_ms, const struct row *row)
{
	const struct run *r = &e->runs[in->run];

	in->phase = PHASE_OPEN;
	in->start_ms = time_ms;
	in->update_at = e->now + e->options.update_every;
	detection_id(in->id, r->rule, r->trust != TRUST_NONE, &e->states[r->state].key, in->width, in->key,
	    in->start_ms);
	say(e, in, DETECTION_START, time_ms, row);
}

void
incident_hold(struct engine *e, uint32_t run, enum flowkey_width width, uint32_t group, const struct row *row)
{
	struct run *r = &e->runs[run];
	struct groups *gs = &e->states[r->state].groups[width];
	struct group *g = groups_at(gs, group);
	struct recent *last = &r->recent[group % RECENT];

	if (last->group != group || last->width != width || last->incident == 0)
		*last = (struct recent){group, incident_find(e, run, width, groups_key(gs, g)), width};
	if (last->incident == 0)
		return;
	struct incident *in = &e->incidents.v[last->incident];
	if (in->phase == PHASE_CLOSED)
		incident_reopen(e, last->incident, group);
	evidence_take(in, row, &e->rules.own);

	bool due = incident_count(e, in),
	     start = in->phase == PHASE_MUTED && (due || e->now >= in->muted_until);
	if (!start && !due)
		return;
	in->now = totals_take(e, &e->states[e->runs[in->run].state], g);
	totals_raise(&in->peak, &in->now);
	if (start)
		incident_start(e, in, row->time_ms, row);
	else
		say(e, in, DETECTION_UPDATE, row->time_ms, row);
}

/* The end of the current second, as a time. */
static int64_t
second_end(const struct engine *e)
{
	return ((int64_t)e->now + 1) * 1000;
}

/* Ends one; it is remembered where its rule asks for it. */
static void
incident_end(struct engine *e, uint32_t number)
{
	struct incidents *is = &e->incidents;
	struct incident *in = &is->v[number];
	struct run *r = &e->runs[in->run];

	if (in->phase == PHASE_OPEN) {
		say(e, in, DETECTION_END, second_end(e), NULL);
		in->muted_until = e->now + r->rule->cooldown;
	}
	if (in->group != 0)
		groups_at(&e->states[r->state].groups[in->width], in->group)->pins--;
	in->phase = PHASE_CLOSED;
	memset(r->recent, 0, sizeof r->recent);
	closed_append(is, number);
	if (r->rule->cooldown == 0 && r->rule->blackhole_count == 0)
		incident_forget(e, number);
}

/* Looks at one incident at the end of the current second; false: it has ended. */
static bool
incident_second(struct engine *e, uint32_t number)
{
	struct incident *in = &e->incidents.v[number];
	const struct run *r = &e->runs[in->run];
	struct state *st = &e->states[r->state];
	struct group *g = groups_at(&st->groups[in->width], in->group);

	window_expire(&st->window, g, e->now);
	if (run_holds(e, r, in->width, g, e->now)) {
		bool due = incident_count(e, in);

		in->now = totals_take(e, st, g);
		totals_raise(&in->peak, &in->now);
		if (in->phase == PHASE_MUTED) {
			if (due || e->now >= in->muted_until)
				incident_start(e, in, second_end(e), NULL);
		} else if (due) {
			say(e, in, DETECTION_UPDATE, second_end(e), NULL);
		}
	} else if (e->now - in->last_held >= st->window.seconds) {
		return false;
	}
	if (in->phase == PHASE_OPEN && e->now >= in->update_at) {
		if (in->last_held > in->said_at)
			say(e, in, DETECTION_UPDATE, second_end(e), NULL);
		in->update_at += e->options.update_every;
	}
	return true;
}

/* Whether nothing of a closed incident matters any more. */
static bool
incident_is_stale(const struct engine *e, const struct incident *in)
{
	const struct rule *r = e->runs[in->run].rule;

	return e->now >= in->muted_until &&
	       (r->blackhole_count == 0 || e->now - in->last_held >= r->blackhole_count_reset);
}

void
incidents_second(struct engine *e)
{
	struct incidents *is = &e->incidents;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < is->open_count; i++) {
		uint32_t number = is->open[i];

		if (incident_second(e, number))
			is->open[kept++] = number;
		else
			incident_end(e, number);
	}
	is->open_count = kept;
	pending_flush(e);
	while (is->closed_first != 0 && incident_is_stale(e, &is->v[is->closed_first]))
		incident_forget(e, is->closed_first);
}

void
incidents_end(struct engine *e)
{
	struct incidents *is = &e->incidents;

	for (uint32_t i = 0; i < is->open_count; i++)
		incident_end(e, is->open[i]);
	is->open_count = 0;
	pending_flush(e);
}

void
incidents_leave(struct engine *old, const int64_t *successor)
{
	struct incidents *is = &old->incidents;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < is->open_count; i++) {
		if (successor[is->v[is->open[i]].run] < 0)
			incident_end(old, is->open[i]);
		else
			is->open[kept++] = is->open[i];
	}
	is->open_count = kept;
	pending_flush(old);
	for (uint32_t number = is->closed_first, next; number != 0; number = next) {
		next = is->v[number].next;
		if (successor[is->v[number].run] < 0)
			incident_forget(old, number);
	}
}

static void
incident_file(struct engine *e, uint32_t number, const int64_t *successor)
{
	struct incident *in = &e->incidents.v[number];

	in->run = (uint32_t)successor[in->run];
	struct incident_key k = incident_key(e, in->run, in->width, in->key);
	*(uint32_t *)map_put(&e->incidents.by_key, &k, NULL) = number;
}

void
incidents_settle(struct engine *e, const int64_t *successor)
{
	struct incidents *is = &e->incidents;

	uint32_t kept = 0;

	map_clear(&is->by_key);
	for (uint32_t number = is->closed_first; number != 0; number = is->v[number].next)
		incident_file(e, number, successor);
	for (uint32_t i = 0; i < is->open_count; i++) {
		uint32_t number = is->open[i];
		struct incident *in = &is->v[number];

		incident_file(e, number, successor);
		const struct groups *gs = &e->states[e->runs[in->run].state].groups[in->width];
		in->group = groups_find(gs, in->key, groups_hash(gs, in->key));
		if (in->group != 0)
			is->open[kept++] = number;
		else
			incident_end(e, number); /* no memory was left for it */
	}
	is->open_count = kept;
	pending_flush(e);
}

void
incidents_rewind(struct engine *e, uint32_t now)
{
	struct incidents *is = &e->incidents;

	for (uint32_t number = is->closed_first; number != 0; number = is->v[number].next) {
		is->v[number].muted_until = 0;
		if (is->v[number].last_held > now)
			is->v[number].last_held = now;
	}
}

static int
pending_compare(const void *a, const void *b)
{
	const struct pending *x = a, *y = b;

	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	if (x->run != y->run)
		return x->run < y->run ? -1 : 1;
	if (x->detection.key_width != y->detection.key_width)
		return x->detection.key_width < y->detection.key_width ? -1 : 1;
	return memcmp(x->detection.key_bytes, y->detection.key_bytes, FLOWKEY_MAX);
}

void
pending_flush(struct engine *e)
{
	if (e->pending_count > 1)
		qsort(e->pending, e->pending_count, sizeof *e->pending, pending_compare);
	for (size_t i = 0; i < e->pending_count; i++)
		e->options.emit(e->options.arg, &e->pending[i].detection);
	e->pending_count = 0;
}
