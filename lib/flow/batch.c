#include "flow/batch.h"

#include "base/hash.h"

_Static_assert(sizeof(struct batch_header) == 56, "the header is 56 bytes on the pipe");
_Static_assert(sizeof(struct batch_column) == 16, "a descriptor is 16 bytes on the pipe");

static size_t
pad8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

void
batch_init(struct batch *b)
{
	b->kind = BATCH_FLOWS;
	b->rows = 0;
	b->origin = b->origin_first = b->origin_last = 0;
	b->mark = (struct str){NULL, 0};
	b->col_count = 0;
	memset(b->at, 0, sizeof b->at);
}

ssize_t
batch_measure(const void *p, size_t len)
{
	struct batch_header h;

	if (len < sizeof h)
		return 0;
	memcpy(&h, p, sizeof h);
	if (memcmp(h.magic, BATCH_MAGIC, sizeof h.magic) != 0 ||
	    h.header_hash != hash64(&h, offsetof(struct batch_header, header_hash)) ||
	    h.payload_len % 8 != 0 || h.payload_len > BATCH_BYTES_MAX - sizeof h)
		return -1;
	return (ssize_t)(sizeof h + h.payload_len);
}

/* Every code below the number of entries. */
static bool
codes_sound(const struct col *c, uint32_t rows)
{
	unsigned most = 0;

	if (c->code_width == 1) {
		const uint8_t *codes = c->codes;
		for (uint32_t i = 0; i < rows; i++)
			most = codes[i] > most ? codes[i] : most;
	} else {
		const uint16_t *codes = c->codes;
		for (uint32_t i = 0; i < rows; i++)
			most = codes[i] > most ? codes[i] : most;
	}
	return most < c->entries;
}

/* The ends never go back, so with the last one in bounds all are. */
static bool
ends_sound(const uint32_t *ends, uint32_t entries, size_t bytes)
{
	uint32_t back = 0;

	for (uint32_t i = 1; i < entries; i++)
		back |= ends[i] < ends[i - 1];
	return back == 0 && ends[entries - 1] <= bytes;
}

/* A list must end each of its strings. */
static bool
lists_sound(const struct col *c)
{
	for (uint32_t i = 0; i < c->entries; i++) {
		struct str v = col_entry_str(c, i);

		if (v.len > 0 && v.p[v.len - 1] != '\0')
			return false;
	}
	return true;
}

/* Lays the parts of a column over its raw bytes. 0 or -1 with words, without the column's name. */
static int
col_parse(struct col *c, const struct batch_column *d, uint32_t rows, struct err *e)
{
	size_t left = c->raw_len;
	const uint8_t *p = c->raw;

	if (d->presence == PRESENCE_BITMAP) {
		size_t n = (rows + 63) / 64 * 8;
		if (left < n)
			return err_set(e, "too short for its presence bitmap");
		c->present = (const uint64_t *)(const void *)p;
		p += n;
		left -= n;
	}
	if (d->encoding == COL_DICT) {
		size_t n = pad8((size_t)rows * d->code_width);
		if (left < n)
			return err_set(e, "too short for its codes");
		c->codes = p;
		p += n;
		left -= n;
	}
	if (d->width == 0) {
		size_t n = pad8((size_t)c->entries * 4);
		if (left < n)
			return err_set(e, "too short for its ends");
		c->ends = (const uint32_t *)(const void *)p;
		p += n;
		left -= n;
		if (!ends_sound(c->ends, c->entries, left))
			return err_set(e, "a value ends outside the column");
	} else if (left < (size_t)c->entries * d->width) {
		return err_set(e, "too short for its values");
	}
	c->values = p;
	if (c->codes != NULL && !codes_sound(c, rows))
		return err_set(e, "a code beyond the dictionary");
	return 0;
}

