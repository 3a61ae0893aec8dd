/* Headers of UDP over IP: a packet known byte by byte, checksums that prove right, what fits. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include "io/udp_head.h"

static struct addr
address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, str_from(text)), 0);
	return a;
}

/* RFC 1071 in its plainest form, one 16-bit word after the other. */
static uint32_t
plain_sum(uint32_t s, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		s += (uint32_t)p[i] << (i % 2 == 0 ? 8 : 0);
	while (s >> 16 != 0)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

/* A receiver sums up the pseudo header and all that came: with the checksum it gives all ones. */
static void
assert_sound(const uint8_t *head, size_t head_len, const void *payload, size_t len)
{
	const uint8_t *udp = head + head_len - 8;
	const uint8_t pseudo[4] = {0, 17, udp[4], udp[5]};
	uint32_t s = head_len == 28 ? plain_sum(0, head + 12, 8) : plain_sum(0, head + 8, 32);

	assert_int_not_equal(load_be16(udp + 6), 0);
	s = plain_sum(plain_sum(s, pseudo, 4), udp, 8);
	assert_int_equal(plain_sum(s, payload, len), 0xffff);
}

static void
test_v4(void **state)
{
	static const uint8_t want[28] = {0x45, 0, 0, 31, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 127, 0, 0, 1,
	    0x04, 0xd2, 0x08, 0x07, 0, 11, 0xed, 0x99};
	uint8_t head[UDP_HEAD_MAX];
	struct addr src = address("192.0.2.1"), dst = address("127.0.0.1");

	(void)state;
	assert_int_equal(udp_head_write(head, &src, 1234, &dst, 2055, "abc", 3), 28);
	assert_sound(head, 28, "abc", 3);
	assert_memory_equal(head, want, sizeof want);
}

static void
test_v6(void **state)
{
	uint8_t head[UDP_HEAD_MAX];
	struct addr src = address("2001:db8::1"), dst = address("2001:db8::2");

	(void)state;
	assert_int_equal(udp_head_write(head, &src, 65535, &dst, 2055, "abcd", 4), 48);
	assert_sound(head, 48, "abcd", 4);
	assert_int_equal(load_be32(head), 0x60000000);
	assert_int_equal(load_be16(head + 4), 12);
	assert_int_equal(head[6], 17);
	assert_memory_equal(head + 8, src.b, 16);
	assert_memory_equal(head + 24, dst.b, 16);
	assert_int_equal(load_be16(head + 40), 65535);
	assert_int_equal(load_be16(head + 42), 2055);
}

static void
test_lengths(void **state)
{
	uint8_t head[UDP_HEAD_MAX], *payload = mem_zero(1, 65536);
	struct addr v4 = address("192.0.2.1"), v6 = address("2001:db8::1");

	(void)state;
	for (size_t i = 0; i < 65536; i++)
		payload[i] = (uint8_t)(i * 7 + (i >> 8));
	for (size_t len = 0; len < 70; len++) {
		assert_int_equal(udp_head_write(head, &v4, 1, &v4, 2, payload, len), 28);
		assert_sound(head, 28, payload, len);
	}
	memset(payload, 0xff, 65536);
	assert_int_equal(udp_head_write(head, &v4, 1, &v4, 2, payload, 65507), 28);
	assert_sound(head, 28, payload, 65507);
	assert_int_equal(udp_head_write(head, &v4, 1, &v4, 2, payload, 65508), 0);
	assert_int_equal(udp_head_write(head, &v6, 1, &v6, 2, payload, 65527), 48);
	assert_sound(head, 48, payload, 65527);
	assert_int_equal(udp_head_write(head, &v6, 1, &v6, 2, payload, 65528), 0);
	assert_int_equal(udp_head_write(head, &v4, 1, &v6, 2, payload, 1), 0);
	assert_int_equal(udp_head_write(head, &v6, 1, &v4, 2, payload, 1), 0);
	free(payload);
}

/* A sum that comes out as 0 is sent as its other form, since 0 means that there is none (RFC 768). */
static void
test_zero(void **state)
{
	uint8_t head[UDP_HEAD_MAX], payload[2] = {0, 0};
	struct addr a = address("192.0.2.1");

	(void)state;
	udp_head_write(head, &a, 1, &a, 2, payload, 2);
	memcpy(payload, head + 26, 2); /* makes the words sum up to all ones */
	assert_int_equal(udp_head_write(head, &a, 1, &a, 2, payload, 2), 28);
	assert_int_equal(load_be16(head + 26), 0xffff);
	assert_sound(head, 28, payload, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_v4),
	    cmocka_unit_test(test_v6),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_zero),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
