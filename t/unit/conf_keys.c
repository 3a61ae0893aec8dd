/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <string.h>

#include "io/conf.h"

/* The warnings of the last check, one after the other. */
static char warnings[2048];

static void
warn_keep(void *arg, const char *words)
{
	(void)arg;
	size_t n = strlen(warnings);
	snprintf(warnings + n, sizeof warnings - n, "%s\n", words);
}

/* Parses a text under the name "f" and holds it against the table. */
static int
check(struct conf *c, const char *text, struct err *e)
{
	warnings[0] = '\0';
	if (conf_parse(c, "f", str_from(text), e) < 0)
		return -1;
	return conf_check(c, warn_keep, NULL, e);
}

static void
assert_check_refused(const char *text, const char *words)
{
	struct conf c;
	struct err e = {""};

	assert_int_equal(check(&c, text, &e), -1);
	assert_string_equal(e.msg, words);
	conf_release(&c);
}

/* Collects the items as "item@column ". */
static int
item_keep(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	(void)e;
	buf_printf(arg, "%s@%u ", item.p, at->column);
	return 0;
}

/* The file that users have, key by key. */
static const char existing_file[] =
    "collectors: {netflow: {config: {bindaddr: 0.0.0.0, bindport: 2055, debug: false}}}\n"
    "bgp: {bgp_listener: {enabled: true, listen_ip: \"198.51.100.10\", router_id: \"\", peer_ip: "
    "\"198.51.100.1\", asn: 65001, local_asn: 65001, remote_asn: 64496, max_peers: 2}}\n"
    "clickhouse: {host: \"localhost\", user: \"default\", password: \"\", database: \"pmacct\", table: "
    "\"flows\"}\n"
    "geoip: {asn_db: \"/etc/pmacct/GeoLite2-ASN.mmdb\", city_db: \"/etc/pmacct/GeoLite2-City.mmdb\"}\n"
    "kafka: {enabled: false, brokers: [\"localhost:9092\"], topic: \"netflow\", group_id: "
    "\"flowenricher-group\"}\n"
    "dns: {nameserver: \"1.1.1.1\"}\n"
    "timezone: \"Europe/Athens\"\n"
    "debug: false\n"
    "enrich: \"geoip, bgp, snmp, ptr\"\n"
    "insert: {batch_size: 200, flush_interval_ms: 1000}\n"
    "my_asn: 64496\n"
    "my_prefixes: [198.51.100.0/24, \"2001:db8::/32\"]\n"
    "snmp: {enabled: true, target: \"198.51.100.1\", community: \"public\", port: 161, timeout: 2, retries: "
    "3}\n"
    "detection: {enable_detection_engine: true, rules_config: /etc/flowenricher/detection.yml, "
    "flow_cache_max_window: 60s, debug_detection: false}\n";

static void
existing_file_passes_unchanged(void **state)
{
	struct buf items = {0};
	struct conf c;
	struct err e = {""};

	(void)state;
	assert_int_equal(check(&c, existing_file, &e), 0);
	assert_string_equal(warnings, "");
	assert_int_equal(conf_num(&c, "collectors.netflow.config.bindport"), 2055);
	assert_true(conf_bool(&c, "bgp.bgp_listener.enabled"));
	assert_string_equal(conf_str(&c, "bgp.bgp_listener.router_id"), "");
	assert_int_equal(conf_num(&c, "bgp.bgp_listener.remote_asn"), 64496);
	assert_string_equal(conf_str(&c, "geoip.city_db"), "/etc/pmacct/GeoLite2-City.mmdb");
	assert_string_equal(conf_str(&c, "timezone"), "Europe/Athens");
	assert_int_equal(conf_duration(&c, "insert.flush_interval_ms"), 1000);
	assert_int_equal(conf_duration(&c, "snmp.timeout"), 2000);
	assert_int_equal(conf_duration(&c, "detection.flow_cache_max_window"), 60000);
	assert_int_equal(conf_each(&c, "enrich", item_keep, &items, &e), 0);
	assert_int_equal(conf_each(&c, "my_prefixes", item_keep, &items, &e), 0);
	assert_string_equal(
	    buf_cstr(&items), "geoip@10 bgp@17 snmp@22 ptr@28 198.51.100.0/24@15 2001:db8::/32@32 ");
	buf_release(&items);
	conf_release(&c);
}

