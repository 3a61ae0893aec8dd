#!/bin/bash
# nf-enrich with MMDB files: every vendor's layout, files that are missing, corrupt or replaced, and what flows keep.
. "${0%/*}/tap.sh"

db=${0%/*}/data/mmdb
flow='{"src_host":"192.0.2.1","dst_host":"2001:db8::1","bytes":1500}'

# enrich OPTION… < flows: the flows, with what was said on standard error in $T/said.
enrich() { "$BUILD/bin/nf-enrich" "$@" 2>"$T/said"; }
said() { cat "$T/said"; }

# member JSON KEY: its value as it stands in the line.
member() { sed -nE "s/.*\"$2\":(\"([^\"\\\\]|\\\\.)*\"|[^,}]*).*/\1/p" <<<"$1"; }

# The same rows as every vendor lays them out, see data/README: address, AS, name, country, city.
cat >"$T/rows" <<'END'
192.0.2.1|64500|"Example One"|"CH"|"Bern"
198.51.100.127|64501|"Example Two, Inc."|"DE"|"Berlin"
198.51.100.128|64502|"Beispiel Österreich"|"AT"|"Sankt Pölten"
203.0.113.1|64503|"Example Without Place"||
203.0.113.200|4200000001|"Example Host"|"US"|
203.0.113.201||||
2001:db8:1::1|64504|"Example Six"|"JP"|"Tokyo"
2001:db8:2:8000::1|64505|"Example \"Quoted\" \\ Six"|"ZA"|"Cape Town"
2001:db8:2::1||||
END
layout() { # FILE OPTION KEY…: those of src_as, src_as_name, src_host_country and src_host_city that it holds
	local file=$1 option=$2 got want
	shift 2
	got=$(sed 's/|.*//; s/.*/{"src_host":"&"}/' "$T/rows" |
		enrich -e geoip "$option" "${0%/*}/data/layout-$file.mmdb" |
		while read -r line; do
			for key in src_as src_as_name src_host_country src_host_city; do
				printf '|%s' "$(member "$line" $key)"
			done
			echo
		done)
	want=$(awk -F '|' -v v4="$([ "$file" = iplocationdb-city ] && echo 1)" -v keys=" $* " '{
		for (i = split("src_as src_as_name src_host_country src_host_city", key, " "); i > 0; i--)
			if (!index(keys, " " key[i] " ") || (v4 && $1 ~ /:/)) $(i + 1) = ""
		print "|" $2 "|" $3 "|" $4 "|" $5 }' "$T/rows")
	is "$got" "$want" "layout of $file"
}
layout maxmind-asn --asn-db src_as src_as_name
layout dbip-asn --asn-db src_as src_as_name
layout iplocationdb-asn --asn-db src_as src_as_name
layout ipinfo-asn --asn-db src_as src_as_name
layout ipinfo-lite --asn-db src_as src_as_name src_host_country
layout ipinfo-country-asn --city-db src_as src_as_name src_host_country
layout maxmind-city --city-db src_host_country src_host_city
layout dbip-city --city-db src_host_country src_host_city
layout iplocationdb-city --city-db src_host_country src_host_city
layout ipinfo-location --city-db src_host_country src_host_city

out=$(enrich --asn-db "$db/geolite2-asn.mmdb" <<<"$flow")
is "$(member "$out" dst_as)" 64500 "the destination too"
is "$(member "$out" peer_dst_as)" 64500 "without BGP the neighbour is the origin"
is "$(member "$out" peer_dst_as_name)" '"Six Only"' "and so is its name"
out=$(enrich --city-db "$db/geolite2-city.mmdb" --language de <<<"$flow")
is "$(member "$out" dst_host_city)" '"Beispielstadt"' "--language chooses the city's name"

# What flows come with.
out=$(enrich --asn-db "$db/geolite2-asn.mmdb" --city-db "$db/geolite2-city.mmdb" <<<'
{"src_host":"10.0.0.1","src_host_country":"GR","src_as":65001,"tag":{"a":[1,2]},"note":"x\"y"}
{"src_host":"192.0.2.1","src_host_country":"GR","src_as":64500,"n":1.5}')
line=$(sed -n 1p <<<"$out")
is "$(member "$line" src_host_country)" '"GR"' "an unknown address keeps its country"
is "$(member "$line" src_as)" 65001 "and its AS number"
like "$line" '"tag":\{"a":\[1,2\]\}' "unknown members stay"
like "$line" '"note":"x\\"y"' "as they were written"
line=$(sed -n 2p <<<"$out")
is "$(member "$line" src_host_country)" '"DE"' "a known address gets the database's country"
is "$(member "$line" src_as_name)" '"Six Only"' "a public AS number of the exporter stays, and gets its name"
like "$line" '"n":1.5' "unknown members stay here too"

# Order, and every row, through both formats.
seq 1 30000 | awk '{ printf "{\"src_host\":\"%s\",\"bytes\":%d,\"seq\":%d}\n",
	$1 % 3 ? "192.0.2." $1 % 256 : "2001:db8::" $1 % 100, $1 * 7, $1 }' >"$T/in"
enrich --asn-db "$db/geolite2-asn.mmdb" <"$T/in" >"$T/out"
is "$(sed -E 's/.*"seq":([0-9]+).*/\1/' "$T/out" | paste -sd,)" "$(seq 1 30000 | paste -sd,)" "30,000 flows keep their order"
is "$(grep -c '"src_as":64' "$T/out")" 30000 "and all have their AS number"
enrich -b --asn-db "$db/geolite2-asn.mmdb" <"$T/in" | enrich -i bin -e none >"$T/twice"
ok "the same through binary batches" cmp "$T/out" "$T/twice"

# Files that are not there, or not sound.
out=$(enrich --asn-db "$T/none.mmdb" --city-db "$db/geolite2-city.mmdb" <<<"$flow")
is $? 0 "a missing database is no failure"
like "$(said)" "none.mmdb: No such file or directory; flows get no AS numbers" "it is warned of, with what it means"
is "$(grep -c none.mmdb "$T/said")" 1 "once"
is "$(member "$out" src_host_country)" '"DE"' "and the other database is used"
for cut in 0 20 900 1500; do
	head -c $cut "$db/geolite2-asn.mmdb" >"$T/cut.mmdb"
	out=$(enrich --asn-db "$T/cut.mmdb" <<<"$flow")
	is "$? $(member "$out" bytes)" "0 1500" "flows pass a database cut after $cut bytes"
	like "$(said)" "cut.mmdb: .*; flows get no AS numbers" "with a warning"
done
enrich --asn-db "$db/geolite2-city.mmdb" <<<"$flow" >/dev/null
like "$(said)" "holds no AS numbers; an ASN database belongs there" "a database of another kind is noticed"
enrich -e geoip <<<"$flow" >/dev/null
like "$(said)" "no database.*--asn-db, --city-db" "no database at all is warned of"

# Steps.
out=$(enrich -e none --asn-db "$db/geolite2-asn.mmdb" <<<"$flow")
is "$(member "$out" src_as)" "" "-e none adds nothing"
enrich -e smtp,geoip --asn-db "$db/geolite2-asn.mmdb" <<<"$flow" >/dev/null
like "$(said)" "'smtp' is read as 'snmp'" "smtp is read as snmp, with a warning"
enrich -e goip <<<"$flow"
is $? 2 "an unknown step ends it with status 2"
like "$(said)" "unknown step 'goip'; did you mean 'geoip'" "and names the nearest"

# Own networks.
out=$(enrich -e none --my-asn 64499 --my-prefix 192.0.2.0/24 --my-prefix 2001:db8::/32 <<<"$flow")
is "$(member "$out" net_direction)" '"internal"' "own networks give the direction"
is "$(member "$out" dst_as)" 64499 "and own addresses my_asn"
enrich --my-prefix 192.0.2.1/24 <<<"$flow"
is $? 2 "a prefix with host bits ends it with status 2"
like "$(said)" "192.0.2.0/24" "and the right one is shown"

# A database replaced under it.
cp "$db/dbip-asn-v4.mmdb" "$T/live.mmdb"
cat >"$T/conf.yaml" <<-END
	geoip: {asn_db: $T/live.mmdb}
	enrich: geoip
	my_prefixes: [198.51.100.0/24]
END
mkfifo "$T/fifo"
"$BUILD/bin/nf-enrich" -c "$T/conf.yaml" <"$T/fifo" >"$T/live.out" 2>"$T/live.said" &
pid=$!
PIDS+=($pid)
exec 3>"$T/fifo"
ask() { # ADDRESS: sends a flow and waits for it to come out
	local n
	n=$(wc -l <"$T/live.out")
	echo "{\"src_host\":\"$1\",\"dst_host\":\"198.51.100.1\"}" >&3
	wait_for 10 more_than "$n"
	tail -1 "$T/live.out"
}
more_than() { [ "$(wc -l <"$T/live.out")" -gt "$1" ]; }
is "$(member "$(ask 192.0.2.129)" src_as)" 64496 "live: the first database"
cp "$db/geolite2-asn.mmdb" "$T/next.mmdb"
mv "$T/next.mmdb" "$T/live.mmdb"
ok "a file renamed over it is taken" wait_for 10 grep -q "took the new database" "$T/live.said"
is "$(member "$(ask 192.0.2.129)" src_as)" 64497 "live: the second database"
head -c 1000 "$db/dbip-asn-v4.mmdb" >"$T/live.mmdb" # written over in place, and damaged
printf 'x%.0s' {1..200} | dd of="$T/live.mmdb" bs=1 seek=20 conv=notrunc 2>/dev/null
ok "a corrupt one is refused" wait_for 10 grep -q "live.mmdb: .*; the one loaded before stays in use" "$T/live.said"
is "$(member "$(ask 192.0.2.129)" src_as)" 64497 "live: still the second database"
rm "$T/live.mmdb"
is "$(member "$(ask 192.0.2.129)" src_as)" 64497 "live: and when the file is gone"

# The configuration changed under it.
sed -i "s|$T/live.mmdb|$db/ip-location-db-asn.mmdb|; s|198.51.100.0/24|192.0.2.0/24|" "$T/conf.yaml"
kill -HUP $pid
ok "HUP reloads" wait_for 10 grep -q "reloaded" "$T/live.said"
ok "and takes another database" wait_for 10 grep -q "ip-location-db-asn.mmdb: took the new database" "$T/live.said"
out=$(ask 192.0.2.129)
is "$(member "$out" src_as)" 64496 "live: the third database"
is "$(member "$out" net_direction)" '"out"' "live: other own networks"
echo "enrich: geopi" >>"$T/conf.yaml"
kill -HUP $pid
ok "a broken configuration is refused" wait_for 10 grep -q "old configuration stays" "$T/live.said"
is "$(member "$(ask 192.0.2.129)" src_as)" 64496 "live: still as before"
exec 3>&-
wait $pid
is $? 0 "the end of input is a normal end"
plan
