#!/usr/bin/python3
"""What nf-rib must make of lines of bgpdump -m: the chosen route of every prefix as a line of JSON, sorted."""
import ipaddress
import json
import re
import sys

NAMES = {"no-export": "65535:65281", "no-advertise": "65535:65282", "local-AS": "65535:65283"}


def route(line):
    f = line.rstrip("\r\n").split("|")
    if f[0].endswith("_AP"):
        del f[6]
    f += [""] * 12
    path = re.findall(r"[({\[][^)}\]]*[)}\]]|\d+", f[6])
    communities = [NAMES.get(c, c) for c in f[11].split()]
    r = {"prefix": f[5], "as_path": [int(a) if a.isdigit() else a for a in path]}
    if f[8] not in ("", "0.0.0.0", "::"):
        r["next_hop"] = ip(f[8])
    if f[9] not in ("", "0"):
        r["local_pref"] = int(f[9])
    if f[10] not in ("", "0"):
        r["med"] = int(f[10])
    for name, colons in (("communities", 1), ("large_communities", 2)):
        of_kind = [c for c in communities if c.count(":") == colons]
        if of_kind:
            r[name] = of_kind
    if f[3] not in ("0.0.0.0", "::"):
        r["peer"] = ip(f[3])
    return r


def ip(text):
    a = ipaddress.ip_address(text)
    return str(getattr(a, "ipv4_mapped", None) or a)


def as16(text):
    a = ipaddress.ip_address(text)
    return a.packed if a.version == 6 else b"\0" * 10 + b"\xff\xff" + a.packed


def preference(r):
    hops = [a for a in r["as_path"] if isinstance(a, int) or a.startswith("{")]
    peer = (0, as16(r["peer"])) if "peer" in r else (1, b"")
    return (-r.get("local_pref", 100), len(hops), r.get("med", 0), peer)


table = {}
for line in sys.stdin:
    r = route(line)
    net = ipaddress.ip_network(r["prefix"])
    r["prefix"] = str(net)
    key = (net.version, net.network_address.packed, net.prefixlen)
    if key not in table or preference(r) <= preference(table[key]):
        table[key] = r
for key in sorted(table):
    print(json.dumps(table[key], separators=(",", ":")))
