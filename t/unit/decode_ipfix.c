/* IPFIX (RFC 7011), its biflows (RFC 5103), its times. */
#include "decode_rig.h"

#define VAR 0xffff

/* The bounds of NTP time: 1700000000.5 s. */
#define NTP_S (UINT64_C(1700000000) + 2208988800)

static void
ends(struct rig *rig, struct buf *dg, size_t set)
{
	end_set(dg, set);
	end_ipfix(dg);
	rig_feed(rig, dg);
}

static void
reduced_size_and_enterprise(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_ipfix(&dg, 0, 3);
	size_t set = put_set(&dg, 2);
	put16(&dg, 256, 4, 1, 3, 0x8000 | 1, 2, 0, 9, 2, 1, 10, 8);
	end_set(&dg, set);
	set = put_set(&dg, 256);
	buf_add(&dg, "\x01\x00\x00", 3);
	put16(&dg, 0xdead);
	buf_putc(&dg, 7);
	buf_be64(&dg, 12);
	ends(&rig, &dg, set);
	assert_int_equal(rig_look(&rig), 1);
	assert_field(&rig, bytes, 0, 65536);
	assert_field(&rig, packets, 0, 7);
	assert_field(&rig, input_interface, 0, 12);
	assert_field(&rig, observation_domain, 0, 3);
	assert_str(&rig, flow_type, 0, "ipfix");
	assert_field(&rig, timestamp_start, 0, NOW_MS);
	rig_close(&rig);
}

static void
variable_length(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_ipfix(&dg, 0, 3);
	put_template(&dg, 2, 256, 8, 4, 96, VAR, 291, VAR, 1, 4, 2, VAR);
	size_t set = put_set(&dg, 256);
	buf_be32(&dg, 1);
	buf_add(&dg, "\x04http", 5);
	buf_add(&dg, "\x03???", 4); /* a basicList, RFC 6313 */
	buf_be32(&dg, 500);
	buf_add(&dg, "\x02\x01\x00", 3);
	buf_be32(&dg, 2);
	buf_add(&dg,
	    "\xff\x00\x03"
	    "dns",
	    6); /* the long form for a short value */
	buf_add(&dg, "\x00", 1);
	buf_be32(&dg, 600);
	buf_add(&dg, "\x00", 1);
	buf_add(&dg, "\0\0\0\0\0\0\0\0\0\0\0\0", 12); /* padding longer than the shortest record */
	ends(&rig, &dg, set);
	assert_int_equal(rig_look(&rig), 2);
	assert_str(&rig, application, 0, "http");
	assert_field(&rig, packets, 0, 256);
	assert_str(&rig, application, 1, "dns");
	assert_field(&rig, bytes, 1, 600);
	assert_absent(&rig, packets, 1);
	assert_int_equal(rig_count(&rig, COUNT_BAD_RECORD), 0);

	/* A length beyond the set ends it, and only it. */
	put_ipfix(&dg, 2, 3);
	set = put_set(&dg, 256);
	buf_be32(&dg, 1);
	buf_add(&dg,
	    "\xff\xff\xff"
	    "123456",
	    9);
	end_set(&dg, set);
	put_template(&dg, 2, 257, 8, 4);
	set = put_set(&dg, 257);
	buf_be32(&dg, 9);
	ends(&rig, &dg, set);
	assert_int_equal(rig_look(&rig), 1);
	assert_addr(&rig, src_host, 0, "0.0.0.9");
	assert_int_equal(rig_count(&rig, COUNT_BAD_RECORD), 1);
	rig_close(&rig);
}

static void
withdrawal(void **state)
{
	struct rig rig;
	struct buf dg = {0};
	struct decoder_gauges g;

	(void)state;
	rig_open(&rig, true);
	put_ipfix(&dg, 0, 3);
	put_template(&dg, 2, 256, 8, 4);
	put_template(&dg, 2, 257, 8, 4);
	size_t set = put_set(&dg, 3);
	put16(&dg, 258, 1, 1, 160, 8);
	ends(&rig, &dg, set);
	put_ipfix(&dg, 0, 3);
	set = put_set(&dg, 2);
	put16(&dg, 256, 0);
	ends(&rig, &dg, set);
	decoder_gauges(rig.d, &g);
	assert_int_equal(g.templates, 2);
	put_ipfix(&dg, 0, 3);
	set = put_set(&dg, 2);
	put16(&dg, 2, 0);
	ends(&rig, &dg, set);
	decoder_gauges(rig.d, &g);
	assert_int_equal(g.templates, 1);
	assert_int_equal(rig_count(&rig, COUNT_WITHDRAWN), 2);
	rig_close(&rig);
}

