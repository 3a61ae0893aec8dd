#!/bin/bash
# nf-ch-insert: the tables that it creates, the columns that it adds, sums beside them, and the end of old days.
. "${0%/*}/tap.sh"
. "${0%/*}/insert.sh"

server_start
columns() { ch "SELECT name FROM system.columns WHERE database = 'pmacct' AND table = '$1' ORDER BY name" | tr '\n' ' '; }
fields() { sed -n 's/^FIELD([0-9]*, \([a-z_]*\),.*/\1/p' "${0%/*}/../lib/flow/fields.def"; }

# Two flows of now, whose sampling rates differ, and one of a year ago.
now=$(date +%s)
minute=$((now - now % 60))
tee "$T/flows" >/dev/null <<-EOT
	{"timestamp_start":$minute,"src_host":"192.0.2.1","proto":6,"src_as":64496,"dst_as":64500,"dst_as_name":"Five","sampling_rate":100,"packets":2,"bytes":30,"input_interface":3}
	{"timestamp_start":$((minute + 1)),"src_host":"192.0.2.2","proto":6,"src_as":64496,"dst_as":64500,"dst_as_name":"Five","packets":1,"bytes":7,"input_interface":3}
	{"timestamp_start":$((minute + 2)),"src_host":"192.0.2.2","proto":17,"src_as":64496,"dst_as":64501,"packets":1,"bytes":9,"input_interface":3}
EOT
printf '{"timestamp_start":%d,"bytes":100,"packets":1}\n' $((now - 365 * 86400)) >"$T/old"

# Every field, and beside it the tables of rows.
ok "flows go into a wide table" insert --create --schema wide <"$T/flows"
is "$(columns flows)" "$({ fields; echo ingested_at; } | LC_ALL=C sort | tr '\n' ' ')" "it has every field"
is "$(ch "SELECT name FROM system.tables WHERE database = 'pmacct' ORDER BY name" | tr '\n' ' ')" \
	"detections flows ml_scores ptr_cache " "--create makes the tables of rows too"
is "$(ch "SELECT sorting_key FROM system.tables WHERE database = 'pmacct' AND name = 'flows'")" \
	"toStartOfFiveMinute(timestamp_start), exporter_ip, input_interface, timestamp_start" "flows that are alike lie together"

# Scores, as nf-mlfeat prints them.
ok "scores go into ml_scores" insert --rows --table ml_scores <<-EOT
	{"time":1700000060,"key":"192.0.2.7","side":"src","window":60,"flows":12,"ml_score":0.610000,"reasons":"syn_ratio"}
EOT
is "$(ch 'SELECT toUnixTimestamp(time), key, side, window, flows, ml_score, ml_score_b, reasons FROM pmacct.ml_scores')" \
	'1700000060	192.0.2.7	src	60	12	0.61	\N	syn_ratio' "as they are"

# Sums of a classic table, and of one with sampling rates.
ok "flows go into a table with sums" insert --create --rollup --table classic <"$T/flows"
for unit in 1m 5m 1h; do
	is "$(ch "SELECT dst_as, proto, sum(flows), sum(packets), sum(bytes) FROM pmacct.classic_$unit GROUP BY dst_as, proto ORDER BY dst_as" | tr '\n' ' ')" \
		"64500	6	2	3	37 64501	17	1	1	9 " "sums by $unit"
done
is "$(ch "SELECT min(toUnixTimestamp(time)), max(toUnixTimestamp(time)) FROM pmacct.classic_1h")" \
	"$((minute - minute % 3600))	$((minute - minute % 3600))" "by the hour"
ok "a table that is there gets sums too" insert --rollup <"$T/flows"
is "$(ch "SELECT dst_as, proto, any(dst_as_name), sum(flows), sum(packets), sum(bytes) FROM pmacct.flows_5m GROUP BY dst_as, proto ORDER BY dst_as" | tr '\n' ' ')" \
	"64500	6	Five	2	201	3007 64501	17		1	1	9 " "scaled where it has sampling rates, of what came since"
ok "the second time they are there already" insert --create --rollup --table classic <"$T/flows"
is "$(ch 'SELECT sum(bytes) FROM pmacct.classic_1m')" 92 "and go on"
ch 'CREATE TABLE pmacct.bare (timestamp_start DateTime, bytes UInt64) ENGINE = Memory'
ok "a table of which no sums can be had takes rows all the same" insert --rollup --table bare <"$T/flows"
ok "and that is said" said "rollups of pmacct.bare: sums need the column packets; rows go in all the same"

