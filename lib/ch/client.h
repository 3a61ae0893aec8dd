/* What we ask a server besides inserts. Failures as in ch_http_query(): a verdict, and words in e. */
#ifndef CH_CLIENT_H
#define CH_CLIENT_H

#include "ch/http.h"
#include "ch/table.h"

struct ch_server {
	unsigned major, minor; /* 18.16 */
	char version[32];
};

/* Whether the server is at least of this version. */
bool ch_server_since(const struct ch_server *s, unsigned major, unsigned minor);

/* Whether it knows insert_deduplication_token, and a window for it in tables of plain MergeTree. */
bool ch_has_dedup(const struct ch_server *s);

enum ch_verdict ch_ask_server(struct ch_http *h, struct ch_server *s, struct err *e);

/* The columns; fills t only on CH_OK. */
enum ch_verdict ch_ask_table(
    struct ch_http *h, const char *database, const char *table, struct ch_table *t, struct err *e);

/* A statement that gives no rows. */
enum ch_verdict ch_run(struct ch_http *h, const char *statement, struct err *e);

#endif
