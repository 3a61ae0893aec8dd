/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <string.h>

#include "detect/rules.h"

/* The warnings of the last parse, one after the other. */
static char warnings[4096];

static void
warn_keep(void *arg, const char *words)
{
	size_t n = strlen(warnings);

	(void)arg;
	snprintf(warnings + n, sizeof warnings - n, "%s\n", words);
}

static int
parse(struct rules *rs, const char *text, struct err *e)
{
	struct rules_options o = {.window = 60, .warn = warn_keep};

	warnings[0] = '\0';
	return rules_parse(rs, "r.yml", str_from(text), &o, e);
}

/* Rules that are refused, and the exact words. */
static const struct {
	const char *text, *words;
} refused[] = {
#define R "- name: r\n  min_flows: 5\n  "
    {"5", "r.yml:1:1: expected a list of rules, each beginning with '- name: …'"},
    {"rule: []", "r.yml:1:1: unknown key 'rule', did you mean 'rules'?"},
    {"other: []", "r.yml:1:1: unknown key 'other', expected a list of rules, bare or under 'rules:'"},
    {"rules: {name: x}", "r.yml:1:8: expected a list of rules, each beginning with '- name: …'"},
    {"- 5", "r.yml:1:3: a rule is a map of keys, this is not; see nf-rules(5)"},
    {"- min_flows: 5", "r.yml:1:3: a rule without a name"},
    {"- name: ''\n  min_flows: 5", "r.yml:1:9: name has 0 bytes, expected 1 to 64"},
    {"- name: \"a\\tb\"\n  min_flows: 5", "r.yml:1:9: name holds a control character or a quote"},
    {"- name: r\n",
	"r.yml:1:3: rule 'r' has no threshold and would hold at once; expected one of min_flows, "
	"unique_dst_ips, unique_dst_ports, min_unique_src_ips, min_total_bytes, min_total_packets, "
	"min_avg_pps, min_avg_bps, min_ml_score"},
    {"- {name: r, min_flows: 1}\n- {name: r, min_flows: 2}\n",
	"r.yml:2:10: the rule at line 1 has the name 'r' already"},
    {R "min_flow: 6", "r.yml:3:3: unknown key 'min_flow' in a rule, did you mean 'min_flows'?"},
    {R "same_dst_prot: true",
	"r.yml:3:3: unknown key 'same_dst_prot' in a rule, did you mean 'same_dst_port'?"},
    {R "colour: red", "r.yml:3:3: unknown key 'colour' in a rule, see nf-rules(5)"},
    {R "min_flows: 7", "r.yml:3:3: key 'min_flows' is given twice, first at line 2"},
    {"- name: r\n  min_flows: 0", "r.yml:2:14: min_flows is '0', expected a number from 1 to 4294967295"},
    {"- name: r\n  min_flows: -3", "r.yml:2:14: min_flows is '-3', expected a number from 1 to 4294967295"},
    {"- name: r\n  min_flows: many",
	"r.yml:2:14: min_flows is 'many', expected a number from 1 to 4294967295"},
    {R "unique_dst_ips: 1000001",
	"r.yml:3:19: unique_dst_ips is '1000001', expected a number from 1 to 1000000"},
    {R "unique_dst_ports: 65537",
	"r.yml:3:21: unique_dst_ports is '65537', expected a number from 1 to 65536"},
    {R "min_avg_bps: 1e9", "r.yml:3:16: min_avg_bps is '1e9', expected a number from 1 to 26687997791825"},
    {R "min_ml_score: 1.5", "r.yml:3:17: min_ml_score is 1.5, expected a score from 0 to 1"},
    {R "min_ml_score: high", "r.yml:3:17: min_ml_score is 'high', expected a number"},
    {R "time_window: 0", "r.yml:3:16: time_window is '0', expected whole seconds from 1 to 86400"},
    {R "time_window: 1500ms", "r.yml:3:16: time_window is '1500ms', expected whole seconds from 1 to 86400"},
    {R "time_window: 2d", "r.yml:3:16: time_window is '2d', expected whole seconds from 1 to 86400"},
    {R "time_window: soon", "r.yml:3:16: time_window is 'soon', expected a duration such as 60s"},
    {R "proto: tpc",
	"r.yml:3:10: 'tpc' is no protocol, expected a name such as tcp or a number from 0 to 255"},
    {R "proto: [tcp, 256]",
	"r.yml:3:16: '256' is no protocol, expected a name such as tcp or a number from 0 to 255"},
    {R "proto: []", "r.yml:3:10: proto is empty; leave the key out to ask for nothing"},
    {R "dst_port: 65536",
	"r.yml:3:13: '65536' in dst_port, expected numbers from 0 to 65535 or ranges such as 1000-2000"},
    {R "dst_port: 20-10",
	"r.yml:3:13: '20-10' in dst_port, expected numbers from 0 to 65535 or ranges such as 1000-2000"},
    {R "src_port: '80,,90'", "r.yml:3:13: empty item in a list"},
    {R "src_port: {a: 1}", "r.yml:3:13: src_port is a map of keys, expected a list"},
    {R "tcp_flags: X", "r.yml:3:14: 'X' is no TCP flags; expected letters of FSRPAUEC (S, S/SA) or names "
		       "(syn, !ack, SYN-ACK)"},
    {R "tcp_flags: SF/SA", "r.yml:3:14: 'SF/SA' asks for flags outside its mask: left of the slash stand "
			   "some of those right of it"},
    {R "tcp_flags: \"syn,!syn\"", "r.yml:3:19: '!syn' asks for a flag to be both set and clear"},
    {R "tcp_flags: S\n  proto: udp", "r.yml:3:14: tcp_flags with a proto that leaves out tcp: no flow fits"},
    {R "proto: icmp\n  dst_port: 80", "r.yml:4:13: dst_port with a proto that has no ports"},
    {R "proto: icmp\n  same_dst_port: true", "r.yml:4:18: same_dst_port with a proto that has no ports"},
    {R "direction: inward",
	"r.yml:3:14: 'inward' is no direction, expected in, out, internal, transit, ingress, egress"},
    {R "min_bytes: 0", "r.yml:3:14: min_bytes is '0', expected a number from 1"},
    {R "ttl_min: 256", "r.yml:3:12: ttl_min is '256', expected a number from 0 to 255"},
    {R "ttl_min: 65\n  ttl_max: 64", "r.yml:3:12: ttl_min 65 is above ttl_max 64: no flow fits"},
    {R "nat_present: maybe", "r.yml:3:16: nat_present is 'maybe', expected true or false"},
    {R "exclude_src_ips: [192.0.2.1, 192.0.2.300]", "r.yml:3:32: '192.0.2.300' is not an address or prefix"},
    {R "exclude_dst_ips: 192.0.2.1/24",
	"r.yml:3:20: '192.0.2.1/24' has bits set beyond its length; the prefix is 192.0.2.0/24"},
    {R "only_prefixes: 2001:db8::/129", "r.yml:3:18: '2001:db8::/129' has no prefix length from 0 to 128"},
    {R "country: Greece", "r.yml:3:12: 'Greece' is no country, expected two letters (ISO 3166) such as GR"},
    {R "src_as: AS64500",
	"r.yml:3:11: 'AS64500' in src_as, expected numbers from 0 to 4294967295 or ranges such as 1000-2000"},
    {R "same_src_ip: 1", "r.yml:3:16: same_src_ip is '1', expected true or false"},
    {R "group_by: [src]",
	"r.yml:3:14: 'src' is nothing to group by, expected src_ip, dst_ip, src_port, dst_port, proto, "
	"src_prefix/24 or dst_prefix/24"},
    {R "group_by: [dst_prefix/33]",
	"r.yml:3:14: 'dst_prefix/33' is nothing to group by, expected src_ip, dst_ip, src_port, dst_port, "
	"proto, src_prefix/24 or dst_prefix/24"},
    {R "group_by: [dst_ip, dst_prefix/24]", "r.yml:3:22: 'dst_prefix/24' names what the group has already"},
    {R "group_by: [dst_ip]\n  same_dst_port: true",
	"r.yml:4:18: same_dst_port beside group_by, which says outright what to group by"},
    {R "min_unique_src_ips: 9\n  same_src_ip: true",
	"r.yml:3:23: min_unique_src_ips can never hold: each group has one source address only"},
    {R "unique_dst_ips: 9\n  same_dst_ip: true",
	"r.yml:3:19: unique_dst_ips can never hold: each group has one destination address only"},
    {R "unique_dst_ports: 9\n  same_dst_port: true",
	"r.yml:3:21: unique_dst_ports can never hold: each group has one destination port only"},
    {R "action: blackole",
	"r.yml:3:11: 'blackole' is no action, expected alert, blackhole, slack, clickhouse, exec"},
    {R "cooldown: 31d", "r.yml:3:13: cooldown is '31d', expected whole seconds from 0 to 2592000"},
    {R "action: blackhole\n  group_by: [dst_port]",
	"r.yml:3:11: blackhole, but the rule groups by no address"},
    {R "action: blackhole\n  group_by: [src_ip, dst_ip]",
	"r.yml:3:11: blackhole, but the rule groups by both addresses: say blackhole_target"},
    {R "action: blackhole\n  blackhole_target: dst",
	"r.yml:4:21: blackhole_target is dst, but the rule does not group by it"},
    {R "blackhole_target: source", "r.yml:3:21: blackhole_target is 'source', expected src or dst"},
    {R "blackhole_next_hop: here", "r.yml:3:23: 'here' is no address"},
    {R "blackhole_next_hop: [192.0.2.1, 192.0.2.2]",
	"r.yml:3:35: a second IPv4 next hop, expected one of each family"},
    {R "blackhole_communities: [\"65001:66666\"]",
	"r.yml:3:27: '65001:66666' is no community, expected 65001:666 or 65001:1:2"},
    {R "blackhole_communities: [\"65001:\"]",
	"r.yml:3:27: '65001:' is no community, expected 65001:666 or 65001:1:2"},
    {R "blackhole_time: [60, never]", "r.yml:3:24: 'never' is no duration such as 3600 or 1h"},
    {R "blackhole_time: 2000d",
	"r.yml:3:19: blackhole_time is '2000d', expected whole seconds from 0 to 31536000"},
    {R "interface: []", "r.yml:3:14: interface is empty; leave the key out to ask for nothing"},
#undef R
};

