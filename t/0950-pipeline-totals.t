#!/bin/bash
# What ClickHouse holds after the whole way is what the exporters sent, as nfdump counted it.
. "${0%/*}/tap.sh"
. "${0%/*}/../contrib/clickhouse.sh"
need clickhouse-server curl
cd "${0%/*}/.." || exit 1
PATH=$BUILD/bin:$PATH

cleanup() {
	ch_stop
	tap_end
}
trap cleanup EXIT
ch_setup "$T/server" && ch_start || bail "no ClickHouse server"

cat >"$T/flowenricher.yaml" <<YAML
clickhouse: {host: "127.0.0.1:$CH_PORT"}
geoip: {asn_db: "$PWD/t/data/demo-asn.mmdb", city_db: "$PWD/t/data/demo-city.mmdb"}
enrich: geoip
my_asn: 64496
my_prefixes: [198.51.100.0/24, "2001:db8::/32"]
YAML
chmod 640 "$T/flowenricher.yaml"

while read -r file flows packets bytes v6; do
	[[ $file = \#* ]] && continue
	# There it counted frames; a flow record counts from the IP header on.
	[ "$file" = sfprobe.pcap ] && bytes=$((bytes - flows * 18))
	table=$(basename "$file" .pcap | tr - _)
	nf-collect -b -r "t/data/$file" 2>"$T/said" |
		nf-enrich -c "$T/flowenricher.yaml" -i bin -b 2>>"$T/said" |
		nf-ch-insert -c "$T/flowenricher.yaml" -i bin --table "$table" --spool "$T/spool" --create 2>>"$T/said"
	is "${PIPESTATUS[*]}" "0 0 0" "$file goes the whole way"
	is "$(ch "SELECT count(), sum(packets), sum(bytes), countIf(ip_protocol = 6) FROM pmacct.$table")" \
		"$flows	$packets	$bytes	$v6" "$file: flows, packets, bytes and IPv6 flows are those of nfdump"
	is "$(ch "SELECT count() FROM pmacct.$table WHERE src_host_country != '' OR dst_host_country != ''")" "$flows" \
		"$file: every flow has a country at one end"
done <t/data/expected.tsv
plan
