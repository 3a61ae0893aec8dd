#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "desk.h"

static void
values(void **state)
{
	static const struct pair pairs[] = {
	    {"{}", "{}"},
	    {"{\"bytes\":0}", "{\"bytes\":0}"},
	    {"{\"bytes\":18446744073709551615}", "{\"bytes\":18446744073709551615}"},
	    {"{\"bytes\":123456789012345}", "{\"bytes\":123456789012345}"},
	    {"{\"bytes\":1234567890123456}", "{\"bytes\":1234567890123456}"},
	    {"{\"bytes\":12345678}", "{\"bytes\":12345678}"},
	    {"{\"bytes\":100000000}", "{\"bytes\":100000000}"},
	    {"{\"bytes\":1e3}", "{\"bytes\":1000}"},
	    {"{\"bytes\":\"77\"}", "{\"bytes\":77}"},
	    {"{ \"bytes\" : 7 , \"packets\" : 1 }", "{\"packets\":1,\"bytes\":7}"},
	    {"{\"bytes\":7,\t\"packets\":1\r}", "{\"packets\":1,\"bytes\":7}"},
	    {"{\"bytes\":1,\"bytes\":2}", "{\"bytes\":2}"},
	    {"{\"bytes\":null}", "{}"},
	    {"{\"bytes\":1,\"bytes\":null}", "{}"},
	    {"{\"b\\u0079tes\":5}", "{\"bytes\":5}"},
	    {"{\"timestamp_start\":1700000000.123}", "{\"timestamp_start\":1700000000.123}"},
	    {"{\"timestamp_start\":1700000000}", "{\"timestamp_start\":1700000000.000}"},
	    {"{\"timestamp_start\":1700000000.98765}", "{\"timestamp_start\":1700000000.987}"},
	    {"{\"timestamp_start\":\"2023-11-14T22:13:20.5Z\"}", "{\"timestamp_start\":1700000000.500}"},
	    {"{\"timestamp_start\":\"2023-11-15 00:13:20+02:00\"}", "{\"timestamp_start\":1700000000.000}"},
	    {"{\"timestamp_start\":0}", "{\"timestamp_start\":0.000}"},
	    {"{\"src_host\":\"192.0.2.255\"}", "{\"src_host\":\"192.0.2.255\"}"},
	    {"{\"src_host\":\"255.255.255.255\"}", "{\"src_host\":\"255.255.255.255\"}"},
	    {"{\"src_host\":\"2001:DB8:0:0::1\"}", "{\"src_host\":\"2001:db8::1\"}"},
	    {"{\"src_host\":\"::ffff:10.0.0.1\"}", "{\"src_host\":\"10.0.0.1\"}"},
	    {"{\"src_mac\":\"02:42:AC:11:00:02\"}", "{\"src_mac\":\"02:42:ac:11:00:02\"}"},
	    {"{\"trusted\":true}", "{\"trusted\":true}"},
	    {"{\"trusted\":false}", "{\"trusted\":false}"},
	    {"{\"trusted\":1}", "{\"trusted\":true}"},
	    {"{\"ml_score\":0.25}", "{\"ml_score\":0.25}"},
	    {"{\"ml_score\":0.1}", "{\"ml_score\":0.1}"},
	    {"{\"proto\":\"tcp\",\"tcpflags\":\"...AP.SF\"}", "{\"proto\":6,\"tcpflags\":27}"},
	    {"{\"as_path\":[]}", "{\"as_path\":[]}"},
	    {"{\"as_path\":[\"64500\",64496]}", "{\"as_path\":[\"64500\",\"64496\"]}"},
	    {"{\"as_path\":[\"1\",\"2\",\"a string of some length\"]}",
		"{\"as_path\":[\"1\",\"2\",\"a string of some length\"]}"},
	    {"{\"as_path\":[ \"\" ,\"\\u00e9\\\"\"]}", "{\"as_path\":[\"\",\"é\\\"\"]}"},
	    {"{\"src_as_name\":\"\"}", "{\"src_as_name\":\"\"}"},
	    {"{\"src_as_name\":\"Ελλάδα \\ud83d\\ude00 \\\\ \\/ \\n\\u0001\"}",
		"{\"src_as_name\":\"Ελλάδα 😀 \\\\ / \\n\\u0001\"}"},
	    {"{\"src_as_name\":\"exactly 8\",\"dst_as_name\":\"seven 7\"}",
		"{\"src_as_name\":\"exactly 8\",\"dst_as_name\":\"seven 7\"}"},
	    {"{\"bytes\":1,\"a\" : [1, {\"b\":\"\\u00e9\"}] ,\"extra\":{}}",
		"{\"bytes\":1,\"a\" : [1, {\"b\":\"\\u00e9\"}],\"extra\":{}}"},
	    {"{\"_mark\":\"a \\\"token\\\"\"}", "mark a \"token\""},
	    {"", "nothing"},
	    {"  ", "nothing"},
	};

	(void)state;
	CHECK(desk_new(NULL, NULL), pairs);
}

