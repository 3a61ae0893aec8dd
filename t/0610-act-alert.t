#!/bin/bash
# nf-act: each alert once, in the log, whatever happens to the log, to nf-act or to its input.
. "${0%/*}/tap.sh"

act=$BUILD/bin/nf-act
log=$T/log/detections.log

# detection N [MEMBERS]: the start of incident N, whose members may be set or overridden.
detection() {
	perl -MJSON::PP -e '($n, $more) = @ARGV;
		my %d = (type => "detection", id => sprintf("00000000-0000-5000-8000-%012x", $n), state => "start",
			time => 1700000000.25, rule => "scan", key => {src_ip => "192.0.2.$n", dst_port => 22}, flows => 70 + $n,
			packets => 80, unique_dst_ips => 50, actions => ["alert"],
			reasons => [{threshold => "min_flows", limit => 70, value => 70 + $n}]);
		my $over = decode_json($more); $d{$_} = $over->{$_} for keys %$over;
		print JSON::PP->new->canonical->encode(\%d), "\n";' "$1" "${2:-{\}}"
}
lines() { cat "$log" 2>/dev/null | wc -l; }

detection 1 | "$act" -L "$T/log" 2>"$T/err"
is "$? $(cat "$T/err")" "0 " "an alert goes through in silence"
like "$(cat "$log")" "^\[2023-11-14T22:13:20.250Z\] ALERT: Rule='scan' \| Flows=71 \| (src_ip=192.0.2.1 \| dst_port=22|dst_port=22 \| src_ip=192.0.2.1) \| packets=80 \| unique_dst_ips=50 \| reasons=min_flows 71>=70 \| id=00000000-0000-5000-8000-000000000001\$" \
	"the line says when, which rule, and who"
detection 2 | "$act" -L "$T/log" --timezone Europe/Athens
like "$(tail -1 "$log")" "^\[2023-11-15T00:13:20.250\+02:00\] ALERT: " "the zone sets the offset"
detection 3 | "$act" -L "$T/log" --timezone Mars/Olympus 2>"$T/err"
is "$? $(cat "$T/err")" "2 nf-act: error: timezone 'Mars/Olympus' is not known" "a zone that is none"
detection 3 '{"rule": "a\nb | Flows=9 \u001b[31m\u0027"}' | "$act" -L "$T/log"
like "$(tail -1 "$log")" "Rule='a\?b \? Flows=9 \?\[31m\?' \| Flows=73" "names cannot forge lines or fields"
for state in update end; do detection 4 "{\"state\": \"$state\"}"; done | "$act" -L "$T/log"
is "$(lines)" 3 "only the start of an incident is an alert"

# What is no detection is skipped and counted.
{
	echo nonsense
	echo '[1, 2]'
	echo '{"_mark":"m1"}'
	echo '{"type":"features"}'
	detection 5 '{"id": "5"}'
	detection 5 '{"state": "begun"}'
	detection 5 '{"actions": ["alert", "dance"]}'
	detection 5 '{"time": -1}'
	detection 5 '{"flows": "many"}'
	detection 5 '{"key": []}'
	printf '\x00\xff{\n'
	head -c 300000 /dev/zero | tr '\0' '['
	echo
	head -c 20000 /dev/zero | tr '\0' '['
	echo
	detection 5
	printf '{"type":'
} >"$T/mess"
"$act" -L "$T/log" -M "$T/metrics" <"$T/mess" 2>"$T/err"
is $? 0 "a mess does no harm"
is "$(lines)" 4 "the one detection in it is taken"
like "$(cat "$T/metrics")" 'nf_act_bad_lines_total 13
' "the others are counted"
like "$(cat "$T/err")" "^nf-act: warning: line 1 skipped: not JSON: " "and told, with their line"

# An action that is not set up is told once a kind, and counted.
for i in 6 7; do detection $i '{"actions": ["alert", "slack", "exec"]}'; done |
	"$act" -L "$T/log" -M "$T/metrics" 2>"$T/err"
is "$(grep -c 'asks for the action slack, which is not set up (slack.webhook_file)' "$T/err")" 1 "what it cannot do is said once"
is "$(wc -l <"$T/err")" 2 "for each kind"
like "$(cat "$T/metrics")" 'nf_act_unavailable_total\{action="slack"\} 2
nf_act_unavailable_total\{action="clickhouse"\} 0
nf_act_unavailable_total\{action="exec"\} 2' "and counted each time"
is "$(lines)" 6 "the alerts come all the same"

