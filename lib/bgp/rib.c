#include "bgp/rib.h"

#include <stdlib.h>
#include <string.h>

#include "bgp/segments.h"

enum { CHUNK_SHIFT = 16, CHUNK = 1 << CHUNK_SHIFT };

/* Of IPv4 the address is the last four bytes, so that a key takes a word. */
struct rib_key {
	uint8_t b[24];
};

static const uint8_t key_sizes[BGP_FAMILIES] = {[BGP_IPV4] = 8, [BGP_IPV6] = 24};

static enum bgp_family
key_make(struct rib_key *k, const struct prefix *p)
{
	*k = (struct rib_key){.b = {p->len}};
	if (addr_is_v4(&p->addr) && p->len >= 96) {
		memcpy(k->b + 4, p->addr.b + 12, 4);
		return BGP_IPV4;
	}
	memcpy(k->b + 8, p->addr.b, 16);
	return BGP_IPV6;
}

static struct prefix
key_prefix(const void *key, enum bgp_family f)
{
	const uint8_t *b = key;

	return (struct prefix){addr_from_bytes(f == BGP_IPV4 ? b + 4 : b + 8, f == BGP_IPV6), b[0]};
}

static struct rib_path *
path_at(const struct rib *r, uint32_t n)
{
	return &r->chunks[n >> CHUNK_SHIFT][n & (CHUNK - 1)];
}

static uint32_t
path_new(struct rib *r)
{
	uint32_t n = r->free;

	if (n != 0) {
		r->free = path_at(r, n)->next;
		return n;
	}
	n = r->used++;
	if ((n & (CHUNK - 1)) == 0) {
		r->chunks = mem_resize(r->chunks, (n >> CHUNK_SHIFT) + 1, sizeof *r->chunks);
		r->chunks[n >> CHUNK_SHIFT] = mem_zero(CHUNK, sizeof **r->chunks);
	}
	return n;
}

void
rib_init(struct rib *r, uint32_t our_asn, uint32_t our_id, uint64_t seed)
{
	*r = (struct rib){.our_asn = our_asn, .our_id = our_id};
	attrsets_init(&r->attrs, seed);
	for (unsigned f = 0; f < BGP_FAMILIES; f++)
		map_init(&r->prefixes[f], key_sizes[f], sizeof(uint32_t));
	path_new(r); /* number 0 is none */
}

void
rib_release(struct rib *r)
{
	for (uint32_t i = 0; i << CHUNK_SHIFT < r->used; i++)
		free(r->chunks[i]);
	free(r->chunks);
	for (unsigned f = 0; f < BGP_FAMILIES; f++)
		map_release(&r->prefixes[f]);
	attrsets_release(&r->attrs);
}

int
rib_peer_add(struct rib *r, const struct rib_peer *p)
{
	for (int i = 0; i < RIB_PEERS_MAX; i++) {
		if (r->peers[i].there)
			continue;
		r->peers[i].there = true;
		r->peers[i].peer = *p;
		return i;
	}
	return -1;
}

void
rib_peer_set(struct rib *r, int peer, const struct rib_peer *p)
{
	r->peers[peer].peer = *p;
}

/* RFC 4271 §9.1.2, RFC 4456 §8: a route that has been here before. */
static bool
is_loop(const struct rib *r, const struct attrset *set)
{
	struct attrs a;

	attrset_get(set, &a);
	if (segments_has(a.as_path, r->our_asn) && r->our_asn != 0)
		return true;
	if (attrs_has(&a, BGP_ATTR_ORIGINATOR) && a.originator == r->our_id)
		return true;
	for (size_t i = 0; i + 4 <= a.clusters.len; i += 4)
		if (load_be32(a.clusters.p + i) == r->our_id)
			return true;
	return false;
}

uint32_t
rib_attrs(struct rib *r, const struct attrs *a, const struct addr *next_hop)
{
	return attrsets_take(&r->attrs, a, next_hop);
}

void
rib_attrs_drop(struct rib *r, uint32_t attrs)
{
	attrsets_drop(&r->attrs, attrs);
}

/* Where the number of the peer's path stands, in the prefix's value or in the path before; NULL: too many are there. */
static uint32_t *
link_find(struct rib *r, uint32_t *first, int peer, uint32_t path_id)
{
	uint32_t *link = first;

	for (unsigned n = 0; n < RIB_PATHS_MAX; n++) {
		if (*link == 0)
			return link;
		struct rib_path *p = path_at(r, *link);
		if (p->peer == peer && p->path_id == path_id)
			return link;
		link = &p->next;
	}
	return NULL;
}

