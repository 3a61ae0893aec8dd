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
	if (f != NULL && f->width != d->width && (f->type != TYPE_ADDR || d->width != ADDR_NARROW))
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

/* What the rows have of a column's bytes: a dictionary of few can stand for many. */
static uint64_t
col_text(const struct col *c, uint32_t rows)
{
	uint64_t longest = 0, sum = 0;

	if (c->width != 0 || c->encoding == COL_PLAIN)
		return 0;
	for (uint32_t i = 0; i < c->entries; i++) {
		size_t len = col_entry_str(c, i).len;

		longest = len > longest ? len : longest;
	}
	if (longest * rows <= BATCH_TEXT_MAX / BATCH_COLUMNS_MAX)
		return longest * rows;
	for (uint32_t i = 0; i < rows; i++)
		if (col_has(c, i))
			sum += col_entry_str(c, col_slot(c, i)).len;
	return sum;
}

static int
columns_parse(struct batch *b, const struct batch_header *h, const uint8_t *payload, struct err *e)
{
	uint32_t from = h->columns * (uint32_t)sizeof(struct batch_column);
	uint64_t text = 0;

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
		text += col_text(c, h->rows);
		if (text > BATCH_TEXT_MAX)
			return err_set(e, "its rows would take more than %d bytes as text", BATCH_TEXT_MAX);
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
	if (h.version == 0 || h.version > BATCH_VERSION)
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

static void
part_add(struct batch_parts *p, const void *bytes, size_t len)
{
	p->part[p->count++] = (struct iovec){(void *)(uintptr_t)bytes, len};
	p->bytes += len;
}

static int
gather_mark(struct batch_parts *p, struct str mark, struct err *e)
{
	if (mark.len > BATCH_MARK_MAX)
		return err_set(e, "mark of %zu bytes, the most is %d", mark.len, BATCH_MARK_MAX);
	memset(p->mark, 0, sizeof p->mark);
	if (mark.len > 0)
		memcpy(p->mark, mark.p, mark.len);
	part_add(p, p->mark, pad8(mark.len));
	return 0;
}

static void
gather_columns(struct batch_parts *p, const struct batch *b)
{
	size_t at = b->col_count * sizeof p->columns[0];

	part_add(p, p->columns, at);
	for (size_t i = 0; i < b->col_count; i++) {
		const struct col *c = &b->cols[i];

		p->columns[i] = (struct batch_column){
		    .field = c->field,
		    .width = c->width,
		    .encoding = c->encoding,
		    .presence = c->present != NULL ? PRESENCE_BITMAP : PRESENCE_ALL,
		    .code_width = c->code_width,
		    .entries = (uint16_t)(c->encoding == COL_DICT ? c->entries : 0),
		    .offset = (uint32_t)at,
		    .length = c->raw_len,
		};
		part_add(p, c->raw, c->raw_len);
		at += c->raw_len;
	}
}

int
batch_gather(const struct batch *b, struct batch_parts *p, struct err *e)
{
	bool mark = b->kind == BATCH_MARK;
	struct batch_header *h = &p->header;

	p->count = 0;
	p->bytes = 0;
	part_add(p, h, sizeof *h);
	if (!mark)
		gather_columns(p, b);
	else if (gather_mark(p, b->mark, e) == -1)
		return -1;
	if (p->bytes > BATCH_BYTES_MAX)
		return err_set(e, "batch of %zu bytes, the most is %d", p->bytes, BATCH_BYTES_MAX);
	*h = (struct batch_header){
	    .magic = {BATCH_MAGIC[0], BATCH_MAGIC[1], BATCH_MAGIC[2], BATCH_MAGIC[3]},
	    .version = BATCH_VERSION,
	    .kind = b->kind,
	    .columns = (uint16_t)(mark ? 0 : b->col_count),
	    .rows = mark ? (uint32_t)b->mark.len : b->rows,
	    .payload_len = (uint32_t)(p->bytes - sizeof *h),
	    .origin = b->origin,
	    .origin_first = b->origin_first,
	    .origin_last = b->origin_last,
	    .payload_hash = hash64_parts(p->part + 1, p->count - 1),
	};
	h->header_hash = hash64(h, offsetof(struct batch_header, header_hash));
	return 0;
}

int
batch_serialize(const struct batch *b, struct buf *out, struct err *e)
{
	struct batch_parts p;

	if (batch_gather(b, &p, e) == -1)
		return -1;
	buf_reserve(out, p.bytes);
	for (unsigned i = 0; i < p.count; i++)
		buf_add(out, p.part[i].iov_base, p.part[i].iov_len);
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