static void
bad_rules_are_refused_with_their_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		struct rules rs;
		struct err e = {""};

		if (parse(&rs, refused[i].text, &e) == 0)
			fail_msg("taken: %s", refused[i].text);
		assert_string_equal(e.msg, refused[i].words);
		assert_int_equal(rs.n, 0);
	}
}

/* Rules, and how they are understood. */
static const struct {
	const char *text, *words;
} understood[] = {
    {"- name: slow_horizontal_scan\n"
     "  proto: tcp\n"
     "  same_dst_port: true\n"
     "  unique_dst_ips: 50\n"
     "  min_flows: 70\n"
     "  time_window: 60s\n"
     "  action: alert,blackhole\n"
     "  blackhole_count: 50\n"
     "  blackhole_next_hop: 192.0.2.1\n"
     "  blackhole_communities: [\"65001:666\"]\n"
     "  blackhole_time: 3600\n",
	"name: slow_horizontal_scan\n"
	"proto: tcp\n"
	"direction: towards my_prefixes, where set\n"
	"group_by: src_ip, dst_port\n"
	"time_window: 60s\n"
	"min_flows: 70\n"
	"unique_dst_ips: 50\n"
	"action: alert, blackhole\n"
	"blackhole_count: 50s\n"
	"blackhole_count_reset: 86400s\n"
	"blackhole_target: src\n"
	"blackhole_next_hop: 192.0.2.1\n"
	"blackhole_communities: 65001:666\n"
	"blackhole_time: 3600s\n"},
    {"{\"rules\": [{\"name\": \"json\", \"min_unique_src_ips\": 10, \"proto\": [17, \"tcp\"],"
     " \"src_port\": [123, \"1000-2000\", 2001, 53], \"same_dst_port\": true,"
     " \"action\": [\"alert\", \"slack\"], \"cooldown\": \"5m\"}]}",
	"name: json\n"
	"proto: tcp, udp\n"
	"src_port: 53, 123, 1000-2001\n"
	"direction: towards my_prefixes, where set\n"
	"group_by: dst_ip, dst_port\n"
	"time_window: 60s\n"
	"min_unique_src_ips: 10\n"
	"action: alert, slack\n"
	"cooldown: 300s\n"},
    {"- name: all filters\n"
     "  tcp_flags: \"S/SA, !rst\"\n"
     "  direction: [out, egress]\n"
     "  min_bytes: 40\n"
     "  min_packets: 2\n"
     "  ttl_min: 1\n"
     "  ttl_max: 64\n"
     "  nat_present: no\n"
     "  exclude_src_ips: [192.0.2.0/24, 2001:db8::1]\n"
     "  exclude_dst_ips: 198.51.100.7\n"
     "  only_prefixes: 203.0.113.0/24\n"
     "  country: [gr, DE]\n"
     "  src_as: [64500, 64496-64499]\n"
     "  dst_as: 65551\n"
     "  interface: [7, ge-0/0/1, 3]\n"
     "  group_by: [dst_prefix/24, proto, src_prefix/16/32]\n"
     "  time_window: 10\n"
     "  unique_dst_ports: 4\n"
     "  min_total_bytes: 5000\n"
     "  min_total_packets: 6\n"
     "  min_avg_pps: 7\n"
     "  min_avg_bps: 8\n"
     "  min_ml_score: 0.75\n"
     "  action: exec, clickhouse\n",
	"name: all filters\n"
	"proto: tcp\n"
	"tcp_flags: syn, !rst, !ack\n"
	"direction: out, egress\n"
	"min_bytes: 40\n"
	"min_packets: 2\n"
	"ttl_min: 1\n"
	"ttl_max: 64\n"
	"nat_present: false\n"
	"exclude_src_ips: 192.0.2.0/24, 2001:db8::1/128\n"
	"exclude_dst_ips: 198.51.100.7/32\n"
	"only_prefixes: 203.0.113.0/24\n"
	"country: DE, GR\n"
	"src_as: 64496-64500\n"
	"dst_as: 65551\n"
	"interface: [3, 7, \"ge-0/0/1\"]\n"
	"group_by: src_prefix/16/32, dst_prefix/24/48, proto\n"
	"time_window: 10s\n"
	"unique_dst_ports: 4\n"
	"min_total_bytes: 5000\n"
	"min_total_packets: 6\n"
	"min_avg_pps: 7\n"
	"min_avg_bps: 8\n"
	"min_ml_score: 0.75\n"
	"action: clickhouse, exec\n"},
    {"- {name: b, proto: tcp, same_dst_ip: true, min_flows: 1, action: blackhole, blackhole_count: 1,"
     " blackhole_target: dst, blackhole_next_hop: [192.0.2.1, '100::1'], blackhole_time: [10m, 1h, 0]}",
	"name: b\n"
	"proto: tcp\n"
	"direction: towards my_prefixes, where set\n"
	"group_by: src_ip, dst_ip\n"
	"time_window: 60s\n"
	"min_flows: 1\n"
	"action: blackhole\n"
	"blackhole_count: 1s\n"
	"blackhole_count_reset: 86400s\n"
	"blackhole_target: dst\n"
	"blackhole_next_hop: 192.0.2.1, 100::1\n"
	"blackhole_time: 600s, 3600s, 0s (until withdrawn)\n"},
    {"- {name: s, same_dst_ip: false, same_src_ip: true, min_flows: 1}",
	"name: s\ngroup_by: src_ip\ntime_window: 60s\nmin_flows: 1\naction: alert\n"},
};

