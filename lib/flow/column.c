/* Making columns and reading them whole. The layout is told in batch.h. */
#include "flow/batch.h"

static size_t
pad8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static uint32_t
words(uint32_t rows)
{
	return (rows + 63) / 64;
}

/* The bitmap with no bit beyond the rows, or NULL if every row is present; *none if no row is. */
static const uint64_t *
presence_trim(struct arena *a, const uint64_t *present, uint32_t rows, bool *none)
{
	uint64_t all = ~UINT64_C(0), any = 0;

	*none = false;
	if (present == NULL)
		return NULL;
	uint64_t *trimmed = arena_dup(a, present, words(rows) * sizeof *present);
	if (rows % 64 != 0)
		trimmed[rows / 64] &= (UINT64_C(1) << rows % 64) - 1;
	for (uint32_t i = 0; i < words(rows); i++) {
		uint64_t full = i == rows / 64 ? (UINT64_C(1) << rows % 64) - 1 : ~UINT64_C(0);

		all &= ~(full ^ trimmed[i]);
		any |= trimmed[i];
	}
	*none = any == 0;
	return all == ~UINT64_C(0) ? NULL : trimmed;
}

struct col *
batch_claim(struct batch *b, enum field f)
{
	if (b->at[f] == 0) {
		if (b->col_count == BATCH_COLUMNS_MAX)
			return NULL;
		b->at[f] = (uint8_t)++b->col_count;
	}
	return &b->cols[b->at[f] - 1];
}

/* What a column is to be made of. */
struct shape {
	uint8_t width, encoding, code_width;
	uint32_t rows, entries;
	size_t value_bytes;
	const uint64_t *present;
};

/* Fills the column's struct over fresh memory of the right size; the parts are then written through it. */
static void
col_lay(struct col *c, struct arena *a, enum field f, const struct shape *s)
{
	size_t bitmap = s->present != NULL ? words(s->rows) * sizeof *s->present : 0;
	size_t codes = pad8((size_t)s->rows * s->code_width);
	size_t ends = s->width == 0 ? pad8((size_t)s->entries * 4) : 0;
	size_t total = bitmap + codes + ends + pad8(s->value_bytes);
	uint8_t *p = arena_alloc(a, total);

	/* Only the padding needs zeros; it lies in the last 8 bytes of each part. */
	if (codes > 0)
		memset(p + bitmap + codes - 8, 0, 8);
	if (ends > 0)
		memset(p + bitmap + codes + ends - 8, 0, 8);
	if (s->value_bytes > 0)
		memset(p + total - 8, 0, 8);
	if (bitmap > 0)
		memcpy(p, s->present, bitmap);
	*c = (struct col){
	    .field = (uint16_t)f,
	    .width = s->width,
	    .encoding = s->encoding,
	    .code_width = s->code_width,
	    .entries = s->entries,
	    .present = bitmap > 0 ? (const uint64_t *)(const void *)p : NULL,
	    .codes = codes > 0 ? p + bitmap : NULL,
	    .ends = ends > 0 ? (const uint32_t *)(const void *)(p + bitmap + codes) : NULL,
	    .values = p + bitmap + codes + ends,
	    .raw = p,
	    .raw_len = (uint32_t)total,
	};
}

/* The columns of col_lay are ours to write. */
static void *
writable(const void *p)
{
	return (void *)(uintptr_t)p;
}

static void
add_fixed(
    struct batch *b, struct arena *a, enum field f, const void *values, const uint64_t *present, bool same)
{
	const struct field_info *info = field_by_id(f);
	uint32_t entries = same ? 1 : b->rows;
	bool none;

	present = presence_trim(a, present, b->rows, &none);
	batch_drop(b, f);
	if (none || b->rows == 0)
		return;
	struct shape s = {
	    .width = info->width,
	    .encoding = same ? COL_CONST : COL_PLAIN,
	    .rows = b->rows,
	    .entries = entries,
	    .value_bytes = (size_t)entries * info->width,
	    .present = present,
	};
	struct col *c = batch_claim(b, f);
	if (c == NULL)
		return;
	col_lay(c, a, f, &s);
	memcpy(writable(c->values), values, s.value_bytes);
}

