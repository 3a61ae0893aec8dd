/* What a run asks of one group: the rule's thresholds, those of its host group, and above what is usual. */
#include <math.h>
#include <string.h>

#include "detect/engine_parts.h"

struct baseline_key
baseline_key_of(const struct engine *e, const struct run *r, enum flowkey_width width, const void *key)
{
	struct baseline_key k = {.rule = r->baseline_id, .width = width};

	memcpy(k.key, key, e->states[r->state].key.layouts[width].size);
	return k;
}

static void
take_override(const struct engine *e, const struct run *r, enum flowkey_width width, const void *key,
    struct group_limits *out)
{
	const struct flowkey *k = &e->states[r->state].key;
	struct prefix p = flowkey_prefix(k, width, key, rule_host_side(&k->parts));
	int64_t group = host_groups_of(&e->rules.rules.host_groups, &p);

	for (size_t i = 0; i < r->rule->override_count && group >= 0; i++) {
		const struct rule_override *o = &r->rule->overrides[i];

		if (o->group != group)
			continue;
		out->host_group = o->name;
		for (int l = 0; l < LIMITS; l++)
			if (o->limits[l] > 0)
				out->v[l] = o->limits[l];
	}
}

/* A threshold of traffic is at least so many times the usual. */
static void
raise(uint64_t *limit, double usual, const struct rule *r)
{
	double wanted = ceil(usual * r->above_baseline / 100);

	if (*limit > 0 && wanted > (double)*limit)
		*limit = wanted < 1e19 ? (uint64_t)wanted : UINT64_MAX;
}

void
run_limits(const struct engine *e, const struct run *r, enum flowkey_width width, const void *key,
    struct group_limits *out)
{
	*out = (struct group_limits){.host_group = NULL};
	memcpy(out->v, r->rule->limits, sizeof out->v);
	if (r->rule->override_count > 0)
		take_override(e, r, width, key, out);
	if (r->rule->above_baseline == 0)
		return;
	struct baseline_key k = baseline_key_of(e, r, width, key);
	const struct baseline *b = baseline_find(&e->baselines, &k);
	if (b != NULL)
		out->usual = *b;
	uint32_t window = r->rule->window;
	raise(&out->v[LIMIT_FLOWS], out->usual.mean[BASELINE_FLOWS], r->rule);
	raise(&out->v[LIMIT_PACKETS], out->usual.mean[BASELINE_PACKETS], r->rule);
	raise(&out->v[LIMIT_BYTES], out->usual.mean[BASELINE_BYTES], r->rule);
	raise(&out->v[LIMIT_PPS], out->usual.mean[BASELINE_PACKETS] / window, r->rule);
	raise(&out->v[LIMIT_BPS], out->usual.mean[BASELINE_BYTES] * 8 / window, r->rule);
}

/* The least total that gives an average over a window, and no less than another least. */
static uint64_t
least(uint64_t total, uint64_t average, uint32_t window)
{
	uint64_t n;

	if (__builtin_mul_overflow(average, (uint64_t)window, &n))
		n = UINT64_MAX;
	return n > total ? n : total;
}

void
needs_init(struct needs *n, const uint64_t limits[LIMITS], uint32_t window)
{
	uint64_t bits = least(0, limits[LIMIT_BPS], window);

	*n = (struct needs){
	    .flows = limits[LIMIT_FLOWS],
	    .packets = least(limits[LIMIT_PACKETS], limits[LIMIT_PPS], window),
	    .bytes = least(limits[LIMIT_BYTES], bits / 8 + (bits % 8 > 0), 1),
	    .unique =
		{
		    [UNIQUE_DST_IPS] = (uint32_t)limits[LIMIT_DST_IPS],
		    [UNIQUE_DST_PORTS] = (uint32_t)limits[LIMIT_DST_PORTS],
		    [UNIQUE_SRC_IPS] = (uint32_t)limits[LIMIT_SRC_IPS],
		},
	};
	/* N distinct values take N flows. */
	for (unsigned u = 0; u < UNIQUES; u++)
		if (n->unique[u] > n->flows)
			n->flows = n->unique[u];
}

static bool
needs_met(struct window *w, const struct needs *n, struct group *g, uint32_t now)
{
	if (g->flows < n->flows || g->packets < n->packets || g->bytes < n->bytes)
		return false;
	for (unsigned u = 0; u < UNIQUES; u++)
		if (n->unique[u] > 0 && !window_has_unique(w, g, (enum unique)u, now, n->unique[u]))
			return false;
	return true;
}

bool
run_holds(struct engine *e, const struct run *r, enum flowkey_width width, struct group *g, uint32_t now)
{
	struct state *st = &e->states[r->state];
	struct window *w = &st->window;

	if (!needs_met(w, &r->needs, g, now) || (r->rule->min_ml_score >= 0 && window_score(w, g, now) < 0))
		return false;
	if (r->rule->override_count == 0 && r->rule->above_baseline == 0)
		return true;
	if (r->rule->above_baseline > 0 && !r->ready)
		return false;
	struct group_limits limits;
	struct needs needs;
	run_limits(e, r, width, groups_key(&st->groups[width], g), &limits);
	needs_init(&needs, limits.v, r->rule->window);
	return needs_met(w, &needs, g, now);
}
