/* The prefix table file: what is written is read, and what is damaged is refused. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/hash.h"
#include "io/fdio.h"
#include "route/table.h"

static char dir[] = "/tmp/nf-table-XXXXXX";
static char path[64];

#define LIST(literal) ((struct str){literal, sizeof(literal)}) /* the last NUL is the literal's own */

static struct prefix
prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(&p, str_from(text), NULL), 0);
	return p;
}

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, str_from(text)), 0);
	return a;
}

static void
add(struct table_builder *b, const char *text, const struct route *r)
{
	struct prefix p = prefix(text);
	struct err e;

	if (table_builder_add(b, &p, r, &e) == -1)
		fail_msg("%s", e.msg);
}

static struct route
full_route(void)
{
	return (struct route){
	    .present = ROUTE_ALL,
	    .next_hop = addr("192.0.2.1"),
	    .peer = addr("2001:db8::9"),
	    .local_pref = 100,
	    .med = 4294967295,
	    .as_path = LIST("64500\0{64501,64502}"),
	    .communities = LIST("64500:1\0"
				"64500:2"),
	    .large_communities = LIST("64500:1:2"),
	};
}

/* Three prefixes, two of which share their route. */
static void
table_make(void)
{
	struct route r = full_route(), bare = {0};
	struct table_builder b;
	struct err e;

	table_builder_init(&b);
	add(&b, "203.0.113.0/24", &r);
	add(&b, "203.0.113.128/25", &bare);
	add(&b, "2001:db8::/32", &r);
	if (table_builder_write(&b, path, 1700000000, &e) == -1)
		fail_msg("%s", e.msg);
	table_builder_release(&b);
}

static void
route_is(const struct table *t, const char *a, const struct route *want)
{
	struct addr asked = addr(a);
	uint32_t n = lpm_lookup(&t->lpm, &asked);
	struct route r;

	assert_int_not_equal(n, 0);
	table_route(t, n - 1, &r);
	assert_int_equal(r.present, want->present);
	assert_true(addr_eq(&r.next_hop, &want->next_hop));
	assert_true(addr_eq(&r.peer, &want->peer));
	assert_int_equal(r.local_pref, want->local_pref);
	assert_int_equal(r.med, want->med);
	assert_true(str_eq(r.as_path, want->as_path));
	assert_true(str_eq(r.communities, want->communities));
	assert_true(str_eq(r.large_communities, want->large_communities));
}

static void
written_is_read(void **unused)
{
	struct route r = full_route(), bare = {.as_path = {"", 0}};
	struct addr none = addr("203.0.114.1");
	struct table t;
	struct stat st;
	struct err e;

	(void)unused;
	table_make();
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0444);
	if (table_open(&t, path, &e) == -1)
		fail_msg("%s", e.msg);
	assert_int_equal(t.route_count, 2);
	assert_int_equal(t.prefix_count, 3);
	assert_int_equal(t.created, 1700000000);
	route_is(&t, "203.0.113.1", &r);
	route_is(&t, "203.0.113.129", &bare);
	route_is(&t, "2001:db8::1", &r);
	assert_int_equal(lpm_lookup(&t.lpm, &none), 0);
	table_close(&t);
}

static void
a_reader_keeps_its_table(void **unused)
{
	struct route r = full_route();
	struct table_builder b;
	struct table old, new;
	struct addr a = addr("203.0.113.1");

	(void)unused;
	table_make();
	assert_int_equal(table_open(&old, path, NULL), 0);
	table_builder_init(&b);
	assert_int_equal(table_builder_write(&b, path, 1700000001, NULL), 0);
	table_builder_release(&b);
	assert_int_equal(table_open(&new, path, NULL), 0);
	assert_int_equal(new.prefix_count, 0);
	assert_int_equal(lpm_lookup(&new.lpm, &a), 0);
	route_is(&old, "203.0.113.1", &r);
	table_close(&old);
	table_close(&new);
}

static void
bad_lists_are_refused(void **unused)
{
	static char huge[ROUTE_LIST_MAX + 1];
	struct route r = {.present = ROUTE_AS_PATH, .as_path = {huge, sizeof huge}};
	struct prefix p = prefix("203.0.113.0/24");
	struct table_builder b;
	struct err e;

	(void)unused;
	table_builder_init(&b);
	assert_int_equal(table_builder_add(&b, &p, &r, &e), -1);
	assert_string_equal(e.msg, "203.0.113.0/24: a list of over 32768 bytes or without its end");
	r.as_path = STR("64500");
	assert_int_equal(table_builder_add(&b, &p, &r, &e), -1);
	table_builder_release(&b);
}

static void
refused(const struct buf *b, const char *words)
{
	struct table t;
	struct err e;

	assert_int_equal(file_replace(path, b->p, b->len, 0444, 0, NULL), 0);
	assert_int_equal(table_open(&t, path, &e), -1);
	if (strstr(e.msg, path) == NULL || strstr(e.msg, words) == NULL)
		fail_msg("'%s' instead of '%s'", e.msg, words);
}

