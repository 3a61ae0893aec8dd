#include <stdlib.h>

#include "base/hash.h"
#include "flow/ndjson_in.h"

static uint8_t
fast_of(enum how how, enum field_type type)
{
	if (how == HOW_PROTO || how == HOW_TCPFLAGS)
		return FAST_UINT;
	if (how != HOW_PLAIN)
		return FAST_NONE;
	switch (type) {
	case TYPE_U8:
	case TYPE_U16:
	case TYPE_U32:
	case TYPE_U64:
		return FAST_UINT;
	case TYPE_TIME:
		return FAST_TIME;
	case TYPE_ADDR:
		return FAST_ADDR;
	case TYPE_STR:
		return FAST_STR;
	case TYPE_LIST:
		return FAST_LIST;
	case TYPE_BOOL:
		return FAST_BOOL;
	default:
		return FAST_NONE;
	}
}

static unsigned
slot_of(const struct keys *k, struct str name)
{
	unsigned i = (unsigned)hash64(name.p, name.len) % (sizeof k->slots / sizeof k->slots[0]);

	while (k->slots[i] != 0 && !str_eq(k->list[k->slots[i] - 1].name, name))
		i = (i + 1) % (sizeof k->slots / sizeof k->slots[0]);
	return i;
}

struct key *
keys_find(struct keys *k, struct str name)
{
	unsigned i = slot_of(k, name);

	return k->slots[i] != 0 ? &k->list[k->slots[i] - 1] : &k->unknown;
}

/* A key that is there already stays as it is. */
static void
keys_add(struct keys *k, struct str name, const struct field_info *f, enum how how, int tells)
{
	unsigned slot = slot_of(k, name);

	if (k->slots[slot] != 0)
		return;
	struct key *key = &k->list[k->count++];
	*key = (struct key){.name = name, .next = &k->unknown, .how = (uint8_t)how, .tells = (int8_t)tells};
	if (f != NULL) {
		key->field = f->id;
		key->type = f->type;
		key->width = f->width;
		key->fast = fast_of(how, (enum field_type)f->type);
		key->max = f->width < 8 ? (UINT64_C(1) << (f->width * 8)) - 1 : UINT64_MAX;
	}
	k->slots[slot] = (uint16_t)k->count;

	char quoted[KEY_WORDS * 8 + 2] = {'"'};
	if (name.len + 2 > KEY_WORDS * 8) {
		key->mask[0] = key->words[0] = UINT64_MAX; /* matches nothing that is UTF-8 */
		return;
	}
	memcpy(quoted + 1, name.p, name.len);
	quoted[name.len + 1] = '"';
	key->len = (uint8_t)(name.len + 2);
	for (unsigned i = 0; i < key->len; i++)
		key->mask[i / 8] |= UINT64_C(0xff) << (i % 8 * 8);
	for (unsigned i = 0; i < KEY_WORDS; i++)
		key->words[i] = load_le64(quoted + i * 8) & key->mask[i];
}

static void
keys_add_dialect(struct keys *k, enum dialect d, bool foreign)
{
	for (unsigned i = 0; i < dialects[d].key_count; i++) {
		const struct dialect_key *key = &dialects[d].keys[i];
		const struct field_info *f = key->field != 0 ? field_by_id(key->field) : NULL;

		if (!foreign)
			keys_add(k, str_from(key->name), f, (enum how)key->how, key->telling ? (int)d : -1);
		else if (key->telling)
			keys_add(k, str_from(key->name), NULL, HOW_EXTRA, (int)d);
	}
}

void
keys_init(struct keys *k, enum dialect d)
{
	unsigned most = field_count;

	for (int i = 0; i < DIALECTS; i++)
		most += dialects[i].key_count;
	*k = (struct keys){.list = mem_zero(most, sizeof *k->list)};
	k->unknown = (struct key){.how = HOW_EXTRA, .tells = -1, .next = &k->unknown};
	k->unknown.mask[0] = k->unknown.words[0] = UINT64_MAX;
	k->head = (struct key){.next = &k->unknown};

	keys_add_dialect(k, d, false);
	/* Ours tell of us in any dialect that does not use them itself, but what they hold is known all the same. */
	const struct dialect_info *native = &dialects[DIALECT_NATIVE];
	for (unsigned i = 0; i < native->key_count; i++)
		keys_add(k, str_from(native->keys[i].name), field_by_id(native->keys[i].field),
		    (enum how)native->keys[i].how, native->keys[i].telling ? DIALECT_NATIVE : -1);
	for (unsigned i = 0; i < field_count; i++)
		if (fields[i].type != TYPE_JSON)
			keys_add(k, fields[i].name, &fields[i], HOW_PLAIN, -1);
	for (int i = 0; i < DIALECTS; i++)
		if (i != (int)d && i != DIALECT_NATIVE)
			keys_add_dialect(k, (enum dialect)i, true);
}

void
keys_release(struct keys *k)
{
	free(k->list);
}
