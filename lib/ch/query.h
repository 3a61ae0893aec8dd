/*
 * Questions to the stored flows: files of SQL (etc/queries) with what they ask
 * for in braces, so that one text suits tables of several shapes and servers of
 * several ages. A file begins with comments:
 *
 *     -- Who sends most?                          what it answers
 *     -- needs: src_host bytes                    columns that the table must have
 *     -- table: ml_scores                         another table than that of flows; *_1h is beside that one
 *     -- since: 1d                                the period, where nobody says another
 *     -- param limit number 20: rows              a parameter: its type, default (none: it must be given), and what it is
 *
 * A default $KEY is that of the configuration. In the SQL stand
 *
 *     {table}                       its full name; {NAME} of another table in the same database is {table:NAME}
 *     {from} {to}                   the period, from <= t < to
 *     {bytes} {packets}             times sampling_rate, where the table has that
 *     {src_as} {dst_as}             the origin: a table without src_as has it in peer_src_as
 *     {src_as_name} {dst_as_name}   its name
 *     {address COLUMN}              the address in the column as text
 *     {PARAM}                       a parameter of type number, address, text
 *     {in PARAM COLUMN}             whether the address in the column is in one of the prefixes
 *     {which PARAM COLUMN}          in which, as text; '' for none
 *
 * and nothing else in braces.
 */
#ifndef CH_QUERY_H
#define CH_QUERY_H

#include "ch/client.h"

enum { QUERY_PARAMS_MAX = 8, QUERY_PREFIXES_MAX = 256, QUERY_MAX = 1 << 16 };

enum query_type {
	QUERY_NUMBER, /* decimal, below 2^63 */
	QUERY_ADDRESS,
	QUERY_TEXT,
	QUERY_PREFIXES, /* "192.0.2.0/24, 2001:db8::/32" */
};

struct query_param {
	struct str name, doc, def; /* def.p NULL: none */
	struct str value; /* p NULL: not set */
	enum query_type type;
};

struct query {
	struct str title, needs, table, sql; /* table is empty for that of flows */
	uint64_t since_ms; /* 0: not said */
	unsigned count;
	struct query_param params[QUERY_PARAMS_MAX];
};

/* The words for a type: "NUMBER". */
extern const char *const query_type_names[];

/* Takes the text apart; it must outlive q. -1 with words ("line 3: …"). */
int query_parse(struct query *q, struct str text, struct err *e);

/* NULL if there is none. */
struct query_param *query_param(struct query *q, struct str name);

/* What the statement is for. */
struct query_frame {
	const char *database, *flows; /* names */
	const struct ch_table *columns; /* of the query's table */
	const struct ch_server *server;
	int64_t from, to; /* seconds since 1970 */
};

/* The name of the query's table, within the database. */
void query_table(struct buf *out, const struct query *q, const char *flows);

/*
 * Appends the statement, each value in it quoted. -1 with words for a parameter
 * that is missing or no value of its type, a column that the table lacks, or a
 * brace that is none of the above.
 */
int query_expand(struct buf *out, const struct query *q, const struct query_frame *f, struct err *e);

#endif
