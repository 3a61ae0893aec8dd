#!/bin/bash
# nf-score serve: the contract of scorers, what it learns from and what not, its model on disk, and rude clients.
. "${0%/*}/tap.sh"
. "${0%/*}/scorer.sh"
need curl jq
score=$BUILD/bin/nf-score
port=$(free_port)
URL=http://127.0.0.1:$port

serve() { # OPTION…
	"$score" -m "$T/model" --listen "127.0.0.1:$port" -M "$T/metrics" "$@" serve 2>>"$T/words" &
	server=$!
	PIDS+=($server)
	wait_for 10 up
}
stop() {
	kill -TERM $server
	wait $server
}
metric() { curl -sS "$URL/metrics" | awk -v name="$1" '$1 == name {print $2}'; }

mkfifo "$T/detections"
serve --first 400 --learn-below 0.6 --socket "$T/sock" --detections "$T/detections"
scorer_contract 400
is "$(curl -sS --unix-socket "$T/sock" http://score/health | jq -r .status)" ok "it answers at its Unix socket too"

# A client that begins and does not go on gets an answer, and holds nobody up.
exec 8<>"/dev/tcp/127.0.0.1/$port"
printf 'POST /score HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{' >&8
like "$(post '{"features":["flows","ports","ratio"],"vectors":[{"id":"a","values":[1,2,3]}]}')" ' 200$' "beside a client that waits others are answered"
like "$(timeout 20 cat <&8)" '408.*the request has not come in time' "who is too slow is told so"
exec 8>&-
rss=$(awk '/^VmHWM/ {print $2}' /proc/$server/status)
ok "after giant bodies it holds $rss KiB" test "$rss" -lt 30720

# What is odd is not learnt, nor who is under detection.
before=$(metric 'nf_score_unlearnt_total{reason="score"}')
post '{"features":["flows","ports","ratio"],"vectors":[{"id":"odd","values":[1e9,1e9,1e9]}]}' >/dev/null
odd=$(answer "$(post '{"features":["flows","ports","ratio"],"vectors":[{"id":"odd","values":[1e9,1e9,-1e9]}]}')" | jq ".scores[0].ml_score > 0.6")
is "$odd $(($(metric 'nf_score_unlearnt_total{reason="score"}') - before))" "true 2" "vectors that score over --learn-below are not learnt from"
echo '{"type":"detection","state":"start","key":{"src_host":"10.0.0.1","dst_port":22}}' >"$T/detections"
learns_not() {
	local was now
	was=$(metric 'nf_score_unlearnt_total{reason="detection"}')
	post "$(usual 0 3)" >/dev/null
	now=$(metric 'nf_score_unlearnt_total{reason="detection"}')
	[ $((now - was)) = 1 ]
}
ok "nor those of a source under detection" wait_for 10 learns_not
printf 'no JSON\n{"key":17}\n{"key":{"src_host":17,"x":{}}}\n\n' >"$T/detections"
like "$(get health)" ' 200$' "lines that are no detection change nothing"

# The model is on disk, and the next process begins with it.
model=$(answer "$(get model)" | jq -r .model)
is "$(sed -n 's/^checksum //p;/^$/q' "$T/model")" "$model" "the model is kept in its file"
stop
is $? 0 "told to stop it does"
ok "its socket goes with it" test ! -e "$T/sock"
serve
is "$(answer "$(get model)" | jq -r .model)" "$model" "the next process has it"

# HUP: another model, a damaged one, none.
awk 'BEGIN { for (i = 0; i < 500; i++)
	printf "{\"type\":\"features\",\"version\":1,\"key\":\"a\",\"features\":{\"flows\":%d,\"other\":%d}}\n", i, i % 7 }' |
	"$score" -m "$T/model" train
kill -HUP $server
has_feature() { answer "$(get model)" | jq -e --arg f "$1" 'any(.features[]; .name == $f)'; }
said() { grep -q "$1" "$T/words"; }
ok "HUP takes another model" wait_for 10 has_feature other
printf x | dd of="$T/model" bs=1 seek=3000 conv=notrunc 2>/dev/null
kill -HUP $server
ok "a damaged one is refused" wait_for 10 said 'checksum does not hold'
ok "and the old one stays" has_feature other
rm "$T/model"
kill -HUP $server
ok "without the file it begins anew" wait_for 10 eval '[[ $(get health) = *" 503" ]]'
stop

# It trains again while it answers.
serve --first 100 --retrain 1 --rows 4096
post "$(usual 0 400)" >/dev/null
wait_for 10 eval '[[ $(get health) = *" 200" ]]'
bad=0 models=
for i in $(seq 60); do
	got=$(post "$(usual $((i * 50)) $((i * 50 + 50)))")
	[[ $got = *" 200" ]] || bad=$((bad + 1))
	models+=$(answer "$got" | jq -r .model)$'\n'
	[ "$(sort -u <<<"$models" | grep -c .)" -ge 3 ] && break
	sleep 0.1
done
ok "models follow one another while it answers" test "$(sort -u <<<"$models" | grep -c .)" -ge 3
is $bad 0 "and no request fails"
ok "the last is on disk" wait_for 10 eval '[ "$(sed -n "s/^checksum //p;/^$/q" "$T/model")" = "$(answer "$(get model)" | jq -r .model)" ]'
stop
is "$(awk '$1 == "nf_score_trainings_total" {print ($2 >= 2)}' "$T/metrics")" 1 "trainings are counted in -M"

# A folder that is not there loses the model, not the service.
rm "$T/model"
sed -i d "$T/words"
"$score" -m "$T/no/model" --listen "127.0.0.1:$port" --first 100 serve 2>"$T/words" &
server=$!
PIDS+=($server)
wait_for 10 up
post "$(usual 0 100)" >/dev/null
ok "a model that cannot be written is used all the same" wait_for 10 eval '[[ $(get health) = *" 200" ]]'
ok "and that is said" wait_for 5 said 'no/model.*lost with this process'
stop

# ends STATUS WORDS NAME OPTION…
ends() {
	local status=$1 words=$2 name=$3
	shift 3
	timeout 10 "$score" "$@" serve </dev/null >/dev/null 2>"$T/words"
	like "$? $(cat "$T/words")" "^$status .*$words" "$name"
}
echo x >"$T/bad"
ends 2 'this is no model file' "a file that is no model is not overwritten" -m "$T/bad"
ends 2 'learn-below: expected' "scores have bounds" -m "$T/x" --learn-below 2
ends 2 'HOST:PORT was expected' "an address is needed" -m "$T/x" --listen nowhere
ends 2 'first: expected' "a first model takes what fits" -m "$T/x" --first 100000
serve
ends 1 'another program listens' "a port that is taken is worth another try" -m "$T/x" --listen "127.0.0.1:$port"
stop
plan
