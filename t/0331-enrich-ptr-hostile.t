#!/bin/bash
# nf-enrich's step ptr with name servers that are slow, silent, or hostile: what their answers are worth, and that
# neither flows nor the servers suffer.
. "${0%/*}/tap.sh"
need python3

member() { sed -nE "s/.*\"$2\":(\"([^\"\\\\]|\\\\.)*\"|[^,}]*).*/\1/p" <<<"$1"; }
count() { awk -v m="nf_enrich_ptr_$1" '$1 == m { print $2 }' "$T/prom"; }
flows() { awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "{\"src_host\":\"10.%d.%d.%d\"}\n", i / 62500, i / 250 % 250, i % 250 }'; }
enrich() { timeout 100 "$BUILD/bin/nf-enrich" -e ptr -M "$T/prom" "$@" 2>"$T/said"; }

# peer_start DELAY: sets `peer` and `asked`, the log of its questions.
peer_start() {
	peer=$(free_port) asked=$T/asked.$peer
	python3 "${0%/*}/helper/dns_peer.py" "$peer" "$asked" "$1" 3>&- &
	peer_pid=$!
	PIDS+=($peer_pid)
	wait_for 10 test -s "$asked" || bail "the peer does not start"
}

# A socket that takes questions and answers none.
silent=$(free_port)
python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", int(sys.argv[1])))
print("bound", flush=True)
time.sleep(600)' "$silent" >"$T/bound" 3>&- &
PIDS+=($!)
wait_for 10 test -s "$T/bound" || bail "no silent server"

peer_start 0

# What each kind of answer, in the peer's file, is worth: a name, or nothing and its counter.
hostile() { # N NAME COUNTER WORDS
	local line
	line=$(enrich --wait --nameserver 127.0.0.1:$peer --dns-timeout 200ms <<<"{\"src_host\":\"203.0.113.$1\"}")
	is "$(member "$line" src_ptr) $(count "answers_total{result=\"$3\"}")" "$2 1" "$4"
}
hostile 1 "" unfit "a space in a name"
hostile 2 "" unfit "control bytes in a name"
hostile 3 "" unfit "a name that is no UTF-8"
hostile 4 "" garbage "a name longer than 255 bytes"
hostile 5 "" garbage "a compression pointer to itself"
hostile 6 "" garbage "an answer that is cut off"
hostile 8 "" failed "SERVFAIL"
hostile 9 "" failed "REFUSED"
hostile 10 "" unfit "a dot within a label"
hostile 11 '"ttl-zero.example"' name "a TTL of 0"
hostile 12 '"ttl-huge.example"' name "a TTL with its highest bit set"
hostile 15 '"by-alias.example"' name "an alias"
hostile 16 "" none "an alias of itself"
hostile 18 "" none "the root as a name"
hostile 19 "" none "no record, and no SOA"
hostile 20 '"good.example"' name "a name"
hostile 21 "" none "NXDOMAIN"
hostile 22 "" garbage "a label that is longer than the record"
hostile 24 "" none "a record of another name"
hostile 25 '"quote\"and\\slash.example"' name "quotes and backslashes are escaped"
for n in 7 13 14 17 23; do
	line=$(enrich --wait --nameserver 127.0.0.1:$peer --dns-timeout 100ms <<<"{\"src_host\":\"203.0.113.$n\"}")
	is "$(member "$line" src_ptr) $(count 'answers_total{result="timeout"}')" " 2" "kind $n: what is no answer to the question is passed over, and it is asked again, once"
done
seq 1 25 | sed 's/.*/{"src_host":"203.0.113.&"}/' >"$T/all"
enrich --wait --nameserver 127.0.0.1:$peer --dns-timeout 200ms <"$T/all" >"$T/out"
is "$(sed -E 's/,"src_ptr".*/}/' "$T/out")" "$(<"$T/all")" "all kinds at once: every flow comes out, in order"
is "$(grep -c src_ptr "$T/out")" 5 "with the names that are fit"

