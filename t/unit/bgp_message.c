/* BGP messages: framing, OPEN, NOTIFICATION, ROUTE-REFRESH. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "bgp/open.h"
#include "hex.h"

static struct bgp_error error;

#define MARKER "ffffffffffffffffffffffffffffffff"

static void
test_framing(void **state)
{
	static const struct {
		const char *bytes;
		int result, code, subcode;
	} cases[] = {
	    {MARKER "0013 04", 19, 0, 0},
	    {MARKER "0013 04 ff", 19, 0, 0}, /* the next one begins */
	    {MARKER "0013", 0, 0, 0},
	    {"ffff", 0, 0, 0},
	    {MARKER "0017 02 0000 00", 0, 0, 0},
	    {MARKER "0017 02 0000 0000", 23, 0, 0},
	    {"fffe", -1, BGP_ERR_HEADER, BGP_HEADER_SYNC},
	    {MARKER "0013 06", -1, BGP_ERR_HEADER, BGP_HEADER_TYPE},
	    {MARKER "0013 00", -1, BGP_ERR_HEADER, BGP_HEADER_TYPE},
	    {MARKER "0012 04", -1, BGP_ERR_HEADER, BGP_HEADER_LENGTH},
	    {MARKER "0014 04", -1, BGP_ERR_HEADER, BGP_HEADER_LENGTH}, /* a KEEPALIVE has nothing in it */
	    {MARKER "0016 02", -1, BGP_ERR_HEADER, BGP_HEADER_LENGTH},
	    {MARKER "1001 02", -1, BGP_ERR_HEADER, BGP_HEADER_LENGTH},
	    {MARKER "1000 02", 0, 0, 0},
	    {MARKER "001c 01", -1, BGP_ERR_HEADER, BGP_HEADER_LENGTH},
	};
	struct buf b = {0};
	struct bgp_message m;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str s = hex(&b, cases[i].bytes);
		ssize_t n = bgp_message_read(&m, (const uint8_t *)s.p, s.len, BGP_MESSAGE_MAX, &error);

		if (n != cases[i].result)
			fail_msg("%s: %zd", cases[i].bytes, n);
		if (n == -1 && (error.code != cases[i].code || error.subcode != cases[i].subcode))
			fail_msg("%s: %u/%u", cases[i].bytes, error.code, error.subcode);
	}

	/* With longer messages agreed on an OPEN stays as short as ever. */
	struct str s = hex(&b, MARKER "1001 02");
	assert_int_equal(bgp_message_read(&m, (const uint8_t *)s.p, s.len, BGP_EXTENDED_MAX, &error), 0);
	s = hex(&b, MARKER "1001 01");
	assert_int_equal(bgp_message_read(&m, (const uint8_t *)s.p, s.len, BGP_EXTENDED_MAX, &error), -1);
	buf_release(&b);
}

static struct rd
body_of(const struct buf *b, enum bgp_type type)
{
	struct bgp_message m;

	assert_int_equal(bgp_message_read(&m, b->p, b->len, BGP_MESSAGE_MAX, &error), (ssize_t)b->len);
	assert_int_equal(m.type, type);
	return m.body;
}

static void
test_notification(void **state)
{
	struct buf b = {0};
	struct bgp_error said, heard;

	(void)state;
	bgp_error_set(&said, BGP_ERR_OPEN, BGP_OPEN_AS, "words");
	bgp_error_data(&said, "ab", 2);
	bgp_notification_write(&b, &said);
	bgp_notification_read(&heard, body_of(&b, BGP_NOTIFICATION));
	assert_int_equal(heard.code, BGP_ERR_OPEN);
	assert_int_equal(heard.subcode, BGP_OPEN_AS);
	assert_int_equal(heard.len, 2);
	assert_memory_equal(heard.data, "ab", 2);
	assert_string_equal(heard.words.msg, "OPEN message error (2), bad peer AS (2)");

	b.len = 0;
	bgp_shutdown_write(&b, BGP_CEASE_SHUTDOWN, STR("maintenance until 06:00"));
	bgp_notification_read(&heard, body_of(&b, BGP_NOTIFICATION));
	assert_string_equal(
	    heard.words.msg, "cease (6), administrative shutdown (2): \"maintenance until 06:00\"");

	/* Longer than may be, and the cut would go through a character. */
	char reason[258];
	memset(reason, 'x', sizeof reason);
	memcpy(reason + 254, "\xc3\xa4", 2);
	b.len = 0;
	bgp_shutdown_write(&b, BGP_CEASE_RESET, (struct str){reason, sizeof reason});
	assert_int_equal(b.len, 19 + 2 + 1 + 254);

	/* A length that is not true is not believed. */
	static const uint8_t liar[] = {6, 2, 200, 'h', 'i'};
	bgp_notification_read(&heard, rd_from(liar, sizeof liar));
	assert_string_equal(heard.words.msg, "cease (6), administrative shutdown (2)");
	static const uint8_t unknown[] = {99, 99};
	bgp_notification_read(&heard, rd_from(unknown, sizeof unknown));
	assert_string_equal(heard.words.msg, "unknown (99), unspecific (99)");
	buf_release(&b);
}

