/* NetFlow v9 (RFC 3954) and what its exporters make of it. */
#include "decode_rig.h"

/* 8 source, 12 destination, 7 and 11 ports, 4 protocol, 1 bytes, 2 packets, 22 first, 21 last. */
#define FLOW_FIELDS 8, 4, 12, 4, 7, 2, 11, 2, 4, 1, 1, 4, 2, 4, 22, 4, 21, 4
enum { FLOW_LEN = 29 };

static void
put_flow(struct buf *dg, uint32_t src, uint16_t dst_port, uint8_t proto, uint32_t bytes)
{
	buf_be32(dg, src);
	buf_be32(dg, 0xc6336401);
	put16(dg, 1025, dst_port);
	buf_putc(dg, (char)proto);
	buf_be32(dg, bytes);
	buf_be32(dg, 3);
	buf_be32(dg, UPTIME_MS - 5000);
	buf_be32(dg, UPTIME_MS - 2000);
}

static void
put_template_and_flows(struct buf *dg, unsigned flows)
{
	put_v9(dg, 1, 7);
	put_template(dg, 0, 256, FLOW_FIELDS);
	size_t set = put_set(dg, 256);
	for (unsigned i = 0; i < flows; i++)
		put_flow(dg, 0x0a000001 + i, 53, 17, 100 + i);
	end_set(dg, set);
}

static void
reads_flows(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_template_and_flows(&dg, 2);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 2);
	assert_addr(&rig, src_host, 1, "10.0.0.2");
	assert_addr(&rig, dst_host, 1, "198.51.100.1");
	assert_field(&rig, src_port, 0, 1025);
	assert_field(&rig, dst_port, 0, 53);
	assert_field(&rig, proto, 0, 17);
	assert_field(&rig, ip_protocol, 0, 4);
	assert_field(&rig, bytes, 1, 101);
	assert_field(&rig, packets, 1, 3);
	assert_field(&rig, timestamp_start, 0, EXPORT_S * 1000 - 5000);
	assert_field(&rig, timestamp_end, 0, EXPORT_S * 1000 - 2000);
	assert_field(&rig, timestamp_received, 0, NOW_MS);
	assert_field(&rig, observation_domain, 0, 7);
	assert_field(&rig, trusted, 0, 1);
	assert_addr(&rig, exporter_ip, 0, "192.0.2.1");
	assert_str(&rig, flow_type, 0, "netflow9");
	assert_absent(&rig, sampling_rate, 0);
	assert_absent(&rig, icmp_type, 0);
	assert_int_equal(rig_count(&rig, COUNT_FLOWS), 2);
	assert_int_equal(rig_count(&rig, COUNT_TEMPLATES), 1);
	rig_close(&rig);
}

static void
uptime_wraps(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put16(&dg, 9, 1);
	buf_be32(&dg, 1000); /* one second after the wrap */
	buf_be32(&dg, EXPORT_S);
	buf_be32(&dg, 1);
	buf_be32(&dg, 0);
	put_template(&dg, 0, 256, 22, 4, 21, 4, 8, 4);
	size_t set = put_set(&dg, 256);
	buf_be32(&dg, UINT32_MAX - 999); /* one before it */
	buf_be32(&dg, 500);
	buf_be32(&dg, 1);
	end_set(&dg, set);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 1);
	assert_field(&rig, timestamp_start, 0, EXPORT_S * 1000 - 2000);
	assert_field(&rig, timestamp_end, 0, EXPORT_S * 1000 - 500);
	rig_close(&rig);
}

/* A new definition replaces the old one; the same again changes nothing. */
static void
template_is_redefined(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_template_and_flows(&dg, 1);
	rig_feed(&rig, &dg);
	put_template_and_flows(&dg, 1);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_count(&rig, COUNT_TEMPLATES), 1);
	put_v9(&dg, 3, 7);
	put_template(&dg, 0, 256, 12, 4, 8, 4);
	size_t set = put_set(&dg, 256);
	buf_be32(&dg, 0x01020304);
	buf_be32(&dg, 0x05060708);
	end_set(&dg, set);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 3);
	assert_addr(&rig, src_host, 2, "5.6.7.8");
	assert_int_equal(rig_count(&rig, COUNT_TEMPLATES), 2);
	rig_close(&rig);
}

