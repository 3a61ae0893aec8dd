/* Own networks and the direction of flows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "enrich/ownnet.h"

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, str_from(text)), 0);
	return a;
}

static void
holds(void **unused)
{
	static const struct {
		const char *addr;
		bool own;
	} want[] = {{"198.51.100.0", true}, {"198.51.100.255", true}, {"198.51.101.0", false},
	    {"192.0.2.7", true}, {"192.0.2.8", false}, {"2001:db8::1", true}, {"2001:db9::", false},
	    {"::", false}, {"0.0.0.0", false}};
	struct ownnet o = {0};
	struct addr a[9];
	uint32_t own[9];
	struct err e;

	(void)unused;
	assert_false(ownnet_holds(&o, &(struct addr){0}));
	assert_int_equal(ownnet_add(&o, STR("198.51.100.0/24"), &e), 0);
	assert_int_equal(ownnet_add(&o, STR("2001:db8::/32"), &e), 0);
	assert_int_equal(ownnet_add(&o, STR("192.0.2.7"), &e), 0);
	assert_int_equal(ownnet_add(&o, STR("198.51.100.1/24"), &e), -1);
	assert_string_equal(
	    e.msg, "'198.51.100.1/24' has bits set beyond its length; the prefix is 198.51.100.0/24");
	ownnet_compile(&o);
	for (unsigned i = 0; i < 9; i++) {
		a[i] = addr(want[i].addr);
		assert_int_equal(ownnet_holds(&o, &a[i]), want[i].own);
	}
	ownnet_holds_many(&o, a, 9, own);
	for (unsigned i = 0; i < 9; i++)
		assert_int_equal(own[i] != 0, want[i].own);
	ownnet_release(&o);
}

static void
directions(void **unused)
{
	(void)unused;
	assert_true(str_eq(net_direction_texts[net_direction(true, true)], STR("internal")));
	assert_true(str_eq(net_direction_texts[net_direction(true, false)], STR("out")));
	assert_true(str_eq(net_direction_texts[net_direction(false, true)], STR("in")));
	assert_true(str_eq(net_direction_texts[net_direction(false, false)], STR("transit")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(holds), cmocka_unit_test(directions)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("ownnet", tests, NULL, NULL);
}
