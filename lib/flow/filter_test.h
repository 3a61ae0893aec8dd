/* What a filter is made of: tests in postfix order. Shared by its parser and its evaluation only. */
#ifndef FLOW_FILTER_TEST_H
#define FLOW_FILTER_TEST_H

#include "flow/batch.h"

enum test_kind {
	TEST_RANGE, /* an integer from lo to hi */
	TEST_REAL, /* a float from lo to hi */
	TEST_BITS, /* integer & mask = lo */
	TEST_NET, /* an address in a prefix */
	TEST_TEXT, /* equal strings */
	TEST_MEMBER, /* a list with that string */
	TEST_DURATION, /* end - start, ms, from lo to hi */
	TEST_NOT, /* of the one before; TEST_AND and TEST_OR of the two before */
	TEST_AND,
	TEST_OR,
};

struct test {
	enum test_kind kind;
	bool outside; /* the value must not lie there */
	uint16_t field;
	uint64_t lo, hi, mask;
	double real_lo, real_hi;
	struct prefix net;
	struct str text;
};

struct filter {
	char *source; /* the expression; texts are views of it */
	struct test *tests;
	size_t count;
	size_t stack; /* most results that wait at a time */
};

#endif
