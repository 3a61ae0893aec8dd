#include "report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { GROUPS_MAX = 4 << 20 };

/* The words for a name that no rule has, with the nearest that one has. */
static int
no_such_rule(const char *name, const struct rules *rules, struct err *e)
{
	const char **names = mem_zero(rules->n + 1, sizeof *names);

	for (size_t i = 0; i < rules->n; i++)
		names[i] = rules->v[i].name;
	const char *near = nearest_name(str_from(name), names, rules->n);
	if (near != NULL)
		err_set(e, "--explain '%s': no rule has this name, did you mean '%s'?", name, near);
	else
		err_set(e, "--explain '%s': no rule has this name", name);
	free(names);
	return -1;
}

int
report_begin(struct report *r, const struct rules *rules, struct err *e)
{
	size_t i = 0;

	if (r->explain == NULL && !r->suggest)
		return 0;
	while (r->explain != NULL && i < rules->n && strcmp(rules->v[i].name, r->explain) != 0)
		i++;
	if (r->explain != NULL && i == rules->n)
		return no_such_rule(r->explain, rules, e);
	r->survey = survey_new(r->explain, GROUPS_MAX);
	return 0;
}

void
report_write(const struct report *r, const struct rules *rules, struct buf *out)
{
	for (size_t i = 0; i < rules->n; i++) {
		if (!survey_wants(r->survey, &rules->v[i]))
			continue;
		if (r->suggest)
			survey_suggest(r->survey, &rules->v[i], out);
		else
			survey_explain(r->survey, &rules->v[i], (uint32_t)r->top, out);
	}
	if (survey_refused(r->survey) > 0)
		log_warnx("%" PRIu64 " times a group was left out, there being %d already",
		    survey_refused(r->survey), GROUPS_MAX);
}

void
report_release(struct report *r)
{
	survey_free(r->survey);
	r->survey = NULL;
}
