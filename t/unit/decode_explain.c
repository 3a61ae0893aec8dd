/* What is odd about an exporter, told in words. */
#include "decode_rig.h"

#include "decode/explain.h"

static void
open_with_notes(struct rig *rig)
{
	rig_open(rig, false);
	decoder_free(rig->d);
	rig->d = decoder_new(
	    &(struct decoder_options){.rows = &rig->rows, .full = rig_full, .arg = rig, .notes = true});
}

/* The explanation, with every run of blanks as one, so that wrapped words are found. */
static const char *
explained(struct rig *rig)
{
	static char text[65536];
	struct buf out = {0};
	size_t n = 0;

	decoder_explain(rig->d, &out);
	assert_true(out.len < sizeof text);
	for (size_t i = 0; i < out.len; i++) {
		char c = out.p[i] == '\n' ? ' ' : (char)out.p[i];

		if (c != ' ' || n == 0 || text[n - 1] != ' ')
			text[n++] = c;
	}
	text[n] = '\0';
	buf_release(&out);
	return text;
}

static void
assert_says(struct rig *rig, const char *words)
{
	if (strstr(explained(rig), words) == NULL)
		fail_msg("'%s' is not in: %s", words, explained(rig));
}

static void
assert_silent(struct rig *rig, const char *words)
{
	if (strstr(explained(rig), words) != NULL)
		fail_msg("'%s' is in: %s", words, explained(rig));
}

static void
put_addr(struct buf *dg, uint16_t id)
{
	size_t set = put_set(dg, id);

	buf_be32(dg, 0x0a000001);
	end_set(dg, set);
}

/* A sound exporter: nothing is odd. */
static void
nothing(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	open_with_notes(&rig);
	put_v9(&dg, 1, 7);
	size_t set = put_set(&dg, 1);
	put16(&dg, 400, 4, 8, 1, 0, 48, 1, 50, 2);
	end_set(&dg, set);
	set = put_set(&dg, 400);
	buf_add(&dg, "\5\2\0", 3);
	end_set(&dg, set);
	put_template(&dg, 0, 256, 8, 4, 1, 4, 2, 4, 22, 4, 21, 4, 48, 1);
	set = put_set(&dg, 256);
	buf_be32(&dg, 1);
	buf_be64(&dg, 1);
	buf_be32(&dg, UPTIME_MS - 30000);
	buf_be32(&dg, UPTIME_MS - 1000);
	buf_putc(&dg, 5);
	end_set(&dg, set);
	rig_feed(&rig, &dg);
	assert_says(&rig, "exporter 192.0.2.1 came: 1 datagram, 1 flow, 1 options record, within 0.0 s");
	assert_says(&rig, "sampling: 1 in 512 for 1 flow by options sampler 5 is 1 in 512 by records");
	assert_says(&rig, "flows last up to 29.0 s: 0 s 0 to 1 s 0 to 10 s 0 to 1 min 1 ***");
	assert_says(&rig, "options template 400: 3 fields, 3 bytes, 1 record");
	assert_says(&rig,
	    "1 scope System 0 not used 48 samplerId 1 a sampler 50 samplerRandomInterval 2 the sampling");
	assert_says(&rig, "8 sourceIPv4Address 4 src_host 1 octetDeltaCount 4 bytes");
	assert_says(&rig, "odd: nothing");
	rig_close(&rig);
}

static void
templates(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	open_with_notes(&rig);
	for (uint16_t i = 0; i < 3; i++) {
		put_v9(&dg, i, 7);
		put_template(&dg, 0, 260, (uint16_t)(8 + 4 * (i % 2)), 4);
		put_addr(&dg, 300);
		put_addr(&dg, 999);
		rig_feed(&rig, &dg);
	}
	put_v9(&dg, 3, 7);
	put_template(&dg, 0, 300, 4, 1, 1, 3);
	put_addr(&dg, 300);
	rig_feed(&rig, &dg);
	assert_says(&rig, "template 260 was redefined 2 times");
	assert_says(&rig, "data came 3 times before their template 300, and were decoded when it came");
	assert_says(&rig, "template 999 never came, 3 sets of data wait for it");
	assert_says(&rig, "template 300 has no addresses");
	assert_says(&rig, "template 300 has no packets");
	rig_close(&rig);
}

static void
clocks(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	open_with_notes(&rig);
	rig.now_ms += 3 * 3600 * 1000;
	put_v9(&dg, 1, 7);
	rig_feed(&rig, &dg);
	assert_says(&rig, "received 3 h 0 min after the time of sending");
	assert_says(&rig, "its clock is 3 h 0 min behind");
	rig.now_ms -= 4 * 3600 * 1000;
	put_v9(&dg, 2, 7);
	rig_feed_from(&rig, "2001:db8::1", &dg);
	assert_says(&rig, "its clock is 59 min 59 s ahead");

	/* A delay now and then is none of the clock's. */
	rig_close(&rig);
	open_with_notes(&rig);
	put_v9(&dg, 1, 7);
	rig_feed(&rig, &dg);
	rig.now_ms += 300 * 1000;
	put_v9(&dg, 2, 7);
	rig_feed(&rig, &dg);
	assert_says(&rig, "received 1.0 s to 5 min 1 s after");
	assert_silent(&rig, "its clock is");
	rig_close(&rig);
}

