/*
 * What is never blackholed, whoever asks: addresses without which this network,
 * or what watches it, would fall silent. A prefix that covers one of them is
 * protected as one that lies within.
 */
#ifndef IO_PROTECT_H
#define IO_PROTECT_H

#include "io/conf.h"

struct protect {
	struct protected_prefix *v;
	size_t count, cap;
};

/*
 * Trusted exporters, name servers, SNMP targets, the database, and the prefixes
 * of exclude_file. Names are looked up here; one that nobody knows is said in
 * `warn`. -1 with words, and *p is as it was.
 */
int protect_read(struct protect *p, const struct conf *c, conf_warn_fn *warn, void *arg, struct err *e);
void protect_release(struct protect *p);

/* One more, such as a BGP neighbour; `why` is a sentence such as "it is a BGP neighbour". */
void protect_add(struct protect *p, const struct prefix *prefix, const char *why);

/*
 * Why the prefix is protected: by what was read, as one that names no host elsewhere, or by this
 * machine's own addresses and gateways of this moment. NULL: it is not.
 */
const char *protect_why(const struct protect *p, const struct prefix *which);

#endif
