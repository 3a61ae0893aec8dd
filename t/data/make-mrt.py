#!/usr/bin/python3
"""Writes an MRT table dump (RFC 6396 §4.3) of a few routes to stdout: sets, confederations, large communities, IPv6."""
import ipaddress
import struct
import sys

PEERS = [("198.51.100.9", 64500), ("2001:db8::9", 4200000001)]
SET, SEQUENCE, CONFED_SEQUENCE, CONFED_SET = 1, 2, 3, 4

# prefix, then routes: peer, path, next hop, and what may be missing
ROUTES = [
    ("0.0.0.0/0", [(0, [(SEQUENCE, [64500])], "198.51.100.1", {})]),
    ("192.0.2.0/24", [
        (0, [(SEQUENCE, [64500, 64501, 64496])], "198.51.100.1",
         {"med": 20, "local_pref": 150, "communities": [(64500, 1), (65535, 65281)], "large": [(64500, 1, 2)]}),
        (1, [(SEQUENCE, [4200000001, 64496])], "198.51.100.2", {}),
    ]),
    ("203.0.113.0/24", [(0, [(SEQUENCE, [64500]), (SET, [64501, 64502])], "198.51.100.1", {})]),
    ("203.0.113.128/25", [(0, [(CONFED_SEQUENCE, [65001, 65002]), (CONFED_SET, [65003, 65004]),
                              (SEQUENCE, [64500])], "198.51.100.1", {})]),
    ("198.18.0.1/32", [(0, [], "198.51.100.1", {"large": [(1, 2, 3), (4200000000, 4294967295, 0)]})]),
    ("2001:db8::/32", [(1, [(SEQUENCE, [4200000001, 64510, 64510])], "2001:db8::1", {"med": 1})]),
    ("::/0", [(1, [(SEQUENCE, [4200000001])], "2001:db8::1", {})]),
]


def attribute(flags, kind, value):
    return struct.pack(">BBB", flags, kind, len(value)) + value


def attributes(path, next_hop, more):
    hop = ipaddress.ip_address(next_hop)
    out = attribute(0x40, 1, b"\0")
    out += attribute(0x40, 2, b"".join(
        struct.pack(">BB", kind, len(asns)) + b"".join(struct.pack(">I", a) for a in asns) for kind, asns in path))
    if hop.version == 4:
        out += attribute(0x40, 3, hop.packed)
    else:
        out += attribute(0x80, 14, bytes([16]) + hop.packed)
    if "med" in more:
        out += attribute(0x80, 4, struct.pack(">I", more["med"]))
    if "local_pref" in more:
        out += attribute(0x40, 5, struct.pack(">I", more["local_pref"]))
    if "communities" in more:
        out += attribute(0xc0, 8, b"".join(struct.pack(">HH", *c) for c in more["communities"]))
    if "large" in more:
        out += attribute(0xc0, 32, b"".join(struct.pack(">III", *c) for c in more["large"]))
    return out


def record(subtype, body):
    sys.stdout.buffer.write(struct.pack(">IHHI", 1700000000, 13, subtype, len(body)) + body)


index = b"\xc6\x33\x64\x01" + struct.pack(">H", 0) + struct.pack(">H", len(PEERS))
for address, asn in PEERS:
    packed = ipaddress.ip_address(address).packed
    index += struct.pack(">B", 2 | (len(packed) == 16)) + b"\xc6\x33\x64\x02" + packed + struct.pack(">I", asn)
record(1, index)
for number, (prefix, routes) in enumerate(ROUTES):
    net = ipaddress.ip_network(prefix)
    body = struct.pack(">IB", number, net.prefixlen) + net.network_address.packed[:(net.prefixlen + 7) // 8]
    body += struct.pack(">H", len(routes))
    for peer, path, next_hop, more in routes:
        a = attributes(path, next_hop, more)
        body += struct.pack(">HIH", peer, 1700000000, len(a)) + a
    record(2 if net.version == 4 else 4, body)
