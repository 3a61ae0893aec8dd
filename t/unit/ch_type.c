/* Names of ClickHouse types, taken apart and shown again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ch/type.h"

static void
show(const struct ch_type *t, struct buf *out)
{
	static const char *const names[] = {[CH_UINT] = "uint",
	    [CH_INT] = "int",
	    [CH_FLOAT] = "float",
	    [CH_BOOL] = "bool",
	    [CH_STRING] = "string",
	    [CH_FIXED] = "fixed",
	    [CH_DATE] = "date",
	    [CH_DATE32] = "date32",
	    [CH_DATETIME] = "datetime",
	    [CH_DATETIME64] = "datetime64",
	    [CH_IPV4] = "ipv4",
	    [CH_IPV6] = "ipv6",
	    [CH_UUID] = "uuid",
	    [CH_ENUM] = "enum",
	    [CH_NULLABLE] = "nullable",
	    [CH_LOW_CARDINALITY] = "low",
	    [CH_ARRAY] = "array",
	    [CH_MAP] = "map"};

	buf_puts(out, names[t->kind]);
	if (t->inner == NULL)
		buf_printf(out, ":%u", t->width);
	if (t->kind == CH_DATETIME64)
		buf_printf(out, ".%u", t->precision);
	for (uint32_t i = 0; i < t->value_count; i++)
		buf_printf(out, " %.*s=%lld", (int)t->values[i].name.len, t->values[i].name.p,
		    (long long)t->values[i].value);
	if (t->inner != NULL) {
		buf_putc(out, '(');
		show(t->inner, out);
		if (t->value != NULL) {
			buf_putc(out, ',');
			show(t->value, out);
		}
		buf_putc(out, ')');
	}
}

static void
test_known(void **state)
{
	static const char *const table[][2] = {
	    {"UInt8", "uint:1"},
	    {"UInt64", "uint:8"},
	    {"Int16", "int:2"},
	    {"UInt128", "uint:16"},
	    {"Int256", "int:32"},
	    {"Map(String, LowCardinality(String))", "map(string:0,low(string:0))"},
	    {"Float32", "float:4"},
	    {"Bool", "bool:1"},
	    {"String", "string:0"},
	    {"FixedString(2)", "fixed:2"},
	    {"Date", "date:2"},
	    {"Date32", "date32:4"},
	    {"DateTime", "datetime:4"},
	    {"DateTime('Europe/Athens')", "datetime:4"},
	    {"DateTime64(3)", "datetime64:8.3"},
	    {"DateTime64(6, 'UTC')", "datetime64:8.6"},
	    {"IPv4", "ipv4:4"},
	    {"IPv6", "ipv6:16"},
	    {"UUID", "uuid:16"},
	    {"Enum8('tcp' = 6, 'udp' = 17)", "enum:1 tcp=6 udp=17"},
	    {"Enum16('b' = 300, 'a' = -2)", "enum:2 a=-2 b=300"},
	    {"Enum8('it\\'s (odd), \\\\' = 1)", "enum:1 it's (odd), \\=1"},
	    {"Nullable(UInt32)", "nullable(uint:4)"},
	    {"LowCardinality(Nullable(String))", "low(nullable(string:0))"},
	    {"Array(LowCardinality(String))", "array(low(string:0))"},
	    {"Array(Array(UInt8))", "array(array(uint:1))"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct arena a = {0};
		struct buf b = {0};
		struct err e = {""};
		const struct ch_type *t = ch_type_parse(&a, str_from(table[i][0]), &e);

		assert_string_equal(e.msg, "");
		assert_non_null(t);
		show(t, &b);
		assert_string_equal(buf_cstr(&b), table[i][1]);
		buf_release(&b);
		arena_release(&a);
	}
}

static void
test_refused(void **state)
{
	static const char *const names[] = {"", "uint8", "UInt7", "UInt512", "Map(String)", "Map(String, ",
	    "Decimal(9, 2)", "Tuple(UInt8, String)", "String)", "Nullable", "Nullable(", "Nullable(String",
	    "Array()", "FixedString", "FixedString(0)", "FixedString(99999)", "FixedString(-1)", "DateTime(",
	    "DateTime('x)", "DateTime64", "DateTime64(10)", "DateTime64(3, UTC)", "Enum8", "Enum8()",
	    "Enum8('a')", "Enum8('a' = )", "Enum8('a' = 128)", "Enum8('a' = -129)", "Enum8('a' = 1,)",
	    "Enum16('a' = 40000)", "Enum8('a\\",
	    "Array(Array(Array(Array(Array(Array(Array(Array(Array(UInt8)))))))))"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct arena a = {0};
		struct err e = {""};

		assert_null(ch_type_parse(&a, str_from(names[i]), &e));
		assert_non_null(strstr(e.msg, "is none that a flow field can fill"));
		arena_release(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known),
	    cmocka_unit_test(test_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
