#include "ch/type.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/num.h"

/* What is left of the name. */
struct scan {
	const char *p, *end;
	struct arena *arena;
	unsigned depth;
};

static const struct {
	struct str name;
	enum ch_kind kind;
	uint32_t width;
} plain[] = {
    {{"UInt8", 5}, CH_UINT, 1},
    {{"UInt16", 6}, CH_UINT, 2},
    {{"UInt32", 6}, CH_UINT, 4},
    {{"UInt64", 6}, CH_UINT, 8},
    {{"UInt128", 7}, CH_UINT, 16},
    {{"UInt256", 7}, CH_UINT, 32},
    {{"Int128", 6}, CH_INT, 16},
    {{"Int256", 6}, CH_INT, 32},
    {{"Int8", 4}, CH_INT, 1},
    {{"Int16", 5}, CH_INT, 2},
    {{"Int32", 5}, CH_INT, 4},
    {{"Int64", 5}, CH_INT, 8},
    {{"Float32", 7}, CH_FLOAT, 4},
    {{"Float64", 7}, CH_FLOAT, 8},
    {{"Bool", 4}, CH_BOOL, 1},
    {{"String", 6}, CH_STRING, 0},
    {{"Date", 4}, CH_DATE, 2},
    {{"Date32", 6}, CH_DATE32, 4},
    {{"IPv4", 4}, CH_IPV4, 4},
    {{"IPv6", 4}, CH_IPV6, 16},
    {{"UUID", 4}, CH_UUID, 16},
};

static void
scan_spaces(struct scan *s)
{
	while (s->p < s->end && *s->p == ' ')
		s->p++;
}

