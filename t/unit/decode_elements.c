/* Which element gives which field (decode/elements.def), in the lengths and company that exporters send them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode_rig.h"

/* One flow of version 9 or 10 of "[enterprise/]element=hex …"; the length of an element is that of its value. */
static void
feed(struct rig *rig, unsigned version, const char *spec)
{
	struct buf dg = {0}, defs = {0}, record = {0};
	unsigned count = 0, pen, id;
	int n;

	for (const char *p = spec; *p != '\0'; count++) {
		if (sscanf(p, "%u/%u=%n", &pen, &id, &n) < 2) {
			pen = 0;
			if (sscanf(p, "%u=%n", &id, &n) < 1)
				fail_msg("%s", p);
		}
		p += n;
		size_t len = strcspn(p, " ") / 2;
		put16(&defs, (uint16_t)(pen != 0 ? id | 0x8000 : id), (uint16_t)len);
		if (pen != 0)
			buf_be32(&defs, pen);
		for (size_t i = 0; i < len; i++, p += 2)
			buf_putc(&record, (char)strtoul((char[]){p[0], p[1], '\0'}, NULL, 16));
		p += strspn(p, " ");
	}
	if (version == 9)
		put_v9(&dg, 0, 1);
	else
		put_ipfix(&dg, 0, 1);
	size_t set = put_set(&dg, version == 9 ? 0 : 2);
	put16(&dg, 256, (uint16_t)count);
	buf_add(&dg, (const char *)defs.p, defs.len);
	end_set(&dg, set);
	set = put_set(&dg, 256);
	buf_add(&dg, (const char *)record.p, record.len);
	end_set(&dg, set);
	if (version == 10)
		end_ipfix(&dg);
	rig_feed(rig, &dg);
	buf_release(&defs);
	buf_release(&record);
}

#define ADDRS "8=0a000001 12=0a000002 "

static void
flow_of(struct rig *rig, const char *spec)
{
	rig_open(rig, false);
	feed(rig, 10, spec);
	assert_int_equal(rig_look(rig), 1);
}

static void
interfaces(void **state)
{
	struct rig rig;

	(void)state;
	flow_of(&rig, ADDRS "252=0000000c 253=0d");
	assert_field(&rig, input_interface, 0, 12);
	assert_field(&rig, output_interface, 0, 13);
	rig_close(&rig);
	/* The physical ones are asked only where the logical ones are missing: 0 means none. */
	flow_of(&rig, ADDRS "252=0000000c 253=0000000d 10=00000007 14=0000");
	assert_field(&rig, input_interface, 0, 7);
	assert_field(&rig, output_interface, 0, 0);
	rig_close(&rig);
}

static void
link_layer(void **state)
{
	struct rig rig;

	(void)state;
	flow_of(&rig, ADDRS "56=020000000001 80=020000000002 58=0064 59=00c8");
	assert_field(&rig, src_mac, 0, 0x020000000001);
	assert_field(&rig, dst_mac, 0, 0x020000000002);
	assert_field(&rig, src_vlan, 0, 100);
	assert_field(&rig, dst_vlan, 0, 200);
	rig_close(&rig);
	flow_of(&rig, ADDRS "81=020000000001 57=020000000002 243=0065 254=00c9");
	assert_field(&rig, src_mac, 0, 0x020000000001);
	assert_field(&rig, dst_mac, 0, 0x020000000002);
	assert_field(&rig, src_vlan, 0, 101);
	assert_field(&rig, dst_vlan, 0, 201);
	rig_close(&rig);
	flow_of(
	    &rig, "56=000000000000 81=020000000003 80=000000000000 57=020000000004 58=0000 243=0066 1=05");
	assert_field(&rig, src_mac, 0, 0x020000000003);
	assert_field(&rig, dst_mac, 0, 0x020000000004);
	assert_field(&rig, src_vlan, 0, 102);
	assert_absent(&rig, ip_protocol, 0);
	rig_close(&rig);
}

static void
mpls_and_vrf(void **state)
{
	struct rig rig;

	(void)state;
	/* 16004, 24001 at the bottom; what stands below it is none of the packet's. */
	flow_of(&rig, ADDRS "70=03e840 71=05dc11 72=ffffff 234=00000007 235=00000008");
	assert_str(&rig, mpls_labels, 0, "16004\00024001\0");
	assert_str(&rig, vrf, 0, "7");
	rig_close(&rig);
	flow_of(&rig, ADDRS "70=03e84140 235=00000008"); /* 4 bytes: with the time to live */
	assert_str(&rig, mpls_labels, 0, "16004\0");
	assert_str(&rig, vrf, 0, "8");
	rig_close(&rig);
	flow_of(&rig, ADDRS "234=00000007 236=6d676d740000");
	assert_str(&rig, vrf, 0, "mgmt");
	rig_close(&rig);
}

