#!/bin/bash
# nf-ch-insert against today's ClickHouse engine: every type that it fills, and no row twice where an answer is lost.
. "${0%/*}/tap.sh"
. "${0%/*}/insert.sh"

. "${0%/*}/current.sh"

engine 0
like "$(ch 'SELECT version()')" "^2[6-9]\." "the engine is of 26 or later ($(ch 'SELECT version()'))"
ch 'CREATE DATABASE pmacct'

# Two flows, one with all and one bare. The second row of each column shows what stands for nothing.
now=1750000000
cat >"$T/flows" <<END
{"timestamp_start":$now.123,"timestamp_end":$now.999,"timestamp_received":$now.5,"bytes":18446744073709551615,"packets":300,"src_port":65535,"dst_port":443,"proto":17,"tcpflags":274,"tos":255,"ttl":64,"src_host":"192.0.2.1","dst_host":"2001:db8::1","next_hop":"192.0.2.254","bgp_next_hop":"2001:db8::fe","exporter_ip":"192.0.2.9","nat_src_host":"192.0.2.7","src_mac":"02:00:c0:ff:ee:01","dst_mac":"02:00:c0:ff:ee:02","trusted":true,"ml_score":0.5,"src_as":4200000000,"dst_as":64496,"src_host_country":"GR","dst_host_country":"DE","src_host_city":"Athens","dst_host_city":"Köln","flow_type":"json","src_label":["role=web","it's"],"dst_label":["it's","b"],"application":"a","as_path":["64500","4200000000"],"src_as_path":["64501","64502"],"communities":["64500:7"],"large_communities":["64500:1:2"],"mpls_labels":["16","17"],"input_interface":7,"output_interface":8,"local_pref":100,"med":5,"sampling_rate":1000,"src_mask":24,"colour":"red","n":{"a":[1]},"q":"x\"y"}
{"bytes":2}
END
# column, field's type in the table, what the flow gives, what a bare one gives
cat >"$T/types" <<'END'
bytes|UInt64|18446744073709551615|2
packets|UInt8|255|0
src_port|UInt16|65535|0
dst_port|UInt32|443|0
src_as|UInt128|4200000000|0
dst_as|UInt256|64496|0
proto|Int8|17|0
tcpflags|UInt8|18|0
tos|Int16|255|0
ttl|Int32|64|0
input_interface|Int64|7|0
output_interface|Int128|8|0
local_pref|Int256|100|0
sampling_rate|Float32|1000|0
ml_score|Float64|0.5|0
med|String|5|
trusted|Bool|true|false
timestamp_start|DateTime('Europe/Athens')|2025-06-15 18:06:40|1970-01-01 02:00:00
timestamp_end|DateTime64(3, 'America/New_York')|2025-06-15 11:06:40.999|1969-12-31 19:00:00.000
timestamp_received|Date|2025-06-15|1970-01-01
src_host|IPv4|192.0.2.1|0.0.0.0
dst_host|IPv6|2001:db8::1|::
next_hop|Nullable(IPv4)|192.0.2.254|\N
bgp_next_hop|LowCardinality(Nullable(String))|2001:db8::fe|\N
exporter_ip|LowCardinality(String)|192.0.2.9|
src_mac|UInt64|2202261253633|0
dst_mac|FixedString(17)|02:00:c0:ff:ee:02|\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0
src_host_country|FixedString(2)|GR|\0\0
dst_host_country|LowCardinality(FixedString(2))|DE|\0\0
src_host_city|Nullable(String)|Athens|\N
dst_host_city|String|Köln|
flow_type|Enum16('none' = -5, 'ipfix' = 10, 'json' = 300)|json|none
src_label|Map(LowCardinality(String), String)|{'role':'web','it\'s':''}|{}
application|Enum8('' = 0, 'a' = 1)|a|
dst_label|LowCardinality(String)|it\'s b|
as_path|Array(UInt32)|[64500,4200000000]|[]
src_as_path|Array(String)|['64501','64502']|[]
communities|Array(LowCardinality(String))|['64500:7']|[]
large_communities|Array(Nullable(String))|['64500:1:2']|[]
mpls_labels|Array(Nullable(UInt16))|[16,17]|[]
src_mask|LowCardinality(UInt8)|24|0
extra|Map(String, String)|{'colour':'red','n':'{"a":[1]}','q':'x"y'}|{}
END
columns=$(cut -d '|' -f 1 "$T/types" | paste -sd ,)
ch 'SET allow_suspicious_low_cardinality_types = 1'
ch "CREATE TABLE pmacct.types ($(awk -F '|' '{ print $1, $2 "," }' "$T/types") nat_src_host FixedString(16)) ENGINE = MergeTree ORDER BY tuple()"
ok "flows go into a table of $(wc -l <"$T/types") types" insert -i ndjson --table types <"$T/flows"
for row in 1 2; do
	ch "SELECT $columns FROM pmacct.types ORDER BY bytes $([ $row = 1 ] && echo DESC) LIMIT 1" | tr '\t' '\n' >"$T/got"
	while IFS='|' read -r column type full bare; do
		IFS= read -r got <&3
		is "$got" "$([ $row = 1 ] && echo "$full" || echo "$bare")" \
			"$type: what $column $([ $row = 1 ] && echo has || echo lacks) is read as it should be"
	done <"$T/types" 3<"$T/got"
