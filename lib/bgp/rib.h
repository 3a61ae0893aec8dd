/*
 * The routes of all peers (adj-rib-in, RFC 4271 §3.2), and of each prefix the
 * best (§9.1.2.2). Since nothing learnt is ever announced again, the best is
 * chosen when it is asked for, not when a route comes.
 *
 * A million prefixes of one peer take about 45 MB and their attributes, and
 * another peer with the same 16 MB and its attributes.
 */
#ifndef BGP_RIB_H
#define BGP_RIB_H

#include "base/index.h"
#include "base/shelf.h"
#include "bgp/attrset.h"

enum { RIB_PEERS_MAX = 1024, RIB_PATHS_MAX = 256 /* of one prefix */ };

/* A peer as the decision sees it. */
struct rib_peer {
	struct addr addr;
	uint32_t id; /* BGP identifier */
	uint32_t asn;
	bool ebgp;
	const char *source; /* of the routes where that is no session with the peer: words; lives as long */
};

struct rib_path {
	uint32_t next; /* of the same prefix, 0: none */
	uint32_t attrs; /* number of the set */
	uint32_t path_id;
	uint16_t peer;
	uint8_t epoch; /* of its peer and family when it came */
	uint8_t loop; /* our own AS or identifier is in it: never the best */
};

/* Of a family. A prefix is its length, three bytes, its address, and the number of its first path (0: free). */
struct rib_prefixes {
	struct shelf shelf;
	struct index by_key;
};

struct rib {
	uint32_t our_asn, our_id;
	uint64_t seed;
	struct attrsets attrs;
	struct rib_prefixes prefixes[BGP_FAMILIES];
	struct shelf paths;
	struct {
		bool there;
		struct rib_peer peer;
		uint8_t epoch[BGP_FAMILIES];
		uint64_t routes[BGP_FAMILIES];
		uint64_t stale[BGP_FAMILIES]; /* of them */
		uint32_t sweep_at[BGP_FAMILIES]; /* the next prefix to be looked at, 0: none */
		uint8_t sweep_epoch[BGP_FAMILIES]; /* what came before it leaves */
	} peers[RIB_PEERS_MAX];
	void (*defer)(void *arg); /* there is something to do for rib_work; NULL: it is done at once */
	void *defer_arg;
	uint32_t judged; /* the set looked at last, 0: none */
	bool judged_loop;
	uint64_t changes; /* of routes, ever */
	uint64_t refused; /* beyond RIB_PATHS_MAX */
};

void rib_init(struct rib *r, uint32_t our_asn, uint32_t our_id, uint64_t seed);
void rib_release(struct rib *r);

/* A place for a peer's routes, or -1 where there is none. What is learnt of it later: rib_peer_set. */
int rib_peer_add(struct rib *r, const struct rib_peer *p);
void rib_peer_set(struct rib *r, int peer, const struct rib_peer *p);
void rib_peer_remove(struct rib *r, int peer); /* with all its routes, which nobody sees from now on */

/* One message's routes share their attributes: take them once, hand them over, drop them. */
uint32_t rib_attrs(struct rib *r, const struct attrs *a, const struct addr *next_hop);
void rib_attrs_drop(struct rib *r, uint32_t attrs);

/* The peer's route for the prefix (and path identifier) from now on. */
void rib_announce(struct rib *r, int peer, const struct prefix *p, uint32_t path_id, uint32_t attrs);
void rib_withdraw(struct rib *r, int peer, const struct prefix *p, uint32_t path_id);

/*
 * All routes that the peer has in the family are stale from now on; what comes
 * again is fresh; what did not come until rib_sweep leaves. (RFC 4724 §4.2 over
 * a restart, RFC 7313 §4 over a refresh.) How many leave.
 */
void rib_stale(struct rib *r, int peer, enum bgp_family f);
uint64_t rib_sweep(struct rib *r, int peer, enum bgp_family f);

/* Looks at so many prefixes for routes that leave; a million in one go takes half a second. Whether more is to be done. */
bool rib_work(struct rib *r, uint32_t prefixes);

/* A route as it is shown. */
struct rib_route {
	struct prefix prefix;
	uint32_t path_id;
	int peer;
	const struct rib_peer *from;
	bool best, stale, loop;
	uint32_t attrs; /* number of the set */
	const struct attrset *set;
};

/* Calls fn for the best route of every prefix, in no order, until fn says false. */
void rib_best(const struct rib *r, bool (*fn)(void *arg, const struct rib_route *route), void *arg);

/* Calls fn for every prefix with all its routes, at most RIB_PATHS_MAX, in no order, until fn says false. */
void rib_each(const struct rib *r,
    bool (*fn)(void *arg, const struct prefix *p, const struct rib_route *routes, size_t n), void *arg);

/*
 * The longest prefix that holds the address and has routes: up to `room` of
 * them, the best first; how many.
 */
size_t rib_lookup(const struct rib *r, const struct addr *a, struct rib_route *out, size_t room);

#endif
