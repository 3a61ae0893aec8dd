/* Sampling rates from every place where exporters are known to put them, and by rules. */
#include "decode_rig.h"

enum { V9 = 9, IPFIX = 10, SYSTEM = 1 };

static void
begin(struct buf *dg, int version, uint32_t domain)
{
	if (version == V9)
		put_v9(dg, 1, domain);
	else
		put_ipfix(dg, 0, domain);
}

static void
feed(struct rig *rig, struct buf *dg)
{
	if (dg->p[1] == IPFIX)
		end_ipfix(dg);
	rig_feed(rig, dg);
}

/* A set of options templates of one: v9 with an empty scope of the system, IPFIX with the first field for a scope. */
#define put_options(dg, version, id, ...)                                              \
	do {                                                                           \
		const uint16_t o_[] = {__VA_ARGS__};                                   \
		size_t set_ = put_set(dg, (version) == V9 ? 1 : 3);                    \
		if ((version) == V9)                                                   \
			put16(dg, id, 4, (uint16_t)sizeof o_, SYSTEM, 0, __VA_ARGS__); \
		else                                                                   \
			put16(dg, id, sizeof o_ / 4, 1, __VA_ARGS__);                  \
		end_set(dg, set_);                                                     \
	} while (0)

/* A set of template `id` with `len` bytes of content. */
static void
put_data(struct buf *dg, uint16_t id, const void *p, size_t len)
{
	size_t set = put_set(dg, id);

	buf_add(dg, p, len);
	end_set(dg, set);
}

#define DATA(dg, id, literal) put_data(dg, id, literal, sizeof(literal) - 1)

/* The rates of the flows since the last look, 0 for those that have none. */
#define assert_rates(rig, ...)                                                       \
	do {                                                                         \
		const uint32_t want_[] = {__VA_ARGS__};                              \
		assert_int_equal(rig_look(rig), sizeof want_ / sizeof want_[0]);     \
		for (uint32_t i_ = 0; i_ < sizeof want_ / sizeof want_[0]; i_++)     \
			assert_int_equal(rig_has(rig, FIELD_sampling_rate, i_)       \
					     ? rig_u64(rig, FIELD_sampling_rate, i_) \
					     : 0,                                    \
			    want_[i_]);                                              \
	} while (0)

/* One flow of a record of one address, whose template tells nothing of sampling. */
static void
put_plain(struct buf *dg, int version)
{
	put_template(dg, version == V9 ? 0 : 2, 300, 8, 4);
	DATA(dg, 300, "\x0a\0\0\1");
}

/* 34 and 35 by options of the whole exporter; ASR1000 has 2 bytes for the interval. */
static void
options_of_the_system(void **state)
{
	(void)state;
	for (int version = V9; version <= IPFIX; version++) {
		struct rig rig;
		struct buf dg = {0};

		rig_open(&rig, true);
		begin(&dg, version, 7);
		put_plain(&dg, version);
		put_options(&dg, version, 400, 149, 4, 34, 4, 35, 1);
		DATA(&dg, 400, "\0\0\0\7\0\0\x03\xe8\2");
		DATA(&dg, 300, "\x0a\0\0\1");
		feed(&rig, &dg);
		begin(&dg, version, 8);
		put_options(&dg, version, 401, 35, 1, 34, 2);
		DATA(&dg, 401, "\2\x02\0");
		put_plain(&dg, version);
		feed(&rig, &dg);
		assert_rates(&rig, 0, 1000, 512);
		rig_close(&rig);
	}
}

/* NCS55 and others: flows name a sampler, options tell its rate (48, 49, 50); IOS-XR has ids of 16 bits. */
static void
samplers(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_v9(&dg, 1, 7);
	put_options(&dg, V9, 400, 48, 4, 84, 2, 49, 1, 50, 4);
	DATA(&dg, 400,
	    "\0\0\1\1ab\2\0\0\x10\0"
	    "\0\0\1\2cd\2\0\0\x03\xe8");
	put_template(&dg, 0, 256, 8, 4, 48, 2);
	DATA(&dg, 256,
	    "\x0a\0\0\1\1\1"
	    "\x0a\0\0\1\1\2"
	    "\x0a\0\0\1\1\1");
	rig_feed(&rig, &dg);
	assert_rates(&rig, 4096, 1000, 4096);

	/* The same ids elsewhere are other samplers. */
	put_v9(&dg, 1, 8);
	put_options(&dg, V9, 400, 48, 4, 84, 2, 49, 1, 50, 4);
	DATA(&dg, 400, "\0\0\1\1ab\2\0\0\0\x40");
	put_template(&dg, 0, 256, 8, 4, 48, 2);
	DATA(&dg, 256, "\x0a\0\0\1\1\1");
	rig_feed(&rig, &dg);
	put_v9(&dg, 2, 7);
	DATA(&dg, 256, "\x0a\0\0\1\1\1");
	rig_feed(&rig, &dg);
	assert_rates(&rig, 64, 4096);
	rig_close(&rig);
}

