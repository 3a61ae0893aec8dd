/* Zones: what the tz database says, at the edges of summer time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include "io/clock.h"

#define ATHENS "Europe/Athens"

/* Summer time in the EU runs from 01:00 UTC on the last Sunday of March to that of October (2000/84/EC). */
static void
test_athens(void **state)
{
	static const struct {
		int64_t ms;
		int minutes;
	} cases[] = {
	    {INT64_C(1711846799999), 120}, /* 2024-03-31 00:59:59.999 UTC */
	    {INT64_C(1711846800000), 180}, /* 2024-03-31 01:00 UTC */
	    {INT64_C(1729990799999), 180}, /* 2024-10-27 00:59:59.999 UTC */
	    {INT64_C(1729990800000), 120}, /* 2024-10-27 01:00 UTC */
	    {0, 120},
	    {-1, 120},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(clock_zone_offset(ATHENS, cases[i].ms), cases[i].minutes);
}

static void
test_other_zones(void **state)
{
	const int64_t winter = INT64_C(1704067200000), summer = INT64_C(1719792000000);

	(void)state;
	assert_int_equal(clock_zone_offset("Asia/Kolkata", winter), 330);
	assert_int_equal(clock_zone_offset("America/St_Johns", winter), -210);
	assert_int_equal(clock_zone_offset("America/St_Johns", summer), -150);
	assert_int_equal(clock_zone_offset("UTC", summer), 0);
	/* One zone after the other: none sticks. */
	assert_int_equal(clock_zone_offset(ATHENS, summer), 180);
	assert_int_equal(clock_zone_offset(NULL, summer), 0);
	assert_int_equal(clock_zone_offset(ATHENS, winter), 120);
}

static void
test_known(void **state)
{
	static const char *const no[] = {"", "Europe/Atlantis", "Europe", "Europe/", "/etc/passwd",
	    "/usr/share/zoneinfo/Europe/Athens", "../zoneinfo/Europe/Athens", "zone.tab", "Europe/Athens "};

	(void)state;
	assert_true(clock_zone_known(ATHENS));
	assert_true(clock_zone_known("UTC"));
	assert_true(clock_zone_known("Etc/GMT+5"));
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
		assert_false(clock_zone_known(no[i]));
}

static void
test_format(void **state)
{
	struct buf b = {0};

	(void)state;
	assert_int_equal(clock_format(&b, "%Y-%m-%d %H:%M:%S %s", NULL, INT64_C(1700000000000)), 0);
	assert_string_equal(buf_cstr(&b), "2023-11-14 22:13:20 1700000000");
	b.len = 0;
	assert_int_equal(clock_format(&b, "a/%F.%H%z %s", ATHENS, INT64_C(1700000000000)), 0);
	assert_string_equal(buf_cstr(&b), "a/2023-11-15.00+0200 1700000000");
	b.len = 0;
	assert_int_equal(clock_format(&b, "", NULL, 0), -1);
	assert_int_equal(b.len, 0);
	buf_release(&b);
}

static void
test_clocks(void **state)
{
	int64_t mono = clock_mono_ms(), wall = clock_wall_ms();

	(void)state;
	assert_true(wall > INT64_C(1700000000000));
	assert_true(wall < INT64_C(4102444800000));
	assert_true(clock_mono_ms() >= mono);
	assert_true(clock_mono_ms() - mono < 60000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_athens),
	    cmocka_unit_test(test_other_zones),
	    cmocka_unit_test(test_known),
	    cmocka_unit_test(test_format),
	    cmocka_unit_test(test_clocks),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
