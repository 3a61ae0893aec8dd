#include "flow/field.h"

#include <stddef.h>

enum {
	WIDTH_BOOL = 1,
	WIDTH_U8 = 1,
	WIDTH_U16 = 2,
	WIDTH_U32 = 4,
	WIDTH_U64 = 8,
	WIDTH_REAL = 4,
	WIDTH_TIME = 8,
	WIDTH_ADDR = 16,
	WIDTH_MAC = 8,
	WIDTH_STR = 0,
	WIDTH_LIST = 0,
	WIDTH_JSON = 0,
};

const struct field_info fields[] = {
#define FIELD(id, name, type, ipfix, ch, doc) \
	{(id), TYPE_##type, WIDTH_##type, {#name, sizeof #name - 1}, (ipfix), (ch), (doc)},
#include "flow/fields.def"
#undef FIELD
};

const unsigned field_count = sizeof fields / sizeof fields[0];

/* The place of each id in the table, plus one. */
enum {
#define FIELD(id, name, type, ipfix, ch, doc) PLACE_##name,
#include "flow/fields.def"
#undef FIELD
};

static const uint8_t place_by_id[FIELD_IDS] = {
#define FIELD(id, name, type, ipfix, ch, doc) [(id)] = PLACE_##name + 1,
#include "flow/fields.def"
#undef FIELD
};

const struct field_info *
field_by_id(unsigned id)
{
	return id < FIELD_IDS && place_by_id[id] != 0 ? &fields[place_by_id[id] - 1] : NULL;
}

const struct field_info *
field_by_name(struct str name)
{
	for (unsigned i = 0; i < field_count; i++)
		if (str_eq(fields[i].name, name))
			return &fields[i];
	return NULL;
}
