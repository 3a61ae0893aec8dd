/* Pieces of JSON. */
#ifndef NF_BGPD_TEXT_H
#define NF_BGPD_TEXT_H

#include "base/bytes.h"

/* "text", escaped. */
void text_string(struct buf *out, struct str s);

/* Appends "a","b": what `list` makes of the wire form; *comma is what goes before the first, and "," behind them. */
void text_list(
    struct buf *out, void (*list)(struct buf *out, struct str wire), struct str wire, const char **comma);

/* "2026-01-31T23:59:59.000+02:00", in the zone. */
void text_time(struct buf *out, int64_t ms, const char *zone);

#endif
