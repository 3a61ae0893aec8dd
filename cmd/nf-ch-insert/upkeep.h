/* The tables themselves: creating what is missing, adding columns, sums beside them, and the end of old days. */
#ifndef NF_CH_INSERT_UPKEEP_H
#define NF_CH_INSERT_UPKEEP_H

#include "ch/client.h"
#include "target.h"

/* The statements of --create, and of --rollup if asked for, for a current server, each with a semicolon. */
void upkeep_print(struct buf *out, const struct target *t);

/* What --create asks for. Failures as in ch_http_query(). */
enum ch_verdict upkeep_create(
    struct ch_http *h, const struct target *t, const struct ch_server *server, struct err *e);

/*
 * What --migrate and --rollup ask for, of a table that is there; `columns` are
 * asked for again if they changed. What the server refuses is warned of and left:
 * the rows matter more. CH_OK, or CH_UNREACHABLE with words.
 */
enum ch_verdict upkeep_improve(struct ch_http *h, const struct target *t, const struct ch_server *server,
    struct ch_table *columns, struct err *e);

/* Where the server knows no TTL, drops the partitions of tables that we created in which all rows are too old, and to which none came
 * for a day. */
void upkeep_sweep(struct ch_http *h, const struct target *t);

#endif
