/* The way of a batch through the engine. */
#include "detect/engine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "detect/engine_parts.h"

enum {
	CHUNK = 64, /* rows between the first look at memory and its use */
	STALE_RUN_MAX = 64, /* so many stale flows in a row mean that the clock went back */
};

struct engine *
engine_new(struct engine_rules *r, const struct engine_options *o)
{
	struct engine *e = mem_zero(1, sizeof *e);

	e->options = *o;
	e->rules = *r;
	*r = (struct engine_rules){0};
	e->pool.cap = o->memory;
	blocks_init(&e->blocks, &e->pool, o->memory / 16);
	/* Only where keys lie in tables depends on the seed, never what comes out. */
	if (getrandom(&e->seed, sizeof e->seed, 0) != (ssize_t)sizeof e->seed)
		e->seed = (uintptr_t)e;
	incidents_init(&e->incidents, o->incidents_max);
	baselines_init(&e->baselines);
	engine_build(e);
	return e;
}

void
engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	incidents_release(&e->incidents);
	engine_unbuild(e);
	blocks_release(&e->blocks);
	baselines_release(&e->baselines);
	free(e->pending);
	free(e);
}

/* What a batch is worked through with. */
struct work {
	struct flows flows;
	const int64_t *time_ms;
	uint32_t *second; /* of each row */
	uint32_t *clock; /* the engine's second when the row is counted */
	uint64_t *alive; /* rows that have a time and are not stale */
	const uint64_t *start, *end; /* NULL unless both are there */
	const uint64_t *packets, *bytes;
	const uint64_t *values[UNIQUES]; /* hashes of what is counted distinct, once asked for */
};

/* The column of times, or of a lesser choice where the batch lacks it. */
static const int64_t *
times_of(struct engine *e, struct work *w)
{
	static const enum field choices[2][3] = {
	    [CLOCK_RECEIVED] = {FIELD_timestamp_received, FIELD_timestamp_end, FIELD_timestamp_start},
	    [CLOCK_FLOW] = {FIELD_timestamp_end, FIELD_timestamp_start, FIELD_timestamp_received},
	};
	int64_t *out = NULL;

	for (int i = 0; i < 3; i++) {
		const int64_t *t = flows_flat(&w->flows, choices[e->options.clock][i]);

		if (t == NULL)
			continue;
		if (out == NULL) {
			const struct col *c = batch_col(w->flows.batch, choices[e->options.clock][i]);

			if (c->present == NULL)
				return t;
			out = arena_dup(w->flows.arena, t, w->flows.rows * sizeof *out);
			continue;
		}
		for (uint32_t r = 0; r < w->flows.rows; r++)
			out[r] = out[r] == 0 ? t[r] : out[r];
	}
	return out;
}

/* Whether a flow of second `sec` counts at clock *now, which it may move on, or back for good. */
static bool
clock_take(struct engine *e, uint32_t *now, uint32_t sec)
{
	if (*now == 0 || sec >= *now) {
		*now = sec;
	} else if (*now - sec <= e->options.tolerance) {
		e->counts.late++;
	} else if (++e->stale_run < STALE_RUN_MAX) {
		e->counts.stale++;
		return false;
	} else {
		*now = sec;
	}
	e->stale_run = 0;
	return true;
}

/* The second of each row and the clock at it. */
static void
work_times(struct engine *e, struct work *w)
{
	uint32_t rows = w->flows.rows, now = e->now;
	struct arena *a = w->flows.arena;

	w->time_ms = times_of(e, w);
	w->second = arena_zero(a, rows * sizeof *w->second);
	w->clock = arena_alloc(a, rows * sizeof *w->clock);
	w->alive = arena_zero(a, w->flows.words * sizeof *w->alive);
	for (uint32_t i = 0; i < rows; i++) {
		int64_t ms = w->time_ms != NULL ? w->time_ms[i] : 0;

		w->clock[i] = now;
		if (ms < 1000 || ms / 1000 >= UINT32_MAX - RULE_WINDOW_MAX) {
			e->counts.untimed++;
			continue;
		}
		w->second[i] = (uint32_t)(ms / 1000);
		if (!clock_take(e, &now, w->second[i]))
			continue;
		w->clock[i] = now;
		w->alive[i >> 6] |= UINT64_C(1) << (i & 63);
	}
	w->start = flows_flat(&w->flows, FIELD_timestamp_start);
	w->end = flows_flat(&w->flows, FIELD_timestamp_end);
	if (w->start == NULL || w->end == NULL)
		w->start = w->end = NULL;
}

