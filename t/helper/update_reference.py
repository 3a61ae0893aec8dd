"""What RFC 7606 says of an UPDATE, and broken UPDATEs made of sound ones.

    update_reference.py ibgp|ebgp COUNT SEED <BODIES   prints "HEX keep" or "HEX reset" for each of COUNT mutations
    update_reference.py ibgp|ebgp <BODIES              the same of the bodies as they are

Bodies are lines of hex. The session is one of four-byte AS numbers, unicast of IPv4 and IPv6, no path identifiers.
Written from the RFC alone, so that it shares no mistake with nf-bgpd.
"""

import random
import sys

KEEP, DISCARD, WITHDRAW, RESET = range(4)
WELL_KNOWN, OPTIONAL, BOTH = 0x40, 0x80, 0xC0

# type: flags, whether a length is right, what a wrong one leads to (sections 7.1 to 7.16, RFC 8092 section 6)
KNOWN = {
    1: (WELL_KNOWN, lambda n: n == 1, WITHDRAW),
    2: (WELL_KNOWN, lambda n: True, WITHDRAW),
    3: (WELL_KNOWN, lambda n: n == 4, WITHDRAW),
    4: (OPTIONAL, lambda n: n == 4, WITHDRAW),
    5: (WELL_KNOWN, lambda n: n == 4, WITHDRAW),
    6: (WELL_KNOWN, lambda n: n == 0, DISCARD),
    7: (BOTH, lambda n: n == 8, DISCARD),
    8: (BOTH, lambda n: n > 0 and n % 4 == 0, WITHDRAW),
    9: (OPTIONAL, lambda n: n == 4, WITHDRAW),
    10: (OPTIONAL, lambda n: n > 0 and n % 4 == 0, WITHDRAW),
    14: (OPTIONAL, lambda n: n >= 3, RESET),
    15: (OPTIONAL, lambda n: n >= 3, RESET),
    16: (BOTH, lambda n: n > 0 and n % 8 == 0, WITHDRAW),
    32: (BOTH, lambda n: n > 0 and n % 12 == 0, WITHDRAW),
}
FOR_OLD_SPEAKERS = (17, 18)  # RFC 6793 section 4.1: discarded where AS numbers have four bytes
INTERNAL = (5, 9, 10)  # discarded if another AS sent them


def routes(data, most):
    """How many, or None where they cannot be parsed."""
    count = at = 0
    while at < len(data):
        if data[at] > most or at + 1 + (data[at] + 7) // 8 > len(data):
            return None
        at += 1 + (data[at] + 7) // 8
        count += 1
    return count


def attributes(data):
    """The attributes up to one that does not fit, and whether there was such a one (section 4)."""
    found, at = [], 0
    while at < len(data):
        wide = len(data) - at >= 2 and data[at] & 0x10 != 0
        head = 4 if wide else 3
        if len(data) - at < head:
            return found, True
        length = int.from_bytes(data[at + 2 : at + head], "big")
        if len(data) - at - head < length:
            return found, True
        found.append((data[at], data[at + 1], data[at + head : at + head + length]))
        at += head + length
    return found, False


def path_is_sound(value):
    at = 0
    while at < len(value):
        if at + 2 > len(value) or value[at] not in (1, 2, 3, 4) or value[at + 1] == 0:
            return False
        at += 2 + 4 * value[at + 1]
    return at == len(value)


def multiprotocol(kind, value):
    """The verdict, and how many routes are reachable by it."""
    afi, safi = int.from_bytes(value[:2], "big"), value[2]
    if safi != 1 or afi not in (1, 2):
        return KEEP, kind == 14
    rest = value[3:]
    if kind == 14:
        if not rest or len(rest) < rest[0] + 2 or rest[0] not in ((4,) if afi == 1 else (16, 32)):
            return RESET, 0
        rest = rest[rest[0] + 2 :]
    count = routes(rest, 32 if afi == 1 else 128)
    return (RESET, 0) if count is None else (KEEP, count if kind == 14 else 0)


def value_verdict(kind, value):
    if kind == 1 and value[0] > 2:
        return WITHDRAW
    if kind == 2 and not path_is_sound(value):
        return WITHDRAW
    # RFC 4271 section 6.3, and section 5.1.3: not the address of a host
    if kind == 3 and (value == bytes(4) or value[0] >= 0xE0 and value[0] < 0xF0):
        return WITHDRAW
    return KEEP


