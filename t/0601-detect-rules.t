#!/bin/bash
# nf-detect: what it takes, what it refuses with its place, and new rules while it runs.
. "${0%/*}/tap.sh"

detect=$BUILD/bin/nf-detect
rules=$T/rules.yml

# refused YAML WORDS NAME: status 2, the words with the place on stderr.
refused() {
	printf '%b' "$1" >"$rules"
	"$detect" -r "$rules" </dev/null >"$T/out" 2>"$T/err"
	is "$? $(cat "$T/out" "$T/err")" "2 nf-detect: error: $rules:$2" "$3"
}

refused '- name: r\n  min_flow: 5\n' \
	"2:3: unknown key 'min_flow' in a rule, did you mean 'min_flows'?" "a typo is named with its place and neighbour"
refused '- name: r\n  min_flows: 5\n  proto: tpc\n' \
	"3:10: 'tpc' is no protocol, expected a name such as tcp or a number from 0 to 255" "a value that is none"
refused 'rules:\n  - {name: r, min_flows: 5\n' "3:1: did not find expected ',' or '}' while parsing a flow mapping that starts at line 2" "a list that is not closed"
printf -- '- {name: r, min_flows: 2, time_window: 60s}\n' >"$rules"
"$detect" -n -r "$rules"
is $? 0 "-n checks and ends"
"$detect" -r "$T/missing" </dev/null 2>"$T/err"
is "$? $(cat "$T/err")" "2 nf-detect: error: $T/missing: No such file or directory" "rules that are not there"
"$detect" </dev/null 2>"$T/err"
is "$? $(cat "$T/err")" "2 nf-detect: error: no rules: -r FILE, or detection.rules_config in the configuration" \
	"no rules asked for"
printf 'detection: {rules_config: %s}\n' "$T/missing" >"$T/c.yaml"
"$detect" -c "$T/c.yaml" </dev/null 2>"$T/err"
is "$? $(cat "$T/err")" "0 nf-detect: warning: $T/missing is not there: nothing is detected until it is, and HUP is sent" \
	"the configuration's rules may come later"

# A running one: flow SOURCE TIME feeds it, said WORDS waits for them on stderr.
mkfifo "$T/in"
"$detect" -r "$rules" -M "$T/metrics" <"$T/in" >"$T/out" 2>"$T/err" &
pid=$!
PIDS+=($pid)
exec 9>"$T/in"
flow() {
	printf '{"timestamp_received":%d,"src_host":"%s","dst_host":"198.51.100.1","proto":6,"packets":1,"bytes":40}\n' \
		"$2" "$1" >&9
}
heard() { grep -q "\"state\":\"$1\".*\"rule\":\"$2\",\"key\":{\"src_ip\":\"$3\"}" "$T/out"; }
said() { grep -q -- "$1" "$T/err"; }

flow 192.0.2.1 1700000000
flow 192.0.2.2 1700000000
flow 192.0.2.2 1700000001
ok "it detects at once" wait_for 5 heard start r 192.0.2.2
printf -- '- {name: r, min_flows: 2, time_widow: 60s}\n' >"$rules"
kill -HUP $pid
ok "a typo in new rules is told with its place" wait_for 5 said \
	"reload: $rules:1:27: unknown key 'time_widow' in a rule, did you mean 'time_window'?; the old"
flow 192.0.2.3 1700000001
flow 192.0.2.3 1700000001
ok "and the old rules stay" wait_for 5 heard start r 192.0.2.3
printf -- '- {name: s, min_total_packets: 4, time_window: 60s}\n- {name: r, min_flows: 2, time_window: 60s}\n' >"$rules"
kill -HUP $pid
ok "good ones are taken" wait_for 5 said "notice: reloaded"
flow 192.0.2.1 1700000002
ok "windows of rules that did not change go on" wait_for 5 heard start r 192.0.2.1
printf -- '- {name: s, min_total_packets: 4, time_window: 60s}\n' >"$rules"
kill -HUP $pid
ok "incidents of a rule that is gone end" wait_for 5 heard end r 192.0.2.1
is "$(grep -c '"state":"end"' "$T/out")" 3 "all of them"
kill -TERM $pid
exec 9>&-
wait $pid
is $? 0 "TERM ends it well"
like "$(cat "$T/metrics")" 'nf_detect_detections_total\{state="start"\} 3' "the metrics count"

# Live, an incident ends by the time of day, and a replay of the same flows says the same.
printf -- '- {name: r, min_flows: 2, time_window: 1s}\n' >"$rules"
"$detect" -r "$rules" <"$T/in" >"$T/out" 2>"$T/err" &
pid=$!
PIDS+=($pid)
exec 9>"$T/in"
now=$(date +%s)
{ flow 192.0.2.9 "$now" && flow 192.0.2.9 "$now"; } 9> >(tee "$T/flows" >&9)
ok "live, an incident starts" wait_for 5 heard start r 192.0.2.9
ok "and ends though no flow comes any more" wait_for 15 heard end r 192.0.2.9
exec 9>&-
wait $pid
{ cat "$T/flows"; sed "s/$now/$((now + 10))/" "$T/flows" | head -1; } | "$detect" -r "$rules" >"$T/replay"
ok "a replay says the same" cmp "$T/out" "$T/replay"

plan
