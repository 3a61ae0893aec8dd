/* sFlow v5. */
#include "sflow_rig.h"

#define GATEWAY                                                                                  \
	1, 0xcb007101, 64496, 64500, 64497, 1, 2, 3, 64498, 64499, 64510, 2, 64496u << 16 | 100, \
	    64496u << 16 | 200, 150

static void
flow_samples(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_sflow(&dg, 3);
	size_t s = put_sample(&dg, 1);
	put32(&dg, 1, 5, 512, 10000, 0, 17, 0x40000000 | 258, 4);
	put_header_record(&dg, 1, tcp_frame, sizeof tcp_frame);
	put_record(&dg, 43874 << 12 | 1, "1234", 4); /* somebody's own */
	put_words(&dg, 1003, GATEWAY);
	put_words(&dg, 1002, 1, 0xc0000209, 24, 16);
	end_sample(&dg, s);
	s = put_sample(&dg, 2); /* counters */
	buf_be32(&dg, 0);
	end_sample(&dg, s);
	s = put_sample(&dg, 3);
	put32(&dg, 1, 0, 5, 64, 10000, 0, 0, 0x3fffffff, 0, 18, 1);
	put_header_record(&dg, 1, tcp_frame, 30); /* cropped within the IP header */
	end_sample(&dg, s);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 2);
	assert_str(&rig, flow_type, 0, "sflow5");
	assert_addr(&rig, src_host, 0, "10.0.0.1");
	assert_addr(&rig, dst_host, 0, "10.0.0.2");
	assert_field(&rig, src_port, 0, 1025);
	assert_field(&rig, dst_port, 0, 80);
	assert_field(&rig, proto, 0, 6);
	assert_field(&rig, ip_protocol, 0, 4);
	assert_field(&rig, tcpflags, 0, 2);
	assert_field(&rig, tos, 0, 0x10);
	assert_field(&rig, ttl, 0, 63);
	assert_field(&rig, src_vlan, 0, 30);
	assert_field(&rig, src_mac, 0, 0x020000000001);
	assert_field(&rig, packets, 0, 1);
	assert_field(&rig, bytes, 0, 60);
	assert_field(&rig, sampling_rate, 0, 512);
	assert_field(&rig, input_interface, 0, 17);
	assert_field(&rig, output_interface, 0, 0);
	assert_field(&rig, forwarding_status, 0, 130);
	assert_field(&rig, timestamp_start, 0, NOW_MS);
	assert_addr(&rig, next_hop, 0, "192.0.2.9");
	assert_field(&rig, src_mask, 0, 24);
	assert_field(&rig, src_as, 0, 64500);
	assert_field(&rig, dst_as, 0, 64510);
	assert_field(&rig, peer_src_as, 0, 64497);
	assert_field(&rig, peer_dst_as, 0, 64498);
	assert_str(&rig, as_path, 0,
	    "64498\0"
	    "64499\0"
	    "64510\0");
	assert_str(&rig, communities, 0,
	    "64496:100\0"
	    "64496:200\0");
	assert_field(&rig, local_pref, 0, 150);
	assert_field(&rig, bytes, 1, 82);
	assert_field(&rig, sampling_rate, 1, 64);
	assert_absent(&rig, src_host, 1);
	assert_absent(&rig, input_interface, 1);
	assert_field(&rig, output_interface, 1, 18);
	assert_int_equal(rig_count(&rig, COUNT_SAMPLES), 1);
	assert_int_equal(rig_count(&rig, COUNT_BAD_RECORD), 0);
	rig_close(&rig);
}

/* A record that claims more than there is ends its sample; the next one is read. */
static void
bad_record(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_sflow(&dg, 2);
	for (uint32_t len = 0x7fffffff; len != 0; len = len > 1000 ? 4 : 0) {
		size_t s = put_flow(&dg, 1);
		put32(&dg, 99, len, 0);
		end_sample(&dg, s);
	}
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 2);
	assert_int_equal(rig_count(&rig, COUNT_BAD_RECORD), 1);
	rig_close(&rig);
}

