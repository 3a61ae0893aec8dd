/* Counter samples of sFlow, and what becomes of them: lines of JSON. */
#include "sflow_rig.h"

#define HEAD                                                                                     \
	"{\"timestamp_received\":1700000000.000,\"exporter_ip\":\"192.0.2.1\",\"trusted\":true," \
	"\"sub_agent\":3,\"sequence\":9,\"uptime_ms\":1000"

/* Begins a counter sample with so many structures. */
static size_t
put_counters(struct buf *dg, uint32_t structures)
{
	size_t s = put_sample(dg, 2);

	put32(dg, 9, 5, structures);
	return s;
}

/* One sample, ended; what it gave is compared and forgotten. */
static void
expect(struct rig *rig, struct buf *lines, struct buf *dg, size_t s, const char *want)
{
	end_sample(dg, s);
	rig_feed(rig, dg);
	assert_string_equal(buf_cstr(lines), want);
	lines->len = 0;
}

static void
lines_of_counters(void **state)
{
	struct buf lines = {0}, dg = {0};
	struct rig rig;

	(void)state;
	rig_open_sflow(&rig, false, &lines);
	put_sflow(&dg, 1);
	size_t s = put_counters(&dg, 3);
	put_words(&dg, 1, 5, 6, 0, 1000000000, 1, 3, 1, 2, 28, 0xffffffff, 0, 0, 4, 0xffffffff, 0xffffffff,
	    0xffffffff, 29, 5, 6, 7, 8, 0);
	put_words(&dg, 4711, 1, 2, 3); /* somebody's own */
	put_words(&dg, 2, 0, 7);
	expect(&rig, &lines, &dg, s,
	    HEAD ",\"interface\":5,\"ifIndex\":5,\"ifType\":6,\"ifSpeed\":1000000000,\"ifDirection\":1,"
		 "\"ifAdminStatus\":\"up\",\"ifOperStatus\":\"up\",\"ifInOctets\":4294967298,"
		 "\"ifInUcastPkts\":28,\"ifInBroadcastPkts\":0,\"ifInDiscards\":0,\"ifInErrors\":4,"
		 "\"ifOutUcastPkts\":29,\"ifOutMulticastPkts\":5,\"ifOutBroadcastPkts\":6,"
		 "\"ifOutDiscards\":7,\"ifOutErrors\":8,\"ifPromiscuousMode\":0,"
		 "\"dot3StatsAlignmentErrors\":0,\"dot3StatsFCSErrors\":7}\n");

	put_sflow(&dg, 1);
	s = put_sample(&dg, 4);
	put32(&dg, 9, 2, 1, 4);
	put_words(&dg, 1001, 1450, 0xffffffff, 5, 0, 4096, 0, 1024);
	put_words(&dg, 2003, 0x3f800000, 0x3e800000, 0x7fc00000, 2);
	put_record(&dg, 1005, "\0\0\0\5a\"b\1c\0\0\0", 12);
	put_record(&dg, 2000, "\0\0\0\2hi\0\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\0\0\0\3\0\0\0\2", 32);
	expect(&rig, &lines, &dg, s,
	    HEAD
	    ",\"entity\":1,\"cpu_5s\":14.5,\"cpu_5m\":0.05,\"total_memory\":4096,\"free_memory\":1024,"
	    "\"load_one\":1,\"load_five\":0.25,\"load_fifteen\":null,\"proc_run\":2,\"ifName\":\"a\\\"b?c\","
	    "\"hostname\":\"hi\",\"uuid\":\"01020304-0506-0708-090a-0b0c0d0e0f10\",\"machine_type\":3,"
	    "\"os_name\":2}\n");
	assert_int_equal(rig_count(&rig, COUNT_SAMPLES), 2);
	assert_int_equal(rig_count(&rig, COUNT_BAD_RECORD), 0);
	assert_int_equal(rig_look(&rig), 0);
	rig_close(&rig);
	buf_release(&lines);
}

/* Of what is cut short, what is whole; members of an object are unique; nothing is no line. */
static void
odd_counters(void **state)
{
	struct buf lines = {0}, dg = {0};
	struct rig rig;

	(void)state;
	rig_open_sflow(&rig, false, &lines);
	put_sflow(&dg, 1);
	size_t s = put_counters(&dg, 2);
	put_words(&dg, 5, 10, 0, 20);
	put_words(&dg, 5, 11, 0, 21);
	expect(&rig, &lines, &dg, s, HEAD ",\"interface\":5,\"vlan_id\":10,\"vlan_octets\":20}\n");

	put_sflow(&dg, 1);
	s = put_counters(&dg, 2);
	put_words(&dg, 5, 10);
	put32(&dg, 2, 52, 1);
	expect(&rig, &lines, &dg, s, HEAD ",\"interface\":5,\"vlan_id\":10}\n");
	assert_int_equal(rig_count(&rig, COUNT_BAD_RECORD), 1);

	put_sflow(&dg, 1);
	s = put_counters(&dg, 2);
	put_words(&dg, 4711, 10);
	put_words(&dg, 1005, 0x7fffffff);
	expect(&rig, &lines, &dg, s, "");

	put_sflow(&dg, 1);
	s = put_sample(&dg, 4);
	put32(&dg, 9, 77, 1, 1); /* a kind of source to come */
	put_words(&dg, 5, 10);
	expect(&rig, &lines, &dg, s, HEAD ",\"vlan_id\":10}\n");

	put_sflow(&dg, 1);
	s = put_sample(&dg, 2);
	put32(&dg, 9, 5);
	expect(&rig, &lines, &dg, s, "");
	assert_int_equal(rig_count(&rig, COUNT_BAD_RECORD), 2);
	assert_int_equal(rig_count(&rig, COUNT_SAMPLES), 5);
	rig_close(&rig);
	buf_release(&lines);
}

/* The table: a name never stands for two counters, and lines of a structure stand together. */
static void
table_is_sound(void **state)
{
	static const struct {
		unsigned format;
		const char *name;
	} table[] = {
#define COUNTER(format, type, name) {format, #name},
#include "decode/counters.def"
#undef COUNTER
	};
	size_t n = sizeof table / sizeof table[0];

	(void)state;
	assert_true(n > 50);
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++) {
			assert_string_not_equal(table[i].name, table[k].name);
			if (table[i].format == table[k].format)
				assert_int_equal(table[i].format, table[k - 1].format);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_of_counters),
	    cmocka_unit_test(odd_counters),
	    cmocka_unit_test(table_is_sound),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
