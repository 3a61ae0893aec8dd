/* What the decoder learned, over a restart. */
#include <stdio.h>

#include "decode_rig.h"

#include "base/hash.h"
#include "decode/keep.h"

/* Templates of data and options, a sampler, an interface's name, a start time. */
static void
teach(struct rig *rig, const char *exporter)
{
	struct buf dg = {0};

	put_v9(&dg, 1, 7);
	size_t set = put_set(&dg, 1);
	put16(&dg, 400, 4, 8, 1, 4, 48, 1, 50, 2);
	put16(&dg, 401, 4, 4, 2, 4, 82, 4);
	end_set(&dg, set);
	set = put_set(&dg, 400);
	buf_be32(&dg, 0);
	buf_putc(&dg, 5);
	put16(&dg, 512);
	end_set(&dg, set);
	set = put_set(&dg, 401);
	buf_be32(&dg, 17);
	buf_add(&dg, "ge-0", 4);
	end_set(&dg, set);
	put_template(&dg, 0, 256, 8, 4, 48, 1, 10, 4);
	rig_feed_from(rig, exporter, &dg);
	put_ipfix(&dg, 0, 3);
	put_template(&dg, 2, 256, 22, 4, 21, 4);
	set = put_set(&dg, 3);
	put16(&dg, 258, 2, 1, 149, 4, 160, 8);
	end_set(&dg, set);
	set = put_set(&dg, 258);
	buf_be32(&dg, 3);
	buf_be64(&dg, NOW_MS - 100000);
	end_set(&dg, set);
	end_ipfix(&dg);
	rig_feed_from(rig, exporter, &dg);
}

/* Data alone. */
static void
ask(struct rig *rig, const char *exporter)
{
	struct buf dg = {0};

	put_v9(&dg, 9, 7);
	size_t set = put_set(&dg, 256);
	buf_be32(&dg, 0x0a000001);
	buf_putc(&dg, 5);
	buf_be32(&dg, 17);
	end_set(&dg, set);
	rig_feed_from(rig, exporter, &dg);
	put_ipfix(&dg, 9, 3);
	set = put_set(&dg, 256);
	buf_be32(&dg, 5000);
	buf_be32(&dg, 6000);
	end_set(&dg, set);
	end_ipfix(&dg);
	rig_feed_from(rig, exporter, &dg);
}

static struct buf
taught(void)
{
	struct rig rig;
	struct buf file = {0};

	rig_open(&rig, true);
	teach(&rig, "192.0.2.1");
	teach(&rig, "2001:db8::1");
	decoder_save(rig.d, &file);
	rig_close(&rig);
	return file;
}

static void
restart(void **state)
{
	struct rig rig;
	struct buf file = taught(), again = {0};
	struct decoder_gauges g;
	struct err e;

	(void)state;
	rig_open(&rig, true);
	assert_int_equal(decoder_restore(rig.d, file.p, file.len, NOW_MS + 5000, 0, &e), 0);
	ask(&rig, "192.0.2.1");
	ask(&rig, "2001:db8::1");
	assert_int_equal(rig_look(&rig), 4);
	for (uint32_t row = 0; row < 4; row += 2) {
		assert_addr(&rig, src_host, row, "10.0.0.1");
		assert_field(&rig, sampling_rate, row, 512);
		assert_str(&rig, input_interface_name, row, "ge-0");
		assert_field(&rig, timestamp_start, row + 1, NOW_MS - 95000);
	}
	assert_int_equal(rig_count(&rig, COUNT_NO_TEMPLATE), 0);
	decoder_gauges(rig.d, &g);
	assert_int_equal(g.exporters, 2);
	assert_int_equal(g.templates, 10);
	assert_int_equal(g.names, 2);
	decoder_save(rig.d, &again);
	assert_int_equal(again.len, file.len);
	buf_release(&again);
	buf_release(&file);
	rig_close(&rig);
}

/* Who was silent for too long may have changed meanwhile. */
static void
too_old(void **state)
{
	struct rig rig;
	struct buf file = taught();
	struct decoder_gauges g;
	struct err e;

	(void)state;
	rig_open(&rig, true);
	assert_int_equal(decoder_restore(rig.d, file.p, file.len, NOW_MS + 5000, NOW_MS + 1, &e), 0);
	decoder_gauges(rig.d, &g);
	assert_int_equal(g.exporters, 0);
	assert_int_equal(decoder_restore(rig.d, file.p, file.len, NOW_MS + 5000, NOW_MS, &e), 0);
	decoder_gauges(rig.d, &g);
	assert_int_equal(g.exporters, 2);
	buf_release(&file);
	rig_close(&rig);
}

/* Workers have a part each. An exporter may stand in several: the one that heard it last is right. */
static void
many_parts(void **state)
{
	struct rig rig;
	struct buf file = taught(), dg = {0};
	struct decoder_gauges g;
	struct err e;

	(void)state;
	for (int later = 0; later < 2; later++) {
		struct buf both = {0};

		rig_open(&rig, true);
		rig.now_ms += later ? 5000 : -5000;
		put_v9(&dg, 1, 7);
		put_template(&dg, 0, 256, 12, 4);
		rig_feed(&rig, &dg);
		buf_add(&both, file.p, file.len);
		decoder_save(rig.d, &both);
		rig_close(&rig);
		rig_open(&rig, true);
		assert_int_equal(decoder_restore(rig.d, both.p, both.len, NOW_MS + 9000, 0, &e), 0);
		decoder_gauges(rig.d, &g);
		assert_int_equal(g.exporters, 2);
		assert_int_equal(g.templates, later ? 5 + 1 : 5 + 5);
		ask(&rig, "2001:db8::1");
		assert_int_equal(rig_look(&rig), 2);
		both.p[file.len + 10] ^= 1;
		assert_int_equal(decoder_restore(rig.d, both.p, both.len, NOW_MS + 9000, 0, &e), -1);
		buf_release(&both);
		rig_close(&rig);
	}
	buf_release(&file);
}

