#include "detect/survey.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/map.h"

struct survey_key {
	const struct rule *rule;
	uint32_t width, untrusted;
	uint8_t key[FLOWKEY_MAX];
};

struct entry {
	struct survey_key id;
	const struct flowkey *key;
	uint64_t most[LIMITS]; /* at any time */
	double most_score;
	double nearness;
	int64_t time_ms; /* when it was nearest */
	struct totals then;
	uint64_t limits[LIMITS]; /* then */
};

struct survey {
	char *rule; /* NULL: all */
	struct map numbers; /* struct survey_key -> index of entries */
	struct entry *entries;
	uint32_t count, max;
	uint64_t refused;
};

struct survey *
survey_new(const char *rule, uint32_t groups_max)
{
	struct survey *s = mem_zero(1, sizeof *s);

	s->rule = rule != NULL ? mem_strdup(rule) : NULL;
	s->max = groups_max;
	map_init(&s->numbers, sizeof(struct survey_key), sizeof(uint32_t));
	return s;
}

void
survey_free(struct survey *s)
{
	if (s == NULL)
		return;
	map_release(&s->numbers);
	free(s->entries);
	free(s->rule);
	free(s);
}

bool
survey_wants(const struct survey *s, const struct rule *r)
{
	return s->rule == NULL || strcmp(s->rule, r->name) == 0;
}

uint64_t
survey_refused(const struct survey *s)
{
	return s->refused;
}

static struct entry *
entry_find(struct survey *s, const struct survey_note *n)
{
	struct survey_key k = {.rule = n->rule, .width = n->width, .untrusted = !n->trusted};
	const uint32_t *known;

	memcpy(k.key, n->key_bytes, n->key->layouts[n->width].size);
	known = map_get(&s->numbers, &k);
	if (known != NULL)
		return &s->entries[*known];
	if (s->count == s->max) {
		s->refused++;
		return NULL;
	}
	if ((s->count & (s->count - 1)) == 0)
		s->entries =
		    mem_resize(s->entries, s->count > 0 ? 2 * (size_t)s->count : 1, sizeof *s->entries);
	*(uint32_t *)map_put(&s->numbers, &k, NULL) = s->count;
	s->entries[s->count] = (struct entry){.id = k, .key = n->key, .nearness = -1, .most_score = -1};
	return &s->entries[s->count++];
}

/* A score counts as reached or not: those below the limit are not kept. */
static double
nearness_of(const struct rule *r, const uint64_t limits[LIMITS], const struct totals *t)
{
	double nearest = INFINITY;

	for (int l = 0; l < LIMITS; l++) {
		double value = (double)totals_value(t, (enum rule_limit)l, r->window);

		if (limits[l] > 0 && value / (double)limits[l] < nearest)
			nearest = value / (double)limits[l];
	}
	return r->min_ml_score >= 0 && t->score < 0 ? 0 : nearest;
}

void
survey_take(struct survey *s, const struct survey_note *n)
{
	struct entry *en = entry_find(s, n);
	double nearness = nearness_of(n->rule, n->limits, &n->totals);

	if (en == NULL)
		return;
	for (int l = 0; l < LIMITS; l++) {
		uint64_t value = totals_value(&n->totals, (enum rule_limit)l, n->rule->window);

		if (value > en->most[l])
			en->most[l] = value;
	}
	if (n->totals.score > en->most_score)
		en->most_score = n->totals.score;
	if (nearness <= en->nearness)
		return;
	en->nearness = nearness;
	en->time_ms = n->time_ms;
	en->then = n->totals;
	memcpy(en->limits, n->limits, sizeof en->limits);
}

/* The nearest first; then in the order of keys, so that each run prints the same. */
static int
entry_compare(const void *a, const void *b)
{
	const struct entry *x = *(const struct entry *const *)a, *y = *(const struct entry *const *)b;

	if (x->nearness != y->nearness)
		return x->nearness > y->nearness ? -1 : 1;
	if (x->id.untrusted != y->id.untrusted)
		return x->id.untrusted < y->id.untrusted ? -1 : 1;
	if (x->id.width != y->id.width)
		return x->id.width < y->id.width ? -1 : 1;
	return memcmp(x->id.key, y->id.key, sizeof x->id.key);
}

/* The rule's groups, sorted; the caller frees them. */
static const struct entry **
entries_of(const struct survey *s, const struct rule *r, uint32_t *n)
{
	const struct entry **v = mem_zero((size_t)s->count + 1, sizeof *v);

	*n = 0;
	for (uint32_t i = 0; i < s->count; i++)
		if (s->entries[i].id.rule == r)
			v[(*n)++] = &s->entries[i];
	qsort(v, *n, sizeof *v, entry_compare);
	return v;
}

static void
print_share(struct buf *out, double share)
{
	buf_printf(out, "%.*f%%", share < 0.1 ? 1 : 0, share * 100);
}

static void
print_group(const struct entry *en, const struct rule *r, struct buf *out)
{
	char time[36];

	buf_puts(out, "  ");
	print_share(out, en->nearness);
	buf_printf(out, "\t%s\t", civil_rfc3339(time, en->time_ms, 0));
	flowkey_json(en->key, (enum flowkey_width)en->id.width, en->id.key, out);
	buf_puts(out, en->id.untrusted != 0 ? " untrusted\t" : "\t");
	for (int l = 0; l < LIMITS; l++)
		if (r->limits[l] > 0)
			buf_printf(out, "%s %" PRIu64 "/%" PRIu64 " ", rule_limit_names[l],
			    totals_value(&en->then, (enum rule_limit)l, r->window), en->limits[l]);
	if (r->min_ml_score >= 0 && en->then.score >= 0)
		buf_printf(out, "min_ml_score %.4g/%.4g ", en->then.score, r->min_ml_score);
	else if (r->min_ml_score >= 0)
		buf_printf(out, "min_ml_score -/%.4g ", r->min_ml_score);
	out->p[out->len - 1] = '\n'; /* in place of the last space */
}

