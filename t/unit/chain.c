/* The chain of enrichment over batches: what is added, what is replaced, what stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "enrich/chain.h"
#include "flow/builder.h"

#define DATA "t/data/mmdb/"

/* Who knows what, in t/data/mmdb: 192.0.2.1 is AS 64496 in DE, 198.51.100.7 AS 65551 in FR, 2001:db8::1 AS 64500 in JP,
 * 203.0.113.1 AS 64499 (which has no name) in BR. */

struct flow {
	const char *src, *dst;
	uint32_t src_as, peer_src_as;
	const char *src_as_name, *country;
};

static void
put_addr(struct builder *bd, enum field f, const char *text)
{
	struct addr a;

	if (text == NULL)
		return;
	assert_int_equal(addr_parse(&a, str_from(text)), 0);
	builder_addr(bd, f, &a);
}

static void
put_text(struct builder *bd, enum field f, const char *text)
{
	if (text != NULL)
		builder_str(bd, f, str_from(text));
}

static void
batch_make(struct builder *bd, struct batch *b, const struct flow *flows, size_t n)
{
	builder_init(bd, 0);
	for (size_t i = 0; i < n; i++) {
		builder_row(bd);
		put_addr(bd, FIELD_src_host, flows[i].src);
		put_addr(bd, FIELD_dst_host, flows[i].dst);
		builder_u16(bd, FIELD_dst_port, (uint16_t)i);
		if (flows[i].src_as != 0)
			builder_u32(bd, FIELD_src_as, flows[i].src_as);
		if (flows[i].peer_src_as != 0)
			builder_u32(bd, FIELD_peer_src_as, flows[i].peer_src_as);
		put_text(bd, FIELD_src_as_name, flows[i].src_as_name);
		put_text(bd, FIELD_src_host_country, flows[i].country);
	}
	builder_finish(bd, b);
}

/* Everything that a chain may add, as one line: "-" is absent. */
static const char *
told(const struct batch *b, uint32_t row, struct buf *out)
{
	static const enum field shown[] = {FIELD_src_as, FIELD_src_as_name, FIELD_peer_src_as,
	    FIELD_peer_src_as_name, FIELD_src_host_country, FIELD_src_host_city, FIELD_dst_as,
	    FIELD_dst_as_name, FIELD_dst_host_country, FIELD_net_direction};

	out->len = 0;
	for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
		const struct col *c = batch_col(b, shown[i]);

		if (i > 0)
			buf_putc(out, '|');
		if (c == NULL || !col_has(c, row))
			buf_putc(out, '-');
		else if (c->width == 0)
			buf_add(out, col_str(c, row).p, col_str(c, row).len);
		else
			buf_printf(out, "%llu", (unsigned long long)col_u64(c, row));
	}
	return buf_cstr(out);
}

static struct enrich_settings
settings(const char *asn_db, const char *city_db)
{
	struct enrich_settings s = {
	    .steps = {&geoip_step},
	    .step_count = 1,
	    .asn_db = asn_db,
	    .city_db = city_db,
	    .language = "en",
	    .as = {.order = {AS_BGP, AS_EXPORTER, AS_DATABASE}, .order_count = 3},
	};

	return s;
}

static void
own(struct enrich_settings *s, const char *prefix)
{
	assert_int_equal(ownnet_add(&s->own, str_from(prefix), NULL), 0);
	ownnet_compile(&s->own);
}

/* Runs the flows through a chain of these settings, and holds each against its line. */
static void
run(struct enrich_settings *s, const struct flow *flows, const char *const *want, size_t n)
{
	struct builder bd;
	struct chain c;
	struct batch b;
	struct arena a = {0};
	struct buf line = {0}, wire = {0};
	struct err e;

	chain_open(&c, s);
	batch_make(&bd, &b, flows, n);
	chain_apply(&c, &b, &a);
	assert_int_equal(b.rows, n);
	for (uint32_t i = 0; i < n; i++) {
		assert_string_equal(told(&b, i, &line), want[i]);
		assert_int_equal(col_u64(batch_col(&b, FIELD_dst_port), i), i);
	}
	/* What was added is sound on the wire too. */
	assert_int_equal(batch_serialize(&b, &wire, &e), 0);
	if (batch_parse(&b, wire.p, wire.len, &e) == -1)
		fail_msg("%s", e.msg);
	for (uint32_t i = 0; i < n; i++)
		assert_string_equal(told(&b, i, &line), want[i]);
	buf_release(&line);
	buf_release(&wire);
	arena_release(&a);
	builder_release(&bd);
	chain_close(&c);
}

