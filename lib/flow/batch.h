/*
 * The columnar batch: how flows travel between programs and live inside them.
 *
 * On a pipe a batch is a header, a descriptor per column, and the columns; all
 * little-endian, every part 8-byte aligned to the header's start:
 *
 *     header          56 bytes   struct batch_header
 *     descriptors     16 bytes   struct batch_column, times columns
 *     column data                at descriptor.offset from the payload's start
 *
 * The payload is everything after the header. Columns lie in the order of their
 * descriptors and never over each other, so that a batch does not grow where it
 * is passed on. Column data is these parts in this order, each padded with
 * zeros to a multiple of 8:
 *
 *     presence        one bit a row, lowest first; only with PRESENCE_BITMAP
 *     codes           rows times code_width; only with COL_DICT
 *     ends            entries times 4: where each value ends; only if width = 0
 *     values          entries times width, or the bytes of all values
 *
 * where entries = rows for COL_PLAIN, 1 for COL_CONST, the dictionary's size for
 * COL_DICT. An absent row's value is zero or empty (in a dictionary: any valid
 * code). A list is its strings, each followed by a NUL byte. A column of
 * addresses whose every value is IPv4 may be of width 4: a.b.c.d and no more.
 *
 * Each batch stands alone. A reader that starts in the middle looks for the
 * next header whose checksum holds. A mark batch has no rows and no columns:
 * its payload is the token, padded; `rows` holds the token's length.
 *
 * To change the format: a new encoding or header meaning takes a new version
 * number; readers take every older one, and refuse newer ones by name. New
 * fields and absent columns take nothing: a column with an unknown field id is
 * carried on untouched. Version 1 had no addresses of width 4.
 */
#ifndef FLOW_BATCH_H
#define FLOW_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <sys/uio.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "flow/field.h"

#define BATCH_MAGIC "NFB1"
enum {
	BATCH_VERSION = 2,
	BATCH_ROWS_MAX = 8192,
	BATCH_BYTES_MAX = 4 << 20, /* header and payload */
	BATCH_COLUMNS_MAX = 128,
	BATCH_MARK_MAX = 256, /* bytes of a mark's token */
	BATCH_TEXT_MAX = 64 << 20, /* bytes of variable-width values, each counted as often as rows have it */
};

enum batch_kind { BATCH_FLOWS = 1, BATCH_MARK = 2 };
enum col_encoding { COL_PLAIN, COL_DICT, COL_CONST };
enum col_presence { PRESENCE_ALL, PRESENCE_BITMAP };
enum { ADDR_WIDE = 16, ADDR_NARROW = 4 }; /* widths of a column of addresses */

struct batch_header {
	char magic[4];
	uint8_t version, kind;
	uint16_t columns;
	uint32_t rows;
	uint32_t payload_len; /* a multiple of 8 */
	uint64_t origin; /* the source's random id; 0: not numbered */
	uint64_t origin_first; /* numbers of the first and last row that the source */
	uint64_t origin_last; /* gave to what became this batch, kept by every filter */
	uint64_t payload_hash; /* XXH3 of the payload */
	uint64_t header_hash; /* XXH3 of the header up to here */
};

struct batch_column {
	uint16_t field;
	uint8_t width; /* 1, 2, 4, 8, 16 or 0 = variable */
	uint8_t encoding, presence;
	uint8_t code_width; /* 1 or 2 with COL_DICT, else 0 */
	uint16_t entries; /* of the dictionary, 1..8192; else 0 */
	uint32_t offset, length;
};

/* A column in memory: pointers into the input, or into an arena, both laid out as on the pipe. */
struct col {
	uint16_t field;
	uint8_t width, encoding, code_width;
	uint32_t entries;
	const uint64_t *present; /* NULL: every row has a value */
	const void *codes;
	const uint32_t *ends;
	const uint8_t *values;
	const uint8_t *raw; /* all of the above, in one piece */
	uint32_t raw_len;
};

/* A batch in memory. Whoever filled it owns the memory behind it and says how long it lasts. */
struct batch {
	uint8_t kind;
	uint32_t rows;
	uint64_t origin, origin_first, origin_last;
	struct str mark; /* the token of a mark */
	unsigned col_count;
	struct col cols[BATCH_COLUMNS_MAX];
	uint8_t at[FIELD_IDS]; /* field id -> index + 1 in cols, 0 = no column */
};

/* An empty batch of flows (cheap: clears no columns). */
void batch_init(struct batch *b);

/*
 * How long the batch at p is, by its header: the bytes of header and payload.
 * 0 if len is too short to tell (fewer than 56 bytes), -1 if there is no sound
 * header at p.
 */
ssize_t batch_measure(const void *p, size_t len);

/*
 * Takes apart and checks the whole batch of len bytes at p (8-byte aligned):
 * checksums, every offset, every code, every end. The columns point into p.
 * After success no accessor below can leave p. 0 or -1 with words.
 */
int batch_parse(struct batch *b, const void *p, size_t len, struct err *e);

