/* Tables as text: every form, whole and in pieces, and what is wrong in them by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "route/rib_in.h"

static char dir[] = "/tmp/nf-rib-XXXXXX";
static char path[64];

struct said {
	struct buf words;
};

static void
on_complaint(void *arg, uint64_t line, const char *words)
{
	struct said *s = arg;

	buf_printf(&s->words, "%llu: %s\n", (unsigned long long)line, words);
}

/* What the table holds, a line a prefix. */
static void
table_show(struct table_builder *b, struct buf *out)
{
	struct table t;
	struct err e;

	if (table_builder_write(b, path, 1, &e) == -1 || table_open(&t, path, &e) == -1)
		fail_msg("%s", e.msg);
	for (uint32_t n = 0; n < t.prefix_count; n++) {
		struct prefix p;
		struct route r;

		table_route(&t, table_prefix(&t, n, &p), &r);
		route_put_json(out, &p, &r);
		buf_putc(out, '\n');
	}
	table_close(&t);
}

/* Reads the text, `piece` bytes at a time, and holds what came of it against what is wanted. */
static void
reads_in_pieces(const char *text, size_t piece, const char *want, const char *words)
{
	struct table_builder b;
	struct said said = {{0}};
	struct buf out = {0};
	struct rib_in in;
	struct err e;
	size_t len = strlen(text);
	int rc = 0;

	table_builder_init(&b);
	rib_in_init(&in, &b, on_complaint, &said);
	for (size_t at = 0; at < len && rc == 0; at += piece)
		rc = rib_in_add(&in, text + at, len - at < piece ? len - at : piece, &e);
	if (rc == 0)
		rc = rib_in_end(&in, &e);
	if (rc == -1)
		buf_printf(&said.words, "%s\n", e.msg);
	table_show(&b, &out);
	assert_string_equal(buf_cstr(&out), want);
	assert_string_equal(buf_cstr(&said.words), words);
	rib_in_release(&in);
	table_builder_release(&b);
	buf_release(&out);
	buf_release(&said.words);
}

static void
reads(const char *text, const char *want, const char *words)
{
	static const size_t pieces[] = {1, 2, 7, 100, 1 << 20};

	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
		reads_in_pieces(text, pieces[i], want, words);
}

#define LINE(prefix, path, rest) \
	"TABLE_DUMP2|1700000000|B|192.0.2.9|64500|" prefix "|" path "|IGP|" rest "|NAG||\n"

