/* Lines of NDJSON for a table. Where a server reads them: t/0703-insert-rows.t. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ch/rows.h"

static const char columns[] = "n\tUInt64\t\t\t\n"
			      "text\tLowCardinality(Nullable(String))\t\t\t\n"
			      "at\tDateTime('Europe/Athens')\t\t\t\n"
			      "fine\tDateTime64(3)\t\t\t\n"
			      "tags\tArray(String)\t\t\t\n"
			      "sum\tUInt64\tMATERIALIZED\tn + 1\t\n";

static void
look(void **state)
{
	static const struct {
		const char *line;
		enum row_kind kind;
		const char *words;
	} cases[] = {
	    {"{}", ROW_SOUND, ""},
	    {" {\"a\" : [1, {\"b\": null}]}\r", ROW_SOUND, ""},
	    {"", ROW_NOTHING, ""},
	    {" \t\r", ROW_NOTHING, ""},
	    {"{\"_mark\":\"t\"}", ROW_NOTHING, ""},
	    {"{\"a\":1,\"_mark\":\"t\"}", ROW_SOUND, ""},
	    {"[]", ROW_BAD, "no JSON object"},
	    {"7", ROW_BAD, "no JSON object"},
	    {"{} {}", ROW_BAD, "more behind the object"},
	    {"{\"a\":1", ROW_BAD, "byte 7: the line ends where ',' or '}' was expected"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct err e = {""};

		assert_int_equal(row_look(str_from(cases[i].line), &e), cases[i].kind);
		assert_string_equal(e.msg, cases[i].words);
	}
}

static void
cut(void **state)
{
	struct str text = STR("a\n\nbc"), line;

	(void)state;
	assert_true(row_next(&text, &line) && str_eq(line, STR("a")));
	assert_true(row_next(&text, &line) && str_eq(line, STR("")));
	assert_true(row_next(&text, &line) && str_eq(line, STR("bc")));
	assert_false(row_next(&text, &line));
}

static void
members(void **state)
{
	static const char *const cases[][2] = {
	    {"{\"n\":1,\"text\":\"a\\n\\u00fc\",\"tags\":[\"x\", \"y\"]}",
		"{\"n\":1,\"text\":\"a\\n\\u00fc\",\"tags\":[\"x\", \"y\"]}\n"},
	    {"{ \"tags\" : [ ] , \"n\" : \"5\" }", "{\"tags\":[ ],\"n\":\"5\"}\n"},
	    /* what has no column, is computed, or null */
	    {"{\"x\":{\"n\":1},\"sum\":2,\"n\":null}", "{}\n"},
	    /* objects and lists for text */
	    {"{\"text\":{\"k\":\"v\"}}", "{\"text\":\"{\\\"k\\\":\\\"v\\\"}\"}\n"},
	    {"{\"text\":[1]}", "{\"text\":\"[1]\"}\n"},
	    /* times */
	    {"{\"at\":17.9,\"fine\":17.9}", "{\"at\":17,\"fine\":17.9}\n"},
	    {"{\"at\":1.7e9}", "{\"at\":1.7e9}\n"},
	    {"{\"at\":\"2026-01-01 00:00:00.5\"}", "{\"at\":\"2026-01-01 00:00:00.5\"}\n"},
	    /* a name that is escaped is still that name */
	    {"{\"\\u006e\":1}", "{\"n\":1}\n"},
	};
	struct buf out = {0};
	struct ch_table t;

	(void)state;
	assert_int_equal(ch_table_parse(&t, STR(columns), NULL), 0);
	struct rows *r = rows_new(&t);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		out.len = 0;
		rows_add(r, str_from(cases[i][0]), &out);
		assert_string_equal(buf_cstr(&out), cases[i][1]);
	}
	rows_free(r);
	ch_table_release(&t);
	buf_release(&out);
}

static void
list(void **state)
{
	struct buf out = {0};
	struct ch_table t;

	(void)state;
	assert_int_equal(ch_table_parse(&t, STR(columns), NULL), 0);
	struct rows *r = rows_new(&t);
	rows_begin(r);
	assert_null(rows_stranger(r).p);
	rows_note(r, STR("{\"odd\":1,\"even\":2,\"n\":null,\"sum\":3}"));
	assert_false(rows_columns(r, &out));
	assert_true(str_eq(rows_stranger(r), STR("odd")));
	rows_note(r, STR("{\"tags\":[],\"n\":1}"));
	rows_note(r, STR("{\"at\":1}"));
	assert_true(rows_columns(r, &out));
	assert_string_equal(buf_cstr(&out), "`n`, `at`, `tags`");
	rows_begin(r);
	assert_false(rows_columns(r, &out));
	rows_free(r);
	ch_table_release(&t);
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(look),
	    cmocka_unit_test(cut),
	    cmocka_unit_test(members),
	    cmocka_unit_test(list),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
