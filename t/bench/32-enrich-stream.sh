#!/bin/bash
# nf-enrich as a program, binary to binary, with geoip, bgp and own networks over tables of full size: addresses at
# random, which no cache helps, and as they come (Zipf); then with ptr and snmp whose servers are all dead. CPU seconds,
# all threads, without what loading the tables takes.
. "${0%/*}/lib.sh"
PATH=$BUILD/bin:$BUILD/t/helper:$PATH
databases || exit 1
datagrams=160000

gen_rib bgpdump | nf-rib -t "$T/table" compile || exit 1
for kind in random zipf; do
	gen_nf9 $datagrams 1 1 "$(date +%s)" $kind | nf-collect -b -r - >"$T/$kind" || exit 1
done
cat >"$T/conf" <<END
geoip: {asn_db: "$asn", city_db: "$city"}
bgp: {table_file: "$T/table"}
my_asn: 64496
my_prefixes: [198.51.100.0/24, 192.0.2.0/24]
dns: {nameserver: 127.0.0.1:9}
snmp: {enabled: true, target: 127.0.0.1, port: 9, timeout: 1, retries: 3, refresh: 1s, cache_file: ""}
END

nf-cat -b -N 1 "$T/random" >"$T/one"

# took KIND STEPS: CPU seconds.
took() {
	local TIMEFORMAT='%U %S'
	{ time pinned nf-enrich -b -c "$T/conf" -e "$2" <"$T/$1" >/dev/null 2>"$T/words"; } 2>&1 | awk '{ print $1 + $2 }'
}

# cost KIND STEPS: CPU seconds for a million flows.
cost() {
	awk -v one="$(took one "$2")" -v all="$(took "$1" "$2")" -v rows=$((datagrams * 25)) \
		'BEGIN { printf "%.4f\n", (all - one) / rows * 1e6 }'
}
for ((i = 0; i < ROUNDS; i++)); do
	for kind in random zipf; do
		echo "$kind $(cost $kind geoip,bgp)"
		echo "$kind.dead $(cost $kind geoip,bgp,snmp,ptr)"
	done
done | awk -v OFS='\t' '
	!($1 in least) || $2 < least[$1] { least[$1] = $2 }
	function show(kind, what) {
		print "nf-enrich: geoip, bgp, own; " what, sprintf("%.2f M/s", 1 / least[kind]), "-", "-"
		print "nf-enrich: and ptr, snmp with dead servers; " what, sprintf("%.2f M/s", 1 / least[kind ".dead"]),
		    sprintf("%.2f M/s (without)", 1 / least[kind]), sprintf("%.2f", least[kind] / least[kind ".dead"])
	}
	END {
		show("random", "random addresses")
		show("zipf", "Zipf addresses")
	}'