void
rib_announce(struct rib *r, int peer, const struct prefix *p, uint32_t path_id, uint32_t attrs)
{
	struct rib_key key;
	enum bgp_family f = key_make(&key, p);
	uint32_t *link = link_find(r, map_put(&r->prefixes[f], &key, NULL), peer, path_id);
	uint8_t epoch = r->peers[peer].epoch[f];

	if (link == NULL) {
		r->refused++;
		return;
	}
	if (*link != 0) {
		struct rib_path *path = path_at(r, *link);

		path->epoch = epoch;
		if (path->attrs == attrs)
			return;
		attrsets_hold(&r->attrs, attrs, 1);
		attrsets_drop(&r->attrs, path->attrs);
		path->attrs = attrs;
		path->loop = is_loop(r, attrsets_at(&r->attrs, attrs));
	} else {
		uint32_t n = path_new(r);

		attrsets_hold(&r->attrs, attrs, 1);
		*path_at(r, n) = (struct rib_path){.attrs = attrs,
		    .path_id = path_id,
		    .peer = (uint16_t)peer,
		    .epoch = epoch,
		    .loop = is_loop(r, attrsets_at(&r->attrs, attrs))};
		*link = n;
		r->paths++;
		r->peers[peer].routes[f]++;
	}
	r->changes++;
}

/* Takes the path out of its list. */
static void
path_remove(struct rib *r, uint32_t *link, enum bgp_family f)
{
	uint32_t n = *link;
	struct rib_path *p = path_at(r, n);

	*link = p->next;
	attrsets_drop(&r->attrs, p->attrs);
	r->peers[p->peer].routes[f]--;
	p->next = r->free;
	r->free = n;
	r->paths--;
	r->changes++;
}

void
rib_withdraw(struct rib *r, int peer, const struct prefix *p, uint32_t path_id)
{
	struct rib_key key;
	enum bgp_family f = key_make(&key, p);
	uint32_t *first = map_get(&r->prefixes[f], &key);

	if (first == NULL)
		return;
	uint32_t *link = link_find(r, first, peer, path_id);
	if (link == NULL || *link == 0)
		return;
	path_remove(r, link, f);
	if (*first == 0)
		map_delete(&r->prefixes[f], &key);
}

void
rib_stale(struct rib *r, int peer, enum bgp_family f)
{
	r->peers[peer].epoch[f]++;
}

/* Prefixes that lost their last path stay in the map until this, since it may not change while it is walked. */
static void
prefixes_prune(struct map *m)
{
	struct map left;
	size_t it = 0;
	const void *key;
	void *val;

	map_init(&left, m->key_size, m->val_size);
	while (map_next(m, &it, &key, &val))
		if (*(uint32_t *)val != 0)
			*(uint32_t *)map_put(&left, key, NULL) = *(uint32_t *)val;
	map_release(m);
	*m = left;
}

/* Removes the peer's paths of the family: all, or those that are stale. How many. */
static uint64_t
paths_remove(struct rib *r, int peer, enum bgp_family f, bool all)
{
	uint64_t removed = 0, empty = 0;
	size_t it = 0;
	const void *key;
	void *val;

	while (r->peers[peer].routes[f] > 0 && map_next(&r->prefixes[f], &it, &key, &val)) {
		uint32_t *link = val;

		while (*link != 0) {
			const struct rib_path *p = path_at(r, *link);

			if (p->peer == peer && (all || p->epoch != r->peers[peer].epoch[f])) {
				path_remove(r, link, f);
				removed++;
			} else {
				link = &path_at(r, *link)->next;
			}
		}
		empty += *(uint32_t *)val == 0;
	}
	if (empty > 0)
		prefixes_prune(&r->prefixes[f]);
	return removed;
}

uint64_t
rib_sweep(struct rib *r, int peer, enum bgp_family f)
{
	return paths_remove(r, peer, f, false);
}

void
rib_peer_remove(struct rib *r, int peer)
{
	for (unsigned f = 0; f < BGP_FAMILIES; f++)
		paths_remove(r, peer, (enum bgp_family)f, true);
	r->peers[peer].there = false;
	memset(r->peers[peer].epoch, 0, sizeof r->peers[peer].epoch);
}

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

