/* UPDATE: what is read of sound ones, and what RFC 7606 makes of others. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>

#include "bgp/segments.h"
#include "bgp/update.h"
#include "hex.h"

enum { BOTH_FAMILIES = 1 << BGP_IPV4 | 1 << BGP_IPV6 };

static const struct bgp_terms ebgp = {.ebgp = true, .as4 = true, .families = BOTH_FAMILIES};
static const struct bgp_terms ibgp = {.as4 = true, .families = BOTH_FAMILIES};
static const struct bgp_terms old = {.ebgp = true, .families = BOTH_FAMILIES};

static struct buf scratch;

/* An UPDATE out of the hex digits of its three parts. */
static void
read_parts(
    struct update *u, const struct bgp_terms *t, const char *withdrawn, const char *attrs, const char *routes)
{
	static struct buf whole;
	struct buf part = {0};
	const char *const parts[3] = {withdrawn, attrs, routes};

	whole.len = 0;
	for (int i = 0; i < 3; i++) {
		struct str s = hex(&part, parts[i]);

		if (i < 2)
			buf_be16(&whole, (uint16_t)s.len);
		buf_add(&whole, s.p, s.len);
	}
	update_read(u, rd_from(whole.p, whole.len), t, &scratch);
	buf_release(&part);
}

/* All routes of a list: "192.0.2.0/24 10.0.0.0/8#7", the path identifier behind a hash. */
static const char *
routes_of(const struct nlri *lists, unsigned n)
{
	static struct buf text;
	char name[PREFIX_TEXT_MAX];
	struct prefix p;
	uint32_t id;

	text.len = 0;
	for (unsigned i = 0; i < n; i++) {
		struct rd r = lists[i].routes;

		while (rd_left(&r) > 0) {
			assert_int_equal(nlri_next(&r, &lists[i], &p, &id), 0);
			buf_printf(&text, "%s%s", text.len > 0 ? " " : "", prefix_text(name, &p));
			if (id != 0)
				buf_printf(&text, "#%u", (unsigned)id);
		}
	}
	return buf_cstr(&text);
}

/* A list of strings with spaces between them. */
static const char *
spaced(void (*list)(struct buf *out, struct str wire), struct str wire)
{
	static struct buf text;

	text.len = 0;
	list(&text, wire);
	for (size_t i = 0; i + 1 < text.len; i++)
		text.p[i] = text.p[i] != '\0' ? text.p[i] : ' ';
	return buf_cstr(&text);
}

#define ORIGIN "40 01 01 00"
#define AS_PATH "40 02 0e 02 03 0000fbf4 0001fbf5 00000001" /* 64500 130037 1 */
#define NEXT_HOP "40 03 04 c0000201"
#define SOUND ORIGIN AS_PATH NEXT_HOP
#define REACH6 "80 0e 1a 0002 01 10 20010db8000000000000000000000001 00 20 20010db8"
#define ROUTE "18 c63364" /* 198.51.100.0/24 */

static void
test_sound(void **state)
{
	struct update u;
	char text[ADDR_TEXT_MAX];

	(void)state;
	read_parts(&u, &ebgp, "08 0a 20 c0000207",
	    SOUND "80 04 04 00000064"
		  "c0 08 08 fbf40001 ffff029a"
		  "c0 20 0c 0000fbf4 00000001 00000002"
		  "c0 10 08 0002fbf400000064"
		  "40 06 00 c0 07 08 0000fbf4 c0000209" REACH6,
	    ROUTE "00");
	assert_int_equal(u.verdict, VERDICT_GOOD);
	assert_false(u.end_of_rib);
	assert_string_equal(routes_of(u.withdrawn, u.withdrawn_count), "10.0.0.0/8 192.0.2.7/32");
	assert_string_equal(
	    routes_of(u.announced, u.announced_count), "198.51.100.0/24 0.0.0.0/0 2001:db8::/32");
	assert_string_equal(addr_text(text, &u.announced[0].next_hop), "192.0.2.1");
	assert_string_equal(addr_text(text, &u.announced[1].next_hop), "2001:db8::1");
	assert_string_equal(spaced(segments_list, u.attrs.as_path), "64500 130037 1");
	assert_string_equal(spaced(communities_list, u.attrs.communities), "64500:1 65535:666");
	assert_string_equal(spaced(large_communities_list, u.attrs.large), "64500:1:2");
	assert_string_equal(spaced(extended_communities_list, u.attrs.extended), "rt:64500:100");
	assert_int_equal(u.attrs.med, 100);
	assert_int_equal(u.attrs.aggregator_as, 64500);
	assert_true(attrs_has(&u.attrs, BGP_ATTR_ATOMIC));
	assert_false(attrs_has(&u.attrs, BGP_ATTR_LOCAL_PREF));

	read_parts(
	    &u, &ibgp, "", SOUND "40 05 04 000000c8 80 09 04 c0000203 80 0a 08 0000000100000002", ROUTE);
	assert_int_equal(u.verdict, VERDICT_GOOD);
	assert_int_equal(u.attrs.local_pref, 200);
	assert_int_equal(u.attrs.originator, 0xc0000203);
	assert_int_equal(u.attrs.clusters.len, 8);

	/* From another AS these three mean nothing. */
	read_parts(
	    &u, &ebgp, "", SOUND "40 05 04 000000c8 80 09 04 c0000203 80 0a 08 0000000100000002", ROUTE);
	assert_int_equal(u.verdict, VERDICT_GOOD);
	assert_false(attrs_has(&u.attrs, BGP_ATTR_LOCAL_PREF));
	assert_false(attrs_has(&u.attrs, BGP_ATTR_ORIGINATOR));
	assert_false(attrs_has(&u.attrs, BGP_ATTR_CLUSTERS));
}

