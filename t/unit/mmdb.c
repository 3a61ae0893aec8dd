/* MaxMind DB files: the layouts of all vendors, and files that are damaged by accident or on purpose. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "enrich/mmdb.h"
#include "io/fdio.h"

#define DATA "t/data/mmdb/"

static const struct geodb_entry *
ask(const struct geodb *db, const char *addr)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, str_from(addr)), 0);
	return &db->entries[lpm_lookup(&db->lpm, &a)];
}

static void
text_is(const struct geodb *db, uint32_t text, const char *want)
{
	assert_true(text < db->text_count);
	if (!str_eq(db->texts[text], str_from(want)))
		fail_msg("'%.*s' instead of '%s'", (int)db->texts[text].len, db->texts[text].p, want);
}

static void
layouts(void **unused)
{
	static const struct {
		const char *file, *language, *addr;
		uint32_t asn;
		const char *name, *country, *city;
	} want[] = {
	    {"geolite2-asn", "en", "192.0.2.1", 64496, "Example Networks", "", ""},
	    {"geolite2-asn", "en", "192.0.2.129", 64497, "Beispiel & S\303\266hne", "", ""},
	    {"geolite2-asn", "en", "198.51.100.6", 64496, "Example Networks", "", ""},
	    {"geolite2-asn", "en", "198.51.100.7", 65551, "Host Route Ltd", "", ""},
	    {"geolite2-asn", "en", "203.0.113.9", 64499, "", "", ""},
	    {"geolite2-asn", "en", "203.0.114.9", 0, "", "", ""},
	    {"geolite2-asn", "en", "2001:db8::1", 64500, "Six Only", "", ""},
	    {"geolite2-asn", "en", "2001:db8:1:2:3::", 64501, "Six Inner", "", ""},
	    {"geolite2-city", "en", "192.0.2.1", 0, "", "DE", "Munich"},
	    {"geolite2-city", "de", "192.0.2.1", 0, "", "DE", "M\303\274nchen"},
	    {"geolite2-city", "de", "198.51.100.1", 0, "", "FR", "Lyon"}, /* has no German name */
	    {"geolite2-city", "xx", "192.0.2.1", 0, "", "DE", "Munich"},
	    {"geolite2-city", "en", "203.0.113.1", 0, "", "BR", ""},
	    {"geolite2-city", "en", "2001:db8::1", 0, "", "JP", "Example Town"},
	    {"geolite2-country", "en", "192.0.2.1", 0, "", "DE", ""},
	    {"geoip2-enterprise", "en", "192.0.2.1", 64496, "Example Networks", "DE", "Munich"},
	    {"dbip-asn-v4", "en", "192.0.2.1", 64496, "Example Networks", "", ""},
	    {"dbip-asn-v4", "en", "0.1.2.3", 64510, "Zero", "", ""},
	    {"dbip-asn-v4", "en", "::1", 0, "", "", ""},
	    {"ip-location-db-asn", "en", "192.0.2.1", 64496, "Example Networks", "", ""},
	    {"ip-location-db-city", "en", "192.0.2.1", 0, "", "DE", "Munich"},
	    {"ip-location-db-city", "en", "2001:db8::1", 0, "", "JP", "Example Town"},
	    {"ipinfo-lite", "en", "192.0.2.1", 64496, "Example Networks", "DE", ""},
	    {"ipinfo-lite", "en", "2001:db8::1", 4200000001, "Big Number", "", ""},
	    {"ipinfo-country-asn", "en", "192.0.2.1", 64496, "Example Networks", "DE", ""},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		char path[128];
		struct err e;

		snprintf(path, sizeof path, DATA "%s.mmdb", want[i].file);
		struct geodb *db = mmdb_load(path, want[i].language, &e);
		if (db == NULL)
			fail_msg("%s", e.msg);
		const struct geodb_entry *entry = ask(db, want[i].addr);
		assert_int_equal(entry->asn, want[i].asn);
		text_is(db, entry->as_name, want[i].name);
		text_is(db, entry->country, want[i].country);
		text_is(db, entry->city, want[i].city);
		assert_true(db->built > 1500000000);
		geodb_free(db);
	}
}