static const enum field counted[UNIQUES] = {FIELD_dst_host, FIELD_dst_port, FIELD_src_host};

/* The hashes of a column that is counted distinct; NULL if the batch lacks it. */
static const uint64_t *
work_values(const struct engine *e, struct work *w, enum unique u)
{
	const void *flat = w->values[u] == NULL ? flows_flat(&w->flows, counted[u]) : NULL;

	if (flat == NULL)
		return w->values[u];
	uint64_t *out = arena_alloc(w->flows.arena, w->flows.rows * sizeof *out);
	if (u == UNIQUE_DST_PORTS)
		for (uint32_t i = 0; i < w->flows.rows; i++)
			out[i] = hash_word(((const uint16_t *)flat)[i], e->seed);
	else
		for (uint32_t i = 0; i < w->flows.rows; i++)
			out[i] = hash_addr((const struct addr *)flat + i, e->seed);
	return w->values[u] = out;
}

/* Rows that the state looks at, as a bitmap of its own. */
struct view {
	uint64_t *bits;
	struct flowkey_rows rows; /* keys, shared by states of one shape */
	const struct col *unique[UNIQUES]; /* columns of the values counted, NULL where not */
	const uint64_t *values[UNIQUES];
	const struct col *score;
	const float *scores;
};

static void
view_init(
    const struct engine *e, struct view *views, uint32_t index, struct work *w, const uint64_t *filtered)
{
	const struct state *st = &e->states[index];
	struct view *v = &views[index];

	*v = (struct view){.bits = arena_dup(w->flows.arena, filtered, w->flows.words * sizeof *filtered)};
	if (st->shape == index)
		flowkey_rows(&st->key, &w->flows, e->seed, &v->rows);
	else
		v->rows = views[st->shape].rows;
	for (uint32_t i = 0; i < w->flows.words; i++)
		v->bits[i] &= v->rows.present[i];
	for (unsigned u = 0; u < UNIQUES; u++) {
		if (st->window.unique_max[u] == 0)
			continue;
		v->unique[u] = batch_col(w->flows.batch, counted[u]);
		v->values[u] = work_values(e, w, (enum unique)u);
	}
	if (st->window.score_min >= 0) {
		v->score = batch_col(w->flows.batch, FIELD_ml_score);
		v->scores = flows_flat(&w->flows, FIELD_ml_score);
	}
}

/* A flow longer than the window contributes the share that fits into it. */
static uint64_t
share(uint64_t count, uint64_t duration_ms, uint64_t window_ms)
{
	return (uint64_t)((unsigned __int128)count * window_ms / duration_ms);
}

/* Rows of one state and key width that are worked on together. */
struct chunk {
	uint32_t n;
	uint16_t rows[CHUNK];
	uint32_t refs[CHUNK];
};

/* Notes for all rules of the state how the group stands. */
static void
state_survey(struct engine *e, struct state *st, enum flowkey_width width, struct group *g, int64_t time_ms)
{
	for (uint32_t k = 0; k < st->run_count; k++) {
		const struct run *r = &e->runs[st->runs[k]];

		if (!survey_wants(e->options.survey, r->rule))
			continue;
		const void *key = groups_key(&st->groups[width], g);
		struct group_limits limits;
		run_limits(e, r, width, key, &limits);
		const struct survey_note n = {
		    .rule = r->rule,
		    .trusted = r->trust != TRUST_NONE,
		    .key = &st->key,
		    .width = width,
		    .key_bytes = key,
		    .limits = limits.v,
		    .time_ms = time_ms,
		    .totals = totals_take(e, st, g),
		};
		survey_take(e->options.survey, &n);
	}
}

