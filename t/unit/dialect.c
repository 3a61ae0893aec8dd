#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "desk.h"
#include "flow/dialect.h"
#include "flow/tcpflags.h"

static void
pmacct(void **state)
{
	static const struct pair pairs[] = {
	    {"{\"event_type\": \"purge\", \"as_src\": 5, \"as_dst\": 6, \"peer_ip_src\": \"192.0.2.1\", "
	     "\"peer_ip_dst\": \"\", \"iface_in\": 654, \"iface_out\": 670, \"ip_src\": \"10.0.0.1\", "
	     "\"ip_dst\": \"198.51.100.9\", \"mask_src\": 24, \"mask_dst\": 17, \"port_src\": 5242, "
	     "\"port_dst\": 54764, \"tcp_flags\": \"18\", \"ip_proto\": \"tcp\", \"tos\": 8, "
	     "\"sampling_rate\": 1000, \"timestamp_start\": \"2018-03-26 05:39:58.592000\", "
	     "\"timestamp_end\": \"1522042836.992000\", \"timestamp_arrival\": \"2018-03-26 "
	     "05:40:59.288540\", "
	     "\"stamp_inserted\": \"2018-03-26 05:39:00\", \"stamp_updated\": \"2018-03-26 05:41:01\", "
	     "\"packets\": 2, \"bytes\": 193, \"as_path\": \"64500 64501_64502\", \"comms\": "
	     "\"64500:1_64500:2\", "
	     "\"writer_id\": \"default/24194\"}",
		"{\"timestamp_start\":1522042798.592,\"timestamp_end\":1522042836.992,"
		"\"timestamp_received\":1522042859.288,\"exporter_ip\":\"192.0.2.1\",\"flow_type\":\"json\","
		"\"sampling_rate\":1000,\"src_host\":\"10.0.0.1\",\"dst_host\":\"198.51.100.9\",\"src_port\":"
		"5242,"
		"\"dst_port\":54764,\"proto\":6,\"ip_protocol\":4,\"tcpflags\":18,\"tos\":8,"
		"\"input_interface\":654,\"output_interface\":670,\"packets\":2,\"bytes\":193,\"src_mask\":"
		"24,"
		"\"dst_mask\":17,\"src_as\":5,\"dst_as\":6,\"as_path\":[\"64500\",\"64501\",\"64502\"],"
		"\"communities\":[\"64500:1\",\"64500:2\"],\"event_type\": \"purge\","
		"\"writer_id\": \"default/24194\"}"},
	    /* Aggregated without times of the flows: the bin is what there is. */
	    {"{\"ip_src\": \"2001:db8::1\", \"ip_proto\": \"ipv6-icmp\", \"stamp_inserted\": \"2018-03-26 "
	     "05:39:00\", "
	     "\"stamp_updated\": \"2018-03-26 05:41:01\", \"bytes\": 1}",
		"{\"timestamp_start\":1522042740.000,\"timestamp_end\":1522042861.000,\"flow_type\":\"json\","
		"\"src_host\":\"2001:db8::1\",\"proto\":58,\"ip_protocol\":6,\"bytes\":1}"},
	    {"{\"etype\": \"86dd\", \"port_src\": 53, \"tcp_flags\": [\"SYN\", \"ACK\"], "
	     "\"export_proto_version\": 9, \"as_path\": [1, 2], \"mac_src\": \"00:11:22:33:44:55\", "
	     "\"vlan\": 7}",
		"{\"flow_type\":\"netflow9\",\"src_port\":53,\"ip_protocol\":6,\"tcpflags\":18,"
		"\"src_mac\":\"00:11:22:33:44:55\",\"src_vlan\":7,\"as_path\":[\"1\",\"2\"]}"},
	    {"{\"ip_src\": \"10.0.0.1\", \"ip_proto\": \"nonesuch\"}",
		"! byte 36: ip_proto is \"nonesuch\", a protocol name or a number from 0 to 255 was "
		"expected"},
	};

	(void)state;
	CHECK(desk_new(NULL, NULL), pairs);
}

