/*
 * How often each value of a stream came: exact for up to TALLY_EXACT different values, estimated beyond. Values are
 * 32-bit hashes. The estimates:
 *
 *     how many different values    HyperLogLog (Flajolet and others, 2007) of 1,024 registers: a standard error of
 *                                  1.04 / sqrt(1024) = 3.3 %
 *     how often the frequent came  Misra and Gries' summary (1982): when it is full, the rank of every value is
 *                                  lowered by the middle one, and those at 0 leave; a value that came more than
 *                                  2 / TALLY_EXACT of the total stays, counted in full since it last entered
 *     entropy                      from both: what the summary let go is taken as evenly spread over the values
 *                                  that it does not hold. Within 0.25 bits where that is about so, in scans and
 *                                  floods with or without busy talks beside them; up to 2 bits too high for values
 *                                  of a long tail (the n-th comes 1 / n as often)
 *
 * All memory is from the caller's arena, so a tally is dropped with it. All zero is empty and ready.
 */
#ifndef ML_TALLY_H
#define ML_TALLY_H

#include "base/mem.h"

#include <stdint.h>

enum { TALLY_EXACT = 256, TALLY_REGISTERS = 1024 };

struct tally_slot {
	uint32_t value, count; /* count 0: free */
	uint32_t entered; /* what all ranks had been lowered by when the value came in */
};

struct tally {
	struct tally_slot *slots; /* an open hash table, at most half full */
	uint8_t *registers; /* NULL while exact */
	uint64_t let_go; /* of the total, what the slots hold no more */
	uint32_t lowered; /* what ranks were lowered by so far */
	uint32_t size, used; /* slots in all, with a value */
};

/*
 * The value came n > 0 times more; counts stop at 2^32 - 1. Without an arena the tally does not grow: a value that
 * finds no room is let go, and the count of different values is too low.
 */
void tally_add(struct tally *t, struct arena *a, uint32_t value, uint32_t n);

/* Has what adding the value will touch on its way from memory. */
static inline void
tally_prefetch(const struct tally *t, uint32_t value)
{
	if (t->size > 0)
		__builtin_prefetch(&t->slots[value & (t->size - 1)], 1);
}

/* All that came to b comes to t. */
void tally_merge(struct tally *t, struct arena *a, const struct tally *b);

/* How many different values came. */
double tally_distinct(const struct tally *t);

/* The entropy of the values in bits: 0 if there is one, log2(n) of n that come equally often. */
double tally_entropy(const struct tally *t);

/* What it took from its arena at most, bytes: 13 KiB when it estimates. */
size_t tally_bytes(const struct tally *t);

#endif
