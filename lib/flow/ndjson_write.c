/*
 * A batch to lines. What does not change from row to row is worked out once a
 * batch: constant columns become part of the key before the next value, and
 * each entry of a dictionary becomes a finished member. A row is then a short
 * list of steps, most of them a copy of some 16 bytes and a number.
 */
#include "flow/ndjson.h"

#include "flow/put.h"

/* What JSONEachRow of any ClickHouse server takes: no fraction of a second. A type of our own beside enum field_type. */
enum { TYPE_WHOLE_SECONDS = 100 };

/* Copies run over their ends by less than SLACK; sources and room are larger by it. */
enum { SLACK = 32, KEY_MAX = 64 };

/* Text that stands ready to be copied. */
struct piece {
	const char *p;
	size_t len;
};

struct step {
	const struct col *col; /* NULL: the prefix is all */
	const struct piece *ready; /* a finished member for each entry; NULL: prefix, then value */
	struct piece prefix; /* finished members, then the key of the value */
	uint8_t type; /* of the value */
};

struct plan {
	unsigned count;
	struct step steps[2 * FIELD_IDS + 1];
	size_t room; /* for a row, without its variable-width values */
	char *text; /* where the next prefix goes */
	bool clickhouse;
};

static inline char *
copy(char *p, struct piece from)
{
	memcpy(p, from.p, SLACK);
	for (size_t at = SLACK; at < from.len; at += SLACK)
		memcpy(p + at, from.p + at, SLACK);
	return p + from.len;
}

static char *
put_list(char *p, struct str v)
{
	const char *end = v.p + v.len;

	*p++ = '[';
	for (const char *s = v.p; s < end;) {
		size_t len = strnlen(s, (size_t)(end - s));

		if (s > v.p)
			*p++ = ',';
		*p++ = '"';
		p = put_escaped(p, (struct str){s, len});
		*p++ = '"';
		s += len + 1;
	}
	*p++ = ']';
	return p;
}

/* Members as they came. Only a hostile batch has control bytes there, which would break the line. */
static char *
put_json(char *p, struct str v)
{
	for (size_t i = 0; i < v.len; i++)
		*p++ = (uint8_t)v.p[i] < 0x20 ? ' ' : v.p[i];
	return p;
}

static char *
put_var(char *p, uint8_t type, struct str v)
{
	if (type == TYPE_LIST)
		return put_list(p, v);
	if (type == TYPE_JSON)
		return put_json(p, v);
	*p++ = '"';
	p = put_escaped(p, v);
	*p++ = '"';
	return p;
}

/* The most that put_var() writes: an escape of six bytes for one, quotes and a comma for each string. */
static size_t
var_room(struct str v)
{
	return 9 * v.len + PUT_MAX;
}

static inline char *
put_bool(char *p, bool v)
{
	memcpy(p, v ? "true   " : "false  ", 8);
	return p + (v ? 4 : 5);
}

/* The value of an entry of a column of fixed width. */
static inline char *
put_fixed(char *p, uint8_t type, const struct col *c, uint32_t i)
{
	struct addr addr;
	float real;

	switch (type) {
	case TYPE_U8:
		return put_u27(p, c->values[i]);
	case TYPE_U16:
		return put_u27(p, ((const uint16_t *)(const void *)c->values)[i]);
	case TYPE_U32:
		return put_u64(p, ((const uint32_t *)(const void *)c->values)[i]);
	case TYPE_U64:
		return put_u64(p, ((const uint64_t *)(const void *)c->values)[i]);
	case TYPE_TIME:
		return put_time(p, ((const uint64_t *)(const void *)c->values)[i]);
	case TYPE_WHOLE_SECONDS:
		return put_u64(p, ((const uint64_t *)(const void *)c->values)[i] / 1000);
	case TYPE_BOOL:
		return put_bool(p, c->values[i] != 0);
	case TYPE_REAL:
		memcpy(&real, c->values + i * sizeof real, sizeof real);
		return put_real(p, real);
	case TYPE_ADDR:
		addr = col_entry_addr(c, i);
		*p++ = '"';
		p = put_addr(p, &addr);
		*p++ = '"';
		return p;
	default:
		*p++ = '"';
		p = put_mac(p, col_entry_u64(c, i));
		*p++ = '"';
		return p;
	}
}

/* Every member begins with a comma; the row's first one becomes its brace. */
static char *
put_key(char *p, const struct field_info *f)
{
	*p++ = ',';
	if (f->type == TYPE_JSON)
		return p;
	*p++ = '"';
	memcpy(p, f->name.p, f->name.len);
	p += f->name.len;
	*p++ = '"';
	*p++ = ':';
	return p;
}

/* How the field's values are shown. */
static uint8_t
shown_type(const struct plan *pl, const struct field_info *f)
{
	if (pl->clickhouse && f->type == TYPE_TIME)
		return TYPE_WHOLE_SECONDS;
	if (pl->clickhouse && f->type == TYPE_BOOL)
		return TYPE_U8;
	return f->type;
}

static char *
put_member(const struct plan *pl, char *p, const struct field_info *f, const struct col *c, uint32_t i)
{
	if (f->width != 0)
		return put_fixed(put_key(p, f), shown_type(pl, f), c, i);
	struct str v = col_entry_str(c, i);
	if (f->type == TYPE_JSON && v.len == 0)
		return p;
	return put_var(put_key(p, f), f->type, v);
}

