/* Which of a prefix's routes is the best: RFC 4271 §9.1.2.2. */
#include <string.h>

#include "bgp/rib_parts.h"

/* RFC 4271 §9.1.2.2 a, b after §9.1.1: less than 0 where a is better. */
static int
compare_path(const struct attrset *a, const struct attrset *b)
{
	if (a->local_pref != b->local_pref)
		return a->local_pref > b->local_pref ? -1 : 1;
	if (a->path_length != b->path_length)
		return a->path_length < b->path_length ? -1 : 1;
	return (int)a->origin - (int)b->origin;
}

/* §9.1.2.2 c: whether another that is as good so far comes from the same neighbour with a lower MED. */
static bool
loses_by_med(const struct rib *r, uint32_t first, const struct attrset *set)
{
	for (uint32_t n = first; n != 0; n = path_at(r, n)->next) {
		const struct rib_path *other = path_at(r, n);
		const struct attrset *theirs = set_of(r, other);

		if (!other->loop && is_there(r, other) && theirs->neighbour == set->neighbour &&
		    theirs->med < set->med && compare_path(theirs, set) == 0)
			return true;
	}
	return false;
}

/* §9.1.2.2 d, f, g, with RFC 4456 §9 for what came by a reflector. */
static int
compare_peer(const struct rib *r, const struct rib_path *a, const struct rib_path *b)
{
	const struct rib_peer *pa = &r->peers[a->peer].peer, *pb = &r->peers[b->peer].peer;
	const struct attrset *sa = set_of(r, a), *sb = set_of(r, b);
	uint32_t ida = sa->originator != 0 ? sa->originator : pa->id;
	uint32_t idb = sb->originator != 0 ? sb->originator : pb->id;

	if (pa->ebgp != pb->ebgp)
		return pa->ebgp ? -1 : 1;
	if (ida != idb)
		return ida < idb ? -1 : 1;
	if (sa->clusters != sb->clusters)
		return sa->clusters < sb->clusters ? -1 : 1;
	int by_addr = memcmp(pa->addr.b, pb->addr.b, sizeof pa->addr.b);
	if (by_addr != 0)
		return by_addr;
	return a->path_id < b->path_id ? -1 : a->path_id > b->path_id;
}

uint32_t
rib_best_path(const struct rib *r, uint32_t first)
{
	uint32_t best = 0;

	for (uint32_t n = first; n != 0; n = path_at(r, n)->next) {
		const struct rib_path *p = path_at(r, n);

		if (p->loop || !is_there(r, p))
			continue;
		if (path_at(r, first)->next == 0)
			return n;
		if (loses_by_med(r, first, set_of(r, p)))
			continue;
		int by_path = best == 0 ? -1 : compare_path(set_of(r, p), set_of(r, path_at(r, best)));
		if (by_path < 0 || (by_path == 0 && compare_peer(r, p, path_at(r, best)) < 0))
			best = n;
	}
	return best;
}
