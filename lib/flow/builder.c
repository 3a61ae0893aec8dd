#include "flow/builder.h"

#include <stdlib.h>

#include "base/hash.h"

enum {
	BITMAP_BYTES = BATCH_ROWS_MAX / 8,
	TABLE_SLOTS_MIN = 64,
	TABLE_SLOTS_MAX = 2 * BATCH_ROWS_MAX,
	/* One more row must always fit: header, descriptors, and every variable-width field at its longest. */
	BYTES_FULL = BATCH_BYTES_MAX - (5 << 18),
};

void
builder_init(struct builder *bd, uint64_t origin)
{
	*bd = (struct builder){.origin = origin, .origin_next = 1};
}

void
builder_release(struct builder *bd)
{
	for (size_t i = 0; i < FIELD_IDS; i++) {
		struct builder_column *c = bd->cols[i];

		if (c == NULL)
			continue;
		free(c->values != NULL ? c->values - BITMAP_BYTES : NULL);
		free(c->codes);
		free(c->entries);
		free(c->table);
		free(c);
	}
	arena_release(&bd->arena);
	*bd = (struct builder){0};
}

void
builder_row(struct builder *bd)
{
	bd->rows++;
}

bool
builder_full(const struct builder *bd)
{
	return bd->rows == BATCH_ROWS_MAX || bd->text_bytes > BATCH_TEXT_MAX / 2 ||
	       bd->most_entries == BATCH_ROWS_MAX ||
	       bd->var_bytes + (bd->rows + 1) * bd->row_bytes > BYTES_FULL;
}

static void
bits_set(uint64_t *bits, uint32_t from, uint32_t n)
{
	for (uint32_t at = from & 63, word = from >> 6; n > 0; at = 0, word++) {
		uint32_t k = n < 64 - at ? n : 64 - at;

		bits[word] |= (~UINT64_C(0) >> (64 - k)) << at;
		n -= k;
	}
}

/* Puts the rows of the run into the bitmap; the next begins at `row`. */
static void
run_end(struct builder_column *c, uint32_t row)
{
	bits_set(c->present, c->run_from, c->run_end - c->run_from);
	c->run_from = c->run_end = row;
}

void
builder_run_extend(struct builder_column *c, uint32_t row, uint32_t n)
{
	if (row < c->run_from || row > c->run_end)
		run_end(c, row);
	if (row + n > c->run_end)
		c->run_end = row + n;
}

void
builder_wipe(struct builder_column *c)
{
	size_t w = c->width;

	run_end(c, 0);
	for (uint32_t row = 0; row < c->stale; row += 64) {
		uint64_t absent = ~c->present[row >> 6];

		if (absent == ~UINT64_C(0))
			memset(c->values + row * w, 0, 64 * w);
		else
			for (; absent != 0; absent &= absent - 1)
				memset(c->values + (row + (uint32_t)__builtin_ctzll(absent)) * w, 0, w);
	}
	c->stale = 0;
}

/* The row is as if it never had been set. */
static void
take_back(struct builder_column *c, uint32_t row)
{
	run_end(c, row);
	c->present[row >> 6] &= ~(UINT64_C(1) << (row & 63));
	if (c->width != 0)
		memset(c->values + (size_t)row * c->width, 0, c->width);
	else
		c->codes[row] = 0;
}

void
builder_undo(struct builder *bd)
{
	uint32_t row = --bd->rows;

	for (size_t i = 0; i < FIELD_IDS; i++)
		if (bd->cols[i] != NULL && bd->cols[i]->used)
			take_back(bd->cols[i], row);
}

void
builder_clear(struct builder *bd, enum field f, uint32_t row)
{
	if (bd->cols[f] != NULL && bd->cols[f]->used)
		take_back(bd->cols[f], row);
}

/* What earlier batches left lies across the rows of another width. */
static void
set_width(struct builder_column *c, uint8_t width)
{
	if (c->width == width)
		return;
	c->width = width;
	c->stale = BATCH_ROWS_MAX;
}

static struct builder_column *
column_new(enum field f)
{
	struct builder_column *c = mem_zero(1, sizeof *c);

	c->width = field_by_id(f)->width;
	if (c->width != 0) {
		c->values =
		    (uint8_t *)mem_zero(1, BITMAP_BYTES + BATCH_ROWS_MAX * (size_t)c->width) + BITMAP_BYTES;
		c->width = c->width == ADDR_WIDE ? ADDR_NARROW : c->width;
		return c;
	}
	c->codes = mem_zero(BATCH_ROWS_MAX, sizeof *c->codes);
	c->entries = mem_zero(BATCH_ROWS_MAX, sizeof *c->entries);
	c->table = mem_zero(TABLE_SLOTS_MAX, sizeof *c->table);
	c->table_mask = TABLE_SLOTS_MIN - 1;
	return c;
}

struct builder_column *
builder_touch(struct builder *bd, enum field f)
{
	if (bd->cols[f] == NULL)
		bd->cols[f] = column_new(f);
	struct builder_column *c = bd->cols[f];
	if (!c->used) {
		c->used = true;
		/* A code, and the end of a value that no other row has. */
		bd->row_bytes += c->width != 0 ? c->width : 6;
	}
	return c;
}

