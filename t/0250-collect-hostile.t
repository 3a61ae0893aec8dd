#!/bin/bash
# Forged exporters by the hundred thousand, and templates made to fill memory: nf-collect stays within its bounds, and
# loses nothing of what an honest exporter sends meanwhile.
. "${0%/*}/tap.sh"
need python3

# A capture of raw IP: honest v9 exporter 192.0.2.1, whose 500 datagrams of 20 flows stand between those of others.
cat >"$T/make.py" <<'END'
import struct, sys

kind, count = sys.argv[1], int(sys.argv[2])
out = sys.stdout.buffer
out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))


def packet(source, payload, at):
    udp = struct.pack(">HHHH", 9999, 2055, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, source, 0xc0000264) + udp
    out.write(struct.pack("<IIII", 1700000000 + at // 1000, at % 1000 * 1000, len(ip), len(ip)) + ip)


def v9(domain, sequence, *sets):
    return struct.pack(">HHIIII", 9, len(sets), 1000, 1700000000, sequence, domain) + b"".join(sets)


def flowset(number, body):
    return struct.pack(">HH", number, 4 + len(body)) + body


def template(number, fields):
    return struct.pack(">HH", number, len(fields)) + b"".join(struct.pack(">HH", *f) for f in fields)


FIELDS = [(8, 4), (12, 4), (1, 4), (2, 4)]
flow = struct.pack(">IIII", 0x0a000001, 0x0a000002, 1000, 10)


def number(i):
    return 256 + i % 60000


# What an exporter that nobody knows may send.
BOMBS = [
    # large templates, ever others
    lambda i: v9(i, 0, flowset(0, template(number(i), [(8, 4)] * 250))),
    # records beyond any datagram, records of no bytes, more fields than there are
    lambda i: v9(i, 0, flowset(0, template(number(i), [(1, 65535)] * 10))),
    lambda i: v9(i, 0, flowset(0, template(number(i), [(1, 0)] * 10))),
    lambda i: v9(i, 0, flowset(0, struct.pack(">HH", number(i), 65535))),
    # data whose template never comes
    lambda i: v9(i, 0, flowset(number(i), flow * 80)),
    # scopes without end, a set beyond the datagram, an IPFIX message beyond it
    lambda i: v9(i, 0, flowset(1, struct.pack(">HHH", number(i), 65532, 65532))),
    lambda i: v9(i, i * 65535 % 2**32, struct.pack(">HH", 300, 65535)),
    lambda i: struct.pack(">HHI", 10, 65535, 0) + b"\xff" * 40,
    # sFlow with samples without end, NetFlow v5 with flows without end
    lambda i: struct.pack(">IIIIIII", 5, 1, i, 0, i, 1000, 0xffffffff),
    lambda i: struct.pack(">HH", 5, 65535) + bytes(20),
]

sent = 0
for i in range(count):
    at = i * 30000 // count  # within 30 s
    if i % (count // 500) == 0:
        sets = [flowset(0, template(256, FIELDS))] if sent % 100 == 0 else []
        packet(0xc0000201, v9(7, sent, *sets, flowset(256, flow * 20)), at)
        sent += 1
    source = 0x0b000000 + i if kind == "exporters" else 0xc0000202
    for bomb in BOMBS if kind == "bombs" else [BOMBS[i % len(BOMBS)]]:
        packet(source, bomb(i), at)
END

# collect KIND COUNT [OPTION...]: the flows of the honest one, and in $T/rss the most memory it took, in KiB.
collect() {
	python3 "$T/make.py" "$1" "$2" >"$T/$1.pcap"
	shift 2
	python3 -c 'import resource, subprocess, sys
status = subprocess.call(sys.argv[2:])
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(status)' "$T/rss" "$BUILD/bin/nf-collect" -M "$T/metrics" "$@" >"$T/out" 2>"$T/said"
}
# metric NAME: its sum, but for the honest exporter's
metric() { awk -v n="$1" '($1 == n || index($1, n "{") == 1) && !/192\.0\.2\.1"/ { s += $2 } END { print s + 0 }' "$T/metrics"; }
honest() { grep -c '"exporter_ip":"192.0.2.1"' "$T/out"; }
# The sanitizers' own memory is no matter of ours.
limit=200
case $BUILD in */san) limit=2000 ;; esac
bounded() { is "$(awk -v m=$limit '{ print $1 < m * 1024 }' "$T/rss")" 1 "$1: below $limit MB (it took $(cat "$T/rss") KiB)"; }

for allow in "" "192.0.2.0/24"; do
	name="100,000 forged exporters${allow:+, one trusted}"
	echo "collectors: {netflow: {config: {allow: [$allow]}}}" >"$T/c.yaml"
	collect exporters 100000 -c "$T/c.yaml" -r "$T/exporters.pcap"
	is $? 0 "$name: it ends well"
	is "$(honest)" 10000 "no flow of the honest one is lost"
	bounded "$name"
	is "$(metric nf_collect_exporters)" 16384 "so many are remembered"
	is "$(($(metric nf_collect_exporters_refused_total) > 80000))" 1 "and the others refused, counted"
done
is "$(grep -c '"exporter_ip":"192.0.2.1".*"trusted":true' "$T/out")" 10000 "trusted is who is listed"

collect bombs 20000 -r "$T/bombs.pcap"
is $? 0 "200,000 bombs of one exporter: it ends well"
is "$(honest)" 10000 "no flow of the honest one is lost"
bounded "bombs"
is "$(($(metric nf_collect_templates) <= 1025))" 1 "templates of one exporter are bounded"
is "$(($(metric nf_collect_held_bytes) <= 4 << 20))" 1 "and data that wait for theirs"
is "$(($(metric nf_collect_errors_total) > 100000))" 1 "what is wrong is counted by its reason"
is "$(wc -l <"$T/said")" 1 "and told in a line"
plan
