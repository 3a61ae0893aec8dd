#!/bin/bash
# Into ClickHouse: the users' 26 columns. The peer is clickhouse-client with the same rows as TabSeparated; the
# server is the same for both and shares the cores with them, so CPU seconds are told apart.
. "${0%/*}/lib.sh"
. "${0%/*}/../../contrib/clickhouse.sh"
rows=${BENCH_ROWS:-2000000}

row "insert: flows to Native blocks" "$(best "$BENCH/ch_encode" plain)" -
row "insert: the same, compressed with LZ4" "$(best "$BENCH/ch_encode" lz4)" -

command -v clickhouse-server clickhouse-client >/dev/null || exit 0
# On disk, as a table is; the input is in memory.
data=$(mktemp -d) || exit 1
trap 'ch_stop; rm -rf "$T" "$data"' EXIT
ch_setup "$data/server"
ch_start || exit 1
"$BENCH/ch_encode" make "$rows" >"$T/flows"
insert() { "$BUILD/bin/nf-ch-insert" --url "http://127.0.0.1:$CH_PORT" --spool "$data/spool" --create "$@"; }
insert <"$T/flows" 2>/dev/null || exit 1
columns=$(ch "SELECT arrayStringConcat(groupArray(name), ', ') FROM system.columns WHERE table = 'flows' AND name != 'ingested_at'")
ch "SELECT $columns FROM pmacct.flows" >"$T/tsv"
[ "$(wc -l <"$T/tsv")" = "$rows" ] || exit 1

ticks() { awk '{ print $14 + $15 }' "/proc/$CH_PID/stat"; }

# timed NAME CMD…: sets NAME_s (seconds), NAME_c (CPU seconds of the program) and NAME_d (of the server) to the best run.
timed() {
	local name=$1 times before after
	shift
	ch 'DROP TABLE pmacct.flows'
	ch "$("$BUILD/bin/nf-ch-insert" --print-schema | sed '/;$/,$d' | grep -v '^TTL')"
	before=$(ticks)
	TIMEFORMAT='%R %U %S'
	times=$({ time "$@" >/dev/null 2>&1; } 2>&1)
	after=$(ticks)
	[ "$(ch 'SELECT count() FROM pmacct.flows')" = "$rows" ] || return 1
	read -r s u k <<<"$times"
	if [ -z "${!name}" ] || awk -v a="$s" -v b="${!name%% *}" 'BEGIN { exit !(a < b) }'; then
		printf -v "$name" '%s' "$s $(awk -v u="$u" -v k="$k" -v d=$((after - before)) 'BEGIN { print u + k, d / 100 }')"
	fi
}
client() { ch_client --query "INSERT INTO pmacct.flows ($columns) FORMAT TabSeparated" <"$T/tsv"; }
ours_run() { insert <"$T/flows"; }

ours='' theirs=''
for ((i = 0; i < ROUNDS; i++)); do
	timed ours ours_run && timed theirs client || exit 1
done
read -r s c d <<<"$ours"
read -r ps pc pd <<<"$theirs"
rate() { awk -v n="$rows" -v s="$1" 'BEGIN { printf "%.0f", n / s }'; }
row "insert: end to end, rows a second" "$(rate "$s")" "$(rate "$ps")" "clickhouse-client, TabSeparated"
row "insert: rows a CPU second of the program" "$(rate "$c")" "$(rate "$pc")" "clickhouse-client"
row "insert: rows a CPU second of the server" "$(rate "$d")" "$(rate "$pd")" "clickhouse-client"
