# What the tests of nf-ch-insert share: after tap.sh, a server in $T, flows that can be counted, and the program.
. "${0%/*}/../contrib/clickhouse.sh"
need clickhouse-server clickhouse-client curl jq

URL='' # of the server, after server_start
server_start() {
	[ -n "$CH_DIR" ] || ch_setup "$T/server"
	ch_start || bail "no ClickHouse server"
	PIDS+=("$CH_PID")
	URL=http://127.0.0.1:$CH_PORT
}

# flows FROM TO: a flow a number, which stands in `bytes`.
flows() {
	awk -v from="$1" -v to="$2" 'BEGIN { for (i = from; i <= to; i++) printf \
		"{\"timestamp_start\":%d.%03d,\"src_host\":\"10.%d.%d.%d\",\"dst_host\":\"2001:db8::%x\"," \
		"\"src_port\":%d,\"dst_port\":443,\"proto\":6,\"packets\":1,\"bytes\":%d}\n", \
		1700000000 + i % 3600, i % 1000, i / 65536 % 256, i / 256 % 256, i % 256, i % 65536, i % 65536, i }'
}

# insert ARG…: with a spool and a metrics file of the test's own; what it says is in $T/said.
insert() { (insert_exec "$@"); }

# In the background, so that $! is the program itself.
insert_exec() {
	exec "$BUILD/bin/nf-ch-insert" --url "$URL" --spool "$T/spool" -M "$T/metrics" "$@" 2>>"$T/said"
}

metric() { awk -v n="nf_ch_insert_$1" '$1 == n { print $2 }' "$T/metrics"; }
said() { grep -qE "$1" "$T/said"; }

# The bytes column: rows, different rows, their sum.
stored() { ch "SELECT count(), uniqExact(bytes), sum(bytes) FROM ${1:-pmacct.flows}"; }
sums() { printf '%d\t%d\t%d' "$1" "$1" $(($1 * ($1 + 1) / 2)); } # what stored says of flows 1 N
stored_is() { [ "$(stored)" = "$(sums "$1")" ]; }

# Whether two files are equal; else the first differences.
same() { cmp -s "$1" "$2" || { diff "$1" "$2" | head -n 6; return 1; }; }
