#include "enrich/textcol.h"

#include <stdlib.h>

/* So many rows ahead codes and texts are asked for: a table of all cities of the world is in no near cache. */
#define AHEAD 16

/* Room for all texts of a table, and no text in the column yet. */
static void
codes_start(struct textcol_codes *c, uint32_t count)
{
	if (c->count < count) {
		free(c->v);
		c->v = mem_zero(count, sizeof *c->v);
		c->count = count;
		c->column = 0;
	}
	c->column++;
	if (c->column == 0) { /* after four thousand million columns old marks would look like new ones */
		memset(c->v, 0, c->count * sizeof *c->v);
		c->column = 1;
	}
}

static inline void
ask_for(const struct textcol_code *code, const struct str *text)
{
	__builtin_prefetch(code);
	__builtin_prefetch(text);
}

static uint16_t
enter(struct textcol *t, struct str text)
{
	__builtin_prefetch(text.p); /* it is copied when all rows have been seen */
	t->entries[t->count] = text;
	return (uint16_t)t->count++;
}

static void
row_set(struct textcol *t, uint32_t row, uint32_t code)
{
	t->codes[row] = (uint16_t)code;
	t->present[row >> 6] |= UINT64_C(1) << (row & 63);
}

/* The rows that keep what they have: their texts are entered after the others. */
static void
keep(struct textcol *t, const struct col *old, struct arena *a, const uint32_t *numbers, uint32_t rows)
{
	uint16_t *codes = arena_zero(a, old->entries * sizeof *codes); /* by entry, plus one */

	for (uint32_t i = 0; i < rows; i++) {
		if (numbers[i] != TEXT_KEEP || !col_has(old, i))
			continue;
		uint32_t slot = col_slot(old, i);
		if (codes[slot] == 0)
			codes[slot] = (uint16_t)(enter(t, col_entry_str(old, slot)) + 1);
		row_set(t, i, codes[slot] - 1u);
	}
}

struct textcol
textcol_put(struct batch *b, struct arena *a, enum field f, struct textcol_codes *codes,
    const struct str *texts, uint32_t count, const uint32_t *numbers)
{
	const struct col *old = batch_col(b, f);
	struct textcol t = {
	    .entries = arena_alloc(a, b->rows * sizeof *t.entries),
	    .codes = arena_zero(a, b->rows * sizeof *t.codes),
	    .present = arena_zero(a, (b->rows + 63) / 64 * sizeof *t.present),
	};

	codes_start(codes, count);
	for (uint32_t i = 0; i < b->rows; i++) {
		uint32_t n = numbers[i];

		if (i + AHEAD < b->rows && numbers[i + AHEAD] < count)
			ask_for(&codes->v[numbers[i + AHEAD]], &texts[numbers[i + AHEAD]]);
		if (n == TEXT_KEEP || n == TEXT_NONE)
			continue;
		struct textcol_code *c = &codes->v[n];
		if (c->column != codes->column) {
			c->column = codes->column;
			c->code = enter(&t, texts[n]);
		}
		row_set(&t, i, c->code);
	}
	if (old != NULL)
		keep(&t, old, a, numbers, b->rows);
	textcol_again(&t, b, a, f);
	return t;
}

void
textcol_again(const struct textcol *t, struct batch *b, struct arena *a, enum field f)
{
	batch_add_strs(b, a, f, t->codes, t->entries, t->count, t->present);
}