/* "min_flows: limit 70, at most 69 (99%)" */
static void
print_limits(const struct rule *r, const struct entry *const *v, uint32_t n, struct buf *out)
{
	for (int l = 0; l < LIMITS; l++) {
		uint64_t most = 0;

		if (r->limits[l] == 0)
			continue;
		for (uint32_t i = 0; i < n; i++)
			most = v[i]->most[l] > most ? v[i]->most[l] : most;
		buf_printf(out, "  %s: limit %" PRIu64 ", largest %" PRIu64 " (", rule_limit_names[l],
		    r->limits[l], most);
		print_share(out, (double)most / (double)r->limits[l]);
		buf_puts(out, ")\n");
	}
}

void
survey_explain(const struct survey *s, const struct rule *r, uint32_t top, struct buf *out)
{
	uint32_t n, held = 0;
	const struct entry **v = entries_of(s, r, &n);

	while (held < n && v[held]->nearness >= 1)
		held++;
	buf_printf(out, "%s: window %" PRIu32 " s, %" PRIu32 " groups, held for %" PRIu32 "\n", r->name,
	    r->window, n, held);
	print_limits(r, v, n, out);
	for (uint32_t i = 0; i < n && i < top; i++)
		print_group(v[i], r, out);
	free(v);
}

static int
u64_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The smallest of n sorted values that so many of a thousand do not exceed. */
static uint64_t
percentile(const uint64_t *sorted, uint32_t n, uint32_t thousandths)
{
	uint64_t rank = ((uint64_t)n * thousandths + 999) / 1000;

	return sorted[rank > 0 ? rank - 1 : 0];
}

/* Up to two digits that count: 1234 becomes 1300. */
static uint64_t
round_up(double v)
{
	double unit = 1;

	while (v / unit > 100)
		unit *= 10;
	return (uint64_t)(ceil(v / unit) * unit);
}

/* Prints the percentiles of one threshold; a fifth more than the highest of them. */
static double
print_percentiles(const struct entry *const *v, uint32_t n, int l, uint64_t limit, struct buf *out)
{
	static const uint32_t thousandths[] = {500, 900, 990, 999, 1000};
	uint64_t *values = mem_zero(n, sizeof *values);

	for (uint32_t i = 0; i < n; i++)
		values[i] = v[i]->most[l];
	qsort(values, n, sizeof *values, u64_compare);
	buf_printf(out, "#   %-18s %12" PRIu64, rule_limit_names[l], limit);
	for (size_t i = 0; i < sizeof thousandths / sizeof thousandths[0]; i++)
		buf_printf(out, " %12" PRIu64, percentile(values, n, thousandths[i]));
	buf_putc(out, '\n');
	double wanted = (double)percentile(values, n, 999) * 1.2;
	free(values);
	return wanted;
}

/* Groups that may have reached all the thresholds at once. */
static uint32_t
reaching(const struct rule *r, const struct entry *const *v, uint32_t n, const uint64_t *limits)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++) {
		bool all = true;

		for (int l = 0; l < LIMITS && all; l++)
			all = r->limits[l] == 0 || v[i]->most[l] >= limits[l];
		count += all;
	}
	return count;
}

/* A threshold that a rule may have. */
static uint64_t
limit_of(int l, double wanted)
{
	static const uint64_t most[LIMITS] = {
	    [LIMIT_FLOWS] = UINT32_MAX,
	    [LIMIT_DST_IPS] = RULE_UNIQUE_MAX,
	    [LIMIT_DST_PORTS] = 65536,
	    [LIMIT_SRC_IPS] = RULE_UNIQUE_MAX,
	};

	if (wanted < 1)
		return 1;
	uint64_t v = wanted < 1e18 ? round_up(wanted) : UINT64_MAX;
	return most[l] != 0 && v > most[l] ? most[l] : v;
}

void
survey_suggest(const struct survey *s, const struct rule *r, struct buf *out)
{
	uint32_t n;
	const struct entry **v = entries_of(s, r, &n);
	double wanted[LIMITS] = {0};
	uint64_t limits[LIMITS] = {0};

	buf_printf(out, "# %s: window %" PRIu32 " s, %" PRIu32 " groups\n", r->name, r->window, n);
	if (n == 0) {
		buf_puts(out, "# no flow that the rule sees: nothing to go by\n");
		free(v);
		return;
	}
	buf_printf(out, "#   %-18s %12s %12s %12s %12s %12s %12s\n", "threshold", "limit now", "half", "90%",
	    "99%", "99.9%", "largest");
	for (int l = 0; l < LIMITS; l++)
		if (r->limits[l] > 0)
			wanted[l] = print_percentiles(v, n, l, r->limits[l], out);
	/* A tenth more at a time: from 1 to the largest number are some 500 steps. */
	uint32_t left = n;
	for (int step = 0; left > 0 && step < 500; step++) {
		for (int l = 0; l < LIMITS; l++) {
			limits[l] = limit_of(l, wanted[l]);
			wanted[l] = wanted[l] < 1 ? 1 : wanted[l] * 1.1;
		}
		left = reaching(r, v, n, limits);
	}
	if (left > 0)
		buf_printf(out, "# no threshold is high enough for %" PRIu32 " groups\n", left);
	buf_printf(out, "- name: %s\n", r->name);
	for (int l = 0; l < LIMITS; l++)
		if (r->limits[l] > 0)
			buf_printf(out, "  %s: %" PRIu64 "\n", rule_limit_names[l], limits[l]);
	free(v);
}
