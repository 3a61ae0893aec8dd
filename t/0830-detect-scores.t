#!/bin/bash
# nf-detect --scores: scores join flows by address, hold for a stated time, and make rules hold alone or with others.
. "${0%/*}/tap.sh"
need jq
detect=$BUILD/bin/nf-detect

# flow SECOND SRC DST: a flow to port 443.
flow() { printf '{"timestamp_received":%s.500,"src_host":"%s","dst_host":"%s","src_port":5000,"dst_port":443,"proto":6,"tcpflags":2,"packets":1,"bytes":60}\n' "$((1700000000 + $1))" "$2" "$3"; }
# score END SCORE KEY [MORE]: of a window of 60 s and a step of 10.
score() {
	printf '{"type":"features","version":1,"key":"%s","window_start":%s.000,"window_end":%s.000,"step":10.000,"features":{"flows":3}%s%s}\n' \
		"$3" "$((1699999940 + $1))" "$((1700000000 + $1))" "${2:+,\"ml_score\":$2}" "${4-}"
}
starts() { jq -r 'select(.state == "start") | [.time - 1700000000, .rule, .key.src_ip // .key.dst_ip, .ml_score] | @tsv'; }
run() { "$detect" -r "$T/rules" --scores "$T/scores" -M "$T/metrics" "$@" 2>"$T/words"; }
metric() { awk -v name="nf_detect_$1" '$1 == name {print $2}' "$T/metrics"; }

cat >"$T/rules" <<'END'
- {name: odd, min_ml_score: 0.7, time_window: 10, action: alert}
- {name: odd_and_many, min_ml_score: 0.7, min_flows: 3, time_window: 10, action: alert}
END
for s in 5 6 7 8 9 10 11 12 13 14 80 99 100; do flow $s 192.0.2.1 198.51.100.1; flow $s 192.0.2.2 198.51.100.1; done >"$T/flows"
reasons=',"reasons":[{"feature":"flows","value":3,"shortened":1.5,"usual":[1,2]}]'
{ score 10 0.8 192.0.2.1 "$reasons"; score 10 0.6 192.0.2.2; score 20 0.9 192.0.2.2; } >"$T/scores"
run <"$T/flows" >"$T/out"
is "$(starts <"$T/out")" "10.5	odd	192.0.2.1	0.8
10.5	odd_and_many	192.0.2.1	0.8
80.5	odd	192.0.2.2	0.9" "a rule holds from the first flow after the window, alone and with other thresholds"
is "$(jq -c 'select(.rule == "odd" and .state == "start" and .key.src_ip == "192.0.2.1").reasons' "$T/out")" \
	'[{"threshold":"min_ml_score","limit":0.7,"value":0.8,"features":[{"feature":"flows","value":3,"shortened":1.5,"usual":[1,2]}]}]' \
	"its reason says which features were odd"
is "$(metric scores_total) $(metric scored_flows_total) $(metric scores_late_total)" "3 11 0" "scores and flows that got one are counted"
run -b <"$T/flows" >/dev/null
like "$? $(cat "$T/words")" '^2 ' "detections are NDJSON still"
"$BUILD/bin/nf-cat" -b "$T/flows" | run -i bin >"$T/bin"
ok "binary input gives the same" cmp "$T/out" "$T/bin"
for n in 1 5; do head -n 100 "$T/flows" | "$BUILD/bin/nf-cat" -b | run >"$T/again"; done
ok "and so does a replay" cmp "$T/out" "$T/again"

# It holds for its window and a step, from the window's end: 70 seconds here.
score 10 0.8 192.0.2.1 >"$T/scores"
is "$(flow 79 192.0.2.1 198.51.100.1 | run | starts | grep -c 'odd	')" 1 "a score holds until its window and a step are over"
is "$(flow 80 192.0.2.1 198.51.100.1 | run)" "" "and then no more"
is "$(metric scores_late_total)" 1 "which is counted where it came too late for any flow"
is "$(flow 9 192.0.2.1 198.51.100.1 | run)" "" "before the window's end it is not known yet"
{ score 10 0.8 192.0.2.1; score 20 0.3 192.0.2.1; } >"$T/scores"
is "$(flow 20 192.0.2.1 198.51.100.1 | run)" "" "a later score takes its place"
{ score 20 0.3 192.0.2.1; score 10 0.8 192.0.2.1; } >"$T/scores"
is "$(flow 20 192.0.2.1 198.51.100.1 | run) $(metric scores_late_total)" " 1" "an earlier one does not"

# Missing, and damaged.
: >"$T/scores"
is "$(run <"$T/flows")" "" "without scores the condition does not hold"
{
	echo 'no JSON'
	echo '{"type":"features","version":1,"key":"x","ml_score":0.9}'
	score 10 1.5 192.0.2.1
	score 10 NaN 192.0.2.1
	score 10 '' 192.0.2.1
	echo '{"_mark":"x"}'
	echo
	score 10 0.9 192.0.2.2
	printf '{"type":"features","version":1,"key":"192.0.2.1"'
} >"$T/scores"
is "$(run <"$T/flows" | starts | cut -f 3 | sort -u) $(metric scores_bad_total)" "192.0.2.2 5" "lines that are no vector are counted and passed over"
like "$(cat "$T/words")" 'scores: ' "and told"
head -c 3000000 /dev/zero | tr '\0' x >"$T/scores"
{ echo; score 10 0.9 192.0.2.2; } >>"$T/scores"
is "$(run <"$T/flows" | starts | cut -f 3 | sort -u)" "192.0.2.2" "and so is an endless one"

# Of destinations, for rules that group by them.
echo '- {name: victim, min_ml_score: 0.7, min_unique_src_ips: 2, time_window: 10, action: alert}' >"$T/rules"
score 10 0.8 198.51.100.1 ',"by":"dst"' >"$T/scores"
is "$(run <"$T/flows" | starts)" "10.5	victim	198.51.100.1	0.8" "scores of destinations serve rules about victims"
score 10 0.8 198.51.100.1 >"$T/scores"
is "$(run <"$T/flows")" "" "those of sources do not"

# Live, from a FIFO that has no writer, then one, then none again.
echo '- {name: odd, min_ml_score: 0.7, time_window: 10, action: alert}' >"$T/rules"
mkfifo "$T/fifo" "$T/in"
"$detect" -r "$T/rules" --scores "$T/fifo" --copy "$T/copy" -M "$T/metrics" <"$T/in" >"$T/live" 2>"$T/words" &
live=$!
PIDS+=($live)
exec 7>"$T/in"
flow 5 192.0.2.1 198.51.100.1 >&7
score 10 0.8 192.0.2.1 "$reasons" >"$T/fifo"
found() { flow $((10 + SECONDS % 20)) 192.0.2.1 198.51.100.1 >&7; grep -q '"state":"start"' "$T/live"; }
ok "scores from a FIFO are used as they come" wait_for 10 found
ok "--copy has the same detections" wait_for 10 cmp "$T/live" "$T/copy"
kill -TERM $live
wait $live
is $? 0 "it ends when told to"
exec 7>&-

"$detect" -r "$T/rules" --scores "$T/nowhere" </dev/null >/dev/null 2>"$T/words"
like "$? $(cat "$T/words")" '^2 .*nowhere' "a file that is not there is said"
plan
