#!/bin/bash
# nf-mlfeat asks scorers over HTTP: nf-score serve, two side by side, and those that are down, late or talk nonsense.
. "${0%/*}/tap.sh"
. "${0%/*}/scorer.sh"
need curl jq
mlfeat=$BUILD/bin/nf-mlfeat score=$BUILD/bin/nf-score
port=$(free_port)
URL=http://127.0.0.1:$port

# flows SECOND SOURCES: four flows a source.
flows() {
	awk -v second="$1" -v sources="$2" 'BEGIN {
		for (i = 0; i < sources * 4; i++)
			printf "{\"timestamp_received\":%d.000,\"src_host\":\"10.0.%d.%d\",\"dst_host\":\"198.51.100.%d\",\"src_port\":%d,\"dst_port\":443,\"proto\":6,\"tcpflags\":27,\"packets\":%d,\"bytes\":%d}\n",
				second, i % sources / 250, i % sources % 250, i * 7 % 5, 1024 + i * 7919 % 60000, 3 + i * 31 % 9, 400 + i * 10007 % 9000
	}'
}
flows 1700000001 1500 >"$T/flows"
"$mlfeat" <"$T/flows" >"$T/plain"
"$score" -m "$T/model" train <"$T/plain"
"$mlfeat" --scorer "native:$T/model" --explain <"$T/flows" >"$T/scored"
total=$(wc -l <"$T/plain")

cp "$T/model" "$T/served"
"$score" -m "$T/served" --listen "127.0.0.1:$port" --socket "$T/sock" serve 2>"$T/words.serve" &
server=$!
PIDS+=($server)
wait_for 10 up

is "$("$mlfeat" --scorer "$URL" --explain <"$T/flows" | cmp - "$T/scored" && echo same)" same "scores and reasons over HTTP are those of the model at hand"
is "$("$mlfeat" --scorer native --socket "$T/sock" --explain <"$T/flows" | cmp - "$T/scored" && echo same)" same "and over a Unix socket"
"$score" --seed 2 -m "$T/other" train <"$T/plain"
"$mlfeat" --scorer "$URL" --scorer "native:$T/other" <"$T/flows" >"$T/two"
is "$(jq -c '[.key, .ml_score]' "$T/two")" "$(jq -c '[.key, .ml_score]' "$T/scored")" "of two scorers the first says ml_score"
is "$(jq -c '[.key, .ml_score_b]' "$T/two")" "$("$score" -m "$T/other" score <"$T/plain" | jq -c '[.key, .ml_score]')" "and the second ml_score_b"

# rows: one for each vector whose window ends with a multiple of its length.
flows 1700000011 100 | cat "$T/flows" - | "$mlfeat" --scorer "native:$T/model" --explain --window 20 --rows "$T/rows" >"$T/sliding"
is "$(jq -c '[.time, .key, .ml_score]' "$T/rows")" \
	"$(jq -c 'select(.window_end % 20 == 0) | [.window_end, .key, .ml_score]' "$T/sliding")" "--rows has one of overlapping windows"
is "$(jq -s -c 'map(keys_unsorted) | unique' "$T/rows")" '[["time","key","side","window","flows","ml_score","reasons"]]' "with the columns of ml_scores"
"$mlfeat" --scorer "native:$T/model" --window 10 --rows "$T/rows10" <"$T/flows" >"$T/tumbling"
is "$(jq -c '[.time, .key, .ml_score]' "$T/rows10")" "$(jq -c '[.window_end, .key, .ml_score]' "$T/tumbling")" "one a vector where windows do not overlap"

