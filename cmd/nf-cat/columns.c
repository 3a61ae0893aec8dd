#include "format.h"

#include "io/conf.h"

static int
column_add(struct columns *c, struct str name, struct err *e)
{
	const struct field_info *f = field_by_name(name);

	if (f == NULL) {
		const char *names[FIELD_IDS];

		for (unsigned i = 0; i < field_count; i++)
			names[i] = fields[i].name.p;
		const char *near = nearest_name(name, names, field_count);
		return err_set(e, "'%.*s' is no field%s%s%s", (int)name.len, name.p,
		    near != NULL ? "; did you mean " : "", near != NULL ? near : "", near != NULL ? "?" : "");
	}
	for (unsigned i = 0; i < c->count; i++)
		if (c->list[i] == f)
			return err_set(e, "field %s is listed twice", f->name.p);
	c->list[c->count++] = f;
	return 0;
}

int
columns_parse(struct columns *c, const char *list, struct err *e)
{
	c->count = 0;
	if (list == NULL || *list == '\0') {
		for (unsigned i = 0; i < field_count; i++)
			c->list[c->count++] = &fields[i];
		return 0;
	}
	for (;;) {
		size_t len = strcspn(list, ",");

		if (column_add(c, (struct str){list, len}, e) == -1)
			return -1;
		if (list[len] == '\0')
			return 0;
		list += len + 1;
	}
}

void
columns_keep(const struct columns *c, struct batch *b)
{
	struct col kept[FIELD_IDS];
	unsigned n = 0;

	for (unsigned i = 0; i < c->count; i++) {
		const struct col *col = batch_col(b, (enum field)c->list[i]->id);

		if (col != NULL)
			kept[n++] = *col;
	}
	memset(b->at, 0, sizeof b->at);
	for (unsigned i = 0; i < n; i++) {
		b->cols[i] = kept[i];
		b->at[kept[i].field] = (uint8_t)(i + 1);
	}
	b->col_count = n;
}