# Columns are added, and none is dropped.
ch "CREATE TABLE pmacct.grown (bytes UInt64, mine String DEFAULT 'kept', timestamp_start DateTime) ENGINE = MergeTree PARTITION BY toYYYYMMDD(timestamp_start) ORDER BY timestamp_start"
insert --table grown <"$T/flows"
ok "a table grows to the classic shape" insert --migrate --table grown <"$T/flows"
is "$(columns grown)" "$({ columns classic | tr ' ' '\n' | sed '/^$/d'; echo mine; } | LC_ALL=C sort | tr '\n' ' ')" "with a column of its own kept"
is "$(ch "SELECT count(), sum(bytes), countIf(mine = 'kept'), sum(dst_as) FROM pmacct.grown")" "6	92	6	193501" "and the rows from before"
: >"$T/said"
ok "and to the wide one" insert --migrate --schema wide --table grown <"$T/flows"
is "$(columns grown)" "$({ fields; echo ingested_at; echo mine; } | LC_ALL=C sort | tr '\n' ' ')" "with every field"
ok "what that means for the neighbours is said" said "peer_src_as and peer_dst_as hold neighbours from now on"
: >"$T/said"
ok "nothing is left to add" insert --migrate --schema wide --table grown <"$T/flows"
is "$(grep -c added "$T/said")" 0 "so nothing is"
ch "DROP TABLE pmacct.ptr_cache" >/dev/null
ch "CREATE TABLE pmacct.ptr_cache (ip String, ptr String) ENGINE = MergeTree ORDER BY ip" >/dev/null
ok "rows too" insert --rows --migrate --table ptr_cache <<<'{"ip":"192.0.2.1","ptr":"a.example","country":"GR"}'
is "$(ch 'SELECT ip, ptr, country FROM pmacct.ptr_cache')" "192.0.2.1	a.example	GR" "have their new columns at once"

# A user who may insert and not alter.
sed -i 's|</users>|<feeder><password></password><networks><ip>127.0.0.1</ip></networks><profile>feeder</profile><quota>default</quota></feeder></users>|
	s|</profiles>|<feeder><allow_ddl>0</allow_ddl></feeder></profiles>|' "$T/server/users.xml"
feeder() { CH_USER=feeder ch 'SELECT 1'; }
wait_for 10 eval '[ "$(feeder)" = 1 ]'
ch 'CREATE TABLE pmacct.locked (bytes UInt64) ENGINE = Memory'
ok "rows go in where columns may not be added" insert --user feeder --migrate --table locked <"$T/flows"
ok "and that is said" said "missing columns of pmacct.locked: .*rows go in all the same"

# This server knows no TTL: old days are dropped from here, in tables of our making.
# rest TABLE…: as if nothing had come for two days.
rest() {
	local t
	for t; do
		ch "DETACH TABLE pmacct.$t"
		find "$T/server/data/data/pmacct/$t" -mindepth 1 -maxdepth 1 -type d -exec touch -d '2 days ago' {} +
		ch "ATTACH TABLE pmacct.$t"
	done
}
days() { ch "SELECT uniqExact(partition) FROM system.parts WHERE active AND database = 'pmacct' AND table = '$1'"; }
printf 'retention: 400d\n' >"$T/conf"
insert -c "$T/conf" --create --rollup --table aged < <(cat "$T/flows" "$T/old")
is "$(days aged) $(days aged_1m) $(days aged_5m) $(days aged_1h)" "2 2 2 2" "old rows are taken"
insert -c "$T/conf" --create --rollup --table aged <"$T/flows"
is "$(days aged) $(days aged_1m) $(days aged_5m) $(days aged_1h)" "2 2 2 2" "and stay for a day"
rest aged aged_1m aged_5m aged_1h
insert -c "$T/conf" --create --rollup --table aged <"$T/flows"
is "$(days aged) $(days aged_1m) $(days aged_5m) $(days aged_1h)" "2 1 1 2" "a year is less than 400 days and than the age of sums by the hour, but not of the others"
printf 'retention: 300d\n' >"$T/conf"
: >"$T/said"
rest aged
insert -c "$T/conf" --table aged <"$T/flows"
is "$(days aged)" 2 "without --create nothing is dropped"
insert -c "$T/conf" --create --table aged <"$T/flows"
is "$(days aged) $(ch 'SELECT sum(bytes) FROM pmacct.aged')" "1 230" "with 300 days the old day is dropped"
ok "and that is said" said "dropped the rows of [0-9]{8} from pmacct.aged, older than 300 days"
ch "CREATE TABLE pmacct.theirs (bytes UInt64, timestamp_start DateTime) ENGINE = MergeTree PARTITION BY toYYYYMMDD(timestamp_start) ORDER BY bytes"
insert -c "$T/conf" --create --table theirs < <(cat "$T/flows" "$T/old")
rest theirs
insert -c "$T/conf" --create --table theirs <"$T/flows"
is "$(days theirs)" 2 "a table of others' making keeps all"
plan