static void
test_refresh(void **state)
{
	struct buf b = {0};
	enum bgp_family f = BGP_IPV4;
	enum bgp_refresh kind;
	bool flows;

	(void)state;
	bgp_refresh_write(&b, BGP_IPV6);
	assert_int_equal(bgp_refresh_read(&f, &flows, &kind, body_of(&b, BGP_REFRESH), &error), 0);
	assert_int_equal(f, BGP_IPV6);
	assert_int_equal(kind, BGP_REFRESH_ASK);
	assert_false(flows);
	static const uint8_t of_flows[] = {0, 2, 0, 133};
	assert_int_equal(bgp_refresh_read(&f, &flows, &kind, rd_from(of_flows, sizeof of_flows), &error), 0);
	assert_int_equal(f, BGP_IPV6);
	assert_true(flows);
	static const struct {
		uint8_t bytes[6];
		size_t len;
		int result;
	} cases[] = {
	    {{0, 1, 1, 1}, 4, 0},
	    {{0, 1, 2, 1}, 4, 0},
	    {{0, 1, 3, 1}, 4, 1},
	    {{0, 25, 0, 70}, 4, 1},
	    {{0, 1, 0, 1, 9, 9}, 6, 0}, /* filters of RFC 5291 */
	    {{0, 1, 1, 1, 9, 9}, 6, -1},
	    {{0, 1, 0}, 3, -1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(
		    bgp_refresh_read(&f, &flows, &kind, rd_from(cases[i].bytes, cases[i].len), &error),
		    cases[i].result);
	buf_release(&b);
}

static const struct bgp_open ours = {
    .asn = 4200000000,
    .id = 0xc0000201,
    .hold = 90,
    .caps = {.multiprotocol = true,
	.families = 1 << BGP_IPV4 | 1 << BGP_IPV6,
	.refresh = true,
	.enhanced_refresh = true,
	.extended = true,
	.as4 = true,
	.next_hop6 = 1 << BGP_IPV4,
	.add_path_receive = 1 << BGP_IPV4 | 1 << BGP_IPV6,
	.add_path_send = 1 << BGP_IPV6,
	.graceful = true,
	.restarted = true,
	.graceful_families = 1 << BGP_IPV6,
	.forwarding = 1 << BGP_IPV6,
	.restart_time = 300},
};

static void
test_open(void **state)
{
	struct buf b = {0};
	struct bgp_open heard;

	(void)state;
	bgp_open_write(&b, &ours);
	assert_int_equal(bgp_open_read(&heard, body_of(&b, BGP_OPEN), &error), 0);
	assert_memory_equal(&heard, &ours, sizeof ours);
	assert_int_equal(load_be16(b.p + 20), BGP_AS_TRANS);

	/* What a small router says: no capabilities at all. */
	struct str s = hex(&b, "04 fde8 005a c0000202 00");
	assert_int_equal(bgp_open_read(&heard, rd_from(s.p, s.len), &error), 0);
	assert_int_equal(heard.asn, 65000);
	assert_int_equal(heard.caps.families, 1 << BGP_IPV4);
	assert_false(heard.caps.as4);

	/* Several parameters, one capability each; those that nobody knows; lengths of two bytes (RFC 9072). */
	s = hex(&b, "04 fde8 00b4 c0000202 14 0206 010400020001 0206 0104000100 80 0202 c800");
	assert_int_equal(bgp_open_read(&heard, rd_from(s.p, s.len), &error), 0);
	assert_int_equal(heard.caps.families, 1 << BGP_IPV6);
	s = hex(&b, "04 fde8 00b4 c0000202 ff ff 000b 02 0008 010400020001 0200");
	assert_int_equal(bgp_open_read(&heard, rd_from(s.p, s.len), &error), 0);
	assert_int_equal(heard.caps.families, 1 << BGP_IPV6);
	assert_true(heard.caps.refresh);
	buf_release(&b);
}

static void
test_open_bad(void **state)
{
	static const struct {
		const char *bytes;
		int subcode;
	} cases[] = {
	    {"", 0},
	    {"03 fde8 005a c0000202 00", BGP_OPEN_VERSION},
	    {"04 0000 005a c0000202 00", BGP_OPEN_AS},
	    {"04 fde8 0001 c0000202 00", BGP_OPEN_HOLD},
	    {"04 fde8 005a 00000000 00", BGP_OPEN_ID},
	    {"04 fde8 005a c0000202", 0},
	    {"04 fde8 005a c0000202 04", 0},
	    {"04 fde8 005a c0000202 00 00", 0},
	    {"04 fde8 005a c0000202 02 0101", 0},
	    {"04 fde8 005a c0000202 02 0100", BGP_OPEN_PARAMETER},
	    {"04 fde8 005a c0000202 04 0202 4104", 0},
	    {"04 fde8 005a c0000202 08 0206 4104 00000000", BGP_OPEN_AS},
	    {"04 fde8 005a c0000202 ff ff ffff 02", 0},
	};
	struct buf b = {0};
	struct bgp_open heard;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str s = hex(&b, cases[i].bytes);

		if (bgp_open_read(&heard, rd_from(s.p, s.len), &error) != -1)
			fail_msg("%s is taken", cases[i].bytes);
		if (error.code != BGP_ERR_OPEN || error.subcode != cases[i].subcode)
			fail_msg("%s: %u/%u %s", cases[i].bytes, error.code, error.subcode, error.words.msg);
	}
	buf_release(&b);
}

static void
test_terms(void **state)
{
	struct bgp_terms t;
	struct bgp_open peer = ours;

	(void)state;
	peer.id++;
	assert_int_equal(bgp_terms_agree(&t, &ours, &peer, 4200000000, &error), 0);
	assert_false(t.ebgp);
	assert_true(t.as4 && t.extended && t.refresh && t.enhanced_refresh);
	assert_int_equal(t.path_ids, 1 << BGP_IPV6); /* they send what we take */
	assert_int_equal(t.hold, 90);

	peer.asn = 65000;
	peer.hold = 0;
	peer.caps = (struct bgp_caps){.families = 1 << BGP_IPV4};
	assert_int_equal(bgp_terms_agree(&t, &ours, &peer, 0, &error), 0);
	assert_true(t.ebgp);
	assert_false(t.as4 || t.extended || t.refresh || t.enhanced_refresh);
	assert_int_equal(t.families, 1 << BGP_IPV4);
	assert_int_equal(t.hold, 0);

	assert_int_equal(bgp_terms_agree(&t, &ours, &peer, 65001, &error), -1);
	assert_int_equal(error.subcode, BGP_OPEN_AS);
	peer.caps.families = 0;
	assert_int_equal(bgp_terms_agree(&t, &ours, &peer, 0, &error), -1);
	assert_int_equal(error.subcode, BGP_OPEN_CAPABILITY);
	peer = ours;
	assert_int_equal(bgp_terms_agree(&t, &ours, &peer, 0, &error), -1);
	assert_int_equal(error.subcode, BGP_OPEN_ID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_framing),
	    cmocka_unit_test(test_notification),
	    cmocka_unit_test(test_refresh),
	    cmocka_unit_test(test_open),
	    cmocka_unit_test(test_open_bad),
	    cmocka_unit_test(test_terms),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
