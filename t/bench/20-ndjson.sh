#!/bin/bash
# The NDJSON codec: 26 fields, some 580 bytes a line, in records per CPU second of one core.
. "${0%/*}/lib.sh"
rows=${BENCH_ROWS:-300000}
"$BENCH/ndjson" make "$rows" >"$T/flows" || exit 1

versus "'$BENCH/ndjson' read '$T/flows'" "'$BENCH/simdjson_read' '$T/flows'" || exit 1
row "ndjson: read into columns" "$ours" "$peer" "simdjson On-Demand"
row "ndjson: read into columns" "$ours" "$(best "$BENCH/ndjson" jansson "$T/flows")" jansson

write=$(best "$BENCH/ndjson" write "$T/flows")
if ! command -v nfdump nfcapd >/dev/null; then
	row "ndjson: write" "$write" -
	exit
fi

# The same flows as NetFlow v5 for nfcapd, whose file nfdump prints.
mkdir "$T/cap"
port=$((20000 + RANDOM % 10000))
nfcapd -w "$T/cap" -p $port -b 127.0.0.1 -t 3600 -B 8000000 >"$T/nfcapd.log" 2>&1 &
nfcapd=$!

# until_queue REGEX: the receive queue of the collector's socket matches it, for 10 s at most.
until_queue() {
	local i
	for ((i = 0; i < 1000; i++)); do
		grep -qiE " 0100007F:$(printf %04X $port) [0-9A-F:]+ 07 [0-9A-F]+:$1 " /proc/net/udp && return
		sleep 0.01
	done
	return 1
}
until_queue '[0-9A-F]+' || exit 1
"$BENCH/ndjson" netflow "$rows" $port
until_queue 0+ || exit 1
kill $nfcapd && wait $nfcapd
file=("$T"/cap/nfcapd.*)
# What counts is what it stored: a datagram lost on the way is no record that it prints.
stored=$(nfdump -q -r "${file[0]}" -o line 2>/dev/null | wc -l)

# CPU seconds of nfdump, its start and its reading of the file included; ours likewise where nf-cat is built.
program() {
	local times
	TIMEFORMAT='%U %S'
	times=$({ time "$@" >/dev/null 2>&1; } 2>&1)
	awk -v rows="$stored" '{ printf "%.0f\n", rows / ($1 + $2) }' <<<"$times"
}
export -f program
export stored
versus "echo $write" "program nfdump -q -r '${file[0]}' -o json"
row "ndjson: write" "$ours" "$peer" "nfdump -o json"
[ -x "$BUILD/bin/nf-cat" ] || exit 0
head -n "$stored" "$T/flows" | "$BUILD/bin/nf-cat" -b >"$T/flows.bin"
versus "program '$BUILD/bin/nf-cat' -o ndjson '$T/flows.bin'" "program nfdump -q -r '${file[0]}' -o json"
row "nf-cat: binary file to lines" "$ours" "$peer" "nfdump -o json"
row "nf-cat: lines to binary" "$(program "$BUILD/bin/nf-cat" -b "$T/flows")" -
