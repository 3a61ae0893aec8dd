#include "read.h"

#include <inttypes.h>
#include <string.h>

const char *
opt_text(const struct opt *o, const struct conf *c)
{
	return o->given ? *(const char *const *)o->value : conf_str(c, o->key);
}

/* A file's path; an empty one is none. */
const char *
opt_path(const struct opt *o, const struct conf *c)
{
	const char *path = opt_text(o, c);

	return path != NULL && *path != '\0' ? path : NULL;
}

/* Calls fn for each item between the commas. */
static int
items_each(const char *list, item_fn *fn, void *arg, struct err *e)
{
	for (const char *p = list, *end; *p != '\0'; p = *end != '\0' ? end + 1 : end) {
		end = p + strcspn(p, ",");
		struct str item = {p, (size_t)(end - p)};

		while (item.len > 0 && item.p[0] == ' ')
			item = (struct str){item.p + 1, item.len - 1};
		while (item.len > 0 && item.p[item.len - 1] == ' ')
			item.len--;
		if (item.len > 0 && fn(arg, item, NULL, e) == -1)
			return -1;
	}
	return 0;
}

int
opt_each(const struct opt *o, const struct conf *c, item_fn *fn, void *arg, struct err *e)
{
	const struct opt_list *l = o->value;

	if (!o->given)
		return conf_each(c, o->key, fn, arg, e);
	for (size_t i = 0; i < l->n; i++) {
		if (items_each(l->v[i], fn, arg, e) == 0)
			continue;
		if (o->letter != 0)
			return err_wrap(e, "option -%c", o->letter);
		return err_wrap(e, "option --%s", o->name);
	}
	return 0;
}

/* The words so far, with the place in the file if they come from there. */
int
at_place(const struct cnode *at, struct err *e)
{
	struct err words = *e;

	return at != NULL ? cnode_err(at, e, "%s", words.msg) : -1;
}

int
opt_num(uint32_t *v, const struct opt *o, const struct conf *c, uint64_t min, uint64_t max, struct err *e)
{
	uint64_t n = o->given             ? *(const uint64_t *)o->value
		     : o->type == OPT_NUM ? conf_num(c, o->key)
					  : conf_duration(c, o->key);

	if (n < min || n > max)
		return err_set(e, "--%s: from %" PRIu64 " to %" PRIu64 " was expected", o->name, min, max);
	*v = (uint32_t)n;
	return 0;
}

bool
opt_flag(const struct opt *o, const struct conf *c)
{
	return o->given || conf_bool(c, o->key);
}
