#include "enrich/routes.h"

#include <stdlib.h>

#include "route/aspath.h"

void
routes_free(struct routes *r)
{
	if (r == NULL)
		return;
	table_close(&r->table);
	free(r->entries);
	free(r->texts);
	free(r);
}

static uint32_t
text_of(const struct table_route *t, unsigned has, uint32_t list)
{
	return (t->present & has) != 0 ? list + 1 : TEXT_NONE;
}

static void
entry_fill(struct routes_entry *e, const struct table *table, uint32_t route, const struct local_as *local)
{
	const struct table_route *t = &table->routes[route];

	*e = (struct routes_entry){
	    .as_path = text_of(t, ROUTE_AS_PATH, t->as_path),
	    .communities = text_of(t, ROUTE_COMMUNITIES, t->communities),
	    .large_communities = text_of(t, ROUTE_LARGE_COMMUNITIES, t->large_communities),
	    .present = t->present,
	    .local_pref = t->local_pref,
	    .med = t->med,
	    .next_hop = t->next_hop,
	};
	if ((t->present & ROUTE_AS_PATH) == 0)
		return;
	struct str path = table_list(table, t->as_path);
	/* A path that no other AS is on stays within ours. */
	e->origin = aspath_length(path) != 0 ? aspath_origin(path) : local->my_asn;
	e->neighbour = aspath_neighbour(path, local->all, local->count);
}

struct routes *
routes_load(const char *path, const struct local_as *local, struct err *e)
{
	struct routes *r = mem_zero(1, sizeof *r);
	const struct table *t = &r->table;

	if (table_open(&r->table, path, e) == -1) {
		free(r);
		return NULL;
	}
	r->entries = mem_zero((size_t)t->route_count + 1, sizeof *r->entries);
	for (uint32_t n = 0; n < t->route_count; n++) {
		entry_fill(&r->entries[n + 1], t, n, local);
		r->has |= t->routes[n].present;
	}
	r->text_count = t->list_count + 1;
	r->texts = mem_zero(r->text_count, sizeof *r->texts);
	for (uint32_t n = 0; n < t->list_count; n++)
		r->texts[n + 1] = table_list(t, n);
	return r;
}
