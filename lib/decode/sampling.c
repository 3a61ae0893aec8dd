#include <stdlib.h>

#include "base/mem.h"
#include "decode/run.h"

void
sampling_rules_apply(const struct decoder *d, struct exporter *x)
{
	int longest[2] = {-1, -1};

	x->rule_rate[false] = x->rule_rate[true] = 0;
	for (size_t i = 0; i < d->rule_count; i++) {
		const struct sampling_rule *r = &d->rules[i];

		if (r->exporters.len > longest[r->override] && prefix_contains(&r->exporters, &x->addr)) {
			longest[r->override] = r->exporters.len;
			x->rule_rate[r->override] = r->rate;
		}
	}
}

void
decoder_sampling(struct decoder *d, const struct sampling_rule *list, size_t n)
{
	size_t it = 0;
	const void *key;
	void *val;

	free(d->rules);
	d->rules = mem_zero(n, sizeof *list);
	d->rule_count = n;
	if (n > 0)
		memcpy(d->rules, list, n * sizeof *list);
	while (map_next(&d->exporters, &it, &key, &val))
		sampling_rules_apply(d, *(struct exporter **)val);
}

/*
 * RouterOS before 7.10 sends element 34 of data records in the order of its own
 * processor, little-endian. Nobody samples one packet in 2^24, nor a multiple of
 * 2^16, so a value of this kind is one of those: 1,024 comes as 0x00040000,
 * 1,000 as 0xe8030000. The other way round it is a rate, or nonsense and none.
 */
static uint32_t
interval_of(const struct run *r, uint64_t v)
{
	enum { RATE_MAX = 1 << 24 };

	if (v < RATE_MAX && (v == 0 || v % 65536 != 0))
		return (uint32_t)v;
	job_count(r->job, COUNT_SWAPPED, 1);
	v = v <= UINT32_MAX ? __builtin_bswap32((uint32_t)v) : 0;
	return v < RATE_MAX ? (uint32_t)v : 0;
}

/* The rate that a record itself says, 0 if it says none. RFC 5477 §8.2: one packet in (interval + space) / interval. */
static uint32_t
rate_of(const struct run *r, uint32_t i)
{
	const struct plan *p = r->plan;
	uint64_t rate = interval_of(r, run_uint(r, &p->interval, i, 0));

	if (rate == 0)
		rate = interval_of(r, run_uint(r, &p->random_interval, i, 0));
	if (rate == 0 && p->packet_space.len != 0) {
		uint64_t taken = run_uint(r, &p->packet_interval, i, 1);
		uint64_t space = run_uint(r, &p->packet_space, i, 0);

		rate = taken != 0 && taken <= UINT32_MAX && space <= UINT32_MAX ? (taken + space) / taken : 0;
	}
	if (rate == 0 && p->sampler.len != 0)
		rate = sampler_rate(r->job, run_uint(r, &p->sampler, i, 0));
	return rate <= UINT32_MAX ? (uint32_t)rate : 0;
}

void
run_sampling(const struct run *r)
{
	uint32_t fixed = r->job->exporter->rule_rate[true];
	uint32_t usual = fixed != 0 ? fixed : sampler_default(r->job);

	if (!r->plan->has_sampling || fixed != 0) {
		uint32_t *to = usual != 0 ? builder_span(r->rows, FIELD_sampling_rate, r->row, r->n) : NULL;

		for (uint32_t i = 0; to != NULL && i < r->n; i++)
			to[i] = usual;
		return;
	}
	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t rate = rate_of(r, i);

		if (rate == 0)
			rate = usual;
		if (rate != 0)
			*(uint32_t *)builder_span(r->rows, FIELD_sampling_rate, r->row + i, 1) = rate;
	}
}
