#!/usr/bin/python3
"""A scorer for nf-mlfeat by scikit-learn's Isolation Forest, with the contract of `nf-score serve`, nf-score(1).

    ml_scorer.py [--listen HOST:PORT] [--model FILE] [--first N] [--retrain SECONDS] [--learn-below SCORE]

It wants python3-fastapi, python3-uvicorn and python3-sklearn. The model is kept as numbers alone (numpy's .npz): the
vectors that it was grown from, from which the forest grows anew at a start, since a pickle would run what it says.
"""
import argparse
import hashlib
import json
import math
import os
import random
import threading
import time

import numpy
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from sklearn.ensemble import IsolationForest
from starlette.exceptions import HTTPException

BODY_MAX = 1 << 20
VECTORS_MAX = 4096
FEATURES_MAX = 256
FLOAT_MAX = float(numpy.finfo(numpy.float32).max)
COUNTERS = {
    "nf_score_requests_total": "requests",
    "nf_score_refused_total": "requests answered with an error",
    "nf_score_vectors_total": "vectors read",
    "nf_score_trainings_total": "models grown",
    "nf_score_learnt_total": "vectors that may be learnt from",
    "nf_score_unlearnt_total": "vectors not learnt from",
}


class Refused(Exception):
    def __init__(self, status, words):
        super().__init__(words)
        self.status, self.words = status, words


def not_a_number(name):
    raise ValueError(f"{name} is no number")


def parse(body):
    """A request's version, whether to explain, features, ids, and rows."""
    try:
        asked = json.loads(body, parse_constant=not_a_number)
    except (ValueError, RecursionError) as e:
        raise Refused(400, f"no JSON: {e}") from None
    if not isinstance(asked, dict):
        raise Refused(400, "an object was expected")
    features, vectors, version = (asked.get(k) for k in ("features", "vectors", "version"))
    for name, value in (("features", features), ("vectors", vectors)):
        if not isinstance(value, list):
            raise Refused(400, f"no list of {name}")
    if not 1 <= len(features) <= FEATURES_MAX or not all(isinstance(f, str) for f in features):
        raise Refused(400, f"no names of up to {FEATURES_MAX} features")
    for f in features:
        if features.count(f) > 1:
            raise Refused(400, f"feature '{f}' is there twice")
    if len(vectors) > VECTORS_MAX:
        raise Refused(400, f"more than {VECTORS_MAX} vectors")
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        raise Refused(400, "expected the version of the features")
    rows = [row_of(v, features) for v in vectors]
    array = numpy.array(rows, dtype=numpy.float32).reshape(len(rows), len(features))
    return version, asked.get("explain") is True, features, [v["id"] for v in vectors], array


def row_of(vector, features):
    if not isinstance(vector, dict) or not isinstance(vector.get("id"), str) or len(vector["id"]) > 256:
        raise Refused(400, "a vector without an id of at most 256 bytes")
    values = vector.get("values")
    if not isinstance(values, list):
        raise Refused(400, "a vector without a list of values")
    if len(values) < len(features):
        raise Refused(400, f"the value of feature '{features[len(values)]}' is missing")
    if len(values) > len(features):
        raise Refused(400, "more values than features")
    for name, value in zip(features, values):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Refused(400, f"the value of feature '{name}' is no number")
        if not abs(value) <= FLOAT_MAX:
            raise Refused(400, f"the value of feature '{name}' is beyond numbers of 32 bits")
    return values