/* Only what is worth writing counts as a change. */
static void
changes(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig, true);
	assert_int_equal(decoder_changes(rig.d), 0);
	teach(&rig, "192.0.2.1");
	uint64_t once = decoder_changes(rig.d);
	assert_true(once > 0);
	teach(&rig, "192.0.2.1");
	ask(&rig, "192.0.2.1");
	assert_int_equal(decoder_changes(rig.d), once);
	teach(&rig, "192.0.2.2");
	assert_true(decoder_changes(rig.d) > once);
	rig_close(&rig);
}

static void
assert_refused(const void *p, size_t len, const char *words)
{
	struct rig rig;
	struct decoder_gauges g;
	struct err e = {""};

	rig_open(&rig, true);
	assert_int_equal(decoder_restore(rig.d, p, len, NOW_MS, 0, &e), -1);
	if (strstr(e.msg, words) == NULL)
		fail_msg("'%s' is not in '%s'", words, e.msg);
	decoder_gauges(rig.d, &g);
	assert_int_equal(g.exporters, 0);
	rig_close(&rig);
}

/* Every way to be no whole file of ours: named, and nothing is taken. */
static void
damage(void **state)
{
	struct buf file = taught();
	char words[64];

	(void)state;
	assert_refused("", 0, "at byte 0: no templates of ours");
	assert_refused("collectors: {}\n", 15, "at byte 0: no templates of ours");
	for (size_t len = 4; len < file.len; len += 7) {
		snprintf(words, sizeof words, "cut short at byte %zu", len);
		assert_refused(file.p, len, words);
	}
	for (size_t at = 28; at < file.len; at += 5) {
		file.p[at] ^= 0x40;
		assert_refused(file.p, file.len, "their checksum differs");
		file.p[at] ^= 0x40;
	}
	file.p[7] = 9;
	assert_refused(file.p, file.len, "format 9, not 1");
	file.p[7] = 1;
	buf_putc(&file, 'x');
	snprintf(words, sizeof words, "at byte %zu: no templates of ours", file.len - 1);
	assert_refused(file.p, file.len, words);
	/* A checksum that holds, over what makes no sense: one exporter more than there is. */
	file.len--;
	file.p[11]++;
	snprintf(words, sizeof words, "damaged at byte %zu", file.len);
	assert_refused(file.p, file.len, words);
	buf_release(&file);
}

/* A file with a sound checksum that holds more than any exporter may have: the caps are those of datagrams. */
static void
caps_hold(void **state)
{
	enum { TOO_MANY = 2000, TOO_MANY_NAMES = NAMES_MAX + 500 };
	struct rig rig;
	struct buf rest = {0}, file = {0};
	struct addr a = addr_from_v4(0xc0000201);
	struct decoder_gauges g;
	struct err e;

	(void)state;
	buf_add(&rest, a.b, sizeof a.b);
	buf_be64(&rest, UINT64_MAX); /* heard */
	buf_be64(&rest, UINT64_MAX); /* started */
	buf_be32(&rest, 7);
	buf_be32(&rest, TOO_MANY);
	buf_be32(&rest, TOO_MANY);
	buf_be32(&rest, TOO_MANY_NAMES);
	buf_be32(&rest, TOO_MANY);
	for (uint32_t i = 0; i < TOO_MANY; i++) {
		buf_be32(&rest, 9);
		buf_be32(&rest, i);
		buf_be64(&rest, 0);
		buf_be64(&rest, 0);
	}
	for (uint32_t i = 0; i < TOO_MANY; i++) {
		buf_be64(&rest, i);
		buf_be64(&rest, 0);
		buf_be32(&rest, 100);
	}
	for (uint32_t i = 0; i < TOO_MANY_NAMES; i++) {
		buf_be64(&rest, i);
		buf_add(&rest, "\0\2ge", 4);
	}
	for (uint32_t i = 0; i < TOO_MANY; i++) {
		buf_be32(&rest, 10);
		buf_be32(&rest, 0);
		buf_be64(&rest, UINT64_MAX);
		put16(&rest, (uint16_t)(256 + i), 0, 0, 1, 0, 0, 8, i % 2 == 0 ? 4 : 65000);
	}
	buf_puts(&file, "NFTS");
	buf_be32(&file, 1);
	buf_be32(&file, 1);
	buf_be64(&file, rest.len);
	buf_be64(&file, hash64(rest.p, rest.len));
	buf_add(&file, rest.p, rest.len);
	rig_open(&rig, true);
	if (decoder_restore(rig.d, file.p, file.len, NOW_MS, 0, &e) != 0)
		fail_msg("%s", e.msg);
	decoder_gauges(rig.d, &g);
	assert_int_equal(g.exporters, 1);
	assert_int_equal(g.domains, DOMAINS_MAX);
	assert_int_equal(g.samplers, SAMPLERS_MAX);
	assert_int_equal(g.names, NAMES_MAX);
	assert_true(g.templates <= TEMPLATES_MAX);
	buf_release(&rest);
	buf_release(&file);
	rig_close(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(restart),
	    cmocka_unit_test(too_old),
	    cmocka_unit_test(many_parts),
	    cmocka_unit_test(changes),
	    cmocka_unit_test(damage),
	    cmocka_unit_test(caps_hold),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
