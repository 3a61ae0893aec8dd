#include "flow/json.h"

#include <stdarg.h>
#include <stdio.h>

#include "flow/utf8.h"

int
json_err(const struct json *j, const char *at, struct err *e, const char *fmt, ...)
{
	char words[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	return err_set(e, "byte %zu: %s", (size_t)(at - j->start) + 1, words);
}

int
json_unexpected(const struct json *j, const char *expected, struct err *e)
{
	if (j->p == j->end)
		return json_err(j, j->p, e, "the line ends where %s was expected", expected);
	if ((uint8_t)*j->p < 0x20 || (uint8_t)*j->p > 0x7e)
		return json_err(j, j->p, e, "byte 0x%02x where %s was expected", (uint8_t)*j->p, expected);
	return json_err(j, j->p, e, "'%c' where %s was expected", *j->p, expected);
}

void
json_space(struct json *j)
{
	while (j->p < j->end && (*j->p == ' ' || *j->p == '\t' || *j->p == '\r' || *j->p == '\n'))
		j->p++;
}

bool
json_take(struct json *j, char c)
{
	json_space(j);
	if (j->p == j->end || *j->p != c)
		return false;
	j->p++;
	return true;
}

static int
hex4(const char *p, const char *end, uint32_t *v)
{
	*v = 0;
	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		uint32_t d = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
			     : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
			     : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
						    : 16;
		if (d == 16)
			return -1;
		*v = *v << 4 | d;
	}
	return 0;
}

/* After "\u": the code point, of a surrogate pair if need be; the bytes used, 0 if it is none. */
static size_t
escape_u(const char *p, const char *end, uint32_t *c)
{
	uint32_t low;

	if (hex4(p, end, c) == -1)
		return 0;
	if (*c < 0xd800 || *c > 0xdfff)
		return 4;
	if (*c > 0xdbff || end - p < 10 || p[4] != '\\' || p[5] != 'u' || hex4(p + 6, end, &low) == -1 ||
	    low < 0xdc00 || low > 0xdfff)
		return 0;
	*c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
	return 10;
}

/* p stands after the opening quote. */
static int
string_walk(struct json *j, struct json_value *v, struct err *e)
{
	const char *from = j->p;
	uint32_t c;

	v->kind = JSON_STRING;
	v->escaped = false;
	while (j->p < j->end && *j->p != '"') {
		size_t n = utf8_sequence(j->p, (size_t)(j->end - j->p));

		if (n == 0)
			return json_err(j, j->p, e, "not UTF-8");
		if ((uint8_t)*j->p < 0x20)
			return json_err(j, j->p, e, "control byte 0x%02x in a string", (uint8_t)*j->p);
		if (*j->p == '\\') {
			const char *p = j->p + 1;

			v->escaped = true;
			if (p < j->end && *p == 'u') {
				n = escape_u(p + 1, j->end, &c);
				n = n != 0 ? n + 2 : 0;
			} else {
				n = p < j->end && *p != '\0' && strchr("\"\\/bfnrt", *p) != NULL ? 2 : 0;
			}
			if (n == 0)
				return json_err(j, j->p, e, "no valid escape sequence");
		}
		j->p += n;
	}
	if (j->p == j->end)
		return json_err(j, from - 1, e, "string without an end");
	v->text = (struct str){from, (size_t)(j->p - from)};
	j->p++;
	return 0;
}

static bool
digits_walk(struct json *j)
{
	const char *from = j->p;

	while (j->p < j->end && *j->p >= '0' && *j->p <= '9')
		j->p++;
	return j->p > from;
}

