/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ml/forest.h"

enum { ROWS = 2000, FEATURES = 5, ODD = 40 };

static const struct forest_options usual = {.trees = 100, .sample = 256, .seed = 7};

/* Uniform in 0..1, but the last ODD rows lie beyond in their feature 2; feature 4 never varies. */
static float *
rows_make(void)
{
	float *rows = mem_zero((size_t)ROWS * FEATURES, sizeof *rows);
	uint64_t random = 1;

	for (size_t i = 0; i < ROWS; i++) {
		for (size_t k = 0; k < 4; k++) {
			random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			rows[i * FEATURES + k] = (float)(random >> 40) * 0x1p-24f;
		}
		rows[i * FEATURES + 4] = 3;
		if (i >= ROWS - ODD)
			rows[i * FEATURES + 2] += 5;
	}
	return rows;
}

static void
search_length_follows_the_paper(void **state)
{
	(void)state;
	assert_true(forest_search_length(0) == 0 && forest_search_length(1) == 0);
	assert_true(forest_search_length(2) == 1);
	assert_true(fabs(forest_search_length(3) - 1.2073924) < 1e-6);
	assert_true(fabs(forest_search_length(256) - 10.2447709) < 1e-6);
}

static void
odd_rows_score_high(void **state)
{
	float *rows = rows_make(), scores[ROWS], odd = 0, even = 0;
	struct forest f;
	struct err e;

	(void)state;
	assert_int_equal(forest_train(&f, rows, ROWS, FEATURES, &usual, &e), 0);
	assert_int_equal(f.depth, 8);
	assert_int_equal(forest_score(&f, rows, ROWS, scores, &e), 0);
	for (size_t i = 0; i < ROWS; i++) {
		assert_true(scores[i] > 0 && scores[i] < 1);
		*(i < ROWS - ODD ? &even : &odd) += scores[i];
	}
	assert_true(odd / ODD > 0.55F);
	assert_true(even / (ROWS - ODD) < 0.5F);
	forest_release(&f);
	free(rows);
}

static void
seed_decides_all(void **state)
{
	float *rows = rows_make();
	struct forest_options other = usual;
	struct forest a, b, c;
	struct err e;

	(void)state;
	other.seed++;
	assert_int_equal(forest_train(&a, rows, ROWS, FEATURES, &usual, &e), 0);
	assert_int_equal(forest_train(&b, rows, ROWS, FEATURES, &usual, &e), 0);
	assert_int_equal(forest_train(&c, rows, ROWS, FEATURES, &other, &e), 0);
	size_t nodes = (size_t)a.trees << a.depth;
	assert_memory_equal(a.nodes, b.nodes, nodes * sizeof *a.nodes);
	assert_memory_equal(a.reach, b.reach, nodes * 2 * sizeof *a.reach);
	assert_true(memcmp(a.nodes, c.nodes, nodes * sizeof *a.nodes) != 0);
	forest_release(&a);
	forest_release(&b);
	forest_release(&c);
	free(rows);
}

/* A row scores the same alone, in a lane, and at the end of a block. */
static void
company_changes_no_score(void **state)
{
	float *rows = rows_make(), all[ROWS], one;
	struct forest f;
	struct err e;

	(void)state;
	assert_int_equal(forest_train(&f, rows, ROWS, FEATURES, &usual, &e), 0);
	assert_int_equal(forest_score(&f, rows, ROWS - 3, all, &e), 0);
	for (size_t i = 0; i < ROWS - 3; i++) {
		assert_int_equal(forest_score(&f, rows + i * FEATURES, 1, &one, &e), 0);
		assert_true(one == all[i]);
	}
	forest_release(&f);
	free(rows);
}

static void
reasons_add_up_to_the_path(void **state)
{
	float *rows = rows_make(), why[FEATURES], score, sum = 0, root = 0;
	const float *odd = rows + (size_t)(ROWS - 1) * FEATURES;
	struct forest f;
	struct err e;

	(void)state;
	assert_int_equal(forest_train(&f, rows, ROWS, FEATURES, &usual, &e), 0);
	assert_int_equal(forest_score(&f, odd, 1, &score, &e), 0);
	forest_explain(&f, odd, why);
	for (size_t k = 0; k < FEATURES; k++) {
		sum += why[k];
		assert_true(k == 2 || why[k] < why[2]);
	}
	assert_true(why[4] == 0);
	for (uint32_t t = 0; t < f.trees; t++)
		root += f.reach[((size_t)t << (f.depth + 1)) + 1] / (float)f.trees;
	double path = -log2((double)score) * forest_search_length(f.sample);
	assert_true(fabs(path - (double)(root - sum)) < 0.01);
	forest_release(&f);
	free(rows);
}

static void
twins_are_no_trouble(void **state)
{
	float rows[] = {1, 1, 1, 1, 1, 1, FLT_MAX, -FLT_MAX}, scores[4];
	struct forest f;
	struct err e;

	(void)state;
	assert_int_equal(forest_train(&f, rows, 3, 2, &usual, &e), 0);
	assert_int_equal(f.sample, 3);
	assert_int_equal(forest_score(&f, rows, 4, scores, &e), 0);
	assert_true(scores[0] == scores[3] && fabsf(scores[0] - 0.5F) < 1e-6F);
	forest_release(&f);

	assert_int_equal(forest_train(&f, rows, 4, 2, &usual, &e), 0);
	assert_int_equal(forest_score(&f, rows, 4, scores, &e), 0);
	assert_true(scores[3] > scores[0]);
	forest_release(&f);
}

static void
nonsense_is_refused(void **state)
{
	static const struct {
		float value;
		struct forest_options options;
		const char *words;
	} cases[] = {
	    {NAN, {100, 256, 1}, "row 2, value 1: it is infinite or no number"},
	    {INFINITY, {100, 256, 1}, "row 2, value 1: it is infinite or no number"},
	    {-INFINITY, {100, 256, 1}, "row 2, value 1: it is infinite or no number"},
	    {0, {0, 256, 1}, "0 trees, expected 1 to 1000"},
	    {0, {1001, 256, 1}, "1001 trees, expected 1 to 1000"},
	    {0, {100, 1, 1}, "a sample of 1 rows, expected 2 to 4096"},
	    {0, {100, 4097, 1}, "a sample of 4097 rows, expected 2 to 4096"},
	};
	float rows[] = {1, 2, 3, 4, 5, 6}, scores[3];
	struct forest f;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		rows[2] = cases[i].value;
		assert_int_equal(forest_train(&f, rows, 3, 2, &cases[i].options, &e), -1);
		assert_string_equal(e.msg, cases[i].words);
	}
	assert_int_equal(forest_train(&f, rows, 1, 2, &usual, &e), -1);
	assert_string_equal(e.msg, "1 rows, expected at least 2, and fewer than 2^32");
	assert_int_equal(forest_train(&f, rows, 3, 257, &usual, &e), -1);

	assert_int_equal(forest_train(&f, rows, 3, 2, &usual, &e), 0);
	rows[5] = NAN;
	assert_int_equal(forest_score(&f, rows, 3, scores, &e), -1);
	assert_string_equal(e.msg, "row 3, value 2: it is infinite or no number");
	forest_release(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(search_length_follows_the_paper),
	    cmocka_unit_test(odd_rows_score_high),
	    cmocka_unit_test(seed_decides_all),
	    cmocka_unit_test(company_changes_no_score),
	    cmocka_unit_test(reasons_add_up_to_the_path),
	    cmocka_unit_test(twins_are_no_trouble),
	    cmocka_unit_test(nonsense_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
