#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "desk.h"
#include "flow/filter.h"

/* The flows that every expression below is held against; bit 0 of a result is the first. */
static const char *const flows[] = {
    "{\"src_host\":\"10.0.0.1\",\"dst_host\":\"192.0.2.1\",\"src_port\":40000,\"dst_port\":443,\"proto\":6,"
    "\"ip_protocol\":4,\"tcpflags\":2,\"bytes\":60,\"packets\":1,\"src_as\":64500,\"exporter_ip\":\"198.51."
    "100.1\","
    "\"input_interface\":3,\"output_interface\":4,\"timestamp_start\":1700000000,\"timestamp_end\":"
    "1700000000}",
    "{\"src_host\":\"10.0.0.2\",\"dst_host\":\"10.0.0.1\",\"src_port\":53,\"dst_port\":53,\"proto\":17,"
    "\"ip_protocol\":4,\"bytes\":1500,\"packets\":3,\"dst_as\":64500,\"exporter_ip\":\"198.51.100.2\","
    "\"input_interface\":4,\"timestamp_start\":1700000000,\"timestamp_end\":1700000060.500}",
    "{\"src_host\":\"2001:db8::1\",\"dst_host\":\"2001:db8:1::1\",\"proto\":58,\"ip_protocol\":6,\"bytes\":"
    "2048,"
    "\"src_host_country\":\"GR\",\"as_path\":[\"64496\",\"64500\"],\"ml_score\":0.9,\"trusted\":true}",
    "{\"src_host\":\"10.9.0.1\",\"dst_host\":\"192.0.2.200\",\"src_port\":1023,\"dst_port\":22,\"proto\":6,"
    "\"ip_protocol\":4,\"tcpflags\":18,\"bytes\":18446744073709551615,\"src_host_country\":\"DE\","
    "\"as_path\":[\"64496\"],\"ml_score\":0.25,\"src_as_name\":\"A name (of two)\",\"trusted\":false}",
    "{}",
};

enum { FLOWS = sizeof flows / sizeof flows[0] };

static void
fill(struct desk *d)
{
	for (int i = 0; i < FLOWS; i++)
		assert_int_equal(ndjson_read(d->r, str_from(flows[i]), &d->bd, &d->mark, &d->e), NDJSON_ROW);
}

static void
tests_hold(void **state)
{
	static const struct {
		const char *text;
		unsigned rows;
	} cases[] = {
	    {"host 10.0.0.1", 0x03},
	    {"src host 10.0.0.1", 0x01},
	    {"dst host 10.0.0.1", 0x02},
	    {"host 2001:db8::1", 0x04},
	    {"net 10.0.0.0/8", 0x0b},
	    {"src net 10.0.0.0/24", 0x03},
	    {"dst net 192.0.2.128/25", 0x08},
	    {"net 2001:db8:1::/48", 0x04},
	    {"net 0.0.0.0/0", 0x0b},
	    {"net ::/0", 0x04},
	    {"port 53", 0x02},
	    {"src port 1023", 0x08},
	    {"dst port 1023", 0x00},
	    {"portrange 22-443", 0x0b},
	    {"src portrange 1-1023", 0x0a},
	    {"as 64500", 0x03},
	    {"src as 64500", 0x01},
	    {"proto tcp", 0x09},
	    {"proto 17", 0x02},
	    {"proto = udp", 0x02},
	    {"proto != tcp", 0x06},
	    {"tcp", 0x09},
	    {"udp", 0x02},
	    {"icmp6", 0x04},
	    {"icmp", 0x00},
	    {"ip", 0x0b},
	    {"ip6", 0x04},
	    {"exporter 198.51.100.1", 0x01},
	    {"exporter 198.51.100.0/24", 0x03},
	    {"if 4", 0x03},
	    {"in if 4", 0x02},
	    {"out if 4", 0x01},
	    {"flags S", 0x09},
	    {"flags S/SA", 0x01},
	    {"flags SA", 0x08},
	    {"flags syn,ack", 0x08},
	    {"bytes > 1500", 0x0c},
	    {"bytes >= 1500", 0x0e},
	    {"bytes < 1500", 0x01},
	    {"bytes<=1500", 0x03},
	    {"bytes = 2K", 0x04},
	    {"bytes == 60", 0x01},
	    {"bytes != 60", 0x0e},
	    {"bytes > 18446744073709551615", 0x00},
	    {"bytes < 0", 0x00},
	    {"bytes >= 0", 0x0f},
	    {"packets > 1", 0x02},
	    {"duration > 1m", 0x02},
	    {"duration <= 60", 0x01},
	    {"src_host_country = GR", 0x04},
	    {"src_host_country != GR", 0x08},
	    {"src_as_name = \"A name (of two)\"", 0x08},
	    {"as_path = 64496", 0x0c},
	    {"as_path = 64500", 0x04},
	    {"as_path != 64500", 0x08},
	    {"ml_score >= 0.25", 0x0c},
	    {"ml_score > 0.25", 0x04},
	    {"ml_score = 0.9", 0x04},
	    {"trusted = true", 0x04},
	    {"trusted = 0", 0x08},
	    {"timestamp_end > 2023-11-14T22:14:00Z", 0x02},
	    {"src_host = 10.0.0.0/8", 0x0b},
	    {"not tcp", 0x16},
	    {"! tcp", 0x16},
	    {"!tcp", 0x16},
	    {"not not tcp", 0x09},
	    {"tcp and dst port 22", 0x08},
	    {"tcp && dst port 22", 0x08},
	    {"tcp or udp", 0x0b},
	    {"tcp||udp", 0x0b},
	    {"udp or tcp and dst port 22", 0x0a},
	    {"(udp or tcp) and dst port 22", 0x08},
	    {"not (tcp or udp) and ip6", 0x04},
	    {"((tcp))", 0x09},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct desk *d = desk_new(NULL, NULL);
		struct filter *f = filter_compile(cases[i].text, &d->e);
		uint64_t keep[1];

		if (f == NULL)
			fail_msg("%s: %s", cases[i].text, d->e.msg);
		fill(d);
		builder_finish(&d->bd, &d->b);
		filter_eval(f, &d->b, &d->arena, keep);
		if (keep[0] != cases[i].rows)
			fail_msg("%s: 0x%llx, 0x%x was expected", cases[i].text, (unsigned long long)keep[0],
			    cases[i].rows);
		filter_free(f);
		desk_free(d);
	}
}

