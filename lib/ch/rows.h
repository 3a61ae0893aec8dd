/*
 * Rows of any table as lines of NDJSON, and from them the body of an
 * INSERT … FORMAT JSONEachRow.
 *
 *     rows_begin(r);
 *     rows_note(r, line)…          every line of the insert
 *     rows_columns(r, &list);      for INSERT INTO t (list) FORMAT JSONEachRow
 *     rows_add(r, line, &out)…     every line again
 *
 * The same lines for the same table give the same bytes.
 *
 * Members that are no column of the table, or one that the server computes, are
 * left out, and so are those that are null. A column that no row of the insert
 * has is not in the list, so the server fills in its DEFAULT. Values go as they
 * came, but an object or array for a String goes as its JSON text, and seconds
 * with a fraction for a DateTime go without it.
 */
#ifndef CH_ROWS_H
#define CH_ROWS_H

#include "ch/table.h"

enum { ROWS_LINE_MAX = 1 << 20 };

enum row_kind {
	ROW_SOUND, /* a JSON object */
	ROW_NOTHING, /* blank, or a mark (flow/ndjson.h) */
	ROW_BAD, /* anything else; words in e */
};

/* What a line without its newline is. */
enum row_kind row_look(struct str line, struct err *e);

/* The next line of *text, which then begins behind its newline; false at the end. What no newline ends is a line too. */
bool row_next(struct str *text, struct str *line);

struct rows;

/* For the table, which must outlive it. */
struct rows *rows_new(const struct ch_table *t);
void rows_free(struct rows *r);

void rows_begin(struct rows *r);
void rows_note(struct rows *r, struct str line); /* of ROW_SOUND */

/* False if there are none: no row has a member that is a column. */
bool rows_columns(const struct rows *r, struct buf *list);

void rows_add(struct rows *r, struct str line, struct buf *out);

/* A member of a row noted so far that is no column, as it stood there; p is NULL if there was none. Lasts as long as r. */
struct str rows_stranger(const struct rows *r);

#endif