/* The key of a template is exporter, source id and id: another's is no use. */
static void
templates_are_apart(void **state)
{
	struct rig rig;
	struct buf dg = {0};
	struct decoder_gauges g;

	(void)state;
	rig_open(&rig, true);
	put_template_and_flows(&dg, 1);
	rig_feed(&rig, &dg);
	put_v9(&dg, 1, 8);
	size_t set = put_set(&dg, 256);
	put_flow(&dg, 1, 1, 6, 1);
	end_set(&dg, set);
	rig_feed(&rig, &dg);
	put_v9(&dg, 1, 7);
	set = put_set(&dg, 256);
	put_flow(&dg, 1, 1, 6, 1);
	end_set(&dg, set);
	rig_feed_from(&rig, "192.0.2.2", &dg);
	assert_int_equal(rig_look(&rig), 1);
	assert_int_equal(rig_count(&rig, COUNT_NO_TEMPLATE), 2);
	decoder_gauges(rig.d, &g);
	assert_int_equal(g.exporters, 2);
	assert_int_equal(g.domains, 3);
	rig_close(&rig);
}

/* An unknown template costs its own set alone, and not even that once it comes. */
static void
data_waits_for_template(void **state)
{
	struct rig rig;
	struct buf dg = {0};
	struct decoder_gauges g;

	(void)state;
	rig_open(&rig, true);
	put_v9(&dg, 1, 7);
	size_t set = put_set(&dg, 300);
	put_flow(&dg, 0x0a0000ff, 443, 6, 999);
	end_set(&dg, set);
	put_template(&dg, 0, 256, FLOW_FIELDS);
	set = put_set(&dg, 256);
	put_flow(&dg, 1, 1, 6, 1);
	end_set(&dg, set);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 1);
	assert_int_equal(rig_count(&rig, COUNT_HELD), 1);
	put_v9(&dg, 2, 7);
	put_template(&dg, 0, 300, FLOW_FIELDS);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 1);
	assert_field(&rig, bytes, 0, 999);
	assert_int_equal(rig_count(&rig, COUNT_RELEASED), 1);
	decoder_gauges(rig.d, &g);
	assert_int_equal(g.held_bytes, 0);
	rig_close(&rig);
}

static void
held_sets_are_bounded(void **state)
{
	struct rig rig;
	struct buf dg = {0};
	struct decoder_gauges g;

	(void)state;
	rig_open(&rig, true);
	for (uint32_t domain = 0; domain < 100; domain++)
		for (uint32_t i = 0; i < 70; i++) {
			put_v9(&dg, i, domain);
			size_t set = put_set(&dg, 300);
			memset(buf_reserve(&dg, 1400), 1, 1400);
			dg.len += 1400;
			end_set(&dg, set);
			rig_feed(&rig, &dg);
		}
	decoder_gauges(rig.d, &g);
	assert_true(g.held_bytes > HELD_BYTES_MAX / 2 && g.held_bytes <= HELD_BYTES_MAX);
	assert_int_equal(rig_count(&rig, COUNT_HELD), 7000);
	assert_true(rig_count(&rig, COUNT_HELD_LOST) >= 7000 - 3000);
	rig_close(&rig);
}

/* Zeros after the last record, after the last set, within a template set. */
static void
padding_is_no_flow(void **state)
{
	static const uint8_t zeros[64];
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_v9(&dg, 1, 7);
	size_t set = put_set(&dg, 0);
	put16(&dg, 256, 9, FLOW_FIELDS);
	buf_be32(&dg, 0);
	end_set(&dg, set);
	set = put_set(&dg, 256);
	put_flow(&dg, 1, 1, 6, 1);
	buf_add(&dg, zeros, FLOW_LEN + 7);
	end_set(&dg, set);
	buf_add(&dg, zeros, 50);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 1);
	for (enum decode_count c = COUNT_BAD_VERSION; c < DECODE_COUNTS; c++)
		assert_int_equal(rig_count(&rig, c), 0);
	rig_close(&rig);
}

