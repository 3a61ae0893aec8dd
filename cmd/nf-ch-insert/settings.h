/* What flags and configuration say, and the target that comes of it. */
#ifndef NF_CH_INSERT_SETTINGS_H
#define NF_CH_INSERT_SETTINGS_H

#include "io/opt.h"
#include "sender.h"

struct options {
	const char *url, *host, *user, *password_file, *database, *table, *schema, *spool, *compress,
	    *ca_file;
	uint64_t batch_rows, flush_ms, spool_max, drain_ms, connections;
	bool create, migrate, rollup, print_schema, rows, async;
	struct opt_list replay;
};

/* What neither flag nor file gave. */
void options_fill(struct options *o, const struct conf *c);

/* What a reload may change, from the new configuration, unless a flag of the table gave it. */
void options_refresh(struct options *o, const struct opt *opts, const struct conf *c);

/* Where rows go, checked as far as it can be without asking the server. */
int target_make(struct target *t, const struct options *o, const struct conf *c, struct err *e);

#endif
