#!/bin/bash
# The forest against scikit-learn's, both of 100 trees of 256 on one core, and the features, which have no peer.
. "${0%/*}/lib.sh"
set -e

cat >"$T/peer.py" <<'END'
import sys
import time

import numpy
from sklearn.ensemble import IsolationForest

train = sys.argv[1] == "train"
rows = numpy.random.RandomState(1).uniform(size=(100000, 12 if train else 16, 4)).sum(axis=2).astype(numpy.float32)
forest = IsolationForest(n_estimators=100, max_samples=256, random_state=1)
begin = time.process_time()
forest.fit(rows)
if not train:
    begin = time.process_time()
    forest.score_samples(rows)
print(round(len(rows) / (time.process_time() - begin)))
END

versus "'$BENCH/forest' score" "/usr/bin/python3 '$T/peer.py' score"
row "forest: 16 features through 100 trees of 256, vectors" "$ours" "$peer" scikit-learn
versus "'$BENCH/forest' train" "/usr/bin/python3 '$T/peer.py' train"
row "forest: growing 100 trees of 256 from 100,000 x 12, vectors" "$ours" "$peer" scikit-learn
row "features: 200,000 sources, 60 s windows every 10 s, flows (goal 1.50)" "$(ROUNDS=1 best "$BENCH/features")" -

# One vector at a time over loopback: ours, and contrib/ml-scorer; and what they hold.
port=$((20000 + RANDOM % 10000))
trap 'kill $scorers 2>/dev/null; rm -rf "$T"' EXIT
/usr/bin/python3 - "$T" <<'END'
import json
import sys

import numpy

rows = numpy.random.RandomState(1).uniform(size=(4000, 16))
with open(sys.argv[1] + "/vectors", "w") as f:
    for r in rows:
        print(json.dumps({"type": "features", "version": 1, "features": {f"f{i}": v for i, v in enumerate(r)}}), file=f)
with open(sys.argv[1] + "/body", "w") as f:
    json.dump({"version": 1, "features": [f"f{i}" for i in range(16)],
               "vectors": [{"id": str(i), "values": list(r)} for i, r in enumerate(rows[:1000])]}, f)
END
"$BUILD/bin/nf-score" -m "$T/model" train <"$T/vectors"
"$BUILD/bin/nf-score" -m "$T/model" --listen "127.0.0.1:$port" serve &
scorers=$!
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "${0%/*}/../../contrib/ml-scorer/ml_scorer.py" --listen "127.0.0.1:$((port + 1))" --first 1000 &
scorers="$scorers $!"
health() { curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$1/health"; }
until [ "$(health "$port")" = 200 ]; do sleep 0.1; done
until [ "$(health $((port + 1)))" = 503 ]; do sleep 0.1; done
curl -s -o /dev/null -H 'Content-Type: application/json' -d "@$T/body" "http://127.0.0.1:$((port + 1))/score"
until [ "$(health $((port + 1)))" = 200 ]; do sleep 0.1; done
# quickest PORT N: of ROUNDS the one whose 99 of 100 took least.
quickest() {
	local i
	for ((i = 0; i < ROUNDS; i++)); do "$BENCH/score_ask" "http://127.0.0.1:$1/score" 16 "$2" || return 1; done | sort -n -k 2 | head -n 1
}
read -r ours_half ours <<<"$(quickest "$port" 5000)"
read -r peer_half peer <<<"$(ROUNDS=1 quickest $((port + 1)) 100)"
printf 'serve: one vector, half and 99 of 100 within (goal 1 ms)\t%s, %s us\t%s, %s us (contrib/ml-scorer)\t%s\n' \
	"$ours_half" "$ours" "$peer_half" "$peer" "$(awk "BEGIN { printf \"%.0f\", $peer / $ours }")"
rss() { awk '/^VmHWM/ {printf "%.0f", $2 / 1024}' "/proc/$1/status"; }
read -r ours peer <<<"$scorers"
printf 'serve: most memory (goal 30 MB)\t%s MB\t%s MB (contrib/ml-scorer)\t%s\n' "$(rss "$ours")" "$(rss "$peer")" \
	"$(awk "BEGIN { printf \"%.0f\", $(rss "$peer") / $(rss "$ours") }")"
