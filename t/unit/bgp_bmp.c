/* BMP: messages out of a stream, about whom they are, and the UPDATEs in them, by what the OPENs agreed on. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include "bgp/bmp.h"
#include "bgp/segments.h"
#include "hex.h"

enum { BOTH = 1 << BGP_IPV4 | 1 << BGP_IPV6, IPV6 = 0x80, POST_POLICY = 0x40, AS2 = 0x20, OUT = 0x10 };

static struct buf stream, scratch[2];

static size_t
begin(enum bmp_type type)
{
	size_t at = stream.len;

	buf_putc(&stream, BMP_VERSION);
	buf_be32(&stream, 0);
	buf_putc(&stream, (char)type);
	return at;
}

static void
end(size_t at)
{
	size_t len = stream.len - at;

	stream.p[at + 3] = (uint8_t)(len >> 8);
	stream.p[at + 4] = (uint8_t)len;
}

static void
add_hex(const char *digits)
{
	struct buf b = {0};
	struct str s = hex(&b, digits);

	buf_add(&stream, s.p, s.len);
	buf_release(&b);
}

/* 192.0.2.1 or 2001:db8::1, of AS 64496. */
static void
add_peer(uint8_t kind, uint8_t flags)
{
	buf_putc(&stream, (char)kind);
	buf_putc(&stream, (char)flags);
	add_hex("0000000000000000");
	add_hex(
	    (flags & IPV6) != 0 ? "20010db8000000000000000000000001" : "000000000000000000000000c0000201");
	add_hex("0000fbf0 0a000002 65536000 00000001");
}

static void
add_up(const struct bgp_open *sent, const struct bgp_open *received)
{
	size_t at = begin(BMP_PEER_UP);

	add_peer(BMP_GLOBAL, 0);
	add_hex("000000000000000000000000c0000202 00b3 c001");
	bgp_open_write(&stream, sent);
	bgp_open_write(&stream, received);
	end(at);
}

static void
add_update(uint8_t flags, const char *digits)
{
	size_t at = begin(BMP_ROUTES);

	add_peer(BMP_GLOBAL, flags);
	size_t update = bgp_message_begin(&stream, BGP_UPDATE);
	add_hex(digits);
	bgp_message_end(&stream, update);
	end(at);
}

/* The first message of the stream. */
static struct bmp_message
first(void)
{
	struct bmp_message m;
	struct err e;

	if (bmp_message_read(&m, stream.p, stream.len, &e) != (ssize_t)stream.len)
		fail_msg("not one message");
	return m;
}

static struct bgp_open
open_of(uint32_t asn, uint32_t id)
{
	return (struct bgp_open){
	    .asn = asn, .id = id, .hold = 90, .caps = {.multiprotocol = true, .families = BOTH, .as4 = true}};
}

static struct bmp_up
read_up(const struct bgp_open *sent, const struct bgp_open *received)
{
	struct bmp_up up;
	struct err e;

	stream.len = 0;
	add_up(sent, received);
	if (bmp_up_read(&up, first().body, &e) == -1)
		fail_msg("%s", e.msg);
	return up;
}

static struct update
read_update(struct bmp_up *up, uint8_t flags, const char *digits)
{
	struct bmp_message m;
	struct update u;
	struct err e;

	stream.len = 0;
	add_update(flags, digits);
	m = first();
	if (bmp_update_read(&u, up, &m, scratch, &e) == -1)
		fail_msg("%s", e.msg);
	return u;
}

static const char *
path_of(const struct update *u)
{
	static struct buf text;

	text.len = 0;
	segments_list(&text, u->attrs.as_path);
	for (size_t i = 0; i + 1 < text.len; i++)
		if (text.p[i] == '\0')
			text.p[i] = ' ';
	return buf_cstr(&text);
}

#define ORIGIN_IGP "40010100"
#define HOP "400304c0000209"
#define TWO_BYTES "0000 0014 " ORIGIN_IGP "40020602 02 fbf0 fbf1" HOP "18c63364"
#define FOUR_BYTES "0000 0018 " ORIGIN_IGP "40020a02 02 0000fbf0 fa56ea01" HOP "18c63364"
#define OWN_FIRST "0000 001c " ORIGIN_IGP "40020e02 03 0000fde9 0000fbf0 fa56ea01" HOP "18c63364"
#define OWN_ALONE "0000 0014 " ORIGIN_IGP "40020602 01 0000fde9" HOP "18c63364"
#define WITH_ID "0000 0018 " ORIGIN_IGP "40020a02 02 0000fbf0 fa56ea01" HOP "00000007 18c63364"