static void
aliases_of_ipv4_are_left_out(void **unused)
{
	struct geodb *db = mmdb_load(DATA "geolite2-asn.mmdb", "en", NULL);

	(void)unused;
	assert_non_null(db);
	assert_int_equal(ask(db, "192.0.2.1")->asn, 64496);
	assert_int_equal(ask(db, "::ffff:192.0.2.1")->asn, 64496);
	assert_int_equal(ask(db, "2002:c000:201::1")->asn, 0); /* 6to4 */
	assert_int_equal(ask(db, "2001:0:c000:201::1")->asn, 0); /* Teredo */
	assert_int_equal(ask(db, "::192.0.2.1")->asn, 0); /* where the file keeps IPv4 */
	geodb_free(db);
}

static void
names_by_number(void **unused)
{
	struct geodb *db = mmdb_load(DATA "geolite2-asn.mmdb", "en", NULL);

	(void)unused;
	assert_non_null(db);
	text_is(db, geodb_as_name(db, 64496), "Example Networks");
	text_is(db, geodb_as_name(db, 64501), "Six Inner");
	assert_int_equal(geodb_as_name(db, 64499), 0);
	assert_int_equal(geodb_as_name(db, 0), 0);
	assert_int_equal(geodb_as_name(db, 4294967295), 0);
	assert_true(db->has_asn);
	assert_false(db->has_country);
	assert_false(db->has_city);
	geodb_free(db);
}

/* Databases by hand: a tree of 24-bit records, data in encoded form, metadata. */
static void
put_text(struct buf *b, const char *s)
{
	size_t len = strlen(s);

	if (len < 29)
		buf_putc(b, (char)(0x40 | len));
	else {
		buf_putc(b, 0x5d);
		buf_putc(b, (char)(len - 29));
	}
	buf_puts(b, s);
}

static void
put_map(struct buf *b, unsigned members)
{
	buf_putc(b, (char)(0xe0 | members));
}

static void
put_array(struct buf *b, unsigned members)
{
	buf_putc(b, (char)members);
	buf_putc(b, 4); /* extended type 11 */
}

static void
put_pointer(struct buf *b, unsigned to)
{
	buf_putc(b, (char)(0x20 | to >> 8));
	buf_putc(b, (char)to);
}

static void
put_number(struct buf *b, unsigned type, uint32_t v)
{
	buf_putc(b, (char)(type << 5 | 4));
	buf_be32(b, v);
}

static void
put_short(struct buf *b, uint16_t v)
{
	buf_putc(b, (char)0xa2);
	buf_be16(b, v);
}

static void
tree_put(struct buf *b, const uint32_t *records, unsigned nodes)
{
	for (unsigned i = 0; i < nodes * 2; i++) {
		buf_putc(b, (char)(records[i] >> 16));
		buf_putc(b, (char)(records[i] >> 8));
		buf_putc(b, (char)records[i]);
	}
	for (unsigned i = 0; i < 16; i++)
		buf_putc(b, 0);
}

/* The metadata; `languages` and `description` are values in their encoded form. */
static void
metadata_put(struct buf *b, uint32_t nodes, uint16_t version, struct str languages, struct str description)
{
	buf_add(b, "\xab\xcd\xefMaxMind.com", 14);
	put_map(b, 9);
	put_text(b, "node_count");
	put_number(b, 6, nodes);
	put_text(b, "record_size");
	put_short(b, 24);
	put_text(b, "ip_version");
	put_short(b, version);
	put_text(b, "database_type");
	put_text(b, "test");
	put_text(b, "languages");
	buf_add(b, languages.p, languages.len);
	put_text(b, "binary_format_major_version");
	put_short(b, 2);
	put_text(b, "binary_format_minor_version");
	put_short(b, 0);
	put_text(b, "build_epoch");
	buf_add(b, "\x04\x02\x65\x00\x00\x00", 6);
	put_text(b, "description");
	buf_add(b, description.p, description.len);
}

#define NO_LANGUAGES ((struct str){"\0\4", 2})
#define NO_DESCRIPTION STR("\xe0")

static struct geodb *
load(struct buf *b, struct err *e)
{
	struct geodb *db = mmdb_load_bytes(b->p, b->len, "en", e);

	buf_release(b);
	return db;
}

static void
refused(struct buf *b, const char *words)
{
	struct err e;

	assert_null(load(b, &e));
	if (strstr(e.msg, words) == NULL)
		fail_msg("'%s' instead of '%s'", e.msg, words);
}

