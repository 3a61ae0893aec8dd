/* The statements that create tables, as the server's version wants them, and those that add columns and sums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ch/rollup.h"

static const struct ch_server old = {18, 16, "18.16.1"}, current = {26, 5, "26.5.1"},
			      middle = {21, 8, "21.8"};

static bool
has(struct buf *b, const char *words)
{
	return strstr(buf_cstr(b), words) != NULL;
}

static void
flows_of(struct buf *out, enum ch_schema shape, const struct ch_server *server, uint64_t keep_days)
{
	out->len = 0;
	schema_flows(out,
	    &(struct schema){
		.shape = shape, .database = "d", .table = "t", .server = server, .keep_days = keep_days});
}

static void
test_versions(void **state)
{
	struct buf b = {0};

	(void)state;
	flows_of(&b, SCHEMA_WIDE, &current, 0);
	assert_true(has(&b, "`d`.`t`"));
	assert_true(has(&b, "timestamp_start DateTime64(3) CODEC(Delta, ZSTD(1))"));
	assert_true(has(&b, "src_host IPv6 CODEC"));
	assert_true(has(&b, "as_path Array(LowCardinality(String))"));
	assert_true(has(&b, "INDEX src_as_bloom src_as TYPE bloom_filter"));
	assert_true(has(&b, "TTL toDateTime(timestamp_start) + toIntervalMonth(3)"));
	assert_true(has(&b, "non_replicated_deduplication_window"));
	assert_false(has(&b, "COMMENT"));
	flows_of(&b, SCHEMA_WIDE, &middle, 14);
	assert_true(has(&b, "TTL toDateTime(timestamp_start) + toIntervalDay(14)"));
	assert_false(has(&b, "non_replicated_deduplication_window"));
	flows_of(&b, SCHEMA_WIDE, &old, 14);
	static const char *const newer[] = {
	    "DateTime64", "IPv6", "LowCardinality", "CODEC", "TTL", "ttl_", "INDEX", "window"};
	for (size_t i = 0; i < sizeof newer / sizeof newer[0]; i++)
		assert_false(has(&b, newer[i]));
	assert_true(has(&b, "ingested_at DateTime DEFAULT now() COMMENT '" SCHEMA_MARK "'"));
	buf_release(&b);
}

/* What DESCRIBE TABLE says of the columns. */
static void
table_of(struct ch_table *t, const char *rows)
{
	assert_int_equal(ch_table_parse(t, str_from(rows), NULL), 0);
}

static void
test_migrate(void **state)
{
	struct schema s = {.shape = SCHEMA_CLASSIC, .database = "d", .table = "t", .server = &old};
	struct ch_table t;
	struct buf b = {0};

	(void)state;
	schema_columns(&t, &s);
	assert_int_equal(t.count, 26);
	assert_int_equal(schema_migrate(&b, &s, false, &t), 0);
	assert_int_equal(b.len, 0);
	s.shape = SCHEMA_WIDE;
	unsigned missing = schema_migrate(&b, &s, false, &t);
	assert_true(missing > 30);
	assert_true(has(&b, "ALTER TABLE `d`.`t` ADD COLUMN timestamp_end DateTime, ADD COLUMN "));
	assert_true(has(&b, ", ADD COLUMN src_as UInt32"));
	assert_false(has(&b, "ADD COLUMN dst_as UInt32"));
	assert_false(has(&b, "DROP"));
	ch_table_release(&t);

	b.len = 0;
	s.table = "ptr_cache";
	table_of(&t, "ip\tString\t\nptr\tString\t\nnote\tString\t\n");
	assert_int_equal(schema_migrate(&b, &s, true, &t), 4);
	assert_string_equal(buf_cstr(&b),
	    "ALTER TABLE `d`.`ptr_cache` ADD COLUMN updated_at DateTime DEFAULT now(), "
	    "ADD COLUMN asn UInt32 DEFAULT 0, ADD COLUMN asn_name String DEFAULT '', "
	    "ADD COLUMN country String DEFAULT ''");
	s.table = "own";
	assert_int_equal(schema_migrate(&b, &s, true, &t), 0);
	ch_table_release(&t);
	buf_release(&b);
}

static void
test_rollup(void **state)
{
	struct schema s = {.database = "d", .table = "t", .server = &old};
	struct ch_table t;
	struct buf b = {0};
	struct err e;

	(void)state;
	table_of(&t, "timestamp_start\tDateTime\t\ndst_as\tUInt32\t\nproto\tNullable(UInt8)\t\n"
		     "dst_as_name\tString\t\nsampling_rate\tUInt32\t\npackets\tUInt64\t\nbytes\tUInt64\t\n");
	assert_int_equal(rollup_table(&b, &rollups[1], &s, &t, &e), 0);
	assert_string_equal(buf_cstr(&b),
	    "CREATE TABLE IF NOT EXISTS `d`.`t_5m`\n(\n    time DateTime COMMENT '" SCHEMA_MARK "',\n"
	    "    dst_as UInt32,\n    dst_as_name String,\n"
	    "    flows UInt64,\n    packets UInt64,\n    bytes UInt64\n)\n"
	    "ENGINE = SummingMergeTree((flows, packets, bytes))\nPARTITION BY toYYYYMM(time)\n"
	    "ORDER BY (time, dst_as)\nSETTINGS index_granularity = 8192");
	b.len = 0;
	assert_int_equal(rollup_view(&b, &rollups[1], &s, &t, &e), 0);
	assert_string_equal(buf_cstr(&b),
	    "CREATE MATERIALIZED VIEW IF NOT EXISTS `d`.`t_5m_view` TO `d`.`t_5m`\n"
	    "AS SELECT toStartOfFiveMinute(timestamp_start) AS time, dst_as, any(dst_as_name) AS "
	    "dst_as_name,\n"
	    "    count() AS flows, sum(packets * greatest(sampling_rate, 1)) AS packets, "
	    "sum(bytes * greatest(sampling_rate, 1)) AS bytes\nFROM `d`.`t`\nGROUP BY time, dst_as");
	ch_table_release(&t);
	table_of(&t, "timestamp_start\tDateTime\t\nbytes\tUInt64\t\n");
	assert_int_equal(rollup_table(&b, &rollups[0], &s, &t, &e), -1);
	assert_string_equal(e.msg, "sums need the column packets");
	ch_table_release(&t);
	buf_release(&b);
}

int
main(void)
{
	cmocka_set_message_output(CM_OUTPUT_TAP);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_versions),
	    cmocka_unit_test(test_migrate),
	    cmocka_unit_test(test_rollup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
