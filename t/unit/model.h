/*
 * A table of flows as a naive program would hold it, row by row and cell by
 * cell, to hold batches against: made at random, turned into a batch in every
 * encoding, picked from, compared.
 */
#ifndef UNIT_MODEL_H
#define UNIT_MODEL_H

#include <stdio.h>

#include "flow/batch.h"

enum shape { SHAPE_CONST, SHAPE_FEW, SHAPE_MANY, SHAPE_DISTINCT, SHAPES };
enum { MODEL_COLUMNS = 13 };

/* A field of every type, and two of the widest. */
static const enum field model_fields[MODEL_COLUMNS] = {
    FIELD_trusted,
    FIELD_proto,
    FIELD_src_port,
    FIELD_src_as,
    FIELD_packets,
    FIELD_timestamp_start,
    FIELD_src_mac,
    FIELD_ml_score,
    FIELD_src_host,
    FIELD_dst_host,
    FIELD_flow_type,
    FIELD_as_path,
    FIELD_extra,
};

struct model {
	uint32_t rows;
	struct str *cells[MODEL_COLUMNS]; /* p is NULL where the row lacks the field */
	enum shape shape[MODEL_COLUMNS];
};

static inline uint32_t
random_u32(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33);
}

/* Value number n of a field: equal numbers give equal values, others differ as far as the width allows. */
static inline struct str
model_value(struct arena *a, const struct field_info *f, uint32_t n)
{
	uint64_t mixed = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);

	switch ((enum field_type)f->type) {
	case TYPE_STR:
		if (n == 0)
			return (struct str){"", 0};
		return str_from(arena_printf(a, "value %u%.*s", n, (int)(mixed % 9), "ααααα"));
	case TYPE_JSON:
		return str_from(arena_printf(a, "\"k%u\":%u", n % 7, n));
	case TYPE_LIST: {
		unsigned items = n % 4;
		struct str v = {arena_alloc(a, 64), 0};
		for (unsigned i = 0; i < items; i++)
			v.len += 1 + (size_t)snprintf((char *)(uintptr_t)v.p + v.len, 16, "%u", n * 7 + i);
		return v;
	}
	default: {
		uint8_t bytes[16] = {0};
		memcpy(bytes, &mixed, 8);
		memcpy(bytes + 8, &n, 4);
		if (f->type == TYPE_BOOL)
			bytes[0] = n & 1;
		if (f->id == FIELD_dst_host && n % 512 != 511) { /* IPv4, but for a few */
			struct addr v4 = addr_from_v4((uint32_t)mixed);
			memcpy(bytes, &v4, sizeof v4);
		}
		return (struct str){arena_dup(a, bytes, f->width), f->width};
	}
	}
}

static inline void
model_random(struct model *m, struct arena *a, uint32_t rows, uint64_t *seed)
{
	static const uint32_t distinct[SHAPES] = {1, 5, 700, UINT32_MAX};

	m->rows = rows;
	for (unsigned c = 0; c < MODEL_COLUMNS; c++) {
		const struct field_info *f = field_by_id(model_fields[c]);
		/* none, all, half, one in eight present */
		uint32_t absent = (uint32_t[]){8, 0, 4, 7}[random_u32(seed) % 4];

		m->shape[c] = random_u32(seed) % SHAPES;
		m->cells[c] = arena_zero(a, rows * sizeof *m->cells[c]);
		uint32_t base = random_u32(seed) % 100;
		for (uint32_t r = 0; r < rows; r++)
			if (random_u32(seed) % 8 >= absent)
				m->cells[c][r] =
				    model_value(a, f, base + random_u32(seed) % distinct[m->shape[c]]);
	}
}

static inline void
model_add_fixed(const struct model *m, unsigned c, struct batch *b, struct arena *a, const uint64_t *present)
{
	size_t w = field_by_id(model_fields[c])->width;
	uint8_t *flat = arena_zero(a, m->rows * w);

	for (uint32_t r = 0; r < m->rows; r++)
		if (m->cells[c][r].p != NULL)
			memcpy(flat + r * w, m->cells[c][r].p, w);
	batch_add_fixed(b, a, model_fields[c], flat, present);
}

/* Codes and the dictionary of the column's distinct values; their count. */
static inline unsigned
model_dictionary(const struct model *m, unsigned c, struct arena *a, uint16_t **codes, struct str **entries)
{
	unsigned n = 0;

	*codes = arena_zero(a, m->rows * sizeof **codes);
	*entries = arena_zero(a, m->rows * sizeof **entries);
	for (uint32_t r = 0; r < m->rows; r++) {
		struct str v = m->cells[c][r];
		unsigned i = 0;

		if (v.p == NULL)
			continue;
		/* Long dictionaries may hold a value twice: nothing forbids it, and it keeps this fast. */
		if (m->shape[c] == SHAPE_DISTINCT)
			i = n;
		while (i < n && !str_eq((*entries)[i], v))
			i++;
		if (i == n)
			(*entries)[n++] = v;
		(*codes)[r] = (uint16_t)i;
	}
	return n;
}

static inline void
model_add_dict(const struct model *m, unsigned c, struct batch *b, struct arena *a, const uint64_t *present)
{
	size_t w = field_by_id(model_fields[c])->width;
	uint16_t *codes;
	struct str *entries;
	unsigned n = model_dictionary(m, c, a, &codes, &entries);

	if (w == 0) {
		batch_add_strs(b, a, model_fields[c], codes, entries, n, present);
		return;
	}
	uint8_t *flat = arena_zero(a, n * w);
	for (unsigned i = 0; i < n; i++)
		memcpy(flat + i * w, entries[i].p, w);
	batch_add_dict(b, a, model_fields[c], codes, flat, n, present);
}