done
is "$(ch 'SELECT hex(nat_src_host) FROM pmacct.types ORDER BY bytes DESC LIMIT 1')" 00000000000000000000FFFFC0000207 \
	"FixedString(16): an address as its bytes"
is "$(metric unfit_values_total)" 1 "what no type could hold is counted"

# Blocks beyond one, and keys beyond a byte: each value of each row.
awk -v n=100000 -v t=$now 'BEGIN { for (i = 1; i <= n; i++) { printf "{\"timestamp_start\":%d.%03d,\"bytes\":%d", t + i % 9999, i % 1000, i
	if (i % 3) printf ",\"src_host\":\"10.%d.%d.%d\",\"src_host_city\":\"city %d\",\"as_path\":[\"%d\",\"%d\"],\"k%d\":\"v%d\"", \
		i / 65536, i / 256 % 256, i % 256, i % 70000, i % 300, i, i % 5, i
	print "}" } }' >"$T/many"
ch "CREATE TABLE pmacct.many (timestamp_start DateTime64(3), bytes UInt64, src_host LowCardinality(String), src_host_city LowCardinality(Nullable(String)),
	as_path Array(LowCardinality(String)), extra Map(LowCardinality(String), String)) ENGINE = MergeTree ORDER BY bytes"
ok "100,000 flows" insert --table many --batch-rows 200000 --flush-ms 60000 <"$T/many"
jq -r '[(.timestamp_start * 1000 | round), .bytes, .src_host // "", .src_host_city // "none", (.as_path // [] | join(" ")),
	(with_entries(select(.key | startswith("k"))) | to_entries | map(.key + "=" + .value) | join(" "))] | @tsv' "$T/many" >"$T/want"
ch "SELECT toUnixTimestamp64Milli(timestamp_start), bytes, src_host, ifNull(src_host_city, 'none'), arrayStringConcat(as_path, ' '),
	arrayStringConcat(arrayMap(k -> k || '=' || extra[k], mapKeys(extra)), ' ') FROM pmacct.many ORDER BY bytes" >"$T/got"
ok "each value of each row is there" same "$T/want" "$T/got"

# No row twice, in a table of --create: each of three inserts is stored, and its answer is lost.
recent=$(date +%s)
flow() { printf '{"timestamp_start":%d,"bytes":%d}\n' "$recent" "$1"; }
insert --create < <(flow 1)
like "$(ch 'SHOW CREATE TABLE pmacct.flows')" "non_replicated_deduplication_window = 1000" "--create gives a window for deduplication"
like "$(ch 'SHOW CREATE TABLE pmacct.ptr_cache')" "non_replicated_deduplication_window = 1000" "to ptr_cache too"
engine 3
: >"$T/said"
insert --drain-timeout 30 < <(for i in $(seq 2 5001); do flow $i; done)
is $? 0 "with three answers lost, all goes in"
is "$(metric ambiguous_total) $(metric retries_total)" "3 3" "after three retries, which are counted"
is "$(stored)" "$(sums 5001)" "each row once"

# Nor over a restart: what is on disk goes with the token that it had.
engine 9
insert --drain-timeout 1 < <(for i in $(seq 5002 6000); do flow $i; done)
is $? 1 "answers are lost up to the end"
is "$(stored)" "$(sums 6000)" "though the rows are stored"
engine 0
insert </dev/null
is $? 0 "the next run sends them again"
is "$(stored)" "$(sums 6000)" "and the server knows them"

# The same rows in a batch of their own are other rows.
insert < <(flow 6001)
insert < <(flow 6001)
is "$(ch 'SELECT count() FROM pmacct.flows WHERE bytes = 6001')" 2 "the same flow twice is two flows"

# A table of an operator's own has no window: the row is there twice, and that is counted.
ch 'CREATE TABLE pmacct.plain (bytes UInt64) ENGINE = MergeTree ORDER BY bytes'
engine 1
insert --table plain < <(flow 1)
is "$(stored pmacct.plain) $(metric ambiguous_total)" "2	1	2 1" "without a window it is at least once, and counted"

# Rows of NDJSON have tokens too.
insert --rows --create --table ptr_cache <<<'{"ip":"192.0.2.1","ptr":"a"}'
engine 1
insert --rows --table ptr_cache <<<'{"ip":"192.0.2.2","ptr":"b"}'
is "$(ch 'SELECT ip FROM pmacct.ptr_cache ORDER BY ip' | tr '\n' ' ') $(metric ambiguous_total)" "192.0.2.1 192.0.2.2  1" "rows of NDJSON once as well"

# A server that knows async_insert is asked for it.
ok "inserts that the server gathers" insert --async-insert --table plain < <(flow 7)
is "$(ch 'SELECT count() FROM pmacct.plain WHERE bytes = 7')" 1 "are stored when it answers"
plan