static void
trees_that_are_none(void **unused)
{
	struct buf b = {0};
	uint32_t down[200];

	(void)unused;
	for (unsigned i = 0; i < 100; i++)
		down[2 * i] = down[2 * i + 1] = i + 1;
	tree_put(&b, down, 100); /* each node's two records are the next node: 2^32 ways */
	metadata_put(&b, 100, 4, NO_LANGUAGES, NO_DESCRIPTION);
	refused(&b, "deeper than an address");

	tree_put(&b, (const uint32_t[]){1, 3, 1, 2, 2, 1}, 3); /* round and round */
	metadata_put(&b, 3, 4, NO_LANGUAGES, NO_DESCRIPTION);
	refused(&b, "loops");

	tree_put(&b, (const uint32_t[]){1, 0, 2, 2}, 2);
	metadata_put(&b, 2, 4, NO_LANGUAGES, NO_DESCRIPTION);
	refused(&b, "outside the file");

	tree_put(&b, (const uint32_t[]){1, 900000}, 1);
	metadata_put(&b, 1, 4, NO_LANGUAGES, NO_DESCRIPTION);
	refused(&b, "outside the file");

	tree_put(&b, (const uint32_t[]){1, 5}, 1); /* data within the separator */
	metadata_put(&b, 1, 4, NO_LANGUAGES, NO_DESCRIPTION);
	refused(&b, "is corrupt");

	tree_put(&b, (const uint32_t[]){1, 1}, 1); /* 6 * 715827883 = 2 in 32 bits */
	metadata_put(&b, 715827883, 4, NO_LANGUAGES, NO_DESCRIPTION);
	refused(&b, "nodes do not fit");

	tree_put(&b, (const uint32_t[]){1, 1}, 1);
	metadata_put(&b, 1, 4, NO_LANGUAGES, NO_DESCRIPTION);
	refused(&b, "says nothing");
}

static void
records_that_expand(void **unused)
{
	struct buf b = {0};
	struct err e;

	(void)unused;
	/* A city that is itself: not followed further than the layout goes. */
	tree_put(&b, (const uint32_t[]){17, 1}, 1);
	put_map(&b, 2);
	put_text(&b, "city");
	put_pointer(&b, 0);
	put_text(&b, "country_code");
	put_text(&b, "DE");
	metadata_put(&b, 1, 4, NO_LANGUAGES, NO_DESCRIPTION);
	struct geodb *db = load(&b, &e);
	assert_non_null(db);
	text_is(db, ask(db, "1.2.3.4")->country, "DE");
	assert_int_equal(ask(db, "1.2.3.4")->city, 0);
	geodb_free(db);

	/* An array that says it has 16 million members, all of them missing. */
	tree_put(&b, (const uint32_t[]){17, 1}, 1);
	put_map(&b, 1);
	put_text(&b, "postcode");
	buf_add(&b, "\x1f\x04\xff\xff\xff", 5);
	metadata_put(&b, 1, 4, NO_LANGUAGES, NO_DESCRIPTION);
	refused(&b, "is corrupt");

	/* Nested a hundred thousand deep. */
	tree_put(&b, (const uint32_t[]){17, 1}, 1);
	put_map(&b, 2);
	put_text(&b, "deep");
	for (unsigned i = 0; i < 100000; i++)
		put_array(&b, 1);
	put_text(&b, "at last");
	put_text(&b, "asn");
	put_text(&b, "as7");
	metadata_put(&b, 1, 4, NO_LANGUAGES, NO_DESCRIPTION);
	db = load(&b, &e);
	assert_non_null(db);
	assert_int_equal(ask(db, "1.2.3.4")->asn, 7);
	geodb_free(db);
}

static void
metadata_that_expands(void **unused)
{
	struct buf b = {0}, bomb = {0};

	(void)unused;
	/* An array of two pointers to the next such array, thirty deep: 2^30 values for who follows all. */
	size_t at = 1 + 11 + 5 + 12 + 3 + 11 + 3 + 14 + 5 + 10; /* of the value of "languages" */
	put_array(&bomb, 30);
	for (unsigned i = 0; i < 30; i++) {
		put_array(&bomb, 2);
		put_pointer(&bomb, (unsigned)(at + 2 + 6 * (i + 1)));
		put_pointer(&bomb, (unsigned)(at + 2 + 6 * (i + 1)));
	}
	tree_put(&b, (const uint32_t[]){17, 1}, 1);
	metadata_put(&b, 1, 4, (struct str){(char *)bomb.p, bomb.len}, NO_DESCRIPTION);
	refused(&b, "metadata is corrupt");
	buf_release(&bomb);

	tree_put(&b, (const uint32_t[]){17, 1}, 1);
	metadata_put(&b, 1, 4, STR("\xe0"), NO_DESCRIPTION); /* languages as a map */
	refused(&b, "metadata is corrupt");
	tree_put(&b, (const uint32_t[]){17, 1}, 1);
	metadata_put(&b, 1, 4, NO_LANGUAGES,
	    STR("\xe1\x42"
		"en\xa1\x07")); /* a description that is a number */
	refused(&b, "metadata is corrupt");
	tree_put(&b, (const uint32_t[]){17, 1}, 1);
	buf_add(&b, "\xab\xcd\xefMaxMind.com", 14); /* and nothing behind */
	refused(&b, "metadata");
}

