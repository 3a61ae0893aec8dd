/* MRT dumps: what is written is read as the same, and what is damaged is an error that names its byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdio.h>

#include "bgp/mrt.h"
#include "bgp/segments.h"
#include "hex.h"

static struct buf seen; /* what came, as text */

static void
on_peers(void *arg, const struct mrt_peer *peers, unsigned n)
{
	char text[ADDR_TEXT_MAX];

	(void)arg;
	for (unsigned i = 0; i < n; i++)
		buf_printf(&seen, "peer %s %u %08x\n", addr_text(text, &peers[i].addr),
		    (unsigned)peers[i].asn, (unsigned)peers[i].id);
}

static void
put_list(const char *name, void (*list)(struct buf *out, struct str wire), struct str wire)
{
	struct buf b = {0};

	list(&b, wire);
	buf_printf(&seen, " %s", name);
	for (size_t i = 0; i < b.len; i += strlen((char *)b.p + i) + 1)
		buf_printf(&seen, ",%s", (char *)b.p + i);
	buf_release(&b);
}

static void
on_route(void *arg, const struct mrt_route *r)
{
	char text[PREFIX_TEXT_MAX];
	const struct attrs *a = &r->attrs;

	(void)arg;
	buf_printf(&seen, "%s#%u peer=%u", prefix_text(text, &r->prefix), (unsigned)r->path_id, r->peer);
	buf_printf(&seen, " by=%s origin=%u", addr_text(text, &r->next_hop), a->origin);
	put_list("path", segments_list, a->as_path);
	if (attrs_has(a, BGP_ATTR_MED))
		buf_printf(&seen, " med=%u", (unsigned)a->med);
	if (attrs_has(a, BGP_ATTR_LOCAL_PREF))
		buf_printf(&seen, " pref=%u", (unsigned)a->local_pref);
	if (attrs_has(a, BGP_ATTR_ATOMIC))
		buf_puts(&seen, " atomic");
	if (attrs_has(a, BGP_ATTR_AGGREGATOR))
		buf_printf(
		    &seen, " aggregator=%u/%s", (unsigned)a->aggregator_as, addr_text(text, &a->aggregator));
	if (attrs_has(a, BGP_ATTR_ORIGINATOR))
		buf_printf(&seen, " originator=%08x", (unsigned)a->originator);
	if (a->clusters.len > 0)
		buf_printf(&seen, " clusters=%zu", a->clusters.len / 4);
	put_list("c", communities_list, a->communities);
	put_list("x", extended_communities_list, a->extended);
	put_list("l", large_communities_list, a->large);
	buf_putc(&seen, '\n');
}

static const struct mrt_ops ops = {on_peers, on_route};

/* The whole of a dump; what it came to. */
static int
read_all(struct mrt_reader *m, const struct buf *b, struct err *e)
{
	size_t at = 0;
	ssize_t n;

	seen.len = 0;
	mrt_reader_init(m, &ops, NULL);
	while ((n = mrt_read(m, b->p + at, b->len - at, e)) > 0)
		at += (size_t)n;
	return n == -1 ? -1 : mrt_read_end(m, b->len - at, e);
}

static struct mrt_route
route_of(const char *prefix, const char *next_hop)
{
	static const uint8_t path[] = {2, 2, 0, 0, 0xfb, 0xf4, 0xfa, 0x56, 0xea, 0x01};
	struct mrt_route r = {.attrs = {.has = 1 << BGP_ATTR_ORIGIN | 1 << BGP_ATTR_AS_PATH,
				  .as_path = {(const char *)path, sizeof path}}};

	assert_int_equal(prefix_parse(&r.prefix, str_from(prefix), NULL), 0);
	assert_int_equal(addr_parse(&r.next_hop, str_from(next_hop)), 0);
	return r;
}

static void
write_one(struct buf *b, struct mrt_route *r, bool path_ids)
{
	size_t at = mrt_rib_begin(b, 1700000000, 1, &r->prefix, path_ids);

	assert_true(mrt_entry_write(b, 1700000000, r, path_ids));
	mrt_rib_end(b, at, 1);
}

