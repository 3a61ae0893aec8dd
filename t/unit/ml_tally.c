/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "ml/tally.h"

enum { VALUES = 200000 };

/* A stream with its true counts beside its tally. */
struct stream {
	struct arena arena;
	struct tally tally;
	uint32_t *counts;
	uint64_t total;
};

static void
stream_open(struct stream *s)
{
	*s = (struct stream){.counts = mem_zero(VALUES, sizeof *s->counts)};
}

static void
stream_add(struct stream *s, uint32_t value, uint32_t n)
{
	tally_add(&s->tally, &s->arena, (uint32_t)hash64(&value, sizeof value), n);
	s->counts[value] += n;
	s->total += n;
}

static void
stream_check(struct stream *s, double distinct_error, double entropy_error)
{
	double distinct = 0, entropy = 0;

	for (uint32_t i = 0; i < VALUES; i++) {
		double p = (double)s->counts[i] / (double)s->total;

		distinct += p > 0;
		entropy -= p > 0 ? p * log2(p) : 0;
	}
	assert_true(fabs(tally_distinct(&s->tally) / distinct - 1) <= distinct_error);
	assert_true(fabs(tally_entropy(&s->tally) - entropy) <= entropy_error);
	arena_release(&s->arena);
	free(s->counts);
}

static void
few_values_are_exact(void **state)
{
	(void)state;
	for (uint32_t n = 1; n <= TALLY_EXACT; n += 51) {
		struct stream s;

		stream_open(&s);
		for (uint32_t i = 0; i < n; i++)
			stream_add(&s, i, 1 + i % 7);
		stream_check(&s, 0, 1e-9);
	}
}

static void
nothing_is_zero(void **state)
{
	struct tally t = {0};

	(void)state;
	assert_true(tally_distinct(&t) == 0);
	assert_true(tally_entropy(&t) == 0);
}

/* Three standard errors, and the bits that the header states. */
static void
uniform_streams_are_near(void **state)
{
	(void)state;
	for (uint32_t n = TALLY_EXACT + 1; n < VALUES; n = n * 3 / 2) {
		struct stream s;

		stream_open(&s);
		for (uint32_t round = 0; round < 3; round++)
			for (uint32_t i = 0; i < n; i++)
				stream_add(&s, i, 1);
		stream_check(&s, 0.1, 0.25);
	}
}

static void
skewed_streams_are_near(void **state)
{
	struct stream s;
	uint64_t random = 1;

	(void)state;
	stream_open(&s);
	for (uint32_t i = 0; i < 300000; i++) {
		random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		/* density 1/x: as many from 1 to 2 as from 50,000 to 100,000 */
		stream_add(&s, (uint32_t)exp((double)(random >> 40) * 0x1p-24 * log(100000)), 1);
	}
	stream_check(&s, 0.1, 2);
}

/* A scan beside one busy talk. */
static void
mixed_streams_are_near(void **state)
{
	struct stream s;

	(void)state;
	stream_open(&s);
	for (uint32_t i = 0; i < 100000; i++)
		stream_add(&s, i % 2 == 0 ? 7 : i, 1);
	stream_check(&s, 0.1, 0.25);
}

static void
parts_add_up(void **state)
{
	struct stream s;
	struct tally parts[6] = {{0}}, all = {0};

	(void)state;
	stream_open(&s);
	for (uint32_t i = 0; i < 30000; i++) {
		uint32_t value = i % 3 == 0 ? i % 100 : i;

		stream_add(&s, value, 1);
		tally_add(&parts[i % 6], &s.arena, (uint32_t)hash64(&value, sizeof value), 1);
	}
	for (int i = 0; i < 6; i++)
		tally_merge(&all, &s.arena, &parts[i]);
	assert_true(tally_distinct(&all) == tally_distinct(&s.tally));
	s.tally = all;
	stream_check(&s, 0.1, 0.25);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(few_values_are_exact),
	    cmocka_unit_test(nothing_is_zero),
	    cmocka_unit_test(uniform_streams_are_near),
	    cmocka_unit_test(skewed_streams_are_near),
	    cmocka_unit_test(mixed_streams_are_near),
	    cmocka_unit_test(parts_add_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
