/* The tree over libyaml's event parser. */
#include "io/conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/hash.h"
#include "base/map.h"
#include "io/fdio.h"

#define DEPTH_MAX 32
#define SIZE_MAX_FILE ((size_t)4 << 20)

/* Identifies a key of one map, so that finding a duplicate costs the same in a map of any size. */
struct key_id {
	const struct cnode *map;
	uint64_t hash;
};

struct loader {
	struct arena *arena;
	const char *file;
	struct str text;
	yaml_parser_t yaml;
	yaml_event_t ev; /* the event at hand */
	struct map keys; /* struct key_id -> struct cnode * */
	struct err *e;
};

static int value_read(struct loader *l, struct cnode *n, unsigned depth);

static int complain(const struct loader *l, yaml_mark_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int
complain(const struct loader *l, yaml_mark_t at, const char *fmt, ...)
{
	char words[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	return err_set(l->e, "%s:%zu:%zu: %s", l->file, at.line + 1, at.column + 1, words);
}

/* libyaml's reader knows only the offset of a byte it refuses. */
static yaml_mark_t
mark_at(struct str text, size_t offset)
{
	yaml_mark_t m = {.index = offset};

	for (size_t i = 0; i < offset && i < text.len; i++) {
		if (text.p[i] == '\n') {
			m.line++;
			m.column = 0;
		} else if (((unsigned char)text.p[i] & 0xc0) != 0x80) {
			m.column++;
		}
	}
	return m;
}

/* The tab in the indentation of a line, or NULL. */
static const char *
line_tab(struct str text, size_t line)
{
	const char *p = text.p, *end = text.p + text.len;

	for (; line > 0 && p != NULL; line--) {
		p = memchr(p, '\n', (size_t)(end - p));
		p = p != NULL ? p + 1 : NULL;
	}
	while (p != NULL && p < end && *p == ' ')
		p++;
	return p != NULL && p < end && *p == '\t' ? p : NULL;
}

/* Turns what libyaml found wrong into a place and words. */
static int
complain_syntax(const struct loader *l)
{
	const yaml_parser_t *y = &l->yaml;
	const char *problem = y->problem != NULL ? y->problem : "not YAML";

	if (y->error == YAML_READER_ERROR)
		return complain(l, mark_at(l->text, y->problem_offset), "%s, expected UTF-8 text", problem);
	const char *tab = line_tab(l->text, y->problem_mark.line);
	if (tab != NULL)
		return complain(l, mark_at(l->text, (size_t)(tab - l->text.p)),
		    "tab in the indentation, expected spaces");
	if (y->context != NULL)
		return complain(l, y->problem_mark, "%s %s that starts at line %zu", problem, y->context,
		    y->context_mark.line + 1);
	return complain(l, y->problem_mark, "%s", problem);
}

static int
event_next(struct loader *l)
{
	yaml_event_delete(&l->ev);
	return yaml_parser_parse(&l->yaml, &l->ev) ? 0 : complain_syntax(l);
}

static int
refuse_decoration(const struct loader *l, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor != NULL)
		return complain(l, l->ev.start_mark, "anchor '&%s', expected a plain value", anchor);
	if (tag != NULL)
		return complain(l, l->ev.start_mark, "tag '%s', expected a plain value", tag);
	return 0;
}

/* Copies the scalar at hand; a NUL in it (written "\0") would cut it short for every reader. */
static int
text_read(struct loader *l, struct str *out)
{
	const char *p = (const char *)l->ev.data.scalar.value;
	size_t len = l->ev.data.scalar.length;

	if (memchr(p, '\0', len) != NULL)
		return complain(l, l->ev.start_mark, "NUL character in a text");
	*out = (struct str){arena_dup(l->arena, p, len + 1), len};
	return 0;
}

static bool
text_is_null(struct str s)
{
	return s.len == 0 || str_eq(s, STR("~")) || str_eq(s, STR("null")) || str_eq(s, STR("Null")) ||
	       str_eq(s, STR("NULL"));
}

static int
scalar_read(struct loader *l, struct cnode *n)
{
	if (refuse_decoration(l, l->ev.data.scalar.anchor, l->ev.data.scalar.tag) < 0 ||
	    text_read(l, &n->text) < 0)
		return -1;
	n->quoted = l->ev.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	n->kind = !n->quoted && text_is_null(n->text) ? CNODE_NULL : CNODE_SCALAR;
	return 0;
}

static int
list_read(struct loader *l, struct cnode *list, unsigned depth)
{
	struct cnode **link = &list->first;

	list->kind = CNODE_LIST;
	if (refuse_decoration(l, l->ev.data.sequence_start.anchor, l->ev.data.sequence_start.tag) < 0)
		return -1;
	for (;;) {
		if (event_next(l) < 0)
			return -1;
		if (l->ev.type == YAML_SEQUENCE_END_EVENT)
			return 0;
		struct cnode *n = arena_zero(l->arena, sizeof *n);
		if (value_read(l, n, depth) < 0)
			return -1;
		*link = n;
		link = &n->next;
	}
}

/* Reads the key at hand into n, and holds it against the others of its map. */
static int
key_read(struct loader *l, const struct cnode *map, struct cnode *n)
{
	if (l->ev.type != YAML_SCALAR_EVENT)
		return complain(l, l->ev.start_mark, "expected a name as key");
	if (refuse_decoration(l, l->ev.data.scalar.anchor, l->ev.data.scalar.tag) < 0 ||
	    text_read(l, &n->key) < 0)
		return -1;
	if (n->key.len == 0)
		return complain(l, l->ev.start_mark, "empty key, expected a name");
	n->key_line = (unsigned)l->ev.start_mark.line + 1;
	n->key_column = (unsigned)l->ev.start_mark.column + 1;

	struct key_id id = {map, hash64(n->key.p, n->key.len)};
	bool fresh;
	const struct cnode **other = map_put(&l->keys, &id, &fresh);
	if (!fresh && str_eq((*other)->key, n->key))
		return complain(l, l->ev.start_mark, "key '%s' is given twice, first at line %u", n->key.p,
		    (*other)->key_line);
	*other = n;
	return 0;
}

static int
map_read(struct loader *l, struct cnode *map, unsigned depth)
{
	struct cnode **link = &map->first;

	map->kind = CNODE_MAP;
	if (refuse_decoration(l, l->ev.data.mapping_start.anchor, l->ev.data.mapping_start.tag) < 0)
		return -1;
	for (;;) {
		if (event_next(l) < 0)
			return -1;
		if (l->ev.type == YAML_MAPPING_END_EVENT)
			return 0;
		struct cnode *n = arena_zero(l->arena, sizeof *n);
		if (key_read(l, map, n) < 0 || event_next(l) < 0 || value_read(l, n, depth) < 0)
			return -1;
		*link = n;
		link = &n->next;
	}
}

/* Reads the value whose first event is at hand into n. */
static int
value_read(struct loader *l, struct cnode *n, unsigned depth)
{
	n->file = l->file;
	n->line = (unsigned)l->ev.start_mark.line + 1;
	n->column = (unsigned)l->ev.start_mark.column + 1;
	if (depth == DEPTH_MAX)
		return complain(l, l->ev.start_mark, "nested deeper than %d levels", DEPTH_MAX);
	switch (l->ev.type) {
	case YAML_SCALAR_EVENT:
		return scalar_read(l, n);
	case YAML_SEQUENCE_START_EVENT:
		return list_read(l, n, depth + 1);
	case YAML_MAPPING_START_EVENT:
		return map_read(l, n, depth + 1);
	case YAML_ALIAS_EVENT:
		return complain(
		    l, l->ev.start_mark, "alias '*%s', expected the value itself", l->ev.data.alias.anchor);
	default:
		return complain(l, l->ev.start_mark, "expected a value");
	}
}

/* The one document of the stream. */
static int
document_read(struct loader *l, struct cnode *root)
{
	if (event_next(l) < 0 || event_next(l) < 0)
		return -1;
	if (l->ev.type == YAML_STREAM_END_EVENT) {
		*root = (struct cnode){.kind = CNODE_NULL, .file = l->file, .line = 1, .column = 1};
		return 0;
	}
	if (event_next(l) < 0 || value_read(l, root, 0) < 0 || event_next(l) < 0 || event_next(l) < 0)
		return -1;
	if (l->ev.type != YAML_STREAM_END_EVENT)
		return complain(l, l->ev.start_mark, "a second document starts here, expected one only");
	return 0;
}

int
conf_parse(struct conf *c, const char *name, struct str text, struct err *e)
{
	*c = (struct conf){0};
	if (text.len > SIZE_MAX_FILE)
		return err_set(e, "%s: larger than 4 MiB", name);
	if (text.len >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0) /* a byte order mark is no column */
		text = (struct str){text.p + 3, text.len - 3};

	struct loader l = {.arena = &c->arena, .text = text, .e = e};
	if (!yaml_parser_initialize(&l.yaml))
		return err_set(e, "%s: out of memory", name);
	l.file = arena_dup(&c->arena, name, strlen(name) + 1);
	map_init(&l.keys, sizeof(struct key_id), sizeof(struct cnode *));
	yaml_parser_set_encoding(&l.yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&l.yaml, (const unsigned char *)(text.len > 0 ? text.p : ""), text.len);
	c->root = arena_zero(&c->arena, sizeof *c->root);
	int r = document_read(&l, c->root);
	yaml_event_delete(&l.ev);
	yaml_parser_delete(&l.yaml);
	map_release(&l.keys);
	if (r < 0)
		conf_release(c);
	return r;
}

int
conf_load(struct conf *c, const char *path, struct err *e)
{
	return conf_load_by(c, NULL, path, e);
}

int
conf_load_by(struct conf *c, struct steward *s, const char *path, struct err *e)
{
	struct buf b = {0};

	*c = (struct conf){0};
	int r = steward_read(s, &b, path, SIZE_MAX_FILE, e);
	if (r == 0)
		r = conf_parse(c, path, (struct str){(const char *)b.p, b.len}, e);
	buf_release(&b);
	return r;
}

void
conf_release(struct conf *c)
{
	arena_release(&c->arena);
	*c = (struct conf){0};
}
