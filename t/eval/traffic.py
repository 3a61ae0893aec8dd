"""Flows of a small network with known truth, as NDJSON: half an hour of usual traffic, and cases of misuse in it.

    traffic.py SEED [clean]        flows to standard output, in the order of time; `clean`: without the cases

Each case has sources of its own, 203.0.113.N, which CASES names; all else is usual.
"""
import json
import random
import sys

SECONDS, START = 1800, 1700000000
CASES = {
    "fast horizontal scan": range(1, 4),
    "slow horizontal scan": range(11, 14),
    "vertical scan": range(21, 24),
    "slow vertical scan": range(31, 34),
    "SYN flood by one source": range(41, 44),
    "low-and-slow DoS": range(51, 54),
    "odd protocol mix": range(61, 64),
    "data carried out over DNS": range(71, 74),
}


def case_of(address):
    net, last = address.rsplit(".", 1)
    return next((c for c, r in CASES.items() if net == "203.0.113" and int(last) in r), None)


class Traffic:
    def __init__(self, seed):
        self.random, self.flows = random.Random(seed), []

    def flow(self, at, src, dst, sport, dport, proto=6, flags=27, packets=1, size=60, lasts=0.0):
        end = START + at + lasts
        self.flows.append((end, {
            "timestamp_received": round(end + 0.2, 3), "timestamp_start": round(START + at, 3), "timestamp_end": round(end, 3),
            "src_host": src, "dst_host": dst, "src_port": sport, "dst_port": dport, "proto": proto,
            "tcpflags": flags if proto == 6 else 0, "packets": packets, "bytes": int(packets * size)}))

    def every(self, mean, until=SECONDS, begin=0.0):
        at = begin + self.random.expovariate(1 / mean)
        while at < until:
            yield at
            at += self.random.expovariate(1 / mean)

    def port(self):
        return self.random.randrange(32768, 61000)

    def usual(self):
        r = self.random
        sites = [f"198.51.100.{i}" for i in range(1, 200)]
        weights = [1 / i for i in range(1, 200)]
        for i in range(250):  # people: pages in bursts, names before them, now and then something refused
            who = f"10.0.{i // 200}.{i % 200 + 1}"
            for at in self.every(r.choice([6, 15, 40, 90])):
                self.flow(at, who, "10.0.9.53", self.port(), 53, 17, packets=1, size=r.randrange(60, 90))
                for site in r.choices(sites, weights, k=r.choice([1, 1, 2, 4, 8])):
                    failed = r.random() < 0.02
                    self.flow(at + r.random(), who, site, self.port(), r.choice([443, 443, 443, 80]), 6, 2 if failed else 27,
                              r.randrange(1, 3) if failed else int(r.paretovariate(1.2) * 8), r.randrange(60, 600), r.random() * 5)
        for i in range(12):  # servers: answers to many, from one port
            who, port = f"10.0.9.{i + 100}", [443, 443, 25, 53][i % 4]
            for at in self.every(0.4):
                dst = f"192.0.2.{r.randrange(1, 250)}"
                self.flow(at, who, dst, port, self.port(), 17 if port == 53 else 6, 27, int(r.paretovariate(1.1) * 6), r.randrange(80, 1400), r.random())
        for at in self.every(2):  # a machine that looks after others
            who = "10.0.9.10"
            for i in r.sample(range(100, 112), 3):
                self.flow(at, who, f"10.0.9.{i}", 0, 2048, 1, packets=1, size=84)
            self.flow(at, who, f"10.0.9.{r.randrange(100, 112)}", self.port(), 161, 17, packets=4, size=120)
        for at in self.every(20):  # a backup
            self.flow(at, "10.0.9.20", "10.0.9.21", self.port(), 873, packets=r.randrange(5000, 50000), size=1400, lasts=10)
        for i in range(30):  # things that keep time and call home
            for at in range(r.randrange(64), SECONDS, 64):
                self.flow(at + r.random() * 0.05, f"10.0.20.{i + 1}", "192.0.2.123", 123, 123, 17, packets=1, size=76)
                self.flow(at + 7, f"10.0.20.{i + 1}", "198.51.100.9", self.port(), 8883, packets=6, size=90)

    def misuse(self):
        for name, hosts in CASES.items():
            for k, last in enumerate(hosts):
                getattr(self, name.replace(" ", "_").replace("-", "_").lower())(f"203.0.113.{last}", 300 + 400 * k)

    def fast_horizontal_scan(self, who, begin):  # 3 hosts a second
        for i in range(360):
            self.flow(begin + i / 3, who, f"10.0.{i % 2}.{i // 2 + 1}", self.port(), 22, flags=2)

    def slow_horizontal_scan(self, who, begin):  # 20 hosts a minute: the rule wants 50
        for i in range(100):
            self.flow(begin + 3 * i, who, f"10.0.{i % 2}.{i // 2 + 1}", self.port(), 445, flags=2)

    def vertical_scan(self, who, begin):  # 5 ports a second
        for i in range(600):
            self.flow(begin + i / 5, who, "10.0.9.100", self.port(), i + 1, flags=2 if i % 3 else 6)

    def slow_vertical_scan(self, who, begin):  # 30 ports a minute: the rule wants 100
        for i in range(150):
            self.flow(begin + 2 * i, who, "10.0.9.101", self.port(), 1 + i * 37 % 9000, flags=2 if i % 3 else 6)

    def syn_flood_by_one_source(self, who, begin):  # 100 a second; the rule for floods wants 200 sources
        for i in range(3000):
            self.flow(begin + i / 100, who, "10.0.9.100", self.port(), 443, flags=2)

    def low_and_slow_dos(self, who, begin):  # 60 connections a minute that send next to nothing and stay
        for i in range(240):
            self.flow(begin + i, who, "10.0.9.100", self.port(), 80, flags=24, packets=3, size=44, lasts=30)

    def odd_protocol_mix(self, who, begin):  # GRE, ESP, SCTP, UDP to odd ports, ICMP
        r = self.random
        for i in range(120):
            proto = r.choice([47, 50, 132, 17, 1])
            self.flow(begin + 2 * i, who, f"10.0.9.{100 + i % 12}", r.randrange(65536) if proto in (17, 132) else 0,
                      r.randrange(65536) if proto in (17, 132) else 0, proto, packets=r.randrange(1, 40), size=r.randrange(40, 1400))

    def data_carried_out_over_dns(self, who, begin):  # five long questions a second to one server
        for i in range(1200):
            self.flow(begin + i / 5, who, "198.51.100.53", self.port(), 53, 17, packets=1, size=self.random.randrange(200, 250))


def main():
    traffic = Traffic(int(sys.argv[1]))
    traffic.usual()
    if "clean" not in sys.argv[2:]:
        traffic.misuse()
    for _, flow in sorted(traffic.flows, key=lambda f: f[1]["timestamp_received"]):
        print(json.dumps(flow, separators=(",", ":")))


if __name__ == "__main__":
    main()
