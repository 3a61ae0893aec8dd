#include "bgp/rib.h"

#include <string.h>

#include "base/hash.h"
#include "bgp/rib_parts.h"
#include "bgp/segments.h"

enum { KEY_MAX = 20 };

/* A prefix as it is kept; of IPv4 without the twelve bytes that all have. */
struct rib_key {
	uint8_t b[KEY_MAX];
};

static const uint8_t key_sizes[BGP_FAMILIES] = {[BGP_IPV4] = 8, [BGP_IPV6] = KEY_MAX};

static enum bgp_family
key_make(struct rib_key *k, const struct prefix *p)
{
	*k = (struct rib_key){.b = {p->len}};
	if (addr_is_v4(&p->addr) && p->len >= 96) {
		memcpy(k->b + 4, p->addr.b + 12, 4);
		return BGP_IPV4;
	}
	memcpy(k->b + 4, p->addr.b, 16);
	return BGP_IPV6;
}

static struct prefix
key_prefix(const void *key, enum bgp_family f)
{
	const uint8_t *b = key;

	return (struct prefix){addr_from_bytes(b + 4, f == BGP_IPV6), b[0]};
}

static uint32_t
key_hash(const struct rib *r, const struct rib_key *k, enum bgp_family f)
{
	return (uint32_t)hash64_seed(k, key_sizes[f], r->seed);
}

/* The prefix's key, and the number of its first path behind it. */
static void *
key_at(const struct rib *r, enum bgp_family f, uint32_t n)
{
	return shelf_at(&r->prefixes[f].shelf, n);
}

static uint32_t *
first_at(const struct rib *r, enum bgp_family f, uint32_t n)
{
	return (void *)((uint8_t *)key_at(r, f, n) + key_sizes[f]);
}

static uint32_t
prefix_find(const struct rib *r, enum bgp_family f, const struct rib_key *k, uint32_t hash)
{
	const struct index *x = &r->prefixes[f].by_key;
	uint32_t n, at = index_start(x, hash);

	while ((n = index_next(x, hash, &at)) != 0 && memcmp(key_at(r, f, n), k, key_sizes[f]) != 0)
		continue;
	return n;
}

static uint32_t
prefix_put(struct rib *r, enum bgp_family f, const struct rib_key *k)
{
	uint32_t hash = key_hash(r, k, f), n = prefix_find(r, f, k, hash);

	if (n == 0) {
		n = shelf_take(&r->prefixes[f].shelf);
		memcpy(key_at(r, f, n), k, key_sizes[f]);
		index_add(&r->prefixes[f].by_key, hash, n);
	}
	return n;
}

/* One that has no path any more. */
static void
prefix_remove(struct rib *r, enum bgp_family f, uint32_t n)
{
	struct rib_key k;

	memcpy(&k, key_at(r, f, n), key_sizes[f]);
	index_remove(&r->prefixes[f].by_key, key_hash(r, &k, f), n);
	shelf_give(&r->prefixes[f].shelf, n);
}

void
rib_init(struct rib *r, uint32_t our_asn, uint32_t our_id, uint64_t seed)
{
	*r = (struct rib){.our_asn = our_asn, .our_id = our_id, .seed = seed};
	attrsets_init(&r->attrs, seed);
	for (unsigned f = 0; f < BGP_FAMILIES; f++) {
		shelf_init(&r->prefixes[f].shelf, key_sizes[f] + sizeof(uint32_t));
		index_init(&r->prefixes[f].by_key);
	}
	shelf_init(&r->paths, sizeof(struct rib_path));
}

void
rib_release(struct rib *r)
{
	shelf_release(&r->paths);
	for (unsigned f = 0; f < BGP_FAMILIES; f++) {
		shelf_release(&r->prefixes[f].shelf);
		index_release(&r->prefixes[f].by_key);
	}
	attrsets_release(&r->attrs);
}

