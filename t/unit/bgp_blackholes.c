/* Requests, fuses by a clock of the test's own, expiry, and what a restart finds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bgp/blackholes.h"
#include "io/fdio.h"

static char dir[] = "/tmp/bgp_blackholes.XXXXXX";
static char path[64];
static struct err err;

static void
test_requests(void **state)
{
	static const struct {
		const char *text, *words; /* NULL: good */
	} cases[] = {
	    {"{\"prefix\":\"198.51.100.7\"}", NULL},
	    {" { \"prefix\" : \"2001:db8::/64\" , \"ttl\" : 0 } ", NULL},
	    {"{\"prefix\":\"198.51.100.7\",\"communities\":[]}", NULL},
	    {"{\"prefix\":\"198.51.100.7\",\"communities\":[\"no-export\",\"4200000000:1:2\"]}", NULL},
	    {"{\"prefix\":\"198.51.100.7\",\"rule\":\"a\\u002db\"}", NULL},
	    {"", "object"},
	    {"null", "object"},
	    {"{}", "missing"},
	    {"{\"prefix\":\"198.51.100.7\"", "'}'"},
	    {"{\"prefix\":\"198.51.100.7\"}}", "the end"},
	    {"{\"prefix\":\"198.51.100.7\",}", ""},
	    {"{\"prefix\":\"198.51.100.7\",\"prefix\":\"198.51.100.7\"}", "twice"},
	    {"{\"prefix\":\"198.51.100.7/24\"}", "prefix"},
	    {"{\"prefix\":null}", "prefix"},
	    {"{\"prefix\":\"198.51.100.7\",\"ttl\":31622401}", "ttl"},
	    {"{\"prefix\":\"198.51.100.7\",\"ttl\":1.5}", "ttl"},
	    {"{\"prefix\":\"198.51.100.7\",\"communities\":[1]}", "communities"},
	    {"{\"prefix\":\"198.51.100.7\",\"communities\":[\"1:2:3:4\"]}", "communities"},
	    {"{\"prefix\":\"198.51.100.7\",\"rule\":\"two\\nlines\"}", NULL},
	    {"{\"prefix\":\"198.51.100.7\",\"id\":\"\\u00e9\"}", NULL},
	    {"{\"prefix\":\"198.51.100.7\",\"id\":7}", "id"},
	    {"{\"prefix\":\"198.51.100.7\",\"expires\":99999999999999}", "expires"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct request r;
		int got = request_parse(&r, str_from(cases[i].text), &err);

		if (got != (cases[i].words == NULL ? 0 : -1))
			fail_msg("%s: %d %s", cases[i].text, got, got == -1 ? err.msg : "");
		if (got == -1 && strstr(err.msg, cases[i].words) == NULL)
			fail_msg("%s: %s", cases[i].text, err.msg);
	}
}

static void
test_names(void **state)
{
	struct request r;
	char text[300];

	(void)state;
	assert_int_equal(
	    request_parse(&r, STR("{\"prefix\":\"::1\",\"rule\":\"a b|c\\n\\\"\\\\\\u00e9\"}"), &err), 0);
	assert_string_equal(r.rule, "a_b_c_____");
	snprintf(text, sizeof text, "{\"prefix\":\"::1\",\"id\":\"%0100d\"}", 0);
	assert_int_equal(request_parse(&r, str_from(text), &err), 0);
	assert_int_equal(strlen(r.id), REQUEST_NAME_MAX);
}

static void
test_many_communities(void **state)
{
	struct buf text = {0};
	struct request r;

	(void)state;
	for (int n = REQUEST_COMMUNITIES_MAX; n <= REQUEST_COMMUNITIES_MAX + 1; n++) {
		text.len = 0;
		buf_puts(&text, "{\"prefix\":\"198.51.100.7\",\"communities\":[\"1:2\"");
		for (int i = 1; i < n; i++)
			buf_printf(&text, ",\"64496:%d\"", i);
		buf_puts(&text, "]}");
		assert_int_equal(request_parse(&r, (struct str){(char *)text.p, text.len}, &err),
		    n > REQUEST_COMMUNITIES_MAX ? -1 : 0);
	}
	buf_release(&text);
}

