/* Communities as text. */
#ifndef ROUTE_COMMUNITY_H
#define ROUTE_COMMUNITY_H

#include "base/bytes.h"
#include "base/err.h"

/*
 * Appends one community to the list of its kind, NUL-terminated: "64500:1" (RFC
 * 1997), "64500:1:2" (RFC 8092), or the name of a well-known one ("no-export"),
 * which is kept as its numbers. -1 with words for anything else.
 */
int community_parse(struct buf *communities, struct buf *large, struct str word, struct err *e);

/* The same for all words between spaces or commas. */
int communities_parse(struct buf *communities, struct buf *large, struct str text, struct err *e);

#endif
