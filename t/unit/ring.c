/* The queue between two threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "io/ring.h"

static void
in_order_and_bounded(void **state)
{
	struct ring *r = ring_new(4096);
	size_t len;
	unsigned put = 0, got = 0;

	(void)state;
	assert_int_equal(ring_size(r), 4096);
	assert_null(ring_get(r, &len));
	assert_null(ring_reserve(r, 4096));
	for (unsigned round = 0; round < 1000; round++) {
		void *p;

		while ((p = ring_reserve(r, 300 + round % 700)) != NULL) {
			memcpy(p, &put, sizeof put);
			ring_put(r, 4 + put % 300);
			put++;
		}
		assert_true(ring_used(r) <= 4096 && ring_used(r) > 2048);
		for (unsigned i = 0; i < round % 3 + 1 && ring_get(r, &len) != NULL; i++) {
			assert_memory_equal(ring_get(r, &len), &got, sizeof got);
			assert_int_equal(len, 4 + got % 300);
			assert_int_equal((uintptr_t)ring_get(r, &len) % 16, 0);
			ring_drop(r);
			got++;
		}
	}
	assert_true(got > 1000);
	ring_free(r);
}

/* Wherever the getter has stopped, an empty ring takes as much as a new one. */
static void
all_room_when_empty(void **state)
{
	enum { SIZE = 1 << 20, LEN = 1500 };
	struct ring *r = ring_new(SIZE);
	size_t len;

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		size_t burst = round * 7, n = 0;

		for (size_t i = 0; i < burst && ring_reserve(r, LEN) != NULL; i++)
			ring_put(r, LEN);
		for (; ring_get(r, &len) != NULL; ring_drop(r))
			assert_int_equal(len, LEN);
		ring_wake(r);
		for (; ring_reserve(r, LEN) != NULL; n++)
			ring_put(r, LEN);
		assert_true((n + 2) * (LEN + 32) > SIZE);
		for (; n > 0; n--) {
			assert_non_null(ring_get(r, &len));
			ring_drop(r);
		}
		assert_null(ring_get(r, &len));
	}
	ring_free(r);
}

enum { MESSAGES = 200000 };

static void *
putter(void *arg)
{
	struct ring *r = arg;

	for (unsigned i = 0; i < MESSAGES; i++) {
		uint8_t *p;

		while ((p = ring_reserve(r, 1500)) == NULL) {
			ring_wake(r);
			ring_wait(r);
		}
		size_t len = 4 + i % 1400;
		memset(p, (int)(i & 0xff), len);
		memcpy(p, &i, sizeof i);
		ring_put(r, len);
		if (i % 7 == 0)
			ring_wake(r);
	}
	ring_wake(r);
	return NULL;
}

/* Both sides sleep and wake: nothing lost, nothing out of order, nobody left asleep. */
static void
two_threads(void **state)
{
	struct ring *r = ring_new(16384);
	pthread_t t;
	unsigned got = 0;

	(void)state;
	assert_int_equal(pthread_create(&t, NULL, putter, r), 0);
	while (got < MESSAGES) {
		struct pollfd p = {.fd = ring_fd(r), .events = POLLIN};
		const uint8_t *m;
		size_t len;

		while ((m = ring_get(r, &len)) != NULL) {
			unsigned n;

			memcpy(&n, m, sizeof n);
			assert_int_equal(n, got);
			assert_int_equal(len, 4 + got % 1400);
			if (len > 4)
				assert_int_equal(m[len - 1], got & 0xff);
			ring_drop(r);
			got++;
		}
		ring_wake_putter(r);
		if (got < MESSAGES && ring_sleep(r))
			assert_int_equal(poll(&p, 1, 10000), 1);
	}
	pthread_join(t, NULL);
	assert_int_equal(ring_used(r), 0);
	ring_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_order_and_bounded),
	    cmocka_unit_test(all_room_when_empty),
	    cmocka_unit_test(two_threads),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
