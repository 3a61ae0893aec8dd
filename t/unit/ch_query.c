/* Files of queries: their head, and what becomes of the braces in tables of several shapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ch/query.h"

static const struct ch_server old = {18, 16, "18.16.1"}, current = {26, 5, "26.5.1"};

#define CLASSIC                                                                       \
	"src_host\tString\t\npeer_src_as\tUInt32\t\npeer_src_as_name\tString\t\ndst_" \
	"as\tUInt32\t\nbytes\tUInt64\t\n"
#define WIDE                                                                   \
	"src_host\tIPv6\t\nsrc_as\tUInt32\t\nsrc_as_name\tString\t\npeer_src_" \
	"as\tUInt32\t\nbytes\tUInt64\t\n"                                      \
	"sampling_rate\tUInt32\t\nhost16\tFixedString(16)\t\n"

static void
test_head(void **state)
{
	struct query q;
	struct err e;

	(void)state;
	assert_int_equal(query_parse(&q,
			     STR("-- Who?\n-- A word more.\n-- needs: a  b\n-- table: *_1h\n-- since: 1d\n"
				 "-- param limit number 20: rows\n-- param own prefixes $my_prefixes: mine\n"
				 "--param host address: who\nSELECT 1;\n\n"),
			     &e),
	    0);
	assert_true(str_eq(q.title, STR("Who?")));
	assert_true(str_eq(q.needs, STR("a  b")));
	assert_true(str_eq(q.sql, STR("SELECT 1")));
	assert_int_equal(q.since_ms, 86400000);
	assert_int_equal(q.count, 3);
	assert_true(str_eq(query_param(&q, STR("limit"))->def, STR("20")));
	assert_true(str_eq(query_param(&q, STR("own"))->def, STR("$my_prefixes")));
	assert_int_equal(query_param(&q, STR("host"))->type, QUERY_ADDRESS);
	assert_null(query_param(&q, STR("host"))->def.p);
	assert_null(query_param(&q, STR("hos")));
	struct buf b = {0};
	query_table(&b, &q, "flows");
	assert_string_equal(buf_cstr(&b), "flows_1h");
	buf_release(&b);
}

static void
test_head_errors(void **state)
{
	static const char *const table[][2] = {
	    {"SELECT 1", "line 1: a comment must say what it answers"},
	    {"-- Who?\n", "there is no statement"},
	    {"-- Who?", "there is no statement"},
	    {"--", "line 1: a comment must say what it answers"},
	    {"-- Who?\n-- since: never\nSELECT 1", "line 2: 'never' is no period such as 1d"},
	    {"-- Who?\n-- param limit\nSELECT 1", "line 2: a parameter is NAME TYPE [DEFAULT]: WORDS"},
	    {"-- Who?\n-- param limit integer: x\nSELECT 1",
		"line 2: 'integer' is no type: number, address, text or prefixes"},
	};
	struct query q;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		assert_int_equal(query_parse(&q, str_from(table[i][0]), &e), -1);
		assert_string_equal(e.msg, table[i][1]);
	}
}

/* The statement, or the words, for parameters p. */
static void
expand(const char *sql, const char *columns, const struct ch_server *server, const char *p, const char *want)
{
	struct buf text = {0}, out = {0};
	struct ch_table t;
	struct query q;
	struct err e = {""};

	buf_printf(&text,
	    "-- Who?\n-- param n number: count\n-- param a address: who\n-- param t text: words\n"
	    "-- param own prefixes: mine\n%s",
	    sql);
	assert_int_equal(query_parse(&q, (struct str){buf_cstr(&text), text.len}, &e), 0);
	assert_int_equal(ch_table_parse(&t, str_from(columns), &e), 0);
	for (unsigned i = 0; p != NULL && i < q.count; i++)
		q.params[i].value = str_from(p);
	struct query_frame f = {
	    .database = "d`b", .flows = "t", .columns = &t, .server = server, .from = 60, .to = 120};
	int status = query_expand(&out, &q, &f, &e);
	assert_string_equal(status == 0 ? buf_cstr(&out) : e.msg, want);
	ch_table_release(&t);
	buf_release(&text);
	buf_release(&out);
}