class Model:
    """A forest and what is usual in the rows that it was grown from."""

    def __init__(self, version, features, rows, seed):
        self.version, self.features, self.rows, self.seed = version, features, rows, seed
        self.trained = int(time.time())
        self.forest = IsolationForest(n_estimators=100, max_samples=min(256, len(rows)), random_state=seed).fit(rows)
        self.usual = numpy.quantile(rows, [0.05, 0.5, 0.95], axis=0, method="lower").T.tolist()
        self.name = hashlib.sha256(rows.tobytes() + repr((version, features, seed)).encode()).hexdigest()[:16]

        self.reach = None

    def trees(self):
        if self.reach is None:
            self.reach = [reach_of(t.tree_) for t in self.forest.estimators_]
        return zip((t.tree_ for t in self.forest.estimators_), self.reach)

    def scores(self, rows):
        return -self.forest.score_samples(rows) if len(rows) > 0 else []

    def reasons(self, row):
        """By how many cuts each feature shortened the path, in the mean over the trees: three that did most."""
        why = numpy.zeros(len(self.features))
        for tree, expected in self.trees():
            node = 0
            while tree.children_left[node] >= 0:
                k = tree.feature[node]
                to = (tree.children_left if row[k] <= tree.threshold[node] else tree.children_right)[node]
                why[k] += expected[node] - expected[to]
                node = to
        why /= len(self.forest.estimators_)
        return [{"feature": self.features[k], "value": float(row[k]), "shortened": round(float(why[k]), 2),
                 "usual": [self.usual[k][0], self.usual[k][2]]}
                for k in numpy.argsort(-why)[:3] if why[k] >= 0.1]

def reach_of(tree):
    """For each node the mean length of the paths of the rows that pass it."""
    n, depth = tree.n_node_samples, numpy.zeros(tree.node_count)
    for i in range(tree.node_count):
        for child in (tree.children_left[i], tree.children_right[i]):
            if child >= 0:
                depth[child] = depth[i] + 1
    reach = depth + [search_length(v) for v in n]
    for i in reversed(range(tree.node_count)):
        left, right = tree.children_left[i], tree.children_right[i]
        if left >= 0:
            reach[i] = (reach[left] * n[left] + reach[right] * n[right]) / n[i]
    return reach


def search_length(n):
    return 0 if n < 2 else 1 if n == 2 else 2 * (math.log(n - 1) + 0.5772156649) - 2 * (n - 1) / n


class Scorer:
    def __init__(self, options):
        self.options, self.lock = options, threading.Lock()
        self.count = dict.fromkeys(COUNTERS, 0)
        self.model, self.shape, self.training, self.seed = None, None, False, 1
        self.kept, self.fresh, self.seen = [], [], 0
        self.load()

    def load(self):
        if self.options.model and os.path.exists(self.options.model):
            with numpy.load(self.options.model, allow_pickle=False) as f:
                self.take(Model(int(f["version"]), [str(n) for n in f["features"]], f["rows"], int(f["seed"])))

    def take(self, model):
        shape = (model.version, model.features)
        with self.lock:
            if self.shape != shape:
                self.kept, self.fresh, self.seen = [], [], 0
            self.model, self.shape = model, shape

    def fit(self, version, features, rows):
        """The rows in the order of the shape, or a refusal."""
        ours, names = self.shape
        if version is not None and version != ours:
            raise Refused(409, f"features of version {version}, the model's are of version {ours}")
        if len(features) > len(names):
            raise Refused(409, f"{len(features)} features, the model has {len(names)}")
        for name in names:
            if name not in features:
                raise Refused(409, f"feature '{name}', which the model needs, is missing")
        return rows[:, [features.index(name) for name in names]]

    def learn(self, rows, scores):
        with self.lock:
            for row, score in zip(rows, scores):
                if score > self.options.learn_below:
                    self.count["nf_score_unlearnt_total"] += 1
                    continue
                self.count["nf_score_learnt_total"] += 1
                self.seen += 1
                if len(self.fresh) < self.options.rows // 4:
                    self.fresh.append(row)
                elif (at := random.randrange(self.seen)) < len(self.fresh):
                    self.fresh[at] = row

    def answer(self, body):
        version, explain, features, ids, rows = parse(body)
        self.count["nf_score_vectors_total"] += len(ids)
        if self.model is None and self.shape is None and ids:
            self.shape = (version or 1, features)
        if self.shape is not None:
            rows = self.fit(version, features, rows)
        model = self.model
        if model is None:
            self.learn(rows, [0.0] * len(rows))
            if len(self.kept) + len(self.fresh) >= self.options.first:
                self.train_aside()
            raise Refused(503, "there is no model yet: it learns")
        scores = model.scores(rows)
        answers = [{"id": i, "ml_score": round(float(s), 6)} for i, s in zip(ids, scores)]
        for a, row in zip(answers if explain else [], rows):
            a["reasons"] = model.reasons(row)
        self.learn(rows, scores)
        return {"model": model.name, "scores": answers}

    def train_aside(self):
        with self.lock:
            if self.training:
                return
            self.training = True
        threading.Thread(target=self.train, daemon=True).start()

    def train(self):
        with self.lock:
            kept, (version, features) = self.kept + self.fresh, self.shape
            self.kept, self.fresh, self.seen = kept[-self.options.rows:], [], 0
            rows = numpy.array(self.kept, dtype=numpy.float32)
        if len(rows) >= self.options.first:
            self.take(Model(version, features, rows, self.seed))
            self.seed += 1
            self.count["nf_score_trainings_total"] += 1
            self.save()
        self.training = False

    def save(self):
        path, m = self.options.model, self.model
        if not path:
            return
        with open(path + ".tmp", "wb") as f:
            numpy.savez(f, version=m.version, features=numpy.array(m.features), rows=m.rows, seed=m.seed)
        os.replace(path + ".tmp", path)

    def train_often(self):
        while True:
            time.sleep(self.options.retrain)
            if self.shape is not None:
                self.train_aside()