static void
test_families(void **state)
{
	struct update u;
	struct bgp_terms t = ebgp;
	char text[ADDR_TEXT_MAX];

	(void)state;
	/* With a link-local next hop behind the global one. */
	read_parts(&u, &ebgp, "",
	    ORIGIN AS_PATH "80 0e 2a 0002 01 20 20010db8000000000000000000000001"
			   "fe800000000000000000000000000001 00 20 20010db8",
	    "");
	assert_int_equal(u.verdict, VERDICT_GOOD);
	assert_string_equal(routes_of(u.announced, u.announced_count), "2001:db8::/32");
	assert_string_equal(addr_text(text, &u.announced[0].next_hop), "2001:db8::1");

	/* Of a family that was not agreed on nothing is taken, and it is no error. */
	t.families = 1 << BGP_IPV4;
	read_parts(&u, &t, "", ORIGIN AS_PATH REACH6 "80 0f 08 0002 01 20 20010db8", "");
	assert_int_equal(u.verdict, VERDICT_GOOD);
	assert_int_equal(u.announced_count + u.withdrawn_count, 0);
	assert_false(u.end_of_rib);

	/* IPv4 by an IPv6 next hop, only where agreed on. */
	static const char v4_by_v6[] =
	    ORIGIN AS_PATH "80 0e 19 0001 01 10 20010db8000000000000000000000001 00 18 c63364";
	t = ebgp;
	read_parts(&u, &t, "", v4_by_v6, "");
	assert_int_equal(u.verdict, VERDICT_RESET);
	t.next_hop6 = 1 << BGP_IPV4;
	read_parts(&u, &t, "", v4_by_v6, "");
	assert_int_equal(u.verdict, VERDICT_GOOD);
	assert_string_equal(routes_of(u.announced, u.announced_count), "198.51.100.0/24");
	assert_string_equal(addr_text(text, &u.announced[0].next_hop), "2001:db8::1");

	/* Path identifiers. */
	t.path_ids = 1 << BGP_IPV4;
	read_parts(&u, &t, "00000007 08 0a", SOUND REACH6, "00000001" ROUTE "00000002" ROUTE);
	assert_int_equal(u.verdict, VERDICT_GOOD);
	assert_string_equal(routes_of(u.withdrawn, u.withdrawn_count), "10.0.0.0/8#7");
	assert_string_equal(
	    routes_of(u.announced, u.announced_count), "198.51.100.0/24#1 198.51.100.0/24#2 2001:db8::/32");
}

static void
test_end_of_rib(void **state)
{
	struct update u;

	(void)state;
	read_parts(&u, &ebgp, "", "", "");
	assert_true(u.end_of_rib);
	assert_int_equal(u.family, BGP_IPV4);
	read_parts(&u, &ebgp, "", "80 0f 03 0002 01", "");
	assert_true(u.end_of_rib);
	assert_int_equal(u.family, BGP_IPV6);
	read_parts(&u, &ebgp, "", "80 0f 08 0002 01 20 20010db8", "");
	assert_false(u.end_of_rib);
	assert_string_equal(routes_of(u.withdrawn, u.withdrawn_count), "2001:db8::/32");
	read_parts(&u, &ebgp, "08 0a", "", "");
	assert_false(u.end_of_rib);
}

