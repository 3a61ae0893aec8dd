#include "base/index.h"

#include <stdlib.h>

#include "base/mem.h"

enum { BITS_MIN = 4 };

void
index_init(struct index *x)
{
	*x = (struct index){.slots = mem_zero(1U << BITS_MIN, sizeof *x->slots), .bits = BITS_MIN};
}

void
index_release(struct index *x)
{
	free(x->slots);
	*x = (struct index){0};
}

static uint32_t
mask_of(const struct index *x)
{
	return (1U << x->bits) - 1;
}

static void
slot_fill(struct index *x, uint32_t hash, uint32_t number)
{
	uint32_t i = index_start(x, hash);

	while (x->slots[i].number != 0)
		i = (i + 1) & mask_of(x);
	x->slots[i] = (struct index_slot){hash, number};
}

static void
index_grow(struct index *x)
{
	struct index old = *x;

	x->bits++;
	x->slots = mem_zero((size_t)mask_of(x) + 1, sizeof *x->slots);
	for (uint32_t i = 0; i <= mask_of(&old); i++)
		if (old.slots[i].number != 0)
			slot_fill(x, old.slots[i].hash, old.slots[i].number);
	free(old.slots);
}

void
index_add(struct index *x, uint32_t hash, uint32_t number)
{
	if (x->count >= mask_of(x) / 4 * 3)
		index_grow(x);
	slot_fill(x, hash, number);
	x->count++;
}

void
index_remove(struct index *x, uint32_t hash, uint32_t number)
{
	uint32_t mask = mask_of(x), hole = index_start(x, hash);

	while (x->slots[hole].number != number)
		hole = (hole + 1) & mask;
	/* Close the gap: a number may move back when the hole lies between its home and itself. */
	for (uint32_t i = (hole + 1) & mask; x->slots[i].number != 0; i = (i + 1) & mask) {
		uint32_t home = index_start(x, x->slots[i].hash);

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		x->slots[hole] = x->slots[i];
		hole = i;
	}
	x->slots[hole].number = 0;
	x->count--;
}
