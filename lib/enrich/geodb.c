#include "enrich/geodb.h"

#include <stdlib.h>

#include "base/hash.h"
#include "flow/utf8.h"

void
geodb_free(struct geodb *db)
{
	if (db == NULL)
		return;
	free(db->entries);
	free(db->texts);
	buf_release(&db->image);
	free(db->names);
	arena_release(&db->memory);
	free(db);
}

/* Two hashes with different seeds: that both agree by chance is not to be expected. */
struct text_key {
	uint64_t hash[2];
};

void
geodb_fill_start(struct geodb_fill *f)
{
	*f = (struct geodb_fill){.db = mem_zero(1, sizeof *f->db)};
	map_init(&f->text_numbers, sizeof(struct text_key), sizeof(uint32_t));
	map_init(&f->entry_numbers, sizeof(struct geodb_entry), sizeof(uint32_t));
	geodb_fill_text(f, STR(""));
	geodb_fill_entry(f, &(struct geodb_entry){0});
}

/* The length of the character at p; 0 if it is none, or a control character. */
static size_t
text_char(const char *p, size_t left)
{
	uint8_t first = (uint8_t)p[0];

	if (first < 0x20 || first == 0x7f)
		return 0;
	/* U+0080 to U+009F are control characters too. */
	if (first == 0xc2 && left > 1 && (uint8_t)p[1] < 0xa0)
		return 0;
	return utf8_sequence(p, left);
}

static size_t
text_clean(char out[GEODB_TEXT_MAX], struct str s)
{
	size_t len = 0;

	for (size_t i = 0; i < s.len;) {
		size_t n = text_char(s.p + i, s.len - i);

		if (len + (n != 0 ? n : 1) > GEODB_TEXT_MAX)
			break;
		if (n == 0) {
			out[len++] = '?';
			i++;
			continue;
		}
		memcpy(out + len, s.p + i, n);
		len += n;
		i += n;
	}
	return len;
}

uint32_t
geodb_fill_text(struct geodb_fill *f, struct str s)
{
	struct geodb *db = f->db;
	char clean[GEODB_TEXT_MAX];
	size_t len = text_clean(clean, s);
	struct text_key key = {{hash64(clean, len), hash64_seed(clean, len, 1)}};
	bool fresh;
	uint32_t *number = map_put(&f->text_numbers, &key, &fresh);

	if (!fresh)
		return *number;
	if (db->text_count == f->texts_cap) {
		f->texts_cap = f->texts_cap != 0 ? f->texts_cap * 2 : 64;
		db->texts = mem_resize(db->texts, f->texts_cap, sizeof *db->texts);
	}
	db->texts[db->text_count] = (struct str){arena_dup(&db->memory, clean, len), len};
	db->text_bytes += len;
	return *number = db->text_count++;
}

uint32_t
geodb_fill_entry(struct geodb_fill *f, const struct geodb_entry *e)
{
	struct geodb *db = f->db;
	bool fresh;
	uint32_t *number = map_put(&f->entry_numbers, e, &fresh);

	if (!fresh)
		return *number;
	if (db->entry_count == f->entries_cap) {
		f->entries_cap = f->entries_cap != 0 ? f->entries_cap * 2 : 64;
		db->entries = mem_resize(db->entries, f->entries_cap, sizeof *db->entries);
	}
	db->entries[db->entry_count] = *e;
	db->has_asn |= e->asn != 0;
	db->has_country |= e->country != 0;
	db->has_city |= e->city != 0;
	return *number = db->entry_count++;
}

void
geodb_fill_prefix(struct geodb_fill *f, const struct prefix *p, uint32_t entry)
{
	lpm_builder_add(&f->prefixes, p, entry);
}

/* An AS with several names keeps the first. */
static void
names_build(struct geodb *db)
{
	size_t count = 0;

	for (uint32_t i = 0; i < db->entry_count; i++)
		count += db->entries[i].as_name != 0;
	db->names_bits = 1;
	while ((size_t)1 << db->names_bits < 2 * count)
		db->names_bits++;
	db->names = mem_zero((size_t)1 << db->names_bits, sizeof *db->names);
	for (uint32_t i = 0; i < db->entry_count; i++) {
		const struct geodb_entry *e = &db->entries[i];
		uint32_t at = geodb_name_slot(db, e->asn);

		if (e->asn == 0 || e->as_name == 0 || geodb_as_name(db, e->asn) != 0)
			continue;
		while (db->names[at].asn != 0)
			at = (at + 1) & ((UINT32_C(1) << db->names_bits) - 1);
		db->names[at] = (struct geodb_name){e->asn, e->as_name};
	}
}

struct geodb *
geodb_fill_finish(struct geodb_fill *f)
{
	struct geodb *db = f->db;

	names_build(db);
	lpm_builder_build(&f->prefixes, &db->image);
	(void)lpm_open(&db->lpm, db->image.p, db->image.len, NULL); /* cannot fail: it was made just now */
	f->db = NULL;
	geodb_fill_drop(f);
	return db;
}

void
geodb_fill_drop(struct geodb_fill *f)
{
	geodb_free(f->db);
	lpm_builder_release(&f->prefixes);
	map_release(&f->text_numbers);
	map_release(&f->entry_numbers);
}
