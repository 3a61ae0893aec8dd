#include "enrich/geodb.h"

#include <stdlib.h>

#include "base/hash.h"

void
geodb_free(struct geodb *db)
{
	if (db == NULL)
		return;
	free(db->entries);
	free(db->texts);
	buf_release(&db->image);
	map_release(&db->as_names);
	arena_release(&db->memory);
	free(db);
}

uint32_t
geodb_as_name(const struct geodb *db, uint32_t asn)
{
	const uint32_t *text = map_get(&db->as_names, &asn);

	return text != NULL ? *text : 0;
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
	map_init(&f->db->as_names, sizeof(uint32_t), sizeof(uint32_t));
	geodb_fill_text(f, STR(""));
	geodb_fill_entry(f, &(struct geodb_entry){0});
}

/* The length of the character at p, or 0 if it is no UTF-8 (RFC 3629 §4) or a control character. */
static size_t
utf8_char(const uint8_t *p, size_t left)
{
	uint32_t c = p[0], least;
	size_t len;

	if (c < 0x80)
		return c >= 0x20 && c != 0x7f ? 1 : 0;
	if (c >= 0xc2 && c < 0xe0) {
		len = 2, c &= 0x1f, least = 0x80;
	} else if (c >= 0xe0 && c < 0xf0) {
		len = 3, c &= 0x0f, least = 0x800;
	} else if (c >= 0xf0 && c < 0xf5) {
		len = 4, c &= 0x07, least = 0x10000;
	} else
		return 0;
	if (len > left)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	return c >= least && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff) && c >= 0xa0 ? len : 0;
}

static size_t
text_clean(char out[GEODB_TEXT_MAX], struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p;
	size_t len = 0;

	for (size_t i = 0; i < s.len;) {
		size_t n = utf8_char(p + i, s.len - i);

		if (len + (n != 0 ? n : 1) > GEODB_TEXT_MAX)
			break;
		if (n == 0) {
			out[len++] = '?';
			i++;
			continue;
		}
		memcpy(out + len, p + i, n);
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
	*number = db->entry_count++;
	if (e->asn != 0 && e->as_name != 0) {
		/* An AS with several names keeps the first. */
		uint32_t *name = map_put(&db->as_names, &e->asn, &fresh);

		if (fresh)
			*name = e->as_name;
	}
	return *number;
}

void
geodb_fill_prefix(struct geodb_fill *f, const struct prefix *p, uint32_t entry)
{
	lpm_builder_add(&f->prefixes, p, entry);
}

struct geodb *
geodb_fill_finish(struct geodb_fill *f)
{
	struct geodb *db = f->db;

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