static void
complaints(void **state)
{
	static const struct pair pairs[] = {
	    {"{\"bytes\":1} x", "! byte 13: 'x' where the end of the line was expected"},
	    {"{\"bytes\":1}{}", "! byte 12: '{' where the end of the line was expected"},
	    {"{\"bytes\":1", "! byte 11: the line ends where ',' or '}' was expected"},
	    {"{\"bytes\":1,}", "! byte 12: '}' where a key was expected"},
	    {"{\"bytes\" 1}", "! byte 10: '1' where ':' was expected"},
	    {"{\"bytes\":}", "! byte 10: '}' where a value was expected"},
	    {"{,}", "! byte 2: ',' where a key was expected"},
	    {"[1]", "! byte 2: '1' where an object was expected"},
	    {"nonsense", "! byte 1: 'n' where an object was expected"},
	    {"{\"bytes\":01}", "! byte 10: a number with leading zeros"},
	    {"{\"bytes\":-1}",
		"! byte 10: bytes is -1, a number from 0 to 18446744073709551615 was expected"},
	    {"{\"bytes\":1.5}",
		"! byte 10: bytes is 1.5, a number from 0 to 18446744073709551615 was expected"},
	    {"{\"bytes\":1.}", "! byte 12: '}' where a digit was expected"},
	    {"{\"bytes\":+1}", "! byte 10: '+' where a value was expected"},
	    {"{\"bytes\":NaN}", "! byte 10: 'N' where a value was expected"},
	    {"{\"bytes\":18446744073709551616}", "! byte 10: bytes is 18446744073709551616, a number from 0 "
						 "to 18446744073709551615 was expected"},
	    {"{\"proto\":256}",
		"! byte 10: proto is 256, a protocol name or a number from 0 to 255 was expected"},
	    {"{\"src_port\":65536}", "! byte 13: src_port is 65536, a number from 0 to 65535 was expected"},
	    {"{\"src_as\":4294967296}",
		"! byte 11: src_as is 4294967296, a number from 0 to 4294967295 was expected"},
	    {"{\"src_host\":\"256.0.0.1\"}", "! byte 13: src_host is \"256.0.0.1\", an address was expected"},
	    {"{\"src_host\":\"1.2.3\"}", "! byte 13: src_host is \"1.2.3\", an address was expected"},
	    {"{\"src_host\":\"1.2.3.04\"}", "! byte 13: src_host is \"1.2.3.04\", an address was expected"},
	    {"{\"src_host\":\"1..2.3\"}", "! byte 13: src_host is \"1..2.3\", an address was expected"},
	    {"{\"src_host\":1}", "! byte 13: src_host is 1, an address was expected"},
	    {"{\"src_mac\":\"02:42\"}", "! byte 12: src_mac is \"02:42\", a MAC address was expected"},
	    {"{\"timestamp_start\":\"yesterday\"}",
		"! byte 20: timestamp_start is \"yesterday\", a time was expected"},
	    {"{\"timestamp_start\":-5}", "! byte 20: timestamp_start is -5, a time was expected"},
	    {"{\"trusted\":2}", "! byte 12: trusted is 2, true or false was expected"},
	    {"{\"ml_score\":1e39}", "! byte 13: ml_score is 1e39, a number was expected"},
	    {"{\"as_path\":\"64500\"}", "! byte 12: as_path is \"64500\", a list was expected"},
	    {"{\"as_path\":[true]}", "! byte 13: as_path is true, a list of texts or numbers was expected"},
	    {"{\"as_path\":[\"a\\u0000b\"]}",
		"! byte 13: as_path is \"a\\u0000b\", a list of texts or numbers was expected"},
	    {"{\"src_as_name\":\"a\tb\"}", "! byte 18: control byte 0x09 in a string"},
	    {"{\"src_as_name\":\"a\nb\"}", "! byte 18: control byte 0x0d in a string"},
	    {"{\"src_as_name\":\"a\\x\"}", "! byte 18: no valid escape sequence"},
	    {"{\"src_as_name\":\"\\ud83d\"}", "! byte 17: no valid escape sequence"},
	    {"{\"src_as_name\":\"\\udc00\\ud83d\"}", "! byte 17: no valid escape sequence"},
	    {"{\"src_as_name\":\"\\u12\"}", "! byte 17: no valid escape sequence"},
	    {"{\"src_as_name\":\"\xc0\xaf\"}", "! byte 17: not UTF-8"},
	    {"{\"x\":\"\xed\xa0\x80\"}", "! byte 7: not UTF-8"},
	    {"{\"src_as_name\":\"open}", "! byte 16: string without an end"},
	    {"{\"x\":[1,]}", "! byte 9: ']' where a value was expected"},
	    {"{\"x\":{\"a\":1,}}", "! byte 13: '}' where a key was expected"},
	    {"{\"x\":[1}", "! byte 8: '}' where ',' or ']' was expected"},
	    {"{\"x\":tru}", "! byte 6: 't' where a value was expected"},
	    {"{\"bytes\":1,\"_mark\":\"t\"}", "! byte 12: a mark stands alone in its object"},
	    {"{\"_mark\":\"t\",\"bytes\":1}", "! byte 2: a mark stands alone in its object"},
	};

	(void)state;
	CHECK(desk_new(NULL, NULL), pairs);
}

