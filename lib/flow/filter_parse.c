/*
 * The words of a filter to tests in postfix order.
 *
 *     expression  = term { "or" term }
 *     term        = factor { "and" factor }
 *     factor      = "not" factor | "(" expression ")" | primitive
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/num.h"
#include "flow/filter.h"
#include "flow/filter_test.h"
#include "flow/proto.h"
#include "flow/tcpflags.h"

enum { TESTS_MAX = 4096, DEPTH_MAX = 64 };

struct parse {
	struct filter *f;
	const char *next; /* what follows the token */
	struct str token; /* the token at hand; empty at the end */
	unsigned depth; /* of parentheses and negations */
	size_t waiting; /* results that the tests so far leave */
	struct err *e;
};

static int complain(const struct parse *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int
complain(const struct parse *p, const char *fmt, ...)
{
	char words[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	return err_set(p->e, "column %zu: %s", (size_t)(p->token.p - p->f->source) + 1, words);
}

static int
expected(const struct parse *p, const char *what)
{
	if (p->token.len == 0)
		return complain(p, "the filter ends where %s was expected", what);
	return complain(p, "'%.*s' where %s was expected", (int)p->token.len, p->token.p, what);
}

/* Signs are tokens of their own, as is text in quotes; anything else goes up to space or a sign. */
static void
token_next(struct parse *p)
{
	static const char pairs[][3] = {"&&", "||", "!=", "==", "<=", ">="};
	const char *from = p->next + strspn(p->next, " \t\n");
	size_t len = strcspn(from, "()!=<>&| \t\n");

	if (len == 0 && *from != '\0') {
		len = 1;
		for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
			if (strncmp(from, pairs[i], 2) == 0)
				len = 2;
	}
	if (*from == '"') {
		len = 1 + strcspn(from + 1, "\"");
		len += from[len] == '"';
	}
	p->token = (struct str){from, len};
	p->next = from + len;
}

static bool
take(struct parse *p, const char *word)
{
	if (!str_eq(p->token, str_from(word)))
		return false;
	token_next(p);
	return true;
}

static int
push(struct parse *p, struct test t)
{
	struct filter *f = p->f;

	if (f->count == TESTS_MAX)
		return complain(p, "more than %d tests", TESTS_MAX);
	f->tests = mem_resize(f->tests, f->count + 1, sizeof *f->tests);
	f->tests[f->count++] = t;
	if (t.kind == TEST_AND || t.kind == TEST_OR)
		p->waiting--;
	else if (t.kind != TEST_NOT)
		p->waiting++;
	if (p->waiting > f->stack)
		f->stack = p->waiting;
	return 0;
}

/* A test whose last word is the token at hand. */
static int
push_take(struct parse *p, struct test t)
{
	if (push(p, t) == -1)
		return -1;
	token_next(p);
	return 0;
}

/* Which of two fields a word before the test names: both bits, as it was said. */
enum side { SIDE_SRC = 1, SIDE_DST = 2 };

static int
push_sides(struct parse *p, struct test t, enum side side, enum field src, enum field dst)
{
	if ((side & SIDE_SRC) != 0) {
		t.field = (uint16_t)src;
		if (push(p, t) == -1)
			return -1;
	}
	if ((side & SIDE_DST) != 0) {
		t.field = (uint16_t)dst;
		if (push(p, t) == -1)
			return -1;
	}
	return side == (SIDE_SRC | SIDE_DST) ? push(p, (struct test){.kind = TEST_OR}) : 0;
}

/* An integer as the token; `what` says which. The token is left for complaints. */
static int
number_token(struct parse *p, uint64_t *n, uint64_t max, const char *what)
{
	return num_parse(n, p->token, 0, max) == -1 ? expected(p, what) : 0;
}

static int
host_parse(struct parse *p, struct test *t, bool net_allowed)
{
	t->kind = TEST_NET;
	t->net.len = 128;
	if (addr_parse(&t->net.addr, p->token) == 0)
		return 0;
	if (!net_allowed)
		return expected(p, "an address");
	struct err e;
	if (p->token.len == 0 || memchr(p->token.p, '/', p->token.len) == NULL)
		return expected(p, "an address or prefix");
	return prefix_parse(&t->net, p->token, &e) == -1 ? complain(p, "%s", e.msg) : 0;
}

static int
portrange_parse(struct parse *p, struct test *t)
{
	const char *dash = p->token.len > 0 ? memchr(p->token.p, '-', p->token.len) : NULL;
	size_t first = dash != NULL ? (size_t)(dash - p->token.p) : 0;

	t->kind = TEST_RANGE;
	if (dash == NULL || num_parse(&t->lo, (struct str){p->token.p, first}, 0, UINT16_MAX) == -1 ||
	    num_parse(&t->hi, (struct str){dash + 1, p->token.len - first - 1}, t->lo, UINT16_MAX) == -1)
		return expected(p, "a range of ports, low-high,");
	return 0;
}

static int
equal_parse(struct parse *p, struct test *t, uint64_t max, const char *what)
{
	t->kind = TEST_RANGE;
	if (number_token(p, &t->lo, max, what) == -1)
		return -1;
	t->hi = t->lo;
	return 0;
}

/* After src, dst or neither. 1 where the word is none of these. */
static int
sided_parse(struct parse *p, enum side side)
{
	struct test t = {0};
	enum field src = FIELD_src_host, dst = FIELD_dst_host;
	int status;

	if (take(p, "host")) {
		status = host_parse(p, &t, false);
	} else if (take(p, "net")) {
		status = host_parse(p, &t, true);
	} else if (take(p, "port")) {
		status = equal_parse(p, &t, UINT16_MAX, "a port");
		src = FIELD_src_port;
		dst = FIELD_dst_port;
	} else if (take(p, "portrange")) {
		status = portrange_parse(p, &t);
		src = FIELD_src_port;
		dst = FIELD_dst_port;
	} else if (take(p, "as")) {
		status = equal_parse(p, &t, UINT32_MAX, "an AS number");
		src = FIELD_src_as;
		dst = FIELD_dst_as;
	} else {
		return 1;
	}
	if (status == -1 || push_sides(p, t, side, src, dst) == -1)
		return -1;
	token_next(p);
	return 0;
}

static int
if_parse(struct parse *p, enum side side)
{
	struct test t = {0};

	if (!take(p, "if"))
		return expected(p, "if");
	if (equal_parse(p, &t, UINT32_MAX, "an interface index") == -1 ||
	    push_sides(p, t, side, FIELD_input_interface, FIELD_output_interface) == -1)
		return -1;
	token_next(p);
	return 0;
}

/* S: set, whatever the others. S/SA: of these, exactly those. */
static int
flags_parse(struct parse *p)
{
	const char *slash = p->token.len > 0 ? memchr(p->token.p, '/', p->token.len) : NULL;
	struct str set = {p->token.p, slash != NULL ? (size_t)(slash - p->token.p) : p->token.len};
	uint16_t value, mask;

	if (tcpflags_parse(&value, set) == -1)
		return expected(p, "TCP flags");
	mask = value;
	if (slash != NULL && tcpflags_parse(&mask, (struct str){slash + 1, p->token.len - set.len - 1}) == -1)
		return expected(p, "TCP flags and their mask");
	if ((value & ~mask) != 0)
		return complain(p, "'%.*s' never holds: its mask lacks flags", (int)p->token.len, p->token.p);
	if (push(p, (struct test){.kind = TEST_BITS, .field = FIELD_tcpflags, .lo = value, .mask = mask}) ==
	    -1)
		return -1;
	token_next(p);
	return 0;
}

/* What the test is of was said by the word before. */
static int
push_number(struct parse *p, enum field f, uint64_t n)
{
	return push(p, (struct test){.kind = TEST_RANGE, .field = (uint16_t)f, .lo = n, .hi = n});
}

enum comparison { EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL };

static int
comparison_parse(struct parse *p, enum comparison *c)
{
	static const char signs[][3] = {"=", "!=", "<", "<=", ">", ">="};

	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
		if (take(p, signs[i])) {
			*c = (enum comparison)i;
			return 0;
		}
	}
	if (take(p, "==")) {
		*c = EQUAL;
		return 0;
	}
	return expected(p, "a comparison");
}

/* Values below v are those that do not lie from v upwards: so nothing wraps around. */
static struct test
range_test(enum comparison c, uint64_t v)
{
	bool up = c == LESS || c == GREATER_EQUAL, down = c == GREATER || c == LESS_EQUAL;

	return (struct test){
	    .kind = TEST_RANGE,
	    .outside = c == NOT_EQUAL || c == LESS || c == GREATER,
	    .lo = down ? 0 : v,
	    .hi = up ? UINT64_MAX : v,
	};
}

static int
real_value(struct parse *p, struct test *t, enum comparison c)
{
	bool up = c == LESS || c == GREATER_EQUAL, down = c == GREATER || c == LESS_EQUAL;
	double v;

	if (num_parse_real(&v, p->token) == -1)
		return expected(p, "a number");
	v = (double)(float)v; /* as it is held */
	*t = (struct test){
	    .kind = TEST_REAL,
	    .outside = c == NOT_EQUAL || c == LESS || c == GREATER,
	    .real_lo = down ? -INFINITY : v,
	    .real_hi = up ? INFINITY : v,
	};
	return 0;
}

/* The token as a number that fits the field. */
static int
integer_value(struct parse *p, const struct field_info *f, uint64_t *v)
{
	uint64_t max = f->width < 8 ? (UINT64_C(1) << (f->width * 8)) - 1 : UINT64_MAX;
	uint8_t proto;
	int64_t ms;

	if (f->type == TYPE_TIME) {
		if (civil_parse(&ms, NULL, p->token) == -1 || ms < 0)
			return expected(p, "a time, YYYY-MM-DDThh:mm:ss,");
		*v = (uint64_t)ms;
		return 0;
	}
	if (f->id == FIELD_proto && proto_parse(&proto, p->token) == 0) {
		*v = proto;
		return 0;
	}
	if (f->type == TYPE_BOOL && (str_eq(p->token, STR("true")) || str_eq(p->token, STR("false")))) {
		*v = p->token.len == 4;
		return 0;
	}
	if (num_parse_size(v, p->token) == -1 || *v > max)
		return expected(p, "a number that fits the field");
	return 0;
}

static int
text_value(struct parse *p, const struct field_info *f, struct test *t)
{
	switch (f->type) {
	case TYPE_ADDR:
		return host_parse(p, t, true);
	case TYPE_STR:
		t->kind = TEST_TEXT;
		break;
	case TYPE_LIST:
		t->kind = TEST_MEMBER;
		break;
	default:
		return complain(p, "%s cannot be compared", f->name.p);
	}
	if (p->token.len == 0)
		return expected(p, "a text");
	t->text = p->token;
	if (*t->text.p == '"') {
		if (t->text.len < 2 || t->text.p[t->text.len - 1] != '"')
			return complain(p, "text without its closing quote");
		t->text = (struct str){t->text.p + 1, t->text.len - 2};
	}
	return 0;
}

/* After the name of the field. */
static int
field_parse(struct parse *p, const struct field_info *f)
{
	enum comparison c;
	struct test t = {0};
	uint64_t v;

	if (comparison_parse(p, &c) == -1)
		return -1;
	if (f->type == TYPE_REAL) {
		if (real_value(p, &t, c) == -1)
			return -1;
	} else if (f->type <= TYPE_U64 || f->type == TYPE_TIME) {
		if (integer_value(p, f, &v) == -1)
			return -1;
		t = range_test(c, v);
	} else {
		if (c != EQUAL && c != NOT_EQUAL)
			return complain(p, "%s is compared with = or != only", f->name.p);
		if (text_value(p, f, &t) == -1)
			return -1;
		t.outside = c == NOT_EQUAL;
	}
	t.field = f->id;
	return push_take(p, t);
}

static int
duration_parse(struct parse *p)
{
	enum comparison c;
	uint64_t ms;

	if (comparison_parse(p, &c) == -1)
		return -1;
	if (num_parse_duration(&ms, p->token, 1000) == -1)
		return expected(p, "a duration");
	struct test t = range_test(c, ms);
	t.kind = TEST_DURATION;
	return push_take(p, t);
}

static int
exporter_parse(struct parse *p)
{
	struct test t = {.field = FIELD_exporter_ip};

	return host_parse(p, &t, true) == -1 ? -1 : push_take(p, t);
}

static int
proto_word(struct parse *p)
{
	uint8_t proto;

	if (proto_parse(&proto, p->token) == -1)
		return expected(p, "a protocol");
	if (push_number(p, FIELD_proto, proto) == -1)
		return -1;
	token_next(p);
	return 0;
}

static int
primitive_parse(struct parse *p)
{
	const enum side both = SIDE_SRC | SIDE_DST;
	struct str word = p->token;
	uint64_t n;

	if (take(p, "src") || take(p, "dst")) {
		int status = sided_parse(p, word.p[0] == 's' ? SIDE_SRC : SIDE_DST);

		return status == 1 ? expected(p, "host, net, port, portrange or as") : status;
	}
	if (take(p, "in") || take(p, "out"))
		return if_parse(p, word.p[0] == 'i' ? SIDE_SRC : SIDE_DST);
	if (str_eq(word, STR("if")))
		return if_parse(p, both);
	if (take(p, "ip"))
		return push_number(p, FIELD_ip_protocol, 4);
	if (take(p, "ip6"))
		return push_number(p, FIELD_ip_protocol, 6);
	if (take(p, "exporter"))
		return exporter_parse(p);
	if (take(p, "flags"))
		return flags_parse(p);
	if (take(p, "duration"))
		return duration_parse(p);
	int status = sided_parse(p, both);
	if (status != 1)
		return status;
	const struct field_info *f = word.len > 0 ? field_by_name(word) : NULL;
	if (f != NULL) {
		token_next(p);
		if (f->id == FIELD_proto && memchr("=!<>", *p->token.p, 4) == NULL)
			return proto_word(p);
		return field_parse(p, f);
	}
	uint8_t proto;
	if (num_parse(&n, word, 0, UINT64_MAX) == 0 || proto_parse(&proto, word) == -1)
		return expected(p, "a test");
	return proto_word(p);
}

static int expression_parse(struct parse *p);

static int
factor_parse(struct parse *p)
{
	int status;

	if (p->depth == DEPTH_MAX)
		return complain(p, "nested deeper than %d", DEPTH_MAX);
	p->depth++;
	if (take(p, "not") || take(p, "!")) {
		status = factor_parse(p);
		if (status == 0)
			status = push(p, (struct test){.kind = TEST_NOT});
	} else if (take(p, "(")) {
		status = expression_parse(p);
		if (status == 0 && !take(p, ")"))
			status = expected(p, "')'");
	} else {
		status = primitive_parse(p);
	}
	p->depth--;
	return status;
}

static int
term_parse(struct parse *p)
{
	if (factor_parse(p) == -1)
		return -1;
	while (take(p, "and") || take(p, "&&"))
		if (factor_parse(p) == -1 || push(p, (struct test){.kind = TEST_AND}) == -1)
			return -1;
	return 0;
}

static int
expression_parse(struct parse *p)
{
	if (term_parse(p) == -1)
		return -1;
	while (take(p, "or") || take(p, "||"))
		if (term_parse(p) == -1 || push(p, (struct test){.kind = TEST_OR}) == -1)
			return -1;
	return 0;
}

struct filter *
filter_compile(const char *text, struct err *e)
{
	struct filter *f = mem_zero(1, sizeof *f);
	struct parse p = {.f = f, .e = e};

	f->source = mem_strdup(text);
	p.next = f->source;
	token_next(&p);
	int status = expression_parse(&p);
	if (status == 0 && p.token.len > 0)
		status = expected(&p, "and, or or the end");
	if (status == 0)
		return f;
	filter_free(f);
	return NULL;
}

void
filter_free(struct filter *f)
{
	if (f == NULL)
		return;
	free(f->source);
	free(f->tests);
	free(f);
}
