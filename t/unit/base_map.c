#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <stdbool.h>

#include "base/map.h"

static void
an_empty_map_has_nothing(void **state)
{
	struct map m;
	uint32_t key = 1;
	const void *k;
	void *v;
	size_t it = 0;

	(void)state;
	map_init(&m, sizeof key, sizeof key);
	assert_null(map_get(&m, &key));
	assert_false(map_delete(&m, &key));
	assert_false(map_next(&m, &it, &k, &v));
	map_clear(&m);
	map_release(&m);
}

static void
puts_zeroed_and_aligned(void **state)
{
	struct map m;
	char key[13] = "odd key size";
	bool fresh;

	(void)state;
	map_init(&m, sizeof key, 5);
	unsigned char *v = map_put(&m, key, &fresh);
	assert_true(fresh);
	assert_int_equal((uintptr_t)v % 8, 0);
	assert_memory_equal(v, "\0\0\0\0\0", 5);
	memcpy(v, "value", 5);
	assert_ptr_equal(map_put(&m, key, &fresh), v);
	assert_false(fresh);
	assert_memory_equal(map_get(&m, key), "value", 5);
	assert_true(map_delete(&m, key));
	assert_memory_equal(map_put(&m, key, NULL), "\0\0\0\0\0", 5);
	assert_int_equal(m.count, 1);
	map_release(&m);
}

static void
is_used_again_after_clear_and_release(void **state)
{
	struct map m;

	(void)state;
	map_init(&m, 4, 4);
	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < 100; i++)
			*(uint32_t *)map_put(&m, &i, NULL) = i;
		assert_int_equal(m.count, 100);
		if (round == 1)
			map_release(&m);
		else
			map_clear(&m);
		for (uint32_t i = 0; i < 100; i++)
			assert_null(map_get(&m, &i));
		assert_int_equal(m.count, 0);
	}
	map_release(&m);
}

#define KEYS 3000

static void
agrees_with_model(const struct map *m, const bool *there, const uint64_t *value, size_t count)
{
	static bool seen[KEYS];
	const void *k;
	void *v;
	size_t n = 0;

	assert_int_equal(m->count, count);
	memset(seen, 0, sizeof seen);
	for (size_t it = 0; map_next(m, &it, &k, &v); n++) {
		uint32_t key;

		memcpy(&key, k, sizeof key);
		assert_in_range(key, 0, KEYS - 1);
		assert_true(there[key]);
		assert_false(seen[key]);
		seen[key] = true;
		assert_int_equal(*(uint64_t *)v, value[key]);
	}
	assert_int_equal(n, count);
	for (uint32_t key = 0; key < KEYS; key++) {
		uint64_t *p = map_get(m, &key);

		assert_int_equal(p != NULL, there[key]);
		if (p != NULL)
			assert_int_equal(*p, value[key]);
	}
}

/* Random puts and deletes next to an array that does the same; the share of deletes swings, so it fills and drains. */
static void
agrees_with_a_model(void **state)
{
	static bool there[KEYS];
	static uint64_t value[KEYS];
	struct map m;
	size_t count = 0;

	(void)state;
	srand(2);
	map_init(&m, sizeof(uint32_t), sizeof(uint64_t));
	for (int step = 0; step < 300000; step++) {
		uint32_t key = (uint32_t)rand() % KEYS;
		bool fresh, drain = step / 30000 % 2 == 1;

		if (rand() % 10 < (drain ? 7 : 3)) {
			assert_int_equal(map_delete(&m, &key), there[key]);
			count -= there[key];
			there[key] = false;
		} else {
			uint64_t *v = map_put(&m, &key, &fresh);

			assert_int_equal(fresh, !there[key]);
			assert_int_equal(*v, fresh ? 0 : value[key]);
			*v = value[key] = (uint64_t)step + 1;
			count += fresh;
			there[key] = true;
		}
		if (step % 10000 == 0)
			agrees_with_model(&m, there, value, count);
	}
	agrees_with_model(&m, there, value, count);
	for (uint32_t key = 0; key < KEYS; key++)
		assert_int_equal(map_delete(&m, &key), there[key]);
	assert_int_equal(m.count, 0);
	map_release(&m);
}

static void
seeds_differ(void **state)
{
	struct map a, b;

	(void)state;
	map_init(&a, 4, 4);
	map_init(&b, 4, 4);
	assert_true(a.seed != b.seed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_map_has_nothing),
	    cmocka_unit_test(puts_zeroed_and_aligned),
	    cmocka_unit_test(is_used_again_after_clear_and_release),
	    cmocka_unit_test(agrees_with_a_model),
	    cmocka_unit_test(seeds_differ),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