static bool
scan_char(struct scan *s, char c)
{
	scan_spaces(s);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static struct str
scan_word(struct scan *s)
{
	scan_spaces(s);
	const char *from = s->p;

	while (s->p < s->end && ((*s->p >= '0' && *s->p <= '9') || (*s->p >= 'A' && *s->p <= 'Z') ||
				    (*s->p >= 'a' && *s->p <= 'z')))
		s->p++;
	return (struct str){from, (size_t)(s->p - from)};
}

/* 'text' with the server's escapes: a backslash before the quote, itself, or a letter of C. */
static int
scan_quoted(struct scan *s, struct str *text)
{
	static const char letters[] = "bfnrt0", bytes[] = "\b\f\n\r\t";
	char *out = arena_alloc(s->arena, (size_t)(s->end - s->p) + 1);
	size_t n = 0;

	if (!scan_char(s, '\''))
		return -1;
	for (; s->p < s->end && *s->p != '\''; s->p++) {
		char c = *s->p;

		if (c == '\\') {
			if (++s->p == s->end)
				return -1;
			const char *letter = *s->p != '\0' ? strchr(letters, *s->p) : NULL;
			c = letter != NULL ? bytes[letter - letters] : *s->p;
		}
		out[n++] = c;
	}
	*text = (struct str){out, n};
	return scan_char(s, '\'') ? 0 : -1;
}

static int
scan_number(struct scan *s, uint64_t *v, uint64_t min, uint64_t max)
{
	return num_parse(v, scan_word(s), min, max);
}

static int
enum_order(const void *a, const void *b)
{
	const struct ch_enum_value *x = a, *y = b;

	return x->value < y->value ? -1 : x->value > y->value;
}

/* ('name' = number, …) */
static int
enum_parse(struct scan *s, struct ch_type *t)
{
	size_t most = 1;
	uint64_t max = t->width == 1 ? INT8_MAX : INT16_MAX;

	for (const char *p = s->p; p < s->end; p++)
		most += *p == ',';
	t->values = arena_alloc(s->arena, most * sizeof *t->values);
	if (!scan_char(s, '('))
		return -1;
	do {
		struct ch_enum_value *v = &t->values[t->value_count];
		uint64_t n;

		if (t->value_count == most || scan_quoted(s, &v->name) == -1 || !scan_char(s, '='))
			return -1;
		bool minus = scan_char(s, '-');
		if (scan_number(s, &n, 0, max + minus) == -1)
			return -1;
		v->value = minus ? -(int64_t)n : (int64_t)n;
		t->value_count++;
	} while (scan_char(s, ','));
	qsort(t->values, t->value_count, sizeof *t->values, enum_order);
	return scan_char(s, ')') ? 0 : -1;
}

/* The optional ('zone') of DateTime. */
static int
zone_parse(struct scan *s)
{
	struct str zone;

	return !scan_char(s, '(') || (scan_quoted(s, &zone) == 0 && scan_char(s, ')')) ? 0 : -1;
}

/* (precision) or (precision, 'zone') */
static int
datetime64_parse(struct scan *s, struct ch_type *t)
{
	struct str zone;
	uint64_t n;

	if (!scan_char(s, '(') || scan_number(s, &n, 0, 9) == -1)
		return -1;
	t->precision = (uint32_t)n;
	if (scan_char(s, ',') && scan_quoted(s, &zone) == -1)
		return -1;
	return scan_char(s, ')') ? 0 : -1;
}

static int
fixed_parse(struct scan *s, struct ch_type *t)
{
	uint64_t n;

	if (!scan_char(s, '(') || scan_number(s, &n, 1, CH_FIXED_MAX) == -1)
		return -1;
	t->width = (uint32_t)n;
	return scan_char(s, ')') ? 0 : -1;
}

static int type_parse(struct scan *s, struct ch_type *t);

static int
inner_parse(struct scan *s, struct ch_type *t)
{
	struct ch_type *inner = arena_alloc(s->arena, sizeof *inner);

	t->inner = inner;
	return scan_char(s, '(') && type_parse(s, inner) == 0 && scan_char(s, ')') ? 0 : -1;
}

/* (key, value) */
static int
map_parse(struct scan *s, struct ch_type *t)
{
	struct ch_type *pair = arena_alloc(s->arena, 2 * sizeof *pair);

	t->kind = CH_MAP;
	t->inner = &pair[0];
	t->value = &pair[1];
	return scan_char(s, '(') && type_parse(s, &pair[0]) == 0 && scan_char(s, ',') &&
		       type_parse(s, &pair[1]) == 0 && scan_char(s, ')')
		   ? 0
		   : -1;
}

static int
type_parse(struct scan *s, struct ch_type *t)
{
	struct str word = scan_word(s);

	*t = (struct ch_type){0};
	if (s->depth++ == CH_TYPE_DEPTH_MAX)
		return -1;
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (str_eq(word, plain[i].name)) {
			t->kind = plain[i].kind;
			t->width = plain[i].width;
			return 0;
		}
	if (str_eq(word, STR("FixedString"))) {
		t->kind = CH_FIXED;
		return fixed_parse(s, t);
	}
	if (str_eq(word, STR("DateTime"))) {
		t->kind = CH_DATETIME;
		t->width = 4;
		return zone_parse(s);
	}
	if (str_eq(word, STR("DateTime64"))) {
		t->kind = CH_DATETIME64;
		t->width = 8;
		return datetime64_parse(s, t);
	}
	if (str_eq(word, STR("Enum8")) || str_eq(word, STR("Enum16"))) {
		t->kind = CH_ENUM;
		t->width = word.len == 5 ? 1 : 2;
		return enum_parse(s, t);
	}
	if (str_eq(word, STR("Map")))
		return map_parse(s, t);
	if (str_eq(word, STR("Nullable")))
		t->kind = CH_NULLABLE;
	else if (str_eq(word, STR("LowCardinality")))
		t->kind = CH_LOW_CARDINALITY;
	else if (str_eq(word, STR("Array")))
		t->kind = CH_ARRAY;
	else
		return -1;
	return inner_parse(s, t);
}

const struct ch_type *
ch_type_parse(struct arena *a, struct str name, struct err *e)
{
	struct scan s = {name.p, name.p + name.len, a, 0};
	struct ch_type *t = arena_alloc(a, sizeof *t);

	if (type_parse(&s, t) == -1 || s.p != s.end) {
		err_set(e, "type %.*s is none that a flow field can fill",
		    (int)(name.len < 200 ? name.len : 200), name.p);
		return NULL;
	}
	return t;
}
