#!/bin/bash
# Detections under the supervisor: from datagrams to rows of the table `detections`, whoever is killed.
. "${0%/*}/tap.sh"
. "${0%/*}/insert.sh"

data=${0%/*}/data run=$T/run
port=$(free_port)
server_start

cat >"$T/rules.yml" <<'END'
- {name: horizontal_scan, proto: tcp, same_dst_port: true, unique_dst_ips: 100, time_window: 60s, action: 'alert, clickhouse'}
- {name: any_flow, group_by: [src_ip, dst_ip, dst_port], min_flows: 1, time_window: 2s, action: clickhouse}
END
conf() { # what is under act, beside the folder
	cat <<END
collectors: {netflow: {config: {bindaddr: 127.0.0.1, bindport: $port, allow: 127.0.0.1}}}
clickhouse: {url: "$URL", create: true}
insert: {spool_dir: $T/spool, flush_interval_ms: 200}
enrich: ""
my_prefixes: [198.51.100.0/24, "2001:db8::/32"]
detection: {rules_config: $T/rules.yml, log_dir: $T/log}
act: {state_dir: $T/act$1}
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
count() { awk -v n="$2" '$1 == n {print $2}' "$run/$1.prom"; }
rows() { ch "SELECT count(), uniqExact(id, state) FROM pmacct.detections"; }
# Each incident that nf-detect tells the start or end of is a row, and there are more than so many.
stored_over() {
	local told=$(($(count detect 'nf_detect_detections_total{state="start"}') +
		$(count detect 'nf_detect_detections_total{state="end"}')))
	[ "$told" -gt "$1" ] && [ "$(rows)" = "$told	$told" ]
}

begin
ok "all stages are up" all_up
ok "one of them stores detections" test "$(pid_of found-insert)" -gt 0
replay "$data/softflowd-v9.pcap" 500
ok "each start and each end becomes one row" wait_for 40 stored_over 200
is "$(ch "SELECT count() FROM pmacct.detections WHERE rule = 'horizontal_scan' AND state = 'start'")" \
	"$(wc -l <"$T/log/detections.log")" "what is an alert is a row too"
is "$(ch "SELECT count() FROM pmacct.detections WHERE time < now() - 600 OR flows = 0 OR key = '' OR reasons = ''")" 0 \
	"with time, key, flows and reasons"
alert=$(head -n 1 "$T/log/detections.log")
is "$(ch "SELECT key, reasons FROM pmacct.detections WHERE id = '${alert##*id=}' AND state = 'start'" | tr '\t' '|')" \
	"$(sed -E 's/.*\| (src_ip=[^ ]*) \| (dst_port=[^ ]*) .*reasons=([^|]*) \| id=.*/\1 \2|\3/' <<<"$alert")" \
	"as the alert has them"

# Who stores them is killed while they come: they wait in the pipe.
kill -STOP "$(pid_of found-insert)"
actor=$(pid_of act)
before=$(rows)
before=$((${before%%$'\t'*} + 100))
replay "$data/softflowd-v9.pcap" 500
told() { [ "$(count act 'nf_act_done_total{action="clickhouse"}')" -gt "$before" ]; }
ok "more come" wait_for 30 told
kill -KILL "$(pid_of found-insert)"
ok "the inserter comes back" wait_for 20 restarted found-insert 1
ok "and no row is lost" wait_for 40 stored_over "$before"
is "$(pid_of act)" "$actor" "nf-act has not noticed"

# A stop amid incidents: their ends are rows as well.
replay "$data/softflowd-v9.pcap" 500
"${fe[@]}" stop 2>/dev/null
wait "$supervisor"
is $? 0 "all ends in order" || diag "$(cat "$T/words")"
ok "all that was told is stored" stored_over "$before"
ok "nothing is left in the folder" test ! -e "$run/found"

# Who sends the rows elsewhere has no such stage.
conf ", detections_out: $T/elsewhere" >"$T/f.yaml"
begin
ok "with act.detections_out all stages are up" all_up
is "$(pid_of found-insert)" "" "and none stores detections"
replay "$data/softflowd-v9.pcap" 500
ok "they go there" wait_for 20 test -s "$T/elsewhere"
"${fe[@]}" stop 2>/dev/null
wait "$supervisor"
is $? 0 "all ends in order"
plan
