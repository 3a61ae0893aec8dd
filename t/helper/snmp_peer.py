"""An SNMP v2c agent that answers as no sound one does: snmp_peer.py ADDRESS PORT KIND. Says "bound" when it listens."""
import socket
import sys

KIND = sys.argv[3]
NAMES = {1: b"one", 2: b"two", 3: b"three"}
IF_NAME = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1)


def tlv(tag, body):
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def integer(n, tag=2):
    return tlv(tag, n.to_bytes(n.bit_length() // 8 + 1, "big", signed=True))


def oid(parts):
    out = bytes([parts[0] * 40 + parts[1]])
    for p in parts[2:]:
        digits = [p & 127]
        while p > 127:
            p >>= 7
            digits.insert(0, p & 127 | 128)
        out += bytes(digits)
    return tlv(6, out)


def read(b):
    """One element: its tag, its body, and what follows."""
    n, at = b[1], 2
    if n & 0x80:
        at += n & 0x7F
        n = int.from_bytes(b[2:at], "big")
    return b[0], b[at:at + n], b[at + n:]


def oid_read(b):
    parts, value = [b[0] // 40, b[0] % 40], 0
    for c in b[1:]:
        value = value << 7 | c & 127
        if not c & 128:
            parts.append(value)
            value = 0
    return tuple(parts)


def request(b):
    _, body, _ = read(b)
    _, _, rest = read(body)  # version
    _, community, rest = read(rest)
    _, pdu, _ = read(rest)
    _, number, rest = read(pdu)
    for _ in range(2):
        _, _, rest = read(rest)
    _, names, _ = read(rest)
    _, first, _ = read(names)
    _, name, _ = read(first)
    return community, int.from_bytes(number, "big", signed=True), oid_read(name)


def answer(community, number, variables, status=0):
    body = b"".join(tlv(0x30, oid(n) + v) for n, v in variables)
    pdu = integer(number) + integer(status) + integer(0) + tlv(0x30, body)
    return tlv(0x30, integer(1) + tlv(4, community) + tlv(0xA2, pdu))


def sound(name, values, tag=4):
    """The rows of ifName after `name`; the end of the view for all other columns."""
    after = name[len(IF_NAME)] if len(name) > len(IF_NAME) else 0
    if name[:len(IF_NAME)] != IF_NAME:
        return [(name, tlv(0x82, b""))]
    rows = [(IF_NAME + (i,), tlv(tag, v)) for i, v in sorted(values.items()) if i > after]
    return rows + [(IF_NAME[:-1] + (2, 1), integer(0))]


def reply(b):
    community, number, name = request(b)
    column, after = name[:len(IF_NAME)], name[len(IF_NAME):]
    if KIND == "garbage":
        return b"\x30\x84\xff\xff\xff\xff" + bytes(range(200))
    if KIND == "nothing":
        return b""
    if KIND == "cut":
        return answer(community, number, sound(name, NAMES))[:-7]
    if KIND == "deep":
        return b"\x30\x80" * 20000
    if KIND == "number":
        return answer(community, number ^ 1, sound(name, NAMES))
    if KIND == "loop":
        return answer(community, number, [(IF_NAME + (i,), tlv(4, b"x")) for i in (1, 2, 1)])
    if KIND == "same":
        return answer(community, number, [(column + (after or (1,)), tlv(4, b"x"))])
    if KIND == "endless":
        i = after[0] if after else 0
        return answer(community, number, [(column + (i + k,), tlv(4, b"n%d" % (i + k))) for k in range(1, 400)])
    if KIND == "parts":
        return answer(community, number, [(IF_NAME + (1, 1), tlv(4, b"x"))])
    if KIND == "empty":
        return answer(community, number, [])
    if KIND == "error":
        return answer(community, number, [], 5)
    if KIND == "none":
        return answer(community, number, [(name, tlv(0x82, b""))])
    if KIND == "control":
        return answer(community, number, sound(name, {**NAMES, 2: b"a\x1b[31mb"}))
    if KIND == "latin":
        return answer(community, number, sound(name, {**NAMES, 2: b"Z\xfcrich"}))
    if KIND == "long":
        return answer(community, number, sound(name, {**NAMES, 2: b"x" * 20000}))
    if KIND == "zero":
        return answer(community, number, sound(name, {**NAMES, 2: b"two\0\0"}))
    if KIND == "type":
        return answer(community, number, sound(name, {1: b"\1", 2: b"\2", 3: b"\3"}, 2))
    return answer(community, number, sound(name, NAMES))


s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], int(sys.argv[2])))
print("bound", flush=True)
while True:
    data, peer = s.recvfrom(65536)
    s.sendto(reply(data), peer)
