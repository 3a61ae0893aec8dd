/* What rib.c and rib_decide.c share. */
#ifndef BGP_RIB_PARTS_H
#define BGP_RIB_PARTS_H

#include "bgp/rib.h"

static inline struct rib_path *
path_at(const struct rib *r, uint32_t n)
{
	return shelf_at(&r->paths, n);
}

static inline const struct attrset *
set_of(const struct rib *r, const struct rib_path *p)
{
	return attrsets_at(&r->attrs, p->attrs);
}

/* Routes of a peer that was removed may take a while to leave. */
static inline bool
is_there(const struct rib *r, const struct rib_path *p)
{
	return r->peers[p->peer].there;
}

/* The number of the best of the paths from this one on, 0: none may be used. */
uint32_t rib_best_path(const struct rib *r, uint32_t first);

#endif
