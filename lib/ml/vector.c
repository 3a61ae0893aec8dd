#include "ml/vector.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "ml/members.h"

/* What every vector must have. */
struct parts {
	bool typed, versioned;
	uint64_t version;
	struct str features;
};

static int
parts_read(struct parts *p, struct str line, struct err *e)
{
	struct members m = members_of(line, line);
	struct json_value v;
	struct str key;
	int n;

	*p = (struct parts){0};
	while ((n = members_next(&m, &key, &v, e)) == 1) {
		if (str_eq(key, STR("type")))
			p->typed = v.kind == JSON_STRING && str_eq(v.text, STR("features"));
		else if (str_eq(key, STR("version")))
			p->versioned = num_parse(&p->version, v.text, 0, UINT32_MAX) == 0;
		else if (str_eq(key, STR("features")) && v.kind == JSON_OBJECT)
			p->features = v.text;
	}
	if (n < 0)
		return -1;
	if (!p->typed)
		return err_set(e, "no vector: its type is not \"features\"");
	if (!p->versioned)
		return err_set(e, "no version of its features");
	if (p->features.p == NULL)
		return err_set(e, "no object of features");
	return 0;
}

static int
shape_find(const struct vector_shape *s, struct str name, uint32_t likely)
{
	if (likely < s->count && str_eq(str_from(s->names[likely]), name))
		return (int)likely;
	for (uint32_t i = 0; i < s->count; i++)
		if (str_eq(str_from(s->names[i]), name))
			return (int)i;
	return -1;
}

int
vector_shape_read(struct vector_shape *s, struct str line, struct err *e)
{
	struct json_value v;
	struct parts p;
	struct str key;
	int n;

	if (parts_read(&p, line, e) < 0)
		return -1;
	*s = (struct vector_shape){.version = (uint32_t)p.version};
	struct members m = members_of(p.features, line);
	while ((n = members_next(&m, &key, &v, e)) == 1) {
		if (!model_name_valid(key) || shape_find(s, key, 0) >= 0)
			return json_err(&m.json, key.p, e, "expected the name of a feature, and each once");
		if (s->count == FOREST_FEATURES_MAX)
			return json_err(&m.json, key.p, e, "more than %d features", FOREST_FEATURES_MAX);
		memcpy(s->names[s->count++], key.p, key.len);
	}
	if (n == 0 && s->count == 0)
		return err_set(e, "no features");
	return n;
}

void
vector_shape_of(struct vector_shape *s, const struct model *m)
{
	*s = (struct vector_shape){.version = m->vectors, .count = m->forest.features};
	for (uint32_t i = 0; i < s->count; i++)
		memcpy(s->names[i], m->features[i].name, MODEL_NAME_MAX);
}

/* The words must stay words, whatever the name. */
static int
name_len(struct str name)
{
	return (int)(name.len < MODEL_NAME_MAX ? name.len : MODEL_NAME_MAX);
}

static int
value_read(struct members *m, struct str key, const struct json_value *v, float *value, struct err *e)
{
	double real;

	if (v->kind != JSON_NUMBER)
		return json_err(&m->json, v->text.p, e, "feature '%.*s' is no number", name_len(key), key.p);
	if (num_parse_real(&real, v->text) < 0 || !isfinite((float)real))
		return json_err(&m->json, v->text.p, e, "feature '%.*s' is beyond numbers of 32 bits",
		    name_len(key), key.p);
	*value = (float)real;
	return 0;
}

int
vector_read(const struct vector_shape *s, struct str line, float *values, struct err *e)
{
	bool have[FOREST_FEATURES_MAX] = {false};
	struct json_value v;
	uint32_t count = 0;
	struct parts p;
	struct str key;
	int n;

	if (parts_read(&p, line, e) < 0)
		return -1;
	if (p.version != s->version)
		return err_set(
		    e, "features of version %" PRIu64 ", expected %" PRIu32, p.version, s->version);
	struct members m = members_of(p.features, line);
	for (; (n = members_next(&m, &key, &v, e)) == 1; count++) {
		int at = shape_find(s, key, count);

		if (at < 0)
			return json_err(&m.json, key.p, e, "feature '%.*s' is none of those expected",
			    name_len(key), key.p);
		if (have[at])
			return json_err(
			    &m.json, key.p, e, "feature '%.*s' is there twice", name_len(key), key.p);
		have[at] = true;
		if (value_read(&m, key, &v, &values[at], e) < 0)
			return -1;
	}
	for (uint32_t i = 0; n == 0 && i < s->count; i++)
		if (!have[i])
			return err_set(e, "feature '%s' is missing", s->names[i]);
	return n;
}

int
vector_is_mark(struct str line)
{
	static const char mark[] = "{\"_mark\":";

	return line.len > sizeof mark && memcmp(line.p, mark, sizeof mark - 1) == 0;
}

void
vector_copy(struct buf *out, struct str line)
{
	struct members m = members_of(line, line);
	struct json_value v;
	const char *before = "{\"";
	struct str key;

	while (members_next(&m, &key, &v, NULL) == 1) {
		bool text = v.kind == JSON_STRING;

		if (str_eq(key, STR("ml_score")) || str_eq(key, STR("ml_score_b")) ||
		    str_eq(key, STR("reasons")))
			continue;
		buf_puts(out, before);
		buf_add(out, key.p, key.len);
		buf_puts(out, text ? "\":\"" : "\":");
		buf_add(out, v.text.p, v.text.len);
		if (text)
			buf_putc(out, '"');
		before = ",\"";
	}
}

void
vector_explain(struct buf *out, const struct model *m, const float *row, unsigned most)
{
	buf_puts(out, ",\"reasons\":");
	vector_reasons(out, m, row, most);
}

void
vector_reasons(struct buf *out, const struct model *m, const float *row, unsigned most)
{
	float why[FOREST_FEATURES_MAX];

	forest_explain(&m->forest, row, why);
	buf_putc(out, '[');
	for (unsigned n = 0; n < most; n++) {
		uint32_t best = 0;

		for (uint32_t k = 1; k < m->forest.features; k++)
			if (why[k] > why[best])
				best = k;
		if (why[best] < 0.1F)
			break;
		const struct model_feature *f = &m->features[best];
		buf_printf(out,
		    "%s{\"feature\":\"%s\",\"value\":%.7g,\"shortened\":%.2f,\"usual\":[%.7g,%.7g]}",
		    n > 0 ? "," : "", f->name, (double)row[best], (double)why[best], (double)f->low,
		    (double)f->high);
		why[best] = -INFINITY;
	}
	buf_putc(out, ']');
}
