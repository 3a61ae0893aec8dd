#!/bin/bash
# nf-collect --counters: into files and FIFOs, opened anew on HUP, and never in the way of the flows.
. "${0%/*}/tap.sh"
need jq perl
here=${0%/*}
collect=$BUILD/bin/nf-collect
sfprobe=$here/data/sfprobe.pcap

lines() { [ "$(wc -l <"$1" 2>/dev/null)" = "$2" ]; }

"$collect" -r "$sfprobe" --counters "$T/lines" >"$T/flows" 2>"$T/words"
is "$? $(wc -l <"$T/flows") $(wc -l <"$T/lines")" "0 537 11" "flows here, counters there"
is "$(jq -s 'map(select(.exporter_ip == "198.51.100.1" and .trusted and .ifIndex == 3 and .ifInOctets > 0)) | length' \
	"$T/lines")" 11 "each line is an object with the exporter and its counters"
is "$(head -1 "$T/lines" | jq -c '[.sub_agent, .sequence, .uptime_ms, .interface, .ifSpeed, .ifOperStatus, .ifInUcastPkts]')" \
	'[0,1,17000,1,1000000000,"up",1553]' "what one says"
printf 'collectors: {netflow: {config: {counters: %s}}}\n' "$T/lines" >"$T/c.yaml"
"$collect" -c "$T/c.yaml" -r "$sfprobe" >"$T/flows"
is "$(wc -l <"$T/lines")" 22 "a file named in the configuration, to which it is appended"
"$collect" -n -r "$sfprobe" --counters "$T/none"
ok "-n makes no file" test ! -e "$T/none"
"$collect" -r "$sfprobe" --counters "$T/no/such" >"$T/flows" 2>"$T/words"
is "$? $(cat "$T/words")" "1 nf-collect: warning: $T/no/such: No such file or directory" "a path that cannot be"

# FIFOs.
mkfifo "$T/fifo"
timeout 20 "$collect" -r "$sfprobe" --counters "$T/fifo" >"$T/flows" 2>"$T/words"
is "$? $(wc -l <"$T/flows")" "0 537" "a FIFO without a reader is no trouble"
cat "$T/fifo" >"$T/read" &
PIDS+=($!)
"$collect" -r "$sfprobe" --counters "$T/fifo" >"$T/flows"
ok "a reader gets every line" wait_for 10 lines "$T/read" 11
(exec 3> >(jq -r .ifIndex >"$T/index"); exec "$collect" -r "$sfprobe" --counters /dev/fd/3 >"$T/flows")
ok "and so does one behind a pipe" wait_for 10 lines "$T/index" 11

# One that never reads: what fits waits, the rest is dropped and counted, the flows are complete.
many=()
for _ in {1..1000}; do many+=(-r "$sfprobe"); done
sleep 600 3<>"$T/fifo" &
PIDS+=($!)
timeout 60 "$collect" -b "${many[@]}" --counters "$T/fifo" -M "$T/metrics" >/dev/null 2>"$T/words"
is "$?" 0 "a reader that stalls"
metric() { sed -n "s/^$1 //p" "$T/metrics"; }
is "$(metric nf_collect_written_total)" 537000 "costs no flow"
dropped=$(metric 'nf_collect_counter_lines_total{result="dropped"}')
written=$(metric 'nf_collect_counter_lines_total{result="written"}')
is "$((dropped + written)) $(metric 'nf_collect_counter_samples_total{exporter="198.51.100.1"}')" "11000 11000" \
	"$dropped lines are dropped and counted, $written written"
ok "most are dropped" test "$dropped" -gt 8000
like "$(cat "$T/words")" "fifo: $dropped lines of counters were dropped" "and that is said"

# A disk that is full.
"$collect" -r "$sfprobe" --counters /dev/full -M "$T/metrics" >"$T/flows" 2>"$T/words"
is "$? $(wc -l <"$T/flows") $(metric 'nf_collect_counter_lines_total{result="dropped"}')" "0 537 11" \
	"a full disk costs no flow, and what it did not take is counted"
like "$(cat "$T/words")" '/dev/full: No space left on device' "and said"

# Live, with a file that is rotated.
port=$(free_port)
"$collect" -l 127.0.0.1:$port --counters "$T/live" >"$T/flows" 2>"$T/words" &
pid=$!
PIDS+=($pid)
wait_for 5 test -e "$T/live"
send() { perl -MIO::Socket -e '
	$s = IO::Socket::INET->new(Proto => "udp", PeerAddr => "127.0.0.1:'"$port"'");
	$sample = pack("N3", 9, 5, 1) . pack("N2", 1, 88) . pack("N22", 5, 6, 0, 1e9, 1, 3, (7) x 16);
	$s->send(pack("N7", 5, 1, 0xcb007107, 0, $ARGV[0], 1, 1) . pack("N2", 2, length $sample) . $sample)' "$1"; }
send 1
ok "a counter sample over UDP" wait_for 10 lines "$T/live" 1
is "$(jq -c '[.exporter_ip, .interface, .ifInOctets]' "$T/live")" '["203.0.113.7",5,30064771079]' "names its agent"
mv "$T/live" "$T/old"
kill -HUP "$pid"
ok "after HUP there is a new file" wait_for 10 test -e "$T/live"
send 2
ok "which is written to" wait_for 10 lines "$T/live" 1
for n in {3..50}; do send "$n"; done
kill -TERM "$pid"
wait "$pid"
is "$? $(cat "$T/old" "$T/live" | wc -l)" "0 50" "no line is lost at the end"
plan