# TTL: what is over is asked for again, and given until the answer.
cat >"$T/conf.yaml" <<END
dns: {nameserver: "127.0.0.1:$peer", ttl_min: 1}
enrich: ptr
END
mkfifo "$T/in"
: >"$asked"
"$BUILD/bin/nf-enrich" -c "$T/conf.yaml" <"$T/in" >"$T/live.out" 2>"$T/live.said" &
pid=$!
PIDS+=($pid)
exec 3>"$T/in"
seconds=0
asked_thrice() {
	echo '{"src_host":"203.0.113.11"}' >&3
	[ "$(grep -c 11.113.0.203 "$asked")" -ge 3 ]
}
start=$(date +%s%N)
ok "an answer with a TTL of 0 is asked for again" wait_for 10 asked_thrice
ok "no sooner than ttl_min, 1 s" test $((($(date +%s%N) - start) / 1000000)) -ge 1000
exec 3>&-
wait $pid
is "$(sed -n '/ttl-zero/,$p' "$T/live.out" | grep -vc ttl-zero)" 0 "and its name is given meanwhile"

# A rate is kept, also by what is asked again, and the queue is bounded.
: >"$asked"
start=$(date +%s%N)
flows 150 | enrich --wait --nameserver 127.0.0.1:$peer --dns-rate 100 >"$T/out"
ms=$((($(date +%s%N) - start) / 1000000))
is "$(grep -c src_ptr "$T/out")" 150 "150 names at 100 a second"
ok "take more than a second ($ms ms)" test $ms -ge 1300
most=$(awk '{ t[NR] = $1; while (t[NR] - t[first + 1] >= 500) first++; n = NR - first; if (n > most) most = n }
	END { print most }' "$asked")
ok "in no half second more than 50, and the 10 that a pause saves up ($most)" test "$most" -le 62
flows 30000 | enrich --nameserver 127.0.0.1:$peer --dns-rate 1 >"$T/out"
is "$(wc -l <"$T/out")" 30000 "30,000 flows pass at a rate of 1"
ok "what the queue has no room for is counted" test "$(count 'refused_total{reason="rate"}')" -gt 10000
ok "and next to nothing was asked" test "$(count queries_total)" -le 3

# A silent server.
start=$(date +%s%N)
flows 100000 | enrich --nameserver 127.0.0.1:$silent >"$T/out"
ms=$((($(date +%s%N) - start) / 1000000))
is "$(wc -l <"$T/out")" 100000 "a silent server: all flows pass"
ok "at once ($ms ms)" test $ms -lt 5000
start=$(date +%s%N)
flows 20000 | enrich --wait --nameserver 127.0.0.1:$silent --dns-timeout 300ms --dns-rate 100000 >"$T/out"
ms=$((($(date +%s%N) - start) / 1000000))
is "$(wc -l <"$T/out")" 20000 "a silent server in a batch: all flows pass"
ok "since it is given up ($ms ms)" test $ms -lt 10000
like "$(<"$T/said")" "name server 127.0.0.1 does not answer" "with a warning"
is "$(grep -c "does not answer" "$T/said")" 1 "once"
ok "and left in peace ($(count queries_total) questions)" test "$(count queries_total)" -le 200

# Two servers: who does not answer costs a try, not the name.
flows 50 | enrich --wait --nameserver 127.0.0.1:$silent --nameserver 127.0.0.1:$peer --dns-timeout 200ms >"$T/out"
is "$(grep -c src_ptr "$T/out")" 50 "behind a silent server another gives all names"

# The side output: nobody reads, or somebody stops reading.
mkfifo "$T/rows"
start=$(date +%s%N)
flows 2000 | enrich --wait --nameserver 127.0.0.1:$peer --dns-rate 100000 --ptr-out "$T/rows" >"$T/out"
is "$(grep -c src_ptr "$T/out") $(count 'out_rows_total{result="dropped"}')" "2000 2000" \
	"a FIFO that nobody reads: flows pass, rows are counted as dropped"
sleep 100 <>"$T/rows" 3>&- &
PIDS+=($!)
flows 9000 | enrich --wait --nameserver 127.0.0.1:$peer --dns-rate 100000 --ptr-out "$T/rows" >"$T/out"
is "$(grep -c src_ptr "$T/out")" 9000 "a reader that does not read: flows pass"
ok "rows beyond the pipe are dropped and counted" test "$(count 'out_rows_total{result="dropped"}')" -gt 1000
plan