#define RUN(s, flows, want) run(s, flows, want, sizeof flows / sizeof flows[0])

static void
both_databases(void **unused)
{
	static const struct flow flows[] = {
	    {.src = "192.0.2.1", .dst = "2001:db8::1"},
	    {.src = "198.51.100.7", .dst = "192.0.2.129"},
	    {.src = "203.0.113.1", .dst = "10.0.0.1"},
	    {.src = "10.0.0.1", .dst = "203.0.113.1"},
	    {.dst = "192.0.2.1"},
	    {.src = "192.0.2.1"},
	};
	static const char *const want[] = {
	    "64496|Example Networks|64496|Example Networks|DE|Munich|64500|Six Only|JP|-",
	    "65551|Host Route Ltd|65551|Host Route Ltd|FR|Lyon|64497|Beispiel & S\303\266hne|DE|-",
	    "64499|-|64499|-|BR|-|-|-|-|-",
	    "-|-|-|-|-|-|64499|-|BR|-",
	    "-|-|-|-|-|-|64496|Example Networks|DE|-",
	    "64496|Example Networks|64496|Example Networks|DE|Munich|-|-|-|-",
	};
	struct enrich_settings s = settings(DATA "geolite2-asn.mmdb", DATA "geolite2-city.mmdb");

	(void)unused;
	RUN(&s, flows, want);
}

static void
one_database_may_have_both(void **unused)
{
	static const struct flow flows[] = {{.src = "192.0.2.1", .dst = "2001:db8::1"}};
	static const char *const want[] = {
	    "64496|Example Networks|64496|Example Networks|DE|-|4200000001|Big Number|-|-"};
	struct enrich_settings as_asn = settings(DATA "ipinfo-lite.mmdb", NULL);
	struct enrich_settings as_city = settings(NULL, DATA "ipinfo-lite.mmdb");

	(void)unused;
	RUN(&as_asn, flows, want);
	RUN(&as_city, flows, want);
}

static void
exporters_say(void **unused)
{
	static const struct flow flows[] = {
	    {.src = "192.0.2.1", .src_as = 64500}, /* public: better than the database */
	    {.src = "192.0.2.1", .src_as = 65001}, /* private: worse */
	    {.src = "192.0.2.1", .src_as = 23456},
	    {.src = "192.0.2.1", .src_as = 4200000000},
	    {.src = "10.0.0.1", .src_as = 65001}, /* but better than nothing */
	    {.src = "192.0.2.1", .src_as = 64500, .peer_src_as = 65551},
	    {.src = "192.0.2.1", .src_as = 7, .src_as_name = "Seven"}, /* unknown here, named there */
	    {.src = "192.0.2.1", .src_as = 65001, .src_as_name = "Mine"}, /* not the number's name any more */
	    {.src = "192.0.2.1", .src_as_name = "Nobody"},
	    {.src = "10.0.0.1", .src_as_name = "Nobody"},
	    {.src = "10.0.0.1", .country = "GR"},
	    {.src = "192.0.2.1", .country = "GR"},
	};
	static const char *const want[] = {
	    "64500|Six Only|64500|Six Only|DE|Munich|-|-|-|-",
	    "64496|Example Networks|64496|Example Networks|DE|Munich|-|-|-|-",
	    "64496|Example Networks|64496|Example Networks|DE|Munich|-|-|-|-",
	    "64496|Example Networks|64496|Example Networks|DE|Munich|-|-|-|-",
	    "65001|-|65001|-|-|-|-|-|-|-",
	    "64500|Six Only|65551|Host Route Ltd|DE|Munich|-|-|-|-",
	    "7|Seven|7|-|DE|Munich|-|-|-|-",
	    "64496|Example Networks|64496|Example Networks|DE|Munich|-|-|-|-",
	    "64496|Example Networks|64496|Example Networks|DE|Munich|-|-|-|-",
	    "-|Nobody|-|-|-|-|-|-|-|-",
	    "-|-|-|-|GR|-|-|-|-|-",
	    "64496|Example Networks|64496|Example Networks|DE|Munich|-|-|-|-",
	};
	struct enrich_settings s = settings(DATA "geolite2-asn.mmdb", DATA "geolite2-city.mmdb");

	(void)unused;
	RUN(&s, flows, want);
}

