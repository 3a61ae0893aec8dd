/* How templates come, change, expire and leave. */
#include "decode_rig.h"

static void
put_flow(struct buf *dg, uint16_t id, uint32_t src)
{
	size_t set = put_set(dg, id);

	buf_be32(dg, src);
	end_set(dg, set);
}

/* A flow before its template, several templates in one set, their data after it. */
static void
several_in_a_set(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	for (int version = 9; version <= 10; version++) {
		rig_open(&rig, true);
		if (version == 9)
			put_v9(&dg, 1, 7);
		else
			put_ipfix(&dg, 0, 7);
		put_flow(&dg, 257, 1);
		put_flow(&dg, 999, 2); /* of a template that never comes */
		size_t set = put_set(&dg, version == 9 ? 0 : 2);
		put16(&dg, 256, 1, 8, 4);
		put16(&dg, 257, 1, 12, 4);
		put16(&dg, 258, 2, 8, 2, 2, 2);
		end_set(&dg, set);
		put_flow(&dg, 258, 9);
		put_flow(&dg, 256, 3);
		if (version == 10)
			end_ipfix(&dg);
		rig_feed(&rig, &dg);
		assert_int_equal(rig_look(&rig), 3);
		assert_addr(&rig, dst_host, 0, "0.0.0.1");
		assert_field(&rig, packets, 1, 9);
		assert_addr(&rig, src_host, 2, "0.0.0.3");
		assert_int_equal(rig_count(&rig, COUNT_TEMPLATES), 3);
		assert_int_equal(rig_count(&rig, COUNT_NO_TEMPLATE), 2);
		assert_int_equal(rig_count(&rig, COUNT_RELEASED), 1);
		rig_close(&rig);
	}
}

/* The id of a data template comes to mean options, and the other way round. */
static void
kind_changes(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_ipfix(&dg, 0, 7);
	put_template(&dg, 2, 256, 8, 4);
	size_t set = put_set(&dg, 3);
	put16(&dg, 257, 2, 1, 149, 4, 34, 2);
	end_set(&dg, set);
	put_flow(&dg, 256, 1);
	set = put_set(&dg, 3);
	put16(&dg, 256, 2, 1, 149, 2, 34, 2);
	end_set(&dg, set);
	put_template(&dg, 2, 257, 8, 4);
	set = put_set(&dg, 256);
	put16(&dg, 7, 100);
	end_set(&dg, set);
	put_flow(&dg, 257, 2);
	end_ipfix(&dg);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 2);
	assert_absent(&rig, sampling_rate, 0);
	assert_field(&rig, sampling_rate, 1, 100);
	assert_int_equal(rig_count(&rig, COUNT_OPTIONS), 1);
	rig_close(&rig);
}

/* Withdrawn, its data wait; another kind's withdrawal, and that of an unknown one, cost nothing. */
static void
withdrawn(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_ipfix(&dg, 0, 7);
	put_template(&dg, 2, 256, 8, 4);
	size_t set = put_set(&dg, 3);
	put16(&dg, 256, 0, 3, 0); /* of options: this one, all */
	end_set(&dg, set);
	set = put_set(&dg, 2);
	put16(&dg, 300, 0);
	end_set(&dg, set);
	put_flow(&dg, 256, 1);
	set = put_set(&dg, 2);
	put16(&dg, 256, 0);
	end_set(&dg, set);
	put_flow(&dg, 256, 2);
	end_ipfix(&dg);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 1);
	assert_int_equal(rig_count(&rig, COUNT_WITHDRAWN), 1);
	assert_int_equal(rig_count(&rig, COUNT_HELD), 1);
	put_ipfix(&dg, 2, 7);
	put_template(&dg, 2, 256, 12, 4);
	end_ipfix(&dg);
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), 1);
	assert_addr(&rig, dst_host, 0, "0.0.0.2");
	rig_close(&rig);
}

