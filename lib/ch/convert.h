/*
 * Values of flow fields as values of ClickHouse types, without the types around
 * them (Nullable, LowCardinality, Array: see column.h). All little-endian, as in
 * a Native block.
 *
 *     number   to an integer: the nearest that fits (tcpflags: its low bits, so that UInt8 holds the six
 *              flags of RFC 9293); to Float; to String in decimal; to Bool; to an Enum that has the number
 *     time     to DateTime and DateTime64; to Date in UTC; to numbers as seconds since 1970; to String as
 *              "2026-01-31 23:59:59.000" in UTC
 *     address  to String as text; to IPv6 and FixedString(16) as they are, IPv4 as ::ffff:a.b.c.d; to IPv4
 *              and UInt32 where it is IPv4
 *     MAC      to String and FixedString(17) as text, to FixedString(6) as it is, to 64 bits as a number
 *     text     to String; to FixedString(N), cut at N; to an Enum that has the name
 *     list     to String with spaces between; its elements as text, and as integers where they are numbers
 *              or "64500:1" (then 64500 * 65536 + 1, RFC 1997)
 *     extra    to String as an object (and to Map: column.h)
 *
 * What does not fit becomes the nearest value that does, or the type's default
 * (zero, empty, an Enum's lowest value), and is counted in `unfit`.
 */
#ifndef CH_CONVERT_H
#define CH_CONVERT_H

#include "ch/type.h"
#include "flow/batch.h"

struct convert {
	enum field_type from; /* TYPE_STR for the elements of a list */
	const struct ch_type *to;
	bool mask; /* keep the low bits of what is too large */
	uint64_t max; /* of an integer type */
	uint8_t none[16]; /* the type's default, where it is not all zeros */
	uint64_t unfit;
};

/* `element`: the values are elements of lists. -1 with words if the type cannot take the field. */
int convert_init(
    struct convert *c, const struct field_info *f, bool element, const struct ch_type *to, struct err *e);

/* The first n entries of the column into n * to->width bytes; only where to->width is not 0. */
void convert_fixed(struct convert *c, const struct col *col, uint32_t n, uint8_t *out);

/* An entry as a String: length and text into out, which has room for convert_room() bytes; the bytes used. */
size_t convert_room(const struct convert *c, const struct col *col, uint32_t entry);
size_t convert_string(const struct convert *c, const struct col *col, uint32_t entry, uint8_t *out);

/* The same for one element of a list. */
void convert_element_fixed(struct convert *c, struct str v, uint8_t *out);
size_t convert_element_room(struct str v);
size_t convert_element_string(struct str v, uint8_t *out);

/* Writes the type's default: to->width bytes, or the one byte of an empty String. */
size_t convert_none(const struct convert *c, uint8_t *out);

/* A number as the format's VarUInt (LEB128) into at most 10 bytes; the bytes used. */
size_t varuint_put(uint8_t *p, uint64_t v);

#endif
