#!/bin/bash
# nf-act's scripts: the detection on stdin, no shell, a time limit, some at a time; and the rows for ClickHouse.
. "${0%/*}/tap.sh"
. "${0%/*}/act.sh"
need perl jq

script() { # LINES: what /bin/sh is to do
	printf '#!/bin/sh\n%s\n' "$1" >"$T/script.new"
	chmod 755 "$T/script.new"
	mv "$T/script.new" "$T/script"
}
cat >"$T/c.yaml" <<END
run_dir: $T
detection: {log_dir: $T/log}
act: {state_dir: $T/act, exec: $T/script, exec_timeout: 2s}
END
chmod 640 "$T/c.yaml"
run_act() { start_act -c "$T/c.yaml" -M "$T/metrics" "$@"; }
task() { detection "$1" "{\"actions\": [\"exec\"]${2:+, $2}}"; }
lines() { [ "$(wc -l <"$T/got" 2>/dev/null)" = "$1" ]; }

script "cat >>$T/got; echo words; echo told >&2; echo \$# >>$T/args"
run_act
task 1 '"rule": "$(touch /tmp/never); `id`"' >"$T/sent"
cat "$T/sent" >&9
ok "it runs" wait_for 5 lines 1
is "$(<"$T/got")" "$(<"$T/sent")" "with the detection on its stdin"
ok "its stderr is ours" wait_for 5 said '^told$'
is "$(<"$T/args")" 0 "without arguments"
detection 1 '{"state": "end", "actions": ["exec"]}' >&9
task 1 >&9
task 2 "\"note\": \"$(head -c 100000 /dev/zero | tr '\0' x)\"" >&9
ok "more than a pipe holds" wait_for 5 lines 2
is "$(tail -n1 "$T/got" | jq -r .note | wc -c)" 100001 "arrives whole"

script 'exit 0'
task 3 "\"note\": \"$(head -c 100000 /dev/zero | tr '\0' x)\"" >&9
script "exec <&-; sleep 0.3; echo \$\$ >>$T/unread"
task 4 "\"note\": \"$(head -c 100000 /dev/zero | tr '\0' x)\"" >&9
ok "stdin that is not read does no harm" wait_for 5 test -s "$T/unread"

script 'exit 3'
task 5 >&9
ok "a status is told" wait_for 5 said "exec: $T/script: ended with status 3; it is not tried again"
script 'kill -SEGV $$'
task 6 >&9
ok "a signal too" wait_for 5 said "ended by signal 11"
script "sleep 60 & echo \$! >$T/child; wait"
task 7 >&9
ok "what takes too long is killed" wait_for 6 said "took too long and was killed"
gone() { ! kill -0 "$(<"$T/child")"; }
ok "with its children" wait_for 5 gone

script "[ -e $T/ready ] && echo again >>$T/again || exit 75"
task 8 >&9
ok "75 is tried again" wait_for 5 said 'status 75; it is tried again'
: >"$T/ready"
ok "until it succeeds" wait_for 10 test -s "$T/again"
rm "$T/script"
task 9 >&9
ok "a script that is not there is told" wait_for 5 said "$T/script: No such file or directory; it is tried again"
script "echo nine >>$T/nine"
ok "and run once it is" wait_for 10 test -s "$T/nine"

# Four at a time
script "echo >>$T/begun.\$(cat | tr -dc '0-9' | head -c 0)x; while [ ! -e $T/go ]; do sleep 0.05; done"
for i in {10..17}; do task $i; done >&9
begun() { [ "$(wc -l <"$T/begun.x" 2>/dev/null)" -ge "$1" ]; }
ok "some run at once" wait_for 5 begun 4
ok "but not all" bash -c "sleep 0.3; [ \$(wc -l <$T/begun.x) = 4 ]"
: >"$T/go"
ok "the others follow" wait_for 5 begun 8
stop_act
is $? 0 "an orderly end"
like "$(<"$T/metrics")" 'nf_act_done_total\{action="exec"\} 14' "which are counted"
like "$(<"$T/metrics")" 'nf_act_refused_total\{action="exec"\} 3' "as are those that failed"
run_act
for i in {1..17}; do task $i; done >&9
stop_act
ok "none is run again after a restart" begun 8
is "$(wc -l <"$T/begun.x")" 8 "not one"

# It does not delay others, and the end does not wait for it.
script 'sleep 60'
run_act
for i in {20..30}; do detection $i '{"actions": ["exec", "alert"]}'; done >&9
ok "alerts do not wait for scripts" wait_for 2 grep -q 00001e "$T/log/detections.log"
stop_act
like "$(<"$T/err")" 'actions could not be done and wait in' "what is left waits for the next start"
like "$("$act" -n -c <(sed 's|exec: /|exec: ./|' "$T/c.yaml") 2>&1)" "act.exec: './.*' is no path that begins with /" \
	"a relative path is refused"

# Rows
sed -i 's/, exec:.*/}/' "$T/c.yaml"
rm -rf "$T/act"
row() { detection "$1" "{\"actions\": [\"clickhouse\"]${2:+, $2}}"; }
run_act --detections-out "$T/rows"
row 1 '"time": 1767225600.5, "bytes": 4000, "rule": "a \"b\"", "blackhole": {"prefix": "198.51.100.1", "ttl": 60}' >&9
row 1 '"state": "update"' >&9
row 1 '"state": "end", "flows": 99' >&9
stop_act
is "$(head -n1 "$T/rows" | jq -c '[.id, .state, .time, .rule, (.key | split(" ") | sort | join(" ")), .flows, .packets, .bytes, .unique_dst_ips, .reasons, .blackhole]')" \
	'["00000000-0000-5000-8000-000000000001","start",1767225600,"a \"b\"","dst_port=22 src_ip=198.51.100.1",71,80,4000,50,"min_flows 71>=70","198.51.100.1/32"]' \
	"a row at the start"
is "$(tail -n +2 "$T/rows" | jq -c '[.state, .flows]')" '["end",99]' "and one at the end"
mkfifo "$T/fifo"
run_act --detections-out "$T/fifo"
row 2 >&9
ok "a FIFO without a reader is told" wait_for 5 said 'clickhouse: .*nobody reads it; it is tried again'
cat "$T/fifo" >"$T/read" 9>&- &
PIDS+=($!)
ok "its rows come when there is one" wait_for 10 grep -q 198.51.100.2 "$T/read"
stop_act
is $? 0 "nothing is lost"
plan