static void
later_keys_pass(void **state)
{
	struct conf c;
	struct err e = {""};

	(void)state;
	assert_int_equal(
	    check(&c,
		"api: {listen_address: 127.0.0.1, port: 9600, tokens: {a: b}, allow_ips: ['::1']}\n"
		"bgp: {table_file: /x, bgp_listener: {store_aspath: true}}\n"
		"dns: {nameserver: [1.1.1.1, 9.9.9.9], batch_size: 100, skip_private: true}\n"
		"upstream_interfaces: [1, 2]\n"
		"detection: {anomaly: {enabled: true, model: {x: [y]}}}\n"
		"enrich: [geoip, smtp]\n"
		"clickhouse: {host: 'db.example.net:9000'}\n",
		&e),
	    0);
	assert_string_equal(warnings,
	    "f:2:52: 'bgp.bgp_listener.store_aspath' does nothing here: AS paths are always kept\n"
	    "f:3:51: 'dns.batch_size' does nothing here: lookups run side by side, not in batches\n"
	    "f:5:22: 'detection.anomaly' does nothing here: anomaly scores are the business of ml\n"
	    "f:6:17: enrich: 'smtp' is read as 'snmp'\n"
	    "f:7:20: clickhouse.host: this is the port of the native protocol; 8123 (HTTP) is used\n");
	conf_release(&c);
}

static void
wrong_files_are_refused(void **state)
{
	(void)state;
	assert_check_refused(
	    "clickhouse:\n  hots: localhost\n", "f:2:3: unknown key 'clickhouse.hots'; did you mean 'host'?");
	assert_check_refused("clickhose: {}\n", "f:1:1: unknown key 'clickhose'; did you mean 'clickhouse'?");
	assert_check_refused("kafka: {xyz: 1}\n",
	    "f:1:9: unknown key 'kafka.xyz', expected one of: enabled, brokers, topic, group_id");
	assert_check_refused("collectors: {netflow.config.debug: true}\n",
	    "f:1:14: unknown key 'collectors.netflow.config.debug', expected one of: netflow");
	assert_check_refused(
	    "- a\n", "f:1:1: expected a map of keys, such as 'clickhouse: {host: localhost}'");
	assert_check_refused("clickhouse: localhost\n", "f:1:13: clickhouse: expected a map of keys");
	assert_check_refused("collectors: {netflow: {config: {bindport: 70000}}}\n",
	    "f:1:43: bindport is '70000', expected a number from 1 to 65535");
	assert_check_refused("debug: maybe\n", "f:1:8: debug is 'maybe', expected true or false");
	assert_check_refused(
	    "enrich: geoip, dns\n", "f:1:16: enrich: 'dns', expected one of: geoip bgp snmp ptr smtp none");
	assert_check_refused("my_prefixes: [198.51.100.0/24, nowhere]\n",
	    "f:1:32: my_prefixes: 'nowhere' is not an address or prefix");
	assert_check_refused("dns: {nameserver: [1.1.1.1, dns.example.net]}\n",
	    "f:1:29: dns.nameserver: 'dns.example.net', expected an IP address, or one and a port");
	assert_check_refused(
	    "peer_as: neighbor\n", "f:1:10: peer_as: 'neighbor', expected one of: neighbour origin");
	assert_check_refused(
	    "insert: {spool_max: lots}\n", "f:1:21: spool_max is 'lots', expected a size such as 64M");
	assert_check_refused(
	    "retention: long\n", "f:1:12: retention is 'long', expected a duration such as 60s");
	assert_check_refused("geoip: {asn_db: [a]}\n", "f:1:17: asn_db is a list, expected text");
}