static void
good_rules_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof understood / sizeof understood[0]; i++) {
		struct rules rs;
		struct err e = {""};
		struct buf out = {0};

		if (parse(&rs, understood[i].text, &e) < 0)
			fail_msg("refused: %s", e.msg);
		assert_int_equal(rs.n, 1);
		rule_print(&rs.v[0], "", &out);
		assert_string_equal(buf_cstr(&out), understood[i].words);
		assert_string_equal(warnings, "");
		buf_release(&out);
		rules_release(&rs);
	}
}

/* What a rule prints is a rule, and the same one; but for the implied direction and words in brackets. */
static void
printed_rules_read_back(void **state)
{
	struct rules first, again;
	struct err e = {""};
	struct buf a = {0}, b = {0};

	(void)state;
	assert_int_equal(parse(&first, understood[2].text, &e), 0);
	buf_puts(&a, "-\n");
	rule_print(&first.v[0], "  ", &a);
	if (rules_parse(&again, "again", (struct str){(char *)a.p, a.len}, NULL, &e) < 0)
		fail_msg("%s in\n%s", e.msg, buf_cstr(&a));
	buf_puts(&b, "-\n");
	rule_print(&again.v[0], "  ", &b);
	assert_string_equal(buf_cstr(&a), buf_cstr(&b));
	buf_release(&a);
	buf_release(&b);
	rules_release(&first);
	rules_release(&again);
}