static void
goflow2(void **state)
{
	static const struct pair pairs[] = {
	    {"{\"type\":\"SFLOW_5\",\"time_received_ns\":1681583295157626000,\"sequence_num\":2999,"
	     "\"sampling_rate\":100,\"sampler_address\":\"192.168.0.1\",\"time_flow_start_ns\":"
	     "1681583295157626000,"
	     "\"time_flow_end_ns\":1681583295157626000,\"bytes\":1500,\"packets\":1,\"src_addr\":\"fd01::1\","
	     "\"dst_addr\":\"fd01::2\",\"etype\":\"IPv6\",\"proto\":\"TCP\",\"src_port\":443,\"dst_port\":"
	     "50001}",
		"{\"timestamp_start\":1681583295.157,\"timestamp_end\":1681583295.157,"
		"\"timestamp_received\":1681583295.157,\"exporter_ip\":\"192.168.0.1\",\"flow_type\":"
		"\"sflow5\","
		"\"sampling_rate\":100,\"src_host\":\"fd01::1\",\"dst_host\":\"fd01::2\",\"src_port\":443,"
		"\"dst_port\":50001,\"proto\":6,\"ip_protocol\":6,\"packets\":1,\"bytes\":1500,"
		"\"sequence_num\":2999}"},
	    {"{\"type\":\"NETFLOW_V9\",\"time_received_ns\":\"2025-03-15T17:10:51.064235982Z\",\"src_addr\":"
	     "\"10.8.31.235\","
	     "\"src_net\":\"0.0.0.0/0\",\"dst_addr\":\"1.1.1.1\",\"dst_net\":24,\"proto\":17,\"icmp_type\":8,"
	     "\"icmp_code\":1,\"in_if\":4,\"out_if\":35,\"ip_tos\":4,\"ip_ttl\":61,\"tcp_flags\":2,"
	     "\"as_path\":[64500,64501],\"next_hop_as\":7,\"next_hop\":\"192.0.2.1\"}",
		"{\"timestamp_received\":1742058651.064,\"flow_type\":\"netflow9\",\"src_host\":\"10.8.31."
		"235\","
		"\"dst_host\":\"1.1.1.1\",\"proto\":17,\"ip_protocol\":4,\"tcpflags\":2,\"tos\":4,\"ttl\":61,"
		"\"icmp_type\":2049,\"input_interface\":4,\"output_interface\":35,\"next_hop\":\"192.0.2.1\","
		"\"src_mask\":0,\"dst_mask\":24,\"peer_dst_as\":7,\"as_path\":[\"64500\",\"64501\"]}"},
	    {"{\"Type\":\"NETFLOW_V5\",\"TimeReceived\":1637501832,\"SrcAddr\":\"10.130.2.13\",\"DstAddr\":"
	     "\"10.130.2.2\","
	     "\"Bytes\":20800,\"Packets\":400,\"Proto\":6,\"SrcPort\":3100,\"DstPort\":36936,\"Etype\":2048,"
	     "\"TCPFlags\":16,\"TimeFlowStartMs\":1727959921518}",
		"{\"timestamp_start\":1727959921.518,\"timestamp_received\":1637501832.000,"
		"\"flow_type\":\"netflow5\",\"src_host\":\"10.130.2.13\",\"dst_host\":\"10.130.2.2\","
		"\"src_port\":3100,\"dst_port\":36936,\"proto\":6,\"ip_protocol\":4,\"tcpflags\":16,"
		"\"packets\":400,\"bytes\":20800}"},
	};

	(void)state;
	CHECK(desk_new(NULL, NULL), pairs);
}

static const char nfdump_object[] = "{\n"
				    "\t\"type\" : \"FLOW\",\n"
				    "\t\"export_sysid\" : 1,\n"
				    "\t\"first\" : \"2019-05-18T06:30:28.026\",\n"
				    "\t\"last\" : \"2019-01-18T06:30:28.052\",\n"
				    "\t\"in_packets\" : 2,\n"
				    "\t\"in_bytes\" : 328,\n"
				    "\t\"proto\" : 6,\n"
				    "\t\"tcp_flags\" : \"...AP.SF\",\n"
				    "\t\"src_port\" : 53,\n"
				    "\t\"dst_port\" : 60034,\n"
				    "\t\"src_tos\" : 0,\n"
				    "\t\"src4_addr\" : \"127.0.0.1\",\n"
				    "\t\"dst4_addr\" : \"127.0.0.2\",\n"
				    "\t\"input_snmp\" : 3,\n"
				    "\t\"direction\" : 1,\n"
				    "\t\"in_src_mac\" : \"af:fe:af:fe:af:fe\",\n"
				    "\t\"ip4_router\" : \"192.0.2.1\"\n"
				    "}\n";