/* Two peers and their routes, with all attributes that there are. */
static void
write_sample(struct buf *b)
{
	struct mrt_peer peers[2] = {{.id = 0x0a000001, .asn = 64500}, {.id = 0x0a000002, .asn = 4200000001}};
	struct mrt_route plain = route_of("192.0.2.0/24", "198.51.100.1"),
			 full = route_of("2001:db8::/32", "2001:db8::9"),
			 mixed = route_of("0.0.0.0/0", "2001:db8::9"),
			 paths = route_of("203.0.113.7/32", "192.0.2.9");
	struct attrs *a = &full.attrs;

	assert_int_equal(addr_parse(&peers[0].addr, STR("192.0.2.1")), 0);
	assert_int_equal(addr_parse(&peers[1].addr, STR("2001:db8::1")), 0);
	mrt_peers_write(b, 1700000000, 0x0a0000ff, peers, 2);
	write_one(b, &plain, false);
	a->has |= 1 << BGP_ATTR_MED | 1 << BGP_ATTR_LOCAL_PREF | 1 << BGP_ATTR_ATOMIC |
		  1 << BGP_ATTR_AGGREGATOR | 1 << BGP_ATTR_COMMUNITIES | 1 << BGP_ATTR_ORIGINATOR |
		  1 << BGP_ATTR_CLUSTERS | 1 << BGP_ATTR_EXTENDED | UINT64_C(1) << BGP_ATTR_LARGE;
	a->origin = 2;
	a->med = 7;
	a->local_pref = 250;
	a->aggregator_as = 4200000001;
	a->aggregator = addr_from_v4(0xc0000205);
	a->communities = (struct str){"\xfb\xf0\0\1\xff\xff\2\x9a", 8};
	a->originator = 0x0a000003;
	a->clusters = (struct str){"\x0a\0\0\1\x0a\0\0\2", 8};
	a->extended = (struct str){"\0\2\xfb\xf0\0\0\0\7", 8};
	a->large = (struct str){"\0\0\xfb\xf0\0\0\0\1\0\0\0\2", 12};
	full.peer = 1;
	write_one(b, &full, false);
	write_one(b, &mixed, false);
	size_t at = mrt_rib_begin(b, 1700000000, 4, &paths.prefix, true);
	for (paths.path_id = 1; paths.path_id <= 2; paths.path_id++)
		assert_true(mrt_entry_write(b, 1700000000, &paths, true));
	mrt_rib_end(b, at, 2);
}

static void
reads_what_it_wrote(void **state)
{
	struct buf b = {0};
	struct mrt_reader m;
	struct err e;

	(void)state;
	write_sample(&b);
	if (read_all(&m, &b, &e) == -1)
		fail_msg("%s", e.msg);
	assert_string_equal(buf_cstr(&seen),
	    "peer 192.0.2.1 64500 0a000001\n"
	    "peer 2001:db8::1 4200000001 0a000002\n"
	    "192.0.2.0/24#0 peer=0 by=198.51.100.1 origin=0 path,64500,4200000001 c x l\n"
	    "2001:db8::/32#0 peer=1 by=2001:db8::9 origin=2 path,64500,4200000001 med=7 pref=250 atomic"
	    " aggregator=4200000001/192.0.2.5 originator=0a000003 clusters=2 c,64496:1,65535:666 x,rt:64496:7"
	    " l,64496:1:2\n"
	    "0.0.0.0/0#0 peer=0 by=2001:db8::9 origin=0 path,64500,4200000001 c x l\n"
	    "203.0.113.7/32#1 peer=0 by=192.0.2.9 origin=0 path,64500,4200000001 c x l\n"
	    "203.0.113.7/32#2 peer=0 by=192.0.2.9 origin=0 path,64500,4200000001 c x l\n");
	assert_int_equal(m.routes, 5);
	assert_int_equal(m.refused, 0);
	mrt_reader_release(&m);
	buf_release(&b);
}

/* Cut anywhere it is either whole records or an error at the record that is not. */
static void
is_cut_anywhere(void **state)
{
	struct buf b = {0};
	struct mrt_reader m;
	struct err e;
	unsigned whole = 0;
	char at[64];

	(void)state;
	write_sample(&b);
	for (size_t len = b.len, full = b.len; len > 0; len--) {
		b.len = len;
		if (read_all(&m, &b, &e) == 0) {
			whole++;
		} else {
			snprintf(at, sizeof at, "byte %llu: a record that is cut short",
			    (unsigned long long)m.offset);
			assert_string_equal(e.msg, at);
		}
		mrt_reader_release(&m);
		b.len = full;
	}
	assert_int_equal(whole, 5);
	buf_release(&b);
}

#define HEAD "65536000 000d "
#define PEERS HEAD "0001 00000015 0a0000ff 0000 0001 02 0a000001 c0000201 0000fbf4"
#define ATTRS "40010100 400200 400304c0000209"