static void
assert_warned(const char *text, const char *words)
{
	struct rules rs;
	struct err e = {""};

	if (parse(&rs, text, &e) < 0)
		fail_msg("refused: %s", e.msg);
	assert_string_equal(warnings, words);
	rules_release(&rs);
}

static void
what_has_no_effect_is_warned_of(void **state)
{
	(void)state;
	assert_warned("- {name: r, min_flows: 1, blackhole_time: 5}",
	    "r.yml:1:43: rule 'r': blackhole_time has no effect without blackhole in action\n");
	assert_warned("- {name: r, min_flows: 1, action: blackhole}",
	    "r.yml:1:35: rule 'r': blackhole never comes without a blackhole_count, the seconds after which "
	    "it "
	    "is due\n");
	assert_warned("- {name: r, min_flows: 1, time_window: 2m}",
	    "r.yml:1:40: rule 'r': time_window of 120 s is longer than flow_cache_max_window (60 s); the "
	    "rule "
	    "gets its window\n");
#define FORGED                                                                                              \
	"blackholes a source on evidence that is easily forged (not TCP, or SYN alone): a sender of false " \
	"source addresses chooses who is cut off\n"
	assert_warned("- {name: r, min_flows: 1, action: blackhole, blackhole_count: 1}",
	    "r.yml:1:35: rule 'r': " FORGED);
	assert_warned("- {name: r, min_flows: 1, tcp_flags: S/SA, action: blackhole, blackhole_count: 1,"
		      " blackhole_target: src}",
	    "r.yml:1:101: rule 'r': " FORGED);
	assert_warned("- {name: r, min_flows: 1, tcp_flags: SA, action: blackhole, blackhole_count: 1}", "");
	assert_warned("- {name: r, min_unique_src_ips: 5, action: blackhole, blackhole_count: 1}", "");
}

