/* Flowspec: rules out of JSON, onto the wire, and back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include "bgp/announce.h"
#include "bgp/request.h"
#include "hex.h"

static struct err err;

static struct flow_rule
rule_of(const char *json)
{
	struct request r;

	if (request_parse_flow(&r, str_from(json), &err) == -1)
		fail_msg("%s: %s", json, err.msg);
	return r.flow;
}

static void
expect_hex(const void *p, size_t len, const char *want, const char *what)
{
	struct buf b = {0};
	struct str s = hex(&b, want);

	if (s.len != len || memcmp(s.p, p, len) != 0)
		fail_msg("%s: other bytes than %s", what, want);
	buf_release(&b);
}

static void
test_wire(void **state)
{
	static const struct {
		const char *json, *nlri, *actions, *text;
	} cases[] = {
	    /* the examples of RFC 8955 §4.3 */
	    {"{\"dst\":\"192.0.2.0/24\",\"proto\":6,\"port\":25}", "01 18 c00002 03 81 06 04 81 19",
		"8006000000000000", "dst=192.0.2.0/24 proto=6 port=25"},
	    {"{\"dst\":\"192.0.2.0/24\",\"src\":\"203.0.113.0/24\",\"port\":[\"137-139\",8080]}",
		"01 18 c00002 02 18 cb0071 04 03 89 45 8b 91 1f90", "8006000000000000",
		"dst=192.0.2.0/24 src=203.0.113.0/24 port=137-139,8080"},
	    /* parts and items in any order are one rule; a number twice is once */
	    {"{\"src_port\":[3,1,3],\"proto\":\"udp\",\"src\":\"10.0.0.1\",\"mark\":46}",
		"02 20 0a000001 03 81 11 06 01 01 81 03", "800900000000002e",
		"src=10.0.0.1/32 proto=17 src_port=1,3"},
	    {"{\"dst\":\"10.0.0.1\",\"tcp_flags\":[\"syn/syn,ack\",\"./S\",\"fin\"],\"rate_limit\":1}",
		"01 20 0a000001 09 02 02 01 01 01 02 c2 10", "800600003f800000",
		"dst=10.0.0.1/32 tcp_flags=./S,F,S/AS"},
	    {"{\"dst\":\"10.0.0.1\",\"fragment\":[\"last-fragment\",\"dont-fragment\"],\"redirect\":\"1:"
	     "65536\"}",
		"01 20 0a000001 0c 01 01 81 08", "8008000100010000",
		"dst=10.0.0.1/32 fragment=dont-fragment,last-fragment"},
	    {"{\"dst\":\"10.0.0.1\",\"redirect\":\"65536:1\"}", "01 20 0a000001", "8208000100000001",
		"dst=10.0.0.1/32"},
	    {"{\"dst\":\"10.0.0.1\",\"redirect\":\"192.0.2.1:1\"}", "01 20 0a000001", "8108c00002010001",
		"dst=10.0.0.1/32"},
	    /* RFC 8956 §3.8.1, but for its offset */
	    {"{\"dst\":\"2001:db8::/32\",\"src\":\"2001:db8:1::/48\",\"flow_label\":\"0-70000\"}",
		"01 20 00 20010db8 02 30 00 20010db80001 0d 03 00 e5 00011170", "8006000000000000",
		"dst=2001:db8::/32 src=2001:db8:1::/48 flow_label=0-70000"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct flow_rule r = rule_of(cases[i].json), again;
		struct flow_key k = flow_key_of(&r), k2;
		struct buf actions = {0}, json = {0}, text = {0};

		expect_hex(k.nlri, k.len, cases[i].nlri, cases[i].json);
		flow_rule_actions(&actions, &r);
		expect_hex(actions.p, actions.len, cases[i].actions, cases[i].json);
		flow_rule_text(&text, &r);
		assert_string_equal(buf_cstr(&text), cases[i].text);
		buf_putc(&json, '{');
		flow_rule_json(&json, &r);
		buf_putc(&json, '}');
		again = rule_of(buf_cstr(&json));
		k2 = flow_key_of(&again);
		assert_memory_equal(&k, &k2, sizeof k);
		buf_release(&actions);
		buf_release(&json);
		buf_release(&text);
	}
}

/* Nothing to a peer that did not say that it takes them; the same to the byte to one that did. */
static void
test_messages(void **state)
{
	struct flow_rule r = rule_of("{\"dst\":\"10.0.0.1\",\"proto\":6}");
	const struct flow_announcement a = {.rule = &r};
	struct bgp_terms t = {.ebgp = true, .as4 = true, .families = 3, .flows = 1 << BGP_IPV6};
	struct flow_key k = flow_key_of(&r);
	struct buf out = {0};

	(void)state;
	flow_announcement_write(&out, &a, &t, 64500);
	flow_withdrawal_write(&out, &k, &t);
	assert_int_equal(out.len, 0);
	t.flows = 1 << BGP_IPV4;
	flow_announcement_write(&out, &a, &t, 64500);
	expect_hex(out.p + BGP_HEADER, out.len - BGP_HEADER,
	    "0000 002a 40 01 01 00 40 02 06 02 01 0000fbf4 80 0e 0f 0001 85 00 00 09 01 20 0a000001 03 81 06"
	    "c0 10 08 8006000000000000",
	    "announced");
	out.len = 0;
	flow_withdrawal_write(&out, &k, &t);
	expect_hex(out.p + BGP_HEADER, out.len - BGP_HEADER,
	    "0000 0010 80 0f 0d 0001 85 09 01 20 0a000001 03 81 06", "withdrawn");
	out.len = 0;
	flow_end_of_rib_write(&out, BGP_IPV6);
	expect_hex(out.p + BGP_HEADER, out.len - BGP_HEADER, "0000 0006 80 0f 03 0002 85", "the end");
	buf_release(&out);
}

static void
test_capability(void **state)
{
	const struct bgp_open ours = {
	    .asn = 64500, .id = 1, .caps = {.multiprotocol = true, .families = 3, .flows = 3, .as4 = true}};
	struct bgp_open theirs = {.asn = 64501,
			    .id = 2,
			    .caps = {.multiprotocol = true, .families = 1, .flows = 1 << BGP_IPV6}},
			read;
	struct bgp_terms t;
	struct bgp_error e;
	struct buf out = {0};

	(void)state;
	bgp_open_write(&out, &ours);
	assert_int_equal(bgp_open_read(&read, rd_from(out.p + BGP_HEADER, out.len - BGP_HEADER), &e), 0);
	assert_int_equal(read.caps.flows, 3);
	assert_int_equal(read.caps.families, 3);
	assert_int_equal(bgp_terms_agree(&t, &ours, &theirs, 0, &e), 0);
	assert_int_equal(t.flows, 1 << BGP_IPV6);
	assert_int_equal(t.families, 1);
	theirs.caps.families = theirs.caps.flows = 0;
	assert_int_equal(bgp_terms_agree(&t, &ours, &theirs, 0, &e), -1);
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wire),
	    cmocka_unit_test(test_messages),
	    cmocka_unit_test(test_capability),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