/* The most that the members of all entries take. */
static size_t
members_room(const struct col *c)
{
	size_t n = (size_t)c->entries * (KEY_MAX + PUT_MAX);

	return c->width == 0 ? n + 9 * (size_t)c->ends[c->entries - 1] : n;
}

static const struct piece *
plan_members(struct plan *pl, const struct field_info *f, const struct col *c, struct arena *a)
{
	struct piece *pieces = arena_alloc(a, c->entries * sizeof *pieces);
	char *p = arena_alloc(a, members_room(c) + SLACK);
	size_t longest = 0;

	for (uint32_t i = 0; i < c->entries; i++) {
		pieces[i].p = p;
		p = put_member(pl, p, f, c, i);
		pieces[i].len = (size_t)(p - pieces[i].p);
		longest = pieces[i].len > longest ? pieces[i].len : longest;
	}
	pl->room += longest + SLACK;
	return pieces;
}

/* Makes a step of the text from `from` on, unless it is nothing. */
static void
plan_prefix(struct plan *pl, const char *from, const struct field_info *f, const struct col *c)
{
	if (pl->text == from)
		return;
	pl->steps[pl->count++] = (struct step){
	    .col = c,
	    .prefix = {from, (size_t)(pl->text - from)},
	    .type = f != NULL ? shown_type(pl, f) : 0,
	};
	pl->room += (size_t)(pl->text - from) + SLACK + PUT_MAX;
}

static void
plan_make(struct plan *pl, const struct batch *b, struct arena *a)
{
	size_t room = SLACK + KEY_MAX;
	const char *from;

	for (unsigned i = 0; i < b->col_count; i++)
		room += KEY_MAX + (b->cols[i].encoding == COL_CONST ? members_room(&b->cols[i]) : 0);
	from = pl->text = arena_alloc(a, room);
	for (unsigned i = 0; i < field_count; i++) {
		const struct field_info *f = &fields[i];
		const struct col *c = batch_col(b, (enum field)f->id);

		if (c == NULL || (pl->clickhouse && f->type == TYPE_JSON))
			continue;
		if (c->encoding == COL_CONST && c->present == NULL) {
			pl->text = put_member(pl, pl->text, f, c, 0);
			continue;
		}
		if (c->present != NULL || c->encoding != COL_PLAIN || f->type == TYPE_JSON) {
			plan_prefix(pl, from, NULL, NULL);
			from = pl->text;
		}
		if (c->encoding != COL_PLAIN) {
			pl->steps[pl->count++] = (struct step){.col = c, .ready = plan_members(pl, f, c, a)};
			continue;
		}
		pl->text = put_key(pl->text, f);
		plan_prefix(pl, from, f, c);
		from = pl->text;
	}
	memcpy(pl->text, "}\n", 2);
	pl->text += 2;
	plan_prefix(pl, from, NULL, NULL);
}

/* Room for n bytes at p, which is where out ends; out's length is brought up to it. */
static char *
room_at(struct buf *out, char *p, size_t n)
{
	out->len = (size_t)(p - (char *)out->p);
	return (char *)buf_reserve(out, n);
}

static char *
put_plain_var(const struct plan *pl, const struct step *s, uint32_t row, struct buf *out, char *p)
{
	struct str v = col_entry_str(s->col, row);

	if (s->type == TYPE_JSON && v.len == 0)
		return p;
	p = room_at(out, p, pl->room + var_room(v));
	return put_var(copy(p, s->prefix), s->type, v);
}

static void
write_mark(struct str token, struct buf *out)
{
	char *p = (char *)buf_reserve(out, var_room(token));

	memcpy(p, "{\"_mark\":\"", 10);
	p = put_escaped(p + 10, token);
	memcpy(p, "\"}\n", 3);
	out->len = (size_t)(p + 3 - (char *)out->p);
}

static void
write_rows(const struct plan *pl, uint32_t rows, struct buf *out)
{
	char *p = (char *)buf_reserve(out, pl->room);

	for (uint32_t row = 0; row < rows; row++) {
		if (out->cap - (size_t)(p - (char *)out->p) < pl->room)
			p = room_at(out, p, pl->room);
		size_t start = (size_t)(p - (char *)out->p);
		for (unsigned i = 0; i < pl->count; i++) {
			const struct step *s = &pl->steps[i];
			const struct col *c = s->col;

			if (c != NULL && !col_has(c, row))
				continue;
			if (s->ready != NULL)
				p = copy(p, s->ready[col_slot(c, row)]);
			else if (c == NULL)
				p = copy(p, s->prefix);
			else if (c->width != 0)
				p = put_fixed(copy(p, s->prefix), s->type, c, row);
			else
				p = put_plain_var(pl, s, row, out, p);
		}
		char *first = (char *)out->p + start;
		if (p == first + 2) { /* a row without a single value */
			memcpy(first, "{}\n", 3);
			p = first + 3;
		}
		*first = '{';
	}
	out->len = (size_t)(p - (char *)out->p);
}

void
ndjson_write(const struct batch *b, struct buf *out, struct arena *scratch)
{
	struct plan pl = {.clickhouse = false};

	if (b->kind == BATCH_MARK) {
		write_mark(b->mark, out);
		return;
	}
	plan_make(&pl, b, scratch);
	write_rows(&pl, b->rows, out);
}

void
ndjson_write_clickhouse(const struct batch *b, struct buf *out, struct arena *scratch)
{
	struct plan pl = {.clickhouse = true};

	if (b->kind == BATCH_MARK)
		return;
	plan_make(&pl, b, scratch);
	write_rows(&pl, b->rows, out);
}
