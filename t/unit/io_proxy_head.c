/* The PROXY protocol's line, version 1: as proxies send it, in pieces, and what is none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include "io/proxy_head.h"

static int
read_text(const char *text, size_t len, struct addr *client, size_t *taken)
{
	/* In its own memory, so that reading beyond it is seen. */
	uint8_t *copy = mem_alloc(len);

	memcpy(copy, text, len);
	struct rd r = rd_from(copy, len);
	int got = proxy_head_read(&r, client);
	*taken = rd_offset(&r);
	free(copy);
	return got;
}

static void
test_good(void **state)
{
	static const struct {
		const char *line, *client;
	} cases[] = {
	    {"PROXY TCP4 192.0.2.1 198.51.100.1 56324 4739\r\n", "192.0.2.1"},
	    {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255"},
	    {"PROXY TCP6 2001:db8::7 2001:db8::1 1 65535\r\n", "2001:db8::7"},
	    {"PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.1 1 2\r\n", "192.0.2.1"},
	    {"PROXY UNKNOWN\r\n", "127.0.0.1"},
	    {"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", "127.0.0.1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[ADDR_TEXT_MAX];
		size_t len = strlen(cases[i].line), taken;
		struct addr a = addr_from_v4(0x7f000001);
		struct buf b = {0};

		for (size_t n = 0; n < len; n++) {
			assert_int_equal(read_text(cases[i].line, n, &a, &taken), 0);
			assert_int_equal(taken, 0);
		}
		buf_puts(&b, cases[i].line);
		buf_puts(&b, "and what follows");
		assert_int_equal(read_text(buf_cstr(&b), b.len, &a, &taken), 1);
		assert_int_equal(taken, len);
		assert_string_equal(addr_text(text, &a), cases[i].client);
		buf_release(&b);
	}
}

static void
test_bad(void **state)
{
	static const char *const lines[] = {
	    "GET / HTTP/1.1\r\n",
	    "\r\n\r\n",
	    "PROXX",
	    "PROXY \n",
	    "PROXY\r\n",
	    "PROXY \r\n",
	    "PROXY TCP4\r\n",
	    "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
	    "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
	    "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
	    "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
	    "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
	    "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
	    "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
	    "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
	    "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
	    "PROXY TCP4 192.0.2.1 bogus 1 2\r\n",
	    "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
	};
	char endless[PROXY_HEAD_MAX + 50];
	size_t taken;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct addr a = addr_from_v4(0x7f000001);

		assert_int_equal(read_text(lines[i], strlen(lines[i]), &a, &taken), -1);
		assert_int_equal(taken, 0);
		assert_int_equal(addr_v4(&a), 0x7f000001);
	}
	struct addr a = {{0}};
	memset(endless, 'x', sizeof endless);
	memcpy(endless, "PROXY ", 6);
	assert_int_equal(read_text(endless, PROXY_HEAD_MAX - 1, &a, &taken), 0);
	assert_int_equal(read_text(endless, PROXY_HEAD_MAX, &a, &taken), -1);
	assert_int_equal(read_text(endless, sizeof endless, &a, &taken), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_bad),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
