#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow/proto.h"

static void
names_and_numbers(void **state)
{
	static const struct {
		const char *text;
		int proto; /* -1: refused */
	} cases[] = {
	    {"tcp", 6},
	    {"TCP", 6},
	    {"Udp", 17},
	    {"icmp", 1},
	    {"ipv6-icmp", 58},
	    {"IPv6-ICMP", 58},
	    {"icmp6", 58},
	    {"ICMPv6", 58},
	    {"gre", 47},
	    {"esp", 50},
	    {"ah", 51},
	    {"sctp", 132},
	    {"ospf", 89},
	    {"ospfigp", 89},
	    {"ip", 0},
	    {"hopopt", 0},
	    {"0", 0},
	    {"255", 255},
	    {"256", -1},
	    {"-1", -1},
	    {"", -1},
	    {"tc", -1},
	    {"tcpx", -1},
	    {"6 ", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t proto = 0;
		int rc = proto_parse(&proto, str_from(cases[i].text));

		assert_int_equal(rc == 0 ? proto : -1, cases[i].proto);
	}
	/* The length counts, not a terminator. */
	uint8_t proto;
	assert_int_equal(proto_parse(&proto, (struct str){"tcpdump", 3}), 0);
	assert_int_equal(proto, 6);
	assert_int_equal(proto_parse(&proto, STR("tcp\0\0\0")), -1);
}

static void
every_name_reads_back(void **state)
{
	unsigned named = 0;

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		struct str name = proto_name((uint8_t)i);
		uint8_t back;

		if (name.len == 0)
			continue;
		assert_int_equal(proto_parse(&back, name), 0);
		assert_int_equal(back, i);
		named++;
	}
	assert_true(named > 130);
	assert_int_equal(proto_name(255).len, 0);
	assert_string_equal(proto_name(17).p, "udp");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_and_numbers),
	    cmocka_unit_test(every_name_reads_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("proto", tests, NULL, NULL);
}
