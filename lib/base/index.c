#include "base/index.h"

#include <stdlib.h>

#include "base/mem.h"

enum { BITS_MIN = 4 };

static void
part_init(struct index_part *p, unsigned bits)
{
	*p = (struct index_part){.mask = (1U << bits) - 1, .shift = 32 - bits};
	p->slots = mem_zero(1UL << bits, sizeof *p->slots);
}

void
index_init(struct index *x)
{
	for (unsigned i = 0; i < INDEX_PARTS; i++)
		part_init(&x->parts[i], BITS_MIN);
}

void
index_release(struct index *x)
{
	for (unsigned i = 0; i < INDEX_PARTS; i++)
		free(x->parts[i].slots);
	*x = (struct index){0};
}

static void
part_add(struct index_part *p, struct index_slot s)
{
	uint32_t i = s.hash >> p->shift;

	while (p->slots[i].number != 0)
		i = (i + 1) & p->mask;
	p->slots[i] = s;
	p->count++;
}

static void
part_grow(struct index_part *p)
{
	struct index_part old = *p;

	part_init(p, 33 - old.shift);
	for (uint32_t i = 0; i <= old.mask; i++)
		if (old.slots[i].number != 0)
			part_add(p, old.slots[i]);
	free(old.slots);
}

void
index_add(struct index *x, uint32_t hash, uint32_t number)
{
	struct index_part *p = &x->parts[hash % INDEX_PARTS];

	if (p->count >= p->mask / 4 * 3)
		part_grow(p);
	part_add(p, (struct index_slot){hash, number});
}

void
index_remove(struct index *x, uint32_t hash, uint32_t number)
{
	struct index_part *p = &x->parts[hash % INDEX_PARTS];
	uint32_t hole = hash >> p->shift;

	while (p->slots[hole].number != number)
		hole = (hole + 1) & p->mask;
	/* Close the gap: a number may move back when the hole lies between its home and itself. */
	for (uint32_t i = (hole + 1) & p->mask; p->slots[i].number != 0; i = (i + 1) & p->mask) {
		uint32_t home = p->slots[i].hash >> p->shift;

		if (((i - home) & p->mask) < ((i - hole) & p->mask))
			continue;
		p->slots[hole] = p->slots[i];
		hole = i;
	}
	p->slots[hole].number = 0;
	p->count--;
}