void
batch_add_fixed(struct batch *b, struct arena *a, enum field f, const void *values, const uint64_t *present)
{
	size_t w = field_by_id(f)->width;

	/* Constant when each value equals the next; absent rows hold zeros, which then must be equal too. */
	bool same = b->rows > 0 && memcmp(values, (const uint8_t *)values + w, (b->rows - 1) * w) == 0;
	add_fixed(b, a, f, values, present, same);
}

void
batch_add_const(struct batch *b, struct arena *a, enum field f, const void *value, const uint64_t *present)
{
	add_fixed(b, a, f, value, present, true);
}

/* A dictionary of one entry is a constant. */
static struct shape
dict_shape(uint8_t width, uint32_t rows, uint32_t entries, const uint64_t *present)
{
	return (struct shape){
	    .width = width,
	    .encoding = entries == 1 ? COL_CONST : COL_DICT,
	    .code_width = entries == 1     ? 0
			  : entries <= 256 ? 1
					   : 2,
	    .rows = rows,
	    .entries = entries,
	    .present = present,
	};
}

static void
codes_copy(const struct col *c, const uint16_t *codes, uint32_t rows)
{
	if (c->code_width == 2) {
		memcpy(writable(c->codes), codes, rows * sizeof *codes);
	} else if (c->code_width == 1) {
		uint8_t *out = writable(c->codes);
		for (uint32_t i = 0; i < rows; i++)
			out[i] = (uint8_t)codes[i];
	}
}

void
batch_add_dict(struct batch *b, struct arena *a, enum field f, const uint16_t *codes, const void *entries,
    unsigned entry_count, const uint64_t *present)
{
	const struct field_info *info = field_by_id(f);
	bool none;

	present = presence_trim(a, present, b->rows, &none);
	batch_drop(b, f);
	if (none || entry_count == 0 || b->rows == 0)
		return;
	struct shape s = dict_shape(info->width, b->rows, entry_count, present);
	/* A dictionary that is larger than the rows themselves is no gain. */
	bool plain =
	    s.encoding == COL_DICT &&
	    (size_t)entry_count * s.width + (size_t)b->rows * s.code_width >= (size_t)b->rows * s.width;
	if (plain) {
		s.encoding = COL_PLAIN;
		s.code_width = 0;
		s.entries = b->rows;
	}
	s.value_bytes = (size_t)s.entries * s.width;
	struct col *c = batch_claim(b, f);
	if (c == NULL)
		return;
	col_lay(c, a, f, &s);
	if (!plain) {
		memcpy(writable(c->values), entries, s.value_bytes);
		codes_copy(c, codes, b->rows);
		return;
	}
	uint8_t *out = writable(c->values);
	for (uint32_t i = 0; i < b->rows; i++)
		memcpy(out + (size_t)i * s.width, (const uint8_t *)entries + (size_t)codes[i] * s.width,
		    s.width);
}

void
batch_add_strs(struct batch *b, struct arena *a, enum field f, const uint16_t *codes,
    const struct str *entries, unsigned entry_count, const uint64_t *present)
{
	bool none;

	present = presence_trim(a, present, b->rows, &none);
	batch_drop(b, f);
	if (none || entry_count == 0 || b->rows == 0)
		return;
	struct shape s = dict_shape(0, b->rows, entry_count, present);
	for (unsigned i = 0; i < entry_count; i++)
		s.value_bytes += entries[i].len;
	struct col *c = batch_claim(b, f);
	if (c == NULL)
		return;
	col_lay(c, a, f, &s);
	codes_copy(c, codes, b->rows);
	uint32_t *ends = writable(c->ends), at = 0;
	char *out = writable(c->values);
	for (unsigned i = 0; i < entry_count; i++) {
		if (entries[i].len > 0)
			memcpy(out + at, entries[i].p, entries[i].len);
		at += (uint32_t)entries[i].len;
		ends[i] = at;
	}
}

