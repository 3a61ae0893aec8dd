/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "detect/rules.h"

#define N(v) (sizeof(v) / sizeof(v)[0])
#define GROUPS                                          \
	"host_groups:\n"                                \
	"  net: [198.51.100.0/24, '2001:db8::/32']\n"   \
	"  mail: [198.51.100.25, '2001:db8:25::/48']\n" \
	"  half: 198.51.100.0/25\n"                     \
	"  all: 0.0.0.0/0\n"

static void
the_longest_prefix_decides(void **state)
{
	static const struct {
		const char *prefix, *group; /* NULL: none */
	} cases[] = {
	    {"198.51.100.25", "mail"}, {"198.51.100.26", "half"}, {"198.51.100.127", "half"},
	    {"198.51.100.128", "net"}, {"198.51.100.0/25", "half"},
	    {"198.51.100.0/24", "net"}, /* a prefix belongs as a whole */
	    {"198.51.0.0/16", "all"}, {"203.0.113.9", "all"}, {"2001:db8:25::1", "mail"},
	    {"2001:db8:26::1", "net"}, {"2001:db8::/32", "net"}, {"2001::/16", NULL},
	    {"::1", NULL}, /* 0.0.0.0/0 is of IPv4 alone */
	};
	struct rules rs;
	struct err e;

	(void)state;
	assert_int_equal(rules_parse(&rs, "r.yml", STR(GROUPS "rules: []\n"), NULL, &e), 0);
	assert_int_equal(rs.host_groups.count, 4);
	for (size_t i = 0; i < N(cases); i++) {
		struct prefix p;

		assert_int_equal(prefix_parse(&p, str_from(cases[i].prefix), &e), 0);
		int64_t g = host_groups_of(&rs.host_groups, &p);
		const char *name = g >= 0 ? rs.host_groups.names[g] : NULL;
		if (name == NULL ? cases[i].group != NULL
				 : cases[i].group == NULL || strcmp(name, cases[i].group) != 0)
			fail_msg("%s is in %s", cases[i].prefix, name != NULL ? name : "none");
	}
	rules_release(&rs);
}

static void
what_makes_no_sense_is_refused(void **state)
{
#define RULE GROUPS "rules:\n- name: r\n  min_flows: 5\n  "
	static const struct {
		const char *text, *words;
	} cases[] = {
	    {"host_group: {}\nrules: []", "r.yml:1:1: unknown key 'host_group', did you mean 'host_groups'?"},
	    {"host_groups: []\nrules: []",
		"r.yml:1:14: host_groups is a map of names to prefixes, this is not"},
	    {"host_groups: {a: 192.0.2.1/24}\nrules: []",
		"r.yml:1:18: '192.0.2.1/24' has bits set beyond its length; the prefix is 192.0.2.0/24"},
	    {"host_groups: {a: 192.0.2.1, b: [192.0.2.1]}\nrules: []",
		"r.yml:1:14: 192.0.2.1/32 is twice in host_groups, in a and b"},
	    {RULE "host_groups: mail", "r.yml:9:16: expected host groups with their thresholds, as "
				       "{mail: {min_flows: 500}}"},
	    {RULE "host_groups: {mial: {min_flows: 5}}",
		"r.yml:9:17: no host group 'mial', did you mean 'mail'?"},
	    {RULE "host_groups: {elsewhere: {min_flows: 5}}",
		"r.yml:9:17: no host group 'elsewhere': host_groups, beside rules, says which there are"},
	    {RULE "host_groups: {mail: 5}", "r.yml:9:23: expected thresholds, as {min_flows: 500}"},
	    {RULE "host_groups: {mail: {min_flow: 5}}",
		"r.yml:9:24: 'min_flow' is no threshold, did you mean 'min_flows'?"},
	    {RULE "host_groups: {mail: {cooldown: 5}}",
		"r.yml:9:24: 'cooldown' is no threshold such as min_flows; a host group has nothing else"},
	    {RULE "host_groups: {mail: {min_flows: 0}}",
		"r.yml:9:35: min_flows is '0', expected a number from 1 to 4294967295"},
	    {RULE "host_groups: {mail: {min_avg_bps: 9}}",
		"r.yml:9:16: min_avg_bps of host group 'mail' is no threshold of the rule itself"},
	    {RULE "group_by: [dst_port]\n  host_groups: {mail: {min_flows: 9}}",
		"r.yml:10:16: host_groups, but the rule groups by no address"},
	    {RULE "unique_dst_ips: 1\n  group_by: [dst_ip]\n  host_groups: {mail: {unique_dst_ips: 2}}",
		"r.yml:9:19: unique_dst_ips can never hold: each group has one destination address only"},
	    {RULE "above_baseline: often",
		"r.yml:9:19: above_baseline is 'often', expected times such as 5x, more than 1x"},
	    {RULE "above_baseline: 1x",
		"r.yml:9:19: above_baseline is '1x', expected times such as 5x, more than 1x"},
	    {RULE "above_baseline: 5xx",
		"r.yml:9:19: above_baseline is '5xx', expected times such as 5x, more than 1x"},
	    {GROUPS "rules: [{name: r, unique_dst_ips: 5, above_baseline: 5x}]",
		"r.yml:6:54: above_baseline raises min_flows, min_total_bytes, min_total_packets, "
		"min_avg_pps "
		"and min_avg_bps: the rule has none of them"},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct rules rs;
		struct err e;

		assert_int_equal(rules_parse(&rs, "r.yml", str_from(cases[i].text), NULL, &e), -1);
		assert_string_equal(e.msg, cases[i].words);
	}
}

static void
they_are_shown_as_understood(void **state)
{
	static const char text[] =
	    RULE "host_groups: {mail: {min_flows: 500, min_avg_bps: 90}, net: {min_flows: 7}}\n"
		 "  min_avg_bps: 10\n  above_baseline: 2.5";
	struct buf out = {0};
	struct rules rs;
	struct err e;

	(void)state;
	if (rules_parse(&rs, "r.yml", str_from(text), NULL, &e) < 0)
		fail_msg("%s", e.msg);
	rule_print(&rs.v[0], "", &out);
	assert_non_null(strstr(buf_cstr(&out),
	    "host_groups: mail {min_flows 500, min_avg_bps 90}, net {min_flows 7}\nabove_baseline: 2.5x\n"));
	buf_release(&out);
	rules_release(&rs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_longest_prefix_decides),
	    cmocka_unit_test(what_makes_no_sense_is_refused),
	    cmocka_unit_test(they_are_shown_as_understood),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("host_groups", tests, NULL, NULL);
}
