#!/bin/bash
# nf-ch-insert --rows: NDJSON rows of any table, through bad lines, refusals, an outage and kill -9.
. "${0%/*}/tap.sh"
. "${0%/*}/insert.sh"

server_start
ch 'CREATE DATABASE pmacct' >/dev/null
rows() { insert --rows "$@"; }
waiting() { find "$T/spool/pmacct.$1.rows" -maxdepth 1 -name '*.ndjson' -o -name '*.open' | wc -l; }

# rows_of FROM TO: a row a number, which stands in `bytes`; names and types of every kind beside it.
rows_of() {
	awk -v from="$1" -v to="$2" 'BEGIN { for (i = from; i <= to; i++) printf \
		"{\"bytes\":%d,\"name\":\"n %d \\\"\\u00fc\\\"\",\"at\":1700000000.%03d,\"tags\":[\"a\",\"b%d\"]}\n", \
		i, i, i % 1000, i }'
}

# Values.
: >"$T/said"
rows --create --table ptr_cache <<'END'
{"ip":"192.0.2.1","ptr":"host.example.net","updated_at":1767225600,"asn":64496,"asn_name":"Example","country":"CH"}
{"ip":"2001:db8::1","ptr":"six.example.net","updated_at":1767225601}
END
is $? 0 "rows of ptr_cache go in, and --create makes the table"
is "$(ch 'SELECT ip, ptr, toUInt32(updated_at), asn, asn_name, country FROM pmacct.ptr_cache ORDER BY ip')" \
	"192.0.2.1	host.example.net	1767225600	64496	Example	CH
2001:db8::1	six.example.net	1767225601	0		" "as they came"
is "$(metric rows_total) $(metric stored_rows_total)" "2 2" "and are counted"

ch "CREATE TABLE pmacct.any (bytes UInt64, name String, at DateTime('UTC'), tags Array(String), opt Nullable(Int32), \
	said String DEFAULT 'by default', key String, twice UInt64 MATERIALIZED bytes * 2, flag UInt8) ENGINE = Log" >/dev/null
rows --table any <<'END'
{"bytes":1,"name":"a\"\u00fc\n","at":1700000000.123,"tags":["x","y"],"opt":-5,"key":{"src":"192.0.2.1","n":[1,2]},"flag":true}
{"na\u006de":"escaped key","bytes":"2","at":"2023-11-14 22:13:20","opt":null,"key":null,"twice":7,"later":{"a":[1]}}

{"_mark":"token"}
  { "tags" : [ ] , "bytes" : 3 }
END
is $? 0 "rows of a table of one's own"
is "$(ch "SELECT bytes, name, toUInt32(at), tags, opt, said, key, twice, flag FROM pmacct.any ORDER BY bytes FORMAT JSONCompact" | jq -c '.data[]')" \
	'["1","a\"ü\n",1700000000,["x","y"],-5,"by default","{\"src\":\"192.0.2.1\",\"n\":[1,2]}","2",1]
["2","escaped key",1700000000,[],null,"by default","","4",0]
["3","",0,[],null,"by default","","6",0]' "each value in its column, objects as their text, marks and blank lines none"
ok "what has no column is named, once" eval '[ "$(grep -c "pmacct.any has no column .later." "$T/said")" = 1 ]'

# Detections as nf-detect prints them.
cat >"$T/rules.yml" <<'END'
- {name: any_scan, proto: tcp, same_dst_port: true, unique_dst_ips: 10, time_window: 60s, action: 'alert,clickhouse'}
END
for i in {1..40}; do
	echo "{\"timestamp_start\":1700000000.0,\"src_host\":\"198.51.100.7\",\"dst_host\":\"192.0.2.$i\",\"dst_port\":23,\"proto\":6,\"packets\":1,\"bytes\":40}"
done | "$BUILD/bin/nf-detect" --clock flow -r "$T/rules.yml" 2>/dev/null >"$T/detections"
: >"$T/said"
rows --create --table detections <"$T/detections"
is $? 0 "detections go into the table of theirs"
is "$(ch "SELECT count(), any(rule), any(key LIKE '{%198.51.100.7%}') FROM pmacct.detections")" \
	"$(wc -l <"$T/detections")	any_scan	1" "with rule and key"
is "$(ch "SELECT time, id FROM pmacct.detections WHERE samples NOT LIKE '[{%' OR reasons NOT LIKE '[{%' OR empty(actions)")" "" \
	"and all that is a list"
"$BUILD/bin/nf-act" -L "$T" --detections-out "$T/acted" <"$T/detections" 2>/dev/null
ok "nf-act writes rows too" test -s "$T/acted"
rows --table detections <"$T/acted"
is $? 0 "which go into the same table"
ok "nothing of them is left out" eval '! said "has no column"'
rows --create --table elsewhere --drain-timeout 1 <<<'{"a":1}'
is $? 1 "--create makes no table that it does not know"
ok "and says so" said "has no table pmacct.elsewhere"

# Lines that are no rows.
: >"$T/said"
{
	rows_of 1 10
	printf '%s\n' 'no json' '[{"bytes":1}]' '{"bytes":1' '{"bytes":1} {"bytes":2}' '{"bytes":01}' '"text"'
	head -c 3000000 /dev/zero | tr '\0' x
	echo
	head -c 500 /dev/urandom | tr -d '\n'
	echo
	rows_of 11 1000
	printf '{"bytes":1001}' # no newline
} >"$T/dirty"
ch "CREATE TABLE pmacct.dirty (bytes UInt64, name String) ENGINE = Log" >/dev/null
rows --table dirty --compress lz4 <"$T/dirty"
is $? 0 "bad lines are no reason to fail"
is "$(stored pmacct.dirty)" "$(sums 1001)" "all others go in"
is "$(awk '$1 == "nf_input_bad_lines_total" {print $2}' "$T/metrics")" 8 "they are counted"
ok "and named by line number" said "line 11: byte 1: "
ok "all of them at the end" said "8 lines were no rows"