static void
times(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_ipfix(&dg, 0, 3);
	put_template(&dg, 2, 256, 150, 4, 151, 4);
	size_t set = put_set(&dg, 256);
	buf_be32(&dg, NOW_MS / 1000 - 9);
	buf_be32(&dg, NOW_MS / 1000 - 8);
	end_set(&dg, set);
	put_template(&dg, 2, 257, 154, 8, 157, 8);
	set = put_set(&dg, 257);
	buf_be64(&dg, (NTP_S - 3) << 32 | UINT64_C(0x80000000));
	buf_be64(&dg, (NTP_S - 2) << 32 | UINT64_C(0x40000000));
	buf_be64(&dg, (uint64_t)(NOW_MS - 3500) * 1000); /* a plain count of us, and of ns */
	buf_be64(&dg, (uint64_t)(NOW_MS - 1750) * 1000000);
	end_set(&dg, set);
	put_template(&dg, 2, 258, 158, 4, 159, 4);
	set = put_set(&dg, 258);
	buf_be32(&dg, 2500000);
	buf_be32(&dg, 500000);
	end_set(&dg, set);
	put_template(&dg, 2, 259, 152, 8, 161, 4);
	set = put_set(&dg, 259);
	buf_be64(&dg, NOW_MS - 9000);
	buf_be32(&dg, 1234);
	end_set(&dg, set);
	put_template(&dg, 2, 260, 152, 8, 162, 8);
	set = put_set(&dg, 260);
	buf_be64(&dg, NOW_MS - 9000);
	buf_be64(&dg, 2500000);
	buf_be64(&dg, NOW_MS - 9000);
	buf_be64(&dg, UINT64_MAX); /* absurd: none */
	end_set(&dg, set);
	put_template(&dg, 2, 261, 158, 4, 159, 4); /* more than an hour back, and ending before it starts */
	set = put_set(&dg, 261);
	buf_be32(&dg, UINT32_MAX);
	buf_be32(&dg, 0);
	buf_be32(&dg, 0);
	buf_be32(&dg, 1000000);
	ends(&rig, &dg, set);
	assert_int_equal(rig_look(&rig), 9);
	assert_field(&rig, timestamp_end, 5, NOW_MS - 9000 + 2500);
	assert_field(&rig, timestamp_end, 6, NOW_MS - 9000);
	assert_field(&rig, timestamp_start, 7, EXPORT_S * 1000 - UINT32_MAX / 1000);
	assert_field(&rig, timestamp_end, 7, EXPORT_S * 1000);
	assert_field(&rig, timestamp_start, 8, EXPORT_S * 1000 - 1000);
	assert_int_equal(rig_count(&rig, COUNT_NEGATIVE), 1);
	assert_field(&rig, timestamp_start, 0, NOW_MS - 9000);
	assert_field(&rig, timestamp_end, 0, NOW_MS - 8000);
	assert_field(&rig, timestamp_start, 1, NOW_MS - 2500);
	assert_field(&rig, timestamp_end, 1, NOW_MS - 1750);
	assert_field(&rig, timestamp_start, 2, NOW_MS - 3500);
	assert_field(&rig, timestamp_end, 2, NOW_MS - 1750);
	assert_field(&rig, timestamp_start, 3, EXPORT_S * 1000 - 2500);
	assert_field(&rig, timestamp_end, 3, EXPORT_S * 1000 - 500);
	assert_field(&rig, timestamp_end, 4, NOW_MS - 9000 + 1234);
	rig_close(&rig);
}

/* Times since the start of the exporter: useless until it tells when that was, in options or in the record. */
static void
relative_times(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	for (int i = 0; i < 2; i++) {
		put_ipfix(&dg, 0, 3);
		put_template(&dg, 2, 256, 22, 4, 21, 4);
		size_t set = put_set(&dg, 256);
		buf_be32(&dg, 5000);
		buf_be32(&dg, 6000);
		end_set(&dg, set);
		set = put_set(&dg, 3);
		put16(&dg, 258, 2, 1, 149, 4, 160, 8);
		end_set(&dg, set);
		set = put_set(&dg, 258);
		buf_be32(&dg, 3);
		buf_be64(&dg, NOW_MS - 100000);
		ends(&rig, &dg, set);
	}
	put_ipfix(&dg, 0, 4);
	put_template(&dg, 2, 256, 22, 4, 21, 4, 160, 8);
	size_t set = put_set(&dg, 256);
	buf_be32(&dg, 5000);
	buf_be32(&dg, 6000);
	buf_be64(&dg, NOW_MS - 20000);
	ends(&rig, &dg, set);
	assert_int_equal(rig_look(&rig), 3);
	assert_field(&rig, timestamp_start, 0, NOW_MS);
	assert_field(&rig, timestamp_start, 1, NOW_MS - 95000);
	assert_field(&rig, timestamp_end, 1, NOW_MS - 94000);
	assert_field(&rig, timestamp_start, 2, NOW_MS - 15000);
	assert_field(&rig, timestamp_end, 2, NOW_MS - 14000);
	rig_close(&rig);
}

