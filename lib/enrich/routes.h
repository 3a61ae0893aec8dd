/* A prefix table as the step bgp uses it: what a row needs of a route in one place, texts by number. */
#ifndef ENRICH_ROUTES_H
#define ENRICH_ROUTES_H

#include "enrich/textcol.h"
#include "route/table.h"

#define LOCAL_AS_MAX 4

/* AS numbers that are ours, of which the first is that of an empty path; 0 for none. */
struct local_as {
	uint32_t my_asn;
	uint32_t all[LOCAL_AS_MAX];
	unsigned count;
};

/* Texts are numbers in `texts`, TEXT_NONE where the route lacks them. */
struct routes_entry {
	uint32_t origin, neighbour; /* 0: not known */
	uint32_t as_path, communities, large_communities;
	uint32_t present, local_pref, med; /* as in struct table_route */
	uint32_t next_hop; /* number in table.addrs, if present */
};

struct routes {
	struct table table;
	struct routes_entry *entries; /* by the value of the tree; [0], no route, keeps all that a flow has */
	struct str *texts; /* [0] is empty; the others are the table's lists */
	uint32_t text_count;
	uint32_t has; /* all bits of `present` that some route has */
};

/* The caller frees the result. NULL with words for a file that cannot be read or is no sound table. */
struct routes *routes_load(const char *path, const struct local_as *local, struct err *e);
void routes_free(struct routes *r);

#endif
