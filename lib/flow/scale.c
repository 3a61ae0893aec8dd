#include "flow/scale.h"

static void
column_scale(struct batch *b, struct arena *a, enum field f, const uint64_t *rates)
{
	const struct col *c = batch_col(b, f);

	if (c == NULL)
		return;
	const uint64_t *values = batch_flat_u64(b, f, a), *present = c->present;
	uint64_t *scaled = arena_alloc(a, b->rows * sizeof *scaled);
	for (uint32_t i = 0; i < b->rows; i++)
		if (__builtin_mul_overflow(values[i], rates[i] > 1 ? rates[i] : 1, &scaled[i]))
			scaled[i] = UINT64_MAX;
	batch_add_fixed(b, a, f, scaled, present);
}

void
batch_scale(struct batch *b, struct arena *a)
{
	const struct col *c = batch_col(b, FIELD_sampling_rate);

	if (c == NULL)
		return;
	const uint64_t *rates = batch_flat_u64(b, FIELD_sampling_rate, a), *present = c->present;
	column_scale(b, a, FIELD_packets, rates);
	column_scale(b, a, FIELD_bytes, rates);
	uint32_t *after = arena_alloc(a, b->rows * sizeof *after);
	for (uint32_t i = 0; i < b->rows; i++)
		after[i] = rates[i] > 1 ? 1 : (uint32_t)rates[i];
	batch_add_fixed(b, a, FIELD_sampling_rate, after, present);
}
