/* Numbers by hash, and things by number, beside arrays that do the same. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <string.h>

#include "base/index.h"
#include "base/mem.h"
#include "base/shelf.h"

enum { NUMBERS = 5000 };

/* Few hashes, so that many numbers share one, and of the extremes, so that runs go over the end. */
static uint32_t
some_hash(void)
{
	uint32_t h = (uint32_t)random() % 700;

	return h < 100 ? UINT32_MAX - h : h * 6150000;
}

static unsigned
times_found(const struct index *x, uint32_t hash, uint32_t number)
{
	uint32_t n, at = index_start(x, hash);
	unsigned times = 0;

	while ((n = index_next(x, hash, &at)) != 0)
		times += n == number;
	return times;
}

static void
an_index_agrees_with_an_array(void **state)
{
	static uint32_t hashes[NUMBERS];
	static bool there[NUMBERS];
	struct index x;

	(void)state;
	srandom(5);
	index_init(&x);
	for (int step = 0; step < 200000; step++) {
		uint32_t n = 1 + (uint32_t)random() % (NUMBERS - 1);
		bool drain = step / 25000 % 2 == 1;

		if (there[n] && random() % 10 < (drain ? 9 : 2)) {
			index_remove(&x, hashes[n], n);
			there[n] = false;
		} else if (!there[n]) {
			hashes[n] = some_hash();
			index_add(&x, hashes[n], n);
			there[n] = true;
		}
		if (step % 10000 != 0)
			continue;
		for (n = 1; n < NUMBERS; n++)
			assert_int_equal(times_found(&x, hashes[n], n), there[n]);
	}
	uint32_t at = index_start(&x, 12345);
	assert_int_equal(index_next(&x, 12345, &at), 0);
	index_release(&x);
}

static void
things_stay_where_they_are(void **state)
{
	enum { THINGS = SHELF_CHUNK * 2 + 10, SIZE = 12 };
	struct shelf s;
	void **places = mem_zero(THINGS + 1, sizeof *places);

	(void)state;
	shelf_init(&s, SIZE);
	for (uint32_t n = 1; n <= THINGS; n++) {
		assert_int_equal(shelf_take(&s), n);
		places[n] = shelf_at(&s, n);
		assert_memory_equal(places[n], "\0\0\0\0\0\0\0\0\0\0\0\0", SIZE);
		memset(places[n], (int)(n & 0xff), SIZE);
	}
	assert_int_equal(s.count, THINGS);
	for (uint32_t n = 1; n <= THINGS; n++) {
		uint8_t want[SIZE];

		memset(want, (int)(n & 0xff), SIZE);
		assert_ptr_equal(shelf_at(&s, n), places[n]);
		assert_memory_equal(shelf_at(&s, n), want, SIZE);
	}
	/* The last to come back goes out first. */
	shelf_give(&s, 7);
	shelf_give(&s, SHELF_CHUNK + 1);
	assert_int_equal(s.count, THINGS - 2);
	assert_int_equal(shelf_take(&s), SHELF_CHUNK + 1);
	assert_int_equal(shelf_take(&s), 7);
	assert_int_equal(shelf_take(&s), THINGS + 1);
	shelf_release(&s);
	free(places);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_index_agrees_with_an_array),
	    cmocka_unit_test(things_stay_where_they_are),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
