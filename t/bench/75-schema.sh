#!/bin/bash
# What a stored row costs on disk, in the users' table and in the wide one, after the server has merged its parts: in
# Debian's server, which compresses all by LZ4, and where it is at hand in today's engine with its types and codecs.
. "${0%/*}/lib.sh"
. "${0%/*}/../../contrib/clickhouse.sh"
rows=${BENCH_ROWS:-1000000}

command -v clickhouse-server >/dev/null || exit 0
data=$(mktemp -d) || exit 1
engine=''
trap 'ch_stop; [ -z "$engine" ] || kill "$engine"; rm -rf "$T" "$data"' EXIT
"$BENCH/ch_encode" make "$rows" >"$T/old" || exit 1
# Today's engine drops what its TTL ends: the flows are made to be of today.
"$BUILD/bin/nf-cat" "$T/old" | awk -v shift=$(($(date +%s) - 1700003600)) '{
	while (match($0, /:1[67][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]\./)) {
		printf "%s:%d", substr($0, 1, RSTART - 1), substr($0, RSTART + 1, 10) + shift
		$0 = substr($0, RSTART + 11)
	}
	print }' | "$BUILD/bin/nf-cat" -b >"$T/flows" || exit 1

# size TABLE: bytes a row.
size() { ch "SELECT round(sum(bytes_on_disk) / sum(rows), 1) FROM system.parts WHERE active AND table = '$1'"; }
store() { # NAME
	local shape
	for shape in classic wide; do
		"$BUILD/bin/nf-ch-insert" --url "http://127.0.0.1:$CH_PORT" --spool "$data/spool-$1" --create --schema $shape \
			--table $shape <"$T/flows" 2>/dev/null || exit 1
		ch "OPTIMIZE TABLE pmacct.$shape FINAL" >/dev/null
		[ "$(ch "SELECT count() FROM pmacct.$shape")" = "$rows" ] || exit 1
		printf 'stored bytes a row: %s table, ClickHouse %s\t%s B\t-\t-\n' $shape "$1" "$(size $shape)"
	done
}

ch_setup "$data/server"
ch_start || exit 1
store 18.16
library=$("${0%/*}/../../contrib/chdb.sh" path)
[ -s "$library" ] || exit 0
ch_stop
CH_PORT=$(ch_free_port)
"$BUILD/t/helper/chdb_server" "$library" "$data/engine" "$CH_PORT" 0 2>/dev/null &
engine=$!
for _ in $(seq 300); do
	[ "$(ch 'SELECT 1' 2>/dev/null)" = 1 ] && break
	sleep 0.1
done
store 26
