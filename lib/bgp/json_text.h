/* Pieces of JSON. */
#ifndef BGP_JSON_TEXT_H
#define BGP_JSON_TEXT_H

#include "base/bytes.h"

/* "text", escaped. */
void json_put_string(struct buf *out, struct str s);

/* Appends "a","b": what `list` makes of the wire form; *comma is what goes before the first, and "," behind them. */
void json_put_list(
    struct buf *out, void (*list)(struct buf *out, struct str wire), struct str wire, const char **comma);

/* "2026-01-31T23:59:59.000+02:00", in the zone. */
void json_put_time(struct buf *out, int64_t ms, const char *zone);

#endif