/* 101 flows with these bounds, by the exporter's uptime before the export. */
static void
feed_lasting(struct rig *rig, uint32_t from_ms, uint32_t to_ms)
{
	struct buf dg = {0};

	put_v9(&dg, 1, 7);
	put_template(&dg, 0, 256, 8, 4, 22, 4, 21, 4);
	size_t set = put_set(&dg, 256);
	for (unsigned i = 0; i < 101; i++) {
		buf_be32(&dg, 0x0a000001);
		buf_be32(&dg, UPTIME_MS - from_ms);
		buf_be32(&dg, UPTIME_MS - to_ms);
	}
	end_set(&dg, set);
	rig_feed(rig, &dg);
}

static void
durations(void **state)
{
	struct rig rig;

	(void)state;
	open_with_notes(&rig);
	feed_lasting(&rig, 1000, 1000);
	assert_says(&rig, "no flow lasts longer than 0 s");
	feed_lasting(&rig, 60000, 1000);
	assert_silent(&rig, "no flow lasts longer");
	assert_silent(&rig, "active timeout");
	feed_lasting(&rig, UPTIME_MS / 2, 0);
	assert_says(&rig, "flows last up to 8 min 20 s: the active timeout is that long, or ignored");
	feed_lasting(&rig, 1000, 5000);
	assert_says(&rig, "flows that end before they start: 101");
	rig_close(&rig);
}

static void
sampling(void **state)
{
	struct rig rig;
	struct buf dg = {0};
	struct err e;

	(void)state;
	open_with_notes(&rig);
	put_v9(&dg, 1, 7);
	put_template(&dg, 0, 256, 8, 4, 34, 4);
	size_t set = put_set(&dg, 256);
	for (unsigned i = 0; i < 3; i++) {
		buf_be32(&dg, 0x0a000001);
		buf_be32(&dg, i < 2 ? 0xe8030000 : 0);
	}
	end_set(&dg, set);
	rig_feed(&rig, &dg);
	assert_says(&rig, "sampling: 1 in 1000 for 2 flows, unknown for 1 flow by records");
	assert_says(
	    &rig, "records in which element 34 looks byte-swapped (RouterOS before 7.10), turned round: 2");
	assert_says(&rig, "flows whose sampling rate is told by no record, option or header (if it samples");
	struct sampling_rule rule = {.rate = 50, .override = true};
	assert_int_equal(prefix_parse(&rule.exporters, STR("0.0.0.0/0"), &e), 0);
	decoder_sampling(rig.d, &rule, 1);
	assert_says(&rig, "the configuration overrides it by 1 in 50");
	rig_close(&rig);
}

/* Times that count from a start which nobody tells; losses; bad datagrams; who is not listed. */
static void
others(void **state)
{
	struct rig rig;
	struct buf dg = {0};
	struct prefix allow;
	struct err e;

	(void)state;
	open_with_notes(&rig);
	assert_int_equal(prefix_parse(&allow, STR("198.51.100.0/24"), &e), 0);
	decoder_allow(rig.d, &allow, 1);
	assert_string_equal(explained(&rig), "");
	put_ipfix(&dg, 0, 3);
	put_template(&dg, 2, 256, 8, 4, 22, 4, 21, 4);
	size_t set = put_set(&dg, 256);
	buf_be32(&dg, 1);
	buf_be64(&dg, 1);
	end_set(&dg, set);
	end_ipfix(&dg);
	rig_feed(&rig, &dg);
	put_ipfix(&dg, 11, 3);
	end_ipfix(&dg);
	rig_feed(&rig, &dg);
	put16(&dg, 99, 1);
	rig_feed(&rig, &dg);
	assert_says(&rig, "exporter 192.0.2.1 (not trusted)");
	assert_says(&rig, "it is not listed in collectors.netflow.config.allow");
	assert_says(&rig, "times of template 256 count from the exporter's start (21, 22), which neither");
	assert_says(&rig, "flows that tell no time, or an absurd one, and got that of receipt: 1");
	assert_says(&rig,
	    "lost by its sequence numbers (flows of v5, datagrams of v9 and sFlow, records of IPFIX): 10");
	assert_says(&rig, "datagrams of no version that is known: 1");
	rig_close(&rig);
}

/* Forged exporters with all the templates that there is room for: the text stays bounded. */
static void
bounded(void **state)
{
	struct rig rig;
	struct buf dg = {0}, out = {0};

	(void)state;
	open_with_notes(&rig);
	for (uint32_t x = 0; x < TEMPLATES_ALL_MAX / TEMPLATES_MAX; x++) {
		put_v9(&dg, 1, 7);
		for (uint16_t i = 0; i < TEMPLATES_MAX; i++)
			put_template(&dg, 0, 256 + i, 8, 4, 12, 4, 7, 2, 11, 2, 4, 1, 5, 1, 6, 1, 1, 4, 2, 4);
		struct datagram in = {addr_from_v4(0x0a000001 + x), NOW_MS, dg.p, dg.len};
		decoder_datagram(rig.d, &in);
		buf_release(&dg);
		dg = (struct buf){0};
	}
	decoder_explain(rig.d, &out);
	assert_true(out.len > EXPLAIN_BYTES && out.len < 2 * EXPLAIN_BYTES);
	const char *last = strstr(buf_cstr(&out), "\nand ");
	assert_non_null(last);
	assert_non_null(strstr(last, " more exporters\n"));
	buf_release(&out);
	rig_close(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing),
	    cmocka_unit_test(templates),
	    cmocka_unit_test(clocks),
	    cmocka_unit_test(durations),
	    cmocka_unit_test(sampling),
	    cmocka_unit_test(others),
	    cmocka_unit_test(bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
