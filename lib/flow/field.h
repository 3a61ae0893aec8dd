/* The table of fields, from fields.def. */
#ifndef FLOW_FIELD_H
#define FLOW_FIELD_H

#include <stdint.h>

#include "base/bytes.h"

enum field_type {
	TYPE_BOOL,
	TYPE_U8,
	TYPE_U16,
	TYPE_U32,
	TYPE_U64,
	TYPE_REAL,
	TYPE_TIME,
	TYPE_ADDR,
	TYPE_MAC,
	TYPE_STR,
	TYPE_LIST,
	TYPE_JSON,
};

/* FIELD_src_host and so on: the permanent ids, as they stand in a batch. */
enum field {
#define FIELD(id, name, type, ipfix, ch, doc) FIELD_##name = (id),
#include "flow/fields.def"
#undef FIELD
	FIELD_IDS = 192 /* ids known to this program are below this */
};

struct field_info {
	uint16_t id;
	uint8_t type; /* enum field_type */
	uint8_t width; /* bytes of a value in a batch: 1, 2, 4, 8, 16; 0 = variable */
	struct str name;
	const char *ipfix, *clickhouse, *doc;
};

/* By id; NULL for an id that is not ours. */
const struct field_info *field_by_id(unsigned id);

/* By name; NULL if there is none. */
const struct field_info *field_by_name(struct str name);

/* All, in the order of fields.def. */
extern const struct field_info fields[];
extern const unsigned field_count;

#endif
