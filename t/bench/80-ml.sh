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
