#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/addr.h"

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, str_from(text)), 0);
	return a;
}

static struct prefix
prefix(const char *text)
{
	struct prefix p;
	struct err e;

	if (prefix_parse(&p, str_from(text), &e) == -1)
		fail_msg("%s", e.msg);
	return p;
}

static void
parses_and_prints(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"0.0.0.0", "0.0.0.0"},
	    {"255.255.255.255", "255.255.255.255"},
	    {"192.0.2.1", "192.0.2.1"},
	    {"10.20.100.9", "10.20.100.9"},
	    {"::ffff:192.0.2.1", "192.0.2.1"},
	    {"::FFFF:c000:0201", "192.0.2.1"},
	    {"::", "::"},
	    {"::1", "::1"},
	    {"1::", "1::"},
	    {"fe80::1", "fe80::1"},
	    /* RFC 5952 §4.1, §4.3: no leading zeros, lower case */
	    {"2001:0DB8::0001", "2001:db8::1"},
	    {"2001:db8:0abc:00bc:000c:0:0:ABCD", "2001:db8:abc:bc:c::abcd"},
	    /* §4.2.1: as short as possible */
	    {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
	    {"0:0:0:0:0:0:0:8", "::8"},
	    {"8:0:0:0:0:0:0:0", "8::"},
	    /* §4.2.2: one zero group stays */
	    {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	    {"1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"},
	    {"0:2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
	    /* §4.2.3: the longest run, the first of equals */
	    {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
	    {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
	    {"1:0:0:2:3:0:0:0", "1:0:0:2:3::"},
	    {"0:0:1:0:0:0:1:1", "0:0:1::1:1"},
	    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	    {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	    {"::192.0.2.1", "::c000:201"},
	};
	char text[ADDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct addr a = addr(cases[i].in), again;

		assert_string_equal(addr_text(text, &a), cases[i].out);
		assert_int_equal(addr_format(text, &a), strlen(cases[i].out));
		again = addr(cases[i].out);
		assert_true(addr_eq(&a, &again));
	}
}

static void
refuses_bad_text(void **state)
{
	static const struct str bad[] = {
	    {"", 0},
	    {"1.2.3", 5},
	    {"1.2.3.4.", 8},
	    {"1.2.3.4.5", 9},
	    {".1.2.3.4", 8},
	    {"1..2.3", 6},
	    {"256.1.1.1", 9},
	    {"1.2.3.1000", 10},
	    {"01.2.3.4", 8},
	    {"1.2.3.00", 8},
	    {"1.2.3.-4", 8},
	    {" 1.2.3.4", 8},
	    {"1.2.3.4 ", 8},
	    {"1.2.3.4\0", 8},
	    {"0x1.2.3.4", 9},
	    {":", 1},
	    {":::", 3},
	    {"1:2:3:4:5:6:7", 13},
	    {"1:2:3:4:5:6:7:8:9", 17},
	    {"1::2::3", 7},
	    {"12345::", 7},
	    {"g::", 3},
	    {"fe80::1%eth0", 12},
	    {"[::1]", 5},
	    {"::1/128", 7},
	    {"::1\0", 4},
	    {"::1\0::2", 7},
	    {"::1.2.3", 7},
	    {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555", 46},
	};
	struct addr a;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (addr_parse(&a, bad[i]) != -1)
			fail_msg("'%.*s' was taken", (int)bad[i].len, bad[i].p);
}

/* A view into a longer text: what follows it does not matter. */
static void
reads_no_further_than_its_view(void **state)
{
	struct addr a, b = addr("192.0.2.1"), c = addr("2001:db8::1");

	(void)state;
	assert_int_equal(addr_parse(&a, (struct str){"192.0.2.155", 9}), 0);
	assert_true(addr_eq(&a, &b));
	assert_int_equal(addr_parse(&a, (struct str){"2001:db8::1234", 11}), 0);
	assert_true(addr_eq(&a, &c));
}

static void
knows_the_families(void **state)
{
	static const uint8_t v4[] = {192, 0, 2, 1};
	struct addr a = addr("192.0.2.1"), b = addr("::192.0.2.1"), made = addr_from_v4(0xc0000201);

	(void)state;
	assert_true(addr_is_v4(&a));
	assert_false(addr_is_v4(&b));
	assert_int_equal(addr_v4(&a), 0xc0000201);
	assert_true(addr_eq(&a, &made));
	made = addr_from_bytes(v4, false);
	assert_true(addr_eq(&a, &made));
	made = addr_from_bytes(b.b, true);
	assert_true(addr_eq(&b, &made));
}

static void
formats_random_addresses_so_that_they_parse_back(void **state)
{
	char text[ADDR_TEXT_MAX];

	(void)state;
	srand(3);
	for (int i = 0; i < 50000; i++) {
		struct addr a, b;

		for (int j = 0; j < 16; j++)
			a.b[j] = (uint8_t)(rand() >> 8);
		for (int j = 0; j < 8; j++)
			if (rand() % 2 == 0)
				a.b[2 * j] = a.b[2 * j + 1] = 0;
		if (i % 3 == 0)
			a = addr_from_v4((uint32_t)rand() << 1);
		addr_text(text, &a);
		assert_int_equal(addr_parse(&b, str_from(text)), 0);
		assert_true(addr_eq(&a, &b));
	}
}

static void
sorts_out_the_special_ones(void **state)
{
	static const struct {
		bool (*is)(const struct addr *);
		const char *yes[6], *no[6];
	} cases[] = {
	    {addr_is_any, {"0.0.0.0", "::"}, {"0.0.0.1", "::1", "255.255.255.255"}},
	    {addr_is_private,
		{"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.1.1", "fd00::1"},
		{"9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.169.0.0", "fe00::1"}},
	    {addr_is_shared, {"100.64.0.0", "100.127.255.255"}, {"100.63.255.255", "100.128.0.0", "6440::"}},
	    {addr_is_link_local, {"169.254.0.1", "fe80::1", "febf:ffff::1"},
		{"169.253.0.1", "169.255.0.0", "fec0::1", "fe7f::1"}},
	    {addr_is_loopback, {"127.0.0.1", "127.255.255.255", "::1"},
		{"126.0.0.1", "128.0.0.1", "::2", "::"}},
	    {addr_is_multicast, {"224.0.0.1", "239.255.255.255", "ff02::1"},
		{"223.255.255.255", "240.0.0.1", "fe02::1"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (size_t j = 0; j < 6 && cases[i].yes[j] != NULL; j++) {
			struct addr a = addr(cases[i].yes[j]);

			assert_true(cases[i].is(&a));
		}
		for (size_t j = 0; j < 6 && cases[i].no[j] != NULL; j++) {
			struct addr a = addr(cases[i].no[j]);

			assert_false(cases[i].is(&a));
		}
	}
}

static void
parses_and_prints_prefixes(void **state)
{
	static const struct {
		const char *in, *out;
		unsigned len;
	} cases[] = {
	    {"192.0.2.0/24", "192.0.2.0/24", 120},
	    {"192.0.2.1", "192.0.2.1/32", 128},
	    {"0.0.0.0/0", "0.0.0.0/0", 96},
	    {"192.0.2.128/25", "192.0.2.128/25", 121},
	    {"2001:db8::/32", "2001:db8::/32", 32},
	    {"2001:db8::1", "2001:db8::1/128", 128},
	    {"::/0", "::/0", 0},
	    {"::ffff:192.0.2.0/120", "192.0.2.0/24", 120},
	    {"::ffff:192.0.2.1", "192.0.2.1/32", 128},
	};
	char text[PREFIX_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct prefix p = prefix(cases[i].in);

		assert_int_equal(p.len, cases[i].len);
		assert_string_equal(prefix_text(text, &p), cases[i].out);
	}
}

static void
refuses_bad_prefixes_with_words(void **state)
{
	static const char *const bad[][2] = {
	    {"", "'' is not an address or prefix"},
	    {"/24", "'/24' is not an address or prefix"},
	    {"192.0.2/24", "'192.0.2/24' is not an address or prefix"},
	    {"192.0.2.0/", "'192.0.2.0/' has no prefix length from 0 to 32"},
	    {"192.0.2.0/33", "'192.0.2.0/33' has no prefix length from 0 to 32"},
	    {"192.0.2.0/-1", "'192.0.2.0/-1' has no prefix length from 0 to 32"},
	    {"192.0.2.0/24/24", "'192.0.2.0/24/24' has no prefix length from 0 to 32"},
	    {"2001:db8::/129", "'2001:db8::/129' has no prefix length from 0 to 128"},
	    {"192.0.2.1/24", "'192.0.2.1/24' has bits set beyond its length; the prefix is 192.0.2.0/24"},
	    {"2001:db8::1/32",
		"'2001:db8::1/32' has bits set beyond its length; the prefix is 2001:db8::/32"},
	};
	struct prefix p;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(prefix_parse(&p, str_from(bad[i][0]), &e), -1);
		assert_string_equal(e.msg, bad[i][1]);
		assert_int_equal(prefix_parse(&p, str_from(bad[i][0]), NULL), -1);
	}
}

static void
contains(void **state)
{
	static const struct {
		const char *prefix, *addr;
		bool in;
	} cases[] = {
	    {"192.0.2.0/24", "192.0.2.255", true},
	    {"192.0.2.0/24", "192.0.3.0", false},
	    {"192.0.2.128/25", "192.0.2.127", false},
	    {"192.0.2.7/32", "192.0.2.7", true},
	    {"192.0.2.7/32", "192.0.2.6", false},
	    {"0.0.0.0/0", "203.0.113.9", true},
	    {"0.0.0.0/0", "2001:db8::1", false},
	    {"2001:db8::/32", "2001:db8:ffff::1", true},
	    {"2001:db8::/32", "2001:db9::", false},
	    {"2001:db8::/33", "2001:db8:8000::", false},
	    {"::/0", "2001:db8::1", true},
	    /* An IPv6 prefix holds no IPv4 address, though ::ffff:0:0/96 lies in it. */
	    {"::/0", "192.0.2.1", false},
	    {"::/64", "192.0.2.1", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct prefix p = prefix(cases[i].prefix);
		struct addr a = addr(cases[i].addr);

		if (prefix_contains(&p, &a) != cases[i].in)
			fail_msg("%s in %s", cases[i].addr, cases[i].prefix);
	}
}

/* Against the same done bit by bit. */
static void
masks_any_length(void **state)
{
	(void)state;
	for (unsigned len = 0; len <= 128; len++) {
		struct addr a;

		memset(a.b, 0xff, sizeof a.b);
		addr_mask(&a, len);
		for (unsigned bit = 0; bit < 128; bit++)
			assert_int_equal(a.b[bit / 8] >> (7 - bit % 8) & 1, bit < len);
	}
}

static void
parses_host_and_port(void **state)
{
	static const struct {
		const char *in, *host;
		unsigned port;
	} good[] = {
	    {"127.0.0.1:2055", "127.0.0.1", 2055},
	    {"[::1]:0", "::1", 0},
	    {"[2001:db8::1]:65535", "2001:db8::1", 65535},
	    {":9995", "::", 9995},
	    {"*:9995", "::", 9995},
	};
	static const char *const bad[] = {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:+1",
	    "::1:2055", "[::1]", "[::1:2055", "[]:2055", "localhost:2055", "127.0.0.1: 2055"};
	char text[ADDR_TEXT_MAX];
	struct addr a;
	uint16_t port;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(hostport_parse(&a, &port, str_from(good[i].in), &e), 0);
		assert_string_equal(addr_text(text, &a), good[i].host);
		assert_int_equal(port, good[i].port);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		e.msg[0] = '\0';
		assert_int_equal(hostport_parse(&a, &port, str_from(bad[i]), &e), -1);
		assert_true(strlen(e.msg) > 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses_and_prints),
	    cmocka_unit_test(refuses_bad_text),
	    cmocka_unit_test(reads_no_further_than_its_view),
	    cmocka_unit_test(knows_the_families),
	    cmocka_unit_test(formats_random_addresses_so_that_they_parse_back),
	    cmocka_unit_test(sorts_out_the_special_ones),
	    cmocka_unit_test(parses_and_prints_prefixes),
	    cmocka_unit_test(refuses_bad_prefixes_with_words),
	    cmocka_unit_test(contains),
	    cmocka_unit_test(masks_any_length),
	    cmocka_unit_test(parses_host_and_port),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
