#!/bin/bash
# A table of full size, made up: compiled from every form of text, the same from each; and tables that change many times
# under a stream of flows, of which none is lost or left without its route.
. "${0%/*}/tap.sh"

rib() { "$BUILD/bin/nf-rib" "$@" 2>"$T/said"; }

"$BUILD/t/helper/gen_rib" bgpdump >"$T/text"
ok "a full table is compiled" rib -t "$T/full" compile "$T/text"
rib -t "$T/full" dump >"$T/dump"
is "$(wc -l <"$T/dump")" "$(cut -d '|' -f 6 "$T/text" | LC_ALL=C sort -u | wc -l)" "every prefix of the text is in it"
is "$(awk -v n="$(stat -c %s "$T/full")" 'BEGIN { print n < 120e6 }')" 1 "it takes less than 120 MB"
rib -t "$T/again" compile "$T/dump"
ok "its dump compiles to the same table" rib diff "$T/full" "$T/again"
is "$(shuf -n 500 --random-source="$T/dump" "$T/dump" | sed -E 's/.*"prefix":"([^/]*).*/\1/' >"$T/asked"
	rib -t "$T/full" lookup <"$T/asked" | grep -c '"as_path"')" 500 "addresses in it have routes"
for form in ndjson json; do
	"$BUILD/t/helper/gen_rib" $form 50000 10000 | rib -t "$T/$form" compile
done
ok "an object keyed by prefix and lines give the same table" rib diff "$T/ndjson" "$T/json"
is "$(rib -t "$T/json" dump | wc -l)" "$("$BUILD/t/helper/gen_rib" bgpdump 50000 10000 | cut -d '|' -f 6 | sort -u | wc -l)" \
	"with every prefix"

# Two tables in turn, and now and then what is none.
for n in 1 2; do
	echo "{\"prefix\":\"0.0.0.0/0\",\"as_path\":[$n,6450$n]}" | rib -t "$T/table$n" compile
done
swap() { # FILE
	cp "$1" "$T/next" && mv -f "$T/next" "$T/live"
}
swap "$T/table1"
mkfifo "$T/fifo"
"$BUILD/bin/nf-enrich" -e bgp --bgp-table "$T/live" <"$T/fifo" >"$T/out" 2>"$T/live.said" &
pid=$!
PIDS+=($pid)
exec 3>"$T/fifo"
rows=0
send() {
	seq $((rows + 1)) $((rows + 1000)) | sed 's/.*/{"dst_host":"192.0.2.1","bytes":&}/' >&3
	rows=$((rows + 1000))
}
flows() { # COUNT WORDS: until they were said so often
	until [ "$(grep -c "$2" "$T/live.said")" -ge "$1" ] || [ $rows -ge 500000 ]; do
		send
		sleep 0.05
	done
}
# A program that is slow to start would find what is none first.
send
wait_for 10 grep -q as_path "$T/out"
for n in 1 2 3; do
	head -c 100 "$T/full" >"$T/cut"
	swap "$T/cut"
	flows $n "live: .*stays in use"
	swap "$T/table$((n % 2 + 1))"
	flows $n "took the new table"
done
send
exec 3>&-
wait $pid
is $? 0 "tables changed under a stream of $rows flows"
is "$(grep -c 'took the new table' "$T/live.said") $(grep -c 'stays in use' "$T/live.said")" "3 3" "three were taken, three refused"
is "$(sed -E 's/.*"bytes":([0-9]+).*/\1/' "$T/out" | cmp - <(seq $rows) && echo same)" same "all came out, in their order"
is "$(grep -cE '"dst_as":6450[12],"peer_dst_as":[12],"as_path":\["[12]","6450[12]"\]' "$T/out")" $rows "each with a route"
is "$(grep -oE '"dst_as":6450[12]' "$T/out" | uniq | sort | uniq -c | awk '{ print $2, $1 }')" '"dst_as":64501 2
"dst_as":64502 2' "of the table of its time"
plan
