#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <time.h>

#include "base/civil.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct {
	const char *text;
	int64_t ms;
} moments[] = {
    {"1970-01-01 00:00:00", 0},
    {"1969-12-31 23:59:59", -1000},
    {"2000-02-29 12:00:00", INT64_C(951825600000)},
    {"2000-03-01 00:00:00", INT64_C(951868800000)},
    {"1900-02-28 23:59:59", INT64_C(-2203891201000)},
    {"1900-03-01 00:00:00", INT64_C(-2203891200000)},
    {"2024-02-29 23:59:59", INT64_C(1709251199000)},
    {"2038-01-19 03:14:08", INT64_C(2147483648000)},
    {"2100-02-28 23:59:59", INT64_C(4107542399000)},
    {"2100-03-01 00:00:00", INT64_C(4107542400000)},
    {"9999-12-31 23:59:59", INT64_C(253402300799000)},
    {"0000-01-01 00:00:00", INT64_C(-62167219200000)},
};

static void
puts_and_parses_known_moments(void **state)
{
	char p[19];

	(void)state;
	for (size_t i = 0; i < COUNT(moments); i++) {
		int64_t ms;

		civil_put(p, moments[i].ms);
		assert_memory_equal(p, moments[i].text, sizeof p);
		assert_int_equal(civil_parse(&ms, NULL, str_from(moments[i].text)), 0);
		assert_true(ms == moments[i].ms);
	}
}

/* Against the C library, in odd steps from 1600 to 2400, before and after each second. */
static void
agrees_with_gmtime(void **state)
{
	(void)state;
	for (int64_t s = INT64_C(-11676096000); s < INT64_C(13569465600); s += 1000003) {
		time_t t = (time_t)s;
		struct tm tm;
		struct civil c = civil_from_ms(s * 1000 + 7);

		gmtime_r(&t, &tm);
		assert_int_equal(c.year, tm.tm_year + 1900);
		assert_int_equal(c.month, tm.tm_mon + 1);
		assert_int_equal(c.day, tm.tm_mday);
		assert_int_equal(c.hour, tm.tm_hour);
		assert_int_equal(c.minute, tm.tm_min);
		assert_int_equal(c.second, tm.tm_sec);
		assert_int_equal(c.ms, 7);
		assert_true(civil_to_ms(&c) == s * 1000 + 7);
	}
}

static void
counts_milliseconds_down_before_1970(void **state)
{
	struct civil c = civil_from_ms(-1);
	char p[36];

	(void)state;
	assert_int_equal(c.year, 1969);
	assert_int_equal(c.second, 59);
	assert_int_equal(c.ms, 999);
	assert_true(civil_to_ms(&c) == -1);
	assert_string_equal(civil_rfc3339(p, -1, 0), "1969-12-31T23:59:59.999Z");
}

static void
clamps_the_years_it_cannot_write(void **state)
{
	char p[36];

	(void)state;
	civil_put(p, INT64_C(253402300800000));
	assert_memory_equal(p, "9999-01-01", 10);
	civil_put(p, INT64_C(-62167219200001));
	assert_memory_equal(p, "0000-12-31", 10);
	civil_put(p, INT64_MAX);
	assert_memory_equal(p, "9999-", 5);
	civil_put(p, INT64_MIN);
	assert_memory_equal(p, "0000-", 5);
	assert_int_equal(strlen(civil_rfc3339(p, INT64_MAX, 840)), 29);
	assert_int_equal(strlen(civil_rfc3339(p, INT64_MIN, -840)), 29);
}

