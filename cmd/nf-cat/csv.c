#include "format.h"

#include "flow/put.h"

/* Whether the cell must stand in quotes (RFC 4180 §2). */
static bool
wants_quotes(const struct field_info *f, struct str v)
{
	if (f->type == TYPE_JSON)
		return v.len > 0;
	for (size_t i = 0; i < v.len; i++)
		if (v.p[i] == ',' || v.p[i] == '"' || v.p[i] == '\r' || v.p[i] == '\n')
			return true;
	return false;
}

/* Text as it is, a list with spaces between, members of an object in their braces; at most twice the text and 4. */
static char *
put_var(char *p, const struct field_info *f, struct str v)
{
	bool quotes = wants_quotes(f, v), braces = f->type == TYPE_JSON && v.len > 0;

	if (f->type == TYPE_LIST && v.len > 0)
		v.len--; /* the last terminator */
	if (quotes)
		*p++ = '"';
	if (braces)
		*p++ = '{';
	for (size_t i = 0; i < v.len; i++) {
		if (v.p[i] == '"')
			*p++ = '"';
		*p++ = f->type == TYPE_LIST && v.p[i] == '\0' ? ' ' : v.p[i];
	}
	if (braces)
		*p++ = '}';
	if (quotes)
		*p++ = '"';
	return p;
}

static char *
put_fixed(char *p, const struct field_info *f, const struct col *c, uint32_t row)
{
	uint32_t entry = col_slot(c, row);
	struct addr addr;
	float real;

	switch (f->type) {
	case TYPE_TIME:
		return put_time(p, col_entry_u64(c, entry));
	case TYPE_ADDR:
		addr = col_entry_addr(c, entry);
		return put_addr(p, &addr);
	case TYPE_MAC:
		return put_mac(p, col_entry_u64(c, entry));
	case TYPE_REAL:
		memcpy(&real, c->values + entry * sizeof real, sizeof real);
		return put_real(p, real);
	default:
		return put_u64(p, col_entry_u64(c, entry));
	}
}

static void
cell_write(const struct field_info *f, const struct col *c, uint32_t row, struct buf *out)
{
	struct str v = {"", 0};

	if (f->width == 0)
		v = col_str(c, row);
	char *p = (char *)buf_reserve(out, 2 * v.len + PUT_MAX);
	char *end = f->width == 0 ? put_var(p, f, v) : put_fixed(p, f, c, row);
	out->len += (size_t)(end - p);
}

static void
line_end(struct buf *out)
{
	out->len--; /* the last comma */
	buf_add(out, "\r\n", 2);
}

void
csv_header(const struct columns *c, struct buf *out)
{
	for (unsigned i = 0; i < c->count; i++) {
		buf_add(out, c->list[i]->name.p, c->list[i]->name.len);
		buf_putc(out, ',');
	}
	line_end(out);
}

void
csv_write(const struct columns *c, const struct batch *b, struct buf *out)
{
	const struct col *cols[FIELD_IDS];

	for (unsigned i = 0; i < c->count; i++)
		cols[i] = batch_col(b, (enum field)c->list[i]->id);
	for (uint32_t row = 0; row < b->rows; row++) {
		for (unsigned i = 0; i < c->count; i++) {
			if (cols[i] != NULL && col_has(cols[i], row))
				cell_write(c->list[i], cols[i], row, out);
			buf_putc(out, ',');
		}
		line_end(out);
	}
}