static void
nfdump(void **state)
{
	static const char rest[] =
	    "\"exporter_ip\":\"192.0.2.1\",\"flow_type\":\"json\",\"src_host\":\"127.0.0.1\","
	    "\"dst_host\":\"127.0.0.2\",\"src_port\":53,\"dst_port\":60034,\"proto\":6,\"ip_protocol\":4,"
	    "\"tcpflags\":27,\"tos\":0,\"src_mac\":\"af:fe:af:fe:af:fe\",\"input_interface\":3,"
	    "\"flow_direction\":1,\"packets\":2,\"bytes\":328,\"type\" : \"FLOW\",\"export_sysid\" : 1}";
	struct buf want = {0};

	(void)state;
	struct desk *d = desk_new(NULL, NULL);
	buf_printf(&want, "{\"timestamp_start\":1558161028.026,\"timestamp_end\":1547793028.052,%s", rest);
	assert_string_equal(convert(d, nfdump_object), buf_cstr(&want));
	desk_free(d);

	/* The same clock on the wall is three hours earlier in summer and two in winter. */
	d = desk_new(NULL, "Europe/Athens");
	want.len = 0;
	buf_printf(&want, "{\"timestamp_start\":1558150228.026,\"timestamp_end\":1547785828.052,%s", rest);
	assert_string_equal(convert(d, nfdump_object), buf_cstr(&want));
	desk_free(d);
	buf_release(&want);

	static const struct pair pairs[] = {
	    {"{\"type\":\"FLOW\",\"t_first\":\"2019-05-18T06:30:28.026\",\"src6_addr\":\"2001:db8::1\","
	     "\"proto\":58,"
	     "\"icmp_type\":3,\"icmp_code\":4}",
		"{\"timestamp_start\":1558161028.026,\"flow_type\":\"json\",\"src_host\":\"2001:db8::1\","
		"\"proto\":58,\"ip_protocol\":6,\"icmp_type\":772,\"type\":\"FLOW\"}"},
	};
	CHECK(desk_new(NULL, NULL), pairs);
}

/* The first telling key of a line decides, whatever the lines before it were. */
static void
told_line_by_line(void **state)
{
	static const struct pair pairs[] = {
	    {"{\"ip_src\":\"10.0.0.1\",\"icmp_type\":3}",
		"{\"flow_type\":\"json\",\"src_host\":\"10.0.0.1\",\"ip_protocol\":4,\"icmp_type\":3}"},
	    {"{\"icmp_type\":3}", "{\"icmp_type\":3}"},
	    {"{\"icmp_type\":3,\"src_addr\":\"10.0.0.1\"}",
		"{\"flow_type\":\"json\",\"src_host\":\"10.0.0.1\",\"ip_protocol\":4,\"icmp_type\":768}"},
	    {"{\"icmp_type\":3,\"src_host\":\"10.0.0.1\"}", "{\"src_host\":\"10.0.0.1\",\"icmp_type\":3}"},
	    {"{\"src_host\":\"10.0.0.1\",\"src_addr\":\"10.0.0.2\",\"icmp_type\":3}",
		"{\"src_host\":\"10.0.0.1\",\"icmp_type\":3,\"src_addr\":\"10.0.0.2\"}"},
	    {"{\"src_addr\":\"10.0.0.2\",\"src_host\":\"10.0.0.1\",\"icmp_type\":3}",
		"{\"flow_type\":\"json\",\"src_host\":\"10.0.0.1\",\"ip_protocol\":4,\"icmp_type\":768}"},
	    {"{\"src_host\":\"10.0.0.1\",\"src_addr\":\"10.0.0.2\",\"icmp_type\":3}",
		"{\"src_host\":\"10.0.0.1\",\"icmp_type\":3,\"src_addr\":\"10.0.0.2\"}"},
	    {"{\"src_addr\":\"10.0.0.2\"}",
		"{\"flow_type\":\"json\",\"src_host\":\"10.0.0.2\",\"ip_protocol\":4}"},
	    {"{\"_mark\":\"m\"}", "mark m"},
	};

	(void)state;
	CHECK(desk_new(NULL, NULL), pairs);
}

