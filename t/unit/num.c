/* Numbers are read strictly, and a refusal leaves the caller's variable alone. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/num.h"

#define UNTOUCHED 4711

static void
test_decimal(void **state)
{
	static const char *const bad[] = {
	    "", " 1", "1 ", "+1", "-1", "0x1", "1.0", "18446744073709551616", "99999999999999999999999"};
	uint64_t v = UNTOUCHED;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(num_parse(&v, str_from(bad[i]), 0, UINT64_MAX), -1);
	assert_int_equal(num_parse(&v, STR("4"), 5, 9), -1);
	assert_int_equal(num_parse(&v, STR("10"), 5, 9), -1);
	assert_int_equal(num_parse(&v, STR("5\0"), 5, 9), -1);
	assert_int_equal(v, UNTOUCHED);
	assert_int_equal(num_parse(&v, STR("0018446744073709551615"), 0, UINT64_MAX), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(num_parse(&v, STR("5"), 5, 5), 0);
	assert_int_equal(v, 5);
}

static void
test_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes; /* UNTOUCHED: refused */
	} cases[] = {
	    {"0", 0},
	    {"64", 64},
	    {"64B", 64},
	    {"64K", 65536},
	    {"64k", 65536},
	    {"64KB", 65536},
	    {"64MiB", 64 << 20},
	    {"3G", UINT64_C(3) << 30},
	    {"16777215T", UINT64_C(16777215) << 40},
	    {"16777216T", UNTOUCHED},
	    {"99999999999T", UNTOUCHED},
	    {"", UNTOUCHED},
	    {"K", UNTOUCHED},
	    {"64iB", UNTOUCHED},
	    {"64KBB", UNTOUCHED},
	    {"64 K", UNTOUCHED},
	    {"-1K", UNTOUCHED},
	    {"1.5G", UNTOUCHED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint64_t v = UNTOUCHED;

		assert_int_equal(
		    num_parse_size(&v, str_from(cases[i].text)), cases[i].bytes == UNTOUCHED ? -1 : 0);
		assert_true(v == cases[i].bytes);
	}
}

static void
test_durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms; /* UNTOUCHED: refused */
	} cases[] = {
	    {"0", 0},
	    {"5", 5000},
	    {"5s", 5000},
	    {"5ms", 5},
	    {"5m", 300000},
	    {"2h", 7200000},
	    {"1d", 86400000},
	    {"1w", 604800000},
	    {"18446744073709552", UNTOUCHED},
	    {"18446744073709551615w", UNTOUCHED},
	    {"5 s", UNTOUCHED},
	    {"5S", UNTOUCHED},
	    {"5y", UNTOUCHED},
	    {"s", UNTOUCHED},
	    {"", UNTOUCHED},
	    {"-5s", UNTOUCHED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint64_t v = UNTOUCHED;

		assert_int_equal(
		    num_parse_duration(&v, str_from(cases[i].text), 1000), cases[i].ms == UNTOUCHED ? -1 : 0);
		assert_true(v == cases[i].ms);
	}
}

static void
test_reals(void **state)
{
	static const struct {
		struct str text;
		double v; /* UNTOUCHED: refused */
	} cases[] = {
	    {{"0", 1}, 0},
	    {{"-1.5", 4}, -1.5},
	    {{"2e3", 3}, 2000},
	    {{"1e999", 5}, UNTOUCHED},
	    {{"nan", 3}, UNTOUCHED},
	    {{"inf", 3}, UNTOUCHED},
	    {{"0x10", 4}, UNTOUCHED},
	    {{"1 ", 2}, UNTOUCHED},
	    {{"1.2.3", 5}, UNTOUCHED},
	    {{"e", 1}, UNTOUCHED},
	    {{"", 0}, UNTOUCHED},
	    {{"1\0002", 3}, UNTOUCHED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		double v = UNTOUCHED;

		assert_int_equal(num_parse_real(&v, cases[i].text), cases[i].v == UNTOUCHED ? -1 : 0);
		assert_true(v == cases[i].v);
	}
}

static void
test_format(void **state)
{
	static const uint64_t edges[] = {
	    0, 9, 10, 99, 100, 101, 999, 1000, 12345, UINT32_MAX, UINT64_C(10000000000000000000), UINT64_MAX};
	char got[21], want[21];

	(void)state;
	for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
		got[num_format(got, edges[i])] = '\0';
		snprintf(want, sizeof want, "%llu", (unsigned long long)edges[i]);
		assert_string_equal(got, want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_decimal),
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_durations),
	    cmocka_unit_test(test_reals),
	    cmocka_unit_test(test_format),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