# --dry-run prints and does nothing.
like "$(detection 8 | "$act" --dry-run -L "$T/none" --state "$T/none")" "^would alert: \[.*Rule='scan'" "--dry-run tells"
ok "and leaves no trace" test ! -e "$T/none"

# start_act ARGS…: one that runs, fed through descriptor 9.
mkfifo "$T/in"
start_act() {
	"$act" "$@" <"$T/in" 2>"$T/err" &
	pid=$!
	PIDS+=($pid)
	exec 9>"$T/in"
}
stop_act() {
	exec 9>&-
	wait $pid
}
has() { grep -q "id=00000000-0000-5000-8000-$(printf %012x "$1")" "$log"; }
said() { grep -q -- "$1" "$T/err"; }

# Rotation: the file is moved away, HUP opens a new one.
rm -rf "$T/log"
start_act -L "$T/log" --state "$T/state"
detection 1 >&9
ok "an alert is written at once" wait_for 5 has 1
mv "$log" "$log.1"
detection 2 >&9
ok "before HUP the old file goes on" wait_for 5 grep -q 0002 "$log.1"
kill -HUP $pid
ok "HUP is obeyed" wait_for 5 said "notice: reloaded"
detection 3 >&9
ok "after it there is a new one" wait_for 5 has 3
is "$(lines)" 1 "which has the new alert only"

# Killed, and the same detections once more: what was done is not done again.
{ kill -KILL $pid && wait $pid; } 2>/dev/null
exec 9>&-
start_act -L "$T/log" --state "$T/state"
for i in 1 2 3 4; do detection $i; done >&9
ok "a new alert is written after kill -9" wait_for 5 has 4
"$act" -L "$T/log" --state "$T/state" </dev/null 2>"$T/err2"
like "$(cat "$T/err2")" "another nf-act uses it; after a restart" "two cannot keep one state"
stop_act
is "$(lines)" 2 "the old ones are not repeated"
printf '%s' "00000000000050008000" >>"$T/state/actions"
for i in 3 4 5; do detection $i; done | "$act" -L "$T/log" --state "$T/state"
is "$? $(lines)" "0 3" "nor with a line of the state cut off"
printf 'nf-act actions 2\n' >"$T/state/actions"
detection 4 | "$act" -L "$T/log" --state "$T/state" 2>"$T/err"
like "$(cat "$T/err")" "not a journal of nf-act, or of a newer one; move it away; after a restart" \
	"a state of another version is told"

# A full disk: it is said, the alerts wait, and come when there is room.
rm -rf "$T/log" "$T/state"
mkdir "$T/log"
ln -s /dev/full "$log"
start_act -L "$T/log" --state "$T/state" -M "$T/metrics"
for i in 1 2 3; do detection $i; done >&9
ok "a full disk is told" wait_for 5 said "detections.log: No space left on device; [13] alerts wait"
rm "$log"
kill -HUP $pid
ok "with room again the alerts come" wait_for 5 has 3
is "$(lines)" 3 "each of them"
ok "which is told too" said "can be written again"
stop_act
is $? 0 "nothing was lost"
like "$(cat "$T/metrics")" 'nf_act_done_total\{action="alert"\} 3' "the metrics count"

# The log cannot be opened to the end: the next start has them.
rm -rf "$T/log" "$T/state"
: >"$T/log"
for i in 1 2; do detection $i; done | "$act" -L "$T/log" --state "$T/state" 2>"$T/err"
is $? 1 "without a log the end is a failure"
like "$(cat "$T/err")" "2 actions could not be done and wait in $T/state/pending" "which says where they are"
rm "$T/log"
"$act" -L "$T/log" --state "$T/state" </dev/null
is "$? $(lines)" "0 2" "the next start writes them"
ok "and forgets them" test ! -e "$T/state/pending"

# More than may wait: the rest is lost, and said so.
rm -rf "$T/log"
: >"$T/log"
for i in 1 2 3 4 5; do detection $i; done | "$act" -L "$T/log" --queue 2 -M "$T/metrics" 2>"$T/err"
like "$(cat "$T/err")" "2 alerts wait already: one for rule 'scan' is lost" "a full queue is told"
like "$(cat "$T/metrics")" 'nf_act_dropped_total\{action="alert"\} 3' "and counted"

plan