static void
damage_is_refused(void **unused)
{
	struct buf good = {0};
	struct table t;
	struct err e;

	(void)unused;
	table_make();
	assert_int_equal(file_read(&good, path, 1 << 20, NULL), 0);
	for (size_t i = 0; i < good.len; i += i < sizeof(struct table_head) ? 1 : 7) {
		good.p[i] ^= 0x10;
		refused(&good, "");
		good.p[i] ^= 0x10;
	}
	size_t len = good.len;
	for (good.len = 1; good.len < len; good.len += 37)
		refused(&good, "");
	good.len = len;
	assert_int_equal(table_open(&t, "/nonexistent/table", &e), -1);
	assert_non_null(strstr(e.msg, "/nonexistent/table: No such file"));
	assert_int_equal(table_open(&t, "/dev/zero", &e), -1);
	buf_release(&good);
}

/* Damage under checksums that hold: by a writer with a fault, not by a disk. */
static void
nonsense_with_good_checksums_is_refused(void **unused)
{
	struct buf good = {0};
	struct table_head *h;
	unsigned opened = 0;
	struct table t;

	(void)unused;
	table_make();
	assert_int_equal(file_read(&good, path, 1 << 20, NULL), 0);
	h = (void *)good.p;
	for (size_t i = sizeof *h; i < good.len; i++) {
		good.p[i] ^= 0x81;
		h->payload_hash = hash64(h + 1, good.len - sizeof *h);
		h->head_hash = hash64(h, offsetof(struct table_head, head_hash));
		assert_int_equal(file_replace(path, good.p, good.len, 0444, 0, NULL), 0);
		if (table_open(&t, path, NULL) == 0) {
			struct addr a = addr("203.0.113.200");
			struct prefix p;
			struct route r;
			uint32_t n;

			opened++;
			for (n = 0; n < t.route_count; n++)
				table_route(&t, n, &r);
			for (n = 0; n < t.prefix_count; n++)
				assert_in_range(table_prefix(&t, n, &p), 0, t.route_count - 1);
			table_find(&t, &a, &p, &n);
			table_close(&t);
		}
		good.p[i] ^= 0x81;
	}
	assert_true(opened > 0 && opened < good.len / 2);
	h->version = TABLE_VERSION + 1;
	refused(&good, "it has version 3, not 2");
	buf_release(&good);
}

/* Every prefix of the table, as text with its med. */
static const char *
prefixes_told(const struct table *t, struct buf *out)
{
	out->len = 0;
	for (uint32_t n = 0; n < t->prefix_count; n++) {
		char text[PREFIX_TEXT_MAX];
		struct prefix p;
		struct route r;

		table_route(t, table_prefix(t, n, &p), &r);
		buf_printf(out, "%s=%u ", prefix_text(text, &p), r.med);
	}
	return buf_cstr(out);
}

static void
prefixes_are_kept(void **unused)
{
	static const char *const texts[] = {"2001:db8::/32", "10.0.0.0/8", "0.0.0.0/0", "10.1.0.0/16",
	    "255.255.255.255", "10.0.0.0/16", "::/0", "2001:db8::1", "2001:db8:0:1::/64", "10.0.0.0/8"};
	struct table_builder b;
	struct buf out = {0};
	struct table t;

	(void)unused;
	table_builder_init(&b);
	for (uint32_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct route r = {.present = ROUTE_MED | ROUTE_LOCAL_PREF, .med = i % 3, .local_pref = i};

		add(&b, texts[i], &r);
	}
	assert_int_equal(table_builder_write(&b, path, 1, NULL), 0);
	table_builder_release(&b);
	assert_int_equal(table_open(&t, path, NULL), 0);
	assert_string_equal(prefixes_told(&t, &out),
	    "0.0.0.0/0=2 10.0.0.0/8=0 10.0.0.0/16=2 10.1.0.0/16=0 255.255.255.255/32=1 "
	    "::/0=0 2001:db8::/32=0 2001:db8::1/128=1 2001:db8:0:1::/64=2 ");
	buf_release(&out);
	table_close(&t);
}