/* RFC 7606, case by case. */
static void
test_malformed(void **state)
{
	static const struct {
		const char *what;
		const struct bgp_terms *t;
		const char *withdrawn, *attrs, *routes;
		enum verdict verdict;
		int subcode;
	} cases[] = {
	    {"no ORIGIN", &ebgp, "", AS_PATH NEXT_HOP, ROUTE, VERDICT_WITHDRAW, 3},
	    {"no AS_PATH", &ebgp, "", ORIGIN NEXT_HOP, ROUTE, VERDICT_WITHDRAW, 3},
	    {"no NEXT_HOP", &ebgp, "", ORIGIN AS_PATH, ROUTE, VERDICT_WITHDRAW, 3},
	    {"no attributes", &ebgp, "", "", ROUTE, VERDICT_WITHDRAW, 3},
	    {"no NEXT_HOP, none needed", &ebgp, "", ORIGIN AS_PATH REACH6, "", VERDICT_GOOD, 0},
	    {"withdrawn alone", &ebgp, "08 0a", "", "", VERDICT_GOOD, 0},
	    {"ORIGIN 3", &ebgp, "", "40 01 01 03" AS_PATH NEXT_HOP, ROUTE, VERDICT_WITHDRAW, 6},
	    {"ORIGIN of 2 bytes", &ebgp, "", "40 01 02 0000" AS_PATH NEXT_HOP, ROUTE, VERDICT_WITHDRAW, 5},
	    {"ORIGIN of none", &ebgp, "", "40 01 00" AS_PATH NEXT_HOP, ROUTE, VERDICT_WITHDRAW, 5},
	    {"ORIGIN optional", &ebgp, "", "c0 01 01 00" AS_PATH NEXT_HOP, ROUTE, VERDICT_WITHDRAW, 4},
	    {"MED transitive", &ebgp, "", SOUND "c0 04 04 00000001", ROUTE, VERDICT_WITHDRAW, 4},
	    {"MED of 3 bytes", &ebgp, "", SOUND "80 04 03 000001", ROUTE, VERDICT_WITHDRAW, 5},
	    {"partial bit", &ebgp, "", SOUND "e0 08 04 fbf40001", ROUTE, VERDICT_GOOD, 0},
	    {"AS_PATH: segment type", &ebgp, "", ORIGIN NEXT_HOP "40 02 06 05 01 0000fbf4", ROUTE,
		VERDICT_WITHDRAW, 11},
	    {"AS_PATH: confederation", &ebgp, "", ORIGIN NEXT_HOP "40 02 06 03 01 0000fbf4", ROUTE,
		VERDICT_WITHDRAW, 11},
	    {"AS_PATH: empty segment", &ebgp, "", ORIGIN NEXT_HOP "40 02 02 02 00", ROUTE, VERDICT_WITHDRAW,
		11},
	    {"AS_PATH: overrun", &ebgp, "", ORIGIN NEXT_HOP "40 02 06 02 02 0000fbf4", ROUTE,
		VERDICT_WITHDRAW, 11},
	    {"AS_PATH: a byte left", &ebgp, "", ORIGIN NEXT_HOP "40 02 07 02 01 0000fbf4 02", ROUTE,
		VERDICT_WITHDRAW, 11},
	    {"AS_PATH: AS 0", &ebgp, "", ORIGIN NEXT_HOP "40 02 06 02 01 00000000", ROUTE, VERDICT_WITHDRAW,
		11},
	    {"AS_PATH: none, iBGP", &ibgp, "", ORIGIN NEXT_HOP "40 02 00", ROUTE, VERDICT_GOOD, 0},
	    {"NEXT_HOP of 3 bytes", &ebgp, "", ORIGIN AS_PATH "40 03 03 c00002", ROUTE, VERDICT_WITHDRAW, 5},
	    {"NEXT_HOP 0.0.0.0", &ebgp, "", ORIGIN AS_PATH "40 03 04 00000000", ROUTE, VERDICT_WITHDRAW, 8},
	    {"NEXT_HOP multicast", &ebgp, "", ORIGIN AS_PATH "40 03 04 e0000001", ROUTE, VERDICT_WITHDRAW, 8},
	    {"LOCAL_PREF of 3 bytes", &ibgp, "", SOUND "40 05 03 000001", ROUTE, VERDICT_WITHDRAW, 5},
	    {"LOCAL_PREF, eBGP", &ebgp, "", SOUND "40 05 03 000001", ROUTE, VERDICT_GOOD, 0},
	    {"ATOMIC_AGGREGATE of a byte", &ebgp, "", SOUND "40 06 01 00", ROUTE, VERDICT_DISCARD, 5},
	    {"AGGREGATOR of 6 bytes", &ebgp, "", SOUND "c0 07 06 fbf4c0000201", ROUTE, VERDICT_DISCARD, 0},
	    {"AGGREGATOR of 8, old", &old, "",
		ORIGIN NEXT_HOP "40 02 04 02 01 fbf4 c0 07 08 0000fbf4c0000201", ROUTE, VERDICT_DISCARD, 0},
	    {"COMMUNITIES of 5 bytes", &ebgp, "", SOUND "c0 08 05 fbf4000100", ROUTE, VERDICT_WITHDRAW, 5},
	    {"COMMUNITIES of none", &ebgp, "", SOUND "c0 08 00", ROUTE, VERDICT_WITHDRAW, 5},
	    {"ORIGINATOR_ID of 3 bytes", &ibgp, "", SOUND "80 09 03 000000", ROUTE, VERDICT_WITHDRAW, 5},
	    {"ORIGINATOR_ID, eBGP", &ebgp, "", SOUND "80 09 03 000000", ROUTE, VERDICT_GOOD, 0},
	    {"CLUSTER_LIST of 5 bytes", &ibgp, "", SOUND "80 0a 05 0000000000", ROUTE, VERDICT_WITHDRAW, 5},
	    {"extended of 7 bytes", &ebgp, "", SOUND "c0 10 07 00000000000000", ROUTE, VERDICT_WITHDRAW, 5},
	    {"large of 11 bytes", &ebgp, "", SOUND "c0 20 0b 0000000000000000000000", ROUTE, VERDICT_WITHDRAW,
		5},
	    {"twice: the first counts", &ebgp, "", SOUND ORIGIN "40 01 05", ROUTE, VERDICT_WITHDRAW, 1},
	    {"ORIGIN twice", &ebgp, "", SOUND "40 01 01 07", ROUTE, VERDICT_GOOD, 0},
	    {"unknown, optional", &ebgp, "", SOUND "c0 63 02 0000", ROUTE, VERDICT_GOOD, 0},
	    {"unknown, well-known", &ebgp, "", SOUND "40 63 02 0000", ROUTE, VERDICT_RESET, 2},
	    {"an attribute beyond the end", &ebgp, "", SOUND "c0 08 04 fbf4", ROUTE, VERDICT_WITHDRAW, 1},
	    {"half an attribute header", &ebgp, "", SOUND "c0", ROUTE, VERDICT_WITHDRAW, 1},
	    {"MP_REACH_NLRI twice", &ebgp, "", ORIGIN AS_PATH REACH6 REACH6, "", VERDICT_RESET, 1},
	    {"MP_REACH_NLRI too short", &ebgp, "", ORIGIN AS_PATH "80 0e 04 0002 01 10", "", VERDICT_RESET,
		9},
	    {"MP_REACH_NLRI: next hop of 8", &ebgp, "",
		ORIGIN AS_PATH "80 0e 0d 0002 01 08 0000000000000000 00", "", VERDICT_RESET, 9},
	    {"MP_REACH_NLRI: a prefix of 129", &ebgp, "",
		ORIGIN AS_PATH "80 0e 16 0002 01 10 20010db8000000000000000000000001 00 81", "",
		VERDICT_RESET, 9},
	    {"MP_REACH_NLRI: flags", &ebgp, "",
		ORIGIN AS_PATH "c0 0e 1a 0002 01 10 20010db8000000000000000000000001 00 20 20010db8", "",
		VERDICT_WITHDRAW, 4},
	    {"MP_UNREACH_NLRI cut short", &ebgp, "", "80 0f 06 0002 01 20 2001", "", VERDICT_RESET, 9},
	    {"a prefix of 33", &ebgp, "", SOUND, "21 c633640000", VERDICT_RESET, 10},
	    {"a prefix cut short", &ebgp, "", SOUND, "18 c633", VERDICT_RESET, 10},
	    {"withdrawn: a prefix of 33", &ebgp, "21 0000000000", "", "", VERDICT_RESET, 10},
	    {"no routes, ORIGIN 3", &ebgp, "", "40 01 01 03", "", VERDICT_RESET, 6},
	    {"no routes, AS_PATH of an unknown kind", &ebgp, "", "40 02 02 09 01", "", VERDICT_RESET, 11},
	    {"no routes, cut short", &ebgp, "18 c63364", "40 01", "", VERDICT_RESET, 1},
	    {"no routes, AGGREGATOR of 1 byte", &ebgp, "", "c0 07 01 00", "", VERDICT_DISCARD, 0},
	    {"the worst counts", &ebgp, "", "40 01 01 03" AS_PATH NEXT_HOP REACH6 REACH6, ROUTE,
		VERDICT_RESET, 1},
	};
	struct update u;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		read_parts(&u, cases[i].t, cases[i].withdrawn, cases[i].attrs, cases[i].routes);
		if (u.verdict != cases[i].verdict)
			fail_msg("%s: verdict %d: %s", cases[i].what, u.verdict, u.error.words.msg);
		if (u.verdict != VERDICT_GOOD && u.error.subcode != cases[i].subcode)
			fail_msg("%s: subcode %u: %s", cases[i].what, u.error.subcode, u.error.words.msg);
		/* Whatever is wrong with the attributes, the routes are known. */
		if (u.verdict == VERDICT_WITHDRAW && u.announced_count == 0)
			fail_msg("%s: which routes?", cases[i].what);
	}

	/* None that are ours, or only some to withdraw, which is done. */
	read_parts(&u, &ebgp, "", "80 0e 05 0019 46 00 00 40 01 01 03", "");
	assert_int_equal(u.verdict, VERDICT_WITHDRAW);
	read_parts(&u, &ebgp, "", "c0 0f 08 0002 01 20 20010db8", "");
	assert_int_equal(u.verdict, VERDICT_WITHDRAW);
	assert_string_equal(routes_of(u.withdrawn, u.withdrawn_count), "2001:db8::/32");

	static const char *const lengths[] = {"", "00", "0001", "000000", "00000001", "0002 18c633 0000"};
	struct buf b = {0};
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct str s = hex(&b, lengths[i]);

		update_read(&u, rd_from(s.p, s.len), &ebgp, &scratch);
		assert_int_equal(u.verdict, VERDICT_RESET);
		assert_int_equal(u.error.code, BGP_ERR_UPDATE);
	}
	buf_release(&b);
}