/* Fields of no length are legal; records of none are not. */
static void
zero_length(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_v9(&dg, 1, 7);
	put_template(&dg, 0, 256, 8, 0, 8, 4, 1, 0, 2, 4);
	put_template(&dg, 0, 257, 8, 0, 12, 0);
	size_t set = put_set(&dg, 256);
	buf_be32(&dg, 0x01020304);
	buf_be32(&dg, 9);
	end_set(&dg, set);
	set = put_set(&dg, 257);
	buf_be32(&dg, 1);
	end_set(&dg, set);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 1);
	assert_addr(&rig, src_host, 0, "1.2.3.4");
	assert_field(&rig, packets, 0, 9);
	assert_absent(&rig, bytes, 0);
	assert_int_equal(rig_count(&rig, COUNT_BAD_TEMPLATE), 1);
	rig_close(&rig);
}

/* Every prefix of a sound datagram: no crash, and what is whole is taken. */
static void
cut_short(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	put_template_and_flows(&dg, 3);
	for (size_t len = 0; len <= dg.len; len++) {
		struct buf cut = {0};

		rig_open(&rig, true);
		buf_add(&cut, dg.p, len);
		rig_feed(&rig, &cut);
		size_t data = dg.len - 3 * FLOW_LEN;
		assert_int_equal(rig.rows.rows, len < data ? 0 : (len - data) / FLOW_LEN);
		rig_close(&rig);
	}
	buf_release(&dg);
}

/* Rates by sampler, by options without one, in the record itself, and RouterOS's order of bytes. */
static void
sampling(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_v9(&dg, 1, 7);
	size_t set = put_set(&dg, 1);
	put16(&dg, 400, 4, 12, 1, 0, 48, 2, 49, 1, 50, 2);
	put16(&dg, 0);
	end_set(&dg, set);
	set = put_set(&dg, 400);
	put16(&dg, 5);
	buf_putc(&dg, 2);
	put16(&dg, 512);
	put16(&dg, 6);
	buf_putc(&dg, 2);
	put16(&dg, 0); /* PTX: a second one of interval 0 */
	end_set(&dg, set);
	put_template(&dg, 0, 256, 8, 4, 48, 1);
	put_template(&dg, 0, 257, 8, 4, 34, 4);
	put_template(&dg, 0, 258, 8, 4);
	set = put_set(&dg, 256);
	buf_be32(&dg, 1);
	buf_putc(&dg, 5);
	end_set(&dg, set);
	set = put_set(&dg, 257);
	buf_be32(&dg, 1);
	buf_be32(&dg, 1000);
	buf_be32(&dg, 1);
	buf_be32(&dg, 0xe8030000);
	end_set(&dg, set);
	set = put_set(&dg, 258);
	buf_be32(&dg, 1);
	end_set(&dg, set);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_count(&rig, COUNT_OPTIONS), 2);
	assert_int_equal(rig_look(&rig), 4);
	assert_field(&rig, sampling_rate, 0, 512);
	assert_field(&rig, sampling_rate, 1, 1000);
	assert_field(&rig, sampling_rate, 2, 1000);
	assert_field(&rig, sampling_rate, 3, 512);

	/* C9300: flows of another source id use the sampler all the same. */
	put_v9(&dg, 1, 9);
	put_template(&dg, 0, 256, 8, 4, 48, 1);
	set = put_set(&dg, 256);
	buf_be32(&dg, 1);
	buf_putc(&dg, 5);
	end_set(&dg, set);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 1);
	assert_field(&rig, sampling_rate, 0, 512);
	rig_close(&rig);
}

/* Interface names by options with a scope of interface; text is made UTF-8. */
static void
interface_names(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_v9(&dg, 1, 7);
	size_t set = put_set(&dg, 1);
	put16(&dg, 400, 4, 8, 2, 4, 82, 8, 83, 4);
	end_set(&dg, set);
	set = put_set(&dg, 400);
	buf_be32(&dg, 17);
	buf_add(&dg, "ge-0\0\0\0\0", 8);
	buf_add(&dg, "up\xff ", 4);
	end_set(&dg, set);
	put_template(&dg, 0, 256, 8, 4, 10, 2, 14, 4);
	set = put_set(&dg, 256);
	buf_be32(&dg, 1);
	put16(&dg, 17, 0, 18);
	end_set(&dg, set);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 1);
	assert_field(&rig, input_interface, 0, 17);
	assert_field(&rig, output_interface, 0, 18);
	assert_str(&rig, input_interface_name, 0, "ge-0");
	assert_str(&rig, input_interface_alias, 0, "up?");
	assert_absent(&rig, output_interface_name, 0);
	rig_close(&rig);
}

