/*
 * A batch as the rules look at it: whole columns, flat, made once when first
 * asked for. Sets of rows are bitmaps, one bit a row, lowest first.
 */
#ifndef DETECT_FLOWS_H
#define DETECT_FLOWS_H

#include "detect/ranges.h"
#include "flow/batch.h"

struct flows {
	const struct batch *batch;
	struct arena *arena;
	uint32_t rows, words; /* words of a bitmap */
	const struct nets *own; /* my_prefixes */
	const struct ranges *upstream; /* interfaces */

	const void *flat[FIELD_IDS];
	const uint64_t *packets, *bytes; /* times sampling_rate */
	const uint64_t *src_own, *dst_own; /* rows whose address lies in own prefixes */
};

void flows_init(struct flows *f, const struct batch *b, struct arena *a, const struct nets *own,
    const struct ranges *upstream);

/* The column as batch_flat() gives it: NULL if the batch lacks it, absent rows 0. */
const void *flows_flat(struct flows *f, enum field field);

static inline const struct addr *
flows_addr(struct flows *f, enum field field)
{
	return flows_flat(f, field);
}

static inline const uint16_t *
flows_u16(struct flows *f, enum field field)
{
	return flows_flat(f, field);
}

/* Scaled by the sampling rate, never NULL: a flow without a count counts 0. */
const uint64_t *flows_packets(struct flows *f);
const uint64_t *flows_bytes(struct flows *f);

const uint64_t *flows_src_own(struct flows *f);
const uint64_t *flows_dst_own(struct flows *f);

/* All rows, as a bitmap of the caller's. */
uint64_t *flows_all(const struct flows *f);

/* Takes rows away that have no value in the column. */
void flows_require(const struct flows *f, uint64_t *bits, enum field field);

#define FLOWS_BIT(bits, row) ((bits)[(row) >> 6] >> ((row)&63) & 1)

/* Keeps those rows of `bits` for which the condition on `row` is true; looks at no others. */
#define FLOWS_KEEP(f, bits, condition)                                                 \
	for (uint32_t word_ = 0; word_ < (f)->words; word_++) {                        \
		uint64_t kept_ = 0;                                                    \
		for (uint64_t left_ = (bits)[word_]; left_ != 0; left_ &= left_ - 1) { \
			uint32_t row = word_ * 64 + (uint32_t)__builtin_ctzll(left_);  \
			kept_ |= (uint64_t)((condition) != 0) << (row & 63);           \
		}                                                                      \
		(bits)[word_] = kept_;                                                 \
	}

#endif
