/*
 * One column of a Native block while it grows, batch by batch, and as bytes in
 * the end. Shapes: T, Nullable(T), LowCardinality(T), LowCardinality(Nullable(T))
 * and Array of each, where T is a type of convert.h; and Map of two that are
 * String or LowCardinality(String), for the field `extra`, names to
 * texts, and for lists of "name=value".
 *
 * The bytes, after the column's name and type, as the server's own
 * NativeBlockOutputStream writes them:
 *
 *     LowCardinality: UInt64 1 (version of its keys)
 *     Array:          UInt64 a row, where its elements end
 *     Map:            as an Array of keys and, behind them, values
 *     Nullable:       a byte a value, 1 = NULL; then the values as if not Nullable
 *     LowCardinality: UInt64 flags (index width; own keys follow), UInt64 and the keys,
 *                     UInt64 and an index a value; nothing at all if there are no values.
 *                     If Nullable, key 0 stands for NULL.
 */
#ifndef CH_COLUMN_H
#define CH_COLUMN_H

#include "ch/convert.h"
#include "ch/dict.h"
#include "ch/table.h"

struct column {
	struct str name, type; /* the table's, which must outlive the column */
	enum field field; /* where its values come from */
	bool array, low, nullable;
	struct convert conv;
	bool labels; /* the Map is filled from a list of "name=value" */
	struct column *pair; /* of a Map: its keys and values, in the arena of types; else NULL */
	uint64_t elements; /* of an Array or Map, so far */
	struct buf offsets, nulls, values; /* values: of T, or 4-byte indexes into keys */
	struct dict keys;
};

/* -1 with words that name the column if its type cannot hold the field. Types live in the arena. */
int column_init(
    struct column *c, struct arena *types, const struct ch_column *in, enum field f, struct err *e);
void column_release(struct column *c);

/* Appends the rows of the batch; the type's default (or NULL) where the field is absent. */
void column_add(struct column *c, const struct batch *b, struct arena *scratch);

/* Appends name, type and bytes to out, and empties the column. */
void column_write(struct column *c, struct buf *out);

/* Bytes held. */
size_t column_size(const struct column *c);

#endif