/* Counts the i-th row of the chunk in its group. */
static void
state_row(struct engine *e, struct state *st, enum flowkey_width width, const struct view *v, struct work *w,
    const struct chunk *c, uint32_t i)
{
	uint32_t row = c->rows[i], sec = w->second[row];
	uint64_t packets = w->packets[row], bytes = w->bytes[row], window_ms = st->window.seconds * 1000ULL;
	struct group *g = groups_at(&st->groups[width], c->refs[i]);

	if (w->start != NULL && w->start[row] != 0 && w->end[row] > w->start[row] + window_ms) {
		packets = share(packets, w->end[row] - w->start[row], window_ms);
		bytes = share(bytes, w->end[row] - w->start[row], window_ms);
	}
	if (!window_add(&st->window, g, e->now, sec, packets, bytes))
		return;
	for (unsigned u = 0; u < UNIQUES; u++)
		if (v->unique[u] != NULL && col_has(v->unique[u], row))
			window_add_unique(&st->window, g, (enum unique)u, e->now, sec, v->values[u][row]);
	if (v->score != NULL && col_has(v->score, row))
		window_add_score(&st->window, g, sec, v->scores[row]);
	e->counts.matched++;
	if (e->options.survey != NULL)
		state_survey(e, st, width, g, w->time_ms[row]);
	if (g->flows < st->least_flows)
		return;
	for (uint32_t k = 0; k < st->run_count; k++) {
		if (!run_holds(e, &e->runs[st->runs[k]], width, g, e->now))
			continue;
		const struct row r = {&w->flows, row, w->time_ms[row], packets, bytes};
		incident_hold(e, st->runs[k], width, c->refs[i], &r);
	}
}

/* Has on the way what counting the row will touch beyond its group's record. */
static void
row_prefetch(
    const struct engine *e, const struct state *st, const struct view *v, const struct group *g, uint32_t row)
{
	window_prefetch(&st->window, g, e->now);
	for (unsigned u = 0; u < UNIQUES; u++)
		if (v->unique[u] != NULL)
			window_prefetch_unique(&st->window, g, (enum unique)u, v->values[u][row]);
}

/* Pass by pass, so that memory is on its way while others are worked on. */
static void
state_chunk(struct engine *e, struct state *st, enum flowkey_width width, const struct view *v,
    struct work *w, struct chunk *c)
{
	struct groups *gs = &st->groups[width];
	const uint8_t *keys = v->rows.keys[width];
	const uint32_t *hashes = v->rows.hashes;

	for (uint32_t i = 0; i < c->n; i++)
		c->refs[i] = groups_guess(gs, hashes[c->rows[i]]);
	for (uint32_t i = 0; i < c->n; i++) {
		uint32_t row = c->rows[i];

		if (c->refs[i] != 0 && !groups_is(gs, c->refs[i], keys + (size_t)row * gs->key_size))
			c->refs[i] = groups_find(gs, keys + (size_t)row * gs->key_size, hashes[row]);
		if (c->refs[i] != 0)
			row_prefetch(e, st, v, groups_at(gs, c->refs[i]), row);
	}
	uint64_t removed = gs->removed;
	for (uint32_t i = 0; i < c->n; i++) {
		uint32_t row = c->rows[i];

		/* The row before may have made this one's group, or made it leave. */
		if (c->refs[i] == 0 || gs->removed != removed)
			c->refs[i] = groups_take(gs, keys + (size_t)row * gs->key_size, hashes[row], e->now);
		if (c->refs[i] != 0)
			state_row(e, st, width, v, w, c, i);
	}
	c->n = 0;
}

/* The state's rows among [from, to), all of one second of the clock. */
static void
state_rows(
    struct engine *e, struct state *st, const struct view *v, struct work *w, uint32_t from, uint32_t to)
{
	struct chunk chunks[KEY_WIDTHS];

	chunks[KEY_NARROW].n = chunks[KEY_WIDE].n = 0;
	for (uint32_t word = from / 64; word * 64 < to; word++) {
		uint64_t bits = v->bits[word];

		if (word * 64 < from)
			bits &= ~UINT64_C(0) << (from & 63);
		if (to - word * 64 < 64)
			bits &= (UINT64_C(1) << (to & 63)) - 1;
		for (; bits != 0; bits &= bits - 1) {
			uint32_t row = word * 64 + (uint32_t)__builtin_ctzll(bits);
			enum flowkey_width width = FLOWS_BIT(v->rows.wide, row) ? KEY_WIDE : KEY_NARROW;
			struct chunk *c = &chunks[width];

			groups_prefetch_slot(&st->groups[width], v->rows.hashes[row]);
			c->rows[c->n++] = (uint16_t)row;
			if (c->n == CHUNK)
				state_chunk(e, st, width, v, w, c);
		}
	}
	for (unsigned i = 0; i < KEY_WIDTHS; i++)
		state_chunk(e, st, (enum flowkey_width)i, v, w, &chunks[i]);
}