static void
an_empty_file_has_no_rules(void **state)
{
	static const char *const texts[] = {"", "# nothing\n", "[]", "rules:\n", "rules: []\n"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct rules rs;
		struct err e = {""};

		if (parse(&rs, texts[i], &e) < 0)
			fail_msg("'%s' refused: %s", texts[i], e.msg);
		assert_int_equal(rs.n, 0);
		rules_release(&rs);
	}
}

static void
too_many_rules_are_refused(void **state)
{
	struct buf text = {0};
	struct rules rs;
	struct err e;

	(void)state;
	for (int i = 0; i < RULES_MAX; i++)
		buf_printf(&text, "- {name: r%d, min_flows: 1}\n", i);
	assert_int_equal(parse(&rs, buf_cstr(&text), &e), 0);
	assert_int_equal(rs.n, RULES_MAX);
	rules_release(&rs);
	buf_puts(&text, "- {name: x, min_flows: 1}\n");
	assert_int_equal(parse(&rs, buf_cstr(&text), &e), -1);
	assert_string_equal(e.msg, "r.yml:1025:3: more than 1024 rules");
	buf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bad_rules_are_refused_with_their_place),
	    cmocka_unit_test(good_rules_are_understood),
	    cmocka_unit_test(printed_rules_read_back),
	    cmocka_unit_test(what_has_no_effect_is_warned_of),
	    cmocka_unit_test(an_empty_file_has_no_rules),
	    cmocka_unit_test(too_many_rules_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