# without NAME SCORER…: every vector comes without a score, in its place, is counted, and it does not take long.
without() {
	local name=$1 options=() s begin=$SECONDS
	shift
	for s; do options+=(--scorer "$s"); done
	timeout 60 "$mlfeat" --timeout 300ms "${options[@]}" -M "$T/metrics" <"$T/flows" >"$T/out" 2>"$T/words"
	is "$? $(cmp "$T/out" "$T/plain" 2>&1) $(awk '$1 == "nf_mlfeat_unscored_total{scorer=\"1\"}" {print $2}' "$T/metrics")" \
		"0  $total" "$name: no scores, all else"
	ok "and no wait" test $((SECONDS - begin)) -lt 20
}
without "a scorer that is down" "http://127.0.0.1:$(free_port)"
like "$(cat "$T/words")" 'scorer 1: .*' "which is said"
quiet=$(free_port)
python3 -c '
import socket, sys
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
open(sys.argv[2], "w").close()
held = [s.accept() for _ in range(1000)]' "$quiet" "$T/quiet" &
PIDS+=($!)
wait_for 10 test -e "$T/quiet"
without "a scorer that never answers" "http://127.0.0.1:$quiet"
like "$(cat "$T/words")" 'timed out' "which is said"

# Whatever is in $T/says is its answer.
odd=$(free_port)
python3 -c '
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        said = open(sys.argv[2], "rb").read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)
    def log_message(self, *args):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()' "$odd" "$T/says" 2>/dev/null &
PIDS+=($!)
echo '<html>' >"$T/says"
wait_for 10 curl -sS -d x "http://127.0.0.1:$odd/"
without "a scorer that says no JSON" "http://127.0.0.1:$odd"
like "$(cat "$T/words")" 'garbage: byte 1' "which is said"
echo '{"scores":[]}' >"$T/says"
without "a scorer that says too little" "http://127.0.0.1:$odd"
echo '{"scores":[{"id":"10.0.0.0","ml_score":1e9}]}' >"$T/says"
without "a scorer that says impossible things" "http://127.0.0.1:$odd"
head -c 3000000 /dev/zero | tr '\0' '[' >"$T/says"
without "a scorer that says endless things" "http://127.0.0.1:$odd"
without "a path that is none" "$URL/nothing"
like "$(cat "$T/words")" 'status 404' "which is said"
for i in 1 2; do printf '{"type":"features","version":1,"features":{"x":%d}}\n' $i; done | "$score" -m "$T/foreign" train
foreign=$(free_port)
"$score" -m "$T/foreign" --listen "127.0.0.1:$foreign" serve 2>/dev/null &
PIDS+=($!)
wait_for 10 curl -sSf "http://127.0.0.1:$foreign/health"
without "a scorer with a model of other features" "http://127.0.0.1:$foreign"
like "$(cat "$T/words")" 'status 409.*features, the model has 1' "which is said"
timeout 60 "$mlfeat" --timeout 300ms --scorer "http://127.0.0.1:$foreign" --scorer "native:$T/model" <"$T/flows" 2>/dev/null >"$T/out"
is "$(jq -c '[.key, .ml_score, .ml_score_b]' "$T/out")" "$(jq -c '[.key, null, .ml_score]' "$T/scored")" "the second scores where the first does not"

# Live: flows go on while a scorer hangs, and scores come when it does.
mkfifo "$T/in"
cat >"$T/f.yaml" <<END
ml: {scorer: "http://127.0.0.1:$quiet", timeout: 500}
END
"$mlfeat" -c "$T/f.yaml" --window 1 --step 1 -M "$T/metrics" <"$T/in" >"$T/live" 2>"$T/words" &
live=$!
PIDS+=($live)
exec 7>"$T/in"
feed() { flows "$(date +%s)" 20 >&7; sleep 0.5; }
came() { feed; [ "$(wc -l <"$T/live")" -gt "$1" ]; }
ok "live vectors come although the scorer hangs" wait_for 20 came 40
is "$(jq -s 'map(select(.ml_score)) | length' "$T/live")" 0 "without scores"
sed -i "s|http://127.0.0.1:$quiet|$URL|" "$T/f.yaml"
kill -HUP $live
scored() { feed; jq -se 'any(.[]; .ml_score)' "$T/live"; }
ok "HUP takes another scorer" wait_for 20 scored
sed -i 's|^ml:.*|ml: {scorer: [native:/no/model]}|' "$T/f.yaml"
kill -HUP $live
ok "one that cannot be is refused" wait_for 10 grep -q '/no/model' "$T/words"
lines=$(wc -l <"$T/live")
ok "and the old one goes on" wait_for 20 came $((lines + 40))
is "$(tail -n 1 "$T/live" | jq 'has("ml_score")')" true "with scores"
exec 7>&-
wait $live
is $? 0 "at the end of input all is written"
plan
