#!/usr/bin/env python3
"""A name server as no other is: slow, silent, or hostile.

    dns_peer.py PORT LOG [DELAY_MS]

Answers PTR questions over UDP on 127.0.0.1, each DELAY_MS after it came. 10.A.B.C is the honest host-A-B-C.example,
with a TTL of 300 s; of 203.0.113.N every N is another kind of answer, below. LOG gets a line a question: when it
came (ms), how many were then open, and its name.
"""
import asyncio
import socket
import struct
import sys
import time

PTR, CNAME, SOA = 12, 5, 6


def wire(*labels):
    return b"".join(bytes([len(n)]) + n for n in labels) + b"\0"


def name(text):
    return wire(*text.encode().split(b"."))


def record(owner, kind, ttl, data):
    return owner + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def reply(query, question, answers=(), authority=(), rcode=0, flags=0x8180):
    head = query[:2] + struct.pack(">HHHHH", flags | rcode, 1, len(answers), len(authority), 0)
    return head + question + b"".join(answers) + b"".join(authority)


AT_QUESTION = b"\xc0\x0c"
SOA_DATA = name("ns.example") + name("root.example") + struct.pack(">IIIII", 1, 3600, 600, 86400, 120)


def ptr(data, ttl=300):
    return record(AT_QUESTION, PTR, ttl, data)


def hostile(n, q, question):
    loop = b"\xc0" + bytes([12 + len(question) + 12])  # points at itself: after the owner, type, class, ttl, length
    kinds = {
        1: lambda: reply(q, question, [ptr(wire(b"two words", b"example"))]),
        2: lambda: reply(q, question, [ptr(wire(b"bell\x07\x1b[31m", b"example"))]),
        3: lambda: reply(q, question, [ptr(wire(b"\xff\xfe", b"example"))]),
        4: lambda: reply(q, question, [ptr(wire(*[b"x" * 60] * 5))]),
        5: lambda: reply(q, question, [ptr(loop)]),
        6: lambda: reply(q, question, [ptr(name("cut.example"))])[:-5],
        7: lambda: q[:2] + b"\x81",
        8: lambda: reply(q, question, rcode=2),
        9: lambda: reply(q, question, rcode=5),
        10: lambda: reply(q, question, [ptr(wire(b"evil.example", b"net"))]),
        11: lambda: reply(q, question, [ptr(name("ttl-zero.example"), 0)]),
        12: lambda: reply(q, question, [ptr(name("ttl-huge.example"), 0xFFFFFFFF)]),
        13: lambda: b"\0\0" + reply(q, question, [ptr(name("wrong-id.example"))])[2:],
        14: lambda: reply(q, name("other.example") + question[-4:], [ptr(name("wrong-question.example"))]),
        15: lambda: reply(q, question, [record(AT_QUESTION, CNAME, 300, name("alias.example")),
                                        record(name("ALIAS.example"), PTR, 300, name("by-alias.example"))]),
        16: lambda: reply(q, question, [record(AT_QUESTION, CNAME, 300, AT_QUESTION)] * 3),
        17: lambda: None,
        18: lambda: reply(q, question, [ptr(b"\0")]),
        19: lambda: reply(q, question),
        20: lambda: reply(q, question, [ptr(name("good.example"))]),
        21: lambda: reply(q, question, authority=[record(b"\0", SOA, 3600, SOA_DATA)], rcode=3),
        22: lambda: reply(q, question, [ptr(b"\x3f" + b"short")]),
        23: lambda: bytes(range(256)) * 2,
        24: lambda: reply(q, question, [record(name("unasked.example"), PTR, 300, name("unasked.example"))]),
        25: lambda: reply(q, question, [ptr(wire(b'quote"and\\slash', b"example"))]),
    }
    return kinds.get(n, kinds[20])()


class Peer(asyncio.DatagramProtocol):
    def __init__(self, log, delay):
        self.log, self.delay, self.open = log, delay, 0

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.note("ready")

    def note(self, words):
        self.log.write(f"{int(time.monotonic() * 1000)} {self.open} {words}\n")
        self.log.flush()

    def datagram_received(self, q, peer):
        labels, at = [], 12
        while q[at]:
            labels.append(q[at + 1:at + 1 + q[at]])
            at += 1 + q[at]
        self.open += 1
        self.note(b".".join(labels).decode())
        asyncio.get_running_loop().call_later(self.delay, self.answer, q, q[12:at + 5], labels, peer)

    def answer(self, q, question, labels, peer):
        self.open -= 1
        octets = [int(n) for n in labels[3::-1] if n.isdigit()]
        if octets[:3] == [203, 0, 113]:
            said = hostile(octets[3], q, question)
        elif octets[:1] == [10]:
            said = reply(q, question, [ptr(name("host-%d-%d-%d.example" % tuple(octets[1:])))])
        else:
            said = reply(q, question, authority=[record(b"\0", SOA, 3600, SOA_DATA)], rcode=3)
        if said is not None:
            self.transport.sendto(said, peer)


async def main():
    delay = int(sys.argv[3]) / 1000 if len(sys.argv) > 3 else 0
    with open(sys.argv[2], "a", encoding="ascii") as log:
        await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Peer(log, delay), local_addr=("127.0.0.1", int(sys.argv[1])))
        await asyncio.Event().wait()


asyncio.run(main())