/* Records behind a table of one peer, which is 33 bytes long; and what becomes of them: words, or "" and the counts. */
static const struct {
	const char *hex, *words;
	unsigned routes, refused, passed;
} cases[] = {
    {"", "", 0, 0, 0},
    {HEAD "0002 00000020 00000000 18c00002 0001 0000 65536000 000e" ATTRS, "", 1, 0, 0},
    {HEAD "0003 00000002 0000", "", 0, 0, 1},
    {"65536000 0010 0004 00000003 000000", "", 0, 0, 1},
    {HEAD "0002 01000001", "byte 33: a record of 16777217 bytes", 0, 0, 0},
    {HEAD "0002 00000003 000000", "byte 45: a record that is cut short", 0, 0, 0},
    {HEAD "0002 00000005 00000000 21", "byte 50: a prefix that is none", 0, 0, 0},
    {HEAD "0002 00000006 00000000 18c0", "byte 50: a prefix that is none", 0, 0, 0},
    {HEAD "0002 00000008 00000000 18c00002", "byte 53: a record that is cut short", 0, 0, 0},
    {HEAD "0002 0000000a 00000000 18c00002 0001", "byte 55: an entry that is cut short", 0, 0, 0},
    {HEAD "0002 00000020 00000000 18c00002 0001 0001 65536000 000e" ATTRS,
	"byte 77: peer 1, of 1 that there are", 0, 0, 0},
    {HEAD "0002 00000020 00000000 18c00002 0001 0000 65536000 000f" ATTRS,
	"byte 63: an entry that is cut short", 0, 0, 0},
    {HEAD "0002 00000021 00000000 18c00002 0001 0000 65536000 000e" ATTRS "00",
	"byte 77: 1 bytes too many in a record", 1, 0, 0},
    {HEAD "0001 00000009 0a0000ff 0000 0001 02", "byte 54: a table of peers that is cut short", 0, 0, 0},
    /* attributes that RFC 7606 takes as a withdrawal: no NEXT_HOP, a length beyond the end, no next hop of IPv6 */
    {HEAD "0002 00000019 00000000 18c00002 0001 0000 65536000 0007 40010100 400200", "", 0, 1, 0},
    {HEAD "0002 00000020 00000000 18c00002 0001 0000 65536000 000e 40010100 400200 400305c0000209", "", 0, 1,
	0},
    {HEAD "0004 0000001c 00000000 102001 0001 0000 65536000 000b 40010100 400200 800e0100", "", 0, 1, 0},
    /* a whole MP_REACH_NLRI where only its next hop should be, and an IPv6 prefix that spells IPv4 */
    {HEAD "0004 00000030 00000000 102001 0001 0000 65536000 001f 40010100 400200"
	  "800e15 0002 01 10 20010db8000000000000000000000009 00",
	"", 1, 0, 0},
    {HEAD "0004 00000039 00000000 6000000000000000000000ffff 0001 0000 65536000 001e 40010100 400200"
	  "800e11 10 20010db8000000000000000000000009 400600",
	"", 0, 1, 0},
};

static void
tells_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b = {0}, part = {0};
		struct mrt_reader m;
		struct err e = {""};
		struct str s = hex(&part, PEERS);

		buf_add(&b, s.p, s.len);
		s = hex(&part, cases[i].hex);
		buf_add(&b, s.p, s.len);
		read_all(&m, &b, &e);
		if (strcmp(e.msg, cases[i].words) != 0 || m.routes != cases[i].routes ||
		    m.refused != cases[i].refused || m.passed != cases[i].passed)
			fail_msg("case %zu: '%s', %u routes, %u refused (%s), %u passed over", i, e.msg,
			    (unsigned)m.routes, (unsigned)m.refused, m.refusal.msg, (unsigned)m.passed);
		mrt_reader_release(&m);
		buf_release(&part);
		buf_release(&b);
	}
}

static void
wants_peers_first(void **state)
{
	struct buf b = {0};
	struct mrt_reader m;
	struct err e;

	(void)state;
	hex(&b, HEAD "0002 00000020 00000000 18c00002 0001 0000 65536000 000e" ATTRS);
	assert_int_equal(read_all(&m, &b, &e), -1);
	assert_string_equal(e.msg, "byte 12: routes before the table of peers");
	mrt_reader_release(&m);
	buf_release(&b);
}

static void
leaves_out_what_is_too_long(void **state)
{
	struct mrt_route r = route_of("192.0.2.0/24", "198.51.100.1");
	struct buf b = {0};
	uint8_t *many = mem_zero(1, 65532);

	(void)state;
	r.attrs.communities = (struct str){(const char *)many, 65532};
	assert_false(mrt_entry_write(&b, 0, &r, false));
	assert_int_equal(b.len, 0);
	free(many);
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_it_wrote),
	    cmocka_unit_test(is_cut_anywhere),
	    cmocka_unit_test(tells_what_is_wrong),
	    cmocka_unit_test(wants_peers_first),
	    cmocka_unit_test(leaves_out_what_is_too_long),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_release(&seen);
	return failed;
}