/* Whether the batch is still what batch_parse made of the bytes at p: nothing added, taken away or changed. */
bool batch_untouched(const struct batch *b, const void *p);

/*
 * The batch as it travels, in parts: header, descriptors, and the columns where
 * they lie. It points into itself. -1 only if it exceeds the limits.
 */
struct batch_parts {
	struct iovec part[2 + BATCH_COLUMNS_MAX];
	unsigned count;
	size_t bytes; /* of all together */
	struct batch_header header;
	union {
		struct batch_column columns[BATCH_COLUMNS_MAX];
		uint8_t mark[BATCH_MARK_MAX];
	};
};

int batch_gather(const struct batch *b, struct batch_parts *p, struct err *e);

/* The same, appended to out. */
int batch_serialize(const struct batch *b, struct buf *out, struct err *e);

static inline const struct col *
batch_col(const struct batch *b, enum field f)
{
	return b->at[f] != 0 ? &b->cols[b->at[f] - 1] : NULL;
}

/* Takes a column away, if it is there. */
void batch_drop(struct batch *b, enum field f);

/* Which entry of the column holds the row's value. */
static inline uint32_t
col_slot(const struct col *c, uint32_t row)
{
	switch (c->encoding) {
	case COL_PLAIN:
		return row;
	case COL_DICT:
		return c->code_width == 1 ? ((const uint8_t *)c->codes)[row]
					  : ((const uint16_t *)c->codes)[row];
	default:
		return 0;
	}
}

static inline bool
col_has(const struct col *c, uint32_t row)
{
	return c->present == NULL || (c->present[row >> 6] >> (row & 63) & 1) != 0;
}

/* An entry (not a row) of a column, as a number; only for widths 1, 2, 4, 8. */
static inline uint64_t
col_entry_u64(const struct col *c, uint32_t entry)
{
	const uint8_t *p = c->values + (size_t)entry * c->width;
	uint64_t v = 0;

	memcpy(&v, p, c->width <= 8 ? c->width : 8);
	return v;
}

/* Only for columns of addresses, of either width. */
static inline struct addr
col_entry_addr(const struct col *c, uint32_t entry)
{
	bool wide = c->width == ADDR_WIDE;

	return addr_from_bytes(c->values + (size_t)entry * c->width, wide);
}

static inline struct str
col_entry_str(const struct col *c, uint32_t entry)
{
	uint32_t from = entry > 0 ? c->ends[entry - 1] : 0;

	return (struct str){(const char *)c->values + from, c->ends[entry] - from};
}

static inline uint64_t
col_u64(const struct col *c, uint32_t row)
{
	return col_entry_u64(c, col_slot(c, row));
}

static inline struct addr
col_addr(const struct col *c, uint32_t row)
{
	return col_entry_addr(c, col_slot(c, row));
}

static inline struct str
col_str(const struct col *c, uint32_t row)
{
	return col_entry_str(c, col_slot(c, row));
}

/* All entries of a column of addresses, in place or in the arena. */
const struct addr *col_addrs(const struct col *c, struct arena *a);

/*
 * A whole fixed-width column as a flat array of `rows` values of the field's
 * width: in place where it is plain, else expanded into the arena. Absent rows
 * read as zero (for ADDR: 16 zero bytes). NULL if the batch lacks the column;
 * columns of a wrong width for the field never pass batch_parse.
 */
const void *batch_flat(const struct batch *b, enum field f, struct arena *a);

/* The same widened to 64 bits, whatever the width (1..8). */
const uint64_t *batch_flat_u64(const struct batch *b, enum field f, struct arena *a);

/*
 * Adding columns; each replaces a column of that field. Memory comes from the
 * arena, so the batch lasts until it is reset. `present` has (rows + 63) / 64
 * words, NULL = all; a column with no value at all is not added. The encoding
 * is chosen here: constant, dictionary or plain, whichever is small.
 */
void batch_add_fixed(
    struct batch *b, struct arena *a, enum field f, const void *values, const uint64_t *present);
void batch_add_const(/* one value for all rows that have one */
    struct batch *b, struct arena *a, enum field f, const void *value, const uint64_t *present);
void batch_add_dict(struct batch *b, struct arena *a, enum field f, const uint16_t *codes,
    const void *entries, unsigned entry_count, const uint64_t *present);
void batch_add_strs(struct batch *b, struct arena *a, enum field f, const uint16_t *codes,
    const struct str *entries, unsigned entry_count, const uint64_t *present);

/* The struct of the field's column, added if need be, for those who lay out its raw bytes themselves; NULL if full. */
struct col *batch_claim(struct batch *b, enum field f);

/* Keeps the rows whose bit is set in `keep`, in order: all columns are rebuilt in the arena. */
void batch_filter(struct batch *b, struct arena *a, const uint64_t *keep);

/* Keeps n rows from row `from` on, or as many as there are. */
void batch_slice(struct batch *b, struct arena *a, uint32_t from, uint32_t n);

#endif
