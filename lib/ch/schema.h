/*
 * The tables that we can create. Statements suit the server's version: what it
 * does not know (TTL, LowCardinality, IPv6, DateTime64 before 20.1) is left out
 * or stands as its plainest equivalent.
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

/* Each appends one statement without a semicolon; `server` NULL means a current one. */
void schema_database(struct buf *out, const char *database);
void schema_flows(struct buf *out, enum ch_schema s, const char *database, const char *table,
    const struct ch_server *server);

/* A table of rows that are no flows: ptr_cache, detections or ml_scores. */
bool schema_knows(const char *table);
void schema_rows(struct buf *out, const char *database, const char *table);

/* Whether the server drops old rows by itself, by a TTL. */
bool schema_has_ttl(const struct ch_server *server);

#endif
