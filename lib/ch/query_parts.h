/* What the files of query.c share. */
#ifndef CH_QUERY_PARTS_H
#define CH_QUERY_PARTS_H

#include "base/addr.h"
#include "ch/query.h"
#include "ch/schema.h"

/* Takes the next word off the text, and blanks behind it. */
struct str query_word(struct str *s);

/* Appends the text as a string of SQL. */
void query_quote(struct buf *out, struct str s);

/* Appends the column's address as text, IPv4 as a.b.c.d. */
void query_put_address(struct buf *out, const struct query_frame *f, struct str column);

/* Appends whether (`which`: in which) of the parameter's prefixes the column's address is. */
int query_put_prefixes(struct buf *out, const struct query_param *p, const struct query_frame *f,
    struct str column, bool which, struct err *e);

#endif
