/*
 * The tables that we can create. Statements suit the server's version: what it
 * does not know (before 20.1 TTL, CODEC, LowCardinality, IPv6, DateTime64) is
 * left out or stands as its plainest equivalent.
 */
#ifndef CH_SCHEMA_H
#define CH_SCHEMA_H

#include "ch/client.h"

enum ch_schema {
	SCHEMA_CLASSIC, /* the table that existing users have, with its 26 columns */
	SCHEMA_WIDE, /* every field of fields.def */
};

/* "classic" or "wide"; -1 with words for anything else. */
int schema_parse(enum ch_schema *s, const char *name, struct err *e);

struct schema {
	enum ch_schema shape; /* of a table of flows */
	const char *database, *table;
	const struct ch_server *server; /* NULL: a current one */
	uint64_t keep_days; /* rows older than this go; 0: after three months */
};

/* The comment on a column that tells a table which we created and which has no TTL: its old partitions are ours to drop. */
#define SCHEMA_MARK "nf-ch-insert drops old partitions"

/* Each appends one statement without a semicolon. */
void schema_database(struct buf *out, const char *database);
void schema_flows(struct buf *out, const struct schema *s);

/* A table of rows that are no flows, by its name: ptr_cache, detections or ml_scores. */
bool schema_knows(const char *table);
void schema_rows(struct buf *out, const struct schema *s);

/*
 * Appends the statement that adds the columns which the table lacks, of flows
 * or (rows) of what its name says; it drops and changes none. Their count: 0,
 * and no statement, where nothing is missing.
 */
unsigned schema_migrate(struct buf *out, const struct schema *s, bool rows, const struct ch_table *have);

/* The columns of schema_flows(), as the server would describe them; the caller releases them. */
void schema_columns(struct ch_table *t, const struct schema *s);

/* Whether the server drops old rows by itself, by a TTL. */
bool schema_has_ttl(const struct ch_server *server);

/* What the statements of other tables have in common: "`database`.`table``suffix`", and the end of CREATE TABLE. */
void schema_name(struct buf *out, const char *database, const char *table, const char *suffix);
void schema_end(struct buf *out, const struct ch_server *server, const char *partition, const char *order,
    const char *time, uint64_t keep_days);

#endif