# A batch that the server refuses is set aside with its words; others flow on.
ch "CREATE TABLE pmacct.picky (bytes UInt64, name String) ENGINE = Log" >/dev/null
: >"$T/said"
{
	rows_of 1 20
	echo '{"bytes":"many"}'
	wait_for 10 said "refuses 1 rows"
	rows_of 21 1000
	wait_for 10 eval '[ "$(ch "SELECT count() FROM pmacct.picky")" = 1000 ]'
	echo '{"else":1}'
} | rows --table picky --flush-ms 100
is "${PIPESTATUS[1]}" 1 "rows that are refused make a failure"
is "$(stored pmacct.picky)" "$(sums 1000)" "the others are stored, those that came in the same insert too"
is "$(metric 'dropped_rows_total{reason="refused"}')" 2 "those refused are counted"
failed=("$T"/spool/pmacct.picky.rows/failed/*.ndjson)
is "$(cat "${failed[@]}")" '{"bytes":"many"}
{"else":1}' "and lie in failed/ as they came"
ok "with words beside them" grep -q "Cannot parse" "${failed[0]%.ndjson}.txt"
ok "rows without a single column too" grep -q "no member of these rows is a column" "$T"/spool/pmacct.picky.rows/failed/*.txt

# ClickHouse is away at start, and killed midway.
ch "CREATE TABLE pmacct.often (bytes UInt64, name String, at DateTime) ENGINE = MergeTree ORDER BY bytes" >/dev/null
ch_kill
rows --table often --drain-timeout 1 < <(rows_of 1 5000)
is $? 1 "the end with rows on disk is a failure"
ok "it says where they wait" said "5000 rows wait in $T/spool/pmacct.often.rows and go first at the next start"
drip() {
	local i
	for ((i = 5001; i <= 40000; i += 500)); do
		rows_of $i $((i + 499))
		sleep 0.05
	done
}
(insert_exec --rows --table often --flush-ms 50 < <(drip)) &
program=$!
server_start
ok "rows go in" wait_for 10 eval '[ "$(ch "SELECT count() FROM pmacct.often")" -gt 6000 ]'
ch_kill
ok "once it is killed rows go to disk" wait_for 10 eval '[ "$(waiting often)" -gt 0 ]'
server_start
wait $program
is $? 0 "the end comes with all rows stored"
read -r count unique _ < <(stored pmacct.often)
is "$unique" 40000 "no row is lost"
ok "rows are there twice only where an insert got no answer ($((count - unique)) rows, $(metric ambiguous_total) inserts)" \
	test "$count" = "$unique" -o "$(metric ambiguous_total)" -gt 0
is "$(waiting often)" 0 "and the spool is empty"

# nf-ch-insert is killed while rows are on disk.
ch "CREATE TABLE pmacct.killed (bytes UInt64, name String) ENGINE = Log" >/dev/null
ch_stop
mkfifo "$T/in"
exec 3<>"$T/in"
insert_exec --rows --table killed <"$T/in" &
program=$!
rows_of 1 20000 >&3
ok "rows go to disk" wait_for 10 eval '[ "$(waiting killed)" -gt 0 ]'
rows_of 20001 40000 >&3
counted() { kill -USR1 "$program" && said "spool_rows 40000"; }
ok "all of them" wait_for 10 counted
{ kill -KILL "$program"; wait "$program"; } 2>/dev/null
printf '{"bytes":400' >>"$(ls "$T"/spool/pmacct.killed.rows/*.open)"
: >"$T/said"
server_start
insert_exec --rows --table killed <"$T/in" &
program=$!
ok "the next run sends all that was on disk" wait_for 10 eval '[ "$(stored pmacct.killed)" = "$(sums 40000)" ]'
ok "and says what was cut off" said "the last 12 bytes in .* were cut off by a crash"
rows_of 40001 40100 >&3
kill -TERM $program
wait $program
is $? 0 "TERM ends it"
is "$(stored pmacct.killed)" "$(sums 40100)" "with what was in the pipe"
exec 3>&-

# Damage on disk costs the damaged rows.
ch_stop
rows --table killed --drain-timeout 1 < <(rows_of 40101 41000)
segment=$(ls "$T"/spool/pmacct.killed.rows/*.ndjson | head -n 1)
printf 'XXXX' | dd of="$segment" conv=notrunc 2>/dev/null
: >"$T/said"
server_start
rows --table killed </dev/null
is $? 1 "damage is a failure"
is "$(ch 'SELECT count(), max(bytes) FROM pmacct.killed')" "40999	41000" "of one row"
is "$(metric 'dropped_rows_total{reason="lost"}')" 1 "which is counted"

# Flows of the same table have a spool of their own.
flows 1 10 | insert --table killed
is $? 0 "flows go into the same table"

# Usage.
rows -i bin </dev/null
is $? 2 "rows are no binary flows"
like "$("$BUILD/bin/nf-ch-insert" --rows --table detections --print-schema)" "unique_dst_ips UInt32" "the schema of detections"
"$BUILD/bin/nf-ch-insert" --rows --table other --print-schema 2>/dev/null
is $? 2 "there is none of a table of one's own"
plan
