/* Rules to runs, filters and states; and what goes on when the rules change. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "detect/engine_parts.h"

static uint32_t
sieve_index(struct engine *e, const struct rule *r, enum sieve_trust trust)
{
	struct buf text = {0};

	buf_printf(&text, "trust: %d\n", (int)trust);
	rule_filter_print(&r->filter, "", &text);
	for (uint32_t i = 0; i < e->sieve_count; i++) {
		if (strcmp(e->sieve_texts[i], buf_cstr(&text)) != 0)
			continue;
		buf_release(&text);
		return i;
	}
	e->sieves = mem_resize(e->sieves, e->sieve_count + 1, sizeof *e->sieves);
	e->sieve_texts = mem_resize(e->sieve_texts, e->sieve_count + 1, sizeof *e->sieve_texts);
	sieve_init(&e->sieves[e->sieve_count], &r->filter, trust);
	e->sieve_texts[e->sieve_count] = mem_strdup(buf_cstr(&text));
	buf_release(&text);
	return e->sieve_count++;
}

/* The first state, perhaps the index itself, that groups alike. */
static uint32_t
shape_index(const struct engine *e, uint32_t index)
{
	uint32_t i = 0;

	while (
	    memcmp(&e->states[i].key.parts, &e->states[index].key.parts, sizeof e->states[i].key.parts) != 0)
		i++;
	return i;
}

/* Adds the run to the state that it shares, or to one of its own. */
static void
state_join(struct engine *e, uint32_t index)
{
	struct run *run = &e->runs[index];
	const struct rule *r = run->rule;
	uint32_t filter = sieve_index(e, r, run->trust), i = 0;
	struct buf text = {0};

	/* The score is part of it: a state keeps the latest score that is high enough, for one limit. */
	buf_printf(&text, "%sgroup_by: ", e->sieve_texts[filter]);
	rule_key_print(&r->key, &text);
	buf_printf(&text, "\ntime_window: %" PRIu32 "\nmin_ml_score: %.17g\n", r->window, r->min_ml_score);
	while (i < e->state_count && strcmp(e->states[i].identity, buf_cstr(&text)) != 0)
		i++;
	if (i == e->state_count) {
		e->states = mem_resize(e->states, ++e->state_count, sizeof *e->states);
		e->states[i] = (struct state){.identity = mem_strdup(buf_cstr(&text)), .filter = filter};
		e->states[i].least_flows = UINT64_MAX;
		flowkey_init(&e->states[i].key, &r->key);
		e->states[i].shape = shape_index(e, i);
	}
	buf_release(&text);
	struct state *st = &e->states[i];
	run->state = i;
	st->runs = mem_resize(st->runs, st->run_count + 1, sizeof *st->runs);
	st->runs[st->run_count++] = index;
	if (run->needs.flows < st->least_flows)
		st->least_flows = run->needs.flows;
}

/* The least that any group needs, whatever its host group; baselines only raise thresholds. */
static void
least_limits(const struct rule *r, uint64_t limits[LIMITS])
{
	memcpy(limits, r->limits, sizeof r->limits);
	for (size_t i = 0; i < r->override_count; i++)
		for (int l = 0; l < LIMITS; l++)
			if (r->overrides[i].limits[l] > 0 && r->overrides[i].limits[l] < limits[l])
				limits[l] = r->overrides[i].limits[l];
}

static void
run_add(struct engine *e, const struct rule *r, enum sieve_trust trust, unsigned actions)
{
	uint64_t limits[LIMITS];

	e->runs = mem_resize(e->runs, e->run_count + 1, sizeof *e->runs);
	struct run *run = &e->runs[e->run_count];
	*run = (struct run){.rule = r, .trust = trust, .actions = actions};
	least_limits(r, limits);
	needs_init(&run->needs, limits, r->window);
	state_join(e, e->run_count++);
}

/* The most distinct values that a rule asks for. */
static uint32_t
unique_most(const struct rule *r, enum unique u)
{
	static const enum rule_limit limit[UNIQUES] = {LIMIT_DST_IPS, LIMIT_DST_PORTS, LIMIT_SRC_IPS};
	uint64_t most = r->limits[limit[u]];

	for (size_t i = 0; i < r->override_count; i++)
		if (r->overrides[i].limits[limit[u]] > most)
			most = r->overrides[i].limits[limit[u]];
	return (uint32_t)most;
}

