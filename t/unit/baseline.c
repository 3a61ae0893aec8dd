/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "base/hash.h"
#include "detect/baseline.h"

/* Three groups of two rules. */
static void
fill(struct baselines *b)
{
	baselines_init(b);
	*baselines_samples(b, 7) = 100;
	*baselines_samples(b, 8) = 3;
	for (uint64_t i = 0; i < 3; i++) {
		struct baseline_key k = {.rule = 7 + i / 2, .key = {(uint8_t)i, 1, 2, 3}};

		*baseline_make(b, &k) = (struct baseline){{1.5 + (double)i, 10, 1e12}};
	}
}

static void
assert_filled(struct baselines *b)
{
	assert_int_equal(b->groups.count, 3);
	assert_int_equal(*baselines_samples(b, 7), 100);
	assert_int_equal(*baselines_samples(b, 8), 3);
	for (uint64_t i = 0; i < 3; i++) {
		struct baseline_key k = {.rule = 7 + i / 2, .key = {(uint8_t)i, 1, 2, 3}};
		const struct baseline *v = baseline_find(b, &k);

		assert_non_null(v);
		assert_true(
		    v->mean[BASELINE_FLOWS] > 1.4 + (double)i && v->mean[BASELINE_FLOWS] < 1.6 + (double)i);
		assert_true(v->mean[BASELINE_BYTES] > 9.9e11 && v->mean[BASELINE_BYTES] < 1.1e12);
	}
}

static void
what_is_written_reads_back(void **state)
{
	struct baselines a, b;
	struct buf one = {0}, two = {0};
	struct err e;

	(void)state;
	fill(&a);
	baselines_write(&a, &one);
	baselines_init(&b);
	assert_int_equal(baselines_read(&b, (struct str){(const char *)one.p, one.len}, &e), 0);
	assert_filled(&b);
	baselines_write(&b, &two);
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.p, two.p, one.len);
	baselines_release(&a);
	baselines_release(&b);
	buf_release(&one);
	buf_release(&two);
}

/* Any byte changed and any length cut is found out, and what was there stays. */
static void
damage_is_refused(void **state)
{
	struct baselines b;
	struct buf good = {0};
	struct err e;

	(void)state;
	fill(&b);
	baselines_write(&b, &good);
	for (size_t i = 0; i < good.len; i++) {
		good.p[i] ^= 0x10;
		assert_int_equal(baselines_read(&b, (struct str){(const char *)good.p, good.len}, &e), -1);
		good.p[i] ^= 0x10;
		assert_int_equal(baselines_read(&b, (struct str){(const char *)good.p, i}, &e), -1);
	}
	assert_filled(&b);
	good.p[7]++;
	assert_int_equal(baselines_read(&b, (struct str){(const char *)good.p, good.len}, &e), -1);
	assert_string_equal(e.msg, "baselines of version 02, expected 01");
	good.p[7]--;
	/* A mean that is no number, under a checksum that holds. */
	memset(good.p + good.len - 8, 0xff, 8);
	uint64_t hash = hash64(good.p + 32, good.len - 32);
	memcpy(good.p + 24, &hash, sizeof hash);
	assert_int_equal(baselines_read(&b, (struct str){(const char *)good.p, good.len}, &e), -1);
	assert_string_equal(e.msg, "a mean that is no count: damaged");
	assert_filled(&b);
	baselines_release(&b);
	buf_release(&good);
}

static void
rules_that_are_gone_are_forgotten(void **state)
{
	static const uint64_t kept[] = {8, 9};
	struct baselines b;

	(void)state;
	fill(&b);
	baselines_retain(&b, kept, 2);
	assert_int_equal(b.groups.count, 1);
	assert_int_equal(b.samples.count, 1);
	assert_int_equal(*baselines_samples(&b, 7), 0);
	baselines_release(&b);
}

static void
room_is_bounded(void **state)
{
	struct baselines b;

	(void)state;
	baselines_init(&b);
	for (uint64_t i = 0; i < BASELINES_MAX + 5; i++)
		(void)baseline_make(&b, &(struct baseline_key){.rule = i});
	assert_int_equal(b.groups.count, BASELINES_MAX);
	assert_int_equal(b.refused, 5);
	for (uint64_t i = 0; i < BASELINE_RULES_MAX; i++)
		assert_non_null(baselines_samples(&b, i));
	assert_null(baselines_samples(&b, BASELINE_RULES_MAX));
	baselines_release(&b);
}

/* At first a plain mean, in the long run one of six hours, and never more than the sample itself. */
static void
samples_have_their_weight(void **state)
{
	(void)state;
	assert_true(baseline_weight(0, 60) == 1.0);
	assert_true(baseline_weight(3, 60) == 0.25);
	assert_true(baseline_weight(100000, 60) == 60.0 / 21600);
	assert_true(baseline_weight(100000, 86400) == 1.0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_reads_back),
	    cmocka_unit_test(damage_is_refused),
	    cmocka_unit_test(rules_that_are_gone_are_forgotten),
	    cmocka_unit_test(room_is_bounded),
	    cmocka_unit_test(samples_have_their_weight),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("baseline", tests, NULL, NULL);
}
