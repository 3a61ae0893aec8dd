#!/bin/bash
# nf-bgpd as a stage: flush and arm while it runs and while it does not, and a pipeline that only observes.
. "${0%/*}/tap.sh"
. "${0%/*}/bgpd.sh"
need curl jq

fe=("$BUILD/bin/flowenricher" -c "$T/c.yaml" --run-dir "$T/run")
sock=$T/run/bgpd.sock
config 64496 "collectors: {netflow: {config: {bindaddr: 127.0.0.1, bindport: $(free_port)}}}
insert: {spool_dir: $T/spool, drain_timeout: 1s}
clickhouse: {host: '127.0.0.1:$(free_port)'}"
sed -i "s|, socket: [^}]*||; s|^detection: {|&enable_detection_engine: false, |" "$T/c.yaml"

begin() {
	"${fe[@]}" run "$@" 2>>"$T/words" &
	supervisor=$!
	PIDS+=($supervisor)
	wait_for 20 api GET peers
}
finish() { kill "$supervisor" && wait "$supervisor" 2>/dev/null; }
kept() { api GET announcements | jq -r 'keys[]' | xargs; }

begin
ok "the pipeline has an API" api GET peers
announce '{"prefix": "198.51.100.1"}'
is "$(api GET health | jq .dry_run)" false "which announces"
is "$("${fe[@]}" flush)" '{"withdrawn":1,"armed":false}' "flush"
is "$(kept)" "" "withdraws it"
kill -KILL "$(awk '$1 == "bgpd" { print $3 }' "$T/run/status")"
again() { [ "$(awk '$1 == "bgpd" { print $4 }' "$T/run/status")" = 1 ] && api GET peers; }
ok "the stage is started again" wait_for 20 again
announce '{"prefix": "198.51.100.2"}'
is $? 22 "and announces nothing still"
is "$("${fe[@]}" arm)" '{"armed":true}' "arm"
ok "then it does" announce '{"prefix": "198.51.100.2"}'
finish

is "$("${fe[@]}" flush)" '{"withdrawn":1,"armed":false}' "flush of a pipeline that does not run"
is "$("${fe[@]}" arm)" '{"armed":true}' "arm of one"
begin
is "$(kept)" "" "it begins without the blackholes"
announce '{"prefix": "198.51.100.3"}'
"$BUILD/bin/nf-bgpd" -c "$T/c.yaml" --socket "$T/nowhere" --flush 2>"$T/said"
is $? 1 "the journal of one that runs is not written behind its back"
like "$(<"$T/said")" "another nf-bgpd has it" "which is said"
is "$(kept)" "198.51.100.3/32" "and it has what it had"
finish

begin --observe
is "$(api GET health | jq .dry_run)" true "--observe announces nothing"
announce '{"prefix": "198.51.100.4"}'
like "$(<"$T/log/blackholes.txt")" "WOULD-BLACKHOLE: prefix=198.51.100.4/32" "but lists it"
finish
like "$(<"$T/state/announcements")" "198.51.100.3/32" "what was announced before is kept for later"
sed -i 's/enabled: true, listen_ip/enabled: false, listen_ip/' "$T/c.yaml"
is "$("${fe[@]}" flush 2>&1)" "flowenricher: error: no nf-bgpd is configured, so there are no blackholes to withdraw" \
	"without a speaker there is nothing to withdraw"
plan