static void
silence_gives_the_default(void **state)
{
	struct buf items = {0};
	struct conf c;
	struct err e;

	(void)state;
	assert_int_equal(conf_num(NULL, "collectors.netflow.config.bindport"), 2055);
	assert_string_equal(conf_str(NULL, "clickhouse.host"), "localhost");
	assert_null(conf_str(NULL, "geoip.asn_db"));
	assert_int_equal(conf_num(NULL, "my_asn"), 0);
	assert_false(conf_has(NULL, "clickhouse.host"));
	assert_int_equal(conf_size(NULL, "insert.spool_max"), (uint64_t)4 << 30);
	assert_int_equal(conf_duration(NULL, "retention"), (uint64_t)90 * 86400000);
	assert_int_equal(conf_each(NULL, "enrich", item_keep, &items, &e), 0);
	assert_int_equal(conf_each(NULL, "my_prefixes", item_keep, &items, &e), 0);
	assert_string_equal(buf_cstr(&items), "geoip@0 bgp@7 snmp@12 ");
	buf_release(&items);

	assert_int_equal(check(&c, "clickhouse: {host: , user: bob}\nscale:\n", &e), 0);
	assert_string_equal(conf_str(&c, "clickhouse.host"), "localhost");
	assert_string_equal(conf_str(&c, "clickhouse.user"), "bob");
	assert_false(conf_has(&c, "clickhouse.host"));
	assert_true(conf_has(&c, "clickhouse.user"));
	conf_release(&c);
}

/* Every default must itself pass, and be found in a section of its own. */
static void
table_is_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < conf_keys_count; i++) {
		const struct conf_key *k = &conf_keys[i];
		struct buf text = {0};
		struct conf c;
		struct err e = {""};
		unsigned depth = 0;

		assert_ptr_equal(conf_key_find(k->path), k);
		if (k->def == NULL)
			continue;
		for (const char *p = k->path; *p != '\0'; p++) {
			if (*p == '.')
				buf_printf(&text, ":\n%*s", (int)++depth, "");
			else
				buf_putc(&text, *p);
		}
		buf_printf(&text, ": %s\n", k->def);
		if (check(&c, buf_cstr(&text), &e) < 0)
			fail_msg("%s: %s", k->path, e.msg);
		assert_true(conf_has(&c, k->path));
		assert_string_equal(warnings, "");
		conf_release(&c);
		buf_release(&text);
	}
}

static int
prefix_keep(void *arg, const struct prefix *p, uint64_t v, const struct cnode *at, struct err *e)
{
	char text[PREFIX_TEXT_MAX];

	(void)e;
	buf_printf(arg, "%s=%u@%u ", prefix_text(text, p), (unsigned)v, at->line);
	return 0;
}

#define SAMPLING "collectors: {netflow: {config: {sampling:\n"

/* A number for all, or numbers by prefix; what is neither is refused where it stands. */
static void
numbers_by_prefix(void **state)
{
	static const char path[] = "collectors.netflow.config.sampling.default";
	struct conf c;
	struct err e;
	struct buf got = {0};

	(void)state;
	assert_int_equal(check(&c, SAMPLING "{default: 100}}}}\n", &e), 0);
	assert_int_equal(cnode_by_prefix(conf_find(&c, path), 1, 1000, prefix_keep, &got, &e), 0);
	assert_string_equal(buf_cstr(&got), "0.0.0.0/0=100@2 ::/0=100@2 ");
	got.len = 0;
	conf_release(&c);
	assert_int_equal(check(&c, SAMPLING "{default: {192.0.2.1: 7, \"2001:db8::/32\": 9}}}}}\n", &e), 0);
	assert_int_equal(cnode_by_prefix(conf_find(&c, path), 1, 1000, prefix_keep, &got, &e), 0);
	assert_string_equal(buf_cstr(&got), "192.0.2.1/32=7@2 2001:db8::/32=9@2 ");
	buf_release(&got);
	conf_release(&c);
	assert_check_refused(
	    SAMPLING "{default: 0}}}}\n", "f:2:11: default is '0', expected a number from 1 to 4294967295");
	assert_check_refused(SAMPLING "{override: {192.0.2.1: none}}}}}\n",
	    "f:2:24: 192.0.2.1 is 'none', expected a number from 1 to 4294967295");
	assert_check_refused(
	    SAMPLING "{override: {router: 5}}}}}\n", "f:2:13: 'router' is not an address or prefix");
	assert_check_refused(SAMPLING "{override: [5]}}}}\n",
	    "f:2:12: override is a list, expected a number, or a map of prefixes to numbers");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(existing_file_passes_unchanged),
	    cmocka_unit_test(later_keys_pass),
	    cmocka_unit_test(wrong_files_are_refused),
	    cmocka_unit_test(silence_gives_the_default),
	    cmocka_unit_test(table_is_sound),
	    cmocka_unit_test(numbers_by_prefix),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
