/*
 * ClickHouse types, from their names as a server prints them in DESCRIBE TABLE:
 * "UInt8", "LowCardinality(Nullable(String))", "DateTime64(3, 'Europe/Athens')",
 * "Enum8('tcp' = 6, 'udp' = 17)". A type becomes a small tree in the caller's arena.
 */
#ifndef CH_TYPE_H
#define CH_TYPE_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"

enum ch_kind {
	CH_UINT, /* UInt8 to UInt256 */
	CH_INT, /* Int8 to Int256 */
	CH_FLOAT, /* Float32, Float64 */
	CH_BOOL, /* a byte, 0 or 1 */
	CH_STRING,
	CH_FIXED, /* FixedString(N): width = N */
	CH_DATE, /* UInt16, days since 1970 */
	CH_DATE32, /* Int32, days since 1970 */
	CH_DATETIME, /* UInt32, seconds since 1970; the time zone is for display only */
	CH_DATETIME64, /* Int64, units of 10^-precision seconds since 1970 */
	CH_IPV4, /* UInt32 */
	CH_IPV6, /* 16 bytes, network order */
	CH_UUID,
	CH_ENUM, /* Enum8, Enum16: Int8 or Int16 */
	/* around another type */
	CH_NULLABLE,
	CH_LOW_CARDINALITY,
	CH_ARRAY,
	CH_MAP, /* of inner to value */
};

struct ch_enum_value {
	struct str name; /* unescaped */
	int64_t value;
};

struct ch_type {
	enum ch_kind kind;
	uint32_t width; /* bytes of a value in a column; 0: it varies */
	uint32_t precision; /* of CH_DATETIME64: 0..9 */
	uint32_t value_count; /* of CH_ENUM: at least 1, lowest value first */
	struct ch_enum_value *values;
	const struct ch_type *inner; /* of a type around another, else NULL */
	const struct ch_type *value; /* of CH_MAP */
};

enum { CH_TYPE_DEPTH_MAX = 8, CH_FIXED_MAX = 4096 };

/* The tree, living in the arena (as do its names), or NULL with words for a name that is none of the above. */
const struct ch_type *ch_type_parse(struct arena *a, struct str name, struct err *e);

#endif
