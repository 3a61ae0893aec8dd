/* sFlow v5, and the packets that it samples. */
#include "decode_rig.h"

#include "decode/packet.h"

/* Ethernet, 802.1Q 30, IPv4 10.0.0.1 > 10.0.0.2, TCP 1025 > 80, SYN. */
static const uint8_t tcp_frame[] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0, 0xe0, 30, 8, 0, /* */
    0x45, 0x10, 0, 60, 0, 0, 0x40, 0, 63, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, /* */
    4, 1, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0xa0, 2, 0, 0, 0, 0};

static void
put_record(struct buf *dg, uint32_t format, const void *p, size_t len)
{
	buf_be32(dg, format);
	buf_be32(dg, (uint32_t)len);
	buf_add(dg, p, len);
}

static void
put_header_record(struct buf *dg, uint32_t protocol, const uint8_t *frame, size_t len)
{
	struct buf r = {0};

	buf_be32(&r, protocol);
	buf_be32(&r, 82); /* of the frame, with 4 bytes stripped */
	buf_be32(&r, 4);
	buf_be32(&r, (uint32_t)len);
	buf_add(&r, frame, len);
	while (r.len % 4 != 0)
		buf_putc(&r, 0);
	put_record(dg, 1, r.p, r.len);
	buf_release(&r);
}

static void
put_sflow(struct buf *dg, uint32_t samples)
{
	buf_be32(dg, 5);
	buf_be32(dg, 1);
	buf_be32(dg, 0xc0000201);
	buf_be32(dg, 3);
	buf_be32(dg, 77);
	buf_be32(dg, 1000);
	buf_be32(dg, samples);
}

static void
put_gateway(struct buf *dg)
{
	struct buf r = {0};
	static const uint32_t words[] = {1, 0xcb007101, 64496, 64500, 64497, 1, 2, 3, 64498, 64499, 64510, 2,
	    64496 << 16 | 100, 64496 << 16 | 200, 150};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		buf_be32(&r, words[i]);
	put_record(dg, 1003, r.p, r.len);
	buf_release(&r);
}

static size_t
put_sample(struct buf *dg, uint32_t format)
{
	buf_be32(dg, format);
	buf_be32(dg, 0);
	return dg->len;
}

static void
end_sample(struct buf *dg, size_t from)
{
	set_be16(dg, from - 2, dg->len - from);
}

static void
flow_samples(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_sflow(&dg, 3);
	size_t s = put_sample(&dg, 1);
	static const uint32_t plain[] = {1, 5, 512, 10000, 0, 17, 0x40000000 | 2, 4};
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		buf_be32(&dg, plain[i]);
	put_header_record(&dg, 1, tcp_frame, sizeof tcp_frame);
	put_record(&dg, 43874 << 12 | 1, "1234", 4); /* somebody's own */
	put_gateway(&dg);
	static const uint8_t router[] = {0, 0, 0, 1, 192, 0, 2, 9, 0, 0, 0, 24, 0, 0, 0, 16};
	put_record(&dg, 1002, router, sizeof router);
	end_sample(&dg, s);
	s = put_sample(&dg, 2); /* counters */
	buf_be32(&dg, 0);
	end_sample(&dg, s);
	s = put_sample(&dg, 3);
	static const uint32_t expanded[] = {1, 0, 5, 64, 10000, 0, 0, 0x3fffffff, 0, 18, 1};
	for (size_t i = 0; i < sizeof expanded / sizeof expanded[0]; i++)
		buf_be32(&dg, expanded[i]);
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
		size_t s = put_sample(&dg, 1);
		static const uint32_t plain[] = {1, 5, 512, 10000, 0, 17, 18, 1, 99};
		for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
			buf_be32(&dg, plain[i]);
		buf_be32(&dg, len);
		buf_be32(&dg, 0);
		end_sample(&dg, s);
	}
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 2);
	assert_int_equal(rig_count(&rig, COUNT_BAD_RECORD), 1);
	rig_close(&rig);
}

static void
packets(void **state)
{
	static const uint8_t ip6[] = {0x6b, 0x80, 0x12, 0x34, 0, 24, 0,
	    64, /* traffic class 0xb8, hop-by-hop */
	    0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, /* */
	    0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, /* */
	    44, 0, 5, 2, 0, 0, 0, 0, /* then a fragment header, the first of several */
	    17, 0, 0, 1, 0, 0, 0, 1, /* */
	    0, 53, 4, 1, 0, 12, 0, 0, 'a', 'b', 'c', 'd'};
	static const uint8_t mpls[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x88, 0x47, /* */
	    0, 6, 0x40, 64, 0, 6, 0x51, 64, /* labels 100 and 101 */
	    0x45, 0, 0, 28, 0, 0, 0, 5, 64, 17, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 0, 2, 0, 8, 0, 0};
	struct packet p;

	(void)state;
	packet_parse(&p, PACKET_IP, ip6, sizeof ip6);
	assert_int_equal(p.version, 6);
	assert_int_equal(p.tos, 0xb8);
	assert_int_equal(p.flow_label, 0x01234);
	assert_int_equal(p.ip_len, 64);
	assert_int_equal(p.proto, 17);
	assert_true(p.fragment);
	assert_int_equal(p.src_port, 53);
	assert_int_equal(p.payload.len, 4);
	assert_memory_equal(p.payload.p, "abcd", 4);
	for (size_t len = 0; len < sizeof ip6; len++) {
		packet_parse(&p, PACKET_IP, ip6, len);
		assert_true(p.payload.len <= 4);
		assert_int_equal(p.version, len >= 40 ? 6 : 0);
	}
	packet_parse(&p, PACKET_ETHERNET, mpls, sizeof mpls);
	assert_int_equal(p.label_count, 2);
	assert_int_equal(p.labels[0], 100);
	assert_int_equal(p.labels[1], 101);
	assert_int_equal(p.version, 4);
	assert_int_equal(p.fragment_offset, 5);
	assert_false(p.has_ports);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(flow_samples),
	    cmocka_unit_test(bad_record),
	    cmocka_unit_test(packets),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
