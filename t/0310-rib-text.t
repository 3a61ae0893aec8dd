#!/bin/bash
# nf-rib: tables from every form of text and back, what is wrong in them, how they differ, and what addresses ask.
. "${0%/*}/tap.sh"

rib() { "$BUILD/bin/nf-rib" "$@" 2>"$T/said"; }
said() { cat "$T/said"; }

cat >"$T/routes" <<'END'
{"prefix":"192.0.2.0/24","as_path":[64500,64496],"next_hop":"198.51.100.1","local_pref":100,"med":0,"communities":["64500:1","64500:2"],"large_communities":["64500:1:2"],"peer":"198.51.100.9"}
{"prefix":"203.0.113.0/24","as_path":[64500,"{64501,64502}"]}
{"prefix":"203.0.113.128/25","as_path":[],"next_hop":"198.51.100.1"}
{"prefix":"2001:db8::/32","as_path":[64500],"next_hop":"2001:db8::1"}
{"prefix":"2001:db8:1::/48"}
END

# There and back.
ok "NDJSON is compiled" rib -t "$T/table" compile "$T/routes"
is "$(stat -c %a "$T/table")" 444 "the table is read-only"
is "$(rib -t "$T/table" dump)" "$(cat "$T/routes")" "and is dumped as it was"
rib -t "$T/second" compile <"$T/routes"
is "$(rib -t "$T/second" dump)" "$(cat "$T/routes")" "the same from standard input"
sort -r "$T/routes" | rib -t "$T/second" compile
is "$(rib -t "$T/second" dump)" "$(cat "$T/routes")" "and in another order"
sed -E '1s/^/{/; s/^\{?\{"prefix":("[^"]*"),?/\1:{/; s/$/,/; 1s/^/{/; $s/,$/}/' "$T/routes" >"$T/object"
rib -t "$T/second" compile "$T/object"
is "$(rib -t "$T/second" dump)" "$(cat "$T/routes")" "an object keyed by prefix gives the same table"
rib -v -t "$T/second" compile "$T/object"
like "$(said)" "second: 5 routes read, 3 IPv4 and 2 IPv6 prefixes, 5 different routes" "-v tells what was read"

# Questions.
is "$(rib -t "$T/table" lookup 203.0.113.200)" \
	'{"address":"203.0.113.200","prefix":"203.0.113.128/25","as_path":[],"next_hop":"198.51.100.1"}' "lookup finds the longest prefix"
is "$(printf '203.0.113.1\n2001:db8:1::1\n8.8.8.8\n' | rib -t "$T/table" lookup)" '{"address":"203.0.113.1","prefix":"203.0.113.0/24","as_path":[64500,"{64501,64502}"]}
{"address":"2001:db8:1::1","prefix":"2001:db8:1::/48"}
{"address":"8.8.8.8"}' "and takes addresses from standard input"
out=$(rib -t "$T/table" lookup nonsense 192.0.2.1)
is "$?" 1 "what is no address is a failure"
like "$out" '"prefix":"192.0.2.0/24"' "but the others are answered"
like "$(said)" "'nonsense' is no address" "and it is named"

