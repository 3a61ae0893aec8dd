#!/usr/bin/python3
"""Made-up traffic at the border of a small network: make-traffic.py -w FILE.pcap | -i INTERFACE

Three minutes of web, QUIC, DNS, NTP, mail, ssh, voice, ping, a tunnel and a few fragments over IPv4 and IPv6,
and in them one horizontal scan (seconds 70 to 110) and one SYN flood (seconds 125 to 145). The own network is
198.51.100.0/24 and 2001:db8::/32; the others are drawn from networks.tsv. The same seed gives the same packets.
With -w the packets start at 2026-11-02 10:00:00 UTC; with -i they are sent now, each at its time.
"""
import argparse, ipaddress, os, random, socket, struct, time

UPSTREAM, BORDER = bytes.fromhex('00005e005301'), bytes.fromhex('00005e005302')  # RFC 7042 §2.1.1
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
DURATION = 180
OWN4, OWN6 = ipaddress.ip_network('198.51.100.0/24'), ipaddress.ip_network('2001:db8::/32')

rnd = random.Random(20261102)
packets = []  # (seconds, serial, frame)


def load_networks():
    roles = {}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'networks.tsv')) as f:
        for line in f:
            if line.strip() and not line.startswith('#'):
                role, net = line.split()
                net = ipaddress.ip_network(net)
                roles.setdefault((role, net.version), []).append(net)
    return roles


def host(net):
    bits = min(net.max_prefixlen - net.prefixlen, 16)
    return net[0] if bits == 0 else net[0] + rnd.randrange(1, 2 ** bits - 1)


def remote(role, version):
    return host(rnd.choice(nets[role, version]))


def server(n, version):
    return OWN4[n] if version == 4 else OWN6[(1 << 64) + n]


def client(version):
    return OWN4[rnd.randrange(100, 180)] if version == 4 else OWN6[(2 << 64) + rnd.randrange(100, 180)]


def checksum(data):
    n = int.from_bytes(data + b'\0' * (len(data) % 2), 'big')
    return (~(n % 65535) & 0xffff) or 0xffff


def put(t, src, dst, proto, body, tos=0, frag=None):
    """One packet. body is a whole transport message; its checksum field is filled in by the caller."""
    own = OWN4 if src.version == 4 else OWN6
    ttl = 63 if src in own else 45 + int(src) % 14
    macs = UPSTREAM + BORDER if src in own else BORDER + UPSTREAM
    if src.version == 4:
        ident, off = frag if frag else (rnd.randrange(65536), 0x4000)
        h = struct.pack('>BBHHHBBH4s4s', 0x45, tos, 20 + len(body), ident, off, ttl, proto, 0, src.packed, dst.packed)
        h = h[:10] + struct.pack('>H', checksum(h)) + h[12:]
        frame = macs + b'\x08\x00' + h + body
    else:
        label = (hash((int(src), int(dst))) & 0xfffff)
        h = struct.pack('>IHBB', 6 << 28 | tos << 20 | label, len(body), proto, ttl) + src.packed + dst.packed
        frame = macs + b'\x86\xdd' + h + body
    packets.append((t, len(packets), frame))


def pseudo(src, dst, proto, n):
    tail = struct.pack('>HBBH', 0, 0, proto, n) if src.version == 6 else struct.pack('>BBH', 0, proto, n)
    return src.packed + dst.packed + tail