static int
number_walk(struct json *j, struct json_value *v, struct err *e)
{
	const char *from = j->p;

	v->kind = JSON_NUMBER;
	if (*j->p == '-')
		j->p++;
	const char *whole = j->p;
	if (!digits_walk(j))
		return json_unexpected(j, "a digit", e);
	if (*whole == '0' && j->p - whole > 1)
		return json_err(j, from, e, "a number with leading zeros");
	if (j->p < j->end && *j->p == '.') {
		j->p++;
		if (!digits_walk(j))
			return json_unexpected(j, "a digit", e);
	}
	if (j->p < j->end && (*j->p == 'e' || *j->p == 'E')) {
		j->p++;
		if (j->p < j->end && (*j->p == '+' || *j->p == '-'))
			j->p++;
		if (!digits_walk(j))
			return json_unexpected(j, "a digit", e);
	}
	v->text = (struct str){from, (size_t)(j->p - from)};
	return 0;
}

/* A value that is no array or object. */
static int
scalar_walk(struct json *j, struct json_value *v, struct err *e)
{
	static const struct {
		struct str word;
		enum json_kind kind;
	} words[] = {{{"null", 4}, JSON_NULL}, {{"false", 5}, JSON_FALSE}, {{"true", 4}, JSON_TRUE}};

	if (j->p < j->end && *j->p == '"') {
		j->p++;
		return string_walk(j, v, e);
	}
	if (j->p < j->end && (*j->p == '-' || (*j->p >= '0' && *j->p <= '9')))
		return number_walk(j, v, e);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		struct str w = words[i].word;

		if ((size_t)(j->end - j->p) >= w.len && memcmp(j->p, w.p, w.len) == 0) {
			v->kind = words[i].kind;
			v->text = (struct str){j->p, w.len};
			j->p += w.len;
			return 0;
		}
	}
	return json_unexpected(j, "a value", e);
}

static int
key_walk(struct json *j, struct err *e)
{
	struct json_value key;

	json_space(j);
	if (j->p == j->end || *j->p != '"')
		return json_unexpected(j, "a key", e);
	if (scalar_walk(j, &key, e) == -1)
		return -1;
	if (!json_take(j, ':'))
		return json_unexpected(j, "':'", e);
	return 0;
}

/* From an opening bracket to its closing one, without recursion: one bit a level tells objects from arrays. */
static int
nest_walk(struct json *j, struct err *e)
{
	struct json_value v;
	uint64_t objects = 0;
	unsigned depth = 0;
	bool opening = true; /* p is at an opening bracket */

	for (;;) {
		bool first = opening;
		if (opening) {
			if (depth == JSON_DEPTH_MAX)
				return json_err(j, j->p, e, "nested deeper than %d", JSON_DEPTH_MAX);
			objects = objects << 1 | (*j->p++ == '{');
			depth++;
		}
		bool object = (objects & 1) != 0;
		opening = false;
		if (json_take(j, object ? '}' : ']')) {
			objects >>= 1;
			if (--depth == 0)
				return 0;
			continue;
		}
		if (!first && !json_take(j, ','))
			return json_unexpected(j, object ? "',' or '}'" : "',' or ']'", e);
		if (object && key_walk(j, e) == -1)
			return -1;
		json_space(j);
		opening = j->p < j->end && (*j->p == '{' || *j->p == '[');
		if (!opening && scalar_walk(j, &v, e) == -1)
			return -1;
	}
}

int
json_value(struct json *j, struct json_value *v, struct err *e)
{
	json_space(j);
	const char *from = j->p;

	if (from == j->end || (*from != '{' && *from != '['))
		return scalar_walk(j, v, e);
	if (nest_walk(j, e) == -1)
		return -1;
	v->kind = *from == '{' ? JSON_OBJECT : JSON_ARRAY;
	v->text = (struct str){from, (size_t)(j->p - from)};
	return 0;
}

struct str
json_text(const struct json_value *v, char *out)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *p = v->text.p, *end = p + v->text.len;
	char *to = out;
	uint32_t c;

	if (!v->escaped)
		return v->text;
	while (p < end) {
		if (*p != '\\') {
			*to++ = *p++;
		} else if (p[1] == 'u') {
			p += 2 + escape_u(p + 2, end, &c);
			to += utf8_put(to, c);
		} else {
			*to++ = meant[strchr(letters, p[1]) - letters];
			p += 2;
		}
	}
	return (struct str){out, (size_t)(to - out)};
}
