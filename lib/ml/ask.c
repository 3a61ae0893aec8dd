#include "ml/ask.h"

#include <inttypes.h>
#include <math.h>

#include "base/num.h"
#include "flow/put.h"
#include "ml/members.h"

/*
 * Lists.
 */

struct items {
	struct json json;
	bool begun;
};

static struct items
items_of(struct str list, struct str whole)
{
	return (struct items){{list.p, list.p + list.len, whole.p}, false};
}

/* 1 and an item, 0 at the end of the list, -1 with words. */
static int
items_next(struct items *l, struct json_value *v, struct err *e)
{
	struct json *j = &l->json;

	if (!l->begun && !json_take(j, '['))
		return json_unexpected(j, "a list", e);
	if (json_take(j, ']'))
		return 0;
	if (l->begun && !json_take(j, ','))
		return json_unexpected(j, "',' or ']'", e);
	l->begun = true;
	json_space(j);
	return json_value(j, v, e) < 0 ? -1 : 1;
}

/*
 * Requests.
 */

static int
names_read(struct vector_shape *s, struct str list, struct str text, struct err *e)
{
	struct items l = items_of(list, text);
	struct json_value v;
	int n;

	while ((n = items_next(&l, &v, e)) == 1) {
		if (s->count == FOREST_FEATURES_MAX)
			return json_err(&l.json, v.text.p, e, "more than %d features", FOREST_FEATURES_MAX);
		if (v.kind != JSON_STRING || !model_name_valid(v.text))
			return json_err(&l.json, v.text.p, e, "expected the name of a feature");
		memcpy(s->names[s->count++], v.text.p, v.text.len);
	}
	if (n == 0 && s->count == 0)
		return err_set(e, "no features");
	return n;
}

static int
names_differ(const struct vector_shape *s, struct err *e)
{
	for (uint32_t i = 1; i < s->count; i++)
		for (uint32_t k = 0; k < i; k++)
			if (strcmp(s->names[i], s->names[k]) == 0)
				return err_set(e, "feature '%s' is there twice", s->names[i]);
	return 0;
}

static int
number_read(float *value, const struct items *l, const struct json_value *v, const char *what, struct err *e)
{
	double real;

	if (v->kind != JSON_NUMBER)
		return json_err(&l->json, v->text.p, e, "the value of feature '%s' is no number", what);
	if (num_parse_real(&real, v->text) < 0 || !isfinite((float)real))
		return json_err(
		    &l->json, v->text.p, e, "the value of feature '%s' is beyond numbers of 32 bits", what);
	*value = (float)real;
	return 0;
}

static int
values_read(struct ask *q, struct str list, struct str text, struct err *e)
{
	float *to = (float *)(void *)buf_reserve(&q->values, q->shape.count * sizeof *to);
	struct items l = items_of(list, text);
	struct json_value v;
	uint32_t count = 0;
	int n;

	while ((n = items_next(&l, &v, e)) == 1) {
		if (count == q->shape.count)
			return json_err(&l.json, v.text.p, e, "more values than features");
		if (number_read(&to[count], &l, &v, q->shape.names[count], e) < 0)
			return -1;
		count++;
	}
	if (n == 0 && count < q->shape.count)
		return json_err(
		    &l.json, list.p, e, "the value of feature '%s' is missing", q->shape.names[count]);
	q->values.len += count * sizeof *to;
	return n;
}

static int
vector_take(struct ask *q, struct str object, struct str text, struct err *e)
{
	struct members m = members_of(object, text);
	struct str key, id = {0}, values = {0};
	struct json_value v;
	int n;

	while ((n = members_next(&m, &key, &v, e)) == 1) {
		if (str_eq(key, STR("id")) && v.kind == JSON_STRING)
			id = v.text;
		else if (str_eq(key, STR("values")) && v.kind == JSON_ARRAY)
			values = v.text;
	}
	if (n < 0)
		return -1;
	if (id.p == NULL || id.len > ASK_ID_MAX)
		return json_err(
		    &m.json, object.p, e, "a vector without an id of at most %d bytes", ASK_ID_MAX);
	if (values.p == NULL)
		return json_err(&m.json, object.p, e, "a vector without a list of values");
	if (values_read(q, values, text, e) < 0)
		return -1;
	buf_add(&q->ids, &id, sizeof id);
	q->count++;
	return 0;
}