/* A record shorter than its kind costs itself; so does a header that claims to be longer than its record. */
static void
short_records(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_sflow(&dg, 1);
	size_t s = put_flow(&dg, 4);
	put_words(&dg, 1002, 1, 0xc0000209, 24);
	put_words(&dg, 1003, 1, 0xcb007101, 64496, 64500, 64497, 0x10000000, 2, 0x40000000, 64498);
	size_t header = dg.len;
	put_header_record(&dg, 1, tcp_frame, 52); /* as Huawei crops */
	set_be16(&dg, header + 8 + 14, 128);
	put_words(&dg, 1001, 30, 0, 40, 0);
	end_sample(&dg, s);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 1);
	assert_int_equal(rig_count(&rig, COUNT_BAD_RECORD), 3);
	assert_absent(&rig, next_hop, 0);
	assert_addr(&rig, src_host, 0, "10.0.0.1");
	assert_field(&rig, dst_port, 0, 80);
	assert_field(&rig, tcpflags, 0, 2);
	assert_field(&rig, bytes, 0, 60);
	assert_field(&rig, dst_vlan, 0, 40);
	rig_close(&rig);
}

static void
extended_data(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_sflow(&dg, 2);
	size_t s = put_flow(&dg, 6);
	put_words(&dg, 1001, 100, 0, 0xffffffff, 0xffffffff);
	put_header_record(&dg, 1, tcp_frame, sizeof tcp_frame);
	put_words(&dg, 1006, 1, 0xc0000209, 2, 100 << 12 | 64, 101 << 12 | 0x140, 1, 200 << 12 | 0x140);
	put_words(&dg, 1007, 1, 0xcb007109, 1, 0xcb00710a);
	put_words(&dg, 1020, 40000, 443);
	put_words(&dg, 1002, 2, 0x20010db8, 0, 0, 9, 0xffffffff, 0xffffff80); /* netmasks */
	end_sample(&dg, s);
	s = put_flow(&dg, 2);
	put_words(&dg, 1012, 2, 0x88a80064, 0x8100001e);
	put_words(&dg, 1002, 0, 24, 0xff00ff00); /* no hop; a length, and no length */
	end_sample(&dg, s);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 2);
	assert_int_equal(rig_count(&rig, COUNT_BAD_RECORD), 0);
	assert_field(&rig, src_vlan, 0, 100); /* the switch knows better than the tag */
	assert_absent(&rig, dst_vlan, 0);
	assert_str(&rig, mpls_labels, 0,
	    "100\0"
	    "101\0");
	assert_addr(&rig, nat_src_host, 0, "203.0.113.9");
	assert_addr(&rig, nat_dst_host, 0, "203.0.113.10");
	assert_field(&rig, nat_src_port, 0, 40000);
	assert_field(&rig, nat_dst_port, 0, 443);
	assert_addr(&rig, next_hop, 0, "2001:db8::9");
	assert_field(&rig, src_mask, 0, 32);
	assert_field(&rig, dst_mask, 0, 25);
	assert_field(&rig, src_vlan, 1, 100);
	assert_absent(&rig, next_hop, 1);
	assert_field(&rig, src_mask, 1, 24);
	assert_absent(&rig, dst_mask, 1);
	rig_close(&rig);
}

