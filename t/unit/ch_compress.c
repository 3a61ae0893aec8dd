/*
 * Compressed blocks, and the checksum that guards them. The hashes are those that
 * ClickHouse 18.16 accepted over the same bytes; t/0702-insert-compress.t asks a server again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <lz4.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "ch/cityhash.h"
#include "ch/compress.h"

static void
test_hash(void **state)
{
	static const struct {
		size_t len;
		uint64_t low, high;
	} table[] = {
	    {0, UINT64_C(0x3df09dfc64c09a2b), UINT64_C(0x3cb540c392e51e29)},
	    {1, UINT64_C(0xa04b71ab61de6422), UINT64_C(0xf768684937e23970)},
	    {3, UINT64_C(0x904c24441e897ae0), UINT64_C(0xead37d2c71af49a5)},
	    {4, UINT64_C(0x6d8a9de36bf3701c), UINT64_C(0xc90e6586a31e84f6)},
	    {7, UINT64_C(0x2ac1cb1e79a3033e), UINT64_C(0x1a511db9333e0d88)},
	    {8, UINT64_C(0x4f8f9be1d179c9b5), UINT64_C(0x7ae37c19937d40e6)},
	    {9, UINT64_C(0xa265dd086e2f5623), UINT64_C(0xb1335aea54897d3b)},
	    {15, UINT64_C(0xa710a80537cf2d8d), UINT64_C(0xe533a7496f95ee85)},
	    {16, UINT64_C(0x83ec0fac4964837b), UINT64_C(0xd275575faba34852)},
	    {17, UINT64_C(0x6634b1e8522c943c), UINT64_C(0x84450a0faa3ec883)},
	    {31, UINT64_C(0x90313863517a27ad), UINT64_C(0x32108304cc31b0db)},
	    {32, UINT64_C(0xfc63f6c038692042), UINT64_C(0x1150d302127410d7)},
	    {33, UINT64_C(0x460b9320df3e669c), UINT64_C(0x07849d860850e2a4)},
	    {127, UINT64_C(0x92014b33a50c9fa1), UINT64_C(0x90fe7c076ed61607)},
	    {128, UINT64_C(0x7742777150cd6e44), UINT64_C(0x35eeafd9d16b93d8)},
	    {143, UINT64_C(0xbefd988d63110637), UINT64_C(0x794a5b6c2ec5832b)},
	    {144, UINT64_C(0x692e4b2ca634b28a), UINT64_C(0x4fa73d4eedd250cd)},
	    {145, UINT64_C(0xd900ea1095b5e1eb), UINT64_C(0x9cd6b5e995016f8b)},
	    {255, UINT64_C(0x8a36fe05890c2cff), UINT64_C(0x36baca39f8761542)},
	    {256, UINT64_C(0xeae169bbd0ef6f45), UINT64_C(0xd4401532927cd83f)},
	    {257, UINT64_C(0x64ea48b807b862eb), UINT64_C(0xe847a8a829f3f63f)},
	    {400, UINT64_C(0xae1b49d4c669a81d), UINT64_C(0x826a435e1e162df1)},
	    {1000, UINT64_C(0x0d19c0c0675b1545), UINT64_C(0x390d13c5b2fb9855)},
	};
	uint8_t bytes[1000];

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		/* in memory of just that size, so that a sanitizer sees a read beyond it */
		uint8_t *exact = mem_alloc(table[i].len);

		memcpy(exact, bytes, table[i].len);
		struct hash128 h = cityhash128(exact, table[i].len);
		assert_int_equal(h.low, table[i].low);
		assert_int_equal(h.high, table[i].high);
		free(exact);
	}
}

static size_t
unpack(enum ch_method method, uint8_t *to, size_t room, const uint8_t *p, size_t len)
{
	return method == CH_METHOD_ZSTD
		   ? ZSTD_decompress(to, room, p, len)
		   : (size_t)LZ4_decompress_safe((const char *)p, (char *)to, (int)len, (int)room);
}

static void
try_blocks(enum ch_method method)
{
	static const size_t sizes[] = {0, 1, 100, 1 << 20, (1 << 20) + 1, 5000000};
	unsigned seed = 1;

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct buf out = {0};
		uint8_t *before = mem_alloc(sizes[i]), *after = mem_alloc(sizes[i]);
		size_t got = 0, blocks = 0;

		for (size_t k = 0; k < sizes[i]; k++)
			before[k] = (uint8_t)(rand_r(&seed) % 5);
		ch_compress(&out, method, before, sizes[i]);
		for (size_t at = 0; at < out.len; blocks++) {
			const uint8_t *block = out.p + at;
			uint32_t packed = load_le32(block + 17), plain = load_le32(block + 21);
			struct hash128 h = cityhash128(block + 16, packed);

			assert_memory_equal(block, &h, sizeof h);
			assert_int_equal(block[16], method);
			assert_int_equal(
			    unpack(method, after + got, sizes[i] - got, block + 25, packed - 9), plain);
			got += plain;
			at += 16 + packed;
		}
		assert_int_equal(got, sizes[i]);
		assert_int_equal(blocks, (sizes[i] + (1 << 20) - 1) >> 20);
		assert_memory_equal(before, after, got);
		free(before);
		free(after);
		buf_release(&out);
	}
}

static void
test_blocks(void **state)
{
	(void)state;
	try_blocks(CH_METHOD_LZ4);
	try_blocks(CH_METHOD_ZSTD);
}

static void
test_none(void **state)
{
	struct buf out = {0};

	(void)state;
	ch_compress(&out, CH_METHOD_NONE, "as it is", 8);
	assert_int_equal(out.len, 8);
	assert_memory_equal(out.p, "as it is", 8);
	buf_release(&out);
}

static void
test_gzip(void **state)
{
	static const size_t sizes[] = {0, 1, 3000000};
	unsigned seed = 1;

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct buf out = {0};
		uint8_t *before = mem_alloc(sizes[i]), *after = mem_alloc(sizes[i] + 1);

		for (size_t k = 0; k < sizes[i]; k++)
			before[k] = (uint8_t)(rand_r(&seed) % 5);
		ch_gzip(&out, before, sizes[i]);
		z_stream z = {.next_in = out.p,
		    .avail_in = (uInt)out.len,
		    .next_out = after,
		    .avail_out = (uInt)sizes[i] + 1};
		assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
		assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
		assert_int_equal(z.total_out, sizes[i]);
		assert_int_equal(z.avail_in, 0);
		assert_memory_equal(before, after, sizes[i]);
		inflateEnd(&z);
		free(before);
		free(after);
		buf_release(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hash),
	    cmocka_unit_test(test_blocks),
	    cmocka_unit_test(test_none),
	    cmocka_unit_test(test_gzip),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
