"""The tables of `make eval`.

    report.py set NF-SCORE CSV              a labelled set: area under the ROC curve, average precision, ours and scikit-learn's
    report.py vectors VECTORS               scored vectors of traffic.py: the same, of ours
    report.py limit VECTORS SHARE           the score that no more than this share of the vectors exceeds
    report.py sources FLOWS NAME=DETECTIONS…  precision and recall by source, and which cases were caught
"""
import json
import os
import sys

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data"))
from traffic import CASES, case_of  # noqa: E402


def lines(path):
    with open(path) as f:
        return [json.loads(line) for line in f]


def labelled_set(program, path):
    from ml_peer import ours, read, theirs
    from sklearn.metrics import average_precision_score as ap, roc_auc_score as auc
    rows, labels, text = read(path)
    a, b = (numpy.mean([f for f in runs], axis=0) for runs in (
        [ours(program, text, 100, s) for s in (1, 2, 3)], [theirs(rows, 100, s) for s in (1, 2, 3)]))
    print(f"{os.path.basename(path):22} {len(rows):7} {100 * labels.mean():6.1f} %   {auc(labels, a):.3f} {auc(labels, b):.3f}"
          f"   {ap(labels, a):.3f} {ap(labels, b):.3f}")


def vectors(path):
    from sklearn.metrics import average_precision_score as ap, roc_auc_score as auc
    rows = [v for v in lines(path) if "ml_score" in v]
    truth = [case_of(v["key"]) is not None for v in rows]
    scores = [v["ml_score"] for v in rows]
    print(f"{'generated traffic':22} {len(rows):7} {100 * numpy.mean(truth):6.1f} %   {auc(truth, scores):.3f}   -  "
          f"   {ap(truth, scores):.3f}   -")


def limit(path, share):
    print("%.4f" % numpy.quantile([v["ml_score"] for v in lines(path)], 1 - float(share)))


def found(path):
    """Sources that a detection names, or whose flows are its samples where it names a victim."""
    sources = set()
    for d in lines(path):
        key = d["key"]
        sources.update([key["src_ip"]] if "src_ip" in key else (s["src_host"] for s in d["samples"]))
    return sources


def sources(flows, *named):
    everyone = {f["src_host"] for f in lines(flows)}
    bad = {s for s in everyone if case_of(s)}
    results = [(n, found(p)) for n, p in (a.split("=", 1) for a in named)]
    print(f"\n{'by source':28} {'found':>6} {'right':>6} {'precision':>10} {'recall':>7}")
    for name, got in results:
        right = len(got & bad)
        print(f"{name:28} {len(got):6} {right:6} {right / len(got) if got else float('nan'):10.3f} {right / len(bad):7.3f}")
    print(f"\n{'sources caught, of 3':28}" + "".join(f"{n:>16}" for n, _ in results))
    for case in CASES:
        theirs = {s for s in bad if case_of(s) == case}
        print(f"{case:28}" + "".join(f"{len(got & theirs):>16}" for _, got in results))


if __name__ == "__main__":
    what = {"set": labelled_set, "vectors": vectors, "limit": limit, "sources": sources}[sys.argv[1]]
    what(*sys.argv[2:])