/* RFC 7011 §8.4: an expired template's data are held back, and decoded when it is sent again. */
static void
expiry(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	for (int limited = 0; limited < 2; limited++) {
		rig_open(&rig, true);
		decoder_free(rig.d);
		rig.d = decoder_new(&(struct decoder_options){.rows = &rig.rows,
		    .full = rig_full,
		    .arg = &rig,
		    .live = true,
		    .template_lifetime_ms = limited ? 60000 : 0});
		put_v9(&dg, 1, 7);
		put_template(&dg, 0, 256, 8, 4);
		rig_feed(&rig, &dg);
		rig.now_ms += 50000;
		put_v9(&dg, 2, 7);
		put_template(&dg, 0, 256, 8, 4); /* the same again: it lives on */
		rig_feed(&rig, &dg);
		rig.now_ms += 60000;
		put_v9(&dg, 3, 7);
		put_flow(&dg, 256, 1);
		rig_feed(&rig, &dg);
		rig.now_ms++;
		put_v9(&dg, 4, 7);
		put_flow(&dg, 256, 2);
		put_flow(&dg, 256, 3);
		rig_feed(&rig, &dg);
		assert_int_equal(rig_look(&rig), limited ? 1 : 3);
		assert_int_equal(rig_count(&rig, COUNT_EXPIRED), limited);
		put_v9(&dg, 5, 7);
		put_template(&dg, 0, 256, 8, 4);
		put_flow(&dg, 256, 4);
		rig_feed(&rig, &dg);
		assert_int_equal(rig_look(&rig), limited ? 3 : 1);
		assert_int_equal(rig_count(&rig, COUNT_RELEASED), 2 * limited);
		assert_int_equal(rig_count(&rig, COUNT_HELD_LOST), 0);
		rig_close(&rig);
	}
}

/* Templates 256 and up, as many as an exporter may have. */
static void
fill_templates(struct rig *rig, uint32_t exporter)
{
	struct buf dg = {0};

	put_v9(&dg, 1, 7);
	for (unsigned i = 0; i < TEMPLATES_MAX; i++)
		put_template(&dg, 0, (uint16_t)(256 + i), 8, 4);
	struct datagram in = {addr_from_v4(exporter), rig->now_ms, dg.p, dg.len};
	decoder_datagram(rig->d, &in);
	buf_release(&dg);
}

/*
 * Forged addresses take all the room for templates. Who has his keeps it and may
 * change it; who is trusted gets in, and others when somebody has fallen silent.
 */
static void
cap_in_all(void **state)
{
	enum { FORGED = 0x0a000001, N = TEMPLATES_ALL_MAX / TEMPLATES_MAX };
	struct rig rig;
	struct buf dg = {0};
	struct decoder_gauges g;
	struct prefix allow;
	struct err e;

	(void)state;
	rig_open(&rig, true);
	assert_int_equal(prefix_parse(&allow, STR("192.0.2.0/24"), &e), 0);
	decoder_allow(rig.d, &allow, 1);
	for (uint32_t i = 0; i < N; i++)
		fill_templates(&rig, FORGED + i);
	decoder_gauges(rig.d, &g);
	assert_int_equal(g.templates, TEMPLATES_ALL_MAX);
	put_v9(&dg, 1, 7);
	put_template(&dg, 0, 256, 12, 4);
	put_flow(&dg, 256, 1);
	rig_feed_from(&rig, "198.51.100.1", &dg);
	assert_int_equal(rig_look(&rig), 0);
	assert_int_equal(rig_count(&rig, COUNT_CAP_TEMPLATES), 1);
	put_v9(&dg, 2, 7);
	put_template(&dg, 0, 256, 12, 4);
	put_flow(&dg, 256, 1);
	rig_feed_from(&rig, "10.0.0.1", &dg); /* one of theirs changes */
	assert_int_equal(rig_look(&rig), 1);
	assert_int_equal(rig_count(&rig, COUNT_CAP_TEMPLATES), 1);

	put_v9(&dg, 1, 7);
	put_template(&dg, 0, 256, 12, 4);
	put_flow(&dg, 256, 1);
	rig_feed_from(&rig, "192.0.2.1", &dg);
	assert_int_equal(rig_look(&rig), 1);
	decoder_gauges(rig.d, &g);
	assert_int_equal(g.exporters_dropped, 1);
	assert_true(g.templates <= TEMPLATES_ALL_MAX);
	fill_templates(&rig, FORGED + N);

	rig.now_ms += EXPORTER_IDLE_MS + 1000;
	put_v9(&dg, 2, 7);
	put_template(&dg, 0, 256, 12, 4);
	put_flow(&dg, 256, 1);
	rig_feed_from(&rig, "198.51.100.1", &dg);
	assert_true(rig_look(&rig) >= 1);
	decoder_gauges(rig.d, &g);
	assert_true(g.exporters_dropped > 1);
	rig_close(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(several_in_a_set),
	    cmocka_unit_test(kind_changes),
	    cmocka_unit_test(withdrawn),
	    cmocka_unit_test(expiry),
	    cmocka_unit_test(cap_in_all),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