# Differences.
sed 's/64500:2/64500:3/; /2001:db8:1:/d' "$T/routes" >"$T/changed"
echo '{"prefix":"198.18.0.0/15"}' >>"$T/changed"
rib -t "$T/second" compile "$T/changed"
out=$(rib -t "$T/second" diff "$T/table")
is $? 1 "tables that differ give status 1"
is "$(cut -c1-30 <<<"$out")" '-{"prefix":"192.0.2.0/24","as_
+{"prefix":"192.0.2.0/24","as_
+{"prefix":"198.18.0.0/15"}
-{"prefix":"2001:db8:1::/48"}' "diff shows what went and what came"
is "$(rib diff "$T/second" "$T/second")" "" "equal tables have no difference"
is $? 0 "and give status 0"
rib diff "$T/none" "$T/table"
is $? 2 "a table that is not there gives status 2"
like "$(said)" "none: No such file" "and is named"

# What is wrong.
cat >"$T/bad" <<'END'
{"prefix":"192.0.2.0/24","as_path":[1]}
{"prefix":"192.0.2.1/24","as_path":[1]}
hello
END
rib -t "$T/second" compile "$T/bad"
is $? 0 "bad lines are no failure"
like "$(said)" "bad:2: '192.0.2.1/24' has bits set" "they are named by file and line"
like "$(said)" "2 bad lines were left out" "and counted"
is "$(rib -t "$T/second" dump)" '{"prefix":"192.0.2.0/24","as_path":[1]}' "the others are kept"
rib --strict -t "$T/table" compile "$T/bad"
is $? 1 "--strict makes them one"
is "$(rib -t "$T/table" dump)" "$(cat "$T/routes")" "and leaves the table as it was"
rib -t "$T/table" compile /dev/null
is $? 1 "an empty input is a failure"
like "$(said)" "no route was read; .*table stays as it is" "and leaves the table too"
rib -n -t "$T/third" compile "$T/bad"
is "$? $(ls "$T/third" 2>&1 | grep -c 'No such')" "0 1" "-n writes nothing"
rib -t "$T/nowhere/table" compile "$T/routes"
is $? 1 "a folder that is not there is a failure"
rib -t "$T/table" compile "$T/routes" "$T/none"
is $? 1 "an input that is not there too"
is "$(find "$T" -name '*.tmp.*' | wc -l)" 0 "nothing is left aside"
rib frobnicate
is $? 2 "an unknown command gives status 2"

# Damaged tables.
for at in 3 9 70 400 -1; do
	cp "$T/table" "$T/damaged"
	chmod 644 "$T/damaged"
	size=$(stat -c %s "$T/damaged")
	printf '\377' | dd of="$T/damaged" bs=1 seek=$((at < 0 ? size - 9 : at)) conv=notrunc 2>/dev/null
	out=$(rib -t "$T/damaged" dump)
	is "$? $out" "1 " "a table damaged at byte $at is refused"
	like "$(said)" "damaged: .*(is no prefix table|has version|checksum)" "with words"
done
head -c 500 "$T/table" >"$T/cut"
rib -t "$T/cut" lookup 192.0.2.1
is $? 1 "and one that is cut short"

# bgpdump: the best of several routes, whatever their order.
peer() { # PEER PATH LOCAL_PREF MED
	echo "TABLE_DUMP2|1700000000|B|$1|${2%% *}|192.0.2.0/24|$2|IGP|198.51.100.1|$3|$4||NAG||"
}
{
	peer 198.51.100.3 "64500 64501 64502" 0 0
	peer 198.51.100.2 "64510 64502" 0 0
	peer 198.51.100.10 "64511 64502" 0 0
	peer 198.51.100.4 "64512 64502" 0 10
} >"$T/peers"
for order in cat tac shuf; do
	$order "$T/peers" | rib -t "$T/second" compile
	is "$(rib -t "$T/second" dump)" '{"prefix":"192.0.2.0/24","as_path":[64510,64502],"next_hop":"198.51.100.1","peer":"198.51.100.2"}' \
		"the shortest path, then the lowest med, then the lowest peer ($order)"
done
peer 198.51.100.5 "64513 1 2 3 4 5" 200 0 >>"$T/peers"
rib -t "$T/second" compile "$T/peers"
like "$(rib -t "$T/second" dump)" '"as_path":\[64513,1,2,3,4,5\].*"local_pref":200' "local_pref goes before all"
rib --peer 198.51.100.3 -t "$T/second" compile "$T/peers"
like "$(rib -t "$T/second" dump)" '"as_path":\[64500,64501,64502\].*"peer":"198.51.100.3"' "--peer takes one peer's view"
plan