static void
order_of_sources(void **unused)
{
	static const struct flow flows[] = {
	    {.src = "192.0.2.1", .src_as = 64500}, {.src = "10.0.0.1", .src_as = 64500}};
	/* Not asked, the exporter still speaks where nobody else knows. */
	static const char *const want[] = {"64496|Example Networks|64496|Example Networks|-|-|-|-|-|-",
	    "64500|Six Only|64500|Six Only|-|-|-|-|-|-"};
	struct enrich_settings s = settings(DATA "geolite2-asn.mmdb", NULL);

	(void)unused;
	s.as.order[0] = AS_DATABASE;
	s.as.order[1] = AS_EXPORTER;
	s.as.order_count = 2;
	RUN(&s, flows, want);
	s.as.order_count = 1;
	RUN(&s, flows, want);
}

static void
peers_as_origin(void **unused)
{
	static const struct flow flows[] = {{.src = "192.0.2.1", .peer_src_as = 65551}};
	static const char *const want[] = {"64496|Example Networks|64496|Example Networks|-|-|-|-|-|-"};
	struct enrich_settings s = settings(DATA "geolite2-asn.mmdb", NULL);

	(void)unused;
	s.as.peer_is_origin = true;
	RUN(&s, flows, want);
}

static void
own_networks(void **unused)
{
	static const struct flow flows[] = {
	    {.src = "192.0.2.1", .dst = "198.51.100.7"},
	    {.src = "198.51.100.7", .dst = "192.0.2.1"},
	    {.src = "192.0.2.1", .dst = "192.0.2.2"},
	    {.src = "203.0.113.1", .dst = "198.51.100.1"},
	    {.src = "192.0.2.1", .src_as = 64499},
	};
	static const char *const want[] = {
	    "64501|Six Inner|64501|Six Inner|-|-|65551|Host Route Ltd|-|out",
	    "65551|Host Route Ltd|65551|Host Route Ltd|-|-|64501|Six Inner|-|in",
	    "64501|Six Inner|64501|Six Inner|-|-|64501|Six Inner|-|internal",
	    "64499|-|64499|-|-|-|64496|Example Networks|-|transit",
	    "64501|Six Inner|64501|Six Inner|-|-|-|-|-|-",
	};
	struct enrich_settings s = settings(DATA "geolite2-asn.mmdb", NULL);

	(void)unused;
	own(&s, "192.0.2.0/24");
	s.as.my_asn = 64501;
	RUN(&s, flows, want);
}

static void
own_networks_alone(void **unused)
{
	static const struct flow flows[] = {{.src = "192.0.2.1", .dst = "198.51.100.7", .src_as = 5}};
	static const char *const with_asn[] = {"64501|-|64501|-|-|-|-|-|-|out"};
	static const char *const without[] = {"5|-|5|-|-|-|-|-|-|out"};
	struct enrich_settings s = settings(NULL, NULL);

	(void)unused;
	s.step_count = 0;
	own(&s, "192.0.2.0/24");
	RUN(&s, flows, without);
	own(&s, "192.0.2.0/24");
	s.as.my_asn = 64501;
	RUN(&s, flows, with_asn);
}

static void
nothing_to_add_adds_nothing(void **unused)
{
	static const struct flow flows[] = {{.src = "192.0.2.1", .dst = "198.51.100.7"}};
	static const char *const want[] = {"-|-|-|-|-|-|-|-|-|-"};
	struct enrich_settings s = settings(NULL, NULL);

	(void)unused;
	s.step_count = 0;
	RUN(&s, flows, want);
}

