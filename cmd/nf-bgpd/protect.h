/*
 * What is never blackholed, whoever asks: addresses without which this network,
 * or what watches it, would fall silent. A prefix that covers one of them is
 * protected as one that lies within.
 */
#ifndef NF_BGPD_PROTECT_H
#define NF_BGPD_PROTECT_H

#include "bgp/rib.h"
#include "io/conf.h"
#include "settings.h"

struct protect {
	struct protected_prefix *v;
	size_t count, cap;
};

/*
 * Peers, trusted exporters, name servers, SNMP targets, the database, and the
 * prefixes of exclude_file. Names are looked up here; one that nobody knows is
 * said in `warn`. -1 with words, and *p is as it was.
 */
int protect_read(struct protect *p, const struct conf *c, const struct bgpd_settings *s, conf_warn_fn *warn,
    void *arg, struct err *e);
void protect_release(struct protect *p);

/*
 * Whether the prefix is protected: by what was read, as one that names no host
 * elsewhere, by this machine's own addresses and gateways of this moment, or as a next hop
 * in the RIB. Then words say why.
 */
bool protect_has(const struct protect *p, const struct rib *r, const struct prefix *which, struct err *why);

#endif
