#!/bin/bash
# The scorer of contrib/ml-scorer keeps to the same contract as nf-score serve, and can stand beside it.
. "${0%/*}/tap.sh"
. "${0%/*}/scorer.sh"
need curl jq
python=/usr/bin/python3 # Debian's, which its packages are for
"$python" -c 'import sklearn, fastapi, uvicorn' 2>/dev/null || {
	[ "$CI" = true ] && bail "python3-sklearn, python3-fastapi or python3-uvicorn is missing"
	skip_all "python3-sklearn, python3-fastapi or python3-uvicorn is not here"
}
port=$(free_port)
URL=http://127.0.0.1:$port

serve() { # OPTION…
	PYTHONDONTWRITEBYTECODE=1 "$python" "${0%/*}/../contrib/ml-scorer/ml_scorer.py" --listen "127.0.0.1:$port" \
		--model "$T/model.npz" "$@" 2>>"$T/words" &
	server=$!
	PIDS+=($server)
	wait_for 30 up
}
serve --first 400
scorer_contract 400
model=$(answer "$(get model)" | jq -r .model)
kill -TERM $server
wait $server
serve
is "$(answer "$(get model)" | jq -r .model)" "$model" "the next process has the model"
kill -TERM $server
wait $server

# Beside our own, over the vectors of nf-mlfeat.
rm "$T/model.npz"
awk 'BEGIN { for (i = 0; i < 4000; i++)
	printf "{\"timestamp_received\":1700000001.000,\"src_host\":\"10.0.%d.%d\",\"dst_host\":\"198.51.100.%d\",\"src_port\":%d,\"dst_port\":443,\"proto\":6,\"tcpflags\":27,\"packets\":%d,\"bytes\":%d}\n",
		i % 1000 / 250, i % 250, i * 7 % 5, 1024 + i * 7919 % 60000, 3 + i * 31 % 9, 400 + i * 10007 % 9000 }' >"$T/flows"
"$BUILD/bin/nf-mlfeat" <"$T/flows" | "$BUILD/bin/nf-score" -m "$T/model" train
serve --first 900
"$BUILD/bin/nf-mlfeat" --scorer "$URL" <"$T/flows" >/dev/null 2>&1
ok "it learns from nf-mlfeat" wait_for 30 eval '[[ $(get health) = *" 200" ]]'
"$BUILD/bin/nf-mlfeat" --timeout 20s --scorer "native:$T/model" --scorer "$URL" <"$T/flows" >"$T/two" 2>"$T/words"
is "$(jq -s -c '[length, (map(select(.ml_score_b)) | length)]' "$T/two")" "[1000,1000]" "both score each vector"
like "$(jq -r '[.ml_score, .ml_score_b] | @tsv' "$T/two" | "$python" -c '
import sys
from scipy.stats import spearmanr
rows = [tuple(map(float, line.split())) for line in sys.stdin]
print("%.3f" % spearmanr(*zip(*rows))[0])')" '^0\.9' "and agree on which are odd"
plan
