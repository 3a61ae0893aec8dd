/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <string.h>

#include "detect/sieve.h"
#include "flow/builder.h"

/* Rows that differ in what filters look at; row 7 has next to nothing. */
enum { ROWS = 70 };

static void
put_addr(struct builder *bd, enum field f, const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, str_from(text)), 0);
	builder_addr(bd, f, &a);
}

static void
rows_put(struct builder *bd)
{
	static const char *const countries[] = {"GR", "DE", "US"};
	static const char *const directions[] = {"in", "out", "internal", "transit"};

	for (unsigned i = 0; i < ROWS; i++) {
		builder_row(bd);
		if (i == 7)
			continue;
		put_addr(bd, FIELD_src_host, i % 2 == 0 ? "192.0.2.1" : "2001:db8::1");
		put_addr(bd, FIELD_dst_host, i % 2 == 0 ? "198.51.100.1" : "2001:db8:1::1");
		builder_u8(bd, FIELD_proto, (uint8_t)(i % 4 == 0 ? 17 : 6));
		builder_u16(bd, FIELD_src_port, (uint16_t)(1000 + i));
		builder_u16(bd, FIELD_dst_port, (uint16_t)i);
		builder_u16(bd, FIELD_tcpflags, (uint16_t)(i % 3 == 0 ? 2 : 18));
		builder_u8(bd, FIELD_ttl, (uint8_t)i);
		builder_u64(bd, FIELD_packets, i);
		builder_u64(bd, FIELD_bytes, i * 100);
		builder_u32(bd, FIELD_sampling_rate, i == 69 ? 1000 : 1);
		builder_u32(bd, FIELD_input_interface, i % 5);
		builder_u32(bd, FIELD_output_interface, i % 7);
		builder_str(bd, FIELD_input_interface_name, i % 5 == 1 ? STR("ge-0/0/1") : STR("lo0"));
		builder_u8(bd, FIELD_flow_direction, (uint8_t)(i % 2));
		builder_u32(bd, FIELD_src_as, 64500 + i % 10);
		builder_u32(bd, FIELD_dst_as, 65000 + i % 10);
		builder_str(bd, FIELD_src_host_country, str_from(countries[i % 3]));
		if (i % 11 == 0)
			builder_str(bd, FIELD_dst_host_country, STR("FR"));
		builder_str(bd, FIELD_net_direction, str_from(directions[i % 4]));
		if (i == 10 || i == 12)
			put_addr(bd, FIELD_nat_src_host, i == 10 ? "203.0.113.9" : "192.0.2.1");
		if (i == 20)
			put_addr(bd, FIELD_nat_dst_host, "203.0.113.9");
		if (i < 40)
			builder_u8(bd, FIELD_trusted, i % 2 == 0);
	}
}

static bool
always(unsigned i)
{
	(void)i;
	return true;
}
#define ROW(name, condition)                  \
	static bool name(unsigned i)          \
	{                                     \
		return i != 7 && (condition); \
	}
ROW(is_udp, i % 4 == 0)
ROW(is_syn, i % 3 == 0 && i % 4 != 0)
ROW(has_src_port, i == 3 || i >= 60)
ROW(has_dst_port, i >= 5 && i <= 9)
ROW(has_bytes, i >= 50)
ROW(has_packets, i == 69)
ROW(has_ttl, i >= 10 && i <= 20)
ROW(is_translated, i == 10 || i == 20)
ROW(is_v6, i % 2 == 1)
ROW(is_v4, i % 2 == 0)
ROW(is_greek_or_french, i % 3 == 0 || i % 11 == 0)
ROW(from_as, i % 10 == 2 || i % 10 == 3)
ROW(to_as, i % 10 == 9)
ROW(at_interface, i % 5 == 1 || i % 5 == 4 || i % 7 == 4)
ROW(in_or_transit, i % 4 == 0 || i % 4 == 3)
ROW(is_egress, i % 2 == 1)
ROW(from_upstream, i % 5 == 3)
ROW(to_upstream, i % 7 == 3)
ROW(is_nothing, i > ROWS)

static bool
is_plain(unsigned i)
{
	return !is_translated(i);
}