static void
words_for_mistakes(void **state)
{
	static const struct pair pairs[] = {
	    {"", "column 1: the filter ends where a test was expected"},
	    {"tcp and", "column 8: the filter ends where a test was expected"},
	    {"tcp udp", "column 5: 'udp' where and, or or the end was expected"},
	    {"host", "column 5: the filter ends where an address was expected"},
	    {"host 10.0.0.0/8", "column 6: '10.0.0.0/8' where an address was expected"},
	    {"host example.net", "column 6: 'example.net' where an address was expected"},
	    {"net 10.0.0.1/8",
		"column 5: '10.0.0.1/8' has bits set beyond its length; the prefix is 10.0.0.0/8"},
	    {"src tcp", "column 5: 'tcp' where host, net, port, portrange or as was expected"},
	    {"port 65536", "column 6: '65536' where a port was expected"},
	    {"port http", "column 6: 'http' where a port was expected"},
	    {"portrange 9-1", "column 11: '9-1' where a range of ports, low-high, was expected"},
	    {"proto xyz", "column 7: 'xyz' where a protocol was expected"},
	    {"bites > 5", "column 1: 'bites' where a test was expected"},
	    {"17", "column 1: '17' where a test was expected"},
	    {"bytes 5", "column 7: '5' where a comparison was expected"},
	    {"bytes > many", "column 9: 'many' where a number that fits the field was expected"},
	    {"src_port > 65536", "column 12: '65536' where a number that fits the field was expected"},
	    {"src_as_name > A", "column 15: src_as_name is compared with = or != only"},
	    {"src_as_name = \"A", "column 15: text without its closing quote"},
	    {"src_mac = 1", "column 11: src_mac cannot be compared"},
	    {"flags X", "column 7: 'X' where TCP flags was expected"},
	    {"flags S/A", "column 7: 'S/A' never holds: its mask lacks flags"},
	    {"in 3", "column 4: '3' where if was expected"},
	    {"duration > long", "column 12: 'long' where a duration was expected"},
	    {"duration > 1.5s", "column 12: '1.5s' where a duration was expected"},
	    {"(tcp", "column 5: the filter ends where ')' was expected"},
	    {"tcp)", "column 4: ')' where and, or or the end was expected"},
	    {"tcp & udp", "column 5: '&' where and, or or the end was expected"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct err e;

		assert_null(filter_compile(pairs[i].in, &e));
		assert_string_equal(e.msg, pairs[i].out);
	}
}

static void
size_is_bounded(void **state)
{
	struct buf text = {0};
	struct err e;

	(void)state;
	for (int i = 0; i < 65; i++)
		buf_puts(&text, "not ");
	buf_puts(&text, "tcp");
	assert_null(filter_compile(buf_cstr(&text), &e));
	assert_string_equal(e.msg, "column 257: nested deeper than 64");
	text.len = 0;
	buf_puts(&text, "tcp");
	for (int i = 0; i < 4096; i++)
		buf_puts(&text, " or tcp");
	assert_null(filter_compile(buf_cstr(&text), &e));
	assert_non_null(strstr(e.msg, "more than 4096 tests"));
	buf_release(&text);
}

/* A batch of many words of rows, against a loop over the values themselves. */
static void
applies_to_whole_batches(void **state)
{
	struct desk *d = desk_new(NULL, NULL);
	struct filter *f = filter_compile("bytes < 1000 and not src port 7", &d->e);
	uint32_t want = 0;

	(void)state;
	assert_non_null(f);
	for (uint32_t i = 0; i < 5001; i++) {
		builder_row(&d->bd);
		builder_u64(&d->bd, FIELD_bytes, i * 7919 % 2000);
		if (i % 3 == 0)
			builder_u16(&d->bd, FIELD_src_port, (uint16_t)(i % 10));
		want += i * 7919 % 2000 < 1000 && !(i % 3 == 0 && i % 10 == 7);
	}
	builder_finish(&d->bd, &d->b);
	assert_int_equal(filter_apply(f, &d->b, &d->arena), want);
	assert_int_equal(d->b.rows, want);
	const uint64_t *bytes = batch_flat_u64(&d->b, FIELD_bytes, &d->arena);
	for (uint32_t i = 0; i < want; i++)
		assert_true(bytes[i] < 1000);
	filter_free(f);
	desk_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tests_hold),
	    cmocka_unit_test(words_for_mistakes),
	    cmocka_unit_test(size_is_bounded),
	    cmocka_unit_test(applies_to_whole_batches),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
