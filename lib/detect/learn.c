/* Baselines of the groups of rules that go by them: a sample at the end of each window. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "detect/engine_parts.h"

/* Means that would have to grow a thousandfold to raise a threshold are forgotten. */
static const double faint = 1000;

/* How many times the group's threshold of traffic these values would be, at most, as its usual ones. */
static double
weight_of(const struct run *r, const struct baseline *b)
{
	const double least[BASELINE_VALUES] = {
	    (double)r->needs.flows, (double)r->needs.packets, (double)r->needs.bytes};
	double most = 0;

	for (unsigned i = 0; i < BASELINE_VALUES; i++)
		if (least[i] > 0 && b->mean[i] / least[i] > most)
			most = b->mean[i] / least[i];
	return most * r->rule->above_baseline / 100;
}

static void
mean_move(struct baseline *b, const struct baseline *sample, double weight)
{
	for (unsigned i = 0; i < BASELINE_VALUES; i++)
		b->mean[i] += (sample->mean[i] - b->mean[i]) * weight;
}

/* The group as a sample; false: it is no usual one, since the rule holds. */
static bool
sample_take(
    struct engine *e, const struct run *r, enum flowkey_width width, struct group *g, struct baseline *sample)
{
	window_expire(&e->states[r->state].window, g, e->now);
	*sample = (struct baseline){{(double)g->flows, (double)g->packets, (double)g->bytes}};
	return !run_holds(e, r, width, g, e->now);
}

/* Moves the means that are there; those that no longer matter go. */
static void
learn_known(struct engine *e, const struct run *r, double weight)
{
	struct baseline_key *gone = mem_zero(e->baselines.groups.count + 1, sizeof *gone);
	size_t gone_count = 0;
	const void *key;
	void *val;

	for (size_t it = 0; map_next(&e->baselines.groups, &it, &key, &val);) {
		const struct baseline_key *k = key;
		struct baseline *b = val, sample = {{0}};

		if (k->rule != r->baseline_id || k->width >= KEY_WIDTHS)
			continue;
		const struct groups *gs = &e->states[r->state].groups[k->width];
		uint32_t ref = groups_find(gs, k->key, groups_hash(gs, k->key));
		if (ref != 0 && !sample_take(e, r, (enum flowkey_width)k->width, groups_at(gs, ref), &sample))
			continue;
		mean_move(b, &sample, weight);
		if (weight_of(r, b) * faint < 1)
			gone[gone_count++] = *k;
	}
	for (size_t i = 0; i < gone_count; i++)
		map_delete(&e->baselines.groups, &gone[i]);
	free(gone);
}

/* Begins means for groups that could come to matter. */
static void
learn_new(struct engine *e, const struct run *r, double weight)
{
	for (unsigned width = 0; width < KEY_WIDTHS; width++) {
		struct groups *gs = &e->states[r->state].groups[width];

		for (uint32_t ref = groups_next(gs, 0); ref != 0; ref = groups_next(gs, ref)) {
			struct group *g = groups_at(gs, ref);
			struct baseline sample;

			if (!sample_take(e, r, (enum flowkey_width)width, g, &sample) ||
			    weight_of(r, &sample) < 1)
				continue;
			struct baseline_key k =
			    baseline_key_of(e, r, (enum flowkey_width)width, groups_key(gs, g));
			if (baseline_find(&e->baselines, &k) != NULL)
				continue;
			struct baseline *b = baseline_make(&e->baselines, &k);
			if (b != NULL)
				mean_move(b, &sample, weight);
		}
	}
}

/* Whether the rule has learnt for long enough to go by it. */
static void
run_ready(struct run *r, uint64_t samples)
{
	r->ready = samples * r->rule->window >= BASELINE_READY;
}

void
engine_learn(struct engine *e, uint32_t next)
{
	for (uint32_t i = 0; i < e->run_count; i++) {
		struct run *r = &e->runs[i];
		uint32_t window = r->rule->window;

		/* A window in which no flow came at all tells of us, not of the groups. */
		if (r->rule->above_baseline == 0 || next / window == e->now / window ||
		    r->learnt_flows == e->counts.matched)
			continue;
		uint64_t *samples = baselines_samples(&e->baselines, r->baseline_id);
		if (samples == NULL)
			continue;
		double weight = baseline_weight(*samples, window);
		learn_known(e, r, weight);
		learn_new(e, r, weight);
		(*samples)++;
		r->learnt_flows = e->counts.matched;
		run_ready(r, *samples);
	}
}

void
engine_learn_begin(struct engine *e)
{
	uint64_t *ids = mem_zero((size_t)e->run_count + 1, sizeof *ids);
	size_t n = 0;

	for (uint32_t i = 0; i < e->run_count; i++) {
		struct run *r = &e->runs[i];
		struct buf text = {0};

		if (r->rule->above_baseline == 0)
			continue;
		buf_printf(&text, "%s\n%s", r->rule->name, e->states[r->state].identity);
		r->baseline_id = hash64(text.p, text.len);
		buf_release(&text);
		ids[n++] = r->baseline_id;
		const uint64_t *samples = baselines_samples(&e->baselines, r->baseline_id);
		if (samples != NULL)
			run_ready(r, *samples);
	}
	baselines_retain(&e->baselines, ids, n);
	free(ids);
}

bool
engine_has_baselines(const struct engine *e)
{
	for (uint32_t i = 0; i < e->run_count; i++)
		if (e->runs[i].rule->above_baseline > 0)
			return true;
	return false;
}

void
engine_baselines_write(const struct engine *e, struct buf *out)
{
	baselines_write(&e->baselines, out);
}

int
engine_baselines_read(struct engine *e, struct str bytes, struct err *err)
{
	if (baselines_read(&e->baselines, bytes, err) < 0)
		return -1;
	engine_learn_begin(e);
	return 0;
}