/* Copies entry codes[row] (or row, or 0) of a fixed column to row after row. */
static void
expand(const struct col *c, uint32_t rows, uint8_t *out)
{
	size_t w = c->width;

	switch (w) {
	case 1:
		for (uint32_t i = 0; i < rows; i++)
			out[i] = c->values[col_slot(c, i)];
		break;
	case 2:
		for (uint32_t i = 0; i < rows; i++)
			memcpy(out + i * 2, c->values + col_slot(c, i) * 2, 2);
		break;
	case 4:
		for (uint32_t i = 0; i < rows; i++)
			memcpy(out + i * 4, c->values + col_slot(c, i) * 4, 4);
		break;
	case 8:
		for (uint32_t i = 0; i < rows; i++)
			memcpy(out + i * 8, c->values + col_slot(c, i) * 8, 8);
		break;
	default:
		for (uint32_t i = 0; i < rows; i++)
			memcpy(out + i * w, c->values + col_slot(c, i) * w, w);
	}
}

const struct addr *
col_addrs(const struct col *c, struct arena *a)
{
	if (c->width == ADDR_WIDE)
		return (const struct addr *)(const void *)c->values;
	struct addr *out = arena_alloc(a, c->entries * sizeof *out);
	for (uint32_t i = 0; i < c->entries; i++)
		out[i] = col_entry_addr(c, i);
	return out;
}

static const void *
flat_narrow(const struct col *c, uint32_t rows, struct arena *a)
{
	struct addr *out = arena_alloc(a, rows * sizeof *out);

	for (uint32_t i = 0; i < rows; i++)
		out[i] = col_has(c, i) ? col_addr(c, i) : (struct addr){0};
	return out;
}

const void *
batch_flat(const struct batch *b, enum field f, struct arena *a)
{
	const struct col *c = batch_col(b, f);

	if (c == NULL || c->width == 0)
		return NULL;
	if (c->width != field_by_id(f)->width)
		return flat_narrow(c, b->rows, a);
	/* A plain column's absent rows are zero already, unless a stranger wrote it. */
	if (c->encoding == COL_PLAIN && c->present == NULL)
		return c->values;
	uint8_t *out = arena_alloc(a, (size_t)b->rows * c->width);
	expand(c, b->rows, out);
	for (uint32_t i = 0; c->present != NULL && i < b->rows; i++)
		if (!col_has(c, i))
			memset(out + (size_t)i * c->width, 0, c->width);
	return out;
}

const uint64_t *
batch_flat_u64(const struct batch *b, enum field f, struct arena *a)
{
	const struct col *c = batch_col(b, f);
	const uint8_t *flat = c != NULL && field_by_id(f)->width <= 8 ? batch_flat(b, f, a) : NULL;

	if (flat == NULL || c->width == 8)
		return (const uint64_t *)(const void *)flat;
	uint64_t *out = arena_alloc(a, b->rows * sizeof *out);
	switch (c->width) {
	case 1:
		for (uint32_t i = 0; i < b->rows; i++)
			out[i] = flat[i];
		break;
	case 2:
		for (uint32_t i = 0; i < b->rows; i++)
			out[i] = ((const uint16_t *)(const void *)flat)[i];
		break;
	default:
		for (uint32_t i = 0; i < b->rows; i++)
			out[i] = ((const uint32_t *)(const void *)flat)[i];
	}
	return out;
}

/* The entries that the picked rows use, each once in the order of first use, and the rows' codes for these. */
static uint32_t
dict_used(
    const struct col *c, struct arena *a, const uint16_t *picked, uint32_t n, uint16_t *codes, uint16_t *used)
{
	uint16_t *renumbered = arena_zero(a, c->entries * sizeof *renumbered); /* plus one */
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t old = col_slot(c, picked[i]);

		if (renumbered[old] == 0) {
			used[count++] = (uint16_t)old;
			renumbered[old] = (uint16_t)count;
		}
		codes[i] = (uint16_t)(renumbered[old] - 1);
	}
	return count;
}

