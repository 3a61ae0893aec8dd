#include "ch/rows.h"

#include <stdlib.h>

#include "flow/json.h"
#include "flow/put.h"

enum { NAME_MAX_LEN = 256 };

enum form { FORM_PLAIN, FORM_TEXT, FORM_SECONDS };

struct rows {
	const struct ch_table *table;
	enum form *forms; /* of each column */
	bool *wanted; /* of this insert */
	unsigned next; /* the column after the one found last: members mostly come in one order */
	struct buf stranger;
};

static bool
begins(struct str s, struct str with)
{
	return s.len >= with.len && memcmp(s.p, with.p, with.len) == 0;
}

/* The next member of an object that was walked over before; false at its end. */
static bool
next_member(struct json *j, struct json_value *key, struct json_value *value)
{
	if (json_value(j, key, NULL) == -1 || !json_take(j, ':') || json_value(j, value, NULL) == -1)
		return false;
	json_take(j, ',');
	return true;
}

static struct json
object_members(struct str line)
{
	struct json j = {line.p, line.p + line.len, line.p};

	json_take(&j, '{');
	return j;
}

enum row_kind
row_look(struct str line, struct err *e)
{
	struct json j = {line.p, line.p + line.len, line.p};
	struct json_value v, key;

	json_space(&j);
	if (j.p == j.end)
		return ROW_NOTHING;
	if (json_value(&j, &v, e) == -1)
		return ROW_BAD;
	json_space(&j);
	if (v.kind != JSON_OBJECT || j.p != j.end) {
		err_set(e, v.kind != JSON_OBJECT ? "no JSON object" : "more behind the object");
		return ROW_BAD;
	}
	j = object_members(line);
	if (next_member(&j, &key, &v) && str_eq(key.text, STR("_mark")))
		return ROW_NOTHING;
	return ROW_SOUND;
}

bool
row_next(struct str *text, struct str *line)
{
	const char *end = text->len > 0 ? memchr(text->p, '\n', text->len) : NULL;
	size_t len = end != NULL ? (size_t)(end - text->p) : text->len, used = len + (end != NULL);

	if (text->len == 0)
		return false;
	*line = (struct str){text->p, len};
	*text = (struct str){text->p + used, text->len - used};
	return true;
}

static enum form
form_of(struct str type)
{
	static const struct str wrappers[] = {STR("LowCardinality("), STR("Nullable(")};

	for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++)
		if (begins(type, wrappers[i]))
			type = (struct str){type.p + wrappers[i].len, type.len - wrappers[i].len};
	if (begins(type, STR("String")))
		return FORM_TEXT;
	return begins(type, STR("DateTime")) && !begins(type, STR("DateTime64")) ? FORM_SECONDS : FORM_PLAIN;
}

struct rows *
rows_new(const struct ch_table *t)
{
	struct rows *r = mem_zero(1, sizeof *r);

	r->table = t;
	r->forms = mem_zero(t->count, sizeof *r->forms);
	r->wanted = mem_zero(t->count, sizeof *r->wanted);
	for (unsigned i = 0; i < t->count; i++)
		r->forms[i] = form_of(t->columns[i].type);
	return r;
}

void
rows_free(struct rows *r)
{
	if (r == NULL)
		return;
	free(r->forms);
	free(r->wanted);
	buf_release(&r->stranger);
	free(r);
}

void
rows_begin(struct rows *r)
{
	memset(r->wanted, 0, r->table->count * sizeof *r->wanted);
}

/* The number of the member's column, or that of no column. */
static unsigned
column_of(struct rows *r, const struct json_value *key)
{
	char decoded[NAME_MAX_LEN];
	unsigned count = r->table->count;
	struct str name = key->text;

	if (key->escaped && name.len <= sizeof decoded)
		name = json_text(key, decoded);
	for (unsigned i = 0; i < count; i++) {
		unsigned at = (r->next + i) % count;

		if (str_eq(r->table->columns[at].name, name)) {
			r->next = at + 1;
			return r->table->columns[at].computed ? count : at;
		}
	}
	if (r->stranger.len == 0)
		buf_add(&r->stranger, key->text.p, key->text.len);
	return count;
}

void
rows_note(struct rows *r, struct str line)
{
	struct json j = object_members(line);
	struct json_value key, value;

	while (next_member(&j, &key, &value)) {
		unsigned at = column_of(r, &key);

		if (at < r->table->count && value.kind != JSON_NULL)
			r->wanted[at] = true;
	}
}

bool
rows_columns(const struct rows *r, struct buf *list)
{
	bool any = false;

	for (unsigned i = 0; i < r->table->count; i++) {
		if (!r->wanted[i])
			continue;
		if (any)
			buf_puts(list, ", ");
		ch_quote(list, r->table->columns[i].name);
		any = true;
	}
	return any;
}

static void
put_text(struct buf *out, struct str s)
{
	char *p = (char *)buf_reserve(out, 6 * s.len + 18), *end = p;

	*end++ = '"';
	end = put_escaped(end, s);
	*end++ = '"';
	out->len += (size_t)(end - p);
}

/* 1700000000 of 1700000000.123 */
static struct str
whole_seconds(struct str number)
{
	size_t point = number.len;

	for (size_t i = 0; i < number.len; i++) {
		if (number.p[i] == '.')
			point = i;
		else if ((number.p[i] | 0x20) == 'e')
			return number;
	}
	return (struct str){number.p, point};
}

static void
put_value(struct buf *out, enum form form, const struct json_value *v)
{
	struct str text = v->text;

	if (form == FORM_TEXT && (v->kind == JSON_OBJECT || v->kind == JSON_ARRAY)) {
		put_text(out, text);
		return;
	}
	if (form == FORM_SECONDS && v->kind == JSON_NUMBER)
		text = whole_seconds(text);
	if (v->kind == JSON_STRING)
		buf_putc(out, '"');
	buf_add(out, text.p, text.len);
	if (v->kind == JSON_STRING)
		buf_putc(out, '"');
}

void
rows_add(struct rows *r, struct str line, struct buf *out)
{
	struct json j = object_members(line);
	struct json_value key, value;
	char separator = '{';

	while (next_member(&j, &key, &value)) {
		unsigned at = column_of(r, &key);

		if (at == r->table->count || value.kind == JSON_NULL)
			continue;
		buf_putc(out, separator);
		put_text(out, r->table->columns[at].name);
		buf_putc(out, ':');
		put_value(out, r->forms[at], &value);
		separator = ',';
	}
	buf_puts(out, separator == '{' ? "{}\n" : "}\n");
}

struct str
rows_stranger(const struct rows *r)
{
	return (struct str){r->stranger.len > 0 ? (const char *)r->stranger.p : NULL, r->stranger.len};
}