/* What was told, a letter an event: A(nnounced), W(ithdrawn), E(xpired). */
static char told[256];

static void
on_event(void *arg, const struct blackhole *b, enum blackhole_event ev, int64_t now)
{
	size_t n = strlen(told);

	(void)arg;
	(void)b;
	(void)now;
	assert_true(n + 1 < sizeof told);
	told[n] = "AWE"[ev];
	told[n + 1] = '\0';
}

static void
begin(struct blackholes *bs)
{
	blackholes_init(bs);
	bs->tell = on_event;
	bs->settings = (struct blackholes_settings){
	    .has_next_hop = {true, true}, .max_active = 100, .max_rate = 100, .min_length = {32, 128}};
	assert_int_equal(addr_parse(&bs->settings.next_hop[0], STR("192.0.2.1")), 0);
	assert_int_equal(addr_parse(&bs->settings.next_hop[1], STR("100::1")), 0);
	assert_int_equal(request_community(&bs->settings.defaults, STR("blackhole")), 0);
	told[0] = '\0';
}

static int
announce(struct blackholes *bs, const char *host, unsigned ttl, int64_t now)
{
	char text[128];
	struct request r;

	snprintf(text, sizeof text, "{\"prefix\":\"%s\",\"ttl\":%u}", host, ttl);
	assert_int_equal(request_parse(&r, str_from(text), &err), 0);
	return blackholes_announce(bs, &r, now, &err);
}

static const struct blackhole *
find(const struct blackholes *bs, const char *host)
{
	struct prefix p;

	assert_int_equal(prefix_parse(&p, str_from(host), &err), 0);
	return blackholes_find(bs, &p);
}

static void
test_fuses(void **state)
{
	const int64_t start = INT64_C(1700000000000), minute = 60000;
	struct blackholes bs;
	char host[32];

	(void)state;
	begin(&bs);
	bs.settings.dry_run = true;
	bs.settings.max_rate = 3;
	bs.settings.max_active = 5;
	assert_int_equal(announce(&bs, "198.51.100.1", 0, start), 200);
	assert_int_equal(announce(&bs, "198.51.100.2", 0, start), 200);
	assert_int_equal(announce(&bs, "198.51.100.3", 0, start), 200);
	assert_int_equal(announce(&bs, "198.51.100.4", 0, start), 429);
	assert_int_equal(announce(&bs, "198.51.100.1", 0, start), 200); /* known */
	assert_int_equal(announce(&bs, "198.51.100.4", 0, start + minute / 3 - 1), 429);
	assert_int_equal(announce(&bs, "198.51.100.4", 0, start + minute / 3), 200);
	/* A clock that is set back gives nothing, and takes nothing for good. */
	assert_int_equal(announce(&bs, "198.51.100.5", 0, start - minute), 429);
	assert_int_equal(announce(&bs, "198.51.100.5", 0, start - minute / 2), 200);
	assert_int_equal(announce(&bs, "198.51.100.6", 0, start + 10 * minute), 429);
	assert_non_null(strstr(err.msg, "5 blackholes are active"));
	/* A long pause saves up no more than a minute's worth. */
	bs.settings.max_active = 100;
	for (int i = 6; i <= 9; i++) {
		snprintf(host, sizeof host, "198.51.100.%d", i);
		assert_int_equal(announce(&bs, host, 0, start + 100 * minute), i < 9 ? 200 : 429);
	}
	bs.settings.max_rate = 0;
	assert_int_equal(announce(&bs, "198.51.100.9", 0, start + 200 * minute), 429);
	assert_int_equal(bs.refused, 6);
	blackholes_release(&bs);
}

