/* Native blocks, byte by byte. Where a server reads them: t/0700-insert-values.t. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ch/native.h"
#include "flow/builder.h"

/* Three flows: all fields, none, all fields again with other values. */
static void
make_flows(struct builder *bd, struct batch *b)
{
	struct addr v4 = addr_from_v4(0xc0000201);
	struct addr v6 = addr_from_bytes("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", true);

	builder_init(bd, 0);
	builder_row(bd);
	builder_u64(bd, FIELD_timestamp_start, UINT64_C(1700000000123));
	builder_addr(bd, FIELD_src_host, &v4);
	builder_u16(bd, FIELD_src_port, 443);
	builder_u8(bd, FIELD_proto, 6);
	builder_u16(bd, FIELD_tcpflags, 0x112);
	builder_u64(bd, FIELD_bytes, UINT64_C(5000000000));
	builder_str(bd, FIELD_src_host_country, STR("GR"));
	builder_str(bd, FIELD_as_path, (struct str){"64496\00064500:1\0", 14});
	builder_u64(bd, FIELD_src_mac, UINT64_C(0x0200c0ffee01));
	builder_real(bd, FIELD_ml_score, 0.5F);
	builder_str(bd, FIELD_extra, STR("\"k\":1"));
	builder_u32(bd, FIELD_src_as, 64496);
	builder_row(bd);
	builder_row(bd);
	builder_u64(bd, FIELD_timestamp_start, UINT64_C(1700000001000));
	builder_addr(bd, FIELD_src_host, &v6);
	builder_u16(bd, FIELD_src_port, 53);
	builder_u8(bd, FIELD_proto, 17);
	builder_u64(bd, FIELD_bytes, 70);
	builder_str(bd, FIELD_src_host_country, STR("DEU"));
	builder_str(bd, FIELD_as_path, (struct str){"64511\0", 6});
	builder_u32(bd, FIELD_src_as, 64511);
	builder_finish(bd, b);
}

/* The block for a table of one column, after "1 column, 3 rows, name, type". */
static void
encode(const char *name, const char *type, struct buf *out)
{
	struct builder bd;
	struct batch b;
	struct ch_table t;
	struct arena scratch = {0};
	struct buf rows = {0}, list = {0}, block = {0};
	struct err e = {""};

	make_flows(&bd, &b);
	buf_printf(&rows, "%s\t%s\t\t\n", name, type);
	assert_int_equal(ch_table_parse(&t, (struct str){(char *)rows.p, rows.len}, &e), 0);
	struct native *n = native_new(&t, PEER_AS_NEIGHBOUR, &e);
	assert_string_equal(e.msg, "");
	native_begin(n);
	native_note(n, &b);
	native_columns(n, &list);
	assert_int_equal(list.len, strlen(name) + 2);
	native_add(n, &b, &scratch, &block);
	native_finish(n, &block);

	size_t head = 4 + strlen(name) + strlen(type);
	assert_true(block.len > head);
	assert_int_equal(block.p[0], 1);
	assert_int_equal(block.p[1], 3);
	assert_int_equal(block.p[2], strlen(name));
	assert_memory_equal(block.p + 3, name, strlen(name));
	assert_int_equal(block.p[3 + strlen(name)], strlen(type));
	assert_memory_equal(block.p + 4 + strlen(name), type, strlen(type));
	for (size_t i = head; i < block.len; i++)
		buf_printf(out, "%02x", block.p[i]);
	native_free(n);
	ch_table_release(&t);
	builder_release(&bd);
	arena_release(&scratch);
	buf_release(&rows);
	buf_release(&list);
	buf_release(&block);
}

