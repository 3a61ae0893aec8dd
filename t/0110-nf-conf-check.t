#!/bin/bash
# nf-conf: what passes, what is refused and where, what is shown and what is not.
. "${0%/*}/tap.sh"

conf=$BUILD/bin/nf-conf
file=$T/f.yaml

# refused YAML WORDS NAME: check ends with 2, nothing on stdout and the words on stderr.
refused() {
	printf '%b' "$1" >"$file"
	"$conf" check -c "$file" >"$T/out" 2>"$T/err"
	is "$? $(cat "$T/out")|$(cat "$T/err")" "2 |nf-conf: warning: $file:$2" "$3"
}

refused 'clickhouse:\n  hots: localhost\n' \
	"2:3: unknown key 'clickhouse.hots'; did you mean 'host'?" "an unknown key is named with its neighbour"
refused 'clickhouse: {host: a, host: b}\n' \
	"1:23: key 'host' is given twice, first at line 1" "a key given twice"
refused 'insert:\n  batch_size: many\n' \
	"2:15: batch_size is 'many', expected a number from 1 to 10000000" "a number that is none"
refused 'a:\n\tb: 1\n' "2:1: tab in the indentation, expected spaces" "a tab"
refused 'debug: *x\n' "1:8: alias '*x', expected the value itself" "an alias"
refused 'my_prefixes: [198.51.100.0/24, 300.0.0.1]\n' \
	"1:32: my_prefixes: '300.0.0.1' is not an address or prefix" "a list item that is no prefix"

cat >"$file" <<'END'
collectors: {netflow: {config: {allow: 198.51.100.1}}}
clickhouse: {host: db, password: swordfish}
slack: {webhook: "https://hooks.example.net/swordfish"}
api: {tokens: [swordfish]}
enrich: "snmp, ptr"
my_asn: 64496
my_prefixes: [198.51.100.0/24, "2001:db8::/32"]
snmp: {enabled: true, community: swordfish, timeout: 1500ms}
insert: {flush_interval_ms: 1500, spool_max: 64MiB}
detection: {enable_detection_engine: off}
geoip:
timezone: Europe/Athens
END
chmod 640 "$file"
out=$("$conf" check -c "$file" 2>"$T/err")
is $? 0 "a good file passes"
is "$(cat "$T/err")" "" "and gives no warning"
is "$(grep -v default <<<"$out")" "collectors.netflow.config.allow: 198.51.100.1
clickhouse.host: db
clickhouse.password: (set)
timezone: Europe/Athens
enrich: snmp, ptr
my_asn: 64496
my_prefixes: 198.51.100.0/24, 2001:db8::/32
insert.flush_interval_ms: 1500ms
insert.spool_max: 64M
snmp.enabled: true
snmp.community: (set)
snmp.timeout: 1500ms
detection.enable_detection_engine: false
slack.webhook: (set)
api.tokens: (set)" "it is shown as understood, secrets hidden"
like "$out" $'\nsnmp.retries: 3  # default\n' "defaults that matter are shown as such"
is "$(grep -c '^kafka' <<<"$out")" 0 "and those of what is off are not"
is "$("$conf" check -n -c "$file" 2>&1)" "" "-n says nothing"

is "$("$conf" get -c "$file" enrich my_prefixes insert.flush_interval_ms insert.spool_max geoip.asn_db kafka.brokers debug 2>&1)" \
	"snmp
ptr
198.51.100.0/24
2001:db8::/32
1.500
67108864

localhost:9092
false" "get prints a value a line, a list an item a line"
is "$("$conf" get run_dir)" /run/flowenricher "get without a file gives defaults"

got=$("$conf" get -c "$file" clickhouse.host clickhouse.password 2>"$T/err")
is "$? $got|$(cat "$T/err")" "2 |nf-conf: warning: 'clickhouse.password' is a secret and is not shown" \
	"get refuses a secret and prints nothing"
got=$("$conf" get -c "$file" clickhouse.hots 2>&1)
is "$? $got" "2 nf-conf: warning: unknown key 'clickhouse.hots'; did you mean 'clickhouse.host'?" \
	"get knows the keys"

cat >"$T/rules.yml" <<'END'
- name: slow_horizontal_scan
  proto: tcp
  same_dst_port: true
  unique_dst_ips: 50
  time_window: 60s
  action: alert
END
out=$("$conf" check --rules "$T/rules.yml" 2>&1)
like "$? $out" $'^0 rule:\n  name: slow_horizontal_scan\n.*\n  unique_dst_ips: 50\n' "rules are shown as understood"
out=$("$conf" check -c "$file" --rules "$T/rules.yml" 2>&1)
like "$? $out" $'^0 .*\napi.tokens: \(set\)\n.*\nrule:\n  name: slow_horizontal_scan\n' "after the configuration"
sed -i 's/same_dst_port/same_dst_prot/' "$T/rules.yml"
out=$("$conf" check -n --rules "$T/rules.yml" 2>&1)
like "$? $out" "^2 nf-conf: warning: $T/rules.yml:3:3: .*same_dst_prot.*same_dst_port" "a typo in a rule has its place"
sed "s|enable_detection_engine: off|rules_config: $T/rules.yml|" "$file" >"$T/g.yaml"
"$conf" check -n -c "$T/g.yaml" 2>/dev/null
is $? 2 "the rules that the configuration names are checked too"
"$conf" check --rules "$T/none" 2>/dev/null
is $? 2 "rules that were asked for must be there"
"$conf" check 2>/dev/null
is $? 2 "check wants something to check"
"$conf" check -c "$T/none" 2>/dev/null
is $? 2 "a missing file is a configuration error"
"$conf" peel 2>/dev/null
is $? 2 "an unknown command is a usage error"
"$conf" get run_dir >/dev/full 2>/dev/null
is $? 1 "a full disk is a failure"

chmod 644 "$file"
like "$("$conf" check -c "$file" 2>&1 >/dev/null)" "everyone may read it, and it holds clickhouse.password; chmod 0640 it" \
	"a secret that everyone may read is warned of"
cat >"$file" <<END
clickhouse: {host: "localhost:9000", password: a, password_file: $T/none}
enrich: geoip, smtp
dns: {batch_size: 100}
geoip: {asn_db: $T/none}
timezone: Europe/Athen
detection: {rules_config: $T/none}
END
chmod 640 "$file"
"$conf" check -c "$file" >/dev/null 2>"$T/err"
is $? 0 "what may come later is no error"
is "$(sed "s|^nf-conf: warning: ||; s|$T/||" "$T/err")" \
	"f.yaml:1:20: clickhouse.host: this is the port of the native protocol; 8123 (HTTP) is used
f.yaml:2:16: enrich: 'smtp' is read as 'snmp'
f.yaml:3:19: 'dns.batch_size' does nothing here: lookups run side by side, not in batches
clickhouse.password and clickhouse.password_file are both set; the file is used
clickhouse.password_file: none: No such file or directory
collectors.netflow.config.allow is empty, and neither snmp.target nor a BGP peer is given: flows are trusted whoever sends them; list your exporters
my_prefixes is empty: directions are unknown, and own addresses are not protected from being blackholed
geoip.asn_db: none: No such file or directory; flows get no AS numbers and names from it
geoip.city_db is not set; flows get no countries and cities
detection.rules_config: none: No such file or directory; nothing is detected without rules
timezone: no zone 'Europe/Athen' (is the package tzdata installed?), UTC is used" "each is warned of, with its remedy"

plan
