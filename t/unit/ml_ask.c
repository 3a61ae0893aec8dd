/* Requests to a scorer and its answers: what one side writes the other reads, and what is wrong is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ml/ask.h"

static const char *const names[] = {"flows", "ratio"};
static struct addr keys[2];

static void
requests_are_read_as_written(void **state)
{
	const float values[] = {12, 0.5F, -1e30F, 1.1754944e-38F};
	struct ask q = {.count = 0};
	struct buf b = {0};
	struct err e;

	(void)state;
	for (int explain = 0; explain < 2; explain++) {
		b.len = 0;
		ask_write(&b, 3, explain, names, 2, keys, values, 2);
		assert_int_equal(ask_read(&q, (struct str){(char *)b.p, b.len}, &e), 0);
		assert_int_equal(q.explain, explain);
		assert_int_equal(q.shape.version, 3);
		assert_int_equal(q.shape.count, 2);
		assert_string_equal(q.shape.names[1], "ratio");
		assert_int_equal(q.count, 2);
		assert_memory_equal(ask_values(&q), values, sizeof values);
		assert_true(str_eq(ask_id(&q, 0), STR("192.0.2.1")));
		assert_true(str_eq(ask_id(&q, 1), STR("2001:db8::1")));
	}
	ask_release(&q);
	buf_release(&b);
}

static void
values_are_put_in_order(void **state)
{
	struct vector_shape shape = {.version = 1, .count = 3, .names = {"a", "b", "c"}};
	static const char text[] =
	    "{\"vectors\":[{\"id\":\"1\",\"values\":[3,1,2]},{\"values\":[6,4,5],\"id\":\"2\"}],"
	    "\"features\":[\"c\",\"a\",\"b\"]}";
	static const float want[] = {1, 2, 3, 4, 5, 6};
	struct ask q = {.count = 0};
	struct err e;

	(void)state;
	assert_int_equal(ask_read(&q, STR(text), &e), 0);
	assert_int_equal(ask_fit(&q, &shape, &e), 0);
	assert_memory_equal(ask_values(&q), want, sizeof want);
	shape.names[2][0] = 'd';
	assert_int_equal(ask_fit(&q, &shape, &e), -1);
	assert_string_equal(e.msg, "feature 'd', which the model needs, is missing");
	ask_release(&q);
}

static void
answers_are_read_as_written(void **state)
{
	struct answer answers[2];
	struct buf b = {0};
	struct err e;

	(void)state;
	answer_begin(&b, 0x5f0c3e6a9a3d1b77);
	answer_score(&b, true, STR("192.0.2.1"), 0.25F);
	buf_puts(&b, ",\"reasons\":[{\"feature\":\"flows\"}]}");
	answer_score(&b, false, STR("2001:db8::1"), 1);
	buf_putc(&b, '}');
	answer_end(&b);
	assert_int_equal(answer_read(answers, keys, 2, (struct str){(char *)b.p, b.len}, &e), 0);
	assert_true(answers[0].score == 0.25F && answers[1].score == 1);
	assert_true(str_eq(answers[0].reasons, STR("[{\"feature\":\"flows\"}]")));
	assert_null(answers[1].reasons.p);
	buf_release(&b);
}

static void
garbage_is_no_answer(void **state)
{
#define ONE "{\"id\":\"192.0.2.1\",\"ml_score\":0.5}"
#define TWO "{\"id\":\"2001:db8::1\",\"ml_score\":0.5}"
	static const struct {
		const char *text, *words;
	} cases[] = {
	    {"", "byte 1: the line ends where an object was expected"},
	    {"<html>", "byte 1: '<' where an object was expected"},
	    {"{}", "no list of scores"},
	    {"{\"scores\":{}}", "no list of scores"},
	    {"{\"scores\":[]}", "0 scores for 2 vectors"},
	    {"{\"scores\":[" ONE "]}", "1 scores for 2 vectors"},
	    {"{\"scores\":[" ONE "," TWO "," TWO "]}", "byte 82: more scores than vectors"},
	    {"{\"scores\":[" TWO "," ONE "]}",
		"byte 12: a score of another vector than the one asked for here"},
	    {"{\"scores\":[17]}", "byte 12: '1' where an object was expected"},
	    {"{\"scores\":[{\"id\":\"192.0.2.1\",\"ml_score\":1.5}]}", "byte 12: no ml_score from 0 to 1"},
	    {"{\"scores\":[{\"id\":\"192.0.2.1\",\"ml_score\":-0.5}]}", "byte 12: no ml_score from 0 to 1"},
	    {"{\"scores\":[{\"id\":\"192.0.2.1\",\"ml_score\":null}]}", "byte 12: no ml_score from 0 to 1"},
	    {"{\"scores\":[{\"id\":\"192.0.2.1\",\"ml_score\":NaN}]}", NULL},
	};
	struct answer answers[2];
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(answer_read(answers, keys, 2, str_from(cases[i].text), &e), -1);
		if (cases[i].words != NULL)
			assert_string_equal(e.msg, cases[i].words);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(requests_are_read_as_written),
	    cmocka_unit_test(values_are_put_in_order),
	    cmocka_unit_test(answers_are_read_as_written),
	    cmocka_unit_test(garbage_is_no_answer),
	};

	keys[0] = addr_from_v4(0xc0000201);
	addr_parse(&keys[1], STR("2001:db8::1"));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
