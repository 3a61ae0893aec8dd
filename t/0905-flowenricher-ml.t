#!/bin/bash
# Scores under the supervisor: from flows to nf-score and back, into the table ml_scores, and to rules; whoever is killed.
. "${0%/*}/tap.sh"
. "${0%/*}/insert.sh"

data=${0%/*}/data run=$T/run
port=$(free_port)
server_start

# A model to begin with: of the same flows, received in one second.
"$BUILD/bin/nf-collect" -r "$data/softflowd-v9.pcap" 2>/dev/null |
	"$BUILD/bin/nf-mlfeat" --window 1 --step 1 | "$BUILD/bin/nf-score" -m "$T/model" train
ok "there are vectors to learn from" test -s "$T/model"

echo '- {name: odd, min_ml_score: 0.3, min_flows: 1, time_window: 10, action: alert}' >"$T/rules"
cat >"$T/f.yaml" <<END
collectors: {netflow: {config: {bindaddr: 127.0.0.1, bindport: $port, allow: 127.0.0.1}}}
clickhouse: {url: "$URL", create: true}
insert: {spool_dir: $T/spool, flush_interval_ms: 200}
enrich: none
detection: {rules_config: $T/rules, log_dir: $T/log}
act: {state_dir: $T/act}
ml: {enabled: true, model: $T/model, window: 1, step: 1}
END
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
replay() { "$BUILD/t/helper/udp_replay" "127.0.0.1:$port" "$data/softflowd-v9.pcap" 100 >/dev/null; }
metric() { awk -v m="$2" '$1 == m {print $2}' "$run/$1.prom"; }
score_rows() { ch "SELECT count() FROM pmacct.ml_scores WHERE ml_score > 0 AND ml_score < 1"; }
# grows COUNTER…: flows come until it says more than it did.
grows() { replay; [ "$("$@")" -gt "$was" ]; }

mkdir "$T/log"
begin
ok "all stages are up" all_up
is "$(for s in score ml-reader mlfeat score-insert; do [ "$(pid_of $s)" -gt 0 ] && echo $s; done | wc -l)" 4 "among them those of scores"
was=0
ok "scores are stored" wait_for 40 grows score_rows
is "$(ch "SELECT count() FROM pmacct.ml_scores WHERE side != 'src' OR window != 1 OR flows = 0 OR reasons = '' OR time < now() - 600")" 0 "with all that belongs to them"
odd() { grep -c "Rule='odd'.*ml_score=0" "$T/log/detections.log"; }
ok "rules go by them" wait_for 40 grows odd

# Under detection by now: those are not learnt from.
unlearnt() { curl -sS --unix-socket "$run/score.sock" http://score/metrics | awk '$1 == "nf_score_unlearnt_total{reason=\"detection\"}" {print $2}'; }
ok "nf-score hears of detections" wait_for 40 grows unlearnt

# Whoever is killed comes back, and scores go on.
for s in score mlfeat detect; do
	kill -KILL "$(pid_of $s)"
	ok "$s comes back" wait_for 20 restarted $s 1
	was=$(score_rows)
	ok "and scores go on" wait_for 40 grows score_rows
done
scored_flows() { metric detect nf_detect_scored_flows_total; }
was=0
ok "to the rules too" wait_for 60 grows eval 'scored_flows || echo 0'

"${fe[@]}" stop 2>/dev/null
wait "$supervisor"
is $? 0 "all ends in order" || diag "$(cat "$T/words")"
is "$(score_rows)" "$(ch 'SELECT count() FROM pmacct.ml_scores')" "all that is stored is a score"
ok "nothing is left in the folder" test ! -e "$run/scores" -a ! -e "$run/suspects" -a ! -e "$run/score.sock"

# A scorer elsewhere, without rules, without a table.
sed -i 's/^ml:.*/ml: {enabled: true, scorer: "http:\/\/127.0.0.1:1", store: false, window: 1, step: 1}/; s/^detection:.*/detection: {enable_detection_engine: false}/' "$T/f.yaml"
begin
ok "with a scorer elsewhere all stages are up" all_up
is "$(pid_of score)$(pid_of score-insert)$(pid_of detect)" "" "and there are no more than needed"
unscored() { metric mlfeat 'nf_mlfeat_unscored_total{scorer="1"}'; }
was=0
ok "a scorer that is down is counted" wait_for 40 grows eval 'unscored || echo 0'
"${fe[@]}" stop 2>/dev/null
wait "$supervisor"
is $? 0 "all ends in order" || diag "$(cat "$T/words")"
plan