static int
vectors_read(struct ask *q, struct str list, struct str text, struct err *e)
{
	struct items l = items_of(list, text);
	struct json_value v;
	int n;

	while ((n = items_next(&l, &v, e)) == 1) {
		if (q->count == ASK_VECTORS_MAX)
			return json_err(&l.json, v.text.p, e, "more than %d vectors", ASK_VECTORS_MAX);
		if (vector_take(q, v.text, text, e) < 0)
			return -1;
	}
	return n;
}

int
ask_read(struct ask *q, struct str text, struct err *e)
{
	struct members m = members_of(text, text);
	struct str key, features = {0}, vectors = {0};
	struct json_value v;
	uint64_t version = 0;
	int n;

	q->values.len = q->ids.len = q->count = 0;
	memset(&q->shape, 0, sizeof q->shape);
	q->explain = false;
	while ((n = members_next(&m, &key, &v, e)) == 1) {
		if (str_eq(key, STR("features")) && v.kind == JSON_ARRAY)
			features = v.text;
		else if (str_eq(key, STR("vectors")) && v.kind == JSON_ARRAY)
			vectors = v.text;
		else if (str_eq(key, STR("explain")))
			q->explain = v.kind == JSON_TRUE;
		else if (str_eq(key, STR("version")) && num_parse(&version, v.text, 1, UINT32_MAX) < 0)
			return json_err(&m.json, v.text.p, e, "expected the version of the features");
	}
	if (n < 0)
		return -1;
	q->shape.version = (uint32_t)version;
	if (features.p == NULL || vectors.p == NULL)
		return err_set(e, "no list of %s", features.p == NULL ? "features" : "vectors");
	if (names_read(&q->shape, features, text, e) < 0 || names_differ(&q->shape, e) < 0)
		return -1;
	return vectors_read(q, vectors, text, e);
}

void
ask_release(struct ask *q)
{
	buf_release(&q->values);
	buf_release(&q->ids);
}

const float *
ask_values(const struct ask *q)
{
	return (const float *)(const void *)q->values.p;
}

struct str
ask_id(const struct ask *q, uint32_t i)
{
	struct str id;

	memcpy(&id, q->ids.p + i * sizeof id, sizeof id);
	return id;
}

/* places[i] is where feature i of the shape stands in the request; whether any stands elsewhere. */
static int
places_find(uint32_t *places, const struct ask *q, const struct vector_shape *s, bool *moved, struct err *e)
{
	*moved = false;
	for (uint32_t i = 0; i < s->count; i++) {
		uint32_t k = i;

		if (k >= q->shape.count || strcmp(q->shape.names[k], s->names[i]) != 0)
			for (k = 0; k < q->shape.count && strcmp(q->shape.names[k], s->names[i]) != 0; k++)
				;
		if (k == q->shape.count)
			return err_set(e, "feature '%s', which the model needs, is missing", s->names[i]);
		*moved |= k != i;
		places[i] = k;
	}
	return 0;
}

int
ask_fit(struct ask *q, const struct vector_shape *s, struct err *e)
{
	uint32_t places[FOREST_FEATURES_MAX];
	float row[FOREST_FEATURES_MAX];
	bool moved;

	if (q->shape.version != 0 && q->shape.version != s->version)
		return err_set(e, "features of version %" PRIu32 ", the model's are of version %" PRIu32,
		    q->shape.version, s->version);
	if (q->shape.count > s->count)
		return err_set(e, "%" PRIu32 " features, the model has %" PRIu32, q->shape.count, s->count);
	if (places_find(places, q, s, &moved, e) < 0)
		return -1;
	for (uint32_t i = 0; moved && i < q->count; i++) {
		float *to = (float *)(void *)q->values.p + (size_t)i * s->count;

		memcpy(row, to, s->count * sizeof *row);
		for (uint32_t k = 0; k < s->count; k++)
			to[k] = row[places[k]];
	}
	return 0;
}

