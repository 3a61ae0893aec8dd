#!/bin/bash
# NetFlow v9 of 19 fields, 25 records a datagram. From a capture: records a second on one core, binary and NDJSON. Live
# on loopback: what a million records cost on the CPU, beside nfcapd on the same datagrams at the same rate.
. "${0%/*}/lib.sh"
PATH=$BUILD/bin:$BUILD/t/helper:$PATH
datagrams=200000
records=$((datagrams * 25))

gen_nf9 $datagrams >"$T/nf9.pcap"

# best CMD…: the fewest CPU seconds of some rounds, on one core.
best() {
	local i
	TIMEFORMAT='%U %S'
	for ((i = 0; i < ROUNDS; i++)); do
		{ time taskset -c 1 "$@" >/dev/null 2>&1; } 2>&1
	done | awk '{ s = $1 + $2 } NR == 1 || s < best { best = s } END { print best }'
}

capture() { # NAME OPTION…
	local name=$1 took
	shift
	took=$(best nf-collect "$@" -r "$T/nf9.pcap")
	awk -v OFS='\t' -v n="$name" -v r=$records -v t="$took" \
		'BEGIN { printf "%s\t%.1f M records/s/core\t-\t-\n", n, r / t / 1e6 }'
}

capture "nf-collect: capture to binary" -b
capture "nf-collect: capture to NDJSON"

# cpu PID: what it has used so far, in ticks.
cpu() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }

# live NAME PORT PID: sends at the rate; CPU seconds a million records.
live() {
	local before
	before=$(cpu "$2")
	udp_replay "127.0.0.1:$1" "$T/nf9.pcap" "$rate" >/dev/null
	sleep 1
	echo "$(cpu "$2") $before" | awk -v r=$records -v hz="$(getconf CLK_TCK)" '{ printf "%.3f\n", ($1 - $2) / hz / r * 1e6 }'
}

rate=40000
port=$((20000 + RANDOM % 10000))
nf-collect -b -l "127.0.0.1:$port" -M "$T/metrics" >"$T/ours" 2>/dev/null &
ours=$!
mkdir "$T/nf"
nfcapd -4 -b 127.0.0.1 -p $((port + 1)) -w "$T/nf" -t 3600 -B 64000000 >"$T/nfcapd.log" 2>&1 &
peer=$!
sleep 1
for ((i = 0; i < ROUNDS; i++)); do
	echo "$(live $port $ours) $(live $((port + 1)) $peer)"
	: >"$T/ours"
done >"$T/cost"
kill $ours $peer
wait
lost=$(awk '/^nf_collect_(socket_drops|dropped)_total/ { n += $2 } END { print n + 0 }' "$T/metrics")
read -r a b < <(awk 'NR == 1 || $1 < a { a = $1 } NR == 1 || $2 < b { b = $2 } END { print a, b }' "$T/cost")
awk -v OFS='\t' -v a="$a" -v b="$b" -v rate=$rate -v lost="$lost" 'BEGIN {
	print sprintf("nf-collect: live, %.1f M records/s, %d datagrams lost", rate * 25 / 1e6, lost),
		a " CPU s/M", b " CPU s/M (nfcapd)", sprintf("%.1f", b / a) }'