def app_of(scorer):
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.exception_handler(HTTPException)
    async def wrong(request, e):
        words = {404: "there is nothing at this path", 405: "not with this method"}.get(e.status_code, e.detail)
        return JSONResponse({"error": words}, e.status_code, headers=getattr(e, "headers", None))

    @app.post("/score")
    async def score(request: Request):
        scorer.count["nf_score_requests_total"] += 1
        try:
            return JSONResponse(scorer.answer(await body_of(request)))
        except Refused as e:
            scorer.count["nf_score_refused_total"] += e.status != 503
            return JSONResponse({"error": e.words}, e.status)

    @app.get("/health")
    async def health():
        up = scorer.model is not None
        return JSONResponse({"status": "ok" if up else "no model yet: it learns"}, 200 if up else 503)

    @app.get("/model")
    async def model():
        m = scorer.model
        if m is None:
            return JSONResponse({"error": "there is no model yet"}, 404)
        return {"model": m.name, "version": m.version, "trained": m.trained, "rows": len(m.rows), "seed": m.seed,
                "trees": 100, "sample": m.forest.max_samples_,
                "features": [{"name": n, "usual": u} for n, u in zip(m.features, m.usual)]}

    @app.get("/metrics")
    async def metrics():
        lines = (f"# HELP {n} {h}\n# TYPE {n} counter\n{n} {scorer.count[n]}\n" for n, h in COUNTERS.items())
        return PlainTextResponse("".join(lines))

    return app


async def body_of(request):
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise Refused(415, "Content-Type: application/json was expected")
    body = b""
    async for piece in request.stream():
        if len(body) <= BODY_MAX:
            body += piece
    if len(body) > BODY_MAX:
        raise Refused(413, "the body is too large")
    return body


def main():
    p = argparse.ArgumentParser(description="Scores vectors of nf-mlfeat by scikit-learn's Isolation Forest.")
    p.add_argument("--listen", default="127.0.0.1:9602", metavar="HOST:PORT")
    p.add_argument("--model", metavar="FILE", help="keep the model there")
    p.add_argument("--first", type=int, default=1000, metavar="N", help="vectors that a model needs")
    p.add_argument("--rows", type=int, default=65536, metavar="N", help="vectors that are kept to learn from")
    p.add_argument("--retrain", type=float, default=3600, metavar="SECONDS")
    p.add_argument("--learn-below", type=float, default=0.7, metavar="SCORE")
    options = p.parse_args()
    scorer = Scorer(options)
    threading.Thread(target=scorer.train_often, daemon=True).start()
    host, port = options.listen.rsplit(":", 1)
    uvicorn.run(app_of(scorer), host=host.strip("[]"), port=int(port), log_level="warning", limit_concurrency=64,
                timeout_keep_alive=10)


if __name__ == "__main__":
    main()
