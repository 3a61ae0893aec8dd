#!/bin/bash
# The whole pipeline under its supervisor, from datagrams to rows and an alert, with stages killed on the way.
. "${0%/*}/tap.sh"
. "${0%/*}/insert.sh"

data=${0%/*}/data run=$T/run
port=$(free_port)
server_start

cat >"$T/rules.yml" <<'END'
- name: horizontal_scan
  proto: tcp
  same_dst_port: true
  unique_dst_ips: 100
  time_window: 60s
  action: alert
END
cat >"$T/f.yaml" <<END
collectors: {netflow: {config: {bindaddr: 127.0.0.1, bindport: $port, allow: 127.0.0.1}}}
clickhouse: {url: "$URL", create: true}
insert: {spool_dir: $T/spool, flush_interval_ms: 200}
enrich: geoip
geoip: {asn_db: $data/demo-asn.mmdb, city_db: $data/demo-city.mmdb}
my_asn: 64496
my_prefixes: [198.51.100.0/24, "2001:db8::/32"]
detection: {rules_config: $T/rules.yml, log_dir: $T/log}
act: {state_dir: $T/act}
END
mkdir "$T/log"
fe=("$BUILD/bin/flowenricher" -c "$T/f.yaml" --run-dir "$run")

begin() {
	"${fe[@]}" run 2>"$T/words" &
	supervisor=$!
	PIDS+=("$supervisor")
	wait_for 20 all_up
}
all_up() { "${fe[@]}" status; }
pid_of() { awk -v s="$1" '$1 == s {print $3}' "$run/status"; }
restarts() { awk -v s="$1" '$1 == s {print $4}' "$run/status"; }
restarted() { [ "$(restarts "$1")" -ge "$2" ] && all_up; }
replay() { "$BUILD/t/helper/udp_replay" "127.0.0.1:$port" "$@" >/dev/null; }
collected() { awk '/^nf_collect_flows_total/ {n += $2} END {print n + 0}' "$run/collect.prom"; }
rows() { ch "SELECT count() FROM pmacct.flows"; }
rows_are() { [ "$(rows)" = "$1" ]; }

begin
ok "all stages are up" all_up
want=$("$BUILD/bin/nf-collect" -r "$data/softflowd-v9.pcap" 2>/dev/null | jq -s '[length, (map(.bytes) | add)] | @tsv' -r)
replay "$data/softflowd-v9.pcap" 500
flows=${want%%$'\t'*}
ok "each flow becomes a row" wait_for 20 rows_are "$flows"
is "$(ch "SELECT count(), sum(bytes) FROM pmacct.flows")" "$want" "and no byte is missing"
is "$(ch "SELECT peer_src_as_name, src_host_country FROM pmacct.flows WHERE src_host = '3.120.181.40' LIMIT 1")" \
	"$(ch "SELECT 'Amazon.com, Inc.', 'DE'")" "they are enriched"
ok "the scan raises an alert" wait_for 10 grep -q "ALERT: Rule='horizontal_scan'" "$T/log/detections.log"

# Stages that hold nothing are killed, one after the other; then flows come.
before=$(pid_of collect)
n=0
for stage in enrich tee ch-reader ch-insert; do
	kill -KILL "$(pid_of $stage)"
	ok "$stage is killed and comes back" wait_for 20 restarted $stage 1
done
is "$(pid_of collect)" "$before" "nf-collect has not noticed"
replay "$data/softflowd-v9.pcap" 500
ok "no row is lost" wait_for 20 rows_are $((2 * flows))

# Under load: TERM loses nothing, KILL what the process has in its hands.
"$BUILD/t/helper/gen_nf9" 6000 >"$T/load.pcap"
load=$("$BUILD/bin/nf-collect" -r "$T/load.pcap" -b | "$BUILD/bin/nf-cat" -i bin -o ndjson | wc -l)
replay "$T/load.pcap" 1000 &
replayer=$!
n=$(restarts enrich)
for i in 1 2 3; do
	sleep 1
	kill -TERM "$(pid_of enrich)"
	ok "nf-enrich ends under load and comes back" wait_for 20 restarted enrich $((n + i))
done
wait $replayer
ok "no row is lost" wait_for 30 rows_are $((2 * flows + load))
is "$(pid_of collect)" "$before" "nf-collect has not noticed"

replay "$T/load.pcap" 1000 &
replayer=$!
others=$(for s in collect tee ch-reader ch-insert; do pid_of $s; done)
sleep 2
kill -KILL "$(pid_of enrich)"
wait $replayer
ok "nf-enrich is killed under load and comes back" wait_for 20 restarted enrich $((n + 4))
is "$(for s in collect tee ch-reader ch-insert; do pid_of $s; done)" "$others" "its neighbours have not noticed"

# A stop amid the load: whatever was collected is stored.
replay "$T/load.pcap" 1000 &
replayer=$!
sleep 2
ok "stop amid the load" "${fe[@]}" stop
kill $replayer
wait "$supervisor"
is $? 0 "all ended in order" || diag "$(cat "$T/words")"
lost=$(($(collected) - $(rows)))
ok "rows lost in a killed process: $lost, what it held at most" test "$lost" -ge 0 -a "$lost" -le 16384
is "$(find "$T/spool" -name '*.*' -type f 2>/dev/null | wc -l)" 0 "nothing waits on disk"
plan
