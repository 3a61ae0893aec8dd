/* IPFIX messages found in a stream: whole, in pieces, and behind what is none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include "decode/frame.h"

static void
put_message(struct buf *b, uint16_t version, uint16_t len)
{
	buf_be16(b, version);
	buf_be16(b, len);
	for (unsigned i = 4; i < len; i++)
		buf_putc(b, (char)i);
}

static void
test_whole(void **state)
{
	struct buf b = {0};
	struct str m;

	(void)state;
	put_message(&b, 10, 16);
	put_message(&b, 10, 65535);
	put_message(&b, 10, 20);
	struct rd r = rd_from(b.p, b.len);
	assert_int_equal(frame_next(&r, &m), FRAME_WHOLE);
	assert_int_equal(m.len, 16);
	assert_ptr_equal(m.p, b.p);
	assert_int_equal(frame_next(&r, &m), FRAME_WHOLE);
	assert_int_equal(m.len, FRAME_MAX);
	assert_int_equal(frame_next(&r, &m), FRAME_WHOLE);
	assert_int_equal(m.len, 20);
	assert_ptr_equal(m.p, b.p + 16 + 65535);
	assert_int_equal(frame_next(&r, &m), FRAME_PARTIAL);
	buf_release(&b);
}

static void
test_partial(void **state)
{
	struct buf b = {0};
	struct str m;

	(void)state;
	put_message(&b, 10, 300);
	for (size_t n = 0; n < 300; n++) {
		struct rd r = rd_from(b.p, n);

		assert_int_equal(frame_next(&r, &m), FRAME_PARTIAL);
		assert_int_equal(rd_offset(&r), 0);
	}
	struct rd r = rd_from(b.p, 300);
	assert_int_equal(frame_next(&r, &m), FRAME_WHOLE);
	buf_release(&b);
}

/* What can be no message is known as early as it can be. */
static void
test_bad(void **state)
{
	static const struct {
		uint8_t bytes[4];
		size_t len;
		enum frame want;
	} cases[] = {
	    {{0x16}, 1, FRAME_BAD_VERSION}, /* TLS */
	    {{'G', 'E', 'T', ' '}, 4, FRAME_BAD_VERSION},
	    {{0, 9}, 2, FRAME_BAD_VERSION}, /* NetFlow v9 has no length */
	    {{0, 10, 0}, 3, FRAME_PARTIAL},
	    {{0, 10, 0, 0}, 4, FRAME_BAD_LENGTH},
	    {{0, 10, 0, 15}, 4, FRAME_BAD_LENGTH},
	    {{0, 10, 0, 16}, 4, FRAME_PARTIAL},
	};
	struct buf b = {0};
	struct str m;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rd r = rd_from(cases[i].bytes, cases[i].len);

		assert_int_equal(frame_next(&r, &m), cases[i].want);
	}
	put_message(&b, 10, 32);
	put_message(&b, 11, 32);
	struct rd r = rd_from(b.p, b.len);
	assert_int_equal(frame_next(&r, &m), FRAME_WHOLE);
	assert_int_equal(frame_next(&r, &m), FRAME_BAD_VERSION);
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whole),
	    cmocka_unit_test(test_partial),
	    cmocka_unit_test(test_bad),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