/* RFC 5103: counters of the reverse direction make a second flow. */
static void
biflow(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_ipfix(&dg, 0, 3);
	size_t set = put_set(&dg, 2);
	put16(&dg, 256, 8, 8, 4, 12, 4, 7, 2, 11, 2, 85, 8, 6, 1);
	put16(&dg, 0x8000 | 85, 8, 0, 29305, 0x8000 | 6, 1, 0, 29305);
	end_set(&dg, set);
	set = put_set(&dg, 256);
	for (uint64_t i = 0; i < 2; i++) {
		buf_be32(&dg, 0x0a000001);
		buf_be32(&dg, 0x0a000002);
		put16(&dg, 5000, 80);
		buf_be64(&dg, 60);
		buf_putc(&dg, 2);
		buf_be64(&dg, i * 70);
		buf_putc(&dg, 0x12);
	}
	ends(&rig, &dg, set);
	assert_int_equal(rig_look(&rig), 3);
	assert_field(&rig, bytes, 0, 60);
	assert_field(&rig, bytes, 1, 60);
	assert_field(&rig, bytes, 2, 70);
	assert_addr(&rig, src_host, 2, "10.0.0.2");
	assert_addr(&rig, dst_host, 2, "10.0.0.1");
	assert_field(&rig, src_port, 2, 80);
	assert_field(&rig, tcpflags, 1, 2);
	assert_field(&rig, tcpflags, 2, 0x12);
	rig_close(&rig);
}

/* RFC 5477: rates as intervals, populations, probabilities. */
static void
sampling(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_ipfix(&dg, 0, 3);
	size_t set = put_set(&dg, 3);
	put16(&dg, 300, 3, 1, 302, 8, 305, 4, 306, 4);
	put16(&dg, 301, 3, 1, 302, 8, 309, 4, 310, 4);
	put16(&dg, 302, 2, 1, 302, 8, 311, 8);
	end_set(&dg, set);
	set = put_set(&dg, 300);
	buf_be64(&dg, 1);
	buf_be32(&dg, 1);
	buf_be32(&dg, 999);
	end_set(&dg, set);
	set = put_set(&dg, 301);
	buf_be64(&dg, 2);
	buf_be32(&dg, 2);
	buf_be32(&dg, 128);
	end_set(&dg, set);
	set = put_set(&dg, 302);
	buf_be64(&dg, 3);
	buf_be64(&dg, UINT64_C(0x3fd0000000000000)); /* 0.25 */
	end_set(&dg, set);
	put_template(&dg, 2, 256, 8, 4, 302, 8);
	set = put_set(&dg, 256);
	for (uint32_t i = 1; i <= 3; i++) {
		buf_be32(&dg, i);
		buf_be64(&dg, i);
	}
	end_set(&dg, set);
	put_template(&dg, 2, 257, 305, 4, 306, 4);
	set = put_set(&dg, 257);
	buf_be32(&dg, 2);
	buf_be32(&dg, 98);
	ends(&rig, &dg, set);
	assert_int_equal(rig_look(&rig), 4);
	assert_field(&rig, sampling_rate, 0, 1000);
	assert_field(&rig, sampling_rate, 1, 64);
	assert_field(&rig, sampling_rate, 2, 4);
	assert_field(&rig, sampling_rate, 3, 50);
	rig_close(&rig);
}

/* Sets of templates as v9 has them, with scopes that are no elements. */
static void
sets_of_v9(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_ipfix(&dg, 0, 3);
	size_t set = put_set(&dg, 1);
	put16(&dg, 257, 4, 4, 1, 4, 34, 4);
	end_set(&dg, set);
	set = put_set(&dg, 257);
	buf_be32(&dg, 0);
	buf_be32(&dg, 128);
	end_set(&dg, set);
	put_template(&dg, 0, 256, 8, 4, 33002, 2);
	set = put_set(&dg, 256);
	buf_be32(&dg, 9);
	put16(&dg, 1);
	ends(&rig, &dg, set);
	assert_int_equal(rig_look(&rig), 1);
	assert_field(&rig, sampling_rate, 0, 128);
	assert_addr(&rig, src_host, 0, "0.0.0.9");
	assert_int_equal(rig_count(&rig, COUNT_BAD_SET), 0);
	rig_close(&rig);
}