/* RFC 6793: speakers of two bytes. */
static void
test_old(void **state)
{
	static const struct {
		const char *attrs, *path;
		unsigned aggregator;
	} cases[] = {
	    {"40 02 08 02 03 fbf4 fbf5 0001", "64500 64501 1", 0},
	    /* 23456 23456 stand for what AS4_PATH tells */
	    {"40 02 08 02 03 fbf4 5ba0 5ba0 c0 11 0a 02 02 00010000 00010001", "64500 65536 65537", 0},
	    {"40 02 0c 02 02 fbf4 fbf5 02 02 5ba0 5ba0 c0 11 0a 02 02 00010000 00010001",
		"64500 64501 65536 65537", 0},
	    /* a longer one is not believed */
	    {"40 02 04 02 01 fbf4 c0 11 0a 02 02 00010000 00010001", "64500", 0},
	    /* a set counts as one, and is taken whole */
	    {"40 02 0c 01 03 fbf4 fbf5 fbf6 02 01 5ba0 c0 11 06 02 01 00010000", "{64500,64501,64502} 65536",
		0},
	    /* malformed: as if it were not there */
	    {"40 02 04 02 01 5ba0 c0 11 05 02 01 000100", "23456", 0},
	    {"40 02 04 02 01 5ba0 c0 07 06 5ba0 c0000201 c0 12 08 00010000 c0000201 c0 11 06 02 01 00010000",
		"65536", 65536},
	    /* the aggregator knew no AS4_PATH: what comes along is stale */
	    {"40 02 04 02 01 5ba0 c0 07 06 fbf4 c0000201 c0 12 08 00010000 c0000201 c0 11 06 02 01 00010000",
		"23456", 64500},
	};
	struct update u;
	char attrs[300];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		snprintf(attrs, sizeof attrs, "%s%s%s", ORIGIN, NEXT_HOP, cases[i].attrs);
		read_parts(&u, &old, "", attrs, ROUTE);
		assert_true(u.verdict <= VERDICT_DISCARD);
		assert_string_equal(spaced(segments_list, u.attrs.as_path), cases[i].path);
		assert_int_equal(u.attrs.aggregator_as, cases[i].aggregator);
	}
	/* A speaker of four bytes has no business with AS4_PATH. */
	read_parts(&u, &ebgp, "", SOUND "c0 11 06 02 01 00010000", ROUTE);
	assert_int_equal(u.verdict, VERDICT_GOOD);
	assert_string_equal(spaced(segments_list, u.attrs.as_path), "64500 130037 1");
}

