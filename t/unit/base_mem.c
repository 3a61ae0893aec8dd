#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/mem.h"

static void
allocates_nothing_and_something(void **state)
{
	(void)state;
	void *p = mem_alloc(0);
	assert_non_null(p);
	free(p);
	unsigned char *z = mem_zero(1000, 3);
	for (size_t i = 0; i < 3000; i++)
		assert_int_equal(z[i], 0);
	z[2999] = 9;
	z = mem_resize(z, 2000, 3);
	assert_int_equal(z[2999], 9);
	free(z);
}

static void
duplicates_text(void **state)
{
	(void)state;
	char *s = mem_strdup("flow");
	assert_string_equal(s, "flow");
	free(s);
	s = mem_strndup("flow record", 4);
	assert_string_equal(s, "flow");
	free(s);
}

static void
arena_aligns_and_keeps_apart(void **state)
{
	struct arena a = {0};
	unsigned char *given[2000];
	size_t sizes[2000];

	(void)state;
	srand(1);
	for (size_t i = 0; i < 2000; i++) {
		sizes[i] = (size_t)rand() % 400;
		given[i] = arena_alloc(&a, sizes[i]);
		assert_int_equal((uintptr_t)given[i] % 16, 0);
		memset(given[i], (int)(i & 255), sizes[i]);
	}
	for (size_t i = 0; i < 2000; i++)
		for (size_t j = 0; j < sizes[i]; j++)
			assert_int_equal(given[i][j], i & 255);
	arena_release(&a);
	assert_null(a.first);
}

/* The steady stream of base/mem.h: the second batch gets the blocks of the first. */
static void
arena_keeps_its_blocks(void **state)
{
	struct arena a = {0};
	void *first[50];

	(void)state;
	for (int batch = 0; batch < 3; batch++) {
		for (int i = 0; i < 50; i++) {
			void *p = arena_alloc(&a, 5000);

			if (batch == 0)
				first[i] = p;
			assert_ptr_equal(p, first[i]);
		}
		arena_reset(&a);
	}
	arena_release(&a);
}

static void
arena_serves_more_than_a_block(void **state)
{
	struct arena a = {0};

	(void)state;
	char *small = arena_alloc(&a, 10);
	memset(small, 's', 10);
	char *big = arena_zero(&a, 1000000);
	assert_int_equal(big[999999], 0);
	memset(big, 'b', 1000000);
	assert_memory_equal(small, "ssssssssss", 10);
	arena_reset(&a);
	arena_alloc(&a, 10);
	assert_ptr_equal(arena_alloc(&a, 900000), big);
	arena_release(&a);
}

static void
arena_copies_and_prints(void **state)
{
	struct arena a = {0};

	(void)state;
	assert_memory_equal(arena_dup(&a, "abc", 3), "abc", 3);
	assert_non_null(arena_dup(&a, NULL, 0));
	assert_string_equal(arena_printf(&a, "%s/%u", "192.0.2.0", 24u), "192.0.2.0/24");
	arena_release(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(allocates_nothing_and_something),
	    cmocka_unit_test(duplicates_text),
	    cmocka_unit_test(arena_aligns_and_keeps_apart),
	    cmocka_unit_test(arena_keeps_its_blocks),
	    cmocka_unit_test(arena_serves_more_than_a_block),
	    cmocka_unit_test(arena_copies_and_prints),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