/* Headers told in words; the header itself, before or behind, wins. */
static void
told_headers(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_sflow(&dg, 5);
	size_t s = put_flow(&dg, 2);
	put_words(&dg, 2, 1514, 0x02000000, 0x00010000, 0x02000000, 0x00020000, 0x0800);
	put_words(&dg, 3, 1400, 6, 0xc6336401, 0xc6336402, 1234, 443, 0x12, 8);
	end_sample(&dg, s);
	s = put_flow(&dg, 1);
	put_words(&dg, 4, 80, 58, 0x20010db8, 0, 0, 1, 0x20010db8, 0, 0, 2, 0, 0, 0, 0xb8);
	end_sample(&dg, s);
	for (int first = 0; first < 2; first++) {
		s = put_flow(&dg, 2);
		if (first == 0)
			put_header_record(&dg, 1, tcp_frame, sizeof tcp_frame);
		put_words(&dg, 3, 1400, 17, 0xc6336401, 0xc6336402, 1234, 443, 0, 8);
		if (first == 1)
			put_header_record(&dg, 1, tcp_frame, sizeof tcp_frame);
		end_sample(&dg, s);
	}
	s = put_flow(&dg, 1);
	put_words(&dg, 2, 1514, 0x02000000, 0x00010000, 0x02000000, 0x00020000, 0x0806);
	end_sample(&dg, s);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 5);
	assert_field(&rig, src_mac, 0, 0x020000000001);
	assert_field(&rig, dst_mac, 0, 0x020000000002);
	assert_addr(&rig, src_host, 0, "198.51.100.1");
	assert_field(&rig, dst_port, 0, 443);
	assert_field(&rig, tcpflags, 0, 0x12);
	assert_field(&rig, tos, 0, 8);
	assert_field(&rig, bytes, 0, 1400);
	assert_addr(&rig, dst_host, 1, "2001:db8::2");
	assert_field(&rig, proto, 1, 58);
	assert_field(&rig, ip_protocol, 1, 6);
	assert_absent(&rig, dst_port, 1);
	for (uint32_t row = 2; row < 4; row++) {
		assert_addr(&rig, src_host, row, "10.0.0.1");
		assert_field(&rig, proto, row, 6);
		assert_field(&rig, dst_port, row, 80);
		assert_field(&rig, bytes, row, 60);
	}
	assert_field(&rig, bytes, 4, 1514);
	assert_absent(&rig, src_host, 4);
	rig_close(&rig);
}

static void
discarded_packets(void **state)
{
	static const uint32_t reasons[][2] = {{0, 131}, {4, 133}, {13, 129}, {257, 137}, {258, 130},
	    {260, 139}, {261, 138}, {269, 131}, {279, 132}, {280, 140}, {256, 128}, {0xffffffff, 128}};
	enum { REASONS = sizeof reasons / sizeof reasons[0] };
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_sflow(&dg, REASONS + 1);
	for (unsigned i = 0; i < REASONS; i++) {
		size_t s = put_sample(&dg, 5);
		put32(&dg, 1, 0, 5, 0, 17, 18, reasons[i][0], 1);
		put_header_record(&dg, 1, tcp_frame, sizeof tcp_frame);
		end_sample(&dg, s);
	}
	size_t s = put_sample(&dg, 5);
	put32(&dg, 1, 0, 5, 0);
	end_sample(&dg, s);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), REASONS);
	assert_int_equal(rig_count(&rig, COUNT_BAD_RECORD), 1);
	for (uint32_t row = 0; row < REASONS; row++) {
		assert_field(&rig, forwarding_status, row, reasons[row][1]);
		assert_field(&rig, input_interface, row, 17);
		assert_field(&rig, output_interface, row, 0);
		assert_field(&rig, packets, row, 1);
		assert_field(&rig, dst_port, row, 80);
		assert_absent(&rig, sampling_rate, row);
	}
	rig_close(&rig);
}

static void
interfaces(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_sflow(&dg, 4);
	size_t s = put_sample(&dg, 1);
	put32(&dg, 1, 5, 512, 10000, 0, 0x3fffffff, 0x80000003, 0); /* from the device itself, to three */
	end_sample(&dg, s);
	s = put_sample(&dg, 3);
	put32(&dg, 1, 0, 5, 512, 10000, 0, 0, 1000100, 2, 3, 0);
	end_sample(&dg, s);
	s = put_sample(&dg, 3);
	put32(&dg, 1, 0, 5, 512, 10000, 0, 0, 0xffffffff, 1, 257, 0);
	end_sample(&dg, s);
	s = put_sample(&dg, 4711); /* of a kind to come */
	put32(&dg, 1, 2, 3);
	end_sample(&dg, s);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 3);
	assert_absent(&rig, input_interface, 0);
	assert_absent(&rig, output_interface, 0);
	assert_field(&rig, input_interface, 1, 1000100);
	assert_absent(&rig, output_interface, 1);
	assert_absent(&rig, input_interface, 2);
	assert_field(&rig, output_interface, 2, 0);
	assert_field(&rig, forwarding_status, 2, 137);
	assert_absent(&rig, forwarding_status, 1);
	assert_int_equal(rig_count(&rig, COUNT_OTHER_SAMPLES), 1);
	rig_close(&rig);
}

