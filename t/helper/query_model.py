"""Flows to store, and what the queries of etc/queries must say of them, by arithmetic of its own.

    query_model.py flows DIR FROM   writes flows.ndjson, scores.ndjson, detections.ndjson and ptr.ndjson, for two hours from then
    query_model.py answers DIR FROM SCALED   writes NAME.want for each query; SCALED (0, 1): sampling rates count
    query_model.py same GOT WANT    whether two tables are equal, numbers as numbers
"""

import ipaddress
import json
import random
import sys
from collections import defaultdict
from datetime import datetime, timezone

FROM = int(sys.argv[3]) if sys.argv[1] != "same" else 0
TO = FROM + 7200  # 24 slots of five minutes
CUSTOMERS = ["198.51.100.0/28", "198.51.100.16/28", "2001:db8:1::/48"]
OWN = ["198.51.100.0/24", "2001:db8::/32"]
HOST, NAT_HOST, NAT_PORT = "198.51.100.3", "203.0.113.250", 40001
SCORED = "192.0.2.77"


def make():
    rnd = random.Random(7)
    own = ["198.51.100.%d" % i for i in range(1, 31)] + ["2001:db8:1::%x" % i for i in range(1, 6)]
    far = ["192.0.2.%d" % i for i in range(1, 60)] + ["2001:db9::ffff:%x" % i for i in range(1, 6)]
    networks = {a: 64500 + i % 7 for i, a in enumerate(far)}
    flows = []

    def add(src, dst, **more):
        inward = dst in own
        other = src if inward else dst
        asn = networks.get(other, 64510)
        up = [174, 3356, 1299][asn % 3]
        f = {
            "timestamp_start": FROM - 300 + rnd.randrange(7800),
            "exporter_ip": "203.0.113.%d" % (1 + asn % 2),
            "flow_type": "netflow9",
            "sampling_rate": [1, 10, 100][rnd.randrange(3)],
            "src_host": src,
            "dst_host": dst,
            "src_port": rnd.randrange(1024, 65536),
            "dst_port": rnd.choice([22, 53, 80, 443]),
            "proto": rnd.choice([6, 6, 6, 17]),
            "packets": rnd.randrange(1, 50),
            "input_interface": 1 + asn % 3 if inward else 9,
            "output_interface": 9 if inward else 1 + asn % 3,
            "input_interface_speed": 10 ** 9,
            "src_as": asn if inward else 64496,
            "dst_as": 64496 if inward else asn,
            "src_as_name": "Net %d" % asn if inward else "Mine",
            "dst_as_name": "Mine" if inward else "Net %d" % asn,
            "peer_src_as": up if inward else 64496,
            "peer_dst_as": 64496 if inward else up,
            "src_host_country": "GR" if not inward else ["DE", "US", ""][asn % 3],
            "dst_host_country": "GR" if inward else ["DE", "US", ""][asn % 3],
            "as_path": [] if inward else ["64496", "65001", str(up), str(asn)],
        }
        f["input_interface_name"] = "if%d" % f["input_interface"]
        f["output_interface_name"] = "if%d" % f["output_interface"]
        f.update(more)
        f["bytes"] = f.get("bytes", f["packets"] * rnd.randrange(40, 1500))
        flows.append(f)

    for _ in range(4000):
        a, b = rnd.choice(own), rnd.choice(far)
        add(*((a, b) if rnd.random() < 0.4 else (b, a)))
    for i in range(80):  # a scan of addresses, one of ports, and a neighbour who is no scanner
        add("192.0.2.200", "198.51.100.%d" % (i + 40), dst_port=23, packets=1, bytes=40, proto=6)
        add("192.0.2.201", "198.51.100.5", dst_port=1000 + i, packets=1, bytes=40, proto=6)
        add("198.51.100.6", "198.51.100.%d" % (i + 40), dst_port=161, packets=1, bytes=60, proto=17)
    for i in range(30):  # answers of an open resolver
        add("192.0.2.202", HOST, src_port=53, proto=17, packets=5, bytes=5 * 1400)
    for i in range(5):
        add(HOST, "192.0.2.9", nat_src_host=NAT_HOST, nat_src_port=NAT_PORT + i % 2, proto=6)
    return flows


def score_rows():
    rows = []
    for i in range(30):
        start = FROM + i * 240
        for host, base in ((SCORED, 0.4), ("192.0.2.78", 0.3)):
            rows.append({"time": start + 60, "key": host, "side": "src", "window": 60, "flows": i,
                         "ml_score": round(base + i * 7 % 30 / 64, 4), "reasons": ""})
    return rows


