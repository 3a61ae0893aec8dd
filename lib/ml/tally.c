#include "ml/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 4 };

/* Where the value is or goes. The table has room. */
static struct tally_slot *
slot_find(const struct tally *t, uint32_t value)
{
	uint32_t i = value & (t->size - 1);

	while (t->slots[i].count > 0 && t->slots[i].value != value)
		i = (i + 1) & (t->size - 1);
	return &t->slots[i];
}

static void
slots_grow(struct tally *t, struct arena *a)
{
	const struct tally old = *t;

	t->size = old.size > 0 ? 2 * old.size : FIRST_SIZE;
	t->slots = arena_zero(a, t->size * sizeof *t->slots);
	for (uint32_t i = 0; i < old.size; i++)
		if (old.slots[i].count > 0)
			*slot_find(t, old.slots[i].value) = old.slots[i];
}

/* The hashes of small tables come from their low bits, so the register is chosen by the high ones. */
static void
registers_note(uint8_t *registers, uint32_t value)
{
	uint32_t rest = value << 10 | 1U << 9;
	uint8_t rank = (uint8_t)(__builtin_clz(rest) + 1);
	uint8_t *r = &registers[value >> 22];

	*r = rank > *r ? rank : *r;
}

static void
estimate_from_now(struct tally *t, struct arena *a)
{
	if (t->registers != NULL)
		return;
	t->registers = arena_zero(a, TALLY_REGISTERS);
	for (uint32_t i = 0; i < t->size; i++)
		if (t->slots[i].count > 0)
			registers_note(t->registers, t->slots[i].value);
}

/* What is left of a value's count after all that ranks were lowered by: above 0, or it would have left. */
static uint32_t
slot_rank(const struct tally *t, const struct tally_slot *s)
{
	return s->count - (t->lowered - s->entered);
}

static int
number_order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Lowers all ranks by the middle one: at least half of the values leave. */
static void
slots_purge(struct tally *t)
{
	struct tally_slot kept[TALLY_EXACT];
	uint32_t ranks[TALLY_EXACT] = {0}, n = 0;

	for (uint32_t i = 0; i < t->size; i++)
		if (t->slots[i].count > 0) {
			ranks[n] = slot_rank(t, &t->slots[i]);
			kept[n++] = t->slots[i];
		}
	qsort(ranks, n, sizeof *ranks, number_order);
	uint32_t middle = ranks[n / 2];
	memset(t->slots, 0, t->size * sizeof *t->slots);
	t->used = 0;
	for (uint32_t i = 0; i < n; i++) {
		if (slot_rank(t, &kept[i]) <= middle) {
			t->let_go += kept[i].count;
		} else {
			*slot_find(t, kept[i].value) = kept[i];
			t->used++;
		}
	}
	t->lowered += middle;
}

void
tally_add(struct tally *t, struct arena *a, uint32_t value, uint32_t n)
{
	struct tally_slot *s = t->size > 0 ? slot_find(t, value) : NULL;

	if (t->registers != NULL)
		registers_note(t->registers, value);
	if (s != NULL && s->count > 0) {
		s->count = n <= UINT32_MAX - s->count ? s->count + n : UINT32_MAX;
		return;
	}
	if (a == NULL && (t->size == 0 || t->used * 2 == t->size)) {
		t->let_go += n;
		return;
	}
	if (t->used == TALLY_EXACT) {
		estimate_from_now(t, a);
		registers_note(t->registers, value);
		slots_purge(t);
	} else if (t->used * 2 == t->size) {
		slots_grow(t, a);
	}
	*slot_find(t, value) = (struct tally_slot){value, n, t->lowered};
	t->used++;
}

void
tally_merge(struct tally *t, struct arena *a, const struct tally *b)
{
	if (b->registers != NULL) {
		estimate_from_now(t, a);
		for (uint32_t i = 0; i < TALLY_REGISTERS; i++)
			if (b->registers[i] > t->registers[i])
				t->registers[i] = b->registers[i];
	}
	t->let_go += b->let_go;
	for (uint32_t i = 0; i < b->size; i++)
		if (b->slots[i].count > 0)
			tally_add(t, a, b->slots[i].value, b->slots[i].count);
}

double
tally_distinct(const struct tally *t)
{
	const double m = TALLY_REGISTERS, alpha = 0.7213 / (1 + 1.079 / m), all = 0x1p32;
	double sum = 0, zeros = 0;

	if (t->registers == NULL)
		return t->used;
	for (uint32_t i = 0; i < TALLY_REGISTERS; i++) {
		sum += ldexp(1, -t->registers[i]);
		zeros += t->registers[i] == 0;
	}
	double n = alpha * m * m / sum;
	if (n <= 2.5 * m && zeros > 0)
		return m * log(m / zeros);
	return n > all / 30 && n < all ? -all * log(1 - n / all) : n;
}

double
tally_entropy(const struct tally *t)
{
	double total = (double)t->let_go, sum = 0;

	for (uint32_t i = 0; i < t->size; i++) {
		double n = t->slots[i].count;

		total += n;
		sum += n > 1 ? n * log2(n) : 0;
	}
	if (t->let_go > 0) {
		double others = fmax(tally_distinct(t) - t->used, 1), each = (double)t->let_go / others;

		sum += each > 1 ? (double)t->let_go * log2(each) : 0;
	}
	return total > 0 ? fmax(log2(total) - sum / total, 0) : 0;
}

size_t
tally_bytes(const struct tally *t)
{
	return 2 * t->size * sizeof *t->slots + (t->registers != NULL ? TALLY_REGISTERS : 0);
}
