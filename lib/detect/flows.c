#include "detect/flows.h"

#include <string.h>

void
flows_init(struct flows *f, const struct batch *b, struct arena *a, const struct nets *own,
    const struct ranges *upstream)
{
	*f = (struct flows){.batch = b, .arena = a, .own = own, .upstream = upstream};
	f->rows = b->rows;
	f->words = (b->rows + 63) / 64;
}

const void *
flows_flat(struct flows *f, enum field field)
{
	if (f->flat[field] == NULL)
		f->flat[field] = batch_flat(f->batch, field, f->arena);
	return f->flat[field];
}

static const uint64_t *
scaled(struct flows *f, enum field field)
{
	const uint64_t *count = flows_flat(f, field);
	const uint32_t *rate = flows_flat(f, FIELD_sampling_rate);

	if (count == NULL)
		return arena_zero(f->arena, (size_t)f->rows * sizeof *count);
	if (rate == NULL)
		return count;
	uint64_t *out = arena_alloc(f->arena, (size_t)f->rows * sizeof *out);
	for (uint32_t i = 0; i < f->rows; i++)
		if (__builtin_mul_overflow(count[i], rate[i] > 1 ? rate[i] : 1, &out[i]))
			out[i] = UINT64_MAX;
	return out;
}

const uint64_t *
flows_packets(struct flows *f)
{
	if (f->packets == NULL)
		f->packets = scaled(f, FIELD_packets);
	return f->packets;
}

const uint64_t *
flows_bytes(struct flows *f)
{
	if (f->bytes == NULL)
		f->bytes = scaled(f, FIELD_bytes);
	return f->bytes;
}

uint64_t *
flows_all(const struct flows *f)
{
	size_t bytes = (size_t)f->words * sizeof(uint64_t);
	uint64_t *bits = memset(arena_alloc(f->arena, bytes), 0xff, bytes);

	if (f->rows % 64 != 0)
		bits[f->words - 1] = (UINT64_C(1) << f->rows % 64) - 1;
	return bits;
}

static uint64_t *
own_rows(struct flows *f, enum field field)
{
	const struct addr *a = flows_addr(f, field);
	uint64_t *bits = flows_all(f);

	FLOWS_KEEP(f, bits, a != NULL && nets_have(f->own, &a[row]));
	return bits;
}

const uint64_t *
flows_src_own(struct flows *f)
{
	if (f->src_own == NULL)
		f->src_own = own_rows(f, FIELD_src_host);
	return f->src_own;
}

const uint64_t *
flows_dst_own(struct flows *f)
{
	if (f->dst_own == NULL)
		f->dst_own = own_rows(f, FIELD_dst_host);
	return f->dst_own;
}

void
flows_require(const struct flows *f, uint64_t *bits, enum field field)
{
	const struct col *c = batch_col(f->batch, field);

	if (c == NULL) {
		memset(bits, 0, (size_t)f->words * sizeof *bits);
		return;
	}
	for (uint32_t i = 0; c->present != NULL && i < f->words; i++)
		bits[i] &= c->present[i];
}
