/* Packets taken apart, each encapsulation by a packet written by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "decode/packet.h"

/* Headers, in hexadecimal. Those of IP say lengths that nothing depends on. */
#define MACS "020000000002 020000000001 "
#define ETH(type) MACS type " "
#define IP4(proto) "45100400 00000000 40" proto "0000 c0000201 c0000202 "
#define IP6(proto) \
	"6b800000 0400" proto "40 20010db8000000000000000000000001 20010db8000000000000000000000002 "
#define UDP(port) "c000" port "00c80000 "
/* What is carried: 10.0.0.1 port 1025 to 10.0.0.2 port 80, TCP with SYN and ACK, 44 bytes. */
#define TCP "0401 0050 00000001 00000002 5012 ffff 0000 0000 "
#define CARRIED "4500002c 00000000 3f060000 0a000001 0a000002 " TCP
#define CARRIED_SAYS "10.0.0.1>10.0.0.2 6 1025>80 ttl 63 len 44 flags 12"
#define CARRIED6 "60012345 0018 06 3e fd000000000000000000000000000001 fd000000000000000000000000000002 " TCP
#define CARRIED6_SAYS "fd00::1>fd00::2 6 1025>80 ttl 62 len 64 flags 12"
#define OUTER(rest) "192.0.2.1>192.0.2.2 " rest " ttl 64 len 1024"
#define OUTER6(rest) "2001:db8::1>2001:db8::2 " rest " ttl 64 len 1064"
#define LINK "020000000001>020000000002 "

struct known {
	const char *name;
	enum packet_link link;
	const char *hex;
	const char *says; /* of the packet as it is on the wire */
	const char *inner; /* of the innermost; NULL: the same */
};