static void
test_paths(void **state)
{
	static const struct {
		const char *path;
		unsigned length;
		uint32_t first, origin;
	} cases[] = {
	    {"", 0, 0, 0},
	    {"02 01 0000fbf4", 1, 64500, 64500},
	    {"02 02 0000fbf4 0000fbf5", 2, 64500, 64501},
	    {"02 01 0000fbf4 01 02 0000fbf5 0000fbf6", 2, 64500, 0},
	    {"01 02 0000fbf5 0000fbf6", 1, 0, 0},
	    {"02 01 0000fbf4 02 01 0000fbf5", 2, 64500, 64501},
	};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str path = hex(&b, cases[i].path);

		assert_int_equal(segments_length(path), cases[i].length);
		assert_int_equal(segments_first(path), cases[i].first);
		assert_int_equal(segments_origin(path), cases[i].origin);
	}
	struct str path = hex(&b, "02 01 0000fbf4 01 02 0000fbf5 0000fbf6");
	assert_true(segments_has(path, 64502));
	assert_false(segments_has(path, 64503));
	buf_release(&b);
}

static void
test_communities(void **state)
{
	static const struct {
		const char *text, *wire;
	} cases[] = {
	    {"64500:1", "fbf40001"},
	    {"0:0", "00000000"},
	    {"65535:65535", "ffffffff"},
	    {"blackhole", "ffff029a"},
	    {"no-export", "ffffff01"},
	    {"64500:1:2", "0000fbf40000000100000002"},
	    {"4294967295:4294967295:4294967295", "ffffffffffffffffffffffff"},
	    {"65536:1", ""},
	    {"1:65536", ""},
	    {"4294967296:1:1", ""},
	    {"1", ""},
	    {":", ""},
	    {"1:", ""},
	    {":1", ""},
	    {"1:2:3:4", ""},
	    {"1:2 ", ""},
	    {"-1:2", ""},
	    {"no-such", ""},
	    {"", ""},
	};
	struct buf b = {0};
	uint8_t out[12];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str wire = hex(&b, cases[i].wire);

		if (community_write(out, str_from(cases[i].text)) != wire.len)
			fail_msg("'%s'", cases[i].text);
		assert_memory_equal(out, wire.p != NULL ? wire.p : "", wire.len);
	}
	buf_release(&b);
}

