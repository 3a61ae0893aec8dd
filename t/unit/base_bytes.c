#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/bytes.h"

static const uint8_t counting[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

static void
reads_in_both_orders(void **state)
{
	struct rd r = rd_from(counting, sizeof counting);
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	(void)state;
	assert_int_equal(rd_u8(&r, &u8), 0);
	assert_int_equal(u8, 1);
	assert_int_equal(rd_be16(&r, &u16), 0);
	assert_int_equal(u16, 0x0203);
	assert_int_equal(rd_be32(&r, &u32), 0);
	assert_int_equal(u32, 0x04050607);
	assert_int_equal(rd_offset(&r), 7);
	assert_int_equal(rd_left(&r), 2);
	r = rd_from(counting, sizeof counting);
	assert_int_equal(rd_be64(&r, &u64), 0);
	assert_int_equal(u64, 0x0102030405060708);
	r = rd_from(counting, sizeof counting);
	assert_int_equal(rd_le32(&r, &u32), 0);
	assert_int_equal(u32, 0x04030201);
	r = rd_from(counting, sizeof counting);
	assert_int_equal(rd_le64(&r, &u64), 0);
	assert_int_equal(u64, 0x0807060504030201);
}

/* With every length shorter than it needs, each read refuses and consumes nothing. */
static void
refuses_what_is_short(void **state)
{
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	const uint8_t *p;
	struct rd sub;

	(void)state;
	for (size_t have = 0; have < 8; have++) {
		struct rd r = rd_from(counting, have);

		assert_int_equal(rd_be64(&r, &u64), -1);
		assert_int_equal(rd_le64(&r, &u64), -1);
		assert_int_equal(rd_beint(&r, &u64, have + 1), -1);
		assert_int_equal(rd_skip(&r, have + 1), -1);
		assert_int_equal(rd_skip(&r, SIZE_MAX), -1);
		assert_int_equal(rd_bytes(&r, &p, have + 1), -1);
		assert_int_equal(rd_sub(&r, &sub, have + 1), -1);
		if (have < 4) {
			assert_int_equal(rd_be32(&r, &u32), -1);
			assert_int_equal(rd_le32(&r, &u32), -1);
		}
		if (have < 2)
			assert_int_equal(rd_be16(&r, &u16), -1);
		if (have < 1)
			assert_int_equal(rd_u8(&r, &u8), -1);
		assert_int_equal(rd_left(&r), have);
	}
}

static void
reads_reduced_size_integers(void **state)
{
	static const uint64_t want[] = {
	    0x1, 0x102, 0x10203, 0x1020304, 0x102030405, 0x10203040506, 0x1020304050607, 0x102030405060708};

	(void)state;
	for (size_t width = 1; width <= 8; width++) {
		struct rd r = rd_from(counting, sizeof counting);
		uint64_t v;

		assert_int_equal(rd_beint(&r, &v, width), 0);
		assert_int_equal(v, want[width - 1]);
		assert_int_equal(rd_offset(&r), width);
		assert_int_equal(rd_beint(&r, &v, 0), -1);
		r = rd_from(counting, sizeof counting);
		assert_int_equal(rd_beint(&r, &v, 9), -1);
	}
}

static void
reads_a_part(void **state)
{
	struct rd r = rd_from(counting, sizeof counting), sub;
	const uint8_t *p;
	uint8_t v;

	(void)state;
	assert_int_equal(rd_skip(&r, 2), 0);
	assert_int_equal(rd_sub(&r, &sub, 3), 0);
	assert_int_equal(rd_left(&sub), 3);
	assert_int_equal(rd_offset(&sub), 2);
	assert_int_equal(rd_offset(&r), 5);
	assert_int_equal(rd_bytes(&sub, &p, 3), 0);
	assert_ptr_equal(p, counting + 2);
	assert_int_equal(rd_u8(&sub, &v), -1);
	assert_int_equal(rd_u8(&r, &v), 0);
	assert_int_equal(v, 6);
}

static void
writes_in_both_orders(void **state)
{
	static const uint8_t want[] = {
	    'x', 1, 2, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 2, 1, 4, 3, 2, 1, 8, 7, 6, 5, 4, 3, 2, 1};
	struct buf b = {0};

	(void)state;
	buf_putc(&b, 'x');
	buf_be16(&b, 0x0102);
	buf_be32(&b, 0x01020304);
	buf_be64(&b, 0x0102030405060708);
	buf_le16(&b, 0x0102);
	buf_le32(&b, 0x01020304);
	buf_le64(&b, 0x0102030405060708);
	assert_int_equal(b.len, sizeof want);
	assert_memory_equal(b.p, want, sizeof want);
	assert_int_equal(load_be16(b.p + 1), 0x0102);
	assert_int_equal(load_be32(b.p + 3), 0x01020304);
	assert_int_equal(load_be64(b.p + 7), 0x0102030405060708);
	assert_int_equal(load_le32(b.p + 17), 0x01020304);
	assert_int_equal(load_le64(b.p + 21), 0x0102030405060708);
	buf_release(&b);
	assert_null(b.p);
}

static void
grows_and_consumes(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add(&b, NULL, 0);
	assert_int_equal(b.len, 0);
	for (int i = 0; i < 10000; i++)
		buf_printf(&b, "%d\n", i);
	assert_int_equal(b.len, 48890);
	buf_consume(&b, 2 * 10);
	assert_memory_equal(b.p, "10\n11\n", 6);
	buf_consume(&b, b.len - 5);
	assert_string_equal(buf_cstr(&b), "9999\n");
	assert_int_equal(b.len, 5);
	buf_consume(&b, 5);
	buf_puts(&b, "again");
	assert_string_equal(buf_cstr(&b), "again");
	buf_release(&b);
}

static void
reserves_room(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_puts(&b, "ab");
	memset(buf_reserve(&b, 100000), 'c', 100000);
	b.len += 100000;
	assert_true(b.cap >= b.len);
	assert_int_equal(b.p[1], 'b');
	assert_int_equal(b.p[100001], 'c');
	buf_release(&b);
}

static void
an_empty_buffer_consumes_nothing(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_consume(&b, 0);
	assert_int_equal(b.len, 0);
	assert_string_equal(buf_cstr(&b), "");
	buf_release(&b);
}

static void
compares_views(void **state)
{
	(void)state;
	assert_true(str_eq(STR("abc"), str_from("abc")));
	assert_false(str_eq(STR("abc"), STR("abd")));
	assert_false(str_eq(STR("abc"), STR("ab")));
	assert_true(str_eq((struct str){0}, STR("")));
	assert_true(str_eq((struct str){0}, (struct str){0}));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_in_both_orders),
	    cmocka_unit_test(refuses_what_is_short),
	    cmocka_unit_test(reads_reduced_size_integers),
	    cmocka_unit_test(reads_a_part),
	    cmocka_unit_test(writes_in_both_orders),
	    cmocka_unit_test(grows_and_consumes),
	    cmocka_unit_test(reserves_room),
	    cmocka_unit_test(an_empty_buffer_consumes_nothing),
	    cmocka_unit_test(compares_views),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
