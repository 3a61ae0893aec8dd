#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"

/* Whichever way a length takes, the hash is XXH3's; with seed 0 that is the same again. */
static void
one_hash_for_all_lengths(void **state)
{
	static uint8_t bytes[5000];

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 167 + i / 256);
	for (size_t len = 0; len <= sizeof bytes; len++)
		assert_true(hash64(bytes, len) == hash64_seed(bytes, len, 0));
	/* As xxhsum -H3 prints it for no input. */
	assert_true(hash64(bytes, 0) == UINT64_C(0x2d06800538d394c2));
	assert_true(hash64_seed(bytes, 4, 1) != hash64_seed(bytes, 4, 2));
}

/* Wherever the bytes are cut. */
static void
parts_hash_as_the_whole(void **state)
{
	static uint8_t bytes[20000];

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 167 + i / 256);
	for (size_t len = 0; len <= sizeof bytes; len += 1 + len / 7) {
		for (size_t cut = 0; cut <= len; cut += 1 + len / 9) {
			size_t half = cut / 2;
			struct iovec parts[] = {
			    {bytes, half}, {NULL, 0}, {bytes + half, cut - half}, {bytes + cut, len - cut}};

			assert_true(hash64_parts(parts, 4) == hash64(bytes, len));
		}
	}
	assert_true(hash64_parts(NULL, 0) == hash64(bytes, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_hash_for_all_lengths), cmocka_unit_test(parts_hash_as_the_whole)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