/* Plain variable-width columns: the library reads them and builds none, so they are laid out here. */
static inline void
model_add_plain(const struct model *m, unsigned c, struct batch *b, struct arena *a, const uint64_t *present)
{
	size_t bitmap = (m->rows + 63) / 64 * 8, ends = (m->rows * 4 + 7) / 8 * 8, bytes = 0;

	for (uint32_t r = 0; r < m->rows; r++)
		bytes += m->cells[c][r].len;
	bytes = (bytes + 7) / 8 * 8;
	uint8_t *raw = arena_zero(a, bitmap + ends + bytes);
	memcpy(raw, present, bitmap);
	uint32_t *end = (uint32_t *)(void *)(raw + bitmap), at = 0;
	for (uint32_t r = 0; r < m->rows; r++) {
		struct str v = m->cells[c][r];
		if (v.len > 0)
			memcpy(raw + bitmap + ends + at, v.p, v.len);
		end[r] = at += (uint32_t)v.len;
	}
	*batch_claim(b, model_fields[c]) = (struct col){
	    .field = (uint16_t)model_fields[c],
	    .encoding = COL_PLAIN,
	    .entries = m->rows,
	    .present = (const uint64_t *)(const void *)raw,
	    .ends = end,
	    .values = raw + bitmap + ends,
	    .raw = raw,
	    .raw_len = (uint32_t)(bitmap + ends + bytes),
	};
}

/* A column of addresses as narrow as it can be, of any encoding: only builders make such. */
static inline void
model_narrow(struct col *c, struct arena *a)
{
	static const struct addr none;
	size_t before = (size_t)(c->values - c->raw), bytes = (c->entries * (size_t)ADDR_NARROW + 7) / 8 * 8;
	uint8_t *raw = arena_zero(a, before + bytes);

	memcpy(raw, c->raw, before);
	for (uint32_t i = 0; i < c->entries; i++) {
		struct addr v = col_entry_addr(c, i);

		if (!addr_is_v4(&v) && !addr_eq(&v, &none))
			return;
		memcpy(raw + before + i * ADDR_NARROW, v.b + 12, ADDR_NARROW);
	}
	c->present = c->present != NULL ? (const uint64_t *)(const void *)raw : NULL;
	c->codes = c->codes != NULL ? raw + ((const uint8_t *)c->codes - c->raw) : NULL;
	c->width = ADDR_NARROW;
	c->values = raw + before;
	c->raw = raw;
	c->raw_len = (uint32_t)(before + bytes);
}

/* The model as a batch. Which of the ways in is taken for a column, the seed says. */
static inline void
model_batch(const struct model *m, struct batch *b, struct arena *a, uint64_t *seed)
{
	uint64_t present[BATCH_ROWS_MAX / 64];

	batch_init(b);
	b->rows = m->rows;
	for (unsigned c = 0; c < MODEL_COLUMNS; c++) {
		bool coin = random_u32(seed) % 2 == 0;

		memset(present, 0, sizeof present);
		for (uint32_t r = 0; r < m->rows; r++)
			present[r / 64] |= (uint64_t)(m->cells[c][r].p != NULL) << r % 64;
		if (field_by_id(model_fields[c])->width != 0 && coin)
			model_add_fixed(m, c, b, a, present);
		else if (field_by_id(model_fields[c])->width != 0 || coin)
			model_add_dict(m, c, b, a, present);
		else
			model_add_plain(m, c, b, a, present);
		if (model_fields[c] == FIELD_dst_host && b->at[FIELD_dst_host] != 0 &&
		    random_u32(seed) % 2 == 0)
			model_narrow(&b->cols[b->at[FIELD_dst_host] - 1], a);
	}
}

/* The rows numbered in picked, in that order. */
static inline void
model_pick(struct model *m, const uint32_t *picked, uint32_t n)
{
	for (unsigned c = 0; c < MODEL_COLUMNS; c++)
		for (uint32_t r = 0; r < n; r++)
			m->cells[c][r] = m->cells[c][picked[r]];
	m->rows = n;
}

/* Whether the batch says the same as the model, cell by cell. */
static inline void
assert_model(const struct batch *b, const struct model *m)
{
	assert_int_equal(b->rows, m->rows);
	for (unsigned c = 0; c < MODEL_COLUMNS; c++) {
		const struct col *col = batch_col(b, model_fields[c]);
		const struct field_info *f = field_by_id(model_fields[c]);

		for (uint32_t r = 0; r < m->rows; r++) {
			struct str want = m->cells[c][r];
			bool has = col != NULL && col_has(col, r);

			if (has != (want.p != NULL))
				fail_msg("%s of row %u: %s", f->name.p, r, has ? "there" : "missing");
			if (!has)
				continue;
			struct addr addr;
			struct str got = {
			    (const char *)col->values + col_slot(col, r) * (size_t)f->width, f->width};
			if (f->width == 0)
				got = col_str(col, r);
			if (f->type == TYPE_ADDR) {
				addr = col_addr(col, r);
				got = (struct str){(const char *)addr.b, sizeof addr.b};
			}
			if (!str_eq(got, want))
				fail_msg("%s of row %u differs", f->name.p, r);
		}
	}
}

#endif
