/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "base/bytes.h"
#include "detect/sha1.h"

static void
assert_digest(const void *p, size_t len, const char *hex)
{
	uint8_t digest[20];
	struct buf b = {0};

	sha1(digest, p, len);
	for (int i = 0; i < 20; i++)
		buf_printf(&b, "%02x", digest[i]);
	assert_string_equal(buf_cstr(&b), hex);
	buf_release(&b);
}

/* RFC 3174 §7.3 and FIPS 180's examples. */
static void
digests_are_those_of_the_standard(void **state)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	struct buf b = {0};

	(void)state;
	assert_digest("", 0, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	assert_digest("abc", 3, "a9993e364706816aba3e25717850c26c9cd0d89d");
	assert_digest(two_blocks, strlen(two_blocks), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
	for (int i = 0; i < 1000000; i++)
		buf_putc(&b, 'a');
	assert_digest(b.p, b.len, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
	b.len = 0;
	for (int i = 0; i < 10; i++)
		buf_puts(&b, "0123456701234567012345670123456701234567012345670123456701234567");
	assert_digest(b.p, b.len, "dea356a2cddd90c7a7ecedc5ebb563934f460452");
	buf_release(&b);
}

/* RFC 9562 appendix A.4: www.example.com in the name space of DNS. */
static void
uuid_is_that_of_the_standard(void **state)
{
	static const uint8_t dns[16] = {
	    0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
	uint8_t uuid[16];
	char text[UUID_TEXT_MAX];

	(void)state;
	uuid5(uuid, dns, "www.example.com", 15);
	assert_string_equal(uuid_text(text, uuid), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(digests_are_those_of_the_standard),
	    cmocka_unit_test(uuid_is_that_of_the_standard),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("sha1", tests, NULL, NULL);
}