def detection_rows():
    rows = []
    for i, (rule, key) in enumerate([("scan", "192.0.2.200"), ("scan", "192.0.2.201"), ("flood", "192.0.2.200")]):
        for n, state in enumerate(["start", "update", "end"]):
            rows.append({"type": "detection", "id": "id%d" % i, "rule": rule, "key": {"src_ip": key}, "state": state,
                         "start": FROM + i * 100, "time": FROM + i * 100 + 60 * n, "flows": 10 + n, "packets": 20 * (n + 1),
                         "bytes": 1000 * (3 - n)})
    return rows


def ptr_rows():
    return [{"ip": "192.0.2.%d" % i, "ptr": "host%d.example" % (i % 20), "updated_at": FROM} for i in range(1, 50)] + \
        [{"ip": "192.0.2.1", "ptr": "newer.example", "updated_at": FROM + 1}]


def within(address, prefixes):
    a = ipaddress.ip_address(address)
    for p in prefixes:
        if a in ipaddress.ip_network(p):
            return p
    return ""


def when(t):
    return datetime.fromtimestamp(t, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def group(flows, key, *values):
    """Sums of each of the values by key."""
    sums = defaultdict(lambda: [0] * len(values))
    for f in flows:
        for i, v in enumerate(values):
            sums[key(f)][i] += v(f)
    return sums


def answers(directory, scaled):
    every = [json.loads(line) for line in open(directory + "/flows.ndjson")]
    flows = [f for f in every if FROM <= f["timestamp_start"] < TO]
    seconds = TO - FROM

    def rate(f):
        return f["sampling_rate"] if scaled else 1

    def b(f):
        return f["bytes"] * rate(f)

    def p(f):
        return f["packets"] * rate(f)

    def one(f):
        return 1

    def both(src, dst, kept=flows, extra=lambda f: ()):
        """Rows [key, bytes by src, bytes by dst], most first."""
        sums = defaultdict(lambda: [0, 0])
        for f in kept:
            sums[src(f)][0] += b(f)
            sums[dst(f)][1] += b(f)
        return sorted(([k, *v] for k, v in sums.items()), key=lambda r: (-r[1] - r[2], r[0]))

    def most(rows, by, *then):
        return sorted(rows, key=lambda r: (-r[by], *[r[i] for i in then]))

    total = sum(map(b, flows))
    out = {}
    for name, field in (("top-sources", "src_host"), ("top-destinations", "dst_host")):
        rows = [[k, *v, round(v[0] * 8 / seconds)] for k, v in group(flows, lambda f: f[field], b, p, one).items()]
        out[name] = most(rows, 1, 0)[:20]
    rows = [[*k, *v] for k, v in
            group(flows, lambda f: (f["src_host"], f["dst_host"], f["proto"], f["dst_port"]), b, p, one).items()]
    out["top-conversations"] = most(rows, 4, 0, 1, 3)[:20]
    sources = defaultdict(set)
    for f in flows:
        sources[f["proto"], f["dst_port"]].add(f["src_host"])
    rows = [[*k, *v, len(sources[k])] for k, v in group(flows, lambda f: (f["proto"], f["dst_port"]), b, p, one).items()]
    out["top-services"] = most(rows, 2, 0, 1)[:20]
    rows = [[k, *v, round(100 * v[0] / total, 2), round(v[0] / v[1])] for k, v in
            group(flows, lambda f: f["proto"], b, p, one).items()]
    out["protocols"] = most(rows, 1, 0)
    names = {f[s + "_as"]: f[s + "_as_name"] for f in flows for s in ("src", "dst")}
    out["top-as"] = [[k, names[k], x, y] for k, x, y in both(lambda f: f["src_as"], lambda f: f["dst_as"])][:20]
    out["top-countries"] = both(lambda f: f["src_host_country"], lambda f: f["dst_host_country"])[:20]
    out["interfaces"] = [[k, "if%d" % k, x, y, round(x * 8 / seconds), round(y * 8 / seconds)]
                         for k, x, y in both(lambda f: f["input_interface"], lambda f: f["output_interface"])]
    slots = group(flows, lambda f: (f["exporter_ip"], f["input_interface"], f["timestamp_start"] // 300), b)
    load = defaultdict(list)
    for (e, i, _), (v,) in slots.items():
        load[e, i].append(v)
    rows = [[e, i, "if%d" % i, 10 ** 9, round(max(v) * 8 / 300), round(sum(v) * 8 / seconds), round(100 * max(v) * 8 / 300 / 1e9, 2)]
            for (e, i), v in load.items()]
    out["interface-load"] = most(rows, 4, 0, 1)
    minutes = group(flows, lambda f: f["timestamp_start"] // 60 * 60, b, p, one)
    out["traffic"] = [[when(t), round(x * 8 / 60), round(y / 60, 2), round(z / 60, 2)] for t, (x, y, z) in sorted(minutes.items())]
    paths = defaultdict(list)
    for f in flows:
        paths[f["as_path"][2] if f["as_path"] else ""].append(f)
    rows = [[k, sum(map(b, v)), round(100 * sum(map(b, v)) / total, 2), len({tuple(f["as_path"]) for f in v}),
             round(sum(len(f["as_path"]) for f in v) / len(v), 2)] for k, v in paths.items()]
    out["upstreams"] = most(rows, 1, 0)
    rows = [[k, 4, *v] for k, v in group([f for f in flows if f["as_path"]], lambda f: " ".join(f["as_path"]), b, one).items()]
    out["as-paths"] = most(rows, 2, 0)[:20]
    tried = defaultdict(list)
    for f in flows:
        if within(f["dst_host"], OWN) and not within(f["src_host"], OWN):
            tried[f["src_host"]].append(f)
    rows = []
    for k, v in tried.items():
        hosts, ports = len({f["dst_host"] for f in v}), len({f["dst_port"] for f in v})
        if max(hosts, ports) >= 50 and sum(f["packets"] for f in v) <= 3 * len(v):
            times = [f["timestamp_start"] for f in v]
            rows.append([k, v[0]["src_host_country"], hosts, ports, len(v), when(min(times)), when(max(times))])
    out["who-scanned-me"] = sorted(rows, key=lambda r: (-max(r[2], r[3]), r[0]))
    inward = [f for f in flows if within(f["dst_host"], OWN)]
    froms = defaultdict(set)
    for f in inward:
        froms[f["dst_host"], f["timestamp_start"] // 60].add(f["src_host"])
    rows = [[k[0], when(k[1] * 60), *v, round(v[0] / 60, 2), len(froms[k])] for k, v in
            group(inward, lambda f: (f["dst_host"], f["timestamp_start"] // 60), p, b).items()]
    out["who-was-flooded"] = most(rows, 2, 0, 1)[:20]
    amplified = [f for f in flows if f["proto"] == 17 and f["src_port"] in (17, 19, 53, 111, 123, 137, 161, 389, 520, 1900, 3283, 3702, 5353, 11211)]
    peers = defaultdict(set)
    for f in amplified:
        peers[f["src_host"], f["src_port"]].add(f["dst_host"])
    rows = [[*k, len(peers[k]), *v, round(v[0] / v[1])] for k, v in
            group(amplified, lambda f: (f["src_host"], f["src_port"]), b, p).items() if round(v[0] / v[1]) >= 400]
    out["reflectors"] = most(rows, 3, 0, 1)[:20]
    rows = []
    for c in CUSTOMERS:
        sums = []
        for end in ("dst_host", "src_host"):
            slot = [0] * 24
            for f in flows:
                if within(f[end], CUSTOMERS) == c:
                    slot[(f["timestamp_start"] - FROM) // 300] += b(f)
            sums.append(slot)
        # Of 24 slots the one with most is left out.
        high = [round(sorted(s)[-2] * 8 / 300) for s in sums]
        rows.append([c, *high, max(high), sum(sums[0]), sum(sums[1])])
    out["percentile-95"] = most(rows, 3, 0)
    own = [[k, y, x] for k, x, y in both(lambda f: f["src_host"], lambda f: f["dst_host"]) if within(k, OWN)]
    out["own-hosts"] = own[:20]
    talk = defaultdict(lambda: [0, 0, 0])
    for f in flows:
        if f["src_host"] == HOST:
            row = talk[f["dst_host"], f["proto"], f["dst_port"]]
            row[0] += b(f)
            row[2] += 1
        if f["dst_host"] == HOST:
            row = talk[f["src_host"], f["proto"], f["src_port"]]
            row[1] += b(f)
            row[2] += 1
    out["host"] = sorted(([*k, *v] for k, v in talk.items()), key=lambda r: (-r[3] - r[4], *r[:3]))[:20]
    known = {r["ip"]: r["ptr"] for r in ptr_rows()}  # the last of an address is the newest
    who = defaultdict(lambda: [0, set()])
    for f in flows:
        row = who[known.get(f["src_host"], f["src_host"])]
        row[0] += b(f)
        row[1].add(f["src_host"])
    out["names"] = most([[k, v[0], len(v[1])] for k, v in who.items()], 1, 0)[:20]
    nat = defaultdict(list)
    for f in flows:
        if f.get("nat_src_host") == NAT_HOST and f["nat_src_port"] == NAT_PORT:
            nat[f["src_host"], f["src_port"], f["proto"], f["dst_host"], f["dst_port"]].append(f["timestamp_start"])
    out["nat"] = sorted(([*k, when(min(v)), when(max(v))] for k, v in nat.items()), key=lambda r: (r[5], r[0], r[1], r[3], r[4]))
    rows = []
    for e in {f["exporter_ip"] for f in flows}:
        v = [f for f in flows if f["exporter_ip"] == e]
        rows.append([e, "netflow9", len(v), round(len(v) / seconds, 2), max(f["sampling_rate"] for f in v), sum(map(b, v)),
                     when(max(f["timestamp_start"] for f in v))])
    out["exporters"] = most(rows, 2, 0)
    early = [f for f in every if f["timestamp_start"] < TO]
    out["as-months"] = [[int(when(FROM)[:7].replace("-", "")), sum(b(f) for f in early if f["src_as"] == 64501),
                         sum(b(f) for f in early if f["dst_as"] == 64501)]]
    out["as-names"] = sorted([k, v] for k, v in names.items())
    scores = score_rows()
    out["score-of"] = sorted([when(r["time"]), r["ml_score"]] for r in scores if r["key"] == SCORED and r["time"] < TO)
    rows = []
    for k in (SCORED, "192.0.2.78"):
        v = [r for r in scores if r["key"] == k and r["time"] < TO]
        top = max(r["ml_score"] for r in v)
        rows.append([k, top, when(min(r["time"] for r in v if r["ml_score"] == top)), len(v),
                     round(sum(r["ml_score"] for r in v) / len(v), 4)])
    out["odd-sources"] = most(rows, 1, 0)
    by_id = defaultdict(list)
    for r in detection_rows():
        by_id[r["id"]].append(r)
    rows = [[when(v[0]["start"]), when(v[-1]["time"]), v[0]["rule"], json.dumps(v[0]["key"], separators=(",", ":")), "end",
             12, 60, 3000] for v in by_id.values()]
    out["incidents"] = sorted(rows, reverse=True)
    rows = []
    for k in ("192.0.2.200", "192.0.2.201"):
        v = [r for r in detection_rows() if r["key"]["src_ip"] == k]
        rows.append([json.dumps(v[0]["key"], separators=(",", ":")), len({r["id"] for r in v}),
                     "[" + ",".join(sorted({"'%s'" % r["rule"] for r in v})) + "]",
                     when(min(r["time"] for r in v)), when(max(r["time"] for r in v))])
    out["offenders"] = most(rows, 1, 0)
    for name, rows in out.items():
        assert rows, name
        with open("%s/%s.want" % (directory, name), "w") as to:
            for r in rows:
                to.write("\t".join(map(str, r)) + "\n")


def cells(path, skip):
    return [line.rstrip("\n").split("\t") for line in open(path)][skip:]


def equal(a, b):
    if a.removesuffix(".000") == b:  # a time
        return True
    try:
        return abs(float(a) - float(b)) <= 1e-6 * max(1, abs(float(b)))
    except ValueError:
        return False


def same(got, want):
    got, want = cells(got, 1), cells(want, 0)  # the first row has the columns' names
    for i, (g, w) in enumerate(zip(got, want)):
        if len(g) != len(w) or not all(map(equal, g, w)):
            sys.exit("row %d\ngot:  %s\nwant: %s" % (i + 1, g, w))
    if len(got) != len(want):
        sys.exit("%d rows, not %d" % (len(got), len(want)))


def main():
    what = sys.argv[1]
    if what == "flows":
        for name, rows in (("flows", make()), ("scores", score_rows()), ("detections", detection_rows()), ("ptr", ptr_rows())):
            with open("%s/%s.ndjson" % (sys.argv[2], name), "w") as to:
                for r in rows:
                    to.write(json.dumps(r, separators=(",", ":")) + "\n")
    elif what == "answers":
        answers(sys.argv[2], sys.argv[4] == "1")
    else:
        same(sys.argv[2], sys.argv[3])


main()
