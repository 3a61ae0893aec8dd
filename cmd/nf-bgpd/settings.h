/* What the configuration says, ready for use. */
#ifndef NF_BGPD_SETTINGS_H
#define NF_BGPD_SETTINGS_H

#include "bgp/peer.h"
#include "bgp/blackholes.h"
#include "io/conf.h"

enum { NEIGHBOURS_MAX = 64 };

struct neighbour {
	struct peer_settings peer; /* md5 points to `md5` */
	struct prefix from; /* who may call: one, or whoever is in the prefix */
	char md5[81]; /* "": none */
	uint64_t max_prefixes; /* 0: any number */
};

struct bgpd_settings {
	bool enabled;
	struct addr listen;
	uint16_t port;
	uint32_t asn, id;
	struct neighbour neighbours[NEIGHBOURS_MAX];
	unsigned count;
	unsigned max_dynamic; /* neighbours that no one lists */
	const char *table; /* path, in the configuration's memory */
	uint64_t table_interval_ms;
	const char *mrt; /* path likewise, NULL: no dump */
	uint64_t mrt_interval_ms;
	uint64_t stale_ms; /* that routes stay after a session ended */
};

/* -1 with words that name the place. */
int settings_read(struct bgpd_settings *s, const struct conf *c, struct err *e);

bool neighbour_same(const struct neighbour *a, const struct neighbour *b);

/* For settings.c: bgp.peers, behind the neighbours that are there. `base` has what the peers do not say. */
int settings_read_peers(
    struct bgpd_settings *s, const struct neighbour *base, const struct conf *c, struct err *e);

/* Fuses and defaults of what is announced; not whether it is a dry run, which holds as long as the program. */
int settings_read_blackholes(struct blackholes_settings *s, const struct conf *c, struct err *e);

#endif
