#include "enrich/labels.h"

#include <stdlib.h>

#include "base/hash.h"
#include "flow/utf8.h"
#include "io/fdio.h"

struct attribute {
	struct str key, value;
};

/* The attributes of a prefix, by key. */
struct attributes {
	struct attribute *v;
	unsigned count;
};

/* A line that was understood. */
struct entry {
	struct prefix p;
	uint64_t line;
	struct attributes own;
};

struct reader {
	struct labels *l;
	struct arena scratch; /* all that is not needed any more when the file has been read */
	struct entry *entries;
	size_t count, cap;
	struct lpm_builder prefixes;
	struct map numbers; /* hashes of a list -> its number */
	uint32_t texts_cap;
};

/* Two hashes with different seeds: that both agree by chance is not to be expected. */
struct list_key {
	uint64_t hash[2];
};

void
labels_free(struct labels *l)
{
	if (l == NULL)
		return;
	free(l->texts);
	complaints_release(&l->bad);
	buf_release(&l->image);
	arena_release(&l->memory);
	free(l);
}

static int
str_order(struct str a, struct str b)
{
	int order = memcmp(a.p, b.p, a.len < b.len ? a.len : b.len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Sets one, in its place by key. -1 if there is no room. */
static int
attribute_set(struct attributes *s, const struct attribute *a)
{
	unsigned i = 0;

	while (i < s->count && str_order(s->v[i].key, a->key) < 0)
		i++;
	if (i < s->count && str_eq(s->v[i].key, a->key)) {
		s->v[i] = *a;
		return 0;
	}
	if (s->count == LABELS_ATTRIBUTES_MAX)
		return -1;
	memmove(&s->v[i + 1], &s->v[i], (s->count - i) * sizeof *s->v);
	s->v[i] = *a;
	s->count++;
	return 0;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool
is_key(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '-' || c == '.';
}

static int
text_check(struct str s, struct err *e)
{
	for (size_t i = 0, n; i < s.len; i += n) {
		n = utf8_sequence(s.p + i, s.len - i);
		if (n == 0 || (uint8_t)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return err_set(e, "a value with a control byte, or that is no UTF-8");
	}
	return 0;
}

/* After the opening quote: the value without its backslashes, and *p behind the closing quote. */
static int
quoted_read(struct arena *a, const char **p, const char *end, struct str *value, struct err *e)
{
	char *out = arena_alloc(a, (size_t)(end - *p) + 1);

	*value = (struct str){out, 0};
	for (; *p < end && **p != '"'; (*p)++) {
		if (**p == '\\' && *p + 1 < end)
			(*p)++;
		out[value->len++] = **p;
	}
	if (*p == end)
		return err_set(e, "a quote without its end");
	(*p)++;
	if (*p < end && !is_space(**p))
		return err_set(e, "something follows a value's closing quote");
	return 0;
}

/* "key=value" at *p. */
static int
attribute_read(struct arena *arena, const char **p, const char *end, struct attribute *a, struct err *e)
{
	const char *from = *p;

	while (*p < end && is_key(**p))
		(*p)++;
	a->key = (struct str){from, (size_t)(*p - from)};
	if (a->key.len == 0 || *p == end || **p != '=')
		return err_set(
		    e, "key=value was expected at '%.*s'", (int)(end - from < 40 ? end - from : 40), from);
	from = ++*p;
	if (*p < end && **p == '"') {
		(*p)++;
		if (quoted_read(arena, p, end, &a->value, e) == -1)
			return -1;
	} else {
		while (*p < end && !is_space(**p))
			(*p)++;
		a->value = (struct str){from, (size_t)(*p - from)};
	}
	if (a->key.len + 1 + a->value.len > LABELS_TEXT_MAX)
		return err_set(e, "a label of over %d bytes", LABELS_TEXT_MAX);
	return text_check(a->value, e);
}

static int
line_read(struct reader *r, struct str line, uint64_t number, struct err *e)
{
	struct attribute room[LABELS_ATTRIBUTES_MAX];
	struct attributes own = {.v = room};
	const char *p = line.p, *end = p + line.len;
	struct entry n = {.line = number};

	while (p < end && !is_space(*p))
		p++;
	if (prefix_parse(&n.p, (struct str){line.p, (size_t)(p - line.p)}, e) == -1)
		return -1;
	for (;;) {
		struct attribute a;

		while (p < end && is_space(*p))
			p++;
		if (p == end || *p == '#')
			break;
		if (attribute_read(&r->scratch, &p, end, &a, e) == -1)
			return -1;
		if (attribute_set(&own, &a) == -1)
			return err_set(e, "over %d labels", LABELS_ATTRIBUTES_MAX);
	}
	if (own.count == 0)
		return err_set(e, "a prefix without labels");
	n.own = (struct attributes){arena_dup(&r->scratch, own.v, own.count * sizeof *own.v), own.count};
	if (r->count == r->cap) {
		r->cap = r->cap != 0 ? r->cap * 2 : 64;
		r->entries = mem_resize(r->entries, r->cap, sizeof *r->entries);
	}
	r->entries[r->count++] = n;
	return 0;
}

static void
lines_read(struct reader *r, const char *name, struct str text)
{
	uint64_t number = 0;
	struct str line;
	struct err e;

	while (line_next_entry(&text, &number, &line))
		if (line_read(r, line, number, &e) == -1)
			complaints_add(&r->l->bad, name, number, e.msg);
}

static bool
is_v4(const struct prefix *p)
{
	return p->len >= 96 && addr_is_v4(&p->addr);
}

/* One family after the other; shorter prefixes before those that they hold, earlier lines before later ones. */
static int
entry_order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = is_v4(&x->p) - is_v4(&y->p);

	if (order == 0)
		order = memcmp(&x->p.addr, &y->p.addr, sizeof x->p.addr);
	if (order == 0)
		order = x->p.len - y->p.len;
	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

/* The number of the list that these make; 0 if nothing is left of them. */
static uint32_t
list_number(struct reader *r, const struct attributes *s)
{
	char text[LABELS_ATTRIBUTES_MAX * (LABELS_TEXT_MAX + 1)];
	struct labels *l = r->l;
	size_t len = 0;
	bool fresh;

	for (unsigned i = 0; i < s->count; i++) {
		const struct attribute *a = &s->v[i];

		if (a->value.len == 0)
			continue;
		memcpy(text + len, a->key.p, a->key.len);
		len += a->key.len;
		text[len++] = '=';
		memcpy(text + len, a->value.p, a->value.len);
		len += a->value.len;
		text[len++] = '\0';
	}
	if (len == 0)
		return 0;
	struct list_key key = {{hash64(text, len), hash64_seed(text, len, 1)}};
	uint32_t *number = map_put(&r->numbers, &key, &fresh);
	if (!fresh)
		return *number;
	if (l->text_count == r->texts_cap) {
		r->texts_cap = r->texts_cap != 0 ? r->texts_cap * 2 : 64;
		l->texts = mem_resize(l->texts, r->texts_cap, sizeof *l->texts);
	}
	l->texts[l->text_count] = (struct str){arena_dup(&l->memory, text, len), len};
	return *number = l->text_count++;
}

/* Of the prefixes that hold the one at hand: their attributes with all that they inherit. */
struct level {
	struct prefix p;
	struct attributes all;
};

/* Goes through the sorted entries; those that hold the one at hand are on a stack, the longest last. */
static void
entries_merge(struct reader *r, const char *name)
{
	struct level stack[130]; /* a length each, and one more for lines of the same prefix */
	unsigned depth = 0;

	for (size_t i = 0; i < r->count; i++) {
		const struct entry *n = &r->entries[i];
		struct attribute room[LABELS_ATTRIBUTES_MAX];
		struct attributes all = {.v = room};
		bool fits = true;

		while (depth > 0 && (stack[depth - 1].p.len > n->p.len ||
					!prefix_contains(&stack[depth - 1].p, &n->p.addr)))
			depth--;
		if (depth > 0) {
			all.count = stack[depth - 1].all.count;
			memcpy(room, stack[depth - 1].all.v, all.count * sizeof *room);
		}
		for (unsigned k = 0; k < n->own.count; k++)
			fits &= attribute_set(&all, &n->own.v[k]) == 0;
		if (!fits) {
			struct err e;

			err_set(&e, "over %d labels with those inherited; some are left out",
			    LABELS_ATTRIBUTES_MAX);
			complaints_add(&r->l->bad, name, n->line, e.msg);
		}
		lpm_builder_add(&r->prefixes, &n->p, list_number(r, &all));
		if (depth > 0 && stack[depth - 1].p.len == n->p.len)
			depth--;
		all.v = arena_dup(&r->scratch, room, all.count * sizeof *room);
		stack[depth++] = (struct level){n->p, all};
	}
}

static void
reader_release(struct reader *r)
{
	arena_release(&r->scratch);
	free(r->entries);
	lpm_builder_release(&r->prefixes);
	map_release(&r->numbers);
}

struct labels *
labels_parse(const char *name, struct str text, struct err *e)
{
	struct reader r = {.l = mem_zero(1, sizeof *r.l)};
	struct labels *l = r.l;

	map_init(&r.numbers, sizeof(struct list_key), sizeof(uint32_t));
	r.texts_cap = 64;
	l->texts = mem_zero(r.texts_cap, sizeof *l->texts);
	l->text_count = 1;
	lines_read(&r, name, text);
	if (r.count > 0)
		qsort(r.entries, r.count, sizeof *r.entries, entry_order);
	entries_merge(&r, name);
	l->prefix_count = r.count;
	lpm_builder_build(&r.prefixes, &l->image);
	(void)lpm_open(&l->lpm, l->image.p, l->image.len, NULL); /* cannot fail: it was made just now */
	reader_release(&r);
	if (l->prefix_count != 0 || l->bad.count == 0)
		return l;
	err_set(e, "%s", (const char *)l->bad.words.p);
	labels_free(l);
	return NULL;
}

struct labels *
labels_load(const char *path, struct err *e)
{
	struct labels *l = NULL;
	struct buf b = {0};

	if (file_read(&b, path, LABELS_BYTES_MAX, e) == 0)
		l = labels_parse(path, (struct str){(const char *)b.p, b.len}, e);
	buf_release(&b);
	return l;
}