static const struct known table[] = {
    {"Ethernet", PACKET_ETHERNET, ETH("0800") CARRIED, LINK CARRIED_SAYS, NULL},
    {"802.1Q", PACKET_ETHERNET, ETH("8100 e01e 0800") CARRIED, LINK "vlan 30 " CARRIED_SAYS, NULL},
    {"QinQ", PACKET_ETHERNET, ETH("88a8 0064 8100 001e 86dd") CARRIED6, LINK "vlan 100 " CARRIED6_SAYS, NULL},
    {"QinQ as of old", PACKET_ETHERNET, ETH("9100 0064 8100 001e 0800") CARRIED,
	LINK "vlan 100 " CARRIED_SAYS, NULL},
    {"LLC and SNAP", PACKET_ETHERNET, ETH("0034") "aaaa03 000000 0800 " CARRIED, LINK CARRIED_SAYS, NULL},
    {"LLC of something else", PACKET_ETHERNET, ETH("0026") "424203 000000 0800 " CARRIED, LINK "-", NULL},
    {"ARP", PACKET_ETHERNET, ETH("0806") "0001080006040001", LINK "-", NULL},
    {"MPLS", PACKET_ETHERNET, ETH("8847") "00064040 00065140 " CARRIED, LINK "mpls 100 101 " CARRIED_SAYS,
	NULL},
    {"MPLS alone", PACKET_MPLS, "00065140 " CARRIED6, "mpls 101 " CARRIED6_SAYS, NULL},
    {"pseudowire", PACKET_ETHERNET,
	ETH("8847") "000c8140 00000000 0a0000000002 0a0000000001 8100 0007 0800 " CARRIED,
	LINK "mpls 200 " CARRIED_SAYS, NULL},
    {"pseudowire without control word", PACKET_ETHERNET,
	ETH("8847") "000c9140 0a0000000002 0a0000000001 0800 " CARRIED, LINK "mpls 201 " CARRIED_SAYS, NULL},
    {"PPPoE", PACKET_ETHERNET, ETH("8864") "11000001 002e 0021 " CARRIED, LINK CARRIED_SAYS, NULL},
    {"PPPoE of IPv6", PACKET_ETHERNET, ETH("8864") "11000001 0042 0057 " CARRIED6, LINK CARRIED6_SAYS, NULL},
    {"PPPoE's own business", PACKET_ETHERNET, ETH("8864") "11000001 002e c021 " CARRIED, LINK "-", NULL},
    {"PPP", PACKET_PPP, "ff03 0021 " CARRIED, CARRIED_SAYS, NULL},
    {"PPP, compressed", PACKET_PPP, "57 " CARRIED6, CARRIED6_SAYS, NULL},
    {"PPP of MPLS", PACKET_PPP, "0281 00065140 " CARRIED, "mpls 101 " CARRIED_SAYS, NULL},
    {"Cisco's HDLC", PACKET_PPP, "0f00 0800 " CARRIED, CARRIED_SAYS, NULL},
    {"loopback", PACKET_LOOP, "02000000 " CARRIED, CARRIED_SAYS, NULL},
    {"Linux cooked", PACKET_SLL, "0000 0001 0006 020000000001 0000 0800 " CARRIED, CARRIED_SAYS, NULL},
    {"Linux cooked, second form", PACKET_SLL2, "0800 0000 00000001 0001 00 06 020000000001 0000 " CARRIED,
	CARRIED_SAYS, NULL},

    {"ICMP", PACKET_IP, IP4("01") "0301 0000 00000000", OUTER("1 icmp 3 1"), NULL},
    {"ICMPv6", PACKET_IP, IP6("3a") "8000 0000 00000000", OUTER6("58 icmp 128 0"), NULL},
    {"SCTP", PACKET_IP, IP4("84") "0b59 0b59 00000000 00000000 00000010", OUTER("132 2905>2905"), NULL},
    {"a protocol without ports", PACKET_IP, IP4("59") "02010030", OUTER("89"), NULL},
    {"IP options", PACKET_IP, "47000034 00000000 3f060000 0a000001 0a000002 9404000001010101 " TCP,
	"10.0.0.1>10.0.0.2 6 1025>80 ttl 63 len 52 flags 12", NULL},
    {"a first fragment", PACKET_IP, "45000400 00012000 40110000 c0000201 c0000202 0035 0401 00500000",
	OUTER("17 53>1025") " fragment 0", NULL},
    {"a later fragment", PACKET_IP, "45000400 000100b9 40110000 c0000201 c0000202 " CARRIED,
	OUTER("17") " fragment 185", NULL},
    {"IPv6 with extensions", PACKET_IP, IP6("00") "2b00050200000000 3c00000000000000 06000104 00000000" TCP,
	OUTER6("6 1025>80") " flags 12", NULL},
    {"IPv6, a first fragment", PACKET_IP, IP6("2c") "11000001 00000001 0035 0401 000c0000 61626364",
	OUTER6("17 53>1025") " fragment 0", NULL},
    {"IPv6, a later fragment", PACKET_IP, IP6("2c") "11000009 00000001 0035 0401", OUTER6("17") " fragment 1",
	NULL},
    {"IPv6, authenticated", PACKET_IP, IP6("33") "06020000 00000001 00000002 00000003 " TCP,
	OUTER6("6 1025>80") " flags 12", NULL},
    {"IPv6, encrypted", PACKET_IP, IP6("32") "00000001 00000002", OUTER6("50"), NULL},
    {"no length, of segments to be cut", PACKET_IP, "45000000 00000000 3f060000 0a000001 0a000002 " TCP,
	"10.0.0.1>10.0.0.2 6 1025>80 ttl 63 len 0 flags 12", NULL},

    {"IP in IP", PACKET_IP, IP4("04") CARRIED, OUTER("4"), CARRIED_SAYS},
    {"6in4", PACKET_IP, IP4("29") CARRIED6, OUTER("41"), CARRIED6_SAYS},
    {"4in6", PACKET_IP, IP6("04") CARRIED, OUTER6("4"), CARRIED_SAYS},
    {"6in6, behind a destination option", PACKET_IP, IP6("3c") "29000401 04000000 " CARRIED6, OUTER6("41"),
	CARRIED6_SAYS},
    {"GRE", PACKET_ETHERNET, ETH("0800") IP4("2f") "0000 0800 " CARRIED, LINK OUTER("47"), LINK CARRIED_SAYS},
    {"GRE with checksum, key and number", PACKET_IP,
	IP4("2f") "b000 86dd 00000000 00000007 00000001 " CARRIED6, OUTER("47"), CARRIED6_SAYS},
    {"GRE of MPLS", PACKET_IP, IP4("2f") "0000 8847 00064140 " CARRIED, OUTER("47"), CARRIED_SAYS},
    {"GRE with routes, which nobody sends", PACKET_IP, IP4("2f") "4000 0800 00000000 " CARRIED, OUTER("47"),
	NULL},
    {"NVGRE", PACKET_IP, IP4("2f") "2000 6558 00000700 " ETH("0800") CARRIED, OUTER("47"), CARRIED_SAYS},
    {"PPTP", PACKET_IP, IP4("2f") "3081 880b 00300001 00000001 00000001 ff03 0021 " CARRIED, OUTER("47"),
	CARRIED_SAYS},
    {"ERSPAN I", PACKET_IP, IP4("2f") "0000 88be " ETH("0800") CARRIED, OUTER("47"), CARRIED_SAYS},
    {"ERSPAN II", PACKET_IP, IP4("2f") "1000 88be 00000001 1001 0001 00000000 " ETH("8100 0005 0800") CARRIED,
	OUTER("47"), CARRIED_SAYS},
    {"ERSPAN III", PACKET_IP,
	IP4("2f") "1000 22eb 00000001 2001 0001 00000000 0000 0001 0000000000000000 " ETH("86dd") CARRIED6,
	OUTER("47"), CARRIED6_SAYS},
    {"VXLAN", PACKET_ETHERNET,
	ETH("8100 0064 0800") IP4("11")
	    UDP("12b5") "08000000 00000700 0a0000000002 0a0000000001 8100 0007 0800 " CARRIED,
	LINK "vlan 100 " OUTER("17 49152>4789"), LINK "vlan 100 " CARRIED_SAYS},
    {"VXLAN as Linux had it", PACKET_IP, IP6("11") UDP("2118") "08000000 00000700 " ETH("86dd") CARRIED6,
	OUTER6("17 49152>8472"), CARRIED6_SAYS},
    {"VXLAN's port alone", PACKET_IP, IP4("11") UDP("12b5") "00000000 00000700 " ETH("0800") CARRIED,
	OUTER("17 49152>4789"), NULL},
    {"VXLAN-GPE", PACKET_IP, IP4("11") UDP("12b6") "0c000001 00000700 " CARRIED, OUTER("17 49152>4790"),
	CARRIED_SAYS},
    {"Geneve with options", PACKET_IP,
	IP4("11") UDP("17c1") "0200 6558 00000700 0102030400000000 " ETH("0800") CARRIED,
	OUTER("17 49152>6081"), CARRIED_SAYS},
    {"GTP-U", PACKET_IP, IP4("11") UDP("0868") "30ff002c 00000001 " CARRIED, OUTER("17 49152>2152"),
	CARRIED_SAYS},
    {"GTP-U with extensions", PACKET_IP,
	IP4("11") UDP("0868") "34ff0038 00000001 00000085 01100985 01000000 " CARRIED, OUTER("17 49152>2152"),
	CARRIED_SAYS},
    {"GTP-U's own business", PACKET_IP, IP4("11") UDP("0868") "30010000 00000001 " CARRIED,
	OUTER("17 49152>2152"), NULL},
    {"MPLS in UDP", PACKET_IP, IP4("11") UDP("19eb") "00064140 " CARRIED, OUTER("17 49152>6635"),
	CARRIED_SAYS},
    {"MPLS in IP", PACKET_IP, IP4("89") "00064140 " CARRIED, OUTER("137"), CARRIED_SAYS},
    {"SRv6", PACKET_IP, IP6("2b") "0402040000000000 20010db8000000000000000000000009 " CARRIED, OUTER6("4"),
	CARRIED_SAYS},
    {"SRv6 of Ethernet", PACKET_IP, IP6("8f") ETH("0800") CARRIED, OUTER6("143"), CARRIED_SAYS},
    {"a tunnel in a tunnel", PACKET_IP,
	IP4("2f") "0000 86dd " IP6("11") UDP("12b5") "08000000 00000700 " ETH("0800") CARRIED, OUTER("47"),
	CARRIED_SAYS},
    {"five tunnels, of which four are entered", PACKET_IP,
	IP4("04") IP4("04") IP4("04") IP4("04") "45000400 00000000 20040000 c6336401 c6336402 " CARRIED,
	OUTER("4"), "198.51.100.1>198.51.100.2 4 ttl 32 len 1024"},
    {"a tunnel of nothing known", PACKET_IP, IP4("2f") "0000 6003 00000000", OUTER("47"), NULL},
    {"a fragment of a tunnel", PACKET_IP, "45100400 00000001 40040000 c0000201 c0000202 " CARRIED,
	OUTER("4") " fragment 1", NULL},
};