def tcp(t, src, dst, sport, dport, flags, seq, ack, size=0, tos=0):
    options = b'\x02\x04\x05\xb4' if flags & SYN else b''
    h = struct.pack('>HHIIBBHHH', sport, dport, seq & 0xffffffff, ack & 0xffffffff, (5 + len(options) // 4) << 4,
                    flags, 64240, 0, 0) + options + bytes(size)
    sum_ = checksum(pseudo(src, dst, 6, len(h)) + h)
    put(t, src, dst, 6, h[:16] + struct.pack('>H', sum_) + h[18:], tos)


def udp(t, src, dst, sport, dport, size, tos=0):
    h = struct.pack('>HHHH', sport, dport, 8 + size, 0) + bytes(size)
    put(t, src, dst, 17, h[:6] + struct.pack('>H', checksum(pseudo(src, dst, 17, len(h)) + h)) + h[8:], tos)


def session(t, src, dst, dport, turns, tos=0, reset=False, pause=0.05):
    """A whole TCP connection. turns: bytes sent by the client and by the server, in exchanges."""
    sport, rtt = rnd.randrange(32768, 61000), 0.004 + int(dst) % 97 / 1000
    seq, ack = rnd.getrandbits(32), rnd.getrandbits(32)
    tcp(t, src, dst, sport, dport, SYN, seq, 0, 0, tos)
    tcp(t + rtt, dst, src, dport, sport, SYN | ACK, ack, seq + 1, 0, tos)
    t, seq, ack = t + rtt + 0.0002, seq + 1, ack + 1
    tcp(t, src, dst, sport, dport, ACK, seq, ack, 0, tos)
    for up, down in turns:
        for n, a, b, pa, pb, forth in ((up, src, dst, sport, dport, 1), (down, dst, src, dport, sport, 0)):
            count = 0
            while n > 0:
                size = min(n, 1440)
                n, t, count = n - size, t + 0.0006, count + 1
                flags = ACK | (PSH if n == 0 else 0)
                if forth:
                    tcp(t, a, b, pa, pb, flags, seq, ack, size, tos)
                    seq += size
                else:
                    tcp(t, a, b, pa, pb, flags, ack, seq, size, tos)
                    ack += size
                if count % 2 == 0 or n == 0:
                    if forth:
                        tcp(t + 0.0001, b, a, pb, pa, ACK, ack, seq, 0, tos)
                    else:
                        tcp(t + 0.0001, b, a, pb, pa, ACK, seq, ack, 0, tos)
            t += rtt
        t += rnd.uniform(0, pause)
    if reset:
        tcp(t, src, dst, sport, dport, RST | ACK, seq, ack, 0, tos)
        return
    tcp(t, src, dst, sport, dport, FIN | ACK, seq, ack, 0, tos)
    tcp(t + rtt, dst, src, dport, sport, FIN | ACK, ack, seq + 1, 0, tos)
    tcp(t + rtt + 0.0002, src, dst, sport, dport, ACK, seq + 1, ack + 1, 0, tos)


def start():
    return rnd.uniform(0.5, DURATION - 25)


def version():
    return 6 if rnd.random() < 0.25 else 4


def page_size():
    return min(int(rnd.lognormvariate(9.3, 1.3)), 400000)


def web():
    for _ in range(230):  # own clients out
        v = version()
        session(start(), client(v), remote('web', v), rnd.choice((443, 443, 443, 80)),
                [(rnd.randrange(200, 900), page_size()) for _ in range(rnd.choice((1, 1, 2, 4)))])
    for _ in range(170):  # visitors of the own servers
        v = version()
        session(start(), remote('eyeball', v), server(rnd.randrange(20, 24), v), rnd.choice((443, 443, 80)),
                [(rnd.randrange(200, 700), page_size())], reset=rnd.random() < 0.1)
    for _ in range(50):  # QUIC
        v, t, port = version(), start(), rnd.randrange(32768, 61000)
        a, b = client(v), remote('web', v)
        for i in range(rnd.randrange(4, 40)):
            udp(t + i * 0.02, a, b, port, 443, rnd.choice((1200, 41, 60)))
            udp(t + i * 0.02 + 0.01, b, a, 443, port, rnd.choice((1200, 1200, 300)))


def names_and_time():
    for _ in range(170):
        v, t, port = version(), start(), rnd.randrange(1024, 65536)
        a, b = server(53, v), remote('resolver', v)
        udp(t, a, b, port, 53, rnd.randrange(28, 60))
        udp(t + rnd.uniform(0.002, 0.08), b, a, 53, port, rnd.randrange(60, 480))
    for _ in range(70):  # others ask the own server
        v, t, port = version(), start(), rnd.randrange(1024, 65536)
        a, b = remote('eyeball', v), server(53, v)
        udp(t, a, b, port, 53, rnd.randrange(28, 60))
        udp(t + 0.0008, b, a, 53, port, rnd.randrange(60, 480))
    for _ in range(40):
        t, a, b = start(), server(10, 4), remote('time', 4)
        udp(t, a, b, 123, 123, 48, tos=0xb8)
        udp(t + 0.02, b, a, 123, 123, 48)


def mail_and_ssh():
    for _ in range(25):
        v = version()
        session(start(), remote('eyeball', v), server(25, v), 25, [(30, 90), (60, 40), (rnd.randrange(900, 60000), 50)])
    for _ in range(10):  # typing: small packets for up to a minute
        v = version()
        session(rnd.uniform(0.5, 90), remote('eyeball', v), server(22, v), 22,
                [(36, 36)] * rnd.randrange(30, 120), tos=0x10, pause=0.9)
    session(20, client(4), remote('web', 4), 22, [(400000, 500)] * 3, tos=0x08, pause=20)  # a copy in long strides


def other():
    for _ in range(36):
        v, t, ident = version(), start(), rnd.randrange(65536)
        a, b = (client(v), remote('web', v)) if rnd.random() < 0.5 else (remote('eyeball', v), server(20, v))
        for i in range(4):
            for dt, s, d, kind in ((0, a, b, 8 if v == 4 else 128), (0.02, b, a, 0 if v == 4 else 129)):
                m = struct.pack('>BBHHH', kind, 0, 0, ident, i) + bytes(56)
                sum_ = checksum((pseudo(s, d, 58, len(m)) if v == 6 else b'') + m)
                put(t + i + dt, s, d, 1 if v == 4 else 58, m[:2] + struct.pack('>H', sum_) + m[4:])
    for _ in range(8):  # a closed UDP port: ICMP unreachable, type 3 code 3
        t, a, b = start(), remote('eyeball', 4), server(21, 4)
        udp(t, a, b, 40000, 161, 40)
        m = struct.pack('>BBHI', 3, 3, 0, 0) + packets[-1][2][14:42]
        put(t + 0.001, b, a, 1, m[:2] + struct.pack('>H', checksum(m)) + m[4:])
    for a, b, pa, pb in ((client(4), remote('eyeball', 4), 16384, 17000), (client(6), remote('eyeball', 6), 16386, 17002)):
        for i in range(500):  # voice, DSCP EF
            udp(40 + i * 0.02, a, b, pa, pb, 172, tos=0xb8)
            udp(40.01 + i * 0.02, b, a, pb, pa, 172, tos=0xb8)
    a, b = server(30, 4), remote('eyeball', 4)
    for i in range(200):  # an ESP tunnel: a protocol without ports
        put(10 + i * 0.4, a, b, 50, struct.pack('>II', 0x1001, i) + bytes(rnd.randrange(60, 900)))
        put(10.1 + i * 0.4, b, a, 50, struct.pack('>II', 0x2002, i) + bytes(rnd.randrange(60, 900)))
    for _ in range(4):  # an answer in three fragments
        t, a, b = start(), remote('resolver', 4), server(53, 4)
        m = struct.pack('>HHHH', 53, 33333, 4008, 0) + bytes(4000)
        m, ident = m[:6] + struct.pack('>H', checksum(pseudo(a, b, 17, len(m)) + m)) + m[8:], rnd.randrange(65536)
        for off in range(0, len(m), 1480):
            more = 0x2000 if off + 1480 < len(m) else 0
            put(t + off / 1e6, a, b, 17, m[off:off + 1480], frag=(ident, more | off // 8))


def scan():
    """One source, one port, every own address; what lives says RST, the rest stays silent."""
    src, own = nets['scanner', 4][0][0], list(range(1, 255))
    rnd.shuffle(own)
    for i, n in enumerate(own):
        t, port, seq = 70 + i * 40 / len(own), rnd.randrange(32768, 61000), rnd.getrandbits(32)
        tcp(t, src, OWN4[n], port, 23, SYN, seq, 0)
        if n in range(20, 26) or n in range(100, 110):
            tcp(t + 0.0004, OWN4[n], src, 23, port, RST | ACK, 0, seq + 1)


def flood():
    """SYNs with forged sources towards one web server, which answers while its backlog lasts."""
    victim = server(20, 4)
    for i in range(700):
        t, src, port, seq = 125 + i * 20 / 700, remote('eyeball', 4), rnd.randrange(1024, 65536), rnd.getrandbits(32)
        tcp(t, src, victim, port, 443, SYN, seq, 0)
        if i < 128:
            tcp(t + 0.0003, victim, src, 443, port, SYN | ACK, rnd.getrandbits(32), seq + 1)


def write_pcap(path):
    epoch = 1793613600
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for t, _, frame in packets:
            us = round((epoch + t) * 1000000)
            f.write(struct.pack('<IIII', us // 1000000, us % 1000000, len(frame), len(frame)) + frame)


def send(interface):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((interface, 0))
    base = time.monotonic()
    for t, _, frame in packets:
        time.sleep(max(0, base + t - time.monotonic()))
        s.send(frame)


ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
to = ap.add_mutually_exclusive_group(required=True)
to.add_argument('-w', metavar='FILE')
to.add_argument('-i', metavar='INTERFACE')
args = ap.parse_args()
nets = load_networks()
for part in (web, names_and_time, mail_and_ssh, other, scan, flood):
    part()
packets.sort()
write_pcap(args.w) if args.w else send(args.i)