static void
test_expiry(void **state)
{
	struct blackholes bs;

	(void)state;
	begin(&bs);
	bs.settings.dry_run = true;
	assert_int_equal(blackholes_expire(&bs, 1000), 0);
	announce(&bs, "198.51.100.1", 10, 1000);
	announce(&bs, "198.51.100.2", 20, 1000);
	announce(&bs, "198.51.100.3", 0, 1000);
	assert_int_equal(blackholes_expire(&bs, 10999), 11000);
	assert_string_equal(told, "AAA");
	assert_int_equal(blackholes_expire(&bs, 11000), 21000);
	assert_null(find(&bs, "198.51.100.1"));
	/* Announced anew: a new time, but it began when it began. */
	announce(&bs, "198.51.100.2", 20, 12000);
	assert_int_equal(find(&bs, "198.51.100.2")->since_ms, 1000);
	assert_int_equal(blackholes_expire(&bs, 21000), 32000);
	assert_int_equal(blackholes_expire(&bs, 99000), 0);
	assert_string_equal(told, "AAAEAE");
	assert_non_null(find(&bs, "198.51.100.3"));
	blackholes_release(&bs);
}

static void
write_file(const char *text)
{
	assert_int_equal(file_replace(path, text, strlen(text), 0640, 0, &err), 0);
}

#define FIRST "nf-bgpd announcements 1\n"
#define ONE "+{\"prefix\":\"198.51.100.1/32\",\"next_hop\":\"192.0.2.1\",\"communities\":[],\"since\":1000}\n"
#define TWO                                                                         \
	"+{\"prefix\":\"198.51.100.2/"                                              \
	"32\",\"next_hop\":\"192.0.2.1\",\"communities\":[\"1:2\"],\"since\":1000," \
	"\"expires\":5000}\n"

static void
test_restart(void **state)
{
	static const struct {
		const char *file;
		int count; /* -1: refused */
		const char *told;
	} cases[] = {
	    {"", 0, ""},
	    {FIRST, 0, ""},
	    {FIRST ONE, 1, ""},
	    {FIRST ONE ONE, 1, ""},
	    {FIRST ONE TWO, 1, "E"},
	    {FIRST ONE "-{\"prefix\":\"198.51.100.1/32\"}\n", 0, ""},
	    {FIRST ONE "*\n", 0, ""},
	    {FIRST "*\n=\n" ONE, 1, ""},
	    {FIRST ONE "-{\"prefix\":\"198.51.100.1/32\"}", 1, ""}, /* torn off */
	    {FIRST ONE "+{\"pre", 1, ""},
	    {FIRST "+{\"pre\n" ONE, -1, ""},
	    {FIRST "\n", -1, ""},
	    {FIRST "+{\"prefix\":\"198.51.100.1/32\"}\n", -1, ""},
	    {FIRST "*x\n", -1, ""},
	    {"nf-bgpd announcements 3\n" ONE, -1, ""},
	    {"nf-bgpd announcements 1", -1, ""},
	    {"\n", -1, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct blackholes bs;
		struct buf after = {0};

		write_file(cases[i].file);
		begin(&bs);
		int r = blackholes_open(&bs, dir, 5000, &err), count = cases[i].count;
		if (r != (count == -1 ? -1 : 0) || (int)bs.by_prefix.count != (count == -1 ? 0 : count))
			fail_msg("case %zu: %d, %zu: %s", i, r, bs.by_prefix.count, r == -1 ? err.msg : "");
		assert_string_equal(told, cases[i].told);
		assert_int_equal(blackholes_usable(&bs), r == 0);
		assert_int_equal(announce(&bs, "198.51.100.9", 0, 6000), r == -1       ? 500
									 : bs.disarmed ? 409
										       : 200);
		blackholes_release(&bs);
		/* A file that was refused is as it was. */
		assert_int_equal(file_read(&after, path, 1 << 20, &err), 0);
		if (count == -1)
			assert_string_equal(buf_cstr(&after), cases[i].file);
		buf_release(&after);
	}
}

static void
test_disarmed(void **state)
{
	struct blackholes bs;

	(void)state;
	unlink(path);
	begin(&bs);
	assert_int_equal(blackholes_open(&bs, dir, 1000, &err), 0);
	assert_int_equal(announce(&bs, "198.51.100.1", 0, 1000), 200);
	assert_int_equal(announce(&bs, "2001:db8::1", 0, 1000), 200);
	assert_int_equal(blackholes_flush(&bs, 1000, &err), 200);
	assert_string_equal(told, "AAWW");
	assert_int_equal(announce(&bs, "198.51.100.1", 0, 1000), 409);
	blackholes_release(&bs);
	begin(&bs);
	assert_int_equal(blackholes_open(&bs, dir, 2000, &err), 0);
	assert_int_equal(announce(&bs, "198.51.100.1", 0, 2000), 409);
	assert_int_equal(blackholes_arm(&bs, &err), 200);
	assert_int_equal(announce(&bs, "198.51.100.1", 0, 2000), 200);
	blackholes_release(&bs);
	begin(&bs);
	assert_int_equal(blackholes_open(&bs, dir, 3000, &err), 0);
	assert_false(bs.disarmed);
	assert_int_equal(bs.by_prefix.count, 1);
	blackholes_release(&bs);
}

/* The history goes when it is most of the file. */
static void
test_history(void **state)
{
	struct blackholes bs;
	struct stat st;

	(void)state;
	unlink(path);
	begin(&bs);
	assert_int_equal(blackholes_open(&bs, dir, 1000, &err), 0);
	assert_int_equal(announce(&bs, "2001:db8::1", 0, 1000), 200);
	for (int i = 0; i < 1500; i++) {
		told[0] = '\0';
		assert_int_equal(announce(&bs, "198.51.100.1", 0, 1000 + i), 200);
	}
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 100 * 1000);
	blackholes_release(&bs);
	begin(&bs);
	assert_int_equal(blackholes_open(&bs, dir, 9000, &err), 0);
	assert_int_equal(bs.by_prefix.count, 2);
	blackholes_release(&bs);
}