static void
depth_is_bounded(void **state)
{
	struct desk *d = desk_new(NULL, NULL);
	struct buf in = {0};

	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		in.len = 0;
		buf_puts(&in, "{\"x\":");
		for (int i = 0; i < 64 + extra; i++)
			buf_putc(&in, '[');
		for (int i = 0; i < 64 + extra; i++)
			buf_putc(&in, ']');
		buf_puts(&in, "}");
		const char *out = convert(d, buf_cstr(&in));
		assert_string_equal(out, extra == 0 ? buf_cstr(&in) : "! byte 70: nested deeper than 64");
	}
	buf_release(&in);
	desk_free(d);
}

static void
extra_is_capped(void **state)
{
	struct desk *d = desk_new(NULL, NULL);
	struct buf in = {0};

	(void)state;
	buf_puts(&in, "{\"bytes\":1,\"kept\":1,\"big\":\"");
	for (int i = 0; i < 16384; i++)
		buf_putc(&in, 'x');
	buf_puts(&in, "\",\"too\":2}");
	assert_string_equal(convert(d, buf_cstr(&in)), "{\"bytes\":1,\"kept\":1,\"too\":2}");
	assert_int_equal(ndjson_reader_counts(d->r)->extra_dropped, 1);
	buf_release(&in);
	desk_free(d);
}

/* Lists leave the fast way somewhere; nobody should see where. */
static void
lists_of_any_length(void **state)
{
	struct desk *d = desk_new(NULL, NULL);
	struct buf in = {0};

	(void)state;
	for (int n = 1; n < 2000; n += 37) {
		in.len = 0;
		buf_puts(&in, "{\"as_path\":[\"64500\"");
		for (int i = 0; i < n; i++)
			buf_printf(&in, ",\"%.*s\"", i % 9, "123456789");
		buf_puts(&in, "]}");
		assert_string_equal(convert(d, buf_cstr(&in)), buf_cstr(&in));
	}
	buf_release(&in);
	desk_free(d);
}

/*
 * Feeds the text in pieces of `step` bytes, as a stream would, and gives what
 * came out: rows as lines, then a line for each complaint or mark.
 */