/* What is written is read as the same. */
static void
test_written(void **state)
{
	static const char *const prefixes[] = {
	    "0.0.0.0/0", "198.51.100.7/32", "10.0.0.0/9", "::/0", "2001:db8::/33", "2001:db8::1/128"};
	struct buf b = {0};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		struct prefix p;
		assert_int_equal(prefix_parse(&p, str_from(prefixes[i]), &e), 0);
		b.len = 0;
		nlri_write(&b, &p);
		struct nlri n = {.family = i < 3 ? BGP_IPV4 : BGP_IPV6, .routes = rd_from(b.p, b.len)};
		assert_string_equal(routes_of(&n, 1), prefixes[i]);
	}
	b.len = 0;
	uint8_t value[300] = {0};
	attr_write(&b, BGP_FLAG_OPTIONAL, BGP_ATTR_COMMUNITIES, value, 8);
	attr_write(&b, BGP_FLAG_OPTIONAL, BGP_ATTR_COMMUNITIES, value, sizeof value);
	assert_int_equal(b.len, 3 + 8 + 4 + sizeof value);
	assert_memory_equal(b.p, "\x80\x08\x08", 3);
	assert_memory_equal(b.p + 11, "\x90\x08\x01\x2c", 4);
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sound),
	    cmocka_unit_test(test_families),
	    cmocka_unit_test(test_end_of_rib),
	    cmocka_unit_test(test_malformed),
	    cmocka_unit_test(test_old),
	    cmocka_unit_test(test_paths),
	    cmocka_unit_test(test_communities),
	    cmocka_unit_test(test_written),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_release(&scratch);
	return failed;
}
