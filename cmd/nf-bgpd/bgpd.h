/* The parts of nf-bgpd, joined: what is asked through the API goes to disk, to the neighbours and to blackholes.txt. */
#ifndef NF_BGPD_BGPD_H
#define NF_BGPD_BGPD_H

#include "io/prog.h"

/* What flags say, NULL or false where none was given. */
struct bgpd_flags {
	const char *table, *api, *socket;
	bool dry_run;
};

/* Reads everything and drops it again, for -n. -1 with words. */
int bgpd_check(const struct conf *c, const struct bgpd_flags *f, struct err *e);

/* Until it is told to end; the exit status. */
int bgpd_run(struct prog *p, const struct bgpd_flags *f);

#endif