static void
knows_where_a_message_ends(void **state)
{
	struct bmp_message m;
	struct err e;
	struct bgp_open a = open_of(65001, 1), b = open_of(64496, 2);

	(void)state;
	stream.len = 0;
	add_up(&a, &b);
	for (size_t have = 0; have < stream.len; have++)
		assert_int_equal(bmp_message_read(&m, stream.p, have, &e), 0);
	assert_int_equal(bmp_message_read(&m, stream.p, stream.len, &e), stream.len);
	assert_int_equal(m.type, BMP_PEER_UP);
	assert_int_equal(m.peer.asn, 64496);
	assert_int_equal(m.peer.id, 0x0a000002);
	assert_int_equal(addr_v4(&m.peer.addr), 0xc0000201);
}

static const struct {
	const char *hex, *words;
} no_messages[] = {
    {"02", "BMP version 2; 3 is understood here"},
    {"47", "BMP version 71; 3 is understood here"},
    {"03 00000005 04", "a message of type 4 of 5 bytes"},
    {"03 0000002f 00", "a message of type 0 of 47 bytes"},
    {"03 00040001 04", "a message of type 4 of 262145 bytes"},
    {"03 ffffffff 07", "a message of type 7 of 4294967295 bytes"},
};

static void
refuses_what_is_none(void **state)
{
	struct bmp_message m;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof no_messages / sizeof no_messages[0]; i++) {
		stream.len = 0;
		add_hex(no_messages[i].hex);
		assert_int_equal(bmp_message_read(&m, stream.p, stream.len, &e), -1);
		assert_string_equal(e.msg, no_messages[i].words);
	}
	stream.len = 0;
	add_hex("03 00000008 63 0102");
	assert_int_equal(bmp_message_read(&m, stream.p, stream.len, &e), 8);
}

static void
tells_what_is_wanted(void **state)
{
	static const struct {
		uint8_t kind, flags;
		bool wanted;
	} rows[] = {{BMP_GLOBAL, 0, true}, {BMP_GLOBAL, IPV6 | AS2, true}, {BMP_GLOBAL, POST_POLICY, false},
	    {BMP_GLOBAL, OUT, false}, {BMP_VRF, 0, false}, {BMP_LOCAL, 0, false}, {BMP_LOC_RIB, 0, false},
	    {9, 0, false}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		stream.len = 0;
		size_t at = begin(BMP_STATISTICS);
		add_peer(rows[i].kind, rows[i].flags);
		end(at);
		struct bmp_message m = first();
		if (bmp_is_wanted(&m.peer) != rows[i].wanted)
			fail_msg("row %zu", i);
	}
}

static void
agrees_as_the_opens_do(void **state)
{
	struct bgp_open router = open_of(65001, 1), peer = open_of(4200000001, 2);

	(void)state;
	struct bmp_up up = read_up(&router, &peer);
	assert_int_equal(up.router_asn, 65001);
	assert_int_equal(up.terms.peer.asn, 4200000001);
	assert_true(up.terms.ebgp);
	assert_int_equal(up.terms.families, BOTH);
	assert_int_equal(up.terms.path_ids, 0);
	router.caps.add_path_receive = BOTH;
	peer.caps.add_path_send = 1 << BGP_IPV6;
	assert_int_equal(read_up(&router, &peer).terms.path_ids, 1 << BGP_IPV6);
	/* The other direction is not told of. */
	assert_int_equal(read_up(&peer, &router).terms.path_ids, 0);
	peer.caps.families = 1 << BGP_IPV4;
	assert_int_equal(read_up(&router, &peer).terms.families, 1 << BGP_IPV4);
	/* Two that could not have a session with us have one with each other. */
	peer = router;
	assert_int_equal(read_up(&router, &peer).terms.families, 0);
}

static void
reads_paths_of_both_widths(void **state)
{
	struct bgp_open router = open_of(65001, 1), peer = open_of(64496, 2);
	struct bmp_up up = read_up(&router, &peer);

	(void)state;
	struct update u = read_update(&up, 0, FOUR_BYTES);
	assert_int_equal(u.verdict, VERDICT_GOOD);
	assert_string_equal(path_of(&u), "64496 4200000001");
	u = read_update(&up, AS2, TWO_BYTES);
	assert_int_equal(u.verdict, VERDICT_GOOD);
	assert_string_equal(path_of(&u), "64496 64497");
	u = read_update(&up, 0, TWO_BYTES);
	assert_int_equal(u.verdict, VERDICT_WITHDRAW);
}

