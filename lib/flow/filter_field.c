/* Comparisons of fields: the sign, and the value in the field's own form. */
#include <math.h>

#include "base/civil.h"
#include "base/num.h"
#include "flow/filter_parse.h"
#include "flow/proto.h"

enum comparison { EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL };

static int
comparison_parse(struct parse *p, enum comparison *c)
{
	static const char signs[][3] = {"=", "!=", "<", "<=", ">", ">="};

	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
		if (parse_take(p, signs[i])) {
			*c = (enum comparison)i;
			return 0;
		}
	}
	if (parse_take(p, "==")) {
		*c = EQUAL;
		return 0;
	}
	return parse_expected(p, "a comparison");
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
		return parse_expected(p, "a number");
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
			return parse_expected(p, "a time, YYYY-MM-DDThh:mm:ss,");
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
		return parse_expected(p, "a number that fits the field");
	return 0;
}

static int
text_value(struct parse *p, const struct field_info *f, struct test *t)
{
	switch (f->type) {
	case TYPE_ADDR:
		return parse_host(p, t, true);
	case TYPE_STR:
		t->kind = TEST_TEXT;
		break;
	case TYPE_LIST:
		t->kind = TEST_MEMBER;
		break;
	default:
		return parse_complain(p, "%s cannot be compared", f->name.p);
	}
	if (p->token.len == 0)
		return parse_expected(p, "a text");
	t->text = p->token;
	if (*t->text.p == '"') {
		if (t->text.len < 2 || t->text.p[t->text.len - 1] != '"')
			return parse_complain(p, "text without its closing quote");
		t->text = (struct str){t->text.p + 1, t->text.len - 2};
	}
	return 0;
}

int
parse_field(struct parse *p, const struct field_info *f)
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
			return parse_complain(p, "%s is compared with = or != only", f->name.p);
		if (text_value(p, f, &t) == -1)
			return -1;
		t.outside = c == NOT_EQUAL;
	}
	t.field = f->id;
	return parse_push(p, t);
}

int
parse_duration(struct parse *p)
{
	enum comparison c;
	uint64_t ms;

	if (comparison_parse(p, &c) == -1)
		return -1;
	if (num_parse_duration(&ms, p->token, 1000) == -1)
		return parse_expected(p, "a duration");
	struct test t = range_test(c, ms);
	t.kind = TEST_DURATION;
	return parse_push(p, t);
}