/* C9300: options in one source id, flows in another. */
static void
another_domain(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_v9(&dg, 1, 0);
	put_options(&dg, V9, 400, 48, 1, 49, 1, 50, 2);
	DATA(&dg, 400, "\1\2\x04\0");
	rig_feed(&rig, &dg);
	put_v9(&dg, 1, 256);
	put_template(&dg, 0, 256, 8, 4, 48, 1);
	DATA(&dg, 256, "\x0a\0\0\1\1");
	put_plain(&dg, V9);
	rig_feed(&rig, &dg);
	assert_rates(&rig, 1024, 1024);
	rig_close(&rig);
}

/* C7600: flows name sampler 0, which is the last that was told of. */
static void
sampler_zero(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_v9(&dg, 1, 7);
	put_options(&dg, V9, 400, 48, 1, 50, 4);
	DATA(&dg, 400,
	    "\1\0\0\0\x64"
	    "\2\0\0\0\x80");
	put_template(&dg, 0, 256, 8, 4, 48, 1);
	DATA(&dg, 256, "\x0a\0\0\1\0");
	rig_feed(&rig, &dg);
	assert_rates(&rig, 128);
	rig_close(&rig);
}

/* PTX tells of a second sampler with interval 0, ASR9010 of one without any: neither changes what is known. */
static void
no_rate(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_ipfix(&dg, 0, 7);
	put_options(&dg, IPFIX, 400, 302, 4, 34, 4);
	DATA(&dg, 400,
	    "\0\0\0\1\0\0\x07\xd0"
	    "\0\0\0\2\0\0\0\0"
	    "\0\0\0\1\0\0\0\0");
	put_template(&dg, 2, 256, 8, 4, 302, 4);
	DATA(&dg, 256,
	    "\x0a\0\0\1\0\0\0\1"
	    "\x0a\0\0\1\0\0\0\2");
	feed(&rig, &dg);
	assert_rates(&rig, 2000, 2000);

	put_v9(&dg, 1, 7);
	put_options(&dg, V9, 400, 48, 4, 84, 2);
	DATA(&dg, 400, "\0\0\0\5ab");
	put_template(&dg, 0, 256, 8, 4, 48, 1, 2, 4);
	DATA(&dg, 256, "\x0a\0\0\1\5\0\0\0\x09");
	rig_feed_from(&rig, "192.0.2.9", &dg);
	assert_rates(&rig, 0);
	assert_field(&rig, packets, 0, 9);
	assert_int_equal(rig_count(&rig, COUNT_NO_SAMPLER), 2);
	rig_close(&rig);
}

/* RFC 5477: Nokia has 305 = 1 and 306 = N - 1; n out of N; a probability; with the algorithm (304) beside it. */
static void
selectors(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_ipfix(&dg, 0, 7);
	put_options(&dg, IPFIX, 400, 302, 1, 304, 2, 305, 4, 306, 4);
	put_options(&dg, IPFIX, 401, 302, 1, 304, 2, 309, 4, 310, 4);
	put_options(&dg, IPFIX, 402, 302, 1, 304, 2, 311, 8);
	DATA(&dg, 400,
	    "\1\0\1\0\0\0\1\0\0\x03\xe7"
	    "\2\0\1\0\0\0\2\0\0\0\x62");
	DATA(&dg, 401, "\3\0\3\0\0\0\2\0\0\0\x80");
	DATA(&dg, 402, "\4\0\4\x3f\xd0\0\0\0\0\0\0");
	put_template(&dg, 2, 256, 8, 4, 302, 1);
	DATA(&dg, 256,
	    "\x0a\0\0\1\1"
	    "\x0a\0\0\1\2"
	    "\x0a\0\0\1\3"
	    "\x0a\0\0\1\4");
	put_template(&dg, 2, 257, 8, 4, 305, 4, 306, 4); /* in the record itself */
	DATA(&dg, 257,
	    "\x0a\0\0\1\0\0\0\1\0\0\0\x63"
	    "\x0a\0\0\1\0\0\0\1\0\0\0\0"
	    "\x0a\0\0\1\0\0\0\0\0\0\0\x63");
	feed(&rig, &dg);
	assert_rates(&rig, 1000, 50, 64, 4, 100, 1, 4);
	rig_close(&rig);
}

