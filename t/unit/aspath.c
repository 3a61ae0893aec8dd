/* AS paths and communities as text, and what is read from a path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "route/aspath.h"
#include "route/community.h"

/* The list with '|' behind each string. */
static const char *
shown(struct buf *list)
{
	for (size_t i = 0; i < list->len; i++)
		if (list->p[i] == '\0')
			list->p[i] = '|';
	return buf_cstr(list);
}

static struct str
list_make(struct buf *b, const char *text)
{
	b->len = 0;
	assert_int_equal(aspath_parse(b, str_from(text), NULL), 0);
	return (struct str){(const char *)b->p, b->len};
}

static void
paths_are_read(void **unused)
{
	static const char *const tests[][2] = {
	    {"", ""},
	    {"64500", "64500|"},
	    {" 64500   64501\t4294967295 ", "64500|64501|4294967295|"},
	    {"007", "7|"},
	    {"64500 {64501,64502}", "64500|{64501,64502}|"},
	    {"64500 {64501 64502}", "64500|{64501,64502}|"},
	    {"64500 { 64501,\n 64502 }", "64500|{64501,64502}|"},
	    {"(65001 65002) 64500", "(65001 65002)|64500|"},
	    {"[65001,65002] 64500", "[65001,65002]|64500|"},
	    {"{}", "{}|"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
		struct buf b = {0};

		assert_int_equal(aspath_parse(&b, str_from(tests[i][0]), NULL), 0);
		assert_string_equal(shown(&b), tests[i][1]);
		buf_release(&b);
	}
}

static void
what_is_no_path_is_refused(void **unused)
{
	static const char *const tests[] = {"x", "64500,64501", "4294967296", "-1", "1.2", "{64500",
	    "{64500)", "64500{1}", "{1}2", "(", "{1,x}", "{{1}}", "64500 |"};
	struct buf b = {0};
	struct err e;

	(void)unused;
	buf_puts(&b, "kept");
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
		assert_int_equal(aspath_parse(&b, str_from(tests[i]), &e), -1);
		assert_non_null(strstr(e.msg, "is no AS path"));
		assert_string_equal(buf_cstr(&b), "kept");
	}
	buf_release(&b);
}

static void
paths_are_understood(void **unused)
{
	static const uint32_t local[] = {64496, 3000};
	static const struct {
		const char *path;
		unsigned length;
		uint32_t origin, neighbour;
	} tests[] = {
	    {"", 0, 0, 0},
	    {"1", 1, 1, 1},
	    {"1 2 3", 3, 3, 1},
	    {"1 1 1 2", 4, 2, 1},
	    {"64496 64496 1 2", 4, 2, 1}, /* ours, prepended */
	    {"3000 1 2", 3, 2, 1},
	    {"65001 4200000000 1 2", 4, 2, 1}, /* private: a customer's or a collector's */
	    {"0 23456 1 2", 4, 2, 1},
	    {"1 64496 2", 3, 2, 1}, /* only what leads is passed over */
	    {"64496", 1, 64496, 0},
	    {"65001", 1, 65001, 0},
	    {"(65001 65002) [65003,65004] 1 2", 2, 2, 1}, /* a confederation is ours too */
	    {"(65001 65002)", 0, 0, 0},
	    {"1 {2}", 2, 2, 1},
	    {"1 {2,3}", 2, 0, 1}, /* who of them it is nobody knows */
	    {"{2,3} 1", 2, 1, 0},
	    {"{2} 1", 2, 1, 2},
	    {"1 {}", 2, 0, 1},
	};
	struct buf b = {0};

	(void)unused;
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
		struct str list = list_make(&b, tests[i].path);

		assert_int_equal(aspath_length(list), tests[i].length);
		assert_int_equal(aspath_origin(list), tests[i].origin);
		assert_int_equal(aspath_neighbour(list, local, 2), tests[i].neighbour);
	}
	buf_release(&b);
}

static void
communities_are_read(void **unused)
{
	static const char *const tests[][3] = {
	    {"", "", ""},
	    {"64500:1 64500:2", "64500:1|64500:2|", ""},
	    {"64500:1,64500:1:2", "64500:1|", "64500:1:2|"},
	    {"4200000000:1:4294967295", "", "4200000000:1:4294967295|"},
	    {"no-export no-advertise local-AS", "65535:65281|65535:65282|65535:65283|", ""},
	    {"blackhole graceful-shutdown", "65535:666|65535:0|", ""},
	};
	static const char *const bad[] = {
	    "x", "1", "1:2:3:4", "65536:1", "1:65536", "1:4294967296:2", "1:", ":1", "1::2", "no-exports"};
	struct buf c = {0}, large = {0};
	struct err e;

	(void)unused;
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
		c.len = large.len = 0;
		assert_int_equal(communities_parse(&c, &large, str_from(tests[i][0]), NULL), 0);
		assert_string_equal(shown(&c), tests[i][1]);
		assert_string_equal(shown(&large), tests[i][2]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(communities_parse(&c, &large, str_from(bad[i]), &e), -1);
		assert_non_null(strstr(e.msg, "is no community"));
	}
	buf_release(&c);
	buf_release(&large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(paths_are_read),
	    cmocka_unit_test(what_is_no_path_is_refused),
	    cmocka_unit_test(paths_are_understood),
	    cmocka_unit_test(communities_are_read),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("aspath", tests, NULL, NULL);
}
