#include "enrich/mmdb.h"

#include <maxminddb.h>

#include "base/num.h"
#include "enrich/filecopy.h"

#define MARKER STR("\xab\xcd\xefMaxMind.com")
#define METADATA_MAX ((size_t)128 * 1024) /* the specification's limit */
#define METADATA_VALUES_MAX 4096
#define FILE_MAX ((size_t)2 << 30) /* the library counts in 32 bits */

/* libmaxminddb 1.7 reads a few bytes on where a section is shorter than any value; zeros behind the file stop it. */
#define PAD 64

/*
 * Values, taken apart one by one with the library's decoder. Its own ways over
 * whole structures recurse and expand as deep and as far as the file wants; ours
 * have a budget of values.
 */
struct reader {
	const MMDB_s *db;
	uint64_t budget;
};

struct value {
	MMDB_entry_data_s d;
	uint32_t next; /* what stands behind it; for a map or array in place: its first member */
	bool pointed; /* it was reached by a pointer, so its members are not in place */
};

static int
value_read(struct reader *r, uint32_t offset, struct value *v)
{
	static const char *const here[] = {NULL};
	MMDB_entry_s start = {r->db, offset};

	if (r->budget == 0 || MMDB_aget_value(&start, &v->d, here) != MMDB_SUCCESS)
		return -1;
	r->budget--;
	uint8_t control = r->db->data_section[offset];
	v->pointed = control >> 5 == MMDB_DATA_TYPE_POINTER;
	v->next = v->pointed ? offset + 2 + (control >> 3 & 3) : v->d.offset_to_next;
	return 0;
}

/* Moves *offset behind a value and all that it holds. */
static int
value_skip(struct reader *r, uint32_t *offset)
{
	struct value v;

	for (uint64_t left = 1; left > 0; left--) {
		if (value_read(r, *offset, &v) == -1)
			return -1;
		if (!v.pointed && v.d.type == MMDB_DATA_TYPE_MAP)
			left += (uint64_t)2 * v.d.data_size;
		else if (!v.pointed && v.d.type == MMDB_DATA_TYPE_ARRAY)
			left += v.d.data_size;
		*offset = v.next;
	}
	return 0;
}

struct members {
	uint32_t offset, left;
};

static struct members
members_of(const struct value *v)
{
	return (struct members){v->d.offset_to_next, v->d.data_size};
}

/* The next key and its value of a map: 1, 0 at the end, -1 if corrupt. */
static int
map_step(struct reader *r, struct members *m, struct str *key, struct value *v)
{
	struct value k;

	if (m->left == 0)
		return 0;
	m->left--;
	if (value_read(r, m->offset, &k) == -1 || k.d.type != MMDB_DATA_TYPE_UTF8_STRING)
		return -1;
	*key = (struct str){k.d.utf8_string, k.d.data_size};
	m->offset = k.next;
	if (value_read(r, k.next, v) == -1)
		return -1;
	return value_skip(r, &m->offset) == -1 ? -1 : 1;
}

static struct str
value_text(const struct value *v)
{
	if (v->d.type != MMDB_DATA_TYPE_UTF8_STRING)
		return (struct str){"", 0};
	return (struct str){v->d.utf8_string, v->d.data_size};
}

/* An AS number, as a number or as IPinfo's "AS64500"; 0 if it is none. */
static uint32_t
value_asn(const struct value *v)
{
	uint64_t n = 0;

	switch (v->d.type) {
	case MMDB_DATA_TYPE_UINT16:
		return v->d.uint16;
	case MMDB_DATA_TYPE_UINT32:
		return v->d.uint32;
	case MMDB_DATA_TYPE_UINT64:
		return v->d.uint64 <= UINT32_MAX ? (uint32_t)v->d.uint64 : 0;
	case MMDB_DATA_TYPE_INT32:
		return v->d.int32 > 0 ? (uint32_t)v->d.int32 : 0;
	case MMDB_DATA_TYPE_UTF8_STRING: {
		struct str s = value_text(v);

		if (s.len > 2 && (s.p[0] | 32) == 'a' && (s.p[1] | 32) == 's')
			s = (struct str){s.p + 2, s.len - 2};
		return num_parse(&n, s, 0, UINT32_MAX) == 0 ? (uint32_t)n : 0;
	}
	default:
		return 0;
	}
}

struct load {
	struct reader r;
	struct geodb_fill fill;
	struct str language;
	struct map records; /* uint32_t offset -> uint32_t entry */
};