/* Counters in and out are one flow's, never added; the outgoing ones serve where the others are zero. */
static void
counters_are_not_added(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_v9(&dg, 1, 7);
	put_template(&dg, 0, 256, 1, 8, 23, 8, 85, 4, 2, 4);
	size_t set = put_set(&dg, 256);
	for (unsigned i = 0; i < 2; i++) {
		buf_be64(&dg, i == 0 ? 500 : 0);
		buf_be64(&dg, 501);
		buf_be32(&dg, 90000);
		buf_be32(&dg, 2);
	}
	end_set(&dg, set);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 2);
	assert_field(&rig, bytes, 0, 500);
	assert_field(&rig, bytes, 1, 501);
	assert_absent(&rig, ip_protocol, 0);
	rig_close(&rig);
}

/* IPv4 and IPv6 in one record: the one that is not zero. ICMP in the port. */
static void
both_families(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_v9(&dg, 1, 7);
	put_template(&dg, 0, 256, 8, 4, 12, 4, 27, 16, 28, 16, 4, 1, 11, 2);
	size_t set = put_set(&dg, 256);
	buf_be32(&dg, 0x0a000001);
	buf_be32(&dg, 0x0a000002);
	for (int i = 0; i < 4; i++)
		buf_be64(&dg, 0);
	buf_putc(&dg, 1);
	put16(&dg, 0x0800);
	buf_be64(&dg, 0);
	for (uint64_t i = 1; i < 3; i++) {
		buf_be64(&dg, UINT64_C(0x20010db8) << 32);
		buf_be64(&dg, i);
	}
	buf_putc(&dg, 6);
	put16(&dg, 443);
	end_set(&dg, set);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 2);
	assert_addr(&rig, src_host, 0, "10.0.0.1");
	assert_addr(&rig, dst_host, 0, "10.0.0.2");
	assert_field(&rig, ip_protocol, 0, 4);
	assert_field(&rig, icmp_type, 0, 0x0800);
	assert_addr(&rig, src_host, 1, "2001:db8::1");
	assert_addr(&rig, dst_host, 1, "2001:db8::2");
	assert_field(&rig, ip_protocol, 1, 6);
	assert_absent(&rig, icmp_type, 1);
	rig_close(&rig);
}

/* ASA: creation and denial carry no counters and are no traffic; a teardown is two flows. */
static void
firewall_events(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_v9(&dg, 1, 7);
	put_template(&dg, 0, 256, 8, 4, 12, 4, 7, 2, 11, 2, 233, 1, 231, 4, 232, 4, 323, 8);
	put_template(&dg, 0, 257, 8, 4, 12, 4, 233, 1);
	size_t set = put_set(&dg, 256);
	for (unsigned i = 0; i < 2; i++) {
		buf_be32(&dg, 0x0a000001);
		buf_be32(&dg, 0x0a000002);
		put16(&dg, 4000, 80);
		buf_putc(&dg, i == 0 ? 1 : 2);
		buf_be32(&dg, i * 100);
		buf_be32(&dg, i * 2000);
		buf_be64(&dg, NOW_MS - 4000);
	}
	end_set(&dg, set);
	set = put_set(&dg, 257);
	buf_be32(&dg, 0x0a000001);
	buf_be32(&dg, 0x0a000002);
	buf_putc(&dg, 3);
	end_set(&dg, set);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 2);
	assert_int_equal(rig_count(&rig, COUNT_EVENTS), 2);
	assert_int_equal(rig_count(&rig, COUNT_NAT_EVENTS), 0);
	assert_int_equal(rig_count(&rig, COUNT_FLOWS), 2);
	assert_addr(&rig, src_host, 0, "10.0.0.1");
	assert_field(&rig, dst_port, 0, 80);
	assert_field(&rig, bytes, 0, 100);
	assert_addr(&rig, src_host, 1, "10.0.0.2");
	assert_addr(&rig, dst_host, 1, "10.0.0.1");
	assert_field(&rig, src_port, 1, 80);
	assert_field(&rig, dst_port, 1, 4000);
	assert_field(&rig, bytes, 1, 2000);
	assert_field(&rig, timestamp_end, 0, NOW_MS - 4000);
	rig_close(&rig);
}

