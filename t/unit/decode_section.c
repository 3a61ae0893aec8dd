/* IPFIX and NetFlow v9 records that carry the first bytes of a packet. */
#include "sflow_rig.h"

/* As Juniper's inline monitoring: interfaces, direction, size of the frame, its first bytes. */
static void
frame_sections(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_ipfix(&dg, 0, 5);
	put_template(&dg, 2, 256, 10, 4, 14, 4, 61, 1, 312, 2, 315, 0xffff);
	size_t set = put_set(&dg, 256);
	put32(&dg, 17, 18);
	buf_putc(&dg, 0);
	put16(&dg, 78);
	buf_putc(&dg, (char)sizeof tcp_frame);
	buf_add(&dg, tcp_frame, sizeof tcp_frame);
	put32(&dg, 19, 20);
	buf_putc(&dg, 1);
	put16(&dg, 1514);
	buf_putc(&dg, 14); /* the frame alone */
	buf_add(&dg, tcp_frame, 14);
	end_set(&dg, set);
	end_ipfix(&dg);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 2);
	assert_str(&rig, flow_type, 0, "ipfix");
	assert_field(&rig, input_interface, 0, 17);
	assert_field(&rig, flow_direction, 0, 0);
	assert_addr(&rig, src_host, 0, "10.0.0.1");
	assert_field(&rig, ip_protocol, 0, 4);
	assert_field(&rig, dst_port, 0, 80);
	assert_field(&rig, tcpflags, 0, 2);
	assert_field(&rig, src_vlan, 0, 30);
	assert_field(&rig, src_mac, 0, 0x020000000001);
	assert_field(&rig, packets, 0, 1);
	assert_field(&rig, bytes, 0, 60);
	assert_field(&rig, timestamp_end, 0, NOW_MS);
	assert_absent(&rig, src_host, 1);
	assert_field(&rig, src_mac, 1, 0x020000000001);
	assert_field(&rig, flow_direction, 1, 1);
	assert_field(&rig, bytes, 1, 1514);
	assert_field(&rig, packets, 1, 1);
	assert_int_equal(rig_count(&rig, COUNT_FLOWS), 2);
	rig_close(&rig);
}

/* Of fixed length, of IP, with counters and a time of its own, in v9 and in IPFIX. */
static void
packet_sections(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_ipfix(&dg, 0, 5);
	put_template(&dg, 2, 256, 323, 8, 305, 4, 306, 4, 313, 40);
	size_t set = put_set(&dg, 256);
	buf_be64(&dg, NOW_MS - 5000);
	put32(&dg, 1, 999);
	buf_add(&dg, tcp_frame + 18, 40);
	end_set(&dg, set);
	end_ipfix(&dg);
	rig_feed(&rig, &dg);
	put_v9(&dg, 1, 5);
	put_template(&dg, 0, 256, 1, 4, 2, 4, 102, 2, 104, 58);
	set = put_set(&dg, 256);
	put32(&dg, 9000, 6);
	put16(&dg, 0);
	buf_add(&dg, tcp_frame, 58);
	put32(&dg, 9000, 6);
	put16(&dg, 14); /* does not begin where the frame does */
	buf_add(&dg, tcp_frame, 58);
	end_set(&dg, set);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 3);
	assert_addr(&rig, dst_host, 0, "10.0.0.2");
	assert_field(&rig, sampling_rate, 0, 1000);
	assert_field(&rig, timestamp_start, 0, NOW_MS - 5000);
	assert_field(&rig, bytes, 0, 60);
	assert_field(&rig, packets, 0, 1);
	assert_addr(&rig, dst_host, 1, "10.0.0.2");
	assert_field(&rig, bytes, 1, 9000);
	assert_field(&rig, packets, 1, 6);
	assert_absent(&rig, dst_host, 2);
	assert_absent(&rig, src_mac, 2);
	assert_field(&rig, bytes, 2, 9000);
	rig_close(&rig);
}

/* What the record says of its addresses is worth more than a section; frames of other kinds are not read. */
static void
sections_left_alone(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_ipfix(&dg, 0, 5);
	put_template(&dg, 2, 256, 8, 4, 12, 4, 1, 4, 315, 58);
	put_template(&dg, 2, 257, 408, 2, 315, 58);
	size_t set = put_set(&dg, 256);
	put32(&dg, 0xc0000207, 0xc0000208, 500);
	buf_add(&dg, tcp_frame, 58);
	end_set(&dg, set);
	set = put_set(&dg, 257);
	put16(&dg, 2); /* IEEE 802.11 */
	buf_add(&dg, tcp_frame, 58);
	put16(&dg, 1);
	buf_add(&dg, tcp_frame, 58);
	end_set(&dg, set);
	end_ipfix(&dg);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 3);
	assert_addr(&rig, src_host, 0, "192.0.2.7");
	assert_field(&rig, bytes, 0, 500);
	assert_absent(&rig, src_mac, 0);
	assert_absent(&rig, src_host, 1);
	assert_field(&rig, packets, 1, 1);
	assert_addr(&rig, src_host, 2, "10.0.0.1");
	rig_close(&rig);
}

/* Options of the decoder hold here too. */
static void
inner_sections(void **state)
{
	struct rig rig;
	struct buf dg = {0};
	static const uint8_t ipip[] = {0x45, 0, 0, 80, 0, 0, 0, 0, 64, 4, 0, 0, 192, 0, 2, 7, 192, 0, 2, 8};

	(void)state;
	rig_open_sflow(&rig, true, NULL);
	put_ipfix(&dg, 0, 5);
	put_template(&dg, 2, 256, 313, 60);
	size_t set = put_set(&dg, 256);
	buf_add(&dg, ipip, sizeof ipip);
	buf_add(&dg, tcp_frame + 18, 40);
	end_set(&dg, set);
	end_ipfix(&dg);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 1);
	assert_addr(&rig, src_host, 0, "10.0.0.1");
	assert_field(&rig, bytes, 0, 60);
	rig_close(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(frame_sections),
	    cmocka_unit_test(packet_sections),
	    cmocka_unit_test(sections_left_alone),
	    cmocka_unit_test(inner_sections),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