static void
drops_the_own_as_of_the_router(void **state)
{
	struct bgp_open router = open_of(65001, 1), peer = open_of(64496, 2);
	struct bmp_up up = read_up(&router, &peer);

	(void)state;
	struct update u = read_update(&up, 0, OWN_FIRST);
	assert_string_equal(path_of(&u), "64496 4200000001");
	u = read_update(&up, 0, OWN_ALONE);
	assert_string_equal(path_of(&u), "");
	peer.asn = 65001;
	up = read_up(&router, &peer);
	u = read_update(&up, 0, OWN_FIRST);
	assert_string_equal(path_of(&u), "65001 64496 4200000001");
}

static void
finds_out_about_path_ids(void **state)
{
	struct bgp_open router = open_of(65001, 1), peer = open_of(64496, 2);
	struct prefix p;
	uint32_t id;

	(void)state;
	router.caps.add_path_receive = peer.caps.add_path_send = BOTH;
	struct bmp_up up = read_up(&router, &peer);
	struct update u = read_update(&up, 0, WITH_ID);
	assert_int_equal(u.verdict, VERDICT_GOOD);
	assert_int_equal(nlri_next(&u.announced[0].routes, &u.announced[0], &p, &id), 0);
	assert_int_equal(id, 7);
	assert_int_equal(up.terms.path_ids, BOTH);
	u = read_update(&up, 0, FOUR_BYTES);
	assert_int_equal(u.verdict, VERDICT_GOOD);
	assert_int_equal(nlri_next(&u.announced[0].routes, &u.announced[0], &p, &id), 0);
	assert_int_equal(addr_v4(&p.addr), 0xc6336400);
	assert_int_equal(up.terms.path_ids, 0);
}

static const struct {
	const char *hex, *words;
	int status;
} downs[] = {
    {"", "a Peer Down that is cut short", -1},
    {"02 0000", "the router closed it", 0},
    {"04", "the peer closed it without a word", 0},
    {"63", "reason 99", 0},
    {"03 ffffffffffffffffffffffffffffffff 0015 03 0602",
	"the peer says: cease (6), administrative shutdown (2)", 0},
    {"01 ffffffffffffffffffffffffffffffff 0015 03 0400",
	"the router says: hold timer expired (4), unspecific (0)", 0},
    {"03 ffff", "Peer Down: a BGP message that is cut short", -1},
    {"03 ffffffffffffffffffffffffffffffff 0013 04", "Peer Down: a BGP message of type 4, 3 was expected", -1},
};

static void
says_why_a_peer_is_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof downs / sizeof downs[0]; i++) {
		struct err why = {""}, e = {""};

		stream.len = 0;
		size_t at = begin(BMP_PEER_DOWN);
		add_peer(BMP_GLOBAL, 0);
		add_hex(downs[i].hex);
		end(at);
		assert_int_equal(bmp_down_read(&why, first().body, &e), downs[i].status);
		assert_string_equal(downs[i].status == 0 ? why.msg : e.msg, downs[i].words);
	}
}

static void
reads_beginning_and_end(void **state)
{
	struct err why, e;
	char name[8];

	(void)state;
	stream.len = 0;
	size_t at = begin(BMP_INITIATION);
	add_hex("0001 0003 465252 0002 000a 6120b16263646566676869");
	stream.len--;
	end(at);
	assert_int_equal(bmp_name_read(name, sizeof name, first().body, &e), 0);
	assert_string_equal(name, "a__bcde");
	stream.p[at + 5 + 4] = 9;
	assert_int_equal(bmp_name_read(name, sizeof name, first().body, &e), -1);
	stream.len = 0;
	at = begin(BMP_TERMINATION);
	add_hex("0000 0001 78 0001 0002 0003");
	end(at);
	assert_int_equal(bmp_end_read(&why, first().body, &e), 0);
	assert_string_equal(why.msg, "it is one session too many");
	stream.len -= 2;
	stream.p[stream.len - 1] = 0;
	end(at);
	assert_int_equal(bmp_end_read(&why, first().body, &e), -1);
	assert_string_equal(e.msg, "a Termination without its reason");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_where_a_message_ends),
	    cmocka_unit_test(refuses_what_is_none),
	    cmocka_unit_test(tells_what_is_wanted),
	    cmocka_unit_test(agrees_as_the_opens_do),
	    cmocka_unit_test(reads_paths_of_both_widths),
	    cmocka_unit_test(drops_the_own_as_of_the_router),
	    cmocka_unit_test(finds_out_about_path_ids),
	    cmocka_unit_test(says_why_a_peer_is_down),
	    cmocka_unit_test(reads_beginning_and_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_release(&stream);
	return failed;
}
