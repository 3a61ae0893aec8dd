#include "vector_line.h"

#include <math.h>

#include "base/num.h"
#include "ml/members.h"

enum { REASONS_MAX_BYTES = 4096 };

struct parts {
	bool vector, mark, has_key, has_score, has_start, has_end;
	double score, start, end, step;
	struct str reasons;
};

static bool
number(const struct json_value *v, double *to)
{
	return v->kind == JSON_NUMBER && num_parse_real(to, v->text) == 0;
}

static void
part_take(struct parts *p, struct vector_line *v, struct str name, const struct json_value *value)
{
	if (str_eq(name, STR("type")))
		p->vector = value->kind == JSON_STRING && str_eq(value->text, STR("features"));
	else if (str_eq(name, STR("_mark")))
		p->mark = true;
	else if (str_eq(name, STR("key")))
		p->has_key = value->kind == JSON_STRING && addr_parse(&v->key, value->text) == 0;
	else if (str_eq(name, STR("by")))
		v->dst = str_eq(value->text, STR("dst"));
	else if (str_eq(name, STR("window_start")))
		p->has_start = number(value, &p->start);
	else if (str_eq(name, STR("window_end")))
		p->has_end = number(value, &p->end);
	else if (str_eq(name, STR("step")) && !number(value, &p->step))
		p->step = 0;
	else if (str_eq(name, STR("ml_score")))
		p->has_score = number(value, &p->score);
	else if (str_eq(name, STR("reasons")) && value->kind == JSON_ARRAY)
		p->reasons = value->text;
}

/* Times of a window that makes sense, in seconds: up to a day long, in this age. */
static bool
times_make_sense(const struct parts *p)
{
	return p->has_start && p->has_end && p->start >= 0 && p->end > p->start &&
	       p->end - p->start <= 86400 && p->end < 1e11 && p->step >= 0 && p->step <= 86400;
}

int
vector_line_read(struct vector_line *v, struct str line, struct err *e)
{
	struct members m = members_of(line, line);
	struct json_value value;
	struct parts p = {0};
	struct str name;
	int n;

	*v = (struct vector_line){.dst = false};
	if (line.len == 0)
		return 0;
	while ((n = members_next(&m, &name, &value, e)) == 1)
		part_take(&p, v, name, &value);
	if (n < 0)
		return -1;
	if (p.mark || (p.vector && !p.has_score))
		return 0;
	if (!p.vector || !p.has_key || !times_make_sense(&p))
		return err_set(e, "no vector with the key and the window of nf-mlfeat");
	if (!(p.score >= 0 && p.score <= 1))
		return err_set(e, "ml_score is not from 0 to 1");
	v->score = (float)p.score;
	v->end_ms = llround(p.end * 1000);
	v->until_ms = v->end_ms + llround((p.end - p.start + p.step) * 1000);
	if (p.reasons.p != NULL && p.reasons.len <= REASONS_MAX_BYTES)
		v->reasons = mem_strndup(p.reasons.p, p.reasons.len);
	return 1;
}