static void
parses_fractions_and_zones(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
		int zoned;
	} cases[] = {
	    {"2026-11-02T10:00:00", INT64_C(1793613600000), 0},
	    {"2026-11-02T10:00:00Z", INT64_C(1793613600000), 1},
	    {"2026-11-02 10:00:00z", INT64_C(1793613600000), 1},
	    {"2026-11-02 10:00:00.5", INT64_C(1793613600500), 0},
	    {"2026-11-02 10:00:00.025", INT64_C(1793613600025), 0},
	    {"2026-11-02 10:00:00.123456", INT64_C(1793613600123), 0},
	    {"2026-11-02 10:00:00,999999999999999999Z", INT64_C(1793613600999), 1},
	    {"2026-11-02T12:00:00+02:00", INT64_C(1793613600000), 1},
	    {"2026-11-02T12:00:00.001+0200", INT64_C(1793613600001), 1},
	    {"2026-11-02T04:30:00-05:30", INT64_C(1793613600000), 1},
	    {"2026-11-02T10:00:00-0000", INT64_C(1793613600000), 1},
	    {"1970-01-01T00:00:00+14:00", INT64_C(-50400000), 1},
	    {"2016-12-31T23:59:60Z", INT64_C(1483228800000), 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t ms;
		int zoned = -1;

		assert_int_equal(civil_parse(&ms, &zoned, str_from(cases[i].text)), 0);
		assert_true(ms == cases[i].ms);
		assert_int_equal(zoned, cases[i].zoned);
	}
}

static void
refuses_what_is_no_time(void **state)
{
	static const char *const bad[] = {
	    "",
	    "2026-11-02",
	    "2026-11-02 10:00",
	    "2026-11-02 10:00:0",
	    "2026/11/02 10:00:00",
	    "2026-11-02t10:00:00",
	    "2026-11-02  10:00:00",
	    "02026-11-02 10:00:00",
	    "2026-00-02 10:00:00",
	    "2026-13-02 10:00:00",
	    "2026-11-00 10:00:00",
	    "2026-11-31 10:00:00",
	    "2026-02-29 10:00:00",
	    "2100-02-29 10:00:00",
	    "2024-02-30 10:00:00",
	    "2026-11-02 24:00:00",
	    "2026-11-02 10:60:00",
	    "2026-11-02 10:00:61",
	    "2026-11-02 10:00:00.",
	    "2026-11-02 10:00:00.Z",
	    "2026-11-02 10:00:00 Z",
	    "2026-11-02 10:00:00ZZ",
	    "2026-11-02 10:00:00+2",
	    "2026-11-02 10:00:00+02",
	    "2026-11-02 10:00:00+24:00",
	    "2026-11-02 10:00:00+02:60",
	    "2026-11-02 10:00:00+02-00",
	    "2026-11-02 10:00:00 +0200",
	    "-026-11-02 10:00:00",
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (civil_parse(&ms, NULL, str_from(bad[i])) != -1)
			fail_msg("'%s' was taken", bad[i]);
}

static void
writes_rfc3339(void **state)
{
	static const struct {
		int64_t ms;
		int offset;
		const char *text;
	} cases[] = {
	    {INT64_C(1793613600000), 0, "2026-11-02T10:00:00.000Z"},
	    {INT64_C(1793613600042), 120, "2026-11-02T12:00:00.042+02:00"},
	    {INT64_C(1793613600042), -330, "2026-11-02T04:30:00.042-05:30"},
	    {INT64_C(1793613600042), -30, "2026-11-02T09:30:00.042-00:30"},
	    {0, 840, "1970-01-01T14:00:00.000+14:00"},
	    {0, -60, "1969-12-31T23:00:00.000-01:00"},
	};
	char p[36];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t ms;

		assert_string_equal(civil_rfc3339(p, cases[i].ms, cases[i].offset), cases[i].text);
		assert_int_equal(civil_parse(&ms, NULL, str_from(p)), 0);
		assert_true(ms == cases[i].ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(puts_and_parses_known_moments),
	    cmocka_unit_test(agrees_with_gmtime),
	    cmocka_unit_test(counts_milliseconds_down_before_1970),
	    cmocka_unit_test(clamps_the_years_it_cannot_write),
	    cmocka_unit_test(parses_fractions_and_zones),
	    cmocka_unit_test(refuses_what_is_no_time),
	    cmocka_unit_test(writes_rfc3339),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