static void
icmp(void **state)
{
	static const struct {
		const char *spec;
		unsigned icmp_type, proto;
	} cases[] = {
	    {"4=01 32=0301", 0x301, 1},
	    {"4=3a 139=8000", 0x8000, 58},
	    {"4=01 176=03 177=01", 0x301, 1},
	    {"4=01 177=01 176=03", 0x301, 1},
	    {"4=3a 178=87 179=00", 0x8700, 58},
	    /* a template for both families */
	    {"4=3a 32=0000 139=8100", 0x8100, 58},
	    {"4=3a 176=00 177=00 178=87 179=02", 0x8702, 58},
	    {"4=01 176=03 177=0a 178=00 179=00", 0x30a, 1},
	    /* softflowd leaves the protocol to the element */
	    {"32=0800", 0x800, 1},
	    {"178=86 179=00", 0x8600, 58},
	    /* Cisco uses the port */
	    {"4=01 7=0000 11=0b00", 0xb00, 1},
	};
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char spec[128];

		snprintf(spec, sizeof spec, ADDRS "%s", cases[i].spec);
		flow_of(&rig, spec);
		assert_field(&rig, icmp_type, 0, cases[i].icmp_type);
		assert_field(&rig, proto, 0, cases[i].proto);
		rig_close(&rig);
	}
	flow_of(&rig, ADDRS "4=06 7=0050 11=0b00 32=0301");
	assert_absent(&rig, icmp_type, 0);
	rig_close(&rig);
	flow_of(&rig, ADDRS "7=0050 11=0b00 32=0000");
	assert_absent(&rig, proto, 0);
	rig_close(&rig);
}

static void
packet_fields(void **state)
{
	struct rig rig;

	(void)state;
	flow_of(&rig,
	    ADDRS "4=06 6=12 5=b8 52=3f 53=40 31=0abcde 89=42 136=02 88=00b9 85=0000000000000400 86=05");
	assert_field(&rig, tcpflags, 0, 0x12);
	assert_field(&rig, tos, 0, 0xb8);
	assert_field(&rig, ttl, 0, 63);
	assert_field(&rig, flow_label, 0, 0xabcde);
	assert_field(&rig, forwarding_status, 0, 0x42);
	assert_field(&rig, flow_end_reason, 0, 2);
	assert_field(&rig, fragment_offset, 0, 185);
	assert_field(&rig, bytes, 0, 1024);
	assert_field(&rig, packets, 0, 5);
	rig_close(&rig);
	flow_of(&rig, ADDRS "4=06 6=0112 192=01 53=40 31=000abcde 89=00000080 195=2e");
	assert_field(&rig, tos, 0, 0xb8);
	assert_field(&rig, tcpflags, 0, 0x112);
	assert_field(&rig, ttl, 0, 1);
	assert_field(&rig, flow_label, 0, 0xabcde);
	assert_field(&rig, forwarding_status, 0, 128);
	rig_close(&rig);
}

static void
routes_and_nat(void **state)
{
	struct rig rig;

	(void)state;
	flow_of(&rig, ADDRS "18=cb007101 15=cb007102 225=c6336401 226=c6336402 227=0401 228=0402 16=fbf4 "
			    "17=0000fbf5 129=01 128=02");
	assert_addr(&rig, bgp_next_hop, 0, "203.0.113.1");
	assert_addr(&rig, next_hop, 0, "203.0.113.2");
	assert_addr(&rig, nat_src_host, 0, "198.51.100.1");
	assert_addr(&rig, nat_dst_host, 0, "198.51.100.2");
	assert_field(&rig, nat_src_port, 0, 1025);
	assert_field(&rig, nat_dst_port, 0, 1026);
	assert_field(&rig, src_as, 0, 64500);
	assert_field(&rig, dst_as, 0, 64501);
	assert_field(&rig, peer_src_as, 0, 1);
	assert_field(&rig, peer_dst_as, 0, 2);
	rig_close(&rig);
	flow_of(&rig,
	    "27=20010db8000000000000000000000001 28=20010db8000000000000000000000002 18=00000000 "
	    "63=20010db8000000000000000000000003 62=20010db8000000000000000000000004 "
	    "281=20010db8000000000000000000000005 282=20010db8000000000000000000000006 29=30 30=40");
	assert_addr(&rig, bgp_next_hop, 0, "2001:db8::3");
	assert_addr(&rig, next_hop, 0, "2001:db8::4");
	assert_addr(&rig, nat_src_host, 0, "2001:db8::5");
	assert_addr(&rig, nat_dst_host, 0, "2001:db8::6");
	assert_field(&rig, src_mask, 0, 48);
	assert_field(&rig, dst_mask, 0, 64);
	assert_field(&rig, ip_protocol, 0, 6);
	rig_close(&rig);
}

