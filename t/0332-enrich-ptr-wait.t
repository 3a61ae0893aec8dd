#!/bin/bash
# nf-enrich --wait: batches wait for their own names, in parallel, no longer than the deadline; order stays.
. "${0%/*}/tap.sh"
need python3

count() { awk -v m="nf_enrich_ptr_$1" '$1 == m { print $2 }' "$T/prom"; }
flows() { awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "{\"src_host\":\"10.%d.%d.%d\",\"dst_host\":\"10.9.%d.%d\",\"seq\":%d}\n", i / 62500, i / 250 % 250, i % 250, i / 250 % 250, i % 250, i }'; }
enrich() { timeout 100 "$BUILD/bin/nf-enrich" -e ptr -M "$T/prom" --dns-rate 100000 "$@" 2>"$T/said"; }
elapsed() { echo $((($(date +%s%N) - start) / 1000000)); }
peer_start() { # DELAY
	python3 "${0%/*}/helper/dns_peer.py" "$peer" "$T/asked" "$1" 3>&- &
	peer_pid=$!
	PIDS+=($peer_pid)
	wait_for 10 test -s "$T/asked" || bail "the peer does not start"
}
peer_stop() { kill $peer_pid && wait $peer_pid 2>/dev/null; : >"$T/asked"; }

peer=$(free_port)
server=(--nameserver "127.0.0.1:$peer")
peer_start 50

# 10,000 addresses, each 50 ms away: one after the other they would take 500 s.
flows 10000 >"$T/in"
start=$(date +%s%N)
enrich --wait "${server[@]}" --dns-concurrency 256 <"$T/in" >"$T/out"
ms=$(elapsed)
is "$(grep -c '"src_ptr":"host-' "$T/out")" 10000 "10,000 distinct addresses at 50 ms: all have their name"
ok "within 20 s ($ms ms)" test "$ms" -lt 20000
is "$(sed -E 's/,"(src|dst)_ptr":"[^"]*"//g' "$T/out" | cmp - "$T/in" && echo same)" same "flows keep their order, and all else"
is "$(awk -F '"' '{ split($4, a, "."); if ($0 !~ "host-" a[2] "-" a[3] "-" a[4] "[.]example") bad++ } END { print bad + 0 }' "$T/out")" 0 \
	"each has its own name"
ok "no more than 256 at a time" test "$(awk '{ print $2 }' "$T/asked" | sort -n | tail -n 1)" -le 256
ok "and more than 100" test "$(awk '{ print $2 }' "$T/asked" | sort -n | tail -n 1)" -gt 100
is "$(cut -d ' ' -f 3 "$T/asked" | sort | uniq -d | wc -l)" 0 "no address is asked for twice"
"$BUILD/bin/nf-cat" -b <"$T/in" | enrich --wait "${server[@]}" --dns-concurrency 256 -b | "$BUILD/bin/nf-cat" >"$T/binary"
is "$(sort "$T/binary" | md5sum)" "$(sort "$T/out" | md5sum)" "the same through binary batches"

{
	flows 5
	echo '{"_mark":"between"}'
	flows 5
} | enrich --wait "${server[@]}" | cut -c 1-12 | uniq -c | tr -s ' \n' ' ' >"$T/marks"
is "$(<"$T/marks")" ' 5 {"src_host": 1 {"_mark":"be 5 {"src_host": ' "a mark stays between the flows that wait"

# Without --wait nothing waits.
enrich "${server[@]}" <"$T/in" >"$T/out"
is "$(grep -c src_ptr "$T/out")" 0 "without --wait flows do not wait"

# The deadline, and a stop, of those that wait for a slow server.
peer_stop
peer_start 3000
start=$(date +%s%N)
flows 100 | enrich --wait --wait-deadline 1s --dns-timeout 10s "${server[@]}" >"$T/out"
is "$? $(wc -l <"$T/out")" "0 100" "the deadline: all flows come out"
ms=$(elapsed)
ok "at the deadline ($ms ms)" test "$ms" -ge 1000 -a "$ms" -lt 2500
like "$(<"$T/said")" "1 batches went on at the deadline" "and it is said"
mkfifo "$T/fifo"
"$BUILD/bin/nf-enrich" -e ptr --wait --dns-timeout 10s "${server[@]}" <"$T/fifo" >"$T/out" 2>"$T/said" &
pid=$!
PIDS+=($pid)
exec 3>"$T/fifo"
: >"$T/asked"
flows 20000 >&3 &
ok "a batch waits" wait_for 10 grep -q in-addr "$T/asked"
is "$(wc -l <"$T/out")" 0 "and nothing is written"
start=$(date +%s%N)
kill -TERM $pid
wait $pid
is $? 0 "TERM ends it in order"
ms=$(elapsed)
ok "before the names are here ($ms ms)" test "$ms" -lt 2900
rows=$(wc -l <"$T/out")
ok "with what was read ($rows flows)" test "$rows" -gt 100
is "$(sed -E 's/,"(src|dst)_ptr":"[^"]*"//g' "$T/out")" "$(flows "$rows")" "from the first, in order"
exec 3>&-

# Reload while a batch waits.
peer_stop
peer_start 700
printf 'dns: {nameserver: "127.0.0.1:%s", timeout: 5}\nenrich: ptr\n' "$peer" >"$T/conf.yaml"
"$BUILD/bin/nf-enrich" -c "$T/conf.yaml" --wait <"$T/fifo" >"$T/out" 2>"$T/said" &
pid=$!
PIDS+=($pid)
exec 3>"$T/fifo"
: >"$T/asked"
flows 10 >&3
wait_for 10 grep -q in-addr "$T/asked"
kill -HUP $pid
ok "HUP lets the batch go that waits" wait_for 10 test -s "$T/out"
flows 10 >&3
exec 3>&-
wait $pid
is "$? $(wc -l <"$T/out")" "0 20" "and the next one waits again"
is "$(tail -n 10 "$T/out" | grep -c src_ptr)" 10 "for its names"

# The server stalls for a while.
peer_stop
peer_start 5
(sleep 0.3; kill -STOP $peer_pid; sleep 1; kill -CONT $peer_pid) 3>&- &
flows 5000 | enrich --wait --dns-timeout 400ms --dns-rate 5000 "${server[@]}" >"$T/out"
is "$(grep -c src_ptr "$T/out")" 5000 "a server that stalls for a second costs time, and no name"
like "$(<"$T/said")" "answers again" "though it was given up meanwhile"

# The server goes in the middle.
peer_stop
peer_start 20
(sleep 0.4; kill $peer_pid) &
flows 30000 | enrich --wait --dns-timeout 200ms --dns-concurrency 32 "${server[@]}" >"$T/out"
is "$(sed -E 's/,"(src|dst)_ptr":"[^"]*"//g' "$T/out" | md5sum)" "$(flows 30000 | md5sum)" "the server goes in the middle: all flows, in order"
named=$(grep -c src_ptr "$T/out")
ok "the first with names, the others without ($named)" test "$named" -gt 0 -a "$named" -lt 30000
plan
