/* The cache of names: what is found, what leaves first, what does not leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "enrich/ptr_cache.h"

static struct addr
addr(uint32_t n)
{
	return addr_from_v4(n);
}

static uint32_t
find(const struct ptr_cache *c, uint32_t n)
{
	struct addr a = addr(n);
	uint32_t number;

	ptr_cache_find(c, &a, 1, &number);
	return number;
}

static uint32_t
add(struct ptr_cache *c, uint32_t n)
{
	struct addr a = addr(n);

	return ptr_cache_add(c, &a);
}

static void
names(void **unused)
{
	struct ptr_cache c;

	(void)unused;
	ptr_cache_init(&c, 10);
	assert_int_equal(find(&c, 1), 0);
	uint32_t one = add(&c, 1);
	assert_int_equal(find(&c, 1), one);
	assert_int_equal(find(&c, 2), 0);
	ptr_cache_name(&c, one, STR("one.example"));
	assert_int_equal(c.entries[one].name_len, 11);
	assert_true(str_eq(c.names[one], STR("one.example")));
	ptr_cache_name(&c, one, STR("uno.example"));
	assert_true(str_eq(c.names[one], STR("uno.example")));
	ptr_cache_name(&c, one, STR(""));
	assert_int_equal(c.entries[one].name_len, 0);
	assert_null(c.names[one].p);
	ptr_cache_release(&c);
}

/* Against the simplest of models: everything that was added is there, until there is no more room. */
static void
many(void **unused)
{
	enum { CAP = 5000 };
	static struct addr a[3 * CAP];
	static uint32_t numbers[3 * CAP];
	struct ptr_cache c;
	uint32_t found = 0;

	(void)unused;
	ptr_cache_init(&c, CAP);
	for (uint32_t i = 0; i < 3 * CAP; i++)
		a[i] = addr(i * 2654435761u);
	for (uint32_t i = 0; i < CAP; i++)
		assert_int_equal(ptr_cache_add(&c, &a[i]), i + 1);
	ptr_cache_find(&c, a, 3 * CAP, numbers);
	for (uint32_t i = 0; i < 3 * CAP; i++)
		assert_int_equal(numbers[i], i < CAP ? i + 1 : 0);
	assert_int_equal(c.evictions, 0);
	for (uint32_t i = CAP; i < 3 * CAP; i++)
		assert_int_not_equal(ptr_cache_add(&c, &a[i]), 0);
	assert_int_equal(c.count, CAP);
	assert_int_equal(c.evictions, 2 * CAP);
	ptr_cache_find(&c, a, 3 * CAP, numbers);
	for (uint32_t i = 0; i < 3 * CAP; i++) {
		found += numbers[i] != 0;
		if (numbers[i] != 0)
			assert_true(addr_eq(&c.entries[numbers[i]].addr, &a[i]));
	}
	assert_int_equal(found, CAP);
	ptr_cache_release(&c);
}

static void
used_stays(void **unused)
{
	struct ptr_cache c;

	(void)unused;
	ptr_cache_init(&c, 100);
	for (uint32_t i = 1; i <= 100; i++)
		c.entries[add(&c, i)].used = i <= 10;
	/* A scan of addresses that are seen once each, as long as the ten are seen again and again. */
	for (uint32_t i = 1000; i < 2000; i++) {
		assert_int_not_equal(add(&c, i), 0);
		for (uint32_t k = 1; k <= 10; k++)
			c.entries[find(&c, k)].used = true;
	}
	for (uint32_t k = 1; k <= 10; k++)
		assert_int_not_equal(find(&c, k), 0);
	for (uint32_t k = 11; k <= 100; k++)
		assert_int_equal(find(&c, k), 0);
	ptr_cache_release(&c);
}

static void
wanted_stays(void **unused)
{
	struct ptr_cache c;

	(void)unused;
	ptr_cache_init(&c, 4);
	c.batch = 7;
	c.entries[add(&c, 1)].asked = 1;
	c.entries[add(&c, 2)].batch = 7;
	c.entries[add(&c, 3)].batch = 6;
	add(&c, 4);
	ptr_cache_name(&c, find(&c, 4), STR("left.example"));
	for (uint32_t i = 10; i < 20; i++)
		assert_int_not_equal(add(&c, i), 0);
	assert_int_not_equal(find(&c, 1), 0);
	assert_int_not_equal(find(&c, 2), 0);
	assert_int_equal(find(&c, 3), 0);
	assert_int_equal(find(&c, 4), 0);
	assert_int_equal(c.entries[find(&c, 19)].name_len, 0); /* nothing of who was there before */
	assert_null(c.names[find(&c, 19)].p);
	for (uint32_t i = 1; i <= 4; i++)
		c.entries[i].asked = 1;
	assert_int_equal(add(&c, 30), 0);
	ptr_cache_release(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	    cmocka_unit_test(many),
	    cmocka_unit_test(used_stays),
	    cmocka_unit_test(wanted_stays),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
