/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "detect/ranges.h"

static void
ranges_join_what_touches(void **state)
{
	struct ranges s = {0};
	struct buf out = {0};

	(void)state;
	ranges_seal(&s);
	assert_false(ranges_have(&s, 0));
	ranges_add(&s, 5, 9);
	ranges_add(&s, UINT32_MAX, UINT32_MAX);
	ranges_add(&s, 0, 0);
	ranges_add(&s, 10, 11);
	ranges_add(&s, 6, 7);
	ranges_add(&s, 20, 20);
	ranges_seal(&s);
	ranges_print(&s, &out);
	assert_string_equal(buf_cstr(&out), "0, 5-11, 20, 4294967295");
	static const uint32_t in[] = {0, 5, 8, 11, 20, UINT32_MAX},
			      not_in[] = {1, 4, 12, 19, 21, UINT32_MAX - 1};
	for (size_t i = 0; i < sizeof in / sizeof in[0]; i++) {
		assert_true(ranges_have(&s, in[i]));
		assert_false(ranges_have(&s, not_in[i]));
	}
	buf_release(&out);
	ranges_release(&s);
}

static void
net(struct nets *s, const char *text)
{
	struct prefix p;
	struct err e;

	if (prefix_parse(&p, str_from(text), &e) < 0)
		fail_msg("%s", e.msg);
	nets_add(s, &p);
}

static bool
have(const struct nets *s, const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, str_from(text)), 0);
	return nets_have(s, &a);
}

static void
nets_hold_their_addresses(void **state)
{
	static const char *const in[] = {"10.0.0.0", "10.255.255.255", "192.0.2.128", "192.0.2.129",
	    "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::1"};
	static const char *const out[] = {"9.255.255.255", "11.0.0.0", "192.0.2.127", "192.0.2.130",
	    "2001:db7::", "2001:db9::", "2001:db9::2", "::", "255.255.255.255"};
	struct nets s = {0};

	(void)state;
	nets_seal(&s);
	assert_false(have(&s, "10.0.0.1"));
	net(&s, "10.1.0.0/16");
	net(&s, "2001:db9::1");
	net(&s, "192.0.2.128/31");
	net(&s, "10.0.0.0/8");
	net(&s, "2001:db8::/32");
	nets_seal(&s);
	assert_int_equal(s.n, 4);
	for (size_t i = 0; i < sizeof in / sizeof in[0]; i++)
		assert_true(have(&s, in[i]));
	for (size_t i = 0; i < sizeof out / sizeof out[0]; i++)
		assert_false(have(&s, out[i]));
	nets_release(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ranges_join_what_touches),
	    cmocka_unit_test(nets_hold_their_addresses),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("ranges", tests, NULL, NULL);
}