static void
test_bytes(void **state)
{
	static const struct {
		const char *name, *type, *hex;
	} table[] = {
	    /* numbers */
	    {"src_port", "UInt16", "bb0100003500"},
	    {"src_port", "UInt8", "ff0035"},
	    {"src_port", "Int8", "7f0035"},
	    {"src_port", "UInt64", "bb0100000000000000000000000000003500000000000000"},
	    {"src_port", "UInt128",
		"bb010000000000000000000000000000"
		"00000000000000000000000000000000"
		"35000000000000000000000000000000"},
	    {"src_port", "Nullable(Int256)",
		"000100"
		"bb01000000000000000000000000000000000000000000000000000000000000"
		"0000000000000000000000000000000000000000000000000000000000000000"
		"3500000000000000000000000000000000000000000000000000000000000000"},
	    {"src_port", "Float32", "0080dd430000000000005442"},
	    {"src_port", "String",
		"03343433"
		"00"
		"023533"},
	    {"src_port", "Nullable(UInt16)",
		"000100"
		"bb0100003500"},
	    {"bytes", "UInt32", "ffffffff0000000046000000"},
	    {"tcpflags", "UInt8", "120000"},
	    {"tcpflags", "UInt16", "120100000000"},
	    {"proto", "Bool", "010001"},
	    {"proto", "Enum8('tcp' = 6, 'udp' = 17)", "060611"},
	    {"proto", "Enum16('none' = -1, 'tcp' = 6)", "0600ffffffff"},
	    {"ml_score", "Float64",
		"000000000000e03f"
		"0000000000000000"
		"0000000000000000"},
	    {"ml_score", "UInt8", "000000"},
	    {"ml_score", "String",
		"03302e35"
		"00"
		"00"},
	    /* times */
	    {"timestamp_start", "DateTime",
		"00f1536500000000"
		"01f15365"},
	    {"timestamp_start", "DateTime('Europe/Athens')",
		"00f1536500000000"
		"01f15365"},
	    {"timestamp_start", "DateTime64(3)",
		"7b68e5cf8b010000"
		"0000000000000000"
		"e86be5cf8b010000"},
	    {"timestamp_start", "DateTime64(0)",
		"00f1536500000000"
		"0000000000000000"
		"01f1536500000000"},
	    {"timestamp_start", "Date", "db4c0000db4c"},
	    {"timestamp_start", "UInt32",
		"00f1536500000000"
		"01f15365"},
	    /* addresses, MACs */
	    {"src_host", "String",
		"093139322e302e322e31"
		"00"
		"0b323030313a6462383a3a31"},
	    {"src_host", "IPv6",
		"00000000000000000000ffffc0000201"
		"00000000000000000000000000000000"
		"20010db8000000000000000000000001"},
	    {"src_host", "IPv4",
		"010200c0"
		"00000000"
		"00000000"},
	    {"src_host", "FixedString(16)",
		"00000000000000000000ffffc0000201"
		"00000000000000000000000000000000"
		"20010db8000000000000000000000001"},
	    {"src_mac", "String",
		"1130323a30303a63303a66663a65653a3031"
		"0000"},
	    {"src_mac", "FixedString(6)",
		"0200c0ffee01"
		"000000000000"
		"000000000000"},
	    /* text */
	    {"src_host_country", "String",
		"024752"
		"00"
		"03444555"},
	    {"src_host_country", "FixedString(2)",
		"4752"
		"0000"
		"4445"},
	    {"src_host_country", "Nullable(FixedString(2))",
		"000100"
		"4752"
		"0000"
		"4445"},
	    {"src_host_country", "Enum8('' = 0, 'GR' = 1)", "010000"},
	    {"extra", "String",
		"077b226b223a317d"
		"0000"},
	    {"extra", "Map(String, String)",
		"0100000000000000"
		"0100000000000000"
		"0100000000000000"
		"016b"
		"0131"},
	    {"extra", "Map(LowCardinality(String), String)",
		"0100000000000000"
		"0100000000000000"
		"0100000000000000"
		"0100000000000000"
		"0006000000000000"
		"0200000000000000"
		"00"
		"016b"
		"0100000000000000"
		"01"
		"0131"},
	    /* keys '', GR, DEU; indexes 1 0 2 */
	    {"src_host_country", "LowCardinality(String)",
		"0100000000000000"
		"0006000000000000"
		"0300000000000000"
		"00"
		"024752"
		"03444555"
		"0300000000000000"
		"010002"},
	    {"src_host_country", "LowCardinality(Nullable(String))",
		"0100000000000000"
		"0006000000000000"
		"0300000000000000"
		"00"
		"024752"
		"03444555"
		"0300000000000000"
		"010002"},
	    {"src_port", "LowCardinality(UInt16)",
		"0100000000000000"
		"0006000000000000"
		"0300000000000000"
		"0000"
		"bb01"
		"3500"
		"0300000000000000"
		"010002"},
	    /* lists */
	    {"as_path", "Array(String)",
		"0200000000000000"
		"0200000000000000"
		"0300000000000000"
		"053634343936"
		"0736343530303a31"
		"053634353131"},
	    {"as_path", "Array(UInt32)",
		"0200000000000000"
		"0200000000000000"
		"0300000000000000"
		"f0fb0000"
		"0100f4fb"
		"fffb0000"},
	    {"as_path", "Array(Nullable(UInt16))",
		"0200000000000000"
		"0200000000000000"
		"0300000000000000"
		"000000"
		"f0fb"
		"ffff"
		"fffb"},
	    {"as_path", "Array(LowCardinality(String))",
		"0100000000000000"
		"0200000000000000"
		"0200000000000000"
		"0300000000000000"
		"0006000000000000"
		"0400000000000000"
		"00"
		"053634343936"
		"0736343530303a31"
		"053634353131"
		"0300000000000000"
		"010203"},
	    {"as_path", "String",
		"0d3634343936203634353030"
		"3a31"
		"00"
		"053634353131"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct buf out = {0};

		encode(table[i].name, table[i].type, &out);
		if (strcmp(buf_cstr(&out), table[i].hex) != 0)
			fail_msg(
			    "%s %s: %s, not %s", table[i].name, table[i].type, buf_cstr(&out), table[i].hex);
		buf_release(&out);
	}
}

static struct native *
table_native(struct ch_table *t, const char *rows, enum peer_as peer, struct err *e)
{
	e->msg[0] = '\0';
	assert_int_equal(ch_table_parse(t, str_from(rows), e), 0);
	return native_new(t, peer, e);
}

static void
test_refused(void **state)
{
	static const char *const table[][2] = {
	    {"src_host\tUUID\t\n", "column src_host of type UUID: the field src_host cannot fill it"},
	    {"src_host\tDecimal(9, 2)\t\n",
		"column src_host: type Decimal(9, 2) is none that a flow field can fill"},
	    {"src_host\tArray(String)\t\n",
		"column src_host of type Array(String): the field src_host cannot fill it"},
	    {"as_path\tArray(Array(String))\t\n",
		"column as_path of type Array(Array(String)): the field as_path cannot fill it"},
	    {"extra\tMap(String, UInt8)\t\n",
		"column extra of type Map(String, UInt8): the field extra fills a Map of String to String"},
	    {"src_host\tMap(String, String)\t\n",
		"column src_host of type Map(String, String): the field src_host cannot fill it"},
	    {"bytes\tDateTime\t\n", "column bytes of type DateTime: the field bytes cannot fill it"},
	    {"nothing\tString\t\n", "the table has no column with the name of a flow field (nf-flow(5))"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct ch_table t;
		struct err e;

		assert_null(table_native(&t, table[i][0], PEER_AS_UNSET, &e));
		assert_string_equal(e.msg, table[i][1]);
		ch_table_release(&t);
	}
}

/* The names of the columns that an insert of the three flows has. */
static void
columns_are(const char *rows, enum peer_as peer, const char *expected)
{
	struct builder bd;
	struct batch b;
	struct ch_table t;
	struct err e;
	struct buf list = {0};

	make_flows(&bd, &b);
	struct native *n = table_native(&t, rows, peer, &e);
	assert_non_null(n);
	native_begin(n);
	native_note(n, &b);
	native_columns(n, &list);
	assert_string_equal(buf_cstr(&list), expected);
	native_free(n);
	ch_table_release(&t);
	builder_release(&bd);
	buf_release(&list);
}

static void
test_columns(void **state)
{
	(void)state;
	/* unknown, computed and absent columns stay out */
	columns_are(
	    "src_port\tUInt16\t\nmine\tDecimal(9, 2)\t\nproto\tUInt8\tMATERIALIZED\nbytes\tUInt64\tDEFAULT\n"
	    "packets\tUInt64\t\n",
	    PEER_AS_UNSET, "`src_port`, `bytes`");
	columns_are("packets\tUInt64\t\ndst_port\tUInt16\t\n", PEER_AS_UNSET, "`packets`");
	/* the origin stands in for the neighbour */
	columns_are("peer_src_as\tUInt32\t\n", PEER_AS_UNSET, "`peer_src_as`");
	columns_are(
	    "bytes\tUInt64\t\npeer_src_as\tUInt32\t\nsrc_as\tUInt32\t\n", PEER_AS_UNSET, "`bytes`, `src_as`");
	columns_are("bytes\tUInt64\t\npeer_src_as\tUInt32\t\n", PEER_AS_NEIGHBOUR, "`bytes`");
	columns_are("peer_src_as\tUInt32\t\nsrc_as\tUInt32\t\n", PEER_AS_ORIGIN, "`peer_src_as`, `src_as`");
}

/* Batches that differ in what they have: rows of one that lacks a column get its default. */
static void
test_mixed(void **state)
{
	struct builder bd, other;
	struct batch b, lacking;
	struct ch_table t;
	struct err e;
	struct arena scratch = {0};
	struct buf list = {0}, block = {0}, again = {0};
	static const uint8_t expected[] = "\x01\x04\x07"
					  "as_path\x0d"
					  "Array(String)"
					  "\0\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0"
					  "\00564496\00764500:1\00564511";

	(void)state;
	make_flows(&bd, &b);
	builder_init(&other, 0);
	builder_row(&other);
	builder_u16(&other, FIELD_src_port, 1);
	builder_finish(&other, &lacking);
	struct native *n = table_native(&t, "as_path\tArray(String)\t\n", PEER_AS_UNSET, &e);
	for (int round = 0; round < 2; round++) {
		struct buf *out = round == 0 ? &block : &again;

		native_begin(n);
		native_note(n, &lacking);
		native_note(n, &b);
		native_columns(n, &list);
		native_add(n, &lacking, &scratch, out);
		native_add(n, &b, &scratch, out);
		native_finish(n, out);
	}
	assert_int_equal(block.len, sizeof expected - 1);
	assert_memory_equal(block.p, expected, block.len);
	assert_int_equal(again.len, block.len);
	assert_memory_equal(again.p, block.p, block.len);
	native_free(n);
	ch_table_release(&t);
	builder_release(&bd);
	builder_release(&other);
	arena_release(&scratch);
	buf_release(&list);
	buf_release(&block);
	buf_release(&again);
}

/* More distinct values than a byte or two can number. */
static void
test_low_wide(void **state)
{
	struct builder bd;
	struct batch b;
	struct ch_table t;
	struct err e;
	struct arena scratch = {0};
	struct buf list = {0}, block = {0};

	(void)state;
	struct native *n = table_native(&t, "dst_ptr\tLowCardinality(String)\t\n", PEER_AS_UNSET, &e);
	builder_init(&bd, 0);
	for (int i = 0; i < 1000; i++) {
		char text[16];

		builder_row(&bd);
		builder_str(
		    &bd, FIELD_dst_ptr, (struct str){text, (size_t)snprintf(text, sizeof text, "h%d", i)});
	}
	builder_finish(&bd, &b);
	native_begin(n);
	native_note(n, &b);
	native_columns(n, &list);
	native_add(n, &b, &scratch, &block);
	native_finish(n, &block);
	size_t head = 3 + 1 + 7 + 1 + strlen("LowCardinality(String)"); /* 1000 takes two bytes */
	assert_int_equal(load_le64(block.p + head), 1);
	assert_int_equal(load_le64(block.p + head + 8), 0x601);
	assert_int_equal(load_le64(block.p + head + 16), 1001);
	assert_int_equal(load_le64(block.p + block.len - 2000 - 8), 1000);
	assert_memory_equal(block.p + block.len - 2000, "\1\0\2\0\3\0", 6);
	native_free(n);
	ch_table_release(&t);
	builder_release(&bd);
	arena_release(&scratch);
	buf_release(&list);
	buf_release(&block);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bytes),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_columns),
	    cmocka_unit_test(test_mixed),
	    cmocka_unit_test(test_low_wide),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