static void
test_shapes(void **state)
{
	(void)state;
	expand("{table} {table:ptr_cache} {from} {to}", CLASSIC, &old, NULL,
	    "`d\\`b`.`t` `d\\`b`.`ptr_cache` toDateTime(60) toDateTime(120)");
	expand("{bytes} {src_as} {src_as_name} {dst_as} {address src_host}", CLASSIC, &old, NULL,
	    "bytes peer_src_as peer_src_as_name dst_as src_host");
	expand("{bytes} {src_as} {src_as_name} {address src_host} {address host16}", WIDE, &current, NULL,
	    "(bytes * greatest(sampling_rate, 1)) src_as src_as_name "
	    "replaceRegexpOne(toString(src_host), '^::ffff:(.*[.])', '\\\\1') "
	    "replaceRegexpOne(IPv6NumToString(host16), '^::ffff:(.*[.])', '\\\\1')");
	expand("{in own src_host}", CLASSIC, &old, "192.0.2.0/24, 2001:db8::/32",
	    "(IPv6StringToNum(if(position(src_host, ':') > 0, src_host, concat('::ffff:', src_host))) "
	    "BETWEEN "
	    "unhex('00000000000000000000FFFFC0000200') AND unhex('00000000000000000000FFFFC00002FF') OR "
	    "IPv6StringToNum(if(position(src_host, ':') > 0, src_host, concat('::ffff:', src_host))) BETWEEN "
	    "unhex('20010DB8000000000000000000000000') AND unhex('20010DB8FFFFFFFFFFFFFFFFFFFFFFFF'))");
	expand("{in own src_host}", CLASSIC, &current, "192.0.2.7",
	    "(toIPv6OrDefault(toString(src_host)) BETWEEN toIPv6('::ffff:192.0.2.7') AND "
	    "toIPv6('::ffff:192.0.2.7'))");
	expand("{which own src_host}", WIDE, &current, "192.0.2.0/25 2001:db8::/127",
	    "multiIf(src_host BETWEEN toIPv6('::ffff:192.0.2.0') AND toIPv6('::ffff:192.0.2.127'), "
	    "'192.0.2.0/25', "
	    "src_host BETWEEN toIPv6('2001:db8::') AND toIPv6('2001:db8::1'), '2001:db8::/127', '')");
	expand("{in own host16}", WIDE, &current, "::1",
	    "(host16 BETWEEN unhex('00000000000000000000000000000001') AND "
	    "unhex('00000000000000000000000000000001'))");
}

static void
test_values(void **state)
{
	(void)state;
	expand("{n}", CLASSIC, &old, "20", "20");
	expand("{n}", CLASSIC, &old, "-1", "n=-1: expected a number");
	expand("{n}", CLASSIC, &old, "18446744073709551615", "n=18446744073709551615: expected a number");
	expand("{n}", CLASSIC, &old, NULL, "it needs a value: -p n=NUMBER (count)");
	expand("{a}", CLASSIC, &old, "2001:DB8:0::1", "'2001:db8::1'");
	expand("{a}", CLASSIC, &old, "1' OR 1", "a=1' OR 1: expected an address");
	expand("{t}", CLASSIC, &old, "it's \\ {n}", "'it\\'s \\\\ {n}'");
	expand("{own}", CLASSIC, &old, "::/0", "{own}: prefixes stand behind 'in' or 'which'");
	expand("{in n src_host}", CLASSIC, &old, "1", "{in n src_host}: n is no prefixes");
	expand("{in own src_host}", CLASSIC, &old, " ", "own: no prefix");
	expand("{in own elsewhere}", CLASSIC, &old, "::/0",
	    "it needs the column elsewhere, which the table d`b.t lacks; nf-ch-insert --migrate --schema "
	    "wide adds it");
	expand("{packets}", CLASSIC, &old, NULL,
	    "it needs the column packets, which the table d`b.t lacks; nf-ch-insert --migrate --schema wide "
	    "adds it");
	expand("{nothing}", CLASSIC, &old, "1", "{nothing} is nothing that a query may ask for");
	expand("{n", CLASSIC, &old, "1", "a brace is not closed");
	expand("-- needs: bytes packets\nSELECT 1", CLASSIC, &old, NULL,
	    "it needs the column packets, which the table d`b.t lacks; nf-ch-insert --migrate --schema wide "
	    "adds it");
}

int
main(void)
{
	cmocka_set_message_output(CM_OUTPUT_TAP);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_head),
	    cmocka_unit_test(test_head_errors),
	    cmocka_unit_test(test_shapes),
	    cmocka_unit_test(test_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
