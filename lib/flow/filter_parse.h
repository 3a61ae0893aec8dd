/* What the parts of the filter's parser share; nobody else includes this. */
#ifndef FLOW_FILTER_PARSE_H
#define FLOW_FILTER_PARSE_H

#include "base/err.h"
#include "flow/filter_test.h"

struct parse {
	struct filter *f;
	const char *next; /* what follows the token */
	struct str token; /* the token at hand; empty at the end */
	unsigned depth; /* of parentheses and negations */
	size_t waiting; /* results that the tests so far leave */
	struct err *e;
};

/* "column N: words", where the token at hand stands. Always -1. */
int parse_complain(const struct parse *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The complaint that something else was expected there. Always -1. */
int parse_expected(const struct parse *p, const char *what);

/* Goes on to the next token if this one is the word. */
bool parse_take(struct parse *p, const char *word);

/* Adds a test whose last word is the token at hand. 0, or -1 with words. */
int parse_push(struct parse *p, struct test t);

/* The token as an address, or a prefix too if it may be one. 0, or -1 with words. */
int parse_host(struct parse *p, struct test *t, bool net_allowed);

/* What follows the name of a field, or "duration": comparison and value. 0, or -1 with words. */
int parse_field(struct parse *p, const struct field_info *f);
int parse_duration(struct parse *p);

#endif
