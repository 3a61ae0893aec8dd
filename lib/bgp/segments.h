/*
 * AS paths (RFC 4271 §4.3 b, §5.1.2) as they come: segments of a type, a count
 * and so many AS numbers, here always of four bytes (RFC 6793).
 */
#ifndef BGP_SEGMENTS_H
#define BGP_SEGMENTS_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

enum { SEGMENT_SET = 1, SEGMENT_SEQUENCE = 2, SEGMENT_CONFED_SEQUENCE = 3, SEGMENT_CONFED_SET = 4 };

/*
 * Whether it is one, with AS numbers of `width` bytes, 2 or 4: whole segments
 * of known types that are not empty (RFC 7606 §7.2), without AS 0 (RFC 7607),
 * without confederations, which stay within theirs (RFC 5065 §5). -1 with words.
 */
int segments_check(struct str path, unsigned width, struct err *e);

/* A checked path of 2-byte numbers as one of four. */
void segments_widen(struct buf *out, struct str path);

/*
 * RFC 6793 §4.2.3: the path that a speaker of two bytes sent, completed from the
 * AS4_PATH that came along; both checked, both of four bytes.
 */
void segments_merge(struct buf *out, struct str path, struct str path4);

/* As the decision counts: a set is one (RFC 4271 §9.1.2.2 a). */
unsigned segments_length(struct str path);

/* The AS that the route came from last, and the one where it begins; 0: none, or a set. */
uint32_t segments_first(struct str path);
uint32_t segments_origin(struct str path);

/* A path that begins with a sequence, without its first AS. */
void segments_behind(struct buf *out, struct str path);

bool segments_has(struct str path, uint32_t asn);

/* As a list of strings, each with a NUL behind it, a set as "{64500,64501}": how a prefix table has it. */
void segments_list(struct buf *out, struct str path);

#endif