static size_t
from_hex(uint8_t *p, const char *hex)
{
	size_t n = 0, digits = 0;

	for (; *hex != '\0'; hex++) {
		if (*hex == ' ')
			continue;
		unsigned v = (unsigned)(*hex <= '9' ? *hex - '0' : *hex - 'a' + 10);
		p[n] = (uint8_t)(digits % 2 == 0 ? v << 4 : p[n] | v);
		n += digits++ % 2;
	}
	assert_int_equal(digits % 2, 0);
	return n;
}

/* What is known of the packet in one line. */
static const char *
say(const struct packet *p)
{
	static struct buf b;
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];

	b.len = 0;
	if (p->has_mac)
		buf_printf(
		    &b, "%012llx>%012llx ", (unsigned long long)p->src_mac, (unsigned long long)p->dst_mac);
	if (p->has_vlan)
		buf_printf(&b, "vlan %u ", p->vlan);
	for (unsigned i = 0; i < p->label_count; i++)
		buf_printf(&b, "%s%u ", i == 0 ? "mpls " : "", p->labels[i]);
	if (p->version == 0) {
		buf_puts(&b, "-");
		return buf_cstr(&b);
	}
	assert_int_equal(p->version, addr_is_v4(&p->src) ? 4 : 6);
	buf_printf(&b, "%s>%s %u", addr_text(src, &p->src), addr_text(dst, &p->dst), p->proto);
	if (p->has_ports)
		buf_printf(&b, " %u>%u", p->src_port, p->dst_port);
	if (p->has_icmp)
		buf_printf(&b, " icmp %u %u", p->icmp_type >> 8, p->icmp_type & 255);
	buf_printf(&b, " ttl %u len %u", p->ttl, p->ip_len);
	if (p->tcpflags != 0)
		buf_printf(&b, " flags %x", p->tcpflags);
	if (p->fragment)
		buf_printf(&b, " fragment %u", p->fragment_offset);
	return buf_cstr(&b);
}