static int
descriptor_check(const struct batch_column *d, uint32_t from, uint32_t payload, struct err *e)
{
	const struct field_info *f = field_by_id(d->field);

	if (d->width != 0 && d->width != 1 && d->width != 2 && d->width != 4 && d->width != 8 &&
	    d->width != 16)
		return err_set(e, "width %u", d->width);
	if (f != NULL && f->width != d->width)
		return err_set(e, "width %u, the field has %u", d->width, f->width);
	if (d->encoding > COL_CONST || d->presence > PRESENCE_BITMAP)
		return err_set(e, "unknown encoding %u or presence %u", d->encoding, d->presence);
	bool dict = d->encoding == COL_DICT;
	if (dict
		? (d->code_width != 1 && d->code_width != 2) || d->entries == 0 || d->entries > BATCH_ROWS_MAX
		: d->code_width != 0 || d->entries != 0)
		return err_set(e, "code width %u with %u entries", d->code_width, d->entries);
	if (d->offset % 8 != 0 || d->length % 8 != 0 || d->offset < from || d->offset > payload ||
	    d->length > payload - d->offset)
		return err_set(e, "lies outside the payload or over another");
	return 0;
}

static int
columns_parse(struct batch *b, const struct batch_header *h, const uint8_t *payload, struct err *e)
{
	uint32_t from = h->columns * (uint32_t)sizeof(struct batch_column);

	if (from > h->payload_len)
		return err_set(e, "payload too short for %u descriptors", h->columns);
	for (unsigned i = 0; i < h->columns; i++) {
		struct batch_column d;
		struct col *c = &b->cols[i];

		memcpy(&d, payload + i * sizeof d, sizeof d);
		const struct field_info *f = field_by_id(d.field);
		if (f != NULL && b->at[d.field] != 0)
			return err_set(e, "column %s stands twice", f->name.p);
		int status = descriptor_check(&d, from, h->payload_len, e);
		if (status == 0) {
			*c = (struct col){
			    .field = d.field,
			    .width = d.width,
			    .encoding = d.encoding,
			    .code_width = d.code_width,
			    .entries = d.encoding == COL_PLAIN   ? h->rows
				       : d.encoding == COL_CONST ? 1
								 : d.entries,
			    .raw = payload + d.offset,
			    .raw_len = d.length,
			};
			status = col_parse(c, &d, h->rows, e);
		}
		if (status == 0 && f != NULL && f->type == TYPE_LIST && !lists_sound(c))
			status = err_set(e, "a list without its last terminator");
		if (status == -1)
			return err_wrap(e, "column %u (field %u)", i, d.field);
		if (f != NULL)
			b->at[d.field] = (uint8_t)(i + 1);
		from = d.offset + d.length;
	}
	b->col_count = h->columns;
	return 0;
}

int
batch_parse(struct batch *b, const void *p, size_t len, struct err *e)
{
	const uint8_t *payload = (const uint8_t *)p + sizeof(struct batch_header);
	struct batch_header h;
	ssize_t n = batch_measure(p, len);

	batch_init(b);
	if (n <= 0 || (size_t)n != len)
		return err_set(e, "no sound batch header");
	memcpy(&h, p, sizeof h);
	if (h.version != BATCH_VERSION)
		return err_set(e, "batch version %u, this program knows %u", h.version, BATCH_VERSION);
	if (h.payload_hash != hash64(payload, h.payload_len))
		return err_set(e, "payload checksum does not hold");
	b->kind = h.kind;
	b->origin = h.origin;
	b->origin_first = h.origin_first;
	b->origin_last = h.origin_last;
	if (h.kind == BATCH_MARK) {
		if (h.rows > BATCH_MARK_MAX || h.rows > h.payload_len)
			return err_set(e, "mark of %u bytes", h.rows);
		b->mark = (struct str){(const char *)payload, h.rows};
		return 0;
	}
	if (h.kind != BATCH_FLOWS)
		return err_set(e, "unknown kind of batch %u", h.kind);
	if (h.rows == 0 || h.rows > BATCH_ROWS_MAX || h.columns > BATCH_COLUMNS_MAX)
		return err_set(e, "%u rows and %u columns", h.rows, h.columns);
	b->rows = h.rows;
	return columns_parse(b, &h, payload, e);
}

