#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>

#include "base/err.h"

static void
sets_words_and_returns_minus_one(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(err_set(&e, "line %d: %s", 7, "no such key"), -1);
	assert_string_equal(e.msg, "line 7: no such key");
}

static void
takes_null(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, "x"), -1);
	assert_int_equal(err_sys(NULL, "x"), -1);
	assert_int_equal(err_wrap(NULL, "x"), -1);
}

static void
adds_errno_and_keeps_it(void **state)
{
	struct err e;

	(void)state;
	errno = ENOENT;
	assert_int_equal(err_sys(&e, "open %s", "/x"), -1);
	assert_string_equal(e.msg, "open /x: No such file or directory");
	assert_int_equal(errno, ENOENT);
}

static void
wraps(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, "unknown key");
	assert_int_equal(err_wrap(&e, "%s:%d", "a.yaml", 3), -1);
	assert_string_equal(e.msg, "a.yaml:3: unknown key");
	err_wrap(&e, "config");
	assert_string_equal(e.msg, "config: a.yaml:3: unknown key");
}

/* Each of the three, with words that fill or overfill the room there is. */
static void
cuts_to_size(void **state)
{
	struct err e;
	char long_words[2 * sizeof e.msg];
	const size_t lengths[] = {sizeof e.msg - 4, sizeof e.msg - 3, sizeof e.msg - 2, sizeof e.msg - 1,
	    sizeof e.msg, sizeof long_words - 1};

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		size_t kept = lengths[i] < sizeof e.msg ? lengths[i] : sizeof e.msg - 1;

		memset(long_words, 'a', lengths[i]);
		long_words[lengths[i]] = '\0';
		err_set(&e, "%s", long_words);
		assert_int_equal(strlen(e.msg), kept);
		errno = EIO;
		err_sys(&e, "%s", long_words);
		assert_in_range(strlen(e.msg), kept, sizeof e.msg - 1);
		err_set(&e, "tail");
		err_wrap(&e, "%s", long_words);
		assert_in_range(strlen(e.msg), kept, sizeof e.msg - 1);
		assert_memory_equal(e.msg, long_words, kept);
		err_set(&e, "%s", long_words);
		err_wrap(&e, "head");
		assert_int_equal(strncmp(e.msg, "head: aaa", 9), 0);
		assert_in_range(strlen(e.msg), kept, sizeof e.msg - 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sets_words_and_returns_minus_one),
	    cmocka_unit_test(takes_null),
	    cmocka_unit_test(adds_errno_and_keeps_it),
	    cmocka_unit_test(wraps),
	    cmocka_unit_test(cuts_to_size),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