static char *
feed(struct desk *d, const char *text, size_t step)
{
	struct buf rows = {0}, words = {0};
	size_t len = strlen(text), have = 0, at = 0;

	for (have = step < len ? step : len;; have = have + step < len ? have + step : len) {
		enum ndjson_result last;
		size_t used;

		do {
			/* A copy of its own, so that a sanitizer sees every byte read beyond it. */
			char *piece = mem_alloc(have - at + 1);

			memcpy(piece, text + at, have - at);
			piece = mem_resize(piece, have - at > 0 ? have - at : 1, 1);
			used = ndjson_read_many(
			    d->r, (struct str){piece, have - at}, &d->bd, &last, &d->mark, &d->e);
			at += used;
			if (last == NDJSON_BAD)
				buf_printf(&words, "%llu: %s\n",
				    (unsigned long long)ndjson_reader_counts(d->r)->lines, d->e.msg);
			if (last == NDJSON_MARK)
				buf_printf(&words, "mark %.*s\n", (int)d->mark.len, d->mark.p);
			free(piece);
		} while (used > 0 || last == NDJSON_BAD);
		if (have == len)
			break;
	}
	assert_int_equal(at, len);
	buf_puts(&rows, desk_text(d));
	buf_add(&rows, words.p, words.len);
	buf_release(&words);
	buf_cstr(&rows);
	return (char *)rows.p;
}

static void
check_feed(const char *in, const char *out)
{
	static const size_t steps[] = {1, 7, 64, 100000};

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct desk *d = desk_new(NULL, NULL);
		char *got = feed(d, in, steps[i]);

		assert_string_equal(got, out);
		free(got);
		desk_free(d);
	}
}

static void
broken_lines_cost_only_themselves(void **state)
{
	(void)state;
	check_feed("{\"bytes\":1}\n"
		   "{\"bytes\":1,\"dst_ho\n"
		   "\n"
		   "{\"bytes\":2}\r\n"
		   "{\"_mark\":\"m1\"}\n"
		   "{\"bytes\":3,\"src_port\":99999}\n"
		   "garbage\n"
		   "{\"bytes\":4,\"src_port\":9}\n",
	    "{\"bytes\":1}\n"
	    "{\"bytes\":2}\n"
	    "{\"src_port\":9,\"bytes\":4}\n"
	    "2: byte 12: string without an end\n"
	    "mark m1\n"
	    "6: byte 23: src_port is 99999, a number from 0 to 65535 was expected\n"
	    "7: byte 1: 'g' where an object was expected\n");
}

static void
objects_over_several_lines(void **state)
{
	(void)state;
	check_feed("[\n"
		   "{\n\t\"bytes\" : 1,\n\t\"x\" : [\n\t  {\n\"y\" : \"}\"\n} ]\n},\n"
		   "{\n\t\"bytes\" : 2\n}\n"
		   "]\n"
		   "{\n\t\"bytes\" : 3,\n"
		   "{\n\t\"bytes\" : 4\n}\n"
		   "{\n\t\"bytes\" : 5,\n"
		   "{\"bytes\":6}\n"
		   "{\n\t\"bytes\" : 7 8\n}\n"
		   "[{\"bytes\":9},\n"
		   "{\"bytes\":10}\n"
		   ",{\"bytes\":11}]\n"
		   "{\"bytes\":12},\n"
		   "{\n\"bytes\":13\n},\n",
	    "{\"bytes\":1,\"x\" : [    { \"y\" : \"}\" } ]}\n"
	    "{\"bytes\":2}\n{\"bytes\":4}\n{\"bytes\":6}\n"
	    "{\"bytes\":9}\n{\"bytes\":10}\n{\"bytes\":11}\n{\"bytes\":13}\n"
	    "14: the object that began in line 13 is cut off\n"
	    "19: the object that began in line 18 is cut off\n"
	    "23: byte 16: '8' where ',' or '}' was expected\n"
	    "27: byte 13: ',' where the end of the line was expected\n");
}

