/* Typed reads from nodes of the tree. */
#include "io/conf.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"

static const struct cnode *
child_find(const struct cnode *n, struct str key)
{
	if (n == NULL || n->kind != CNODE_MAP)
		return NULL;
	for (const struct cnode *c = n->first; c != NULL; c = c->next)
		if (str_eq(c->key, key))
			return c;
	return NULL;
}

const struct cnode *
cnode_get(const struct cnode *n, const char *key)
{
	return child_find(n, str_from(key));
}

const struct cnode *
conf_find(const struct conf *c, const char *path)
{
	const struct cnode *n = c->root;

	while (n != NULL && *path != '\0') {
		size_t len = strcspn(path, ".");

		n = child_find(n, (struct str){path, len});
		path += len + (path[len] == '.');
	}
	return n;
}

int
cnode_err(const struct cnode *n, struct err *e, const char *fmt, ...)
{
	char words[384];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	return err_set(e, "%s:%u:%u: %s", n->file, n->line, n->column, words);
}

/* Says what stands there, under which key, and what was expected. */
static int
expected(const struct cnode *n, struct err *e, const char *what)
{
	static const char *const kinds[] = {
	    [CNODE_NULL] = "empty", [CNODE_LIST] = "a list", [CNODE_MAP] = "a map of keys"};
	const char *quote = n->quoted ? "\"" : "'", *is = n->key.len > 0 ? " is " : "";
	const char *key = n->key.len > 0 ? n->key.p : "";

	if (n->kind == CNODE_SCALAR)
		return cnode_err(
		    n, e, "%.48s%s%s%.64s%s, expected %s", key, is, quote, n->text.p, quote, what);
	return cnode_err(n, e, "%.48s%s%s, expected %s", key, is, kinds[n->kind], what);
}

/* Whether n is a scalar written without quotes, the only form of a number or boolean. */
static int
plain(const struct cnode *n, struct err *e, const char *what)
{
	char unquoted[128];

	if (n->kind == CNODE_SCALAR && !n->quoted)
		return 0;
	if (n->kind == CNODE_SCALAR) {
		snprintf(unquoted, sizeof unquoted, "%s without quotes", what);
		what = unquoted;
	}
	return expected(n, e, what);
}

int
cnode_bool(const struct cnode *n, bool *v, struct err *e)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};

	if (plain(n, e, "true or false") < 0)
		return -1;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcasecmp(n->text.p, words[i]) == 0) {
			*v = i % 2 == 1;
			return 0;
		}
	}
	return expected(n, e, "true or false");
}

int
cnode_num(const struct cnode *n, uint64_t *v, uint64_t min, uint64_t max, struct err *e)
{
	char what[96];

	if (max == UINT64_MAX)
		snprintf(what, sizeof what, "a number from %" PRIu64, min);
	else
		snprintf(what, sizeof what, "a number from %" PRIu64 " to %" PRIu64, min, max);
	if (plain(n, e, what) < 0)
		return -1;
	return num_parse(v, n->text, min, max) == 0 ? 0 : expected(n, e, what);
}

int
cnode_real(const struct cnode *n, double *v, struct err *e)
{
	if (plain(n, e, "a number") < 0)
		return -1;
	return num_parse_real(v, n->text) == 0 ? 0 : expected(n, e, "a number");
}

int
cnode_size(const struct cnode *n, uint64_t *bytes, struct err *e)
{
	if (n->kind == CNODE_SCALAR && num_parse_size(bytes, n->text) == 0)
		return 0;
	return expected(n, e, "a size such as 64M");
}

int
cnode_duration(const struct cnode *n, uint64_t *ms, uint64_t unit_ms, struct err *e)
{
	if (n->kind == CNODE_SCALAR && num_parse_duration(ms, n->text, unit_ms) == 0)
		return 0;
	return expected(n, e, "a duration such as 60s");
}

int
cnode_str(const struct cnode *n, struct str *v, struct err *e)
{
	if (n->kind != CNODE_SCALAR)
		return expected(n, e, "text");
	*v = n->text;
	return 0;
}

/* Calls fn with a node of its own for one item of "a, b", which stands at offset in n's text. */
static int
item_call(const struct cnode *n, size_t offset, size_t len,
    int (*fn)(void *arg, struct str item, const struct cnode *at, struct err *e), void *arg, struct err *e)
{
	struct cnode at = *n;

	if (len == 0)
		return cnode_err(n, e, "empty item in a list");
	char *copy = mem_strndup(n->text.p + offset, len);
	at.text = (struct str){copy, len};
	at.column += (unsigned)offset + n->quoted;
	int r = fn(arg, at.text, &at, e);
	free(copy);
	return r;
}

/* "a, b": items between commas, without the spaces around them. */
static int
scalar_each(const struct cnode *n,
    int (*fn)(void *arg, struct str item, const struct cnode *at, struct err *e), void *arg, struct err *e)
{
	const char *p = n->text.p;

	if (p[strspn(p, " \t\n")] == '\0')
		return 0;
	for (;;) {
		p += strspn(p, " \t\n");
		size_t len = strcspn(p, ","), used = len;

		while (used > 0 && strchr(" \t\n", p[used - 1]) != NULL)
			used--;
		if (item_call(n, (size_t)(p - n->text.p), used, fn, arg, e) < 0)
			return -1;
		if (p[len] == '\0')
			return 0;
		p += len + 1;
	}
}

int
cnode_each(const struct cnode *n,
    int (*fn)(void *arg, struct str item, const struct cnode *at, struct err *e), void *arg, struct err *e)
{
	if (n->kind == CNODE_NULL)
		return 0;
	if (n->kind == CNODE_SCALAR)
		return scalar_each(n, fn, arg, e);
	if (n->kind == CNODE_MAP)
		return expected(n, e, "a list");
	for (const struct cnode *c = n->first; c != NULL; c = c->next) {
		if (c->kind != CNODE_SCALAR || c->text.len == 0)
			return expected(c, e, "text");
		if (fn(arg, c->text, c, e) < 0)
			return -1;
	}
	return 0;
}

/* The prefix that is the key of n. */
static int
key_prefix(const struct cnode *n, struct prefix *p, struct err *e)
{
	struct err why;

	if (prefix_parse(p, n->key, &why) == 0)
		return 0;
	struct cnode at = *n;
	at.line = n->key_line;
	at.column = n->key_column;
	return cnode_err(&at, e, "%s", why.msg);
}

int
cnode_by_prefix(
    const struct cnode *n, uint64_t min, uint64_t max, cnode_prefix_fn *fn, void *arg, struct err *e)
{
	static const struct prefix all[] = {{{{[10] = 0xff, [11] = 0xff}}, 96}, {{{0}}, 0}};
	uint64_t v;

	if (n->kind == CNODE_NULL)
		return 0;
	if (n->kind == CNODE_LIST)
		return expected(n, e, "a number, or a map of prefixes to numbers");
	if (n->kind == CNODE_SCALAR) {
		if (cnode_num(n, &v, min, max, e) < 0)
			return -1;
		for (size_t i = 0; i < 2 && fn != NULL; i++)
			if (fn(arg, &all[i], v, n, e) < 0)
				return -1;
		return 0;
	}
	for (const struct cnode *c = n->first; c != NULL; c = c->next) {
		struct prefix p;

		if (key_prefix(c, &p, e) < 0 || cnode_num(c, &v, min, max, e) < 0)
			return -1;
		if (fn != NULL && fn(arg, &p, v, c, e) < 0)
			return -1;
	}
	return 0;
}
