/*
 * AS paths as lists of strings, each followed by a NUL byte: what as_path holds
 * in a batch. An AS of a sequence is its number; a segment of another kind (RFC
 * 4271 §4.3, RFC 5065 §3) is one string:
 *
 *     {64500,64501}     AS_SET
 *     (64500 64501)     AS_CONFED_SEQUENCE
 *     [64500,64501]     AS_CONFED_SET
 */
#ifndef ROUTE_ASPATH_H
#define ROUTE_ASPATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/* Not 0, private (RFC 6996), AS_TRANS (RFC 6793) or the last of either size (RFC 7300). */
bool as_is_public(uint32_t asn);

/*
 * Appends the path that the text tells, as people and bgpdump write it: numbers
 * and segments as above, spaces between. -1 with words, and nothing appended.
 */
int aspath_parse(struct buf *list, struct str text, struct err *e);

/* For the choice of a route: a set counts as one (RFC 4271 §9.1.2.2 a), segments of a confederation as none. */
unsigned aspath_length(struct str list);

/* The last AS; 0 where that is a set of several, a confederation's, or the path is empty. */
uint32_t aspath_origin(struct str list);

/*
 * The first AS after what is ours: numbers in `local`, private ones, and
 * segments of a confederation. 0 where there is none, or a set of several first.
 */
uint32_t aspath_neighbour(struct str list, const uint32_t *local, size_t n);

#endif