static void
applications(void **state)
{
	struct rig rig;

	(void)state;
	flow_of(&rig, ADDRS "95=0d00051e");
	assert_str(&rig, application, 0, "13:1310");
	rig_close(&rig);
	flow_of(&rig, ADDRS "95=0d00051e 96=646e7300");
	assert_str(&rig, application, 0, "dns");
	rig_close(&rig);
	flow_of(&rig, ADDRS "35632/119=444e532e476f6f676c650000");
	assert_str(&rig, application, 0, "DNS.Google");
	rig_close(&rig);
	/* Palo Alto's App-ID */
	rig_open(&rig, false);
	feed(&rig, 9, ADDRS "346=000063d5 56701=73736c000000 56702=616c696365");
	assert_int_equal(rig_look(&rig), 1);
	assert_str(&rig, application, 0, "ssl");
	rig_close(&rig);
}

/* Cisco AVC: a client and a server by numbers of its own, and counters of both in a record. */
static void
client_and_server(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig, false);
	feed(&rig, 10,
	    "9/12236=0a000001 9/12237=0a000002 4=06 9/12240=c001 9/12241=01bb 10=00000001 14=00000002 "
	    "231=0000000000000064 298=0000000000000002 232=00000000000001f4 299=0000000000000003");
	assert_int_equal(rig_look(&rig), 2);
	assert_addr(&rig, src_host, 0, "10.0.0.1");
	assert_field(&rig, dst_port, 0, 443);
	assert_field(&rig, bytes, 0, 100);
	assert_addr(&rig, src_host, 1, "10.0.0.2");
	assert_addr(&rig, dst_host, 1, "10.0.0.1");
	assert_field(&rig, src_port, 1, 443);
	assert_field(&rig, input_interface, 1, 2);
	assert_field(&rig, bytes, 1, 500);
	assert_field(&rig, packets, 1, 3);
	rig_close(&rig);
}

static void
repeated_and_empty(void **state)
{
	struct rig rig;

	(void)state;
	/* Of what is repeated the first is the packet's as it came (RFC 7011 §8). */
	flow_of(&rig, "8=0a000001 8=0a000009 12=0a000002 12=0a00000a 4= 1=0064");
	assert_addr(&rig, src_host, 0, "10.0.0.1");
	assert_addr(&rig, dst_host, 0, "10.0.0.2");
	assert_field(&rig, bytes, 0, 100);
	assert_absent(&rig, proto, 0);
	rig_close(&rig);
	/* An empty one says nothing, the one after it does. */
	flow_of(&rig, ADDRS "1= 23=0064 2= 86=03");
	assert_field(&rig, bytes, 0, 100);
	assert_field(&rig, packets, 0, 3);
	rig_close(&rig);
}

/* Statistics of the exporter come as data records, too. */
static void
no_flow(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig, false);
	feed(&rig, 10, "144=00000001 5951/129=00000002 41=0000000000000003");
	assert_int_equal(rig_look(&rig), 0);
	assert_int_equal(rig_count(&rig, COUNT_EVENTS), 1);
	assert_int_equal(rig_count(&rig, COUNT_FLOWS), 0);
	rig_close(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(interfaces),
	    cmocka_unit_test(link_layer),
	    cmocka_unit_test(mpls_and_vrf),
	    cmocka_unit_test(icmp),
	    cmocka_unit_test(packet_fields),
	    cmocka_unit_test(routes_and_nat),
	    cmocka_unit_test(applications),
	    cmocka_unit_test(client_and_server),
	    cmocka_unit_test(repeated_and_empty),
	    cmocka_unit_test(no_flow),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