/* Seconds end one by one while there are incidents to look at; then the rest at once. */
static void
clock_advance(struct engine *e, uint32_t now)
{
	uint32_t before = e->now;

	if (before == 0) {
		e->now = now;
		return;
	}
	engine_learn(e, now);
	for (; e->now < now && e->incidents.open_count > 0; e->now++)
		incidents_second(e);
	e->now = now;
	for (uint32_t i = 0; i < e->state_count; i++)
		for (unsigned k = 0; k < KEY_WIDTHS; k++)
			groups_sweep(&e->states[i].groups[k], now, now - before);
}

/* The clock went back: what was counted lies in a future that is no more. */
static void
clock_reset(struct engine *e, uint32_t now)
{
	incidents_end(e);
	incidents_rewind(e, now);
	for (uint32_t i = 0; i < e->state_count; i++)
		for (unsigned k = 0; k < KEY_WIDTHS; k++)
			groups_clear(&e->states[i].groups[k]);
	e->now = now;
	e->counts.clock_resets++;
}

void
engine_batch(struct engine *e, const struct batch *b, struct arena *a)
{
	struct work w = {.time_ms = NULL};
	uint64_t **filtered = arena_alloc(a, (e->sieve_count + 1) * sizeof *filtered);
	struct view *views = arena_alloc(a, (e->state_count + 1) * sizeof *views);

	e->counts.flows += b->rows;
	if (b->rows == 0)
		return;
	flows_init(&w.flows, b, a, &e->rules.own, &e->rules.upstream);
	work_times(e, &w);
	w.packets = flows_packets(&w.flows);
	w.bytes = flows_bytes(&w.flows);
	for (uint32_t i = 0; i < e->sieve_count; i++) {
		filtered[i] = arena_dup(a, w.alive, w.flows.words * sizeof *w.alive);
		sieve_run(&e->sieves[i], &w.flows, filtered[i]);
	}
	for (uint32_t i = 0; i < e->state_count; i++)
		view_init(e, views, i, &w, filtered[e->states[i].filter]);

	for (uint32_t from = 0, to; from < b->rows; from = to) {
		uint32_t now = w.clock[from];

		for (to = from + 1; to < b->rows && w.clock[to] == now; to++)
			;
		if (now < e->now)
			clock_reset(e, now);
		else
			clock_advance(e, now);
		for (uint32_t i = 0; i < e->state_count; i++)
			state_rows(e, &e->states[i], &views[i], &w, from, to);
		pending_flush(e);
	}
}

void
engine_advance(struct engine *e, int64_t now_ms)
{
	if (e->now != 0 && now_ms / 1000 > e->now && now_ms / 1000 < UINT32_MAX - RULE_WINDOW_MAX)
		clock_advance(e, (uint32_t)(now_ms / 1000));
}

void
engine_end(struct engine *e)
{
	if (e->now == 0)
		return;
	incidents_second(e);
	incidents_end(e);
}

const struct rules *
engine_rules_now(const struct engine *e)
{
	return &e->rules.rules;
}

uint32_t
engine_now(const struct engine *e)
{
	return e->now;
}

const struct engine_counts *
engine_counts(struct engine *e)
{
	struct engine_counts *c = &e->counts;

	c->groups = c->groups_evicted = c->groups_refused = c->squeezed = 0;
	for (uint32_t i = 0; i < e->state_count; i++) {
		for (unsigned k = 0; k < KEY_WIDTHS; k++) {
			c->groups += e->states[i].groups[k].count;
			c->groups_evicted += e->states[i].groups[k].evicted;
			c->groups_refused += e->states[i].groups[k].refused;
		}
		c->squeezed += e->states[i].window.squeezed;
	}
	c->baselines = e->baselines.groups.count;
	c->baselines_refused = e->baselines.refused;
	c->open = e->incidents.open_count;
	c->memory = e->pool.used;
	return c;
}
