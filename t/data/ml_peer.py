"""What the tests of nf-score ask scikit-learn: is our forest as good as theirs on the same rows?

    ml_peer.py auc NF-SCORE CSV       the area under the ROC curve of ours and of theirs
    ml_peer.py rank NF-SCORE CSV      the rank correlation of both scores, 500 trees
    ml_peer.py generate               such a file of our own, to standard output

A CSV file has a line of names, then rows of numbers whose last is 1 for an anomaly. One forest of 100 trees differs
from the next by more than a hundredth, so areas are those of 1000 trees.
"""
import json
import subprocess
import sys
import tempfile

import numpy
from scipy.stats import spearmanr
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score


def ours(program, lines, trees, seed):
    with tempfile.NamedTemporaryFile() as model:
        subprocess.run([program, "train", "-m", model.name, f"--trees={trees}", f"--seed={seed}"],
                       input=lines, check=True)
        out = subprocess.run([program, "score", "-m", model.name], input=lines, check=True, stdout=subprocess.PIPE)
    return numpy.array([json.loads(line)["ml_score"] for line in out.stdout.splitlines()])


def theirs(rows, trees, seed):
    return -IsolationForest(n_estimators=trees, max_samples=256, random_state=seed).fit(rows).score_samples(rows)


def vectors(rows):
    return b"".join(
        json.dumps({"type": "features", "version": 1, "features": {f"f{i}": v for i, v in enumerate(row)}}).encode()
        + b"\n" for row in rows.tolist())


def read(path):
    table = numpy.loadtxt(path, delimiter=",", skiprows=1)
    rows = table[:, :-1].astype(numpy.float32).astype(float)
    return rows, table[:, -1], vectors(rows)


def generate():
    random = numpy.random.RandomState(1)
    usual = numpy.vstack([random.normal(0, 1, (600, 6)), random.normal(4, 0.5, (350, 6))])
    odd = random.uniform(-2, 6, (50, 6))
    print(",".join(f"f{i}" for i in range(6)) + ",label")
    for row, label in [(r, 0) for r in usual] + [(r, 1) for r in odd]:
        print(",".join(f"{v:.6f}" for v in row) + f",{label}")


def main():
    what, *rest = sys.argv[1:]
    if what == "generate":
        return generate()
    rows, labels, lines = read(rest[1])
    if what == "rank":
        print(f"{spearmanr(ours(rest[0], lines, 500, 1), theirs(rows, 500, 1))[0]:.4f}")
        return
    a = numpy.mean([roc_auc_score(labels, ours(rest[0], lines, 1000, seed)) for seed in (1, 2)])
    print(f"{a:.4f} {roc_auc_score(labels, theirs(rows, 1000, 1)):.4f}")


if __name__ == "__main__":
    main()
