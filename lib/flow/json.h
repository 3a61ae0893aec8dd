/*
 * A walk over JSON text, RFC 8259 to the letter: no comments, no trailing
 * commas, no raw control bytes in strings, UTF-8 valid, nesting bounded. Nothing
 * is built; values are views of the text. Complaints begin with the place:
 * "byte 17: …", counted from 1.
 */
#ifndef FLOW_JSON_H
#define FLOW_JSON_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

enum { JSON_DEPTH_MAX = 64 };

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	const char *p; /* next byte */
	const char *end;
	const char *start; /* where counting begins, for messages */
};

struct json_value {
	enum json_kind kind;
	bool escaped; /* a string with at least one backslash */
	struct str text; /* as it stands; a string without its quotes */
};

void json_space(struct json *j);

/* Space, then that byte if it comes next. */
bool json_take(struct json *j, char c);

/* Steps over space and one value, however deep. 0, or -1 with words. */
int json_value(struct json *j, struct json_value *v, struct err *e);

/* A string value as text: in place where nothing is escaped, else decoded into `out` (of at least v->text.len bytes). */
struct str json_text(const struct json_value *v, char *out);

/* "byte N: words". Always -1. */
int json_err(const struct json *j, const char *at, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The complaint that something else was expected where j stands. Always -1. */
int json_unexpected(const struct json *j, const char *expected, struct err *e);

#endif
