/*
 * What is never blackholed, whatever the rules say; nf-bgpd holds the same
 * against its own RIB. Never as a source: own networks, whoever is translated to
 * an address of theirs, and addresses that name nobody on the Internet. Never at all: what lib/io/protect.h lists, the BGP
 * neighbour, the next hops of the prefix table, and what is shorter than allowed.
 */
#ifndef ACT_GUARD_H
#define ACT_GUARD_H

#include "act/detection_read.h"
#include "io/protect.h"

struct guard {
	struct protect protect;
	struct prefix *own;
	size_t own_count;
	char *table; /* path of the prefix table */
	uint8_t min_length[2]; /* of IPv4, of IPv6 */
	uint64_t max_active, max_rate; /* fuses: at a time, new ones a minute */
};

/* -1 with words, and *g is as it was. `warn` is told of names that nobody knows. */
int guard_read(struct guard *g, const struct conf *c, conf_warn_fn *warn, void *arg, struct err *e);
void guard_release(struct guard *g);

/* 0, or -1 with words that say why not. */
int guard_allows(const struct guard *g, const struct detection_line *d, struct err *why);

#endif
