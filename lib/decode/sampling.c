#include "decode/run.h"

/*
 * RouterOS before 7.10 sends element 34 in the order of its own processor. No
 * router samples one packet in 2^24, so such a value is one of those.
 */
static uint32_t
interval_of(uint64_t v)
{
	if (v < 1 << 24)
		return (uint32_t)v;
	v = v <= UINT32_MAX ? __builtin_bswap32((uint32_t)v) : 0;
	return v < 1 << 24 ? (uint32_t)v : 0;
}

/* The rate that a record itself says, 0 if it says none. RFC 5477 §8.2: one packet in (interval + space) / interval. */
static uint32_t
rate_of(const struct run *r, uint32_t i)
{
	const struct plan *p = r->plan;
	uint64_t rate = interval_of(run_uint(r, &p->interval, i, 0));

	if (rate == 0)
		rate = interval_of(run_uint(r, &p->random_interval, i, 0));
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
	uint32_t usual = sampler_default(r->job);

	if (!r->plan->has_sampling) {
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