def verdict(body, internal):
    if len(body) < 4:
        return RESET
    gone = int.from_bytes(body[:2], "big")
    rest = body[2 + gone :]
    if len(body) - 2 < gone or len(rest) < 2 or len(rest) - 2 < int.from_bytes(rest[:2], "big"):
        return RESET
    end = 2 + int.from_bytes(rest[:2], "big")
    reachable = routes(rest[end:], 32)
    if reachable is None or routes(body[2 : 2 + gone], 32) is None:
        return RESET
    found, cut = attributes(rest[2:end])
    worst, seen, others = WITHDRAW if cut else KEEP, set(), cut
    for flags, kind, value in found:
        others |= kind != 15
        if kind in FOR_OLD_SPEAKERS or kind in INTERNAL and not internal:
            continue
        if kind not in KNOWN:
            worst = worst if flags & OPTIONAL else RESET
            continue
        if kind in seen:  # section 3 g
            worst = RESET if kind in (14, 15) else worst
            continue
        seen.add(kind)
        right, fits, wrong = KNOWN[kind]
        if flags & BOTH != right:  # section 3 c
            worst = max(worst, WITHDRAW)
        if not fits(len(value)):
            worst = max(worst, wrong)
        elif kind in (14, 15):
            bad, count = multiprotocol(kind, value)
            worst, reachable = max(worst, bad), reachable + count
        else:
            worst = max(worst, value_verdict(kind, value))
    if worst == WITHDRAW and others and reachable == 0:  # section 5.2
        return RESET
    return worst


def join(gone, attrs, came):
    out = b""
    for flags, kind, value in attrs:
        wide = len(value) > 255 or flags & 0x10
        out += bytes([flags | 0x10 if wide else flags, kind]) + len(value).to_bytes(2 if wide else 1, "big") + value
    return len(gone).to_bytes(2, "big") + gone + len(out).to_bytes(2, "big") + out + came


def split(body):
    gone = int.from_bytes(body[:2], "big")
    rest = body[2 + gone :]
    end = 2 + int.from_bytes(rest[:2], "big")
    return body[2 : 2 + gone], attributes(rest[2:end])[0], rest[end:]


def scramble(data, draw):
    """Bytes are changed, put in, taken out."""
    data = bytearray(data)
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(data) + 1)
        what = draw.randrange(5)
        if what == 0 and at < len(data):
            data[at] ^= 1 << draw.randrange(8)
        elif what == 1 and at < len(data):
            data[at] = draw.choice((0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)))
        elif what == 2:
            del data[at : at + draw.randint(1, 8)]
        elif what == 3:
            data[at:at] = draw.randbytes(draw.randint(1, 8))
        else:
            data[at:at] = data[at : at + draw.randint(1, 16)]
    return bytes(data)


def mutate(body, draw):
    """As a line that went bad, or as a speaker whose lengths agree and whose values do not."""
    gone, attrs, came = split(body)
    what = draw.randrange(8)
    if what < 2 or not attrs:
        return scramble(body, draw)
    if what == 2:
        return join(gone, attrs, scramble(came, draw))
    at = draw.randrange(len(attrs))
    flags, kind, value = attrs[at]
    if what == 3:
        del attrs[at]
    elif what == 4:
        attrs.insert(draw.randrange(len(attrs) + 1), attrs[at])
    elif what == 5:
        attrs[at] = (flags ^ 1 << draw.randrange(8), kind, value)
    elif what == 6:
        attrs[at] = (flags, draw.randrange(40), value)
    else:
        attrs[at] = (flags, kind, scramble(value, draw))
    return join(gone, attrs, came)


def mutated(bodies, draw):
    """Of a length that the header of an UPDATE may have."""
    while True:
        body = mutate(draw.choice(bodies), draw)
        if 4 <= len(body) <= 4096 - 19:
            return body


def main():
    internal = sys.argv[1] == "ibgp"
    bodies = [bytes.fromhex(line) for line in sys.stdin]
    if len(sys.argv) > 2:
        draw = random.Random(int(sys.argv[3]))
        bodies = [mutated(bodies, draw) for _ in range(int(sys.argv[2]))]
    for body in bodies:
        print(body.hex(), "reset" if verdict(body, internal) == RESET else "keep")


main()