static void
texts_are_cleaned(void **unused)
{
	static const char dirty[] = "a\tb\377\303\274\355\240\200\300\257z";
	struct buf b = {0};
	struct err e;
	char longest[280];

	(void)unused;
	memset(longest, 'x', sizeof longest - 1);
	memcpy(longest + GEODB_TEXT_MAX - 1, "\303\274", 2); /* the cut would fall into a character */
	longest[279] = '\0';
	tree_put(&b, (const uint32_t[]){17, 1}, 1);
	put_map(&b, 2);
	put_text(&b, "city");
	put_text(&b, dirty);
	put_text(&b, "as_name");
	put_text(&b, longest);
	metadata_put(&b, 1, 4, NO_LANGUAGES, NO_DESCRIPTION);
	struct geodb *db = load(&b, &e);
	assert_non_null(db);
	text_is(db, ask(db, "1.2.3.4")->city, "a?b?\303\274?????z");
	longest[GEODB_TEXT_MAX - 1] = '\0';
	text_is(db, ask(db, "1.2.3.4")->as_name, longest);
	geodb_free(db);
}

static void
files_that_cannot_be_read(void **unused)
{
	static const struct {
		const char *path, *words;
	} bad[] = {
	    {"t/data/mmdb/missing.mmdb", "missing.mmdb: No such file"},
	    {"t/data/mmdb", "not a regular file"},
	    {"/dev/null", "not a regular file"},
	    {"t/data/mmdb/make.pl", "make.pl: it is no MaxMind DB"},
	    {"t/data/mmdb/nothing-known.mmdb",
		"says nothing of AS, country or city (its type is 'GeoIP2-User-Count')"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct err e;

		assert_null(mmdb_load(bad[i].path, "en", &e));
		if (strstr(e.msg, bad[i].words) == NULL)
			fail_msg("'%s' instead of '%s'", e.msg, bad[i].words);
	}
	assert_null(mmdb_load_bytes("", 0, "en", NULL));
}

/* Every byte damaged, every length cut: refused, or the answers are at least answers. */
static void
damage_is_refused_or_harmless(void **unused)
{
	static const char *const files[] = {DATA "geolite2-city.mmdb", DATA "ipinfo-lite.mmdb"};
	static const char *const addrs[] = {"192.0.2.1", "198.51.100.1", "2001:db8::1", "::"};
	unsigned refusals = 0;

	(void)unused;
	for (unsigned f = 0; f < 2; f++) {
		struct buf good = {0};

		assert_int_equal(file_read(&good, files[f], 1 << 20, NULL), 0);
		for (size_t at = 0; at < good.len; at++) {
			for (unsigned how = 0; how < 4; how++) {
				uint8_t old = good.p[at];

				good.p[at] =
				    (uint8_t[]){0, 0xff, (uint8_t)(old ^ 1), (uint8_t)(old ^ 0x20)}[how];
				struct geodb *db = mmdb_load_bytes(good.p, good.len, "en", NULL);
				refusals += db == NULL;
				for (unsigned i = 0; db != NULL && i < 4; i++)
					assert_true(ask(db, addrs[i])->city < db->text_count);
				geodb_free(db);
				good.p[at] = old;
			}
			geodb_free(mmdb_load_bytes(good.p, at, "en", NULL));
		}
		buf_release(&good);
	}
	assert_true(refusals > 500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(layouts),
	    cmocka_unit_test(aliases_of_ipv4_are_left_out),
	    cmocka_unit_test(names_by_number),
	    cmocka_unit_test(trees_that_are_none),
	    cmocka_unit_test(records_that_expand),
	    cmocka_unit_test(metadata_that_expands),
	    cmocka_unit_test(texts_are_cleaned),
	    cmocka_unit_test(files_that_cannot_be_read),
	    cmocka_unit_test(damage_is_refused_or_harmless),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("mmdb", tests, NULL, NULL);
}
