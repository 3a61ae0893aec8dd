/* Where rows go, as whom, and how they travel. */
#ifndef NF_CH_INSERT_TARGET_H
#define NF_CH_INSERT_TARGET_H

#include <stdbool.h>

#include "ch/compress.h"
#include "ch/native.h"
#include "ch/schema.h"

enum { SERVERS_MAX = 64 };

struct target {
	char *url; /* one or more with commas between; each holds the table */
	char *user, *password, *database, *table; /* password may be NULL */
	char *ca_file; /* whose certificates vouch for the server, or NULL: the system's */
	bool create, migrate, rollup;
	uint64_t keep_days; /* of a table that we create; 0: not said */
	bool rows; /* groups are lines of NDJSON, not flows */
	bool async; /* ask the server to gather inserts of several clients */
	bool gzip; /* the body as HTTP has it; else as ClickHouse's own blocks: */
	enum ch_method method;
	enum ch_schema schema;
	enum peer_as peer_as;
};

/* Every text becomes the copy's own. */
void target_copy(struct target *to, const struct target *from);
void target_release(struct target *t);

#endif