/* Huawei has the rate in each record; RouterOS 6.49 too, little-endian. */
static void
in_records(void **state)
{
	static const uint32_t sent[][2] = {
	    {1000, 1000}, {1, 1}, {0, 0}, {65535, 65535}, {100000, 100000}, /* as they should be */
	    {0x01000000, 1}, {0x64000000, 100}, {0x00010000, 256}, {0xe8030000, 1000}, {0x00040000, 1024},
	    {0x00100000, 4096}, {0xa0860100, 100000}, /* the other way round */
	    {0x12345678, 0}, {0xffffffff, 0}, /* nonsense */
	};
	enum { N = sizeof sent / sizeof sent[0], WRONG = 9 };
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	put_v9(&dg, 1, 7);
	put_template(&dg, 0, 256, 8, 4, 34, 4);
	size_t set = put_set(&dg, 256);
	for (size_t i = 0; i < N; i++) {
		buf_be32(&dg, 0x0a000001);
		buf_be32(&dg, sent[i][0]);
	}
	end_set(&dg, set);
	put_template(&dg, 0, 257, 8, 4, 34, 2);
	DATA(&dg, 257, "\x0a\0\0\1\x03\xe8");
	rig_feed(&rig, &dg);
	assert_int_equal(rig_look(&rig), N + 1);
	for (uint32_t i = 0; i < N; i++)
		if (sent[i][1] != 0)
			assert_field(&rig, sampling_rate, i, sent[i][1]);
		else
			assert_absent(&rig, sampling_rate, i);
	assert_field(&rig, sampling_rate, N, 1000);
	assert_int_equal(rig_count(&rig, COUNT_SWAPPED), WRONG);
	rig_close(&rig);
}

static void
put_v5(struct buf *dg, uint16_t sampling)
{
	put16(dg, 5, 1);
	buf_be32(dg, UPTIME_MS);
	buf_be32(dg, EXPORT_S);
	buf_be64(dg, 0);
	put16(dg, 0, sampling);
	memset(buf_reserve(dg, 48), 1, 48);
	dg->len += 48;
}

/* v5: a mode in two bits, into which Juniper's interval spills. */
static void
header(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	static const uint16_t sent[] = {0, 0x0064, 0x4064, 0x8000 | 1000, 0xfa00};
	for (size_t i = 0; i < sizeof sent / sizeof sent[0]; i++) {
		put_v5(&dg, sent[i]);
		rig_feed(&rig, &dg);
	}
	assert_rates(&rig, 0, 100, 100, 1000, 64000);
	rig_close(&rig);
}

static struct sampling_rule
rule(const char *prefix, uint32_t rate, bool override)
{
	struct sampling_rule r = {.rate = rate, .override = override};
	struct err e;

	assert_int_equal(prefix_parse(&r.exporters, str_from(prefix), &e), 0);
	return r;
}

/* Both kinds of rule, the longest prefix, another family, and a change at run time. */
static void
rules(void **state)
{
	struct rig rig;
	struct buf dg = {0};

	(void)state;
	rig_open(&rig, true);
	const struct sampling_rule list[] = {
	    rule("0.0.0.0/0", 7, false),
	    rule("192.0.2.0/24", 20, false),
	    rule("192.0.2.0/28", 30, false),
	    rule("192.0.2.8/29", 500, true),
	    rule("192.0.2.0/24", 600, true),
	    rule("2001:db8::/32", 40, false),
	};
	decoder_sampling(rig.d, list, 4);
	put_v5(&dg, 0);
	rig_feed_from(&rig, "198.51.100.1", &dg);
	put_v5(&dg, 100);
	rig_feed_from(&rig, "198.51.100.1", &dg);
	put_v5(&dg, 0);
	rig_feed_from(&rig, "192.0.2.200", &dg);
	put_v5(&dg, 0);
	rig_feed_from(&rig, "192.0.2.1", &dg);
	put_v5(&dg, 100);
	rig_feed_from(&rig, "192.0.2.9", &dg);
	put_v5(&dg, 0);
	rig_feed_from(&rig, "2001:db8::1", &dg);
	assert_rates(&rig, 7, 100, 20, 30, 500, 0);
	decoder_sampling(rig.d, list, 6);
	put_v5(&dg, 100);
	rig_feed_from(&rig, "192.0.2.1", &dg);
	put_v5(&dg, 100);
	rig_feed_from(&rig, "192.0.2.9", &dg);
	put_v5(&dg, 0);
	rig_feed_from(&rig, "2001:db8::1", &dg);

	/* What a record tells gives way to an override too. */
	put_v9(&dg, 1, 7);
	put_template(&dg, 0, 256, 8, 4, 34, 4);
	DATA(&dg, 256, "\x0a\0\0\1\0\0\x03\xe8");
	rig_feed_from(&rig, "192.0.2.9", &dg);
	put_v9(&dg, 1, 7);
	put_template(&dg, 0, 256, 8, 4, 34, 4);
	DATA(&dg, 256,
	    "\x0a\0\0\1\0\0\x03\xe8"
	    "\x0a\0\0\1\0\0\0\0");
	rig_feed_from(&rig, "2001:db8::1", &dg);
	assert_rates(&rig, 600, 500, 40, 500, 1000, 40);
	decoder_sampling(rig.d, NULL, 0);
	put_v5(&dg, 100);
	rig_feed_from(&rig, "192.0.2.9", &dg);
	assert_rates(&rig, 100);
	rig_close(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(options_of_the_system),
	    cmocka_unit_test(samplers),
	    cmocka_unit_test(another_domain),
	    cmocka_unit_test(sampler_zero),
	    cmocka_unit_test(no_rate),
	    cmocka_unit_test(selectors),
	    cmocka_unit_test(in_records),
	    cmocka_unit_test(header),
	    cmocka_unit_test(rules),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
