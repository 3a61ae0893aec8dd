#!/bin/bash
# nf-enrich with a prefix table and labels: what is added, which field keeps what it came with, and tables and labels
# that are missing, corrupt or replaced under it.
. "${0%/*}/tap.sh"

db=${0%/*}/data/mmdb
enrich() { "$BUILD/bin/nf-enrich" "$@" 2>"$T/said"; }
said() { cat "$T/said"; }
compile() { "$BUILD/bin/nf-rib" -t "$1" compile; } # TABLE < routes

# member JSON KEY: its value as it stands in the line.
member() { sed -nE "s/.*\"$2\":(\"([^\"\\\\]|\\\\.)*\"|\[[^]]*\]|[^,}]*).*/\1/p" <<<"$1"; }

# members JSON KEY...: several of them, '-' where there is none.
members() {
	local json=$1 key value out=
	shift
	for key; do
		value=$(member "$json" "$key")
		out+="${out:+ }${value:--}"
	done
	echo "$out"
}

compile "$T/table" <<'END'
{"prefix":"203.0.113.0/24","as_path":[64496,65010,64500,64502],"next_hop":"198.51.100.1","local_pref":120,"med":7,"communities":["64500:1","64500:2"],"large_communities":["64500:1:2"]}
{"prefix":"203.0.113.128/25","as_path":[64501,64501,"{64502,64503}"]}
{"prefix":"192.0.2.0/24","as_path":[65551],"next_hop":"198.51.100.2","local_pref":100}
{"prefix":"198.51.100.0/24","as_path":[],"local_pref":100}
{"prefix":"198.18.0.0/15","as_path":[65020]}
{"prefix":"2001:db8::/32","as_path":["(65001 65002)",64500],"next_hop":"2001:db8::1"}
END
bgp="-e bgp --bgp-table $T/table --my-asn 64496"

out=$(enrich $bgp <<<'{"src_host":"192.0.2.1","dst_host":"203.0.113.1"}')
is "$(members "$out" src_as dst_as)" "65551 64502" "origins"
is "$(members "$out" peer_src_as peer_dst_as)" "65551 64500" "neighbours, after our own and private numbers"
is "$(member "$out" as_path)" '["64496","65010","64500","64502"]' "as_path towards the destination"
is "$(member "$out" src_as_path)" '["65551"]' "src_as_path towards the source"
is "$(members "$out" local_pref med bgp_next_hop)" '120 7 "198.51.100.1"' "numbers and the next hop"
is "$(members "$out" communities large_communities)" '["64500:1","64500:2"] ["64500:1:2"]' "communities"
out=$(enrich $bgp <<<'{"src_host":"203.0.113.129","dst_host":"2001:db8::7"}')
is "$(members "$out" src_as peer_src_as)" "- 64501" "the longest prefix counts; a set of several is no origin"
is "$(members "$out" dst_as peer_dst_as bgp_next_hop)" '64500 64500 "2001:db8::1"' "IPv6, behind a confederation"
is "$(members "$out" local_pref med communities)" "- - -" "what a route lacks is not there"
out=$(enrich $bgp <<<'{"src_host":"198.51.100.1","dst_host":"198.18.0.1"}')
is "$(members "$out" src_as peer_src_as src_as_path)" "64496 64496 []" "an empty path is our own"
is "$(members "$out" dst_as peer_dst_as)" "65020 65020" "a path of private numbers alone: its origin"
out=$(enrich $bgp --peer-as origin <<<'{"src_host":"192.0.2.1","dst_host":"203.0.113.1","peer_dst_as":9}')
is "$(members "$out" peer_src_as peer_dst_as)" "65551 64502" "--peer-as origin"
out=$(enrich $bgp --my-prefix 203.0.113.0/24 <<<'{"src_host":"192.0.2.1","dst_host":"203.0.113.1"}')
is "$(members "$out" dst_as peer_dst_as net_direction)" '64496 64496 "in"' "own networks are ours, whatever others announce"
cat >"$T/conf.yaml" <<-END
	bgp: {bgp_listener: {local_asn: 64500, remote_asn: 64496}, table_file: $T/table}
	enrich: bgp
END
out=$(enrich -c "$T/conf.yaml" --my-asn 64496 <<<'{"dst_host":"203.0.113.1"}')
is "$(member "$out" peer_dst_as)" 64502 "local_asn of the listener is ours too"

# Who says the origin.
all="--asn-db $db/geolite2-asn.mmdb --bgp-table $T/table"
flow='{"src_host":"192.0.2.1","src_as":64497}'
is "$(member "$(enrich $all <<<"$flow")" src_as)" 65551 "BGP before exporter and database"
is "$(member "$(enrich $all --asn-sources exporter,bgp <<<"$flow")" src_as)" 64497 "or the exporter first"
is "$(member "$(enrich $all --asn-sources database,bgp <<<"$flow")" src_as)" 64496 "or the database"
out=$(enrich $all --my-asn 64496 <<<'{"src_host":"192.0.2.1","dst_host":"203.0.113.1"}')
is "$(members "$out" src_as_name peer_dst_as_name)" '"Host Route Ltd" "Six Only"' "names of numbers from BGP"
out=$(enrich -e geoip $all <<<'{"src_host":"10.0.0.1","src_as":65551,"peer_src_as":64500}')
is "$(members "$out" src_as_name peer_src_as_name)" '"Host Route Ltd" "Six Only"' "and from the exporter"

# The table of rules in nf-enrich(1): the flow has a value of its own for every field that may be added.
cat >"$T/labels" <<'END'
203.0.113.0/24 site=athens
END
came='"src_as":1,"dst_as":64510,"src_as_name":"a","dst_as_name":"b","peer_src_as":3,"peer_dst_as":4,
"peer_src_as_name":"c","peer_dst_as_name":"d","as_path":["5"],"src_as_path":["6"],"communities":["7:7"],
"large_communities":["8:8:8"],"local_pref":9,"med":10,"bgp_next_hop":"10.0.0.11","src_host_country":"XX",
"dst_host_country":"XY","src_host_city":"e","dst_host_city":"f","net_direction":"transit","src_label":["k=1"],
"dst_label":["k=2"],"next_hop":"10.0.0.12","bytes":13'
came=${came//$'\n'/}
rules="-e geoip,bgp --asn-db $db/geolite2-asn.mmdb --city-db $db/geolite2-city.mmdb --bgp-table $T/table --my-asn 64496
	--labels $T/labels"
out=$(enrich $rules <<<"{\"src_host\":\"10.0.0.1\",\"dst_host\":\"10.0.0.2\",$came}")
kept() { # KEY WANT: as it came
	is "$(member "$out" "$1")" "$2" "$1 is kept where nothing is known"
}
kept src_as 1
kept dst_as 64510
kept src_as_name '"a"'
kept dst_as_name '"b"'
kept peer_src_as 3
kept peer_dst_as 4
kept peer_src_as_name '"c"'
kept peer_dst_as_name '"d"'
kept as_path '["5"]'
kept src_as_path '["6"]'
kept communities '["7:7"]'
kept large_communities '["8:8:8"]'
kept local_pref 9
kept med 10
kept bgp_next_hop '"10.0.0.11"'
kept src_host_country '"XX"'
kept dst_host_country '"XY"'
kept src_host_city '"e"'
kept dst_host_city '"f"'
kept net_direction '"transit"'
kept src_label '["k=1"]'
kept dst_label '["k=2"]'
out=$(enrich $rules --my-prefix 192.0.2.128/25 <<<"{\"src_host\":\"203.0.113.1\",\"dst_host\":\"192.0.2.1\",$came}")
now() { # KEY WANT RULE
	is "$(member "$out" "$1")" "$2" "$1 $3"
}
now src_as 64502 "is replaced by the first source that knows"
now dst_as 65551 "likewise"
now src_as_name "" "goes with the number that it was of"
now dst_as_name '"Host Route Ltd"' "is that of the new number"
now peer_src_as 3 "is kept: the router knows its neighbour"
now peer_dst_as 4 "likewise"
now peer_src_as_name '"c"' "is kept with it, since nobody knows another"
now as_path '["65551"]' "is replaced by the route's"
now src_as_path '["64496","65010","64500","64502"]' "likewise"
now communities "" "goes, as the route has none"
now large_communities "" "likewise"
now local_pref 100 "is replaced by the route's"
now med "" "goes, as the route has none"
now bgp_next_hop '"10.0.0.11"' "is kept: the router knows what it took"
now src_host_country '"BR"' "is replaced by the database's"
now src_host_city '"e"' "is kept, as the database has none"
now dst_host_city '"Munich"' "is replaced by the database's"
now net_direction '"transit"' "is replaced, by the own networks"
now src_label '["site=athens"]' "is replaced by the file's"
now dst_label '["k=2"]' "is kept, as the file has none"
now next_hop '"10.0.0.12"' "is nobody's business"
out=$(enrich $bgp <<<'{"dst_host":"203.0.113.1","bgp_next_hop":"0.0.0.0","peer_dst_as":0}')
is "$(members "$out" bgp_next_hop peer_dst_as)" '"198.51.100.1" 64500' "zeros are no values"
out=$(enrich $bgp <<<'{"dst_host":"203.0.113.1","dst_as":1,"dst_as_name":"a","peer_dst_as":2,"peer_dst_as_name":"b"}')
is "$(members "$out" dst_as dst_as_name peer_dst_as peer_dst_as_name)" '64502 - 2 "b"' \
	"without a database too a name goes with its number"

# In the middle of a pipe of JSON nothing is lost, through either format.
line='{"src_host":"203.0.113.1","tag":{"a":[1,{"b":null}]},"note":"x\"y\u00e9","n":-1.5e3,"empty":{},"as_path_new":[]}'
for out in "$(enrich $bgp <<<"$line" | enrich -e none | enrich $rules)" "$(enrich -b $bgp <<<"$line" | enrich -i bin -e none)"; do
	like "$out" '"tag":\{"a":\[1,\{"b":null\}\]\}' "unknown members stay"
	like "$out" '"note":"x\\"y\\u00e9"' "letter for letter" || diag "$out"
	like "$out" '"n":-1.5e3,"empty":\{\},"as_path_new":\[\]' "all of them, in their order"
done

# Labels.
cat >"$T/labels" <<'END'
# prefix   labels
203.0.113.0/24   site=athens role=access
203.0.113.128/25 customer="Example Ltd" role=hosting
203.0.113.300/32 role=none
END
out=$(enrich -e none --labels "$T/labels" <<<'{"src_host":"203.0.113.129","dst_host":"203.0.113.1"}')
is "$(member "$out" src_label)" '["customer=Example Ltd","role=hosting","site=athens"]' "labels are inherited one by one"
is "$(member "$out" dst_label)" '["role=access","site=athens"]' "by the longest prefix"
like "$(said)" "labels:4: '203.0.113.300/32' is not an address" "bad lines are named"
enrich -e none --labels "$T/none" <<<'{"src_host":"203.0.113.129"}' >/dev/null
like "$(said)" "none: No such file.*no labels until" "a missing file is warned of"

# No table yet.
out=$(enrich -e bgp --bgp-table "$T/none" <<<'{"dst_host":"203.0.113.1","bytes":5}')
is "$? $(member "$out" bytes)" "0 5" "without a table flows pass"
is "$(grep -c "none: No such file.*flows get no AS path" "$T/said")" 1 "which is warned of once"
echo 'my_asn: 64496' >"$T/plain.yaml"
enrich -c "$T/plain.yaml" --asn-db "$db/geolite2-asn.mmdb" <<<'{}' >/dev/null
is "$(cat "$T/said")" "" "but not where nobody asked for BGP" || said

# Replaced under a running stream.
rm -f "$T/live"
cat >"$T/conf.yaml" <<-END
	bgp: {table_file: $T/live}
	labels_file: $T/labels
	enrich: bgp
END
mkfifo "$T/fifo"
"$BUILD/bin/nf-enrich" -c "$T/conf.yaml" -M "$T/metrics" <"$T/fifo" >"$T/live.out" 2>"$T/live.said" &
pid=$!
PIDS+=($pid)
exec 3>"$T/fifo"
ask() { # sends a flow and waits for it to come out
	local n
	n=$(wc -l <"$T/live.out")
	echo '{"dst_host":"203.0.113.1"}' >&3
	wait_for 10 more_than "$n"
	tail -1 "$T/live.out"
}
more_than() { [ "$(wc -l <"$T/live.out")" -gt "$1" ]; }
taken() { [ "$(grep -c "took the new table" "$T/live.said")" = "$1" ]; }
origin() { compile "$T/live" <<<"{\"prefix\":\"203.0.113.0/24\",\"as_path\":[$1]}"; }
is "$(member "$(ask)" dst_as)" "" "live: no table yet"
origin 64501
ok "a table that comes is taken" wait_for 10 grep -q "live: took the new table" "$T/live.said"
is "$(member "$(ask)" dst_as)" 64501 "live: the first table"
origin 64502
ok "one that replaces it too" wait_for 10 taken 2
is "$(member "$(ask)" dst_as)" 64502 "live: the second table"
head -c 300 "$T/live" >"$T/next"
mv -f "$T/next" "$T/live"
ok "a corrupt one is refused" wait_for 10 grep -q "live: .*; the one loaded before stays in use" "$T/live.said"
is "$(member "$(ask)" dst_as)" 64502 "live: still the second table"
rm -f "$T/live"
is "$(member "$(ask)" dst_as)" 64502 "live: and when it is gone"
origin 64503
ok "one that comes after that is taken" wait_for 10 taken 3
is "$(member "$(ask)" dst_as)" 64503 "live: the third table"
is "$(member "$(ask)" dst_label)" '["role=access","site=athens"]' "live: labels"
sed -i 's/athens/patras/; s/300/400/' "$T/labels"
ok "labels that change are taken" wait_for 10 grep -q "labels: took the new labels" "$T/live.said"
is "$(member "$(ask)" dst_label)" '["role=access","site=patras"]' "live: other labels"
like "$(cat "$T/live.said")" "labels:4: '203.0.113.400/32'" "and their bad lines are named"
echo nonsense >"$T/labels"
ok "a file without any is refused" wait_for 10 grep -q "labels:1: 'nonsense'.*; the one loaded before stays" "$T/live.said"
is "$(member "$(ask)" dst_label)" '["role=access","site=patras"]' "live: still those"
echo "203.0.113.0/24 a=b" >"$T/labels2"
sed -i "s|labels_file: .*|labels_file: $T/labels2|" "$T/conf.yaml"
echo "my_asn: 64503" >>"$T/conf.yaml"
kill -HUP $pid
ok "HUP takes another file" wait_for 10 grep -q "labels2: took the new labels" "$T/live.said"
is "$(member "$(ask)" dst_label)" '["a=b"]' "live: the other file's labels"
ok "and the table anew" wait_for 10 taken 4
is "$(member "$(ask)" peer_dst_as)" 64503 "live: with our number leading, the origin is the neighbour"
exec 3>&-
wait $pid
is $? 0 "the end of input is a normal end"
like "$(cat "$T/metrics")" "nf_enrich_bgp_loads_total 4" "loads are counted"
like "$(cat "$T/metrics")" "nf_enrich_bgp_failures_total 2" "and refusals"
plan