static const struct attrset *
set_of(const struct rib *r, const struct rib_path *p)
{
	return attrsets_at(&r->attrs, p->attrs);
}

/* §9.1.2.2 c: whether another that is as good so far comes from the same neighbour with a lower MED. */
static bool
loses_by_med(const struct rib *r, uint32_t first, const struct attrset *set)
{
	for (uint32_t n = first; n != 0; n = path_at(r, n)->next) {
		const struct rib_path *other = path_at(r, n);
		const struct attrset *theirs = set_of(r, other);

		if (!other->loop && theirs->neighbour == set->neighbour && theirs->med < set->med &&
		    compare_path(theirs, set) == 0)
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

/* The number of the best path, 0: none may be used. */
static uint32_t
best_path(const struct rib *r, uint32_t first)
{
	uint32_t best = 0;

	for (uint32_t n = first; n != 0; n = path_at(r, n)->next) {
		const struct rib_path *p = path_at(r, n);

		if (p->loop)
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

static struct rib_route
route_show(const struct rib *r, const struct prefix *prefix, enum bgp_family f, uint32_t n, bool best)
{
	const struct rib_path *p = path_at(r, n);

	return (struct rib_route){.prefix = *prefix,
	    .path_id = p->path_id,
	    .peer = p->peer,
	    .from = &r->peers[p->peer].peer,
	    .best = best,
	    .stale = p->epoch != r->peers[p->peer].epoch[f],
	    .loop = p->loop,
	    .attrs = p->attrs,
	    .set = set_of(r, p)};
}

void
rib_best(const struct rib *r, bool (*fn)(void *arg, const struct rib_route *route), void *arg)
{
	for (unsigned f = 0; f < BGP_FAMILIES; f++) {
		size_t it = 0;
		const void *key;
		void *val;

		while (map_next(&r->prefixes[f], &it, &key, &val)) {
			uint32_t best = best_path(r, *(uint32_t *)val);
			struct prefix prefix = key_prefix(key, (enum bgp_family)f);

			if (best == 0)
				continue;
			struct rib_route route = route_show(r, &prefix, (enum bgp_family)f, best, true);
			if (!fn(arg, &route))
				return;
		}
	}
}

static size_t
routes_show(const struct rib *r, const struct prefix *prefix, enum bgp_family f, uint32_t first,
    struct rib_route *out, size_t room)
{
	uint32_t best = best_path(r, first);
	size_t n = 0;

	if (best != 0 && room > 0)
		out[n++] = route_show(r, prefix, f, best, true);
	for (uint32_t p = first; p != 0 && n < room; p = path_at(r, p)->next)
		if (p != best)
			out[n++] = route_show(r, prefix, f, p, false);
	return n;
}

void
rib_each(const struct rib *r,
    bool (*fn)(void *arg, const struct prefix *p, const struct rib_route *routes, size_t n), void *arg)
{
	struct rib_route routes[RIB_PATHS_MAX];

	for (unsigned f = 0; f < BGP_FAMILIES; f++) {
		size_t it = 0;
		const void *key;
		void *val;

		while (map_next(&r->prefixes[f], &it, &key, &val)) {
			struct prefix prefix = key_prefix(key, (enum bgp_family)f);
			size_t n = routes_show(
			    r, &prefix, (enum bgp_family)f, *(uint32_t *)val, routes, RIB_PATHS_MAX);

			if (!fn(arg, &prefix, routes, n))
				return;
		}
	}
}

size_t
rib_lookup(const struct rib *r, const struct addr *a, struct rib_route *out, size_t room)
{
	int shortest = addr_is_v4(a) ? 96 : 0;

	for (int len = 128; len >= shortest; len--) {
		struct prefix prefix = {*a, (uint8_t)len};
		struct rib_key key;

		addr_mask(&prefix.addr, (unsigned)len);
		/* ::/0 and its like are no prefixes of IPv4, nor are those within ::ffff:0:0/96 of IPv6. */
		enum bgp_family f = key_make(&key, &prefix);
		const uint32_t *first = map_get(&r->prefixes[f], &key);
		if (first != NULL)
			return routes_show(r, &prefix, f, *first, out, room);
	}
	return 0;
}