/* Without a last newline: rows all the same, if they are whole. */
static void
ends_anywhere(void **state)
{
	static const struct pair pairs[] = {
	    {"{\"bytes\":1}", "{\"bytes\":1}\n"},
	    {"{\n\"bytes\":1\n}", "{\"bytes\":1}\n"},
	    {"{\n\"bytes\":1\n", "! the object that began in line 1 has no end"},
	    {"{\n\"bytes\":1", "! the object that began in line 1 has no end"},
	    {"{\n{\"bytes\":1}", "! the object that began in line 1 is cut off{\"bytes\":1}\n"},
	    {"{\"bytes\":", "! byte 10: the line ends where a value was expected"},
	    {"\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct desk *d = desk_new(NULL, NULL);
		struct str text = str_from(pairs[i].in);
		struct buf got = {0};
		enum ndjson_result last;
		size_t used = ndjson_read_many(d->r, text, &d->bd, &last, &d->mark, &d->e);

		assert_int_not_equal(last, NDJSON_BAD);
		text = (struct str){text.p + used, text.len - used};
		do {
			used = ndjson_read_last(d->r, text, &d->bd, &last, &d->mark, &d->e);
			text = (struct str){text.p + used, text.len - used};
			if (last == NDJSON_BAD)
				buf_printf(&got, "! %s", d->e.msg);
		} while (used > 0 || last == NDJSON_BAD);
		assert_int_equal(text.len, 0);
		buf_puts(&got, desk_text(d));
		assert_string_equal(buf_cstr(&got), pairs[i].out);
		buf_release(&got);
		desk_free(d);
	}
}

static void
long_lines_are_refused(void **state)
{
	struct desk *d = desk_new(NULL, NULL);
	struct buf in = {0};
	enum ndjson_result last;

	(void)state;
	buf_puts(&in, "{\"x\":\"");
	memset(buf_reserve(&in, NDJSON_LINE_MAX), 'x', NDJSON_LINE_MAX);
	in.len += NDJSON_LINE_MAX;
	size_t used =
	    ndjson_read_many(d->r, (struct str){(char *)in.p, in.len}, &d->bd, &last, &d->mark, &d->e);
	assert_int_equal(used, in.len);
	assert_int_equal(last, NDJSON_BAD);
	assert_string_equal(d->e.msg, "longer than 1048576 bytes");
	/* The rest of it goes with it; the next line is fine. */
	used = ndjson_read_many(d->r, STR("xxx"), &d->bd, &last, &d->mark, &d->e);
	assert_int_equal(used, 3);
	assert_int_equal(last, NDJSON_NOTHING);
	struct str rest = STR("xxx\"}\n{\"bytes\":1}\n");
	used = ndjson_read_many(d->r, rest, &d->bd, &last, &d->mark, &d->e);
	assert_int_equal(used, rest.len);
	assert_int_equal(last, NDJSON_ROW);
	assert_string_equal(desk_text(d), "{\"bytes\":1}\n");
	assert_int_equal(ndjson_reader_counts(d->r)->lines, 2);

	/* The same where the newline is at hand. */
	buf_puts(&in, "\"}\n{\"bytes\":2}\n");
	used = ndjson_read_many(d->r, (struct str){(char *)in.p, in.len}, &d->bd, &last, &d->mark, &d->e);
	assert_int_equal(last, NDJSON_BAD);
	assert_int_equal(in.len - used, strlen("{\"bytes\":2}\n"));
	assert_int_equal(d->bd.rows, 0);
	buf_release(&in);
	desk_free(d);
}

static void
stops_when_the_builder_is_full(void **state)
{
	struct desk *d = desk_new(NULL, NULL);
	struct buf in = {0};
	enum ndjson_result last;

	(void)state;
	for (int i = 0; i < BATCH_ROWS_MAX + 5; i++)
		buf_printf(&in, "{\"bytes\":%d}\n", i);
	size_t used =
	    ndjson_read_many(d->r, (struct str){(char *)in.p, in.len}, &d->bd, &last, &d->mark, &d->e);
	assert_int_equal(d->bd.rows, BATCH_ROWS_MAX);
	assert_memory_equal(in.p + used, "{\"bytes\":8192}\n", 15);
	assert_int_equal(
	    ndjson_read_many(d->r, (struct str){(char *)in.p + used, 15}, &d->bd, &last, &d->mark, &d->e), 0);
	buf_release(&in);
	desk_free(d);
}

/* Every encoding of a column comes out the same: plain, dictionary, constant, each with and without holes. */
static void
encodings_write_alike(void **state)
{
	static const char *const shapes[] = {
	    "{\"src_port\":7,\"packets\":1,\"src_as_name\":\"A\"}\n",
	    "{\"src_port\":8,\"packets\":1}\n",
	    "{\"packets\":1,\"src_as_name\":\"B \\\"b\\\"\"}\n",
	    "{\"packets\":1,\"trusted\":true,\"as_path\":[\"1\",\"2\"],\"x\":1}\n",
	    "{\"packets\":1}\n",
	};
	static const char *const canonical[] = {
	    "{\"src_port\":7,\"packets\":1,\"src_as_name\":\"A\"}\n",
	    "{\"src_port\":8,\"packets\":1}\n",
	    "{\"packets\":1,\"src_as_name\":\"B \\\"b\\\"\"}\n",
	    "{\"trusted\":true,\"packets\":1,\"as_path\":[\"1\",\"2\"],\"x\":1}\n",
	    "{\"packets\":1}\n",
	};

	(void)state;
	for (size_t from = 0; from < 5; from++) {
		for (size_t n = 1; from + n <= 5; n++) {
			struct desk *d = desk_new(NULL, NULL);
			struct buf in = {0}, want = {0};

			/* Many rows make the columns worth a dictionary. */
			for (int i = 0; i < 100; i++) {
				buf_puts(&in, shapes[from + (size_t)i % n]);
				buf_puts(&want, canonical[from + (size_t)i % n]);
			}
			char *got = feed(d, buf_cstr(&in), 100000);
			assert_string_equal(got, buf_cstr(&want));
			free(got);
			buf_release(&in);
			buf_release(&want);
			desk_free(d);
		}
	}
}

static void
hostile_batch_keeps_to_its_lines(void **state)
{
	struct desk *d = desk_new(NULL, NULL);
	struct str extra = STR("\"a\":\"\n\""), name = STR("\xff\xfe ok \xf0\x9f");
	uint16_t code = 0;

	(void)state;
	batch_init(&d->b);
	d->b.rows = 1;
	batch_add_strs(&d->b, &d->arena, FIELD_extra, &code, &extra, 1, NULL);
	batch_add_strs(&d->b, &d->arena, FIELD_src_as_name, &code, &name, 1, NULL);
	ndjson_write(&d->b, &d->out, &d->arena);
	assert_string_equal(buf_cstr(&d->out),
	    "{\"src_as_name\":\"\xef\xbf\xbd\xef\xbf\xbd ok \xef\xbf\xbd\xef\xbf\xbd\",\"a\":\" \"}\n");
	desk_free(d);
}

static void
clickhouse_takes_it(void **state)
{
	struct desk *d = desk_new(NULL, NULL);
	struct str line = STR("{\"timestamp_start\":1700000000.999,\"trusted\":true,\"bytes\":7,"
			      "\"as_path\":[\"1\"],\"unknown\":1}");

	(void)state;
	assert_int_equal(ndjson_read(d->r, line, &d->bd, &d->mark, &d->e), NDJSON_ROW);
	/* A second row, so that columns are not all constant. */
	line = STR("{\"timestamp_start\":1700000001.999,\"trusted\":false}");
	assert_int_equal(ndjson_read(d->r, line, &d->bd, &d->mark, &d->e), NDJSON_ROW);
	builder_finish(&d->bd, &d->b);
	ndjson_write_clickhouse(&d->b, &d->out, &d->arena);
	assert_string_equal(buf_cstr(&d->out),
	    "{\"timestamp_start\":1700000000,\"trusted\":1,\"bytes\":7,\"as_path\":[\"1\"]}\n"
	    "{\"timestamp_start\":1700000001,\"trusted\":0}\n");
	d->b.kind = BATCH_MARK;
	d->out.len = 0;
	ndjson_write_clickhouse(&d->b, &d->out, &d->arena);
	assert_int_equal(d->out.len, 0);
	desk_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values),
	    cmocka_unit_test(complaints),
	    cmocka_unit_test(depth_is_bounded),
	    cmocka_unit_test(extra_is_capped),
	    cmocka_unit_test(lists_of_any_length),
	    cmocka_unit_test(broken_lines_cost_only_themselves),
	    cmocka_unit_test(objects_over_several_lines),
	    cmocka_unit_test(ends_anywhere),
	    cmocka_unit_test(long_lines_are_refused),
	    cmocka_unit_test(stops_when_the_builder_is_full),
	    cmocka_unit_test(encodings_write_alike),
	    cmocka_unit_test(clickhouse_takes_it),
	    cmocka_unit_test(hostile_batch_keeps_to_its_lines),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("ndjson", tests, NULL, NULL);
}