/* Two characters, the first a letter, in capitals; anything else (IPinfo has names here) is no code. */
static uint32_t
country_code(struct load *l, struct str s)
{
	char code[2];

	if (s.len != 2)
		return 0;
	for (unsigned i = 0; i < 2; i++) {
		char c = s.p[i];

		code[i] = (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
		if (!(code[i] >= 'A' && code[i] <= 'Z') && !(i == 1 && c >= '0' && c <= '9'))
			return 0;
	}
	return geodb_fill_text(&l->fill, (struct str){code, 2});
}

/* MaxMind's {"iso_code": "DE", …}, or a code by itself. */
static int
country_read(struct load *l, const struct value *v, uint32_t *country)
{
	struct members m = members_of(v);
	struct value member;
	struct str key;
	int rc = 0;

	*country = country_code(l, value_text(v));
	if (v->d.type != MMDB_DATA_TYPE_MAP)
		return 0;
	while (*country == 0 && (rc = map_step(&l->r, &m, &key, &member)) == 1)
		if (str_eq(key, STR("iso_code")))
			*country = country_code(l, value_text(&member));
	return rc == -1 ? -1 : 0;
}

/* The value of "names": {"en": …, "de": …}. */
static int
names_read(struct load *l, const struct value *v, uint32_t *text)
{
	struct members m = members_of(v);
	struct str key, found = {0};
	struct value member;
	int rc;

	if (v->d.type != MMDB_DATA_TYPE_MAP)
		return 0;
	while ((rc = map_step(&l->r, &m, &key, &member)) == 1) {
		if (str_eq(key, l->language)) {
			found = value_text(&member);
			break;
		}
		if (str_eq(key, STR("en")))
			found = value_text(&member);
	}
	*text = geodb_fill_text(&l->fill, found);
	return rc == -1 ? -1 : 0;
}

/* MaxMind's {"names": {…}, …}, or a name by itself. */
static int
city_read(struct load *l, const struct value *v, uint32_t *city)
{
	struct members m = members_of(v);
	struct value member;
	struct str key;
	int rc = 0;

	*city = geodb_fill_text(&l->fill, value_text(v));
	if (v->d.type != MMDB_DATA_TYPE_MAP)
		return 0;
	while (*city == 0 && (rc = map_step(&l->r, &m, &key, &member)) == 1)
		if (str_eq(key, STR("names")) && names_read(l, &member, city) == -1)
			return -1;
	return rc == -1 ? -1 : 0;
}

static int record_read(struct load *l, const struct value *v, bool top, struct geodb_entry *e);

/* One member of a record, by the names that the vendors use. What is said twice is taken once. */
static int
member_read(struct load *l, struct str key, const struct value *v, bool top, struct geodb_entry *e)
{
	static const struct {
		struct str key;
		enum { ASN, AS_NAME, COUNTRY, CITY, GROUP } what;
	} known[] = {
	    {{"autonomous_system_number", 24}, ASN},
	    {{"asn", 3}, ASN},
	    {{"autonomous_system_organization", 30}, AS_NAME},
	    {{"as_name", 7}, AS_NAME},
	    {{"name", 4}, AS_NAME},
	    {{"country_code", 12}, COUNTRY},
	    {{"country", 7}, COUNTRY},
	    {{"city", 4}, CITY},
	    {{"traits", 6}, GROUP}, /* GeoIP2-Enterprise */
	    {{"as", 2}, GROUP}, /* IPinfo Core and Plus */
	    {{"geo", 3}, GROUP},
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (!str_eq(key, known[i].key))
			continue;
		switch (known[i].what) {
		case ASN:
			if (e->asn == 0)
				e->asn = value_asn(v);
			return 0;
		case AS_NAME:
			if (e->as_name == 0)
				e->as_name = geodb_fill_text(&l->fill, value_text(v));
			return 0;
		case COUNTRY:
			return e->country != 0 ? 0 : country_read(l, v, &e->country);
		case CITY:
			return e->city != 0 ? 0 : city_read(l, v, &e->city);
		case GROUP:
			return top ? record_read(l, v, false, e) : 0;
		}
	}
	return 0;
}

/* A record or a group within it; -1 if corrupt. One that is no map says nothing. */
static int
record_read(struct load *l, const struct value *v, bool top, struct geodb_entry *e)
{
	struct members m = members_of(v);
	struct value member;
	struct str key;
	int rc;

	if (v->d.type != MMDB_DATA_TYPE_MAP)
		return 0;
	while ((rc = map_step(&l->r, &m, &key, &member)) == 1)
		if (member_read(l, key, &member, top, e) == -1)
			return -1;
	return rc;
}

/* The entry for the record at an offset of the data section; each is read once. */
static int
record_entry(struct load *l, uint32_t offset, uint32_t *entry, struct err *e)
{
	struct geodb_entry what = {0};
	struct value v;
	bool fresh;

	uint32_t *known = map_put(&l->records, &offset, &fresh);
	*entry = *known;
	if (!fresh)
		return 0;
	if (value_read(&l->r, offset, &v) == -1 || record_read(l, &v, true, &what) == -1)
		return err_set(e, "the data record at offset %u is corrupt", offset);
	/* Texts are read from the file, so all together cannot be longer unless they overlap. */
	if (l->fill.db->text_bytes > l->r.db->data_section_size)
		return err_set(e, "the texts of its records overlap");
	*known = *entry = geodb_fill_entry(&l->fill, &what);
	return 0;
}

static bool
is_v4_mapped(const struct prefix *p)
{
	return p->len >= 96 && addr_is_v4(&p->addr);
}

/* Whether the first 96 bits are zero, as far as the prefix goes: where an IPv6 tree keeps IPv4. */
static bool
is_v4_place(const struct prefix *p)
{
	return load_le64(p->addr.b) == 0 && load_le32(p->addr.b + 8) == 0;
}

static void
prefix_add(struct load *l, struct prefix p, uint32_t entry)
{
	struct prefix v4 = p;

	if (l->r.db->depth == 32) {
		v4 = (struct prefix){addr_from_v4(load_be32(p.addr.b)), (uint8_t)(p.len + 96)};
		geodb_fill_prefix(&l->fill, &v4, entry);
	} else if (!is_v4_place(&p)) {
		geodb_fill_prefix(&l->fill, &p, entry);
	} else {
		/* A record above ::/96 speaks for all of IPv4, and for IPv6 too. */
		if (p.len < 96)
			geodb_fill_prefix(&l->fill, &p, entry);
		v4.addr = addr_from_v4(load_be32(p.addr.b + 12));
		v4.len = p.len < 96 ? 96 : p.len;
		geodb_fill_prefix(&l->fill, &v4, entry);
	}
}

/* A record of the search tree, and the prefix that it stands for. */
struct frame {
	struct prefix prefix;
	uint64_t record;
	uint32_t offset; /* of its data */
	uint8_t type;
};

static int
data_take(struct load *l, const struct frame *f, struct err *e)
{
	uint32_t entry;

	if (l->r.db->depth == 128 && is_v4_mapped(&f->prefix))
		return 0;
	if (record_entry(l, f->offset, &entry, e) == -1)
		return -1;
	if (entry != 0)
		prefix_add(l, f->prefix, entry);
	return 0;
}

/* An alias of the IPv4 subtree, whose own place is ::/96. */
static bool
is_alias(const MMDB_s *db, const struct frame *f)
{
	if (db->depth != 128 || db->ipv4_start_node.netmask != 96)
		return false;
	if (f->prefix.len == 96 && is_v4_mapped(&f->prefix))
		return true;
	return f->record == db->ipv4_start_node.node_value &&
	       !(f->prefix.len == 96 && is_v4_place(&f->prefix));
}

/* Puts the node's two records on the stack, the left one on top: so prefixes come in order. */
static int
node_open(const MMDB_s *db, const struct frame *f, struct frame *stack, unsigned *depth, struct err *e)
{
	struct frame *right = &stack[*depth], *left = &stack[*depth + 1];
	MMDB_search_node_s n;

	if (f->prefix.len >= db->depth)
		return err_set(e, "the search tree is deeper than an address is long");
	if (MMDB_read_node(db, (uint32_t)f->record, &n) != MMDB_SUCCESS)
		return err_set(e, "node %u of the search tree cannot be read", (uint32_t)f->record);
	*right = (struct frame){f->prefix, n.right_record, n.right_record_entry.offset, n.right_record_type};
	*left = (struct frame){f->prefix, n.left_record, n.left_record_entry.offset, n.left_record_type};
	right->prefix.addr.b[f->prefix.len / 8] |= (uint8_t)(0x80 >> f->prefix.len % 8);
	right->prefix.len++;
	left->prefix.len++;
	*depth += 2;
	return 0;
}

static int
tree_walk(struct load *l, struct err *e)
{
	const MMDB_s *db = l->r.db;
	struct frame stack[130]; /* a right record of each level, and the two of the last */
	unsigned depth = 1;
	/* Every node once, and as much again for trees whose writer shares subtrees; a loop comes to its end here. */
	uint64_t budget = (uint64_t)db->metadata.node_count * 2;

	stack[0] = (struct frame){.type = MMDB_RECORD_TYPE_SEARCH_NODE};
	while (depth > 0) {
		struct frame f = stack[--depth];

		switch (f.type) {
		case MMDB_RECORD_TYPE_EMPTY:
			break;
		case MMDB_RECORD_TYPE_DATA:
			if (data_take(l, &f, e) == -1)
				return -1;
			break;
		case MMDB_RECORD_TYPE_SEARCH_NODE:
			if (is_alias(db, &f))
				break;
			if (budget-- == 0)
				return err_set(e, "the search tree loops");
			if (node_open(db, &f, stack, &depth, e) == -1)
				return -1;
			break;
		default:
			return err_set(e, "the search tree points outside the file");
		}
	}
	return 0;
}

/*
 * The library expands two members of the metadata without a limit when it opens
 * a file. They must be as the specification says: plain texts. Everything else
 * need only be of a sane size. 0 or -1.
 */
static int
metadata_check(const uint8_t *p, size_t len)
{
	MMDB_s section = {.data_section = p, .data_section_size = (uint32_t)len};
	struct reader r = {&section, METADATA_VALUES_MAX};
	struct value v, member, text;
	struct members m, texts;
	struct str key, name;
	int rc;

	if (value_read(&r, 0, &v) == -1 || v.d.type != MMDB_DATA_TYPE_MAP)
		return -1;
	m = members_of(&v);
	while ((rc = map_step(&r, &m, &key, &member)) == 1) {
		texts = members_of(&member);
		if (str_eq(key, STR("languages"))) {
			if (member.d.type != MMDB_DATA_TYPE_ARRAY)
				return -1;
			for (; texts.left > 0; texts.left--, texts.offset = text.next)
				if (value_read(&r, texts.offset, &text) == -1 ||
				    text.d.type != MMDB_DATA_TYPE_UTF8_STRING)
					return -1;
		} else if (str_eq(key, STR("description"))) {
			if (member.d.type != MMDB_DATA_TYPE_MAP)
				return -1;
			while ((rc = map_step(&r, &texts, &name, &text)) == 1)
				if (text.d.type != MMDB_DATA_TYPE_UTF8_STRING)
					return -1;
			if (rc == -1)
				return -1;
		}
	}
	return rc;
}

/* Where the metadata begins: behind the last marker. NULL if there is none. */
static const uint8_t *
metadata_find(const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len, *found = NULL;
	const uint8_t *at = len > METADATA_MAX ? end - METADATA_MAX : p;

	while ((at = memmem(at, (size_t)(end - at), MARKER.p, MARKER.len)) != NULL)
		found = at += MARKER.len;
	return found;
}

static struct geodb *
db_load(const MMDB_s *db, const char *language, struct err *e)
{
	struct load l = {.r = {db, (uint64_t)16 * db->data_section_size}, .language = str_from(language)};
	struct geodb *made = NULL;

	/* Nodes beyond the file: the library multiplies these in 32 bits. */
	if ((uint64_t)db->metadata.node_count * db->full_record_byte_size + 16 > (uint64_t)db->file_size) {
		err_set(e, "it is cut short: %u nodes do not fit", db->metadata.node_count);
		return NULL;
	}
	map_init(&l.records, sizeof(uint32_t), sizeof(uint32_t));
	geodb_fill_start(&l.fill);
	if (tree_walk(&l, e) == -1)
		geodb_fill_drop(&l.fill);
	else if (l.fill.db->entry_count == 1) {
		err_set(e, "it says nothing of AS, country or city (its type is '%.64s')",
		    db->metadata.database_type);
		geodb_fill_drop(&l.fill);
	} else {
		l.fill.db->built = db->metadata.build_epoch;
		made = geodb_fill_finish(&l.fill);
	}
	map_release(&l.records);
	return made;
}

static struct geodb *
copy_load(const struct filecopy *c, const char *language, struct err *e)
{
	const uint8_t *metadata = metadata_find(c->p, c->mapped);
	char path[FILECOPY_PATH_MAX];
	struct geodb *made;
	MMDB_s db;

	if (metadata == NULL) {
		err_set(e, "it is no MaxMind DB: the metadata marker is missing");
		return NULL;
	}
	if (metadata_check(metadata, (size_t)(c->p + c->mapped - metadata)) == -1) {
		err_set(e, "its metadata is corrupt");
		return NULL;
	}
	int rc = MMDB_open(filecopy_path(c, path), MMDB_MODE_MMAP, &db);
	if (rc != MMDB_SUCCESS) {
		err_set(e, "its metadata cannot be used: %s", MMDB_strerror(rc));
		return NULL;
	}
	made = db_load(&db, language, e);
	MMDB_close(&db);
	return made;
}

struct geodb *
mmdb_load_bytes(const void *p, size_t len, const char *language, struct err *e)
{
	struct geodb *made = NULL;
	struct filecopy c;

	if (filecopy_bytes(&c, p, len, PAD, e) == 0)
		made = copy_load(&c, language, e);
	filecopy_release(&c);
	return made;
}

struct geodb *
mmdb_load(const char *path, const char *language, struct err *e)
{
	struct geodb *made = NULL;
	struct filecopy c;

	if (filecopy_file(&c, path, PAD, FILE_MAX, e) == 0 && (made = copy_load(&c, language, e)) == NULL)
		err_wrap(e, "%s", path);
	filecopy_release(&c);
	return made;
}
