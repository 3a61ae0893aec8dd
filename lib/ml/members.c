#include "ml/members.h"

struct members
members_of(struct str object, struct str whole)
{
	return (struct members){{object.p, object.p + object.len, whole.p}, false};
}

int
members_next(struct members *m, struct str *key, struct json_value *v, struct err *e)
{
	struct json *j = &m->json;
	struct json_value k;

	if (!m->begun && !json_take(j, '{'))
		return json_unexpected(j, "an object", e);
	if (json_take(j, '}')) {
		json_space(j);
		return j->p == j->end ? 0 : json_unexpected(j, "the end of the line", e);
	}
	if (m->begun && !json_take(j, ','))
		return json_unexpected(j, "',' or '}'", e);
	m->begun = true;
	json_space(j);
	if (json_value(j, &k, e) < 0)
		return -1;
	if (k.kind != JSON_STRING)
		return json_err(j, k.text.p, e, "expected a name in quotes");
	if (!json_take(j, ':'))
		return json_unexpected(j, "':'", e);
	json_space(j);
	*key = k.text;
	return json_value(j, v, e) < 0 ? -1 : 1;
}
