#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/num.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void
parses_whole_numbers(void **state)
{
	uint64_t v;

	(void)state;
	assert_int_equal(num_parse(&v, STR("0"), 0, UINT64_MAX), 0);
	assert_int_equal(v, 0);
	assert_int_equal(num_parse(&v, STR("18446744073709551615"), 0, UINT64_MAX), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(num_parse(&v, STR("65535"), 1, 65535), 0);
	assert_int_equal(v, 65535);
	assert_int_equal(num_parse(&v, (struct str){"123456", 3}, 0, 1000), 0);
	assert_int_equal(v, 123);
}

static void
refuses_what_is_no_number(void **state)
{
	static const struct str bad[] = {STR(""), STR(" 1"), STR("1 "), STR("+1"), STR("-1"), STR("1.0"),
	    STR("1e3"), STR("0x10"), STR("one"), STR("1\0"), STR("18446744073709551616"),
	    STR("18446744073709551620"), STR("99999999999999999999999")};
	uint64_t v = 42;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(num_parse(&v, bad[i], 0, UINT64_MAX), -1);
	assert_int_equal(num_parse(&v, STR("0"), 1, 10), -1);
	assert_int_equal(num_parse(&v, STR("11"), 1, 10), -1);
	assert_int_equal(v, 42);
}

static void
parses_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {{"0", 0}, {"512", 512}, {"512B", 512}, {"1K", 1024}, {"64k", 65536}, {"64KB", 65536},
	    {"64KiB", 65536}, {"3M", 3145728}, {"2G", UINT64_C(2147483648)}, {"4GiB", UINT64_C(4294967296)},
	    {"1T", UINT64_C(1099511627776)}, {"16777215T", UINT64_C(18446742974197923840)}};
	static const char *const bad[] = {"", "K", "1P", "1 K", "-1K", "1iB", "1KiB ", "1Ki", "1BB", "1.5G",
	    "16777216T", "18446744073709551615K", "1\013"};
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(num_parse_size(&v, str_from(good[i].text)), 0);
		assert_true(v == good[i].bytes);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (num_parse_size(&v, str_from(bad[i])) != -1)
			fail_msg("'%s' was taken", bad[i]);
}

static void
parses_durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} good[] = {{"0", 0}, {"5", 5000}, {"250ms", 250}, {"60s", 60000}, {"5m", 300000}, {"24h", 86400000},
	    {"90d", UINT64_C(7776000000)}, {"2w", 1209600000}};
	static const char *const bad[] = {"", "s", "1 s", "1S", "1sec", "1M", "-1s", "1.5s", "1h30m",
	    "18446744073709551615s", "18446744073709551615"};
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(num_parse_duration(&v, str_from(good[i].text), 1000), 0);
		assert_true(v == good[i].ms);
	}
	assert_int_equal(num_parse_duration(&v, STR("7"), 1), 0);
	assert_int_equal(v, 7);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (num_parse_duration(&v, str_from(bad[i]), 1000) != -1)
			fail_msg("'%s' was taken", bad[i]);
}

static void
parses_reals(void **state)
{
	static const struct {
		const char *text;
		double value;
	} good[] = {{"0", 0}, {"0.5", 0.5}, {"-1.25", -1.25}, {"1e3", 1000}, {"2.5E-1", 0.25},
	    {"1700000000.123", 1700000000.123}, {"1e308", 1e308}};
	static const struct str bad[] = {STR(""), STR("."), STR("-"), STR("1e"), STR("1e999"), STR("-1e999"),
	    STR("nan"), STR("inf"), STR("0x1p3"), STR("1,5"), STR("1 "), STR(" 1"), STR("1.2.3"), STR("1\0"),
	    STR("1\0002"), STR("1000000000000000000000000000000000000000000000000000000000000000")};
	double v;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(num_parse_real(&v, str_from(good[i].text)), 0);
		assert_true(v == good[i].value);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (num_parse_real(&v, bad[i]) != -1)
			fail_msg("'%.*s' was taken", (int)bad[i].len, bad[i].p);
}

static void
formats_as_printf_does(void **state)
{
	char got[20], want[24];
	uint64_t v = 1;

	(void)state;
	srand(4);
	for (int i = 0; i < 100000; i++) {
		uint64_t n =
		    i < 1000 ? (uint64_t)i : (v = v * UINT64_C(6364136223846793005) + 1) >> rand() % 64;
		int len = snprintf(want, sizeof want, "%llu", (unsigned long long)n);

		assert_int_equal(num_format(got, n), len);
		assert_memory_equal(got, want, (size_t)len);
	}
	assert_int_equal(num_format(got, UINT64_MAX), 20);
	assert_memory_equal(got, "18446744073709551615", 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses_whole_numbers),
	    cmocka_unit_test(refuses_what_is_no_number),
	    cmocka_unit_test(parses_sizes),
	    cmocka_unit_test(parses_durations),
	    cmocka_unit_test(parses_reals),
	    cmocka_unit_test(formats_as_printf_does),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
