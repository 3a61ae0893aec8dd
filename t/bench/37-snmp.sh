#!/bin/bash
# What the step snmp adds to geoip, binary to binary: with routers that do not answer, and with a name for every
# interface. CPU seconds of the whole program, with the thread that asks, for a million flows.
. "${0%/*}/lib.sh"
PATH=$BUILD/bin:$BUILD/t/helper:$PATH
rows=4000000
databases || exit 1

flowgen "$rows" >"$T/in"
# Names for the interfaces of the stream's exporters; nobody listens at the port of the routers.
nf-cat -o ndjson <"$T/in" | head -n 100000 |
	jq -r '(.input_interface, .output_interface) as $i | "\(.exporter_ip) \($i) if\($i) \"to \($i)\" 10G"' |
	sort -u >"$T/names"
routers=$(cut -d ' ' -f 1 "$T/names" | sort -u | head -n 100 | paste -sd ,)
cat >"$T/dead.yaml" <<END
snmp: {enabled: true, target: [${routers:-127.0.0.1}], port: 9, timeout: 1, retries: 3, refresh: 1s, cache_file: ""}
END

cpu() {
	TIMEFORMAT='%U %S'
	{ time pinned nf-enrich -b --asn-db "$asn" --city-db "$city" "$@" <"$T/in" >/dev/null 2>&1; } 2>&1 |
		awk -v rows="$rows" '{ printf "%.4f\n", ($1 + $2) / rows * 1e6 }'
}
for ((i = 0; i < 2 * ROUNDS; i++)); do
	echo "without $(cpu -e geoip)"
	echo "dead $(cpu -e geoip,snmp -c "$T/dead.yaml")"
	echo "named $(cpu -e geoip,snmp --ifnames "$T/names")"
done | awk -v OFS='\t' '
	!($1 in least) || $2 < least[$1] { least[$1] = $2 }
	function show(what, who) {
		print what, sprintf("%.3f CPU s/M", least[who]), sprintf("%.3f CPU s/M (without)", least["without"]),
		    sprintf("%.2f", least[who] / least["without"])
	}
	END {
		show("snmp: routers that do not answer", "dead")
		show("snmp: a name for every interface", "named")
	}'
