#!/bin/bash
# nf-collect --explain: what it says of the recordings stands in t/data/explain, word by word. Where the words change:
#     for f in t/data/explain/*.txt; do n=${f##*/}; build/bin/nf-collect --explain -r t/data/${n%.txt}.pcap >$f; done
. "${0%/*}/tap.sh"
data=${0%/*}/data
collect=$BUILD/bin/nf-collect

for golden in "$data"/explain/*.txt; do
	name=${golden##*/}
	name=${name%.txt}
	"$collect" --explain -r "$data/$name.pcap" >"$T/words" 2>/dev/null
	is "$?" 0 "$name is explained"
	ok "$name: the words are those of $golden" diff -u "$golden" "$T/words"
	is "$(awk 'length > 100' "$T/words")" "" "$name: no line is too wide for a mail"
done

# Live, at the end; by an exporter that never tells its template, and one whose clock is off.
port=$(free_port)
"$collect" --explain -v -j 2 -l "127.0.0.1:$port" >"$T/words" 2>"$T/err" &
PIDS+=($!)
pid=$!
wait_for 10 grep -q listening "$T/err"
# send HEX: a datagram.
send() { perl -e 'syswrite STDOUT, pack "H*", $ARGV[0]' "${1// /}" >"/dev/udp/127.0.0.1/$port"; }
v9="0009 0001 000f4240 6553f100"
for _ in 1 2 3; do
	send "$v9 00000002 00000007  0104 000c 0a000001 000003e8"
done
send "$v9 00000003 00000008  0000 0010 0100 0002 0008 0004 0001 0004"
kill -TERM $pid
wait $pid
is $? 0 "TERM ends it"
like "$(cat "$T/words")" 'exporter 127.0.0.1
  came:      4 datagrams, 0 flows' "and then it is told what came"
like "$(cat "$T/words")" 'template 260 never came, 3 sets of data wait for it' "a template that never came"
like "$(cat "$T/words")" 'its clock is [0-9]+ d [0-9]+ h behind' "a clock that is off"

is "$("$collect" --explain -r "$data/softflowd-v5.pcap" -M "$T/metrics" >/dev/null 2>&1; sed -n 's/^nf_collect_flows_total{exporter="198.51.100.1"} //p' "$T/metrics")" \
	2322 "the counters count as ever"
head -c 24 "$data/softflowd-v5.pcap" >"$T/empty.pcap"
is "$("$collect" --explain -r "$T/empty.pcap")" "no datagram of NetFlow, IPFIX or sFlow came" "a capture without any"
"$collect" --explain -r "$data/softflowd-v5.pcap" dst port 53 >"$T/out" 2>"$T/words"
is "$? $(wc -c <"$T/out")" "2 0" "a filter makes no sense with it"
like "$(cat "$T/words")" 'it takes no filter' "which is said"
ok "a full disk is an error" eval '! "$collect" --explain -r "$data/softflowd-v5.pcap" >/dev/full 2>"$T/words"'
like "$(cat "$T/words")" 'No space left' "which is said too"
plan