struct builder_column *
builder_widen(struct builder *bd, enum field f)
{
	struct builder_column *c = builder_touch(bd, f);

	if (c->width == ADDR_WIDE)
		return c;
	run_end(c, 0);
	for (uint32_t row = bd->rows; row-- > 0;) {
		struct addr a = {0};

		if ((c->present[row >> 6] >> (row & 63) & 1) != 0)
			a = addr_from_bytes(c->values + (size_t)row * ADDR_NARROW, false);
		memcpy(c->values + (size_t)row * ADDR_WIDE, &a, sizeof a);
	}
	set_width(c, ADDR_WIDE);
	bd->row_bytes += ADDR_WIDE - ADDR_NARROW;
	return c;
}

void
builder_uint(struct builder *bd, enum field f, uint64_t v)
{
	uint8_t *slot = builder_slot(bd, f);

	memcpy(slot, &v, bd->cols[f]->width);
}

static void
table_add(struct builder_column *c, uint64_t hash, uint16_t code)
{
	uint32_t i = (uint32_t)hash & c->table_mask;

	while (c->table[i] != 0)
		i = (i + 1) & c->table_mask;
	c->table[i] = (uint16_t)(code + 1);
}

static void
table_grow(struct builder_column *c)
{
	memset(c->table, 0, (c->table_mask + 1) * sizeof *c->table);
	c->table_mask = c->table_mask * 2 + 1;
	for (unsigned i = 0; i < c->entry_count; i++)
		table_add(c, hash64(c->entries[i].p, c->entries[i].len), (uint16_t)i);
}

/* The code of the value, new or known. */
static uint16_t
code_of(struct builder *bd, struct builder_column *c, struct str v)
{
	uint64_t hash = hash64(v.p, v.len);

	for (uint32_t i = (uint32_t)hash & c->table_mask; c->table[i] != 0; i = (i + 1) & c->table_mask)
		if (str_eq(c->entries[c->table[i] - 1], v))
			return (uint16_t)(c->table[i] - 1);
	uint16_t code = (uint16_t)c->entry_count++;
	c->entries[code] = (struct str){arena_dup(&bd->arena, v.p, v.len), v.len};
	bd->var_bytes += v.len;
	if (c->entry_count > bd->most_entries)
		bd->most_entries = c->entry_count;
	if (c->entry_count * 2 > c->table_mask && c->table_mask + 1 < TABLE_SLOTS_MAX)
		table_grow(c);
	else
		table_add(c, hash, code);
	return code;
}

/* Cut to the limit; false if it cannot be. */
static bool
value_cut(struct str *v, enum field_type type)
{
	if (v->len <= BUILDER_VALUE_MAX)
		return true;
	if (type == TYPE_JSON)
		return false;
	v->len = BUILDER_VALUE_MAX;
	while (type == TYPE_LIST && v->len > 0 && v->p[v->len - 1] != '\0')
		v->len--;
	while (type == TYPE_STR && v->len > 0 && ((uint8_t)v->p[v->len] & 0xc0) == 0x80)
		v->len--;
	return true;
}

void
builder_span_str(struct builder *bd, enum field f, uint32_t row, uint32_t n, struct str v)
{
	if (!value_cut(&v, (enum field_type)field_by_id(f)->type))
		return;
	struct builder_column *c = builder_touch(bd, f);
	if (c->entry_count == BATCH_ROWS_MAX)
		return; /* only rows set twice with ever new values get here */
	/* Rows often repeat the value of the row before. */
	uint16_t last = row > 0 ? c->codes[row - 1] : 0;
	uint16_t code = last < c->entry_count && str_eq(c->entries[last], v) ? last : code_of(bd, c, v);
	for (uint32_t i = 0; i < n; i++)
		c->codes[row + i] = code;
	bd->text_bytes += n * v.len;
	bits_set(c->present, row, n);
}

void
builder_span_addr(struct builder *bd, enum field f, uint32_t row, uint32_t n, const struct addr *v)
{
	if (!addr_is_v4(v))
		builder_widen(bd, f);
	uint8_t *to = builder_fill(bd, f, row, n);
	uint8_t width = bd->cols[f]->width;
	for (uint32_t i = 0; i < n && width == ADDR_NARROW; i++)
		memcpy(to + i * ADDR_NARROW, v->b + 12, ADDR_NARROW);
	for (uint32_t i = 0; i < n && width == ADDR_WIDE; i++)
		memcpy(to + i * ADDR_WIDE, v, ADDR_WIDE);
}

void
builder_str(struct builder *bd, enum field f, struct str v)
{
	builder_span_str(bd, f, bd->rows - 1, 1, v);
}

bool
builder_has_at(const struct builder *bd, enum field f, uint32_t row)
{
	const struct builder_column *c = bd->cols[f];

	if (c == NULL || !c->used)
		return false;
	return (row >= c->run_from && row < c->run_end) || (c->present[row >> 6] >> (row & 63) & 1) != 0;
}