int
rib_peer_add(struct rib *r, const struct rib_peer *p)
{
	for (int i = 0; i < RIB_PEERS_MAX; i++) {
		if (r->peers[i].there || r->peers[i].routes[BGP_IPV4] + r->peers[i].routes[BGP_IPV6] > 0)
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

/* Once for all the routes of a message. */
static bool
judge(struct rib *r, uint32_t attrs)
{
	if (r->judged != attrs)
		r->judged_loop = is_loop(r, attrsets_at(&r->attrs, attrs));
	r->judged = attrs;
	return r->judged_loop;
}

uint32_t
rib_attrs(struct rib *r, const struct attrs *a, const struct addr *next_hop)
{
	r->judged = 0; /* its number may be another set's now */
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

static void
path_add(struct rib *r, uint32_t *link, enum bgp_family f, const struct rib_path *path)
{
	uint32_t n = shelf_take(&r->paths);

	attrsets_hold(&r->attrs, path->attrs, 1);
	*path_at(r, n) = *path;
	*link = n;
	r->peers[path->peer].routes[f]++;
	r->changes++;
}

static bool
is_stale(const struct rib *r, const struct rib_path *p, enum bgp_family f)
{
	return p->epoch != r->peers[p->peer].epoch[f];
}

/* The peer says again what it said, or something else. */
static void
path_refresh(struct rib *r, struct rib_path *path, enum bgp_family f, uint32_t attrs)
{
	r->peers[path->peer].stale[f] -= is_stale(r, path, f);
	path->epoch = r->peers[path->peer].epoch[f];
	if (path->attrs == attrs)
		return;
	attrsets_hold(&r->attrs, attrs, 1);
	attrsets_drop(&r->attrs, path->attrs);
	path->attrs = attrs;
	path->loop = judge(r, attrs);
	r->changes++;
}

void
rib_announce(struct rib *r, int peer, const struct prefix *p, uint32_t path_id, uint32_t attrs)
{
	struct rib_key key;
	enum bgp_family f = key_make(&key, p);
	uint32_t *link = link_find(r, first_at(r, f, prefix_put(r, f, &key)), peer, path_id);

	if (link == NULL)
		r->refused++;
	else if (*link != 0)
		path_refresh(r, path_at(r, *link), f, attrs);
	else
		path_add(r, link, f,
		    &(struct rib_path){.attrs = attrs,
			.path_id = path_id,
			.peer = (uint16_t)peer,
			.epoch = r->peers[peer].epoch[f],
			.loop = judge(r, attrs)});
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
	r->peers[p->peer].stale[f] -= is_stale(r, p, f);
	shelf_give(&r->paths, n);
	r->changes++;
}

void
rib_withdraw(struct rib *r, int peer, const struct prefix *p, uint32_t path_id)
{
	struct rib_key key;
	enum bgp_family f = key_make(&key, p);
	uint32_t n = prefix_find(r, f, &key, key_hash(r, &key, f));

	if (n == 0)
		return;
	uint32_t *link = link_find(r, first_at(r, f, n), peer, path_id);
	if (link == NULL || *link == 0)
		return;
	path_remove(r, link, f);
	if (*first_at(r, f, n) == 0)
		prefix_remove(r, f, n);
}

void
rib_stale(struct rib *r, int peer, enum bgp_family f)
{
	r->peers[peer].epoch[f]++;
	r->peers[peer].stale[f] = r->peers[peer].routes[f];
}

/* Whether it came before the epoch to which the peer is swept: which of two that wrap is the older their ages tell. */
static bool
leaves(const struct rib *r, const struct rib_path *p, enum bgp_family f)
{
	uint8_t now = r->peers[p->peer].epoch[f];

	return (uint8_t)(now - p->epoch) > (uint8_t)(now - r->peers[p->peer].sweep_epoch[f]);
}

static void
prefix_sweep(struct rib *r, enum bgp_family f, uint32_t n, int peer)
{
	uint32_t *link = first_at(r, f, n);

	if (*link == 0)
		return;
	while (*link != 0) {
		struct rib_path *p = path_at(r, *link);

		if (p->peer == peer && leaves(r, p, f))
			path_remove(r, link, f);
		else
			link = &p->next;
	}
	if (*first_at(r, f, n) == 0)
		prefix_remove(r, f, n);
}

/* How many prefixes it looked at. */
static uint32_t
sweep_on(struct rib *r, int peer, enum bgp_family f, uint32_t most)
{
	uint32_t *at = &r->peers[peer].sweep_at[f], begun = *at, end = r->prefixes[f].shelf.used;

	while (*at < end && *at - begun < most && r->peers[peer].stale[f] > 0)
		prefix_sweep(r, f, (*at)++, peer);
	uint32_t done = *at - begun;
	if (done < most)
		*at = 0;
	return done;
}

bool
rib_work(struct rib *r, uint32_t prefixes)
{
	for (int i = 0; i < RIB_PEERS_MAX; i++)
		for (unsigned f = 0; f < BGP_FAMILIES && prefixes > 0; f++)
			if (r->peers[i].sweep_at[f] != 0)
				prefixes -= sweep_on(r, i, (enum bgp_family)f, prefixes);
	return prefixes == 0;
}

uint64_t
rib_sweep(struct rib *r, int peer, enum bgp_family f)
{
	uint64_t n = r->peers[peer].stale[f];

	if (n == 0)
		return 0;
	r->peers[peer].sweep_at[f] = 1;
	r->peers[peer].sweep_epoch[f] = r->peers[peer].epoch[f];
	if (r->defer != NULL)
		r->defer(r->defer_arg);
	else
		while (rib_work(r, UINT32_MAX))
			continue;
	return n;
}

void
rib_peer_remove(struct rib *r, int peer)
{
	r->peers[peer].there = false;
	for (unsigned f = 0; f < BGP_FAMILIES; f++) {
		rib_stale(r, peer, (enum bgp_family)f);
		rib_sweep(r, peer, (enum bgp_family)f);
	}
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
	    .stale = is_stale(r, p, f),
	    .loop = p->loop,
	    .attrs = p->attrs,
	    .set = set_of(r, p)};
}

void
rib_best(const struct rib *r, bool (*fn)(void *arg, const struct rib_route *route), void *arg)
{
	for (unsigned f = 0; f < BGP_FAMILIES; f++) {
		for (uint32_t n = 1; n < r->prefixes[f].shelf.used; n++) {
			uint32_t best = rib_best_path(r, *first_at(r, (enum bgp_family)f, n));

			if (best == 0)
				continue;
			struct prefix prefix =
			    key_prefix(key_at(r, (enum bgp_family)f, n), (enum bgp_family)f);
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
	uint32_t best = rib_best_path(r, first);
	size_t n = 0;

	if (best != 0 && room > 0)
		out[n++] = route_show(r, prefix, f, best, true);
	for (uint32_t p = first; p != 0 && n < room; p = path_at(r, p)->next)
		if (p != best && is_there(r, path_at(r, p)))
			out[n++] = route_show(r, prefix, f, p, false);
	return n;
}

void
rib_each(const struct rib *r,
    bool (*fn)(void *arg, const struct prefix *p, const struct rib_route *routes, size_t n), void *arg)
{
	struct rib_route routes[RIB_PATHS_MAX];

	for (unsigned i = 0; i < BGP_FAMILIES; i++) {
		enum bgp_family f = (enum bgp_family)i;

		for (uint32_t at = 1; at < r->prefixes[f].shelf.used; at++) {
			uint32_t first = *first_at(r, f, at);

			if (first == 0)
				continue;
			struct prefix prefix = key_prefix(key_at(r, f, at), f);
			size_t n = routes_show(r, &prefix, f, first, routes, RIB_PATHS_MAX);
			if (n > 0 && !fn(arg, &prefix, routes, n))
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
		uint32_t n = prefix_find(r, f, &key, key_hash(r, &key, f));
		size_t shown = n != 0 ? routes_show(r, &prefix, f, *first_at(r, f, n), out, room) : 0;
		if (shown > 0)
			return shown;
	}
	return 0;
}
