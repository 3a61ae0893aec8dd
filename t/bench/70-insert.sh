#!/bin/bash
# Into ClickHouse: the users' 26 columns. The peers are clickhouse-client with the same rows as TabSeparated, and curl
# with ready-made Native bodies, which says how fast the server is when nobody else works; the
# server is the same for both and shares the cores with them, so CPU seconds are told apart.
. "${0%/*}/lib.sh"
. "${0%/*}/../../contrib/clickhouse.sh"
rows=${BENCH_ROWS:-2000000}

row "insert: flows to Native blocks" "$(best "$BENCH/ch_encode" plain)" -
row "insert: the same, compressed with LZ4" "$(best "$BENCH/ch_encode" lz4)" -
row "insert: the same, compressed with ZSTD" "$(best "$BENCH/ch_encode" zstd)" -

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

# Bodies of 500,000 rows as the server itself writes them, by a client that does nothing else.
for ((from = 0; from < rows; from += 500000)); do
	ch "SELECT $columns FROM pmacct.flows LIMIT $from, 500000 FORMAT Native" >"$T/body.$((from / 500000))"
done
insert_query=$(printf 'INSERT INTO pmacct.flows (%s) FORMAT Native' "$columns" | sed 's/ /%20/g')
bare() {
	local body
	for body in "$T"/body.*; do
		curl -sS --noproxy '*' -H 'Expect:' --data-binary "@$body" "http://127.0.0.1:$CH_PORT/?query=$insert_query"
	done
}
peak_file=$T/peak
ours_run() {
	python3 -c 'import resource, subprocess, sys
status = subprocess.call(sys.argv[2:])
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(status)' "$peak_file" "$BUILD/bin/nf-ch-insert" --url "http://127.0.0.1:$CH_PORT" --spool "$data/spool" <"$T/flows"
}

ours='' theirs='' bodies=''
for ((i = 0; i < ROUNDS; i++)); do
	timed ours ours_run && timed theirs client && timed bodies bare || exit 1
done
read -r s c d <<<"$ours"
read -r ps pc pd <<<"$theirs"
read -r bs bc bd <<<"$bodies"
rate() { awk -v n="$rows" -v s="$1" 'BEGIN { printf "%.0f", n / (s > 0 ? s : 0.01) }'; }
row "insert: end to end, rows a second" "$(rate "$s")" "$(rate "$ps")" "clickhouse-client, TabSeparated"
row "insert: the same" "$(rate "$s")" "$(rate "$bs")" "curl, ready-made Native bodies"
row "insert: rows a CPU second of the program" "$(rate "$c")" "$(rate "$pc")" "clickhouse-client"
row "insert: rows a CPU second of the server" "$(rate "$d")" "$(rate "$pd")" "clickhouse-client"
row "insert: the same" "$(rate "$d")" "$(rate "$bd")" "curl, Native bodies"
printf 'insert: peak memory\t%d MB\t-\t-\n' $(($(cat "$peak_file") / 1024))

# What a row takes in the store, once parts are merged.
stored_bytes() { ch "SELECT toUInt64(sum(bytes_on_disk) / sum(rows)) FROM system.parts WHERE database = 'pmacct' AND table = '$1' AND active"; }
ch 'OPTIMIZE TABLE pmacct.flows FINAL'
insert --table wide --schema wide <"$T/flows" 2>/dev/null
ch 'OPTIMIZE TABLE pmacct.wide FINAL'
printf 'insert: bytes a stored row, 26 columns\t%s\t-\t-\n' "$(stored_bytes flows)"
printf 'insert: bytes a stored row, every field\t%s\t-\t-\n' "$(stored_bytes wide)"

# The spool, with nobody to send to.
ch_stop
from=$(date +%s%N)
insert --table away --drain-timeout 1 <"$T/flows" 2>/dev/null
to=$(date +%s%N)
spooled=$(du -sb "$data/spool/pmacct.away" | cut -f 1)
cat "$data"/spool/pmacct.away/*.nfb >"$T/plain"
before=$(date +%s%N)
dd if="$T/plain" of="$data/plain" bs=64k conv=fdatasync 2>/dev/null
after=$(date +%s%N)
awk -v n="$spooled" -v s=$(((to - from) / 1000000 - 1000)) -v d=$(((after - before) / 1000000)) 'BEGIN {
	s = n / 1e3 / (s > 0 ? s : 1)
	d = n / 1e3 / (d > 0 ? d : 1)
	printf "insert: spool written\t%.0f MB/s\t%.0f MB/s (dd, fdatasync)\t%.1f\n", s, d, s / d }'