/* How the sampled bytes begin is told by a number. */
static void
header_protocols(void **state)
{
	static const uint8_t ppp[] = {0xff, 3, 0, 0x21}, mpls[] = {0, 6, 0x41, 64};
	static const uint32_t protocols[] = {7, 14, 11, 13, 5};
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_sflow(&dg, 5);
	for (unsigned i = 0; i < 5; i++) {
		struct buf frame = {0};

		if (i < 2)
			buf_add(&frame, ppp, sizeof ppp);
		if (i == 3)
			buf_add(&frame, mpls, sizeof mpls);
		buf_add(&frame, tcp_frame + 18, sizeof tcp_frame - 18);
		size_t s = put_flow(&dg, 1);
		put_header_record(&dg, protocols[i], frame.p, frame.len);
		end_sample(&dg, s);
		buf_release(&frame);
	}
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 5);
	for (uint32_t row = 0; row < 4; row++) {
		assert_addr(&rig, dst_host, row, "10.0.0.2");
		assert_field(&rig, bytes, row, 60);
	}
	assert_str(&rig, mpls_labels, 3, "100\0");
	assert_absent(&rig, dst_host, 4); /* frame relay */
	assert_field(&rig, bytes, 4, 82);
	rig_close(&rig);
}

/* The agent is the exporter, if the sender is trusted. */
static void
agents(void **state)
{
	static const struct {
		uint32_t agent;
		const char *sender, *exporter;
	} cases[] = {
	    {0xc6336407, "192.0.2.1", "198.51.100.7"},
	    {0xc6336407, "203.0.113.5", "203.0.113.5"},
	    {0, "192.0.2.1", "192.0.2.1"},
	    {0x7f000001, "192.0.2.1", "192.0.2.1"},
	};
	struct prefix allow;
	struct rig rig;
	struct buf dg = {0};
	struct err e;

	(void)state;
	rig_open(&rig, true);
	assert_int_equal(prefix_parse(&allow, STR("192.0.2.0/24"), &e), 0);
	decoder_allow(rig.d, &allow, 1);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		put_sflow_of(&dg, cases[i].agent, 1, 1);
		end_sample(&dg, put_flow(&dg, 0));
		rig_feed_from(&rig, cases[i].sender, &dg);
		assert_int_equal(rig_look(&rig), 1);
		assert_addr(&rig, exporter_ip, 0, cases[i].exporter);
		assert_field(&rig, trusted, 0, cases[i].sender[0] == '1');
	}
	put32(&dg, 5, 0, 3, 1, 1000, 1); /* an agent without an address */
	end_sample(&dg, put_flow(&dg, 0));
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 1);
	assert_addr(&rig, exporter_ip, 0, "192.0.2.1");
	rig_close(&rig);
}

/* A relay sends for two agents, of which each counts for itself. */
static void
relayed_sequences(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	for (uint32_t i = 0; i < 3; i++) {
		put_sflow_of(&dg, 0xc6336407, 10 + i, 0);
		rig_feed(&rig, &dg);
		put_sflow_of(&dg, 0xc6336408, 70000 + 2 * i, 0);
		rig_feed(&rig, &dg);
	}
	assert_int_equal(rig_count(&rig, COUNT_LOST), 2);
	assert_int_equal(rig_count(&rig, COUNT_RESETS), 0);
	rig_close(&rig);
}

/* More agents behind one address than can be remembered are read all the same. */
static void
many_agents(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	for (uint32_t i = 0; i < DOMAINS_MAX + 10; i++) {
		put_sflow_of(&dg, 0xc6330000 + i, 1, 1);
		end_sample(&dg, put_flow(&dg, 0));
		rig_feed(&rig, &dg);
	}
	assert_int_equal(rig_look(&rig), DOMAINS_MAX + 10);
	assert_addr(&rig, exporter_ip, DOMAINS_MAX + 9, "198.51.1.9");
	assert_int_equal(rig_count(&rig, COUNT_CAP_DOMAINS), 10);
	rig_close(&rig);
}

static void
note(struct rig *rig, uint32_t source, uint32_t sequence, uint32_t drops)
{
	static uint32_t datagram;
	struct buf dg = {0};

	put_sflow_of(&dg, AGENT, datagram++, 1);
	size_t s = put_sample(&dg, 1);
	put32(&dg, sequence, source, 512, 10000, drops, 17, 18, 0);
	end_sample(&dg, s);
	rig_feed(rig, &dg);
	if (builder_full(&rig->rows) || rig->rows.rows > 1000)
		builder_reset(&rig->rows);
}