/* Carrier-grade NAT logs its translations: no traffic, counted apart from the firewall's; with counters they are. */
static void
nat_events(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_v9(&dg, 1, 7);
	put_template(&dg, 0, 256, 230, 1, 8, 4, 225, 4, 361, 2, 362, 2);
	put_template(&dg, 0, 257, 230, 1, 8, 4, 225, 4, 1, 4);
	size_t set = put_set(&dg, 256);
	for (char event = 1; event <= 2; event++) {
		buf_putc(&dg, event);
		buf_be32(&dg, 0x64400001);
		buf_be32(&dg, 0xc6336401);
		put16(&dg, 1024, 2047);
	}
	end_set(&dg, set);
	set = put_set(&dg, 257);
	buf_putc(&dg, 2);
	buf_be32(&dg, 0x64400001);
	buf_be32(&dg, 0xc6336401);
	buf_be32(&dg, 5000);
	end_set(&dg, set);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 1);
	assert_addr(&rig, nat_src_host, 0, "198.51.100.1");
	assert_field(&rig, bytes, 0, 5000);
	assert_int_equal(rig_count(&rig, COUNT_NAT_EVENTS), 2);
	assert_int_equal(rig_count(&rig, COUNT_EVENTS), 0);
	rig_close(&rig);
}

static void
odd_fields(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_v9(&dg, 1, 7);
	/* 252/253 alone, direction 255, forwarding status of 4 bytes, two bytes of TCP flags, a MAC, labels */
	put_template(&dg, 0, 256, 252, 4, 253, 4, 61, 1, 89, 4, 6, 2, 56, 6, 70, 3, 71, 3, 72, 3, 31, 3);
	size_t set = put_set(&dg, 256);
	buf_be32(&dg, 11);
	buf_be32(&dg, 12);
	buf_putc(&dg, (char)255);
	buf_be32(&dg, 64);
	put16(&dg, 0x112);
	buf_add(&dg, "\x02\x00\x00\x00\x00\x01", 6);
	buf_add(&dg, "\x00\x06\x40\x12\x34\x51\x99\x99\x99", 9);
	buf_add(&dg, "\x01\x02\x03", 3);
	end_set(&dg, set);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 1);
	assert_field(&rig, input_interface, 0, 11);
	assert_field(&rig, output_interface, 0, 12);
	assert_absent(&rig, flow_direction, 0);
	assert_field(&rig, forwarding_status, 0, 64);
	assert_field(&rig, tcpflags, 0, 0x112);
	assert_field(&rig, src_mac, 0, 0x020000000001);
	assert_str(&rig, mpls_labels, 0,
	    "100\0"
	    "74565\0");
	assert_field(&rig, flow_label, 0, 0x010203);
	rig_close(&rig);
}

static void
datagrams_lost(void **state)
{
	static const uint32_t sequence[] = {10, 11, 15, 13, 16, 4000000000, 4000000001};
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	for (size_t i = 0; i < sizeof sequence / sizeof sequence[0]; i++) {
		put_v9(&dg, sequence[i], 7);
		rig_feed(&rig, &dg);
	}
	/* 12, 13, 14 were missed, 13 came late. */
	assert_int_equal(rig_count(&rig, COUNT_LOST), 2);
	assert_int_equal(rig_count(&rig, COUNT_LATE), 1);
	assert_int_equal(rig_count(&rig, COUNT_RESETS), 1);
	rig_close(&rig);
}

/* NX-OS 8.1.1 has 8 bytes for 21 and 22: of uptime, or of the time of day. QFX ends before it starts. */
static void
long_uptimes(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_v9(&dg, 1, 7);
	put_template(&dg, 0, 256, 22, 8, 21, 8);
	size_t set = put_set(&dg, 256);
	buf_be64(&dg, UPTIME_MS - 3000);
	buf_be64(&dg, UPTIME_MS - 1000);
	buf_be64(&dg, NOW_MS - 7000);
	buf_be64(&dg, NOW_MS - 6000);
	buf_be64(&dg, UPTIME_MS - 1000);
	buf_be64(&dg, UPTIME_MS - 3000);
	buf_be64(&dg, UINT64_MAX);
	buf_be64(&dg, UPTIME_MS - 3000);
	end_set(&dg, set);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 4);
	assert_field(&rig, timestamp_start, 0, EXPORT_S * 1000 - 3000);
	assert_field(&rig, timestamp_end, 0, EXPORT_S * 1000 - 1000);
	assert_field(&rig, timestamp_start, 1, NOW_MS - 7000);
	assert_field(&rig, timestamp_end, 1, NOW_MS - 6000);
	assert_field(&rig, timestamp_start, 2, EXPORT_S * 1000 - 3000);
	assert_field(&rig, timestamp_end, 2, EXPORT_S * 1000 - 3000);
	assert_field(&rig, timestamp_start, 3, EXPORT_S * 1000 - 3000);
	assert_int_equal(rig_count(&rig, COUNT_NEGATIVE), 1);
	rig_close(&rig);
}