/* IOS XR: one of 256, which 305 = 1 without 306 does not tell. */
static void
rate_by_population(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_ipfix(&dg, 0, 3);
	size_t set = put_set(&dg, 3);
	put16(&dg, 257, 5, 1, 302, 4, 305, 4, 304, 2, 309, 4, 310, 4);
	end_set(&dg, set);
	set = put_set(&dg, 257);
	buf_be32(&dg, 1);
	buf_be32(&dg, 1);
	put16(&dg, 3);
	buf_be32(&dg, 1);
	buf_be32(&dg, 256);
	end_set(&dg, set);
	put_template(&dg, 2, 256, 8, 4, 302, 4);
	set = put_set(&dg, 256);
	buf_be32(&dg, 9);
	buf_be32(&dg, 1);
	ends(&rig, &dg, set);
	assert_int_equal(rig_look(&rig), 1);
	assert_field(&rig, sampling_rate, 0, 256);
	rig_close(&rig);
}

/* Names of applications and VRFs by options; ids where there is none. */
static void
names(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_ipfix(&dg, 0, 3);
	size_t set = put_set(&dg, 3);
	put16(&dg, 300, 2, 1, 95, 4, 96, VAR);
	put16(&dg, 301, 2, 1, 234, 4, 236, VAR);
	end_set(&dg, set);
	set = put_set(&dg, 300);
	buf_be32(&dg, 0x03000050);
	buf_add(&dg, "\x04http", 5);
	end_set(&dg, set);
	set = put_set(&dg, 301);
	buf_be32(&dg, 5);
	buf_add(&dg, "\x03red", 4);
	end_set(&dg, set);
	put_template(&dg, 2, 256, 95, 4, 234, 4);
	set = put_set(&dg, 256);
	buf_be32(&dg, 0x03000050);
	buf_be32(&dg, 5);
	buf_be32(&dg, 0x0d000102);
	buf_be32(&dg, 6);
	ends(&rig, &dg, set);
	assert_int_equal(rig_look(&rig), 2);
	assert_str(&rig, application, 0, "http");
	assert_str(&rig, vrf, 0, "red");
	assert_str(&rig, application, 1, "13:258");
	assert_str(&rig, vrf, 1, "6");
	rig_close(&rig);
}

/* The sequence counts data records, options records among them; after an unknown template it starts anew. */
static void
records_lost(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_ipfix(&dg, 100, 3);
	put_template(&dg, 2, 256, 8, 4);
	size_t set = put_set(&dg, 256);
	buf_be32(&dg, 1);
	buf_be32(&dg, 2);
	ends(&rig, &dg, set);
	put_ipfix(&dg, 105, 3);
	set = put_set(&dg, 256);
	buf_be32(&dg, 1);
	ends(&rig, &dg, set);
	assert_int_equal(rig_count(&rig, COUNT_LOST), 3);
	put_ipfix(&dg, 106, 3);
	set = put_set(&dg, 999);
	buf_be32(&dg, 1);
	ends(&rig, &dg, set);
	put_ipfix(&dg, 200, 3);
	set = put_set(&dg, 256);
	buf_be32(&dg, 1);
	ends(&rig, &dg, set);
	assert_int_equal(rig_count(&rig, COUNT_LOST), 3);
	assert_int_equal(rig_count(&rig, COUNT_RESETS), 0);
	rig_close(&rig);
}

static void
separate_icmp_and_totals(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_ipfix(&dg, 0, 3);
	put_template(&dg, 2, 256, 178, 1, 179, 1, 85, 8, 86, 8, 27, 16, 28, 16);
	size_t set = put_set(&dg, 256);
	put16(&dg, 0x8000);
	buf_be64(&dg, 1000);
	buf_be64(&dg, 10);
	for (int i = 0; i < 4; i++)
		buf_be64(&dg, (uint64_t)i);
	ends(&rig, &dg, set);
	assert_int_equal(rig_look(&rig), 1);
	assert_field(&rig, icmp_type, 0, 0x8000);
	assert_field(&rig, bytes, 0, 1000);
	assert_field(&rig, packets, 0, 10);
	assert_field(&rig, ip_protocol, 0, 6);
	rig_close(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reduced_size_and_enterprise),
	    cmocka_unit_test(variable_length),
	    cmocka_unit_test(withdrawal),
	    cmocka_unit_test(times),
	    cmocka_unit_test(relative_times),
	    cmocka_unit_test(biflow),
	    cmocka_unit_test(sampling),
	    cmocka_unit_test(sets_of_v9),
	    cmocka_unit_test(rate_by_population),
	    cmocka_unit_test(names),
	    cmocka_unit_test(records_lost),
	    cmocka_unit_test(separate_icmp_and_totals),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
