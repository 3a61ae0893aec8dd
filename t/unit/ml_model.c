/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "ml/model.h"

static const struct str names[] = {{"flows", 5}, {"syn_ratio", 9}};

enum { ROWS = 101 };

/* Trees of two levels: a file that every byte of can be tried. */
static void
model_make(struct model *m)
{
	static const struct forest_options o = {.trees = 2, .sample = 4, .seed = 3};
	float rows[ROWS][2];
	struct err e;

	for (int i = 0; i < ROWS; i++) {
		rows[i][0] = (float)i;
		rows[i][1] = (float)(i % 2);
	}
	assert_int_equal(model_train(m, names, 2, 1, rows[0], ROWS, &o, &e), 0);
}

static void
file_gives_the_model_back(void **state)
{
	struct model a, b;
	struct buf file = {0};
	struct err e;

	(void)state;
	model_make(&a);
	model_write(&a, &file);
	assert_int_equal(model_read(&b, file.p, file.len, &e), 0);
	assert_int_equal(b.vectors, 1);
	assert_int_equal(b.rows, ROWS);
	assert_int_equal(b.seed, 3);
	assert_true(a.checksum == b.checksum);
	assert_int_equal(b.forest.trees, 2);
	assert_int_equal(b.forest.sample, 4);
	assert_int_equal(b.forest.depth, 2);
	assert_string_equal(b.features[0].name, "flows");
	assert_true(b.features[0].low == 5 && b.features[0].middle == 50 && b.features[0].high == 95);
	assert_int_equal(model_find(&b, STR("syn_ratio")), 1);
	assert_int_equal(model_find(&b, STR("syn")), -1);
	assert_memory_equal(a.forest.nodes, b.forest.nodes, 8 * sizeof *a.forest.nodes);
	assert_memory_equal(a.forest.reach, b.forest.reach, 16 * sizeof *a.forest.reach);
	model_release(&a);
	model_release(&b);
	buf_release(&file);
}

static void
head_is_for_people(void **state)
{
	static const char head[] = "nf-model 1\nvectors 1\nrows 101\nseed 3\ntrees 2\nsample 4\nfeatures 2\n"
				   "feature flows 5 50 95\nfeature syn_ratio 0 0 1\ndata 128\nchecksum ";
	struct buf file = {0};
	struct model m;

	(void)state;
	model_make(&m);
	model_write(&m, &file);
	assert_memory_equal(file.p, head, sizeof head - 1);
	model_release(&m);
	buf_release(&file);
}

static void
no_damage_goes_unseen(void **state)
{
	struct buf file = {0};
	struct model m;
	struct err e;

	(void)state;
	model_make(&m);
	model_write(&m, &file);
	model_release(&m);
	for (size_t i = 0; i < file.len; i++) {
		uint8_t *cut = malloc(i + 1); /* its own, for the address sanitizer */

		memcpy(cut, file.p, i);
		assert_int_equal(model_read(&m, cut, i, &e), -1);
		free(cut);
		for (int bit = 0; bit < 8; bit++) {
			file.p[i] ^= (uint8_t)(1 << bit);
			assert_int_equal(model_read(&m, file.p, file.len, &e), -1);
			file.p[i] ^= (uint8_t)(1 << bit);
		}
	}
	buf_putc(&file, 0);
	assert_int_equal(model_read(&m, file.p, file.len, &e), -1);
	assert_string_equal(e.msg, "129 bytes of data, expected 128");
	buf_release(&file);
}

static void
words_tell_what_is_wrong(void **state)
{
	static const struct {
		const char *file, *words;
	} cases[] = {
	    {"", "the file is empty"},
	    {"{\"a\":1}\n", "this is no model file"},
	    {"nf-model 2\n", "a model file of version 2, expected 1"},
	    {"nf-model 1\nrows 3\n", "line 2: expected 'vectors'"},
	    {"nf-model 1\nvectors 1\nrows -\n",
		"line 3: rows is '-', expected a number from 0 to 18446744073709551615"},
	    {"nf-model 1\nvectors 1\nrows 1\nseed 1\ntrees 1001\n",
		"line 5: trees is '1001', expected a number from 1 to 1000"},
	    {"nf-model 1\nvectors 1\nrows 1\nseed 1\ntrees 1000\nsample 4096\nfeatures 1\n",
		"the file is cut off"},
	};
	struct model m;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(model_read(&m, cases[i].file, strlen(cases[i].file), &e), -1);
		assert_string_equal(e.msg, cases[i].words);
	}
	assert_int_equal(model_load(&m, "/nonexistent/model", &e), -1);
	assert_non_null(strstr(e.msg, "/nonexistent/model"));
}

/* Sound by its checksum, yet of a node that looks at a feature which is not there. */
static void
sense_is_checked_beyond_the_checksum(void **state)
{
	struct buf file = {0};
	struct model a, b;
	struct err e;

	(void)state;
	model_make(&a);
	a.forest.nodes[5].feature = 2;
	model_write(&a, &file);
	assert_int_equal(model_read(&b, file.p, file.len, &e), -1);
	assert_string_equal(e.msg, "node 5 makes no sense");
	a.forest.nodes[5].feature = 0;
	a.forest.reach[3] = -1;
	file.len = 0;
	model_write(&a, &file);
	assert_int_equal(model_read(&b, file.p, file.len, &e), -1);
	assert_string_equal(e.msg, "path length 3 makes no sense");
	model_release(&a);
	buf_release(&file);
}

static void
names_are_plain(void **state)
{
	char longest[MODEL_NAME_MAX];

	(void)state;
	memset(longest, 'a', sizeof longest);
	assert_true(model_name_valid(STR("dst_port_entropy")) && model_name_valid(STR("f0.x-Y")));
	assert_true(model_name_valid((struct str){longest, MODEL_NAME_MAX - 1}));
	assert_false(model_name_valid((struct str){longest, MODEL_NAME_MAX}));
	assert_false(
	    model_name_valid(STR("")) || model_name_valid(STR("a b")) || model_name_valid(STR("\n")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(file_gives_the_model_back),
	    cmocka_unit_test(head_is_for_people),
	    cmocka_unit_test(no_damage_goes_unseen),
	    cmocka_unit_test(words_tell_what_is_wrong),
	    cmocka_unit_test(sense_is_checked_beyond_the_checksum),
	    cmocka_unit_test(names_are_plain),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