static void
known_packets(void **state)
{
	uint8_t bytes[512];
	struct packet p;

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		const struct known *k = &table[i];
		size_t len = from_hex(bytes, k->hex);

		print_message("# %s\n", k->name);
		packet_parse(&p, k->link, bytes, len);
		assert_string_equal(say(&p), k->says);
		assert_true(p.depth == 0 || p.label_count > 0); /* a pseudowire is a link */
		packet_parse_inner(&p, k->link, bytes, len);
		assert_string_equal(say(&p), k->inner != NULL ? k->inner : k->says);
	}
}

/* Cut anywhere, a packet tells less, and nothing else: in memory of its own, so that a sanitizer sees more. */
static void
cut_packets(void **state)
{
	uint8_t bytes[512];
	struct packet whole, p;

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		size_t len = from_hex(bytes, table[i].hex);

		packet_parse(&whole, table[i].link, bytes, len);
		for (size_t cut = 0; cut < len; cut++) {
			uint8_t *copy = mem_alloc(cut);

			memcpy(copy, bytes, cut);
			packet_parse_inner(&p, table[i].link, copy, cut);
			assert_true(p.depth <= PACKET_DEPTH_MAX);
			packet_parse(&p, table[i].link, copy, cut);
			assert_true(p.version == 0 || p.version == whole.version);
			if (p.version != 0)
				assert_memory_equal(&p.src, &whole.src, sizeof p.src);
			assert_true(p.payload.len <= cut);
			free(copy);
		}
	}
}

/* An inner header that is cut short leaves the outer packet, whole. */
static void
cut_tunnel(void **state)
{
	uint8_t bytes[512];
	struct packet p;
	size_t len = from_hex(bytes, IP4("2f") "0000 0800 " CARRIED);

	(void)state;
	packet_parse_inner(&p, PACKET_IP, bytes, 20 + 4 + 19);
	assert_string_equal(say(&p), OUTER("47"));
	packet_parse_inner(&p, PACKET_IP, bytes, 20 + 4 + 20);
	assert_string_equal(say(&p), "10.0.0.1>10.0.0.2 6 ttl 63 len 44");
	packet_parse_inner(&p, PACKET_IP, bytes, len);
	assert_string_equal(say(&p), CARRIED_SAYS);
}

/* The payload is what the UDP header says, or what is there. */
static void
udp_payload(void **state)
{
	static const struct {
		const char *len;
		size_t payload;
	} lengths[] = {{"000c", 4}, {"0009", 1}, {"0008", 0}, {"0000", 6}, {"0003", 0}, {"00ff", 6}};
	uint8_t bytes[64];
	char hex[200];
	struct packet p;

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		snprintf(hex, sizeof hex, "%s0035 0401 %s 0000 616263646566", IP4("11"), lengths[i].len);
		packet_parse(&p, PACKET_IP, bytes, from_hex(bytes, hex));
		assert_int_equal(p.payload.len, lengths[i].payload);
		assert_memory_equal(p.payload.p, "abcdef", p.payload.len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_packets),
	    cmocka_unit_test(cut_packets),
	    cmocka_unit_test(cut_tunnel),
	    cmocka_unit_test(udp_payload),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