static void
forced(void **state)
{
	static const struct pair as_native[] = {
	    {"{\"ip_src\":\"10.0.0.1\",\"bytes\":1}", "{\"bytes\":1,\"ip_src\":\"10.0.0.1\"}"},
	};
	static const struct pair as_pmacct[] = {
	    {"{\"bytes\":1,\"src_addr\":\"10.0.0.1\"}",
		"{\"flow_type\":\"json\",\"bytes\":1,\"src_addr\":\"10.0.0.1\"}"},
	    {"{\"src_host\":\"10.0.0.1\"}",
		"{\"flow_type\":\"json\",\"src_host\":\"10.0.0.1\",\"ip_protocol\":4}"},
	};
	struct ndjson_options o = {.dialect = "ulogd"};
	struct err e;

	(void)state;
	CHECK(desk_new("native", NULL), as_native);
	CHECK(desk_new("pmacct", NULL), as_pmacct);
	assert_null(ndjson_reader_new(&o, &e));
	assert_string_equal(e.msg, "'ulogd' is no dialect; native, pmacct, goflow2 and nfdump are");
	o = (struct ndjson_options){.zone = "Europe/Atlantis"};
	assert_null(ndjson_reader_new(&o, &e));
	assert_string_equal(e.msg, "'Europe/Atlantis' is not a time zone of the tz database");
}

/* Every key of every table names a field that suits how it is read. */
static void
tables_are_sound(void **state)
{
	(void)state;
	for (int d = 0; d < DIALECTS; d++) {
		for (unsigned i = 0; i < dialects[d].key_count; i++) {
			const struct dialect_key *k = &dialects[d].keys[i];

			assert_int_equal(k->field == 0, k->how == HOW_EXTRA || k->how == HOW_MARK);
			if (k->field != 0)
				assert_non_null(field_by_id(k->field));
			for (unsigned j = 0; j < i; j++)
				assert_string_not_equal(k->name, dialects[d].keys[j].name);
		}
	}
}

static void
tcpflags(void **state)
{
	static const struct {
		const char *text;
		int flags;
	} cases[] = {
	    {"S", TCP_SYN},
	    {"SA", TCP_SYN | TCP_ACK},
	    {"sa", TCP_SYN | TCP_ACK},
	    {"...AP.SF", TCP_ACK | TCP_PSH | TCP_SYN | TCP_FIN},
	    {"........", 0},
	    {".", 0},
	    {"CEUAPRSF", 255},
	    {"syn", TCP_SYN},
	    {"syn,ack", TCP_SYN | TCP_ACK},
	    {"SYN-ACK", TCP_SYN | TCP_ACK},
	    {"fin|psh|urg", TCP_FIN | TCP_PSH | TCP_URG},
	    {"18", 18},
	    {"0x12", 18},
	    {"0x1fff", 0x1fff},
	    {"0", 0},
	    {"", -1},
	    {"syn,", -1},
	    {"syn ack", -1},
	    {"synack", -1},
	    {"X", -1},
	    {"65536", -1},
	    {"0x", -1},
	    {"0x12345", -1},
	    {"-1", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint16_t flags = 0;
		int rc = tcpflags_parse(&flags, str_from(cases[i].text));

		assert_int_equal(rc == 0 ? flags : -1, cases[i].flags);
	}
	char text[9] = {0};
	tcpflags_put(text, TCP_SYN | TCP_ACK);
	assert_string_equal(text, "...A..S.");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pmacct),
	    cmocka_unit_test(goflow2),
	    cmocka_unit_test(nfdump),
	    cmocka_unit_test(told_line_by_line),
	    cmocka_unit_test(forced),
	    cmocka_unit_test(tables_are_sound),
	    cmocka_unit_test(tcpflags),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("dialect", tests, NULL, NULL);
}