static void
bgpdump(void **unused)
{
	(void)unused;
	reads(LINE("203.0.113.0/24", "64500 64501", "192.0.2.1|0|0|"),
	    "\"prefix\":\"203.0.113.0/"
	    "24\",\"as_path\":[64500,64501],\"next_hop\":\"192.0.2.1\",\"peer\":\"192.0.2.9\"\n",
	    "");
	reads(LINE("2001:db8::/32", "64500 {64501,64502}", "2001:db8::1|100|20|64500:1 no-export 64500:1:2"),
	    "\"prefix\":\"2001:db8::/32\",\"as_path\":[64500,\"{64501,64502}\"],\"next_hop\":\"2001:db8::1\","
	    "\"local_pref\":100,\"med\":20,\"communities\":[\"64500:1\",\"65535:65281\"],"
	    "\"large_communities\":[\"64500:1:2\"],\"peer\":\"192.0.2.9\"\n",
	    "");
	/* A route of the machine that dumped it; one with a path identifier; -M, which ends after the origin. */
	reads("TABLE_DUMP2|1|B|0.0.0.0|0|0.0.0.0/0||INCOMPLETE|0.0.0.0|0|0||NAG||\n"
	      "TABLE_DUMP2_AP|1|B|192.0.2.9|1|10.0.0.0/8|2|64500|IGP|192.0.2.1|0|0||NAG||\n"
	      "TABLE_DUMP2|11/23/26 12:00:00|B|192.0.2.9|1|11.0.0.0/8|64500|IGP\n",
	    "\"prefix\":\"0.0.0.0/0\",\"as_path\":[]\n"
	    "\"prefix\":\"10.0.0.0/"
	    "8\",\"as_path\":[64500],\"next_hop\":\"192.0.2.1\",\"peer\":\"192.0.2.9\"\n"
	    "\"prefix\":\"11.0.0.0/8\",\"as_path\":[64500],\"peer\":\"192.0.2.9\"\n",
	    "");
	/* The same attributes are remembered by their text, with the peer that belongs to them. */
	reads("TABLE_DUMP2|1|B|192.0.2.8|1|10.0.0.0/8|1|IGP|192.0.2.1|0|0||NAG||\n"
	      "TABLE_DUMP2|1|B|192.0.2.9|1|11.0.0.0/8|1|IGP|192.0.2.1|0|0||NAG||\n"
	      "TABLE_DUMP2|1|B|192.0.2.9|1|12.0.0.0/8|1|IGP|192.0.2.1|0|0||NAG||\n"
	      "TABLE_DUMP2|1|B|192.0.2.9|1|12.0.0.1/8|1|IGP|192.0.2.1|0|0||NAG||\n",
	    "\"prefix\":\"10.0.0.0/8\",\"as_path\":[1],\"next_hop\":\"192.0.2.1\",\"peer\":\"192.0.2.8\"\n"
	    "\"prefix\":\"11.0.0.0/8\",\"as_path\":[1],\"next_hop\":\"192.0.2.1\",\"peer\":\"192.0.2.9\"\n"
	    "\"prefix\":\"12.0.0.0/8\",\"as_path\":[1],\"next_hop\":\"192.0.2.1\",\"peer\":\"192.0.2.9\"\n",
	    "4: '12.0.0.1/8' has bits set beyond its length; the prefix is 12.0.0.0/8\n");
}

static void
bgpdump_with_faults(void **unused)
{
	(void)unused;
	reads("BGP4MP|1|A|192.0.2.9|1|10.0.0.0/8|1|IGP|192.0.2.1|0|0||NAG||\n"
	      "TABLE_DUMP2|1|B|192.0.2.9|1\n"
	      "TABLE_DUMP2|1|B|192.0.2.9|1|10.0.0.0/33|1|IGP|192.0.2.1|0|0||NAG||\n"
	      "TABLE_DUMP2|1|B|192.0.2|1|10.0.0.0/8|1|IGP|192.0.2.1|0|0||NAG||\n"
	      "\n# a comment\n"
	      "TABLE_DUMP2|1|B|192.0.2.9|1|10.0.0.0/8|one|IGP|192.0.2.1|0|0||NAG||\n"
	      "TABLE_DUMP2|1|B|192.0.2.9|1|10.0.0.0/8|1|IGP|192.0.2.1|-1|0||NAG||\n"
	      "TABLE_DUMP2|1|B|192.0.2.9|1|10.0.0.0/8|1|IGP|192.0.2.1|0|0|1:|NAG||\r\n"
	      "TABLE_DUMP2|1|B|192.0.2.9|1|11.0.0.0/8|1|IGP|192.0.2.1|0|0||NAG||\r\n"
	      "hello\n",
	    "\"prefix\":\"11.0.0.0/8\",\"as_path\":[1],\"next_hop\":\"192.0.2.1\",\"peer\":\"192.0.2.9\"\n",
	    "1: an update; a dump of a table was expected\n"
	    "2: the line is cut short\n"
	    "3: '10.0.0.0/33' has no prefix length from 0 to 32\n"
	    "4: '192.0.2' is no address\n"
	    "7: 'one' is no AS path\n"
	    "8: local_pref '-1' is no number up to 4294967295\n"
	    "9: '1:' is no community\n"
	    "11: neither JSON nor a line of bgpdump -m\n");
}

