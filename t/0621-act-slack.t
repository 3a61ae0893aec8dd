#!/bin/bash
# nf-act's messages to Slack: readable, few, patient; a webhook that is dead delays nothing else, and stays a secret.
. "${0%/*}/tap.sh"
. "${0%/*}/act.sh"
need python3 perl jq

port=$(free_port)
# A stand-in: answers as the file `mode` says (a status, with "Retry-After" seconds), keeps each body that it took.
cat >"$T/slack.py" <<'END'
import http.server, sys, time
folder, port = sys.argv[1], int(sys.argv[2])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        mode = open(folder + "/mode").read().split()
        name = "taken" if mode[0] == "200" else "asked"
        open(folder + "/" + name, "ab").write(b"%.3f %s %s %s\n" % (time.time(), self.path.encode(),
            self.headers["Content-Type"].encode(), body))
        self.send_response(int(mode[0]))
        if len(mode) > 1:
            self.send_header("Retry-After", mode[1])
        self.end_headers()
        self.wfile.write(b"raw \x1b[31m body of the webhook")
    def log_message(self, *args):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
END
slack_up() {
	echo "$1" >"$T/mode"
	python3 "$T/slack.py" "$T" "$port" 2>"$T/slack.err" 9>&- &
	slack=$!
	PIDS+=($slack)
	wait_for 10 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
}
slack_down() { { kill $slack && wait $slack; } 2>/dev/null; }
texts() { sed 's/^[^{]*//' "$T/taken" 2>/dev/null | jq -r .text; }
count() { wc -l <"$T/$1" 2>/dev/null || echo 0; }

echo "http://127.0.0.1:$port/services/T0/B0/the-secret" >"$T/hook"
chmod 600 "$T/hook"
cat >"$T/c.yaml" <<END
run_dir: $T
timezone: Europe/Athens
detection: {log_dir: $T/log}
act: {state_dir: $T/act}
slack: {webhook_file: $T/hook}
END
chmod 640 "$T/c.yaml"
message() { detection "$1" "{\"actions\": [\"alert\", \"slack\"]${2:+, $2}}"; }
run_act() { start_act -c "$T/c.yaml" -M "$T/metrics"; }
has_taken() { [ "$(texts | grep -c "$1")" -ge "${2:-1}" ]; }
has_alert() { grep -q "$(printf 'id=00000000-0000-5000-8000-%012x' "$1")" "$T/log/detections.log"; }

slack_up 200
run_act
message 1 '"time": 1700000000.25, "rule": "a <b> & *c*"' >&9
ok "a message" wait_for 5 has_taken 198.51.100.1
like "$(texts)" '^\*a &lt;b&gt; &amp; \?c\?\* at 2023-11-15T00:13:20.250\+02:00: 71 flows, .*src_ip 198.51.100.1.*, packets 80, .*reasons min_flows 71&gt;=70$' \
	"says which rule, when, who and why"
like "$(<"$T/taken")" " /services/T0/B0/the-secret application/json \{" "as JSON, to the webhook"
for i in {2..40}; do message $i; done >&9
detection 2 '{"state": "end", "actions": ["slack"]}' >&9
ok "many at once" wait_for 10 has_taken 'and 19 more in detections.log'
is "$(count taken)" 2 "are one message"
like "$(cut -d' ' -f1 "$T/taken" | xargs | awk '{ print ($2 - $1 >= 2.9) ? "apart" : $0 }')" apart "three seconds after the one before"
is "$(texts | grep -c '^\*scan\*')" 20 "with 20 of them"

# 429 with Retry-After, 500, and a refusal for good
echo "429 2" >"$T/mode"
message 50 >&9
ok "429 is told" wait_for 10 said 'slack: the webhook answers with status 429; it is tried again'
echo 200 >"$T/mode"
ok "and tried again" wait_for 10 has_taken 198.51.100.50
is "$(tail -qn1 "$T/asked" "$T/taken" | cut -d' ' -f1 | xargs | awk '{ print ($2 - $1 >= 2) ? "waits" : $0 }')" waits "not before Retry-After"
echo 500 >"$T/mode"
message 51 >&9
ok "500 is told" wait_for 10 said 'status 500; it is tried again'
echo 200 >"$T/mode"
ok "and tried again" wait_for 15 has_taken 198.51.100.51
echo 404 >"$T/mode"
message 52 >&9
ok "404 is final" wait_for 10 said 'status 404; it is not tried again'
echo 200 >"$T/mode"
message 53 >&9
ok "others go on" wait_for 15 has_taken 198.51.100.53
is "$(texts | grep -c 198.51.100.52)" 0 "the refused one is lost"
is "$(grep -c 'raw' "$T/err")" 0 "what the webhook answers is not logged"

# Nobody there, and one who takes connections but never answers
slack_down
message 60 >&9
ok "a dead webhook is told" wait_for 10 said 'slack: .*tried again'
ok "the alert does not wait for it" wait_for 1 has_alert 60
python3 -c 'import socket, sys, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(50); print(flush=True); time.sleep(100)' \
	"$port" >"$T/silent" 9>&- &
silent=$!
PIDS+=($silent)
wait_for 10 test -s "$T/silent"
message 61 >&9
ok "nor for one that says nothing" wait_for 1 has_alert 61
begun=$SECONDS
stop_act
is $? 1 "the end comes all the same, as a failure"
ok "within a few seconds" test $((SECONDS - begun)) -lt 8
{ kill $silent && wait $silent; } 2>/dev/null
slack_up 200
run_act
ok "the next start sends what was left" wait_for 15 has_taken '198.51.100.6[01]' 2
like "$(<"$T/metrics")$(kill -USR1 $pid; wait_for 5 said nf_act_done_total; cat "$T/err")" 'nf_act_done_total\{action="slack"\} 2' "counted"
stop_act
is $? 0 "nothing is left"
is "$(cat "$T"/*.said "$T/err" "$T/metrics" "$T/act/"* 2>/dev/null | grep -c the-secret)" 0 "nobody is told the webhook"
chmod 644 "$T/hook"
run_act
message 70 >&9
ok "a webhook_file that others may read is refused" wait_for 5 said 'slack.webhook_file: .*others may read'
stop_act
slack_down
plan
