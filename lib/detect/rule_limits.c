/* Thresholds that are not the same for all: of host groups, and above what is usual. */
#include <stdlib.h>
#include <string.h>

#include "detect/rule_keys.h"

static int
unknown_threshold(const struct cnode *n, struct err *e)
{
	struct cnode at = *n;

	at.line = n->key_line;
	at.column = n->key_column;
	const char *near = nearest_name(n->key, rule_limit_names, LIMITS);
	if (near != NULL)
		return cnode_err(&at, e, "'%.64s' is no threshold, did you mean '%s'?", n->key.p, near);
	return cnode_err(
	    &at, e, "'%.64s' is no threshold such as min_flows; a host group has nothing else", n->key.p);
}

static int
override_read(struct rule_override *o, const struct cnode *map, struct err *e)
{
	if (map->kind != CNODE_MAP || map->first == NULL)
		return cnode_err(map, e, "expected thresholds, as {min_flows: 500}");
	for (const struct cnode *n = map->first; n != NULL; n = n->next) {
		enum rule_limit l;
		uint64_t v;
		int r = rule_limit_read(n, &l, &v, e);

		if (r != 0)
			return r < 0 ? -1 : unknown_threshold(n, e);
		o->limits[l] = v;
	}
	return 0;
}

/* A name that the file does not define, with the nearest that it does. */
static int
unknown_group(const struct host_groups *h, const struct cnode *n, struct err *e)
{
	struct cnode at = *n;

	at.line = n->key_line;
	at.column = n->key_column;
	const char *near = nearest_name(n->key, h->names, h->count);
	if (near != NULL)
		return cnode_err(&at, e, "no host group '%.64s', did you mean '%s'?", n->key.p, near);
	return cnode_err(
	    &at, e, "no host group '%.64s': host_groups, beside rules, says which there are", n->key.p);
}

int
rule_overrides_read(struct rule_reader *rr, const struct cnode *map, struct err *e)
{
	const struct host_groups *h = rr->host_groups;
	struct rule *r = rr->rule;

	if (map->kind != CNODE_MAP || map->first == NULL)
		return cnode_err(
		    map, e, "expected host groups with their thresholds, as {mail: {min_flows: 500}}");
	r->overrides = arena_zero(rr->arena, ((size_t)h->count + 1) * sizeof *r->overrides);
	for (const struct cnode *n = map->first; n != NULL; n = n->next) {
		int64_t group = host_groups_find(h, n->key);

		if (group < 0)
			return unknown_group(h, n, e);
		struct rule_override *o = &r->overrides[r->override_count++];
		o->group = (uint32_t)group;
		o->name = h->names[group];
		if (override_read(o, n, e) < 0)
			return -1;
	}
	return 0;
}

/* "5x", "2.5x", or the number alone. */
int
rule_baseline_read(uint32_t *hundredths, const struct cnode *n, struct err *e)
{
	struct str s;
	char *end;

	if (cnode_str(n, &s, e) < 0)
		return -1;
	double v = strtod(s.p, &end);
	if (end == s.p || (strcmp(end, "x") != 0 && *end != '\0') || !(v >= 1.01 && v <= 10000))
		return cnode_err(
		    n, e, "above_baseline is '%.64s', expected times such as 5x, more than 1x", s.p);
	*hundredths = (uint32_t)(v * 100 + 0.5);
	return 0;
}
