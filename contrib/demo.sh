#!/bin/bash
# The main job on a recording: NetFlow of a real exporter through the whole pipeline into a real ClickHouse
# server, which this script starts for itself in a temporary folder and ends. Run by `make demo`.
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-$PWD/build}
PATH=$BUILD/bin:$PATH
. contrib/clickhouse.sh

recording=t/data/softflowd-v9.pcap
T=$(mktemp -d)
finish() {
	ch_stop
	rm -rf "$T"
}
trap finish EXIT
trap 'exit 1' INT TERM
fail() {
	echo "demo: $*" >&2
	exit 1
}

echo "Starting a ClickHouse server in $T"
ch_setup "$T/clickhouse" && ch_start || fail "no ClickHouse server"

cat >"$T/flowenricher.yaml" <<YAML
collectors: {netflow: {config: {allow: [198.51.100.1]}}}
clickhouse: {host: "127.0.0.1:$CH_PORT", database: "pmacct", table: "flows"}
geoip: {asn_db: "$PWD/t/data/demo-asn.mmdb", city_db: "$PWD/t/data/demo-city.mmdb"}
enrich: "geoip"
my_asn: 64496
my_prefixes: [198.51.100.0/24, "2001:db8::/32"]
insert: {spool_dir: "$T/spool"}
detection: {rules_config: "$PWD/etc/detection.yml", log_dir: "$T"}
YAML
chmod 640 "$T/flowenricher.yaml"
config=$T/flowenricher.yaml
nf-conf check -n -c "$config" || fail "the configuration does not hold"

echo "Collecting from $recording"
mkdir "$T/spool"
nf-cat -b --wait 30 "unix:$T/store.sock" | nf-ch-insert -c "$config" -i bin --create -M "$T/insert.prom" &
store=$!
nf-cat -b --wait 30 "unix:$T/watch.sock" | nf-detect -c "$config" -i bin | nf-act -c "$config" --state "$T/act" &
watch=$!
nf-collect -c "$config" -b -r "$recording" -M "$T/collect.prom" |
	nf-enrich -c "$config" -i bin -b |
	nf-tee -i bin -b "unix:$T/store.sock,block" "unix:$T/watch.sock,block" || fail "the pipeline broke"
wait "$store" || fail "not all rows were stored"
wait "$watch" || fail "the detection broke"

ask() { ch "$1 FORMAT ${2:-PrettyCompactNoEscapes}"; }
stored=$(ask "SELECT count() FROM pmacct.flows" TSV)
collected=$(sed -n 's/^nf_collect_flows_total{*.*}* //p' "$T/collect.prom" | awk '{n += $1} END {print n + 0}')
echo
echo "flows collected   $collected"
echo "rows stored       $stored"
[ "$collected" -gt 0 ] && [ "$collected" = "$stored" ] || fail "that should be the same"
echo
echo "Top talkers beyond 198.51.100.0/24 and 2001:db8::/32:"
ask "SELECT src_host AS source, peer_src_as AS asn, peer_src_as_name AS name, src_host_country AS country,
	count() AS flows, sum(packets) AS packets, sum(bytes) AS bytes
	FROM pmacct.flows WHERE peer_src_as != 64496 GROUP BY source, asn, name, country ORDER BY bytes DESC LIMIT 8"
echo
echo "Detections:"
[ -s "$T/detections.log" ] || fail "the scan in the recording was not found"
fold -s -w 110 "$T/detections.log"
