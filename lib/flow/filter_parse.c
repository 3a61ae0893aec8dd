/*
 * The words of a filter to tests in postfix order.
 *
 *     expression  = term { "or" term }
 *     term        = factor { "and" factor }
 *     factor      = "not" factor | "(" expression ")" | primitive
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "flow/filter.h"
#include "flow/filter_parse.h"
#include "flow/proto.h"
#include "flow/tcpflags.h"

enum { TESTS_MAX = 4096, DEPTH_MAX = 64 };

int
parse_complain(const struct parse *p, const char *fmt, ...)
{
	char words[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	return err_set(p->e, "column %zu: %s", (size_t)(p->token.p - p->f->source) + 1, words);
}

int
parse_expected(const struct parse *p, const char *what)
{
	if (p->token.len == 0)
		return parse_complain(p, "the filter ends where %s was expected", what);
	return parse_complain(p, "'%.*s' where %s was expected", (int)p->token.len, p->token.p, what);
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

bool
parse_take(struct parse *p, const char *word)
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
		return parse_complain(p, "more than %d tests", TESTS_MAX);
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

int
parse_push(struct parse *p, struct test t)
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
	return num_parse(n, p->token, 0, max) == -1 ? parse_expected(p, what) : 0;
}

int
parse_host(struct parse *p, struct test *t, bool net_allowed)
{
	t->kind = TEST_NET;
	t->net.len = 128;
	if (addr_parse(&t->net.addr, p->token) == 0)
		return 0;
	if (!net_allowed)
		return parse_expected(p, "an address");
	struct err e;
	if (p->token.len == 0 || memchr(p->token.p, '/', p->token.len) == NULL)
		return parse_expected(p, "an address or prefix");
	return prefix_parse(&t->net, p->token, &e) == -1 ? parse_complain(p, "%s", e.msg) : 0;
}

static int
portrange_parse(struct parse *p, struct test *t)
{
	const char *dash = p->token.len > 0 ? memchr(p->token.p, '-', p->token.len) : NULL;
	size_t first = dash != NULL ? (size_t)(dash - p->token.p) : 0;

	t->kind = TEST_RANGE;
	if (dash == NULL || num_parse(&t->lo, (struct str){p->token.p, first}, 0, UINT16_MAX) == -1 ||
	    num_parse(&t->hi, (struct str){dash + 1, p->token.len - first - 1}, t->lo, UINT16_MAX) == -1)
		return parse_expected(p, "a range of ports, low-high,");
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

	if (parse_take(p, "host")) {
		status = parse_host(p, &t, false);
	} else if (parse_take(p, "net")) {
		status = parse_host(p, &t, true);
	} else if (parse_take(p, "port")) {
		status = equal_parse(p, &t, UINT16_MAX, "a port");
		src = FIELD_src_port;
		dst = FIELD_dst_port;
	} else if (parse_take(p, "portrange")) {
		status = portrange_parse(p, &t);
		src = FIELD_src_port;
		dst = FIELD_dst_port;
	} else if (parse_take(p, "as")) {
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

	if (!parse_take(p, "if"))
		return parse_expected(p, "if");
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
		return parse_expected(p, "TCP flags");
	mask = value;
	if (slash != NULL && tcpflags_parse(&mask, (struct str){slash + 1, p->token.len - set.len - 1}) == -1)
		return parse_expected(p, "TCP flags and their mask");
	if ((value & ~mask) != 0)
		return parse_complain(
		    p, "'%.*s' never holds: its mask lacks flags", (int)p->token.len, p->token.p);
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

static int
exporter_parse(struct parse *p)
{
	struct test t = {.field = FIELD_exporter_ip};

	return parse_host(p, &t, true) == -1 ? -1 : parse_push(p, t);
}

static int
proto_word(struct parse *p)
{
	uint8_t proto;

	if (proto_parse(&proto, p->token) == -1)
		return parse_expected(p, "a protocol");
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

	if (parse_take(p, "src") || parse_take(p, "dst")) {
		int status = sided_parse(p, word.p[0] == 's' ? SIDE_SRC : SIDE_DST);

		return status == 1 ? parse_expected(p, "host, net, port, portrange or as") : status;
	}
	if (parse_take(p, "in") || parse_take(p, "out"))
		return if_parse(p, word.p[0] == 'i' ? SIDE_SRC : SIDE_DST);
	if (str_eq(word, STR("if")))
		return if_parse(p, both);
	if (parse_take(p, "ip"))
		return push_number(p, FIELD_ip_protocol, 4);
	if (parse_take(p, "ip6"))
		return push_number(p, FIELD_ip_protocol, 6);
	if (parse_take(p, "exporter"))
		return exporter_parse(p);
	if (parse_take(p, "flags"))
		return flags_parse(p);
	if (parse_take(p, "duration"))
		return parse_duration(p);
	int status = sided_parse(p, both);
	if (status != 1)
		return status;
	const struct field_info *f = word.len > 0 ? field_by_name(word) : NULL;
	if (f != NULL) {
		token_next(p);
		if (f->id == FIELD_proto && memchr("=!<>", *p->token.p, 4) == NULL)
			return proto_word(p);
		return parse_field(p, f);
	}
	uint8_t proto;
	if (num_parse(&n, word, 0, UINT64_MAX) == 0 || proto_parse(&proto, word) == -1)
		return parse_expected(p, "a test");
	return proto_word(p);
}

static int expression_parse(struct parse *p);

static int
factor_parse(struct parse *p)
{
	int status;

	if (p->depth == DEPTH_MAX)
		return parse_complain(p, "nested deeper than %d", DEPTH_MAX);
	p->depth++;
	if (parse_take(p, "not") || parse_take(p, "!")) {
		status = factor_parse(p);
		if (status == 0)
			status = push(p, (struct test){.kind = TEST_NOT});
	} else if (parse_take(p, "(")) {
		status = expression_parse(p);
		if (status == 0 && !parse_take(p, ")"))
			status = parse_expected(p, "')'");
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
	while (parse_take(p, "and") || parse_take(p, "&&"))
		if (factor_parse(p) == -1 || push(p, (struct test){.kind = TEST_AND}) == -1)
			return -1;
	return 0;
}

static int
expression_parse(struct parse *p)
{
	if (term_parse(p) == -1)
		return -1;
	while (parse_take(p, "or") || parse_take(p, "||"))
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
		status = parse_expected(&p, "and, or or the end");
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