bool
batch_untouched(const struct batch *b, const void *p)
{
	const uint8_t *payload = (const uint8_t *)p + sizeof(struct batch_header);
	struct batch_header h;
	struct batch_column d;

	memcpy(&h, p, sizeof h);
	if (b->kind != h.kind || b->origin != h.origin || b->origin_first != h.origin_first ||
	    b->origin_last != h.origin_last)
		return false;
	if (b->kind == BATCH_MARK)
		return b->mark.p == (const char *)payload && b->mark.len == h.rows;
	if (b->rows != h.rows || b->col_count != h.columns)
		return false;
	/* Columns are never written to, so where they lie tells all. */
	for (unsigned i = 0; i < b->col_count; i++) {
		const struct col *c = &b->cols[i];

		memcpy(&d, payload + i * sizeof d, sizeof d);
		if (c->field != d.field || c->raw != payload + d.offset || c->raw_len != d.length)
			return false;
	}
	return true;
}

int
batch_serialize(const struct batch *b, struct buf *out, struct err *e)
{
	bool mark = b->kind == BATCH_MARK;
	size_t columns = mark ? 0 : b->col_count;
	size_t payload = mark ? pad8(b->mark.len) : columns * sizeof(struct batch_column);

	if (mark && b->mark.len > BATCH_MARK_MAX)
		return err_set(e, "mark of %zu bytes, the most is %d", b->mark.len, BATCH_MARK_MAX);
	for (size_t i = 0; i < columns; i++)
		payload += b->cols[i].raw_len;
	if (payload > BATCH_BYTES_MAX - sizeof(struct batch_header))
		return err_set(e, "batch of %zu bytes, the most is %d", payload, BATCH_BYTES_MAX);

	size_t total = sizeof(struct batch_header) + payload;
	uint8_t *start = buf_reserve(out, total), *p = start + sizeof(struct batch_header);
	struct batch_header h = {
	    .magic = {BATCH_MAGIC[0], BATCH_MAGIC[1], BATCH_MAGIC[2], BATCH_MAGIC[3]},
	    .version = BATCH_VERSION,
	    .kind = b->kind,
	    .columns = (uint16_t)columns,
	    .rows = mark ? (uint32_t)b->mark.len : b->rows,
	    .payload_len = (uint32_t)payload,
	    .origin = b->origin,
	    .origin_first = b->origin_first,
	    .origin_last = b->origin_last,
	};
	if (mark) {
		memset(p, 0, payload);
		if (b->mark.len > 0)
			memcpy(p, b->mark.p, b->mark.len);
	}
	size_t at = columns * sizeof(struct batch_column);
	for (size_t i = 0; i < columns; i++) {
		const struct col *c = &b->cols[i];
		struct batch_column d = {
		    .field = c->field,
		    .width = c->width,
		    .encoding = c->encoding,
		    .presence = c->present != NULL ? PRESENCE_BITMAP : PRESENCE_ALL,
		    .code_width = c->code_width,
		    .entries = (uint16_t)(c->encoding == COL_DICT ? c->entries : 0),
		    .offset = (uint32_t)at,
		    .length = c->raw_len,
		};
		memcpy(p + i * sizeof d, &d, sizeof d);
		memcpy(p + at, c->raw, c->raw_len);
		at += c->raw_len;
	}
	h.payload_hash = hash64(p, payload);
	h.header_hash = hash64(&h, offsetof(struct batch_header, header_hash));
	memcpy(start, &h, sizeof h);
	out->len += total;
	return 0;
}

void
batch_drop(struct batch *b, enum field f)
{
	unsigned i = b->at[f];

	if (i == 0)
		return;
	unsigned last = --b->col_count;
	if (i - 1 != last) {
		b->cols[i - 1] = b->cols[last];
		if (b->cols[i - 1].field < FIELD_IDS)
			b->at[b->cols[i - 1].field] = (uint8_t)i;
	}
	b->at[f] = 0;
}
