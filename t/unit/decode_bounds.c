/* The fixed formats, and what bounds the decoder's memory. */
#include "decode_rig.h"

static void
put_v5(struct buf *dg, uint32_t sequence, unsigned flows, unsigned said)
{
	put16(dg, 5, (uint16_t)said);
	buf_be32(dg, UPTIME_MS);
	buf_be32(dg, EXPORT_S);
	buf_be32(dg, 250000000);
	buf_be32(dg, sequence);
	put16(dg, 0x0102, 0x4000 | 100);
	for (unsigned i = 0; i < flows; i++) {
		buf_be32(dg, 0x0a000001);
		buf_be32(dg, 0x0a000002);
		buf_be32(dg, 0x0a0000fe);
		put16(dg, 3, 4);
		buf_be32(dg, 7);
		buf_be32(dg, 700);
		buf_be32(dg, UPTIME_MS - 250);
		buf_be32(dg, UPTIME_MS - 50);
		put16(dg, 0, 0x0301);
		buf_add(dg, "\0\x1b\x01\x08", 4);
		put16(dg, 64500, 64501, 0x1810, 0);
	}
}

static void
v5(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_v5(&dg, 0, 2, 2);
	rig_feed(&rig, &dg);
	put_v5(&dg, 5, 1, 30);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_count(&rig, COUNT_LOST), 3);
	assert_int_equal(rig_count(&rig, COUNT_TRUNCATED), 1);
	assert_int_equal(rig_look(&rig), 3);
	assert_str(&rig, flow_type, 0, "netflow5");
	assert_addr(&rig, next_hop, 2, "10.0.0.254");
	assert_field(&rig, input_interface, 2, 3);
	assert_field(&rig, output_interface, 2, 4);
	assert_field(&rig, packets, 2, 7);
	assert_field(&rig, bytes, 2, 700);
	assert_field(&rig, timestamp_start, 2, EXPORT_S * 1000);
	assert_field(&rig, timestamp_end, 2, EXPORT_S * 1000 + 200);
	assert_field(&rig, icmp_type, 2, 0x0301);
	assert_field(&rig, tcpflags, 2, 0x1b);
	assert_field(&rig, tos, 2, 8);
	assert_field(&rig, src_as, 2, 64500);
	assert_field(&rig, dst_as, 2, 64501);
	assert_field(&rig, src_mask, 2, 24);
	assert_field(&rig, dst_mask, 2, 16);
	assert_field(&rig, sampling_rate, 2, 100);
	assert_absent(&rig, observation_domain, 2);
	rig_close(&rig);
}

static void
v1_and_v7(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	for (uint16_t version = 1; version <= 7; version = (uint16_t)(version + 6)) {
		put16(&dg, version, 1);
		buf_be32(&dg, UPTIME_MS);
		buf_be32(&dg, EXPORT_S);
		buf_be32(&dg, 0);
		if (version == 7)
			buf_be64(&dg, 0);
		buf_be32(&dg, 0x0a000001);
		buf_be32(&dg, 0x0a000002);
		buf_be32(&dg, 0);
		put16(&dg, 3, 4);
		buf_be32(&dg, 7);
		buf_be32(&dg, 700);
		buf_be32(&dg, UPTIME_MS - 250);
		buf_be32(&dg, UPTIME_MS - 50);
		put16(&dg, 1000, 80);
		if (version == 1)
			buf_add(&dg, "\0\0\x06\x08\x12\0\0\0\0\0\0\0", 12);
		else
			buf_add(&dg, "\0\x12\x06\x08\0\x01\0\x02\x18\x10\0\0\xc0\0\x02\x01", 16);
	}
	struct buf first = {0};
	buf_add(&first, dg.p, 16 + 48);
	rig_feed(&rig, &first);
	buf_consume(&dg, 16 + 48);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 2);
	assert_str(&rig, flow_type, 0, "netflow1");
	assert_str(&rig, flow_type, 1, "netflow7");
	for (uint32_t i = 0; i < 2; i++) {
		assert_field(&rig, proto, i, 6);
		assert_field(&rig, tos, i, 8);
		assert_field(&rig, tcpflags, i, 0x12);
		assert_field(&rig, dst_port, i, 80);
	}
	assert_field(&rig, src_as, 1, 1);
	rig_close(&rig);
}

static void
not_ours(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put16(&dg, 6, 1, 2, 3);
	rig_feed(&rig, &dg);
	buf_putc(&dg, 5);
	rig_feed(&rig, &dg);
	put16(&dg, 10, 3, 0, 0, 0, 0, 0, 0);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 0);
	assert_int_equal(rig_count(&rig, COUNT_BAD_VERSION), 1);
	assert_int_equal(rig_count(&rig, COUNT_BAD_HEADER), 2);
	rig_close(&rig);
}

/* The batch fills within a datagram: nothing is lost. */
static void
full_builder(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	for (unsigned i = 0; i < 1000; i++) {
		put_v5(&dg, i * 30, 30, 30);
		rig_feed(&rig, &dg);
	}
	assert_int_equal(rig.given + rig.rows.rows, 30000);
	assert_int_equal(rig_count(&rig, COUNT_FLOWS), 30000);
	assert_true(rig.given > 0);
	rig_close(&rig);
}

