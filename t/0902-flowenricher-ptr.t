#!/bin/bash
# Names of addresses under the supervisor: from a name server to flows, and to a row of ptr_cache each, whoever is killed.
. "${0%/*}/tap.sh"
. "${0%/*}/insert.sh"
need nsd

data=${0%/*}/data run=$T/run
port=$(free_port) dns=$(free_port)

# Every address has a name.
cat >"$T/nsd.conf" <<END
server:
  ip-address: 127.0.0.1@$dns
  username: ""
  chroot: ""
  zonesdir: "$T"
  database: ""
  pidfile: "$T/nsd.pid"
  xfrdfile: "$T/xfrd.state"
  zonelistfile: "$T/zone.list"
  xfrdir: "$T"
  logfile: "$T/nsd.log"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: in-addr.arpa
  zonefile: v4.zone
zone:
  name: ip6.arpa
  zonefile: v6.zone
END
for v in v4 v6; do
	printf '%s\n' '@ 3600 SOA ns.example. root.example. 1 3600 600 86400 120' '@ 3600 NS ns.example.' \
		"* 3600 PTR any-$v.example.net." >"$T/$v.zone"
done
nsd -d -c "$T/nsd.conf" 2>"$T/nsd.said" &
PIDS+=($!)
server_start

conf() { # what is under dns, beside the server
	cat <<END
collectors: {netflow: {config: {bindaddr: 127.0.0.1, bindport: $port, allow: 127.0.0.1}}}
clickhouse: {url: "$URL", create: true}
insert: {spool_dir: $T/spool, flush_interval_ms: 200}
enrich: [geoip, ptr]
geoip: {asn_db: $data/demo-asn.mmdb, city_db: $data/demo-city.mmdb}
dns: {nameserver: "127.0.0.1:$dns", rate: 5000$1}
detection: {enable_detection_engine: false}
END
}
conf >"$T/f.yaml"
fe=("$BUILD/bin/flowenricher" -c "$T/f.yaml" --run-dir "$run")

begin() {
	"${fe[@]}" run >/dev/null 2>"$T/words" &
	supervisor=$!
	PIDS+=("$supervisor")
	wait_for 20 all_up
}
all_up() { "${fe[@]}" status; }
pid_of() { awk -v s="$1" '$1 == s {print $3}' "$run/status"; }
restarted() { [ "$(awk -v s="$1" '$1 == s {print $4}' "$run/status")" -ge "$2" ] && all_up; }
replay() { "$BUILD/t/helper/udp_replay" "127.0.0.1:$port" "$@" >/dev/null; }
asked() { awk '$1 == "nf_enrich_ptr_out_rows_total{result=\"written\"}" {print $2}' "$run/enrich.prom"; }
names() { ch "SELECT count(), uniqExact(ip) FROM pmacct.ptr_cache"; }
# All that nf-enrich wrote is stored, once each, and more than so many.
stored_over() { [ "$(asked)" -gt "$1" ] && [ "$(names)" = "$(asked)	$(asked)" ]; }

flows=$("$BUILD/bin/nf-collect" -r "$data/softflowd-v9.pcap" 2>/dev/null | wc -l)

begin
ok "all stages are up" all_up
ok "one of them stores names" test "$(pid_of ptr-insert)" -gt 0
replay "$data/softflowd-v9.pcap" 500
ok "each name that comes becomes one row of ptr_cache" wait_for 30 stored_over 1000
is "$(ch "SELECT ptr, asn, asn_name, country, updated_at > now() - 600 FROM pmacct.ptr_cache WHERE ip = '3.120.181.40'")" \
	"any-v4.example.net	16509	Amazon.com, Inc.	DE	1" "with what else is known of it"

# Again: names are known, and no row comes twice within its TTL.
replay "$data/softflowd-v9.pcap" 500
ok "flows come again" wait_for 20 eval '[ "$(ch "SELECT count() FROM pmacct.flows")" = '$((2 * flows))' ]'
ok "their names do not" eval '[ "$(ch "SELECT count() - uniqExact(ip) FROM pmacct.ptr_cache")" = 0 ]'

# The inserter of names is killed while names come: they wait in the pipe.
kill -STOP "$(pid_of ptr-insert)"
"$BUILD/t/helper/gen_nf9" 20 >"$T/more.pcap"
enricher=$(pid_of enrich)
before=$(names)
before=$((${before%%$'\t'*} + 100))
replay "$T/more.pcap" 500
ok "names of other addresses come" wait_for 30 eval '[ "$(asked)" -gt '$before' ]'
kill -KILL "$(pid_of ptr-insert)"
ok "the inserter comes back" wait_for 20 restarted ptr-insert 1
ok "and no name is lost" wait_for 30 stored_over "$before"
is "$(pid_of enrich)" "$enricher" "nf-enrich has not noticed"

# A stop amid names.
ch 'TRUNCATE TABLE pmacct.ptr_cache' >/dev/null
kill -KILL "$enricher"
ok "nf-enrich begins anew" wait_for 20 restarted enrich 1
replay "$data/softflowd-v9.pcap" 500
ok "it writes names again" wait_for 20 eval '[ "$(ch "SELECT count() FROM pmacct.ptr_cache")" -gt 0 ]'
"${fe[@]}" stop 2>/dev/null
wait "$supervisor"
is $? 0 "all ends in order" || diag "$(cat "$T/words")"
is "$(names)" "$(asked)	$(asked)" "all names that came are stored"
ok "nothing is left in the folder" test ! -e "$run/names"

# A warm start, by the line that flowenricher.yaml(5) gives.
line=$(sed -n '/^\$ clickhouse-client/,/^\.Ed/{s/^\$ //;/^\.Ed/d;p}' "${0%/*}/../man/flowenricher.yaml.5")
like "$line" "clickhouse-client" "the man page has such a line"
line=${line//'\e'/\\} line=${line//clickhouse-client/ch_client} line=${line//'/var/lib/flowenricher/ptr.ndjson'/$T/warm}
ch_client() { ch "${!#}"; }
eval "$line"
is "$(wc -l <"$T/warm")" "$(asked)" "it writes a row an address"
warm=$(jq -r .ip "$T/warm" | head -n 1)
is "$("$BUILD/bin/nf-enrich" -e ptr --nameserver 127.0.0.1:1 --ptr-warm "$T/warm" <<<"{\"src_host\":\"$warm\"}" 2>/dev/null |
	jq -r .src_ptr)" "$(ch "SELECT ptr FROM pmacct.ptr_cache WHERE ip = '$warm'")" "with which the names are there at once"

# Who sends the names elsewhere has no such stage.
conf ", cache_out: $T/elsewhere" >"$T/f.yaml"
begin
ok "with dns.cache_out all stages are up" all_up
is "$(pid_of ptr-insert)" "" "and none stores names"
replay "$data/softflowd-v9.pcap" 500
ok "they go there" wait_for 20 test -s "$T/elsewhere"
"${fe[@]}" stop 2>/dev/null
wait "$supervisor"
is $? 0 "all ends in order"
plan