static void
state_begin(struct engine *e, struct state *st)
{
	static const uint32_t beyond[UNIQUES] = {RULE_UNIQUE_MAX, 65536, RULE_UNIQUE_MAX};
	uint32_t unique[UNIQUES] = {0};

	for (uint32_t i = 0; i < st->run_count; i++)
		for (unsigned u = 0; u < UNIQUES; u++)
			if (unique_most(e->runs[st->runs[i]].rule, (enum unique)u) > unique[u])
				unique[u] = unique_most(e->runs[st->runs[i]].rule, (enum unique)u);
	for (unsigned u = 0; u < UNIQUES; u++)
		if (unique[u] > 0 && e->options.survey != NULL)
			unique[u] = beyond[u];
	const struct rule *r = e->runs[st->runs[0]].rule;
	window_init(&st->window, &e->blocks, r->window, unique, r->min_ml_score);
	for (unsigned i = 0; i < KEY_WIDTHS; i++)
		groups_init(&st->groups[i], &st->window, &e->pool, st->key.layouts[i].size,
		    e->pool.cap / 16 / e->state_count, e->seed);
}

/* Runs, filters, and states without memory yet. */
static void
runs_build(struct engine *e)
{
	for (size_t i = 0; i < e->rules.rules.n; i++) {
		const struct rule *r = &e->rules.rules.v[i];
		unsigned grave = r->actions & (ACTION_BLACKHOLE | ACTION_EXEC);

		run_add(e, r, grave != 0 ? TRUST_ONLY : TRUST_ANY, r->actions);
		if (grave != 0)
			run_add(e, r, TRUST_NONE, r->actions & ~grave);
	}
}

void
engine_build(struct engine *e)
{
	runs_build(e);
	for (uint32_t i = 0; i < e->state_count; i++)
		state_begin(e, &e->states[i]);
	engine_learn_begin(e);
}

void
engine_unbuild(struct engine *e)
{
	for (uint32_t i = 0; i < e->state_count; i++) {
		for (unsigned k = 0; k < KEY_WIDTHS; k++)
			if (e->states[i].groups[k].slots != NULL)
				groups_release(&e->states[i].groups[k]);
		window_release(&e->states[i].window);
		free(e->states[i].identity);
		free(e->states[i].runs);
	}
	for (uint32_t i = 0; i < e->sieve_count; i++) {
		sieve_release(&e->sieves[i]);
		free(e->sieve_texts[i]);
	}
	free(e->states);
	free(e->sieves);
	free(e->sieve_texts);
	free(e->runs);
	rules_release(&e->rules.rules);
	nets_release(&e->rules.own);
	ranges_release(&e->rules.upstream);
	e->states = NULL;
	e->sieves = NULL;
	e->sieve_texts = NULL;
	e->runs = NULL;
	e->state_count = e->sieve_count = e->run_count = 0;
}

/* Which new state goes on where an old one was, or -1. */
static int64_t
state_successor(const struct engine *e, const struct state *old)
{
	for (uint32_t i = 0; i < e->state_count; i++)
		if (strcmp(e->states[i].identity, old->identity) == 0)
			return i;
	return -1;
}

/* Which new run goes on where an old one was: of the same name, with the same groups; or -1. */
static int64_t
run_successor(const struct engine *e, const struct engine *old, const struct run *r)
{
	int64_t state = state_successor(e, &old->states[r->state]);

	for (uint32_t i = 0; i < e->run_count; i++)
		if (e->runs[i].state == state && e->runs[i].trust == r->trust &&
		    strcmp(e->runs[i].rule->name, r->rule->name) == 0)
			return i;
	return -1;
}

/* Groups that are still wanted move; memory of the others is free before any is asked for. */
static void
states_follow(struct engine *e, struct engine *old)
{
	for (uint32_t i = 0; i < old->state_count; i++) {
		for (unsigned k = 0; k < KEY_WIDTHS; k++) {
			if (state_successor(e, &old->states[i]) < 0)
				groups_release(&old->states[i].groups[k]);
			else
				slab_waive(&old->states[i].groups[k].slab);
		}
	}
	for (uint32_t i = 0; i < e->state_count; i++)
		state_begin(e, &e->states[i]);
	for (uint32_t i = 0; i < old->state_count; i++) {
		int64_t next = state_successor(e, &old->states[i]);

		for (unsigned k = 0; next >= 0 && k < KEY_WIDTHS; k++)
			groups_move(&e->states[next].groups[k], &old->states[i].groups[k], e->now);
	}
}

void
engine_reload(struct engine *e, struct engine_rules *r)
{
	struct engine old = *e;
	int64_t *successor = mem_zero((size_t)old.run_count + 1, sizeof *successor);

	e->rules = *r;
	*r = (struct engine_rules){0};
	e->runs = NULL;
	e->sieves = NULL;
	e->sieve_texts = NULL;
	e->states = NULL;
	e->run_count = e->sieve_count = e->state_count = 0;
	runs_build(e);
	for (uint32_t i = 0; i < old.run_count; i++)
		successor[i] = run_successor(e, &old, &old.runs[i]);
	incidents_leave(&old, successor);
	e->incidents = old.incidents;
	e->counts = old.counts;
	e->pending = old.pending;
	e->pending_cap = old.pending_cap;
	states_follow(e, &old);
	engine_learn_begin(e);
	incidents_settle(e, successor);
	free(successor);
	engine_unbuild(&old);
}