static void
ndjson(void **unused)
{
	(void)unused;
	reads("{\"prefix\":\"203.0.113.0/"
	      "24\",\"as_path\":[64500,64496],\"next_hop\":\"192.0.2.1\",\"local_pref\":100,"
	      "\"med\":0,\"communities\":[\"64500:1\"],\"large_communities\":[\"64500:1:2\"],\"peer\":\"192."
	      "0.2.9\"}\n",
	    "\"prefix\":\"203.0.113.0/"
	    "24\",\"as_path\":[64500,64496],\"next_hop\":\"192.0.2.1\",\"local_pref\":100,"
	    "\"med\":0,\"communities\":[\"64500:1\"],\"large_communities\":[\"64500:1:2\"],\"peer\":\"192.0."
	    "2.9\"\n",
	    "");
	/* Other ways to write the same; what is not there stays so; the last line lacks its end. */
	reads("  {\"as_path\":\"64500 {1,2}\",\"prefix\":\"10.0.0.0\\/8\",\"communities\":\"64500:1, "
	      "64500:2\"}\n"
	      "{\"prefix\":\"11.0.0.0/8\",\"as_path\":[64500,[1,2],\"(65001 "
	      "65002)\"],\"med\":\"7\",\"next_hop\":null}\n"
	      "{\"prefix\":\"12.0.0.0/"
	      "8\",\"communities\":[],\"as_path\":[],\"note\":{\"as_path\":[1]},\"peer\":\"::\"}\n"
	      "{\"prefix\":\"13.0.0.1\"}",
	    "\"prefix\":\"10.0.0.0/"
	    "8\",\"as_path\":[64500,\"{1,2}\"],\"communities\":[\"64500:1\",\"64500:2\"]\n"
	    "\"prefix\":\"11.0.0.0/8\",\"as_path\":[64500,\"{1,2}\",\"(65001 65002)\"],\"med\":7\n"
	    "\"prefix\":\"12.0.0.0/8\",\"as_path\":[],\"communities\":[]\n"
	    "\"prefix\":\"13.0.0.1/32\"\n",
	    "");
	reads("{\"prefix\":\"10.0.0.0/8\",\"med\":-1}\n"
	      "{\"as_path\":[1]}\n"
	      "{\"prefix\":\"10.0.0.0/8\"\n"
	      "{\"prefix\":\"10.0.0.0/8\"} x\n"
	      "{\"prefix\":7}\n"
	      "{\"prefix\":\"10.0.0.0/8\",\"as_path\":[1,true]}\n"
	      "{\"prefix\":\"10.0.0.0/8\",\"as_path\":{}}\n"
	      "[]\n",
	    "",
	    "1: med '-1' is no number up to 4294967295\n"
	    "2: no \"prefix\"\n"
	    "3: byte 23: the line ends where ',' or '}' was expected\n"
	    "4: byte 25: 'x' where the end of the line was expected\n"
	    "5: '7' is not an address or prefix\n"
	    "6: as_path is neither text nor a number\n"
	    "7: as_path is neither text nor a number\n"
	    "8: neither JSON nor a line of bgpdump -m\n");
}