/* Entries from[0], from[1] … of a fixed column, one after the other. */
static void
gather(uint8_t *out, const struct col *c, const uint16_t *from, uint32_t n)
{
	size_t w = c->width;

	switch (w) {
	case 1:
		for (uint32_t i = 0; i < n; i++)
			out[i] = c->values[from[i]];
		break;
	case 2:
		for (uint32_t i = 0; i < n; i++)
			memcpy(out + i * 2, c->values + from[i] * 2, 2);
		break;
	case 4:
		for (uint32_t i = 0; i < n; i++)
			memcpy(out + i * 4, c->values + from[i] * 4, 4);
		break;
	case 8:
		for (uint32_t i = 0; i < n; i++)
			memcpy(out + i * 8, c->values + from[i] * 8, 8);
		break;
	default:
		for (uint32_t i = 0; i < n; i++)
			memcpy(out + i * w, c->values + from[i] * w, w);
	}
}

static void
gather_strs(const struct col *to, const struct col *c, const uint16_t *from)
{
	uint32_t *ends = writable(to->ends), at = 0;
	uint8_t *out = writable(to->values);

	for (uint32_t i = 0; i < to->entries; i++) {
		struct str v = col_entry_str(c, from[i]);

		memcpy(out + at, v.p, v.len);
		at += (uint32_t)v.len;
		ends[i] = at;
	}
}

static const uint64_t *
presence_pick(const struct col *c, struct arena *a, const uint16_t *picked, uint32_t n)
{
	if (c->present == NULL)
		return NULL;
	uint64_t *present = arena_zero(a, words(n) * sizeof *present);
	for (uint32_t i = 0; i < n; i++)
		present[i >> 6] |= (uint64_t)col_has(c, picked[i]) << (i & 63);
	return present;
}

/* The column with only the rows picked, n of them, and only the entries that these use. */
static void
col_pick(struct col *c, struct arena *a, const uint16_t *picked, uint32_t n)
{
	const struct col old = *c;
	const uint64_t *present = presence_pick(&old, a, picked, n);
	uint16_t *codes = arena_alloc(a, n * sizeof *codes), *used = arena_alloc(a, n * sizeof *used);
	const uint16_t *from = old.encoding == COL_PLAIN ? picked : used;
	struct shape s = {
	    .width = old.width, .encoding = COL_PLAIN, .rows = n, .entries = n, .present = present};

	if (old.encoding != COL_PLAIN)
		s = dict_shape(old.width, n, dict_used(&old, a, picked, n, codes, used), present);
	s.value_bytes = (size_t)s.entries * old.width;
	for (uint32_t i = 0; i < s.entries && old.width == 0; i++)
		s.value_bytes += col_entry_str(&old, from[i]).len;
	col_lay(c, a, (enum field)old.field, &s);
	codes_copy(c, codes, n);
	if (old.width != 0)
		gather(writable(c->values), &old, from, s.entries);
	else
		gather_strs(c, &old, from);
}

static void
pick(struct batch *b, struct arena *a, const uint16_t *picked, uint32_t n)
{
	if (n == b->rows)
		return;
	for (unsigned i = 0; i < b->col_count && n > 0; i++)
		col_pick(&b->cols[i], a, picked, n);
	b->rows = n;
	if (n == 0) {
		b->col_count = 0;
		memset(b->at, 0, sizeof b->at);
	}
}

void
batch_filter(struct batch *b, struct arena *a, const uint64_t *keep)
{
	uint16_t *picked = arena_alloc(a, b->rows * sizeof *picked);
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->rows; i++) {
		picked[n] = (uint16_t)i;
		n += keep[i >> 6] >> (i & 63) & 1;
	}
	pick(b, a, picked, n);
}

void
batch_slice(struct batch *b, struct arena *a, uint32_t from, uint32_t n)
{
	uint16_t *picked = arena_alloc(a, b->rows * sizeof *picked + sizeof *picked);

	if (from > b->rows)
		from = b->rows;
	if (n > b->rows - from)
		n = b->rows - from;
	for (uint32_t i = 0; i < n; i++)
		picked[i] = (uint16_t)(from + i);
	pick(b, a, picked, n);
}
