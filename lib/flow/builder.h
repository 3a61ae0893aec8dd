/*
 * Building batches row by row: for decoders, which get flows one at a time.
 *
 *     builder_row(bd);
 *     builder_u16(bd, FIELD_dst_port, 53);
 *     …
 *     if (builder_full(bd)) {
 *             builder_finish(bd, &batch);
 *             … use the batch …
 *             builder_reset(bd);
 *     }
 *
 * All memory is from the start or from the first use of a column; the row path
 * calls no malloc once warm. A field that a row does not set is absent in it.
 */
#ifndef FLOW_BUILDER_H
#define FLOW_BUILDER_H

#include "flow/batch.h"

#define BUILDER_VALUE_MAX 32768

struct builder_column {
	uint8_t width; /* of a value; addresses are narrow until the first that is not IPv4 */
	bool used; /* in this batch */
	uint8_t *values; /* fixed: BATCH_ROWS_MAX * the field's width; room for a bitmap before it */
	uint32_t stale; /* of the first so many rows, those absent may hold values of earlier batches */
	uint64_t present[BATCH_ROWS_MAX / 64];
	uint32_t run_from, run_end; /* rows of a run that are present too, and not in the bitmap yet */
	/* variable width: a dictionary of the values seen in this batch */
	uint16_t *codes;
	struct str *entries;
	unsigned entry_count;
	uint16_t *table; /* hash -> code + 1 */
	uint32_t table_mask;
};

struct builder {
	uint32_t rows; /* the row being set is rows - 1 */
	unsigned most_entries; /* in any dictionary; rows undone leave theirs behind */
	size_t row_bytes; /* of a row in the columns used, without its variable-width values */
	size_t var_bytes; /* of variable-width values in this batch, each once */
	size_t text_bytes; /* the same, as often as rows have them */
	uint64_t origin, origin_next;
	struct arena arena;
	struct builder_column *cols[FIELD_IDS];
};

void builder_init(struct builder *bd, uint64_t origin);
void builder_release(struct builder *bd);

/* Begins the next row; never when builder_full(). */
void builder_row(struct builder *bd);

/* Forgets the row that was begun last. */
void builder_undo(struct builder *bd);

/* Whether the batch must be finished before another row. */
bool builder_full(const struct builder *bd);

/* Makes the column ready; the setters below call it. */
struct builder_column *builder_touch(struct builder *bd, enum field f);

/* The same of a column of addresses, each of which takes 16 bytes from now on, those before too. */
struct builder_column *builder_widen(struct builder *bd, enum field f);

static inline void *
builder_slot(struct builder *bd, enum field f)
{
	struct builder_column *c = bd->cols[f];
	uint32_t row = bd->rows - 1;

	if (c == NULL || !c->used)
		c = builder_touch(bd, f);
	c->present[row >> 6] |= UINT64_C(1) << (row & 63);
	return c->values + (size_t)row * c->width;
}

/* The setters store by the width that the name says; it must be the field's. */
static inline void
builder_u8(struct builder *bd, enum field f, uint8_t v)
{
	*(uint8_t *)builder_slot(bd, f) = v;
}

static inline void
builder_u16(struct builder *bd, enum field f, uint16_t v)
{
	*(uint16_t *)builder_slot(bd, f) = v;
}

static inline void
builder_u32(struct builder *bd, enum field f, uint32_t v)
{
	*(uint32_t *)builder_slot(bd, f) = v;
}

static inline void
builder_u64(struct builder *bd, enum field f, uint64_t v)
{
	*(uint64_t *)builder_slot(bd, f) = v;
}

static inline void
builder_addr(struct builder *bd, enum field f, const struct addr *v)
{
	void *slot = builder_slot(bd, f);

	if (bd->cols[f]->width == ADDR_NARROW && addr_is_v4(v)) {
		memcpy(slot, v->b + 12, ADDR_NARROW);
		return;
	}
	builder_widen(bd, f);
	memcpy(builder_slot(bd, f), v, sizeof *v);
}

static inline void
builder_real(struct builder *bd, enum field f, float v)
{
	memcpy(builder_slot(bd, f), &v, sizeof v);
}

/* Any fixed width of 1 to 8; what does not fit is cut. */
void builder_uint(struct builder *bd, enum field f, uint64_t v);

/*
 * STR, LIST (NUL-terminated strings, concatenated) and JSON; the bytes are
 * copied. What exceeds BUILDER_VALUE_MAX bytes is cut (a list after a whole
 * string; JSON, which cannot be cut, is left out).
 */
void builder_str(struct builder *bd, enum field f, struct str v);

/*
 * Filling by columns, for decoders whose records come many at a time. Begins n
 * rows at once and gives the number of the first; never when builder_full(),
 * and no more than BUILDER_ROWS_AT_ONCE or than BATCH_ROWS_MAX leaves room for.
 */
#define BUILDER_ROWS_AT_ONCE 256

static inline uint32_t
builder_rows(struct builder *bd, uint32_t n)
{
	uint32_t first = bd->rows;

	bd->rows += n;
	return first;
}

/* The rows are present, and not all of the run that the column remembers. For the two below. */
void builder_run_extend(struct builder_column *c, uint32_t row, uint32_t n);
void builder_wipe(struct builder_column *c);

/*
 * Where the values of n rows from `row` on go, all marked present. Fixed widths
 * only. The caller writes all of them; addresses as wide as the column is now.
 */
static inline void *
builder_fill(struct builder *bd, enum field f, uint32_t row, uint32_t n)
{
	struct builder_column *c = bd->cols[f];

	if (c == NULL || !c->used)
		c = builder_touch(bd, f);
	if (row == c->run_end)
		c->run_end += n;
	else if (row < c->run_from || row + n > c->run_end)
		builder_run_extend(c, row, n);
	return c->values + (size_t)row * c->width;
}

/* The same, with zeros in those that were absent. */
static inline void *
builder_span(struct builder *bd, enum field f, uint32_t row, uint32_t n)
{
	struct builder_column *c = bd->cols[f];

	if (c != NULL && c->stale != 0 && (row < c->run_from || row + n > c->run_end))
		builder_wipe(c);
	return builder_fill(bd, f, row, n);
}

/* Takes back the value of a row. */
void builder_clear(struct builder *bd, enum field f, uint32_t row);

/* The same string (see builder_str), or address, in n rows from `row` on. */
void builder_span_str(struct builder *bd, enum field f, uint32_t row, uint32_t n, struct str v);
void builder_span_addr(struct builder *bd, enum field f, uint32_t row, uint32_t n, const struct addr *v);

/* Whether the row being set has the field, and its value so far (fixed widths up to 8; 0 if absent). */
bool builder_has(const struct builder *bd, enum field f);
bool builder_has_at(const struct builder *bd, enum field f, uint32_t row); /* likewise, of any row so far */
uint64_t builder_get(const struct builder *bd, enum field f);

/* The address of the row being set; only where it has one. */
struct addr builder_get_addr(const struct builder *bd, enum field f);

/* The batch of all rows so far, which lasts until builder_reset. Numbers the rows of the origin. */
void builder_finish(struct builder *bd, struct batch *b);
void builder_reset(struct builder *bd);

#endif