static void
object_of_prefixes(void **unused)
{
	(void)unused;
	reads("{\"10.0.0.0/8\":{\"as_path\":[1]},\"2001:db8::/32\":{\"as_path\":[2]}}",
	    "\"prefix\":\"10.0.0.0/8\",\"as_path\":[1]\n\"prefix\":\"2001:db8::/32\",\"as_path\":[2]\n", "");
	/* Over many lines, several routes for a prefix, the prefix said again within, slashes escaped. */
	reads("\n{\n  \"10.0.0.0\\/8\": {\n    \"prefix\": \"9.0.0.0/8\",\n    \"as_path\": [\n      1,\n    "
	      "  [2,\n 3]\n    ]\n  },\n"
	      "  \"11.0.0.0/8\": [\n {\"as_path\": [1, 2]}, {\"as_path\": [3]}\n ]\n}\n",
	    "\"prefix\":\"10.0.0.0/8\",\"as_path\":[1,\"{2,3}\"]\n\"prefix\":\"11.0.0.0/"
	    "8\",\"as_path\":[3]\n",
	    "");
	/* Two files one after the other, and other forms behind them. */
	reads("{\"10.0.0.0/8\":{}} {}\n{\"11.0.0.0/8\":{}}\n{\"prefix\":\"12.0.0.0/8\"}\n",
	    "\"prefix\":\"10.0.0.0/8\"\n\"prefix\":\"11.0.0.0/8\"\n\"prefix\":\"12.0.0.0/8\"\n", "");
	/* Braces and quotes in texts; a bad member leaves the others. */
	reads("{\"10.0.0.0/8\":{\"note\":\"},{\\\"\"},\n\"10.0.0.0/99\":{},\n\"11.0.0.0/8\":{\"med\":x},\n"
	      "\"12.0.0.0/8\":[{},7],\n\"13.0.0.0/8\":\"\",\n14,\n\"15.0.0.0/8\":{}}",
	    "\"prefix\":\"10.0.0.0/8\"\n\"prefix\":\"12.0.0.0/8\"\n\"prefix\":\"15.0.0.0/8\"\n",
	    "2: '10.0.0.0/99' has no prefix length from 0 to 32\n"
	    "3: byte 8: 'x' where a value was expected\n"
	    "4: something in the array is no route\n"
	    "5: byte 14: '\"' where a route or an array of routes was expected\n"
	    "6: a prefix in quotes was expected\n");
	reads("{\"10.0.0.0/8\":{},\n\"11.0.0.0/8\":{}\n", "\"prefix\":\"10.0.0.0/8\"\n",
	    "line 3: the object of prefixes has no end\n");
}

static void
what_is_too_long(void **unused)
{
	size_t len = RIB_ITEM_MAX + 200000;
	char *text = mem_alloc(len + 100);

	(void)unused;
	memset(text, 'x', len);
	memcpy(text + len, "\n{\"prefix\":\"10.0.0.0/8\"}\n", sizeof "\n{\"prefix\":\"10.0.0.0/8\"}\n");
	reads_in_pieces(text, 65536, "\"prefix\":\"10.0.0.0/8\"\n", "1: a line of over a mebibyte\n");
	memcpy(text, "{\"10.0.0.0/8\":", 14);
	reads_in_pieces(text, 65536, "", "line 1: a prefix with over a mebibyte of routes\n");
	free(text);
}

static void
one_peer_only(void **unused)
{
	static const char text[] = "{\"prefix\":\"10.0.0.0/8\",\"as_path\":[1],\"peer\":\"192.0.2.1\"}\n"
				   "{\"prefix\":\"11.0.0.0/8\",\"as_path\":[1],\"peer\":\"192.0.2.1\"}\n"
				   "{\"prefix\":\"10.0.0.0/8\",\"as_path\":[1,2],\"peer\":\"192.0.2.2\"}\n"
				   "{\"prefix\":\"12.0.0.0/8\"}\n";
	struct table_builder b;
	struct said said = {{0}};
	struct buf out = {0};
	struct rib_in in;
	struct addr peer;

	(void)unused;
	assert_int_equal(addr_parse(&peer, STR("192.0.2.2")), 0);
	table_builder_init(&b);
	rib_in_init(&in, &b, on_complaint, &said);
	in.peer = &peer;
	assert_int_equal(rib_in_add(&in, text, strlen(text), NULL), 0);
	assert_int_equal(rib_in_end(&in, NULL), 0);
	assert_int_equal(in.routes, 4);
	table_show(&b, &out);
	assert_string_equal(
	    buf_cstr(&out), "\"prefix\":\"10.0.0.0/8\",\"as_path\":[1,2],\"peer\":\"192.0.2.2\"\n");
	rib_in_release(&in);
	table_builder_release(&b);
	buf_release(&out);
	buf_release(&said.words);
}

static int
setup(void **unused)
{
	(void)unused;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/table", dir);
	return 0;
}

static int
teardown(void **unused)
{
	(void)unused;
	unlink(path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bgpdump),
	    cmocka_unit_test(bgpdump_with_faults),
	    cmocka_unit_test(ndjson),
	    cmocka_unit_test(object_of_prefixes),
	    cmocka_unit_test(what_is_too_long),
	    cmocka_unit_test(one_peer_only),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("rib_in", tests, setup, teardown);
}
