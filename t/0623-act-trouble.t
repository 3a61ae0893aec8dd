#!/bin/bash
# nf-act when a disk fills in the middle of a line, and when whoever announces blackholes is ill: nothing is lost or done
# twice, nothing waits for anything else.
. "${0%/*}/tap.sh"
. "${0%/*}/act.sh"
need perl python3 jq prlimit

log=$T/log/detections.log
# start_small ARG...: one whose files may have two KiB; room lets them grow.
start_small() {
	ulimit -S -f 2
	start_act "$@"
	ulimit -S -f unlimited
}
room() { prlimit --pid "$pid" --fsize=unlimited: && kill -HUP "$pid"; }
lines() { [ "$(wc -l <"$log")" = "$1" ]; }

# The log fills up in the middle of a line.
start_small -L "$T/log" -M "$T/metrics"
for i in {1..30}; do detection "$i"; done >&9
ok "a disk that fills up is told" wait_for 5 said 'detections.log: File too large; [0-9]+ alerts wait'
is "$(tail -c 1 "$log" | wc -l)" 0 "in the middle of a line"
room
ok "with room again the others come" wait_for 10 lines 30
is "$(grep -cE '^\[[^]]*\] ALERT: .* \| id=[-0-9a-f]{36}$' "$log")" 30 "whole"
is "$(sed 's/.*id=//' "$log" | sort -u | wc -l)" 30 "and once each"
stop_act
is $? 0 "nothing was lost"
rm -r "$T/log"

# The state fills up: what is done goes on, and is known again as soon as there is room.
mkdir "$T/log"
ln -s /dev/null "$log"
start_small -L "$T/log" --state "$T/act" -M "$T/metrics"
for i in {1..100}; do detection "$i"; done >&9
ok "a state that cannot be written is told" wait_for 5 said 'act/actions: File too large; after a restart, actions may be repeated'
room
ok "reloaded" wait_for 5 said reloaded
detection 101 >&9
known() { [ "$(grep -c ^00000000000050008000 "$T/act/actions")" = 101 ]; }
ok "with room again all of it is on disk" wait_for 5 known
is "$(grep -vcE '^([0-9a-f]{32} [a-z0-9]+ [a-z0-9]+|nf-act actions 1)$' "$T/act/actions")" 0 "no line cut in two"
stop_act
ok "each was done" counts 'nf_act_done_total{action="alert"} 101'
for i in {1..101}; do detection "$i"; done | "$act" -L "$T/log" --state "$T/act" -M "$T/metrics"
ok "none is done again" counts 'nf_act_duplicates_total 101'

# No room for what is left at the end.
rm "$log"
mkdir "$log"
start_small -L "$T/log" --state "$T/act2"
for i in {1..30}; do detection "$i"; done >&9
ok "a log that is none is told" wait_for 5 said 'detections.log: Is a directory'
stop_act
is $? 1 "an end with something undone"
ok "which cannot be kept, and is said to be lost" said 'pending.*: File too large; 30 actions are lost'
ok "no half of it is left" test ! -e "$T/act2/pending"
rmdir "$log"

# An API that is ill. The stand-in does as the file `mode` says, and keeps what it took.
port=$(free_port)
cat >"$T/api.py" <<'END'
import http.server, sys, time
folder, port = sys.argv[1], int(sys.argv[2])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        mode = open(folder + "/mode").read().strip()
        open(folder + "/" + mode, "ab").write(body.strip() + b"\n")
        if mode == "hang-up":
            return
        if mode == "no-http":
            self.wfile.write(b"\0\xff what is this\r\n\r\n")
            return
        if mode == "silent":
            time.sleep(30)
            return
        self.send_response(int(mode))
        self.end_headers()
        self.wfile.write(b"<html>" + b"x" * 100000 + b"\x1b[31m")
    def log_message(self, *args):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
END
echo 500 >"$T/mode"
python3 "$T/api.py" "$T" "$port" 2>"$T/api.err" 9>&- &
PIDS+=($!)
wait_for 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
cat >"$T/c.yaml" <<END
run_dir: $T
detection: {log_dir: $T/log, blackhole_max_rate: 1000}
act: {state_dir: $T/act3, bgpd_url: "http://127.0.0.1:$port"}
END
chmod 640 "$T/c.yaml"
run_act() { start_act -c "$T/c.yaml" -M "$T/metrics"; }
asked() { [ "$(grep -c "198.51.100.$2/32" "$T/$1" 2>/dev/null)" -ge "${3:-1}" ]; }
alerted() { grep -q "$(printf 'id=00000000-0000-5000-8000-%012x' "$1")" "$log"; }
rm -rf "$T/log"

run_act
n=0
for mode in 500 503 hang-up no-http silent; do
	n=$((n + 1))
	echo "$mode" >"$T/mode"
	: >"$T/err"
	hole $n 198.51.100.$n/32 >&9
	ok "$mode: it is asked" wait_for 10 asked "$mode" $n
	ok "$mode: the alert does not wait" wait_for 1 alerted $n
	[ "$mode" != silent ] || { kill -TERM "$pid" && wait "$pid"; exec 9>&-; break; }
	ok "$mode: it is told" wait_for 10 said 'blackhole: .*tried again'
	echo 200 >"$T/mode"
	ok "$mode: and announced once it can be" wait_for 15 said "198.51.100.$n/32 is blackholed"
done
is "$(wc -l <"$T/200")" 4 "once each"
run_act # the one that was asked in vain is taken up by the next life
echo 200 >"$T/mode"
ok "silent: the next life announces it" wait_for 15 said '198.51.100.5/32 is blackholed'
stop_act
is $? 0 "nothing is left"
for answer in 400 409 429; do
	n=$((n + 1))
	echo $answer >"$T/mode"
	run_act
	hole $n 198.51.100.$n/32 >&9
	ok "$answer is final" wait_for 10 said "answers $answer.*it is not tried again"
	hole $n 198.51.100.$n/32 '"ttl": 600' '"state": "update"' >&9
	detection "1$n" >&9
	ok "others go on" wait_for 5 alerted "1$n"
	stop_act
	ok "$answer: it is not asked again" test "$(wc -l <"$T/$answer")" = 1
done
is "$(cat "$T/err" | grep -c $'\x1b')" 0 "no answer gets to the terminal as it came"
plan