/* Rows by the thousand, with addresses plain, in a dictionary and constant, some absent: each row as if it were alone. */
static void
encodings_give_the_same(void **unused)
{
	static const char *const addrs[] = {
	    "192.0.2.1", "198.51.100.7", "10.0.0.1", "2001:db8::1", "203.0.113.1"};
	static const char *const country[] = {"DE", "FR", "", "JP", "BR"};
	enum { ROWS = 5000 };
	struct enrich_settings s = settings(DATA "geolite2-asn.mmdb", DATA "geolite2-city.mmdb");
	struct addr *plain = mem_alloc(ROWS * sizeof *plain), entries[5];
	uint16_t *codes = mem_alloc(ROWS * sizeof *codes);
	uint64_t present[(ROWS + 63) / 64];
	struct arena a = {0};
	struct chain c;

	(void)unused;
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(addr_parse(&entries[i], str_from(addrs[i])), 0);
	memset(present, 0, sizeof present);
	for (uint32_t i = 0; i < ROWS; i++) {
		codes[i] = (uint16_t)(i * 7 % 13 % 5);
		plain[i] = entries[codes[i]];
		present[i / 64] |= (uint64_t)(i % 11 != 0) << i % 64;
	}
	chain_open(&c, &s);
	for (unsigned how = 0; how < 6; how++) {
		struct batch b;

		batch_init(&b);
		b.rows = ROWS;
		if (how / 2 == 0)
			batch_add_fixed(&b, &a, FIELD_src_host, plain, how % 2 != 0 ? present : NULL);
		else if (how / 2 == 1)
			batch_add_dict(
			    &b, &a, FIELD_src_host, codes, entries, 5, how % 2 != 0 ? present : NULL);
		else {
			memset(codes, 0, ROWS * sizeof *codes);
			batch_add_dict(
			    &b, &a, FIELD_src_host, codes, entries, 1, how % 2 != 0 ? present : NULL);
		}
		chain_apply(&c, &b, &a);
		const struct col *got = batch_col(&b, FIELD_src_host_country);
		assert_non_null(got);
		for (uint32_t i = 0; i < ROWS; i++) {
			bool absent = (how % 2 != 0 && i % 11 == 0) || country[codes[i]][0] == '\0';

			assert_int_equal(col_has(got, i), !absent);
			if (!absent)
				assert_true(str_eq(col_str(got, i), str_from(country[codes[i]])));
		}
		arena_reset(&a);
	}
	chain_close(&c);
	arena_release(&a);
	free(plain);
	free(codes);
}

static void
steps_by_name(void **unused)
{
	struct enrich_settings s = {0};
	struct err e;

	(void)unused;
	assert_int_equal(chain_step_add(&s, STR("geoip"), &e), 0);
	assert_int_equal(chain_step_add(&s, STR("snmp"), &e), 0);
	assert_int_equal(s.step_count, 2);
	assert_ptr_equal(s.steps[0], &geoip_step);
	assert_ptr_equal(s.steps[1], &snmp_step);
	assert_int_equal(chain_step_add(&s, STR("geoip"), &e), -1);
	assert_string_equal(e.msg, "step 'geoip' is given twice");
	assert_int_equal(chain_step_add(&s, STR("goip"), &e), -1);
	assert_string_equal(e.msg, "unknown step 'goip'; did you mean 'geoip'?");
	assert_int_equal(chain_step_add(&s, STR("weather"), &e), -1);
	assert_non_null(strstr(e.msg, "geoip, bgp, snmp, ptr or none was expected"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_databases),
	    cmocka_unit_test(one_database_may_have_both),
	    cmocka_unit_test(exporters_say),
	    cmocka_unit_test(order_of_sources),
	    cmocka_unit_test(peers_as_origin),
	    cmocka_unit_test(own_networks),
	    cmocka_unit_test(own_networks_alone),
	    cmocka_unit_test(nothing_to_add_adds_nothing),
	    cmocka_unit_test(encodings_give_the_same),
	    cmocka_unit_test(steps_by_name),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