/* A disk that takes nothing: what is there stays announced, what is new is refused, what is withdrawn is gone. */
static void
test_unwritable(void **state)
{
	struct blackholes bs;
	struct prefix p;
	char aside[128];

	(void)state;
	write_file(FIRST ONE TWO);
	snprintf(aside, sizeof aside, "%s.tmp.%ld", path, (long)getpid());
	assert_int_equal(mkdir(aside, 0700), 0);
	begin(&bs);
	assert_int_equal(blackholes_open(&bs, dir, 1000, &err), 1);
	assert_int_equal(bs.by_prefix.count, 2);
	assert_false(blackholes_usable(&bs));
	assert_int_equal(announce(&bs, "198.51.100.3", 0, 1000), 500);
	assert_int_equal(blackholes_expire(&bs, 5000), 0);
	assert_int_equal(bs.by_prefix.count, 1);
	assert_int_equal(prefix_parse(&p, STR("198.51.100.1"), &err), 0);
	assert_int_equal(blackholes_withdraw(&bs, &p, 5000, &err), 500);
	assert_non_null(strstr(err.msg, "a restart would bring it back"));
	assert_int_equal(bs.by_prefix.count, 0);
	assert_string_equal(told, "EW");
	/* The disk is well again: what is written now holds all that has changed. */
	rmdir(aside);
	assert_int_equal(announce(&bs, "198.51.100.3", 0, 6000), 200);
	assert_true(blackholes_usable(&bs));
	blackholes_release(&bs);
	begin(&bs);
	assert_int_equal(blackholes_open(&bs, dir, 7000, &err), 0);
	assert_int_equal(bs.by_prefix.count, 1);
	assert_non_null(find(&bs, "198.51.100.3"));
	blackholes_release(&bs);
}

static void
test_one_user(void **state)
{
	struct blackholes one, other;

	(void)state;
	unlink(path);
	begin(&one);
	begin(&other);
	assert_int_equal(blackholes_open(&one, dir, 1000, &err), 0);
	assert_int_equal(blackholes_open(&other, dir, 1000, &err), -1);
	assert_non_null(strstr(err.msg, "another nf-bgpd has it"));
	blackholes_release(&one);
	assert_int_equal(blackholes_open(&other, dir, 1000, &err), 0);
	blackholes_release(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_requests),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_many_communities),
	    cmocka_unit_test(test_fuses),
	    cmocka_unit_test(test_expiry),
	    cmocka_unit_test(test_restart),
	    cmocka_unit_test(test_disarmed),
	    cmocka_unit_test(test_history),
	    cmocka_unit_test(test_unwritable),
	    cmocka_unit_test(test_one_user),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof path, "%s/announcements", dir);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(dir);
	return failed;
}