static void
sample_sequences(void **state)
{
	static const struct {
		uint32_t source, sequence, drops;
		uint64_t lost, dropped; /* in all, then */
	} steps[] = {
	    {1, 100, 5000, 0, 0}, /* what was before is not ours to count */
	    {1, 101, 5000, 0, 0},
	    {2, 7, 3, 0, 0},
	    {1, 104, 5010, 2, 10},
	    {1, 103, 5010, 1, 10}, /* late */
	    {2, 8, 4, 1, 11},
	    {1, 105, 5010, 1, 11},
	    {1, 1, 0, 1, 11}, /* started anew */
	    {1, 2, 1, 1, 12},
	    {3, 0xffffffff, 4, 1, 12},
	    {3, 0, 4, 1, 12},
	    {3, 2, 4, 2, 12},
	};
	struct rig rig;

	(void)state;
	rig_open(&rig, true);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		note(&rig, steps[i].source, steps[i].sequence, steps[i].drops);
		assert_int_equal(rig_count(&rig, COUNT_SAMPLES_LOST), steps[i].lost);
		assert_int_equal(rig_count(&rig, COUNT_SAMPLING_DROPS), steps[i].dropped);
	}
	rig_close(&rig);
}

static void
source_cap(void **state)
{
	struct decoder_gauges g;
	struct rig rig;

	(void)state;
	rig_open(&rig, true);
	for (uint32_t i = 0; i < SOURCES_MAX + 10; i++)
		note(&rig, i, 1, 0);
	assert_int_equal(rig_count(&rig, COUNT_CAP_SOURCES), 10);
	assert_int_equal(rig_count(&rig, COUNT_FLOWS), SOURCES_MAX + 10);
	decoder_gauges(rig.d, &g);
	assert_int_equal(g.sources, SOURCES_MAX);
	rig_close(&rig);
}

/* A tunnel is told as it is, or as what it carries, when that is wanted. */
static void
inner_packets(void **state)
{
	static const uint8_t gre[] = {2, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 3, 8, 0, /* */
	    0x45, 0, 0, 84, 0, 0, 0, 0, 64, 47, 0, 0, 192, 0, 2, 7, 192, 0, 2, 8, 0, 0, 8, 0};
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	for (int inner = 0; inner < 2; inner++) {
		rig_open_sflow(&rig, inner, NULL);
		struct buf frame = {0};
		buf_add(&frame, gre, sizeof gre);
		buf_add(&frame, tcp_frame + 18, sizeof tcp_frame - 18);
		put_sflow(&dg, 1);
		size_t s = put_flow(&dg, 1);
		put_header_record(&dg, 1, frame.p, frame.len);
		end_sample(&dg, s);
		buf_release(&frame);
		rig_feed(&rig, &dg);
		assert_int_equal(rig_look(&rig), 1);
		assert_field(&rig, src_mac, 0, 0x020000000003);
		assert_addr(&rig, src_host, 0, inner ? "10.0.0.1" : "192.0.2.7");
		assert_field(&rig, proto, 0, inner ? 6 : 47);
		assert_field(&rig, bytes, 0, inner ? 60 : 84);
		assert_field(&rig, ttl, 0, inner ? 63 : 64);
		if (inner)
			assert_field(&rig, dst_port, 0, 80);
		else
			assert_absent(&rig, dst_port, 0);
		rig_close(&rig);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(flow_samples),
	    cmocka_unit_test(bad_record),
	    cmocka_unit_test(short_records),
	    cmocka_unit_test(extended_data),
	    cmocka_unit_test(told_headers),
	    cmocka_unit_test(discarded_packets),
	    cmocka_unit_test(interfaces),
	    cmocka_unit_test(header_protocols),
	    cmocka_unit_test(agents),
	    cmocka_unit_test(relayed_sequences),
	    cmocka_unit_test(many_agents),
	    cmocka_unit_test(sample_sequences),
	    cmocka_unit_test(source_cap),
	    cmocka_unit_test(inner_packets),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