/* An exporter's templates are bounded, and the least recently used makes room. */
static void
template_bomb(void **state)
{
	struct rig rig;
	struct buf dg = {0};
	struct decoder_gauges g;

	(void)state;
	rig_open(&rig, true);
	for (unsigned id = 256; id < 256 + TEMPLATES_MAX + 100; id++) {
		put_v9(&dg, id, 7);
		put_template(&dg, 0, (uint16_t)id, 8, 4);
		size_t set = put_set(&dg, 256); /* in use all along */
		buf_be32(&dg, 1);
		end_set(&dg, set);
		rig_feed(&rig, &dg);
	}
	decoder_gauges(rig.d, &g);
	assert_int_equal(g.templates, TEMPLATES_MAX);
	assert_int_equal(rig_count(&rig, COUNT_CAP_TEMPLATES), 100);
	assert_int_equal(rig_count(&rig, COUNT_FLOWS), TEMPLATES_MAX + 100);
	assert_int_equal(rig_count(&rig, COUNT_NO_TEMPLATE), 0);

	/* More fields than a template may have: skipped, and the next is read. */
	put_v9(&dg, 1, 8);
	size_t set = put_set(&dg, 0);
	put16(&dg, 300, 300);
	for (int i = 0; i < 300; i++)
		put16(&dg, 8, 4);
	put16(&dg, 301, 2, 8, 40000, 12, 40000);
	put16(&dg, 302, 1, 8, 4);
	end_set(&dg, set);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_count(&rig, COUNT_BAD_TEMPLATE), 1);
	assert_int_equal(rig_count(&rig, COUNT_TEMPLATES), TEMPLATES_MAX + 101);
	rig_close(&rig);
}

/* Forged addresses fill the table: who is at work stays, and the trusted always get in. */
static void
exporter_flood(void **state)
{
	struct rig rig;
	struct prefix allow;
	struct decoder_gauges g;
	struct err e;

	(void)state;
	rig_open(&rig, true);
	assert_int_equal(prefix_parse(&allow, STR("192.0.2.0/24"), &e), 0);
	decoder_allow(rig.d, &allow, 1);
	for (uint32_t i = 0; i < EXPORTERS_MAX + 1000; i++) {
		struct buf dg = {0};

		put_v5(&dg, 0, 1, 1);
		struct datagram in = {
		    addr_from_v4(0x0b000000 + i), NOW_MS + (i >= EXPORTERS_MAX) * 1000, dg.p, dg.len};
		decoder_datagram(rig.d, &in);
		buf_release(&dg);
	}
	decoder_gauges(rig.d, &g);
	assert_int_equal(g.exporters, EXPORTERS_MAX);
	assert_int_equal(g.exporters_refused, 1000);
	assert_int_equal(g.exporters_dropped, 0);
	struct buf dg = {0};
	put_v5(&dg, 0, 1, 1);
	rig_feed(&rig, &dg);
	decoder_gauges(rig.d, &g);
	assert_int_equal(g.exporters, EXPORTERS_MAX);
	assert_int_equal(g.exporters_dropped, 1);
	assert_int_equal(rig_count(&rig, COUNT_FLOWS), EXPORTERS_MAX + 1);

	/* After a minute of silence they make room for anybody. */
	put_v5(&dg, 0, 1, 1);
	struct datagram in = {addr_from_v4(0x0c000000), NOW_MS + 2 * EXPORTER_IDLE_MS, dg.p, dg.len};
	decoder_datagram(rig.d, &in);
	buf_release(&dg);
	decoder_gauges(rig.d, &g);
	assert_int_equal(g.exporters_dropped, 2);
	rig_close(&rig);
}

static void
domains_and_names(void **state)
{
	struct rig rig;
	struct buf dg = {0};
	struct decoder_gauges g;

	(void)state;
	rig_open(&rig, true);
	for (uint32_t i = 0; i < DOMAINS_MAX + 5; i++) {
		put_v9(&dg, 1, i);
		rig_feed(&rig, &dg);
	}
	assert_int_equal(rig_count(&rig, COUNT_CAP_DOMAINS), 5);
	put_v9(&dg, 2, 0);
	size_t set = put_set(&dg, 1);
	put16(&dg, 400, 4, 4, 2, 4, 82, 1);
	end_set(&dg, set);
	rig_feed(&rig, &dg);
	for (uint32_t i = 0; i < NAMES_MAX + 100; i += 100) {
		put_v9(&dg, 3, 0);
		set = put_set(&dg, 400);
		for (uint32_t k = 0; k < 100; k++) {
			buf_be32(&dg, i + k);
			buf_putc(&dg, 'x');
		}
		end_set(&dg, set);
		rig_feed(&rig, &dg);
	}
	decoder_gauges(rig.d, &g);
	assert_int_equal(g.names, NAMES_MAX);
	assert_true(rig_count(&rig, COUNT_CAP_NAMES) > 0);
	rig_close(&rig);
}

static bool
first_only(void *arg, const struct exporter_view *v)
{
	char text[ADDR_TEXT_MAX];

	assert_string_equal(addr_text(text, v->addr), "192.0.2.2");
	assert_int_equal(v->counts[COUNT_FLOWS], 1);
	++*(int *)arg;
	return false;
}

static void
exporters_in_order(void **state)
{
	struct rig rig;
	struct buf dg = {0};
	int calls = 0;

	(void)state;
	rig_open(&rig, true);
	put_v5(&dg, 0, 2, 2);
	rig_feed(&rig, &dg);
	put_v5(&dg, 0, 1, 1);
	rig_feed_from(&rig, "192.0.2.2", &dg);
	decoder_exporters(rig.d, first_only, &calls);
	assert_int_equal(calls, 1);
	rig_close(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(v5),
	    cmocka_unit_test(v1_and_v7),
	    cmocka_unit_test(not_ours),
	    cmocka_unit_test(full_builder),
	    cmocka_unit_test(template_bomb),
	    cmocka_unit_test(exporter_flood),
	    cmocka_unit_test(domains_and_names),
	    cmocka_unit_test(exporters_in_order),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