/* Live, a time beyond reason is brought within it; replay keeps what it reads. */
static void
absurd_times(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	for (int live = 0; live < 2; live++) {
		rig_open(&rig, live);
		put_v9(&dg, 1, 7);
		put_template(&dg, 0, 256, 152, 8, 153, 8);
		size_t set = put_set(&dg, 256);
		buf_be64(&dg, 86400000);
		buf_be64(&dg, NOW_MS + 3600000);
		buf_be64(&dg, NOW_MS - 1000);
		buf_be64(&dg, NOW_MS - 2000);
		buf_be64(&dg, 0);
		buf_be64(&dg, UINT64_MAX);
		end_set(&dg, set);
		rig_feed(&rig, &dg);
		assert_int_equal(rig_look(&rig), 3);
		assert_field(&rig, timestamp_start, 0, live ? NOW_MS - 86400000 : 86400000);
		assert_field(&rig, timestamp_end, 0, live ? NOW_MS + 300000 : NOW_MS + 3600000);
		assert_field(&rig, timestamp_start, 1, NOW_MS - 2000);
		assert_field(&rig, timestamp_end, 1, NOW_MS - 2000);
		assert_field(&rig, timestamp_start, 2, NOW_MS);
		assert_field(&rig, timestamp_end, 2, NOW_MS);
		assert_int_equal(rig_count(&rig, COUNT_CLAMPED), live);
		assert_int_equal(rig_count(&rig, COUNT_NEGATIVE), 1);
		assert_int_equal(rig_count(&rig, COUNT_NO_TIME), 1);
		rig_close(&rig);
	}
}

static void
trust(void **state)
{
	struct rig rig;
	struct buf dg = {0};
	struct prefix allow;
	struct err e;

	(void)state;
	rig_open(&rig, true);
	assert_int_equal(prefix_parse(&allow, STR("192.0.2.0/24"), &e), 0);
	decoder_allow(rig.d, &allow, 1);
	put_template_and_flows(&dg, 1);
	rig_feed_from(&rig, "192.0.2.9", &dg);
	put_template_and_flows(&dg, 1);
	rig_feed_from(&rig, "2001:db8::9", &dg);
	assert_int_equal(rig_look(&rig), 2);
	assert_field(&rig, trusted, 0, 1);
	assert_field(&rig, trusted, 1, 0);
	decoder_allow(rig.d, NULL, 0);
	put_template_and_flows(&dg, 1);
	rig_feed_from(&rig, "2001:db8::9", &dg);
	assert_int_equal(rig_look(&rig), 1);
	assert_field(&rig, trusted, 0, 1);
	rig_close(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_flows),
	    cmocka_unit_test(uptime_wraps),
	    cmocka_unit_test(template_is_redefined),
	    cmocka_unit_test(templates_are_apart),
	    cmocka_unit_test(data_waits_for_template),
	    cmocka_unit_test(held_sets_are_bounded),
	    cmocka_unit_test(padding_is_no_flow),
	    cmocka_unit_test(zero_length),
	    cmocka_unit_test(cut_short),
	    cmocka_unit_test(sampling),
	    cmocka_unit_test(interface_names),
	    cmocka_unit_test(counters_are_not_added),
	    cmocka_unit_test(both_families),
	    cmocka_unit_test(firewall_events),
	    cmocka_unit_test(nat_events),
	    cmocka_unit_test(odd_fields),
	    cmocka_unit_test(datagrams_lost),
	    cmocka_unit_test(long_uptimes),
	    cmocka_unit_test(absurd_times),
	    cmocka_unit_test(trust),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
