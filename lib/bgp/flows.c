#include "bgp/flows.h"

#include <inttypes.h>
#include <stdlib.h>

#include "bgp/attr.h"
#include "bgp/json_text.h"
#include "bgp/ledger.h"

_Static_assert(sizeof(struct flow_key) == 2 + FLOW_NLRI_MAX, "a key is compared as bytes");

void
flows_init(struct map *flows)
{
	map_init(flows, sizeof(struct flow_key), sizeof(struct flow *));
}

void
flows_clear(struct map *flows)
{
	size_t it = 0;
	const void *key;
	void *val;

	while (map_next(flows, &it, &key, &val))
		free(*(struct flow **)val);
	map_clear(flows);
}

void
flows_release(struct map *flows)
{
	flows_clear(flows);
	map_release(flows);
}

const struct flow *
flows_keep(struct map *flows, const struct request *r)
{
	struct flow *f = mem_zero(1, sizeof *f);

	f->key = flow_key_of(&r->flow);
	f->request = *r;
	struct flow **slot = map_put(flows, &f->key, NULL);
	free(*slot);
	*slot = f;
	return f;
}

void
flows_forget(struct map *flows, const struct flow_key *k)
{
	struct flow **f = map_get(flows, k);

	if (f == NULL)
		return;
	free(*f);
	map_delete(flows, k);
}

const struct flow *
flows_find(const struct map *flows, const struct flow_key *k)
{
	struct flow **f = map_get(flows, k);

	return f != NULL ? *f : NULL;
}

static int
by_key(const void *a, const void *b)
{
	const struct flow *x = *(struct flow *const *)a, *y = *(struct flow *const *)b;

	return memcmp(&x->key, &y->key, sizeof x->key);
}

void
flows_each(const struct map *flows, void (*fn)(void *arg, const struct flow *f), void *arg)
{
	struct flow **all = mem_zero(flows->count + 1, sizeof *all);
	size_t n = 0, it = 0;
	const void *key;
	void *val;

	while (map_next(flows, &it, &key, &val))
		all[n++] = *(struct flow **)val;
	qsort(all, n, sizeof(struct flow *), by_key);
	for (size_t i = 0; i < n; i++)
		fn(arg, all[i]);
	free(all);
}

const struct flow *
flows_due(const struct map *flows, int64_t now, int64_t *next)
{
	size_t it = 0;
	const void *key;
	void *val;

	*next = 0;
	while (map_next(flows, &it, &key, &val)) {
		const struct flow *f = *(struct flow **)val;

		if (!f->request.has_expires)
			continue;
		if (f->request.expires <= now)
			return f;
		if (*next == 0 || f->request.expires < *next)
			*next = f->request.expires;
	}
	return NULL;
}

void
flow_line(struct buf *out, const struct flow *f)
{
	struct flow_announcement a = flow_announcement(f);
	const struct request *r = &f->request;
	const char *comma = "";

	buf_printf(out, "%c{", LEDGER_FLOW);
	flow_rule_json(out, &r->flow);
	buf_puts(out, ",\"communities\":[");
	json_put_list(out, communities_list, a.communities, &comma);
	json_put_list(out, large_communities_list, a.large, &comma);
	buf_printf(out, "],\"since\":%" PRId64, r->since);
	if (r->has_expires)
		buf_printf(out, ",\"expires\":%" PRId64, r->expires);
	if (r->rule[0] != '\0')
		buf_printf(out, ",\"rule\":\"%s\"", r->rule);
	if (r->id[0] != '\0')
		buf_printf(out, ",\"id\":\"%s\"", r->id);
	buf_puts(out, "}\n");
}

struct flow_announcement
flow_announcement(const struct flow *f)
{
	const struct request *r = &f->request;

	return (struct flow_announcement){.rule = &r->flow,
	    .communities = {(const char *)r->communities, 4UL * r->community_count},
	    .large = {(const char *)r->large, 12UL * r->large_count}};
}