static const struct {
	const char *keys;
	bool (*want)(unsigned row);
	const char *own;
	unsigned upstream;
} cases[] = {
    {"min_flows: 1", always, NULL, 0},
    {"proto: udp", is_udp, NULL, 0},
    {"tcp_flags: S/SA", is_syn, NULL, 0},
    {"src_port: [1003, 1060-1100]", has_src_port, NULL, 0},
    {"dst_port: 5-9", has_dst_port, NULL, 0},
    {"min_bytes: 5000", has_bytes, NULL, 0},
    {"min_packets: 1000", has_packets, NULL, 0},
    {"ttl_min: 10, ttl_max: 20", has_ttl, NULL, 0},
    {"nat_present: true", is_translated, NULL, 0},
    {"nat_present: false", is_plain, NULL, 0},
    {"only_prefixes: 2001:db8:1::/48", is_v6, NULL, 0},
    {"country: [gr, fr]", is_greek_or_french, NULL, 0},
    {"src_as: 64502-64503", from_as, NULL, 0},
    {"dst_as: [65009, 1]", to_as, NULL, 0},
    {"interface: [4, ge-0/0/1]", at_interface, NULL, 0},
    {"direction: [in, transit]", in_or_transit, NULL, 0},
    {"direction: in", is_v6, "2001:db8:1::/48", 0},
    {"direction: out", is_v4, "192.0.2.0/24", 0},
    {"direction: internal", is_nothing, "192.0.2.0/24", 0},
    {"direction: egress", is_egress, NULL, 0},
    {"direction: ingress", from_upstream, NULL, 3},
    {"direction: egress", to_upstream, NULL, 3},
    {"same_dst_ip: true", is_v6, "2001:db8:1::/48", 0},
};
enum { CASES = sizeof cases / sizeof cases[0] };

/* Which rows the n-th case leaves of the batch. */
static void
run_case(size_t n, const struct batch *b, uint64_t bits[2])
{
	struct rules rs;
	struct nets own = {0};
	struct ranges upstream = {0};
	struct arena a = {0};
	struct sieve x;
	struct flows f;
	struct err e;
	char yaml[256];

	snprintf(yaml, sizeof yaml, "- {name: r, min_total_bytes: 1, %s}", cases[n].keys);
	if (rules_parse(&rs, "t", str_from(yaml), NULL, &e) < 0)
		fail_msg("%s", e.msg);
	if (cases[n].own != NULL) {
		struct prefix p;

		assert_int_equal(prefix_parse(&p, str_from(cases[n].own), &e), 0);
		nets_add(&own, &p);
	}
	nets_seal(&own);
	if (cases[n].upstream != 0)
		ranges_add(&upstream, cases[n].upstream, cases[n].upstream);
	ranges_seal(&upstream);
	sieve_init(&x, &rs.v[0].filter, TRUST_ANY);
	flows_init(&f, b, &a, &own, &upstream);
	bits[0] = UINT64_MAX;
	bits[1] = (UINT64_C(1) << (ROWS - 64)) - 1;
	sieve_run(&x, &f, bits);
	sieve_release(&x);
	nets_release(&own);
	ranges_release(&upstream);
	arena_release(&a);
	rules_release(&rs);
}

static void
filters_let_through_what_they_say(void **state)
{
	struct builder bd;
	struct batch b;
	uint64_t bits[2];

	(void)state;
	builder_init(&bd, 0);
	rows_put(&bd);
	builder_finish(&bd, &b);
	for (size_t n = 0; n < CASES; n++) {
		run_case(n, &b, bits);
		for (unsigned i = 0; i < ROWS; i++)
			if ((bool)FLOWS_BIT(bits, i) != cases[n].want(i))
				fail_msg(
				    "%s: row %u is %s", cases[n].keys, i, FLOWS_BIT(bits, i) ? "in" : "out");
	}
	builder_release(&bd);
}

static void
without_columns_no_condition_is_met(void **state)
{
	struct batch b;
	uint64_t bits[2];

	(void)state;
	batch_init(&b);
	b.rows = ROWS;
	for (size_t n = 1; n < CASES; n++) {
		run_case(n, &b, bits);
		assert_int_equal(bits[0] | bits[1], cases[n].want == is_plain ? UINT64_MAX : 0);
	}
}

static void
trust_parts_the_flows(void **state)
{
	struct rule_filter nothing = {.ttl_max = 255};
	struct nets own = {0};
	struct ranges upstream = {0};
	struct arena a = {0};
	struct builder bd;
	struct batch b;

	(void)state;
	builder_init(&bd, 0);
	rows_put(&bd);
	builder_finish(&bd, &b);
	for (int trust = TRUST_ONLY; trust <= TRUST_NONE; trust++) {
		struct sieve x;
		struct flows f;
		uint64_t bits[2] = {UINT64_MAX, (UINT64_C(1) << (ROWS - 64)) - 1};

		sieve_init(&x, &nothing, (enum sieve_trust)trust);
		flows_init(&f, &b, &a, &own, &upstream);
		sieve_run(&x, &f, bits);
		for (unsigned i = 0; i < ROWS; i++) {
			bool untrusted = i < 40 && i % 2 == 1 && i != 7;
			assert_int_equal(FLOWS_BIT(bits, i), untrusted == (trust == TRUST_NONE));
		}
		sieve_release(&x);
	}
	arena_release(&a);
	builder_release(&bd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(filters_let_through_what_they_say),
	    cmocka_unit_test(without_columns_no_condition_is_met),
	    cmocka_unit_test(trust_parts_the_flows),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("sieve", tests, NULL, NULL);
}