bool
builder_has(const struct builder *bd, enum field f)
{
	return builder_has_at(bd, f, bd->rows - 1);
}

uint64_t
builder_get(const struct builder *bd, enum field f)
{
	const struct builder_column *c = bd->cols[f];
	uint64_t v = 0;

	if (builder_has(bd, f) && c->width != 0 && field_by_id(f)->width <= 8)
		memcpy(&v, c->values + (size_t)(bd->rows - 1) * c->width, c->width);
	return v;
}

struct addr
builder_get_addr(const struct builder *bd, enum field f)
{
	const struct builder_column *c = bd->cols[f];
	bool wide = c->width == ADDR_WIDE;

	return addr_from_bytes(c->values + (size_t)(bd->rows - 1) * c->width, wide);
}

/* A plain column where it stands: the bitmap is put right before the values. */
static void
add_in_place(struct batch *b, enum field f, struct builder_column *c, const uint64_t *present)
{
	size_t bitmap = present == NULL ? 0 : (b->rows + 63) / 64 * sizeof *present;
	uint8_t *raw = c->values - bitmap;
	struct col *col = batch_claim(b, f);

	if (present != NULL)
		memcpy(raw, present, bitmap);
	*col = (struct col){
	    .field = (uint16_t)f,
	    .width = c->width,
	    .encoding = COL_PLAIN,
	    .entries = b->rows,
	    .present = present == NULL ? NULL : (const uint64_t *)(const void *)raw,
	    .values = c->values,
	    .raw = raw,
	    .raw_len = (uint32_t)(bitmap + ((b->rows * (size_t)c->width + 7) & ~(size_t)7)),
	};
}

static uint32_t
count_present(struct builder_column *c, uint32_t rows)
{
	uint32_t n = 0;

	if (c->run_from == 0 && c->run_end == rows)
		return rows;
	run_end(c, 0);
	for (uint32_t i = 0; i < (rows + 63) / 64; i++)
		n += (uint32_t)__builtin_popcountll(c->present[i]);
	return n;
}

/* Zeros where the column has no value, up to the multiple of 8 bytes that it is written as. */
static void
make_sound(struct builder_column *c, uint32_t rows, bool all)
{
	size_t bytes = (size_t)rows * c->width;

	if (all)
		memset(c->values + bytes, 0, -bytes & 7);
	else
		builder_wipe(c);
}

static void
add_const(
    struct batch *b, struct arena *a, enum field f, const struct builder_column *c, const uint64_t *present)
{
	struct addr wide;

	if (c->width != field_by_id(f)->width) {
		wide = addr_from_bytes(c->values, false);
		batch_add_const(b, a, f, &wide, present);
		return;
	}
	batch_add_const(b, a, f, c->values, present);
}

static void
finish_column(struct builder *bd, struct batch *b, enum field f)
{
	struct builder_column *c = bd->cols[f];
	uint32_t n = count_present(c, b->rows);

	if (n == 0)
		return;
	if (c->stale > 0 && c->width != 0)
		make_sound(c, b->rows, n == b->rows);
	const uint64_t *present = n == b->rows ? NULL : c->present;
	if (c->width == 0)
		batch_add_strs(b, &bd->arena, f, c->codes, c->entries, c->entry_count, present);
	else if (memcmp(c->values, c->values + c->width, (b->rows - 1) * (size_t)c->width) == 0)
		add_const(b, &bd->arena, f, c, present);
	else
		add_in_place(b, f, c, present);
}

void
builder_finish(struct builder *bd, struct batch *b)
{
	batch_init(b);
	b->rows = bd->rows;
	if (bd->origin != 0 && bd->rows > 0) {
		b->origin = bd->origin;
		b->origin_first = bd->origin_next;
		bd->origin_next += bd->rows;
		b->origin_last = bd->origin_next - 1;
	}
	for (unsigned i = 0; i < field_count && b->rows > 0; i++) {
		enum field f = (enum field)fields[i].id;

		if (bd->cols[f] != NULL && bd->cols[f]->used)
			finish_column(bd, b, f);
	}
}

void
builder_reset(struct builder *bd)
{
	for (size_t i = 0; i < FIELD_IDS; i++) {
		struct builder_column *c = bd->cols[i];

		if (c == NULL || !c->used)
			continue;
		memset(c->present, 0, (bd->rows + 63) / 64 * sizeof *c->present);
		if (c->width != 0) {
			c->stale = c->stale > bd->rows ? c->stale : bd->rows;
			set_width(c, c->width == ADDR_WIDE ? ADDR_NARROW : c->width);
		} else {
			memset(c->codes, 0, bd->rows * sizeof *c->codes);
			memset(c->table, 0, (c->table_mask + 1) * sizeof *c->table);
			c->table_mask = TABLE_SLOTS_MIN - 1;
			c->entry_count = 0;
		}
		c->run_from = c->run_end = 0;
		c->used = false;
	}
	arena_reset(&bd->arena);
	bd->rows = 0;
	bd->most_entries = 0;
	bd->row_bytes = 0;
	bd->var_bytes = 0;
	bd->text_bytes = 0;
}
