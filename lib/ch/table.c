#include "ch/table.h"

/* The text up to the separator, which is stepped over; the rest of *s if there is none. */
static struct str
cut(struct str *s, char separator)
{
	const char *p = memchr(s->p, separator, s->len);
	size_t n = p != NULL ? (size_t)(p - s->p) : s->len;
	struct str head = {s->p, n};

	n += p != NULL;
	*s = (struct str){s->p + n, s->len - n};
	return head;
}

int
ch_table_parse(struct ch_table *t, struct str rows, struct err *e)
{
	unsigned lines = 0;

	*t = (struct ch_table){0};
	for (size_t i = 0; i < rows.len; i++)
		lines += rows.p[i] == '\n';
	struct str text = {arena_dup(&t->arena, rows.p, rows.len), rows.len};
	t->columns = arena_zero(&t->arena, (lines + 1) * sizeof *t->columns);
	while (text.len > 0) {
		struct str line = cut(&text, '\n');
		struct ch_column *c = &t->columns[t->count++];

		c->name = cut(&line, '\t');
		c->type = cut(&line, '\t');
		struct str how = cut(&line, '\t');
		c->computed = str_eq(how, STR("MATERIALIZED")) || str_eq(how, STR("ALIAS"));
		if (c->name.len == 0 || c->type.len == 0) {
			ch_table_release(t);
			return err_set(e, "the description of the table's columns makes no sense");
		}
	}
	return 0;
}

void
ch_table_release(struct ch_table *t)
{
	arena_release(&t->arena);
	*t = (struct ch_table){0};
}

bool
ch_table_has(const struct ch_table *t, struct str name)
{
	for (unsigned i = 0; i < t->count; i++)
		if (str_eq(t->columns[i].name, name))
			return true;
	return false;
}

bool
ch_table_eq(const struct ch_table *a, const struct ch_table *b)
{
	if (a->count != b->count)
		return false;
	for (unsigned i = 0; i < a->count; i++) {
		const struct ch_column *x = &a->columns[i], *y = &b->columns[i];

		if (!str_eq(x->name, y->name) || !str_eq(x->type, y->type) || x->computed != y->computed)
			return false;
	}
	return true;
}

void
ch_quote(struct buf *out, struct str name)
{
	buf_putc(out, '`');
	for (size_t i = 0; i < name.len; i++) {
		if (name.p[i] == '`' || name.p[i] == '\\')
			buf_putc(out, '\\');
		buf_putc(out, name.p[i]);
	}
	buf_putc(out, '`');
}