/* The tree and the prefixes must answer alike, whatever is asked. */
static void
prefixes_are_found(void **unused)
{
	struct table_builder b;
	uint64_t state = 4711;
	struct table t;

	(void)unused;
	table_builder_init(&b);
	for (uint32_t i = 0; i < 20000; i++) {
		uint64_t w[2] = {state = state * 6364136223846793005 + 1442695040888963407, state * 31};
		struct prefix p = {.addr = i % 3 == 0 ? addr_from_bytes(w, true)
						      : addr_from_v4((uint32_t)(state >> 40) << 8)};
		struct route r = {.present = ROUTE_MED, .med = i};

		p.len = (uint8_t)(addr_is_v4(&p.addr) ? 96 + (state >> 20) % 33 : (state >> 20) % 129);
		if (i % 3 == 0)
			p.addr.b[0] = p.addr.b[1] = 0x20;
		addr_mask(&p.addr, p.len);
		assert_int_equal(table_builder_add(&b, &p, &r, NULL), 0);
	}
	assert_int_equal(table_builder_write(&b, path, 1, NULL), 0);
	table_builder_release(&b);
	assert_int_equal(table_open(&t, path, NULL), 0);
	for (uint32_t i = 0; i < 20000; i++) {
		uint64_t w[2] = {state = state * 6364136223846793005 + 1442695040888963407, state * 17};
		struct addr a = i % 2 == 0 ? addr_from_bytes(w, true) : addr_from_v4((uint32_t)(state >> 32));
		struct prefix p;
		uint32_t route;

		if (i % 4 == 0)
			a.b[0] = a.b[1] = 0x20;
		bool found = table_find(&t, &a, &p, &route);
		assert_int_equal(lpm_lookup(&t.lpm, &a), found ? route + 1 : 0);
		assert_true(!found || prefix_contains(&p, &a));
	}
	table_close(&t);
}

/* Which of two routes for a prefix counts, whichever comes first. */
static void
the_better_route_counts(void **unused)
{
	const struct route base = {.present = ROUTE_AS_PATH, .as_path = LIST("1\0002")};
	struct route better[6], worse[6];

	(void)unused;
	for (unsigned i = 0; i < 6; i++)
		better[i] = worse[i] = base;
	better[0].present |= ROUTE_LOCAL_PREF; /* over the path */
	better[0].local_pref = 101;
	better[0].as_path = LIST("1\0002\0003");
	worse[1].present |= ROUTE_LOCAL_PREF;
	worse[1].local_pref = 99;
	better[2].as_path = LIST("{1,2,3}\000(4 5)"); /* the path over the med */
	better[2].present |= ROUTE_MED;
	better[2].med = 5;
	worse[3].present |= ROUTE_MED; /* the med over the peer */
	worse[3].med = 1;
	worse[3].present |= ROUTE_PEER;
	worse[3].peer = addr("192.0.2.1");
	better[3].present |= ROUTE_PEER;
	better[3].peer = addr("192.0.2.2");
	better[4].present |= ROUTE_PEER;
	better[4].peer = addr("192.0.2.9");
	worse[4].present |= ROUTE_PEER;
	worse[4].peer = addr("192.0.2.10");
	better[5].present |= ROUTE_PEER;
	better[5].peer = addr("2001:db8::1");
	for (unsigned i = 0; i < 6; i++) {
		for (unsigned order = 0; order < 4; order++) {
			struct table_builder b;
			struct table t;

			table_builder_init(&b);
			add(&b, "10.0.0.0/8", order & 1 ? &better[i] : &worse[i]);
			if (order & 2) /* side by side, or found only when all are sorted */
				add(&b, "11.0.0.0/8", &base);
			add(&b, "10.0.0.0/8", order & 1 ? &worse[i] : &better[i]);
			assert_int_equal(table_builder_write(&b, path, 1, NULL), 0);
			table_builder_release(&b);
			assert_int_equal(table_open(&t, path, NULL), 0);
			route_is(&t, "10.0.0.1", &better[i]);
			table_close(&t);
		}
	}
}

/* Many peers say much of the same few prefixes: what lost does not stay. */
static void
what_lost_is_dropped(void **unused)
{
	struct table_builder b;
	struct buf out = {0};
	struct table t;

	(void)unused;
	table_builder_init(&b);
	for (uint32_t i = 0; i < 2500000; i++) {
		struct prefix p = {addr_from_v4((i % 3) << 24), 96 + 8};
		struct route r = {.present = ROUTE_MED, .med = 3000000 - i};

		assert_int_equal(table_builder_add(&b, &p, &r, NULL), 0);
	}
	assert_int_equal(b.settled, 1);
	assert_true(b.routes.len < 600000 * sizeof(struct table_route));
	assert_int_equal(table_builder_write(&b, path, 1, NULL), 0);
	table_builder_release(&b);
	assert_int_equal(table_open(&t, path, NULL), 0);
	assert_int_equal(t.route_count, 3);
	assert_string_equal(prefixes_told(&t, &out), "0.0.0.0/8=500001 1.0.0.0/8=500003 2.0.0.0/8=500002 ");
	buf_release(&out);
	table_close(&t);
}

static int
setup(void **unused)
{
	(void)unused;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/table", dir);
	return 0;
}

static int
teardown(void **unused)
{
	(void)unused;
	unlink(path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(written_is_read),
	    cmocka_unit_test(a_reader_keeps_its_table),
	    cmocka_unit_test(prefixes_are_kept),
	    cmocka_unit_test(prefixes_are_found),
	    cmocka_unit_test(the_better_route_counts),
	    cmocka_unit_test(what_lost_is_dropped),
	    cmocka_unit_test(bad_lists_are_refused),
	    cmocka_unit_test(damage_is_refused),
	    cmocka_unit_test(nonsense_with_good_checksums_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("table", tests, setup, teardown);
}