void
ask_write(struct buf *out, uint32_t version, bool explain, const char *const *names, uint32_t features,
    const struct addr *keys, const float *values, uint32_t n)
{
	buf_printf(
	    out, "{\"version\":%" PRIu32 "%s,\"features\":[", version, explain ? ",\"explain\":true" : "");
	for (uint32_t i = 0; i < features; i++)
		buf_printf(out, "%s\"%s\"", i > 0 ? "," : "", names[i]);
	buf_puts(out, "],\"vectors\":[");
	for (uint32_t i = 0; i < n; i++) {
		char *p = (char *)buf_reserve(out, (size_t)PUT_MAX * (features + 2)), *at = p;

		memcpy(at, i > 0 ? ",{\"id\":\"" : "{\"id\":\"", 8);
		at += i > 0 ? 8 : 7;
		at += addr_format(at, &keys[i]);
		memcpy(at, "\",\"values\":[", 12);
		at += 12;
		for (uint32_t k = 0; k < features; k++) {
			if (k > 0)
				*at++ = ',';
			at = put_real(at, values[(size_t)i * features + k]);
		}
		*at++ = ']';
		*at++ = '}';
		out->len += (size_t)(at - p);
	}
	buf_puts(out, "]}");
}

/*
 * Answers.
 */

void
answer_begin(struct buf *out, uint64_t checksum)
{
	buf_printf(out, "{\"model\":\"%016" PRIx64 "\",\"scores\":[", checksum);
}

void
answer_score(struct buf *out, bool first, struct str id, float score)
{
	buf_puts(out, first ? "{\"id\":\"" : ",{\"id\":\"");
	buf_add(out, id.p, id.len);
	buf_printf(out, "\",\"ml_score\":%.6f", (double)score);
}

void
answer_end(struct buf *out)
{
	buf_puts(out, "]}\n");
}

static int
answer_take(struct answer *a, const struct addr *key, const struct items *l, struct str object,
    struct str text, struct err *e)
{
	struct members m = members_of(object, text);
	bool scored = false, ours = false;
	struct json_value v;
	struct addr id;
	struct str name;
	int n;

	a->reasons = (struct str){0};
	while ((n = members_next(&m, &name, &v, e)) == 1) {
		if (str_eq(name, STR("id")) && v.kind == JSON_STRING)
			ours = addr_parse(&id, v.text) == 0 && addr_eq(&id, key);
		else if (str_eq(name, STR("ml_score")) && v.kind == JSON_NUMBER)
			scored = number_read(&a->score, l, &v, "ml_score", e) == 0 && a->score >= 0 &&
				 a->score <= 1;
		else if (str_eq(name, STR("reasons")) && v.kind == JSON_ARRAY)
			a->reasons = v.text;
	}
	if (n < 0)
		return -1;
	if (!ours)
		return json_err(
		    &l->json, object.p, e, "a score of another vector than the one asked for here");
	return scored ? 0 : json_err(&l->json, object.p, e, "no ml_score from 0 to 1");
}

static int
scores_read(struct answer *answers, const struct addr *keys, uint32_t n, struct str list, struct str text,
    struct err *e)
{
	struct items l = items_of(list, text);
	struct json_value v;
	uint32_t count = 0;
	int more;

	for (; (more = items_next(&l, &v, e)) == 1; count++) {
		if (count == n)
			return json_err(&l.json, v.text.p, e, "more scores than vectors");
		if (answer_take(&answers[count], &keys[count], &l, v.text, text, e) < 0)
			return -1;
	}
	if (more == 0 && count < n)
		return err_set(e, "%" PRIu32 " scores for %" PRIu32 " vectors", count, n);
	return more;
}

int
answer_read(struct answer *answers, const struct addr *keys, uint32_t n, struct str text, struct err *e)
{
	struct members m = members_of(text, text);
	struct str key, scores = {0};
	struct json_value v;
	int more;

	while ((more = members_next(&m, &key, &v, e)) == 1)
		if (str_eq(key, STR("scores")) && v.kind == JSON_ARRAY)
			scores = v.text;
	if (more < 0)
		return -1;
	if (scores.p == NULL)
		return err_set(e, "no list of scores");
	return scores_read(answers, keys, n, scores, text, e);
}
