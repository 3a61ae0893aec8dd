#!/usr/bin/env python3
"""compare.py COLLECT SHARED: nf-collect on every capture of SHARED, against each golden file beside it.

Prints TAP, and at its end a table of sources and protocols: captures, flows, values compared, values that differ.
"""
import glob
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

import known
import logstash
import model
import netgauze
import nfdump
import snap
import telegraf
import tshark


class Capture:
    """What nf-collect makes of one capture."""

    def __init__(self, collect, path):
        with tempfile.NamedTemporaryFile() as metrics:
            run = subprocess.run([collect, '-M', metrics.name, '-r', path], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, check=False)
            told = open(metrics.name, encoding='ascii').read()
        self.failed = [f'exit status {run.returncode}'] if run.returncode else []
        self.rows = [json.loads(line) for line in run.stdout.splitlines()]
        self.counts = {name: sum(map(int, re.findall(rf'^nf_collect_{name}_total{{exporter.*}} (\d+)', told, re.M)))
                       for name in ('flows', 'options', 'events', 'nat_events')}
        self.packets = sum(map(int, re.findall(r'^nf_collect_packets_total{.*} (\d+)', told, re.M)))

    def totals(self):
        return f"{len(self.rows)} {sum(r.get('packets', 0) for r in self.rows)} " \
               f"{sum(r.get('bytes', 0) for r in self.rows)}"


class Report:
    """TAP as it goes, and the sums for the table."""

    def __init__(self):
        self.tests = 0
        self.sums = {}

    def ok(self, good, name, words=()):
        self.tests += 1
        print(f"{'ok' if good else 'not ok'} {self.tests} - {name}")
        for w in list(words)[:20]:
            print(f'# {w}', file=sys.stderr)

    def add(self, source, protocol, oracle, rows, compared, differ, excepted):
        s = self.sums.setdefault((source, protocol, oracle), [0] * 5)
        for i, v in enumerate((1, rows, compared, differ, excepted)):
            s[i] += v

    def table(self):
        line = '# {:<44} {:<9} {:<9} {:>8} {:>6} {:>8} {:>7} {:>9}'
        yield line.format('source', 'protocol', 'golden', 'captures', 'flows', 'values', 'differ', 'excepted')
        for key, s in sorted(self.sums.items()):
            yield line.format(*key, *s)


def in_order(ours, expected, absent, ignored):
    compared, said = 0, []
    if len(ours) != len(expected):
        said.append(f'{len(ours)} flows, expected {len(expected)}')
    for i, (o, e) in enumerate(zip(ours, expected)):
        n, words = model.compare(o, e, absent, ignored)
        compared += n
        said += [f'flow {i}: {w}' for w in words]
    return compared, said


def somewhere(ours, expected):
    """Each expected row is like one of ours: for golden files that show some of the records."""
    compared, said = 0, []
    for i, e in enumerate(expected):
        tried = [model.compare(o, e, 'unknown') for o in ours] or [(0, ['is not there'])]
        n, words = min(tried, key=lambda t: len(t[1]))
        compared += n
        said += [f'golden {i}: {w}' for w in words]
    return compared, said


def protocol_of(capture, path):
    kinds = sorted({r['flow_type'] for r in capture.rows})
    if kinds:
        return ','.join(kinds)
    return 'ipfix' if 'ipfix' in path.lower() else 'netflow5' if re.search('netflow-?5', path) else 'netflow9'


def judge(report, shared, capture, path, oracle, check):
    """check(ignored fields) gives (values, differences); a known difference ignores fields, or all but our totals."""
    short = os.path.relpath(path, shared)
    source = short.split('/')[0]
    found = known.find(oracle, short)
    protocol = protocol_of(capture, short)
    if found and found.totals:
        report.add(source, protocol, oracle, len(capture.rows), 0, 0, 1)
        report.ok(capture.totals() == found.totals, f'{short}: not as {oracle}, which {found.reason}',
                  [] if capture.totals() == found.totals else [f'got {capture.totals()}, want {found.totals}'])
        return
    compared, said = check(found.ignored if found else ())
    said += capture.failed
    report.add(source, protocol, oracle, len(capture.rows), compared, len(said), 1 if found else 0)
    name = f'{short}: {len(capture.rows)} flows, {compared} values as {oracle} has them'
    if found:
        name += f', but for {", ".join(found.ignored)}: it {found.reason}'
    report.ok(not said, name, said)


def oracles(report, collect, shared):
    base = os.path.join(shared, '_oracle')
    for golden in sorted(glob.glob(base + '/**/*.json', recursive=True)):
        for oracle, ending in (('tshark', '.tshark.json'), ('nfdump', '.nfcapd.json')):
            path = os.path.join(shared, os.path.relpath(golden, base))[:-len(ending)]
            # tshark and nfcapd read sFlow elsewhere; one capture holds both.
            if not golden.endswith(ending) or re.search('sflow5|sflow_v5|sflow_expanded|ethernet-frames', path):
                continue
            # Of these tests' datagrams tshark has a reading test by test, see apart().
            if oracle == 'tshark' and re.search('mikemiles|tests_lib.py__ipfix', path):
                continue
            capture = Capture(collect, path)
            capture.rows = [r for r in capture.rows if r['flow_type'] != 'sflow5']
            if oracle == 'tshark':
                expected = model.rows(tshark.read(golden))
            else:
                expected = model.rows(nfdump.read(golden, known.two_ways(path)))
            judge(report, shared, capture, path, oracle, lambda ignored, c=capture, e=expected, o=oracle: in_order(
                c.rows, e, 'absent' if o == 'tshark' else 'zero', ignored))


def vendors(report, collect, shared):
    for golden in sorted(glob.glob(shared + '/NetGauze*/**/*-flow.json', recursive=True)):
        path = golden.replace('-flow.json', '.pcap')
        capture = Capture(collect, path)
        judge(report, shared, capture, path, 'NetGauze',
              lambda ignored: in_order(capture.rows, model.rows(netgauze.read(golden)), 'absent', ignored))
    for golden in sorted(glob.glob(shared + '/influxdata*/**/expected.out', recursive=True)):
        expected = model.rows(telegraf.read(golden))
        path = f"{shared}/influxdata+telegraf/wrapped/{golden.split('/')[-2]}.pcap"
        if expected:
            capture = Capture(collect, path)
            judge(report, shared, capture, path, 'telegraf',
                  lambda ignored: in_order(capture.rows, expected, 'unknown', ignored))
    for golden in sorted(glob.glob(shared + '/logstash*/golden/*.json')):
        path = golden.replace('/golden/', '/wrapped/').replace('.golden.json', '.pcap')
        capture = Capture(collect, path)
        records, single, events = logstash.read(golden)
        reverse = known.reverse_flows(path)
        if events is not None and not known.find('logstash', os.path.relpath(path, shared)):
            got = sum(capture.counts.values()) - reverse
            report.ok(got == events, f'{os.path.basename(path)}: {events} records of flows, events and options',
                      [] if got == events else [f'got {capture.counts}'])
        judge(report, shared, capture, path, 'logstash', lambda ignored: somewhere(
            capture.rows, model.rows(records) + model.rows(single)))


def wrap(path, datagrams, exporters=None):
    """A capture of them: Ethernet, IPv4 from 192.0.2.10 or 10.0.0.0 + the exporter's number, UDP to port 2055."""
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i, d in enumerate(datagrams):
            source = struct.pack('>I', 0x0a000000 + exporters[i] if exporters else 0xc000020a)
            udp = struct.pack('>HHHH', 50000, 2055, 8 + len(d), 0) + d
            frame = b'\2\0\0\0\0\1\2\0\0\0\0\2\x08\0' + struct.pack(
                '>BBHHHBBH4s4s', 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, source,
                bytes([198, 51, 100, 1])) + udp
            f.write(struct.pack('<IIII', 1700000000 + i, 0, len(frame), len(frame)) + frame)


def snapshots(report, collect, shared):
    base = glob.glob(shared + '/mikemiles*')[0]
    with open(base + '/extracted/index.json', encoding='utf-8') as f:
        index = json.load(f)
    for golden in sorted(glob.glob(base + '/src/snapshots/*.snap')):
        test = golden.split('tests__')[-1].replace('.snap', '').replace('_2', '')
        expected = model.rows(snap.read(golden))
        datagrams = snap.datagrams(base, index, test)
        if not expected or not datagrams:
            continue
        with tempfile.NamedTemporaryFile(suffix='.pcap') as f:
            wrap(f.name, datagrams)
            capture = Capture(collect, f.name)
        judge(report, shared, capture, golden, 'snapshot', lambda ignored: in_order(
            capture.rows, expected, 'unknown', ignored) if len(datagrams) == 1 else somewhere(capture.rows, expected))


def apart(report, collect, shared):
    """Datagrams of tests that each define the same templates anew, which tshark does not follow: an exporter a test."""
    for source in ('bitkeks+python-netflow-v9-softflowd', 'mikemiles-dev+netflow_parser'):
        with open(f'{shared}/{source}/extracted/index.json', encoding='utf-8') as f:
            index = [x for x in json.load(f) if re.match('netflow|ipfix', x['class'])]
        # One source names no tests: its three sets of IPFIX datagrams are told apart by their names.
        tests = [x.get('function', re.search('ETHER|PADDING|$', x['file'])[0]) + x['from'] + x['class'] for x in index]
        taken = [(x, 1 + tests.index(t)) for x, t in zip(index, tests) if not known.unlike(x)]
        taken.sort(key=lambda t: t[1])
        with tempfile.TemporaryDirectory() as folder:
            path = folder + '/apart.pcap'
            wrap(path, [open(f"{shared}/{source}/extracted/{x['file']}", 'rb').read() for x, _ in taken],
                 [number for _, number in taken])
            capture = Capture(collect, path)
            with open(folder + '/tshark.json', 'wb') as f:
                subprocess.run(
                    ['tshark', '-r', path, '-d', 'udp.port==2055,cflow', '-T', 'json', '--no-duplicate-keys'],
                    stdout=f, stderr=subprocess.DEVNULL, check=True, env={**os.environ, 'TZ': 'UTC'})
            expected = model.rows(tshark.read(folder + '/tshark.json'))
        for kind in sorted({r['flow_type'] for r in capture.rows}):
            version = {'netflow1': 1, 'netflow5': 5, 'netflow7': 7, 'netflow9': 9, 'ipfix': 10}[kind]
            rows = [r for r in capture.rows if r['flow_type'] == kind]
            compared, said = in_order(rows, [e for e in expected if e['record'].version == version], 'absent', ())
            report.add(source, kind, 'tshark', len(rows), compared, len(said), 0)
            name = f'{source}: {len(rows)} flows of {kind}, {compared} values as tshark has them, test by test'
            report.ok(not said, name, said)


def backwards(report, collect, shared):
    """Every datagram of every source, the last first, malformed ones and those of fuzzers too: each is taken."""
    for source in sorted(glob.glob(shared + '/*/')):
        names = sorted(n for n in glob.glob(source + '**/*', recursive=True) if re.search(r'\.(bin|dat)$|/fuzz/', n))
        datagrams = [open(n, 'rb').read() for n in reversed(names) if os.path.isfile(n)]
        if datagrams:
            with tempfile.NamedTemporaryFile(suffix='.pcap') as f:
                wrap(f.name, datagrams)
                capture = Capture(collect, f.name)
            said = capture.failed + ([f'took {capture.packets}'] if capture.packets != len(datagrams) else [])
            report.ok(not said, f'{os.path.basename(source[:-1])}: {len(datagrams)} datagrams backwards', said)


def packets_in(path):
    """How many packets a little-endian pcap file holds."""
    count = 0
    with open(path, 'rb') as f:
        f.seek(24)
        while head := f.read(16):
            f.seek(struct.unpack('<I', head[8:12])[0], 1)
            count += 1
    return count


def same_traffic(report, collect, shared):
    """A SYN flood that softflowd read once and exported as v5 and as v9: the same flows, and each of its packets."""
    v5, v9 = (Capture(collect, f'{shared}/_derived/lucid-synflood.softflowd-{v}.pcap') for v in ('nf5', 'nf9'))
    keys = ('src_host', 'dst_host', 'src_port', 'dst_port', 'proto', 'tcpflags', 'packets', 'bytes', 'tos')
    flows = [sorted(tuple(r.get(k) for k in keys) for r in c.rows) for c in (v5, v9)]
    differ = sum(a != b for a, b in zip(*flows)) + abs(len(flows[0]) - len(flows[1]))
    for kind, rows in (('netflow5', flows[0]), ('netflow9', flows[1])):
        report.add('doriguzzi+lucid-ddos', kind, 'v5 = v9', len(rows), len(keys) * len(rows), differ, 0)
    report.ok(differ == 0 and flows[0], f'lucid-ddos: {len(flows[0])} flows, the same by v5 and v9')
    seen = packets_in(shared + '/doriguzzi+lucid-ddos/sample-dataset/CIC-DDoS-2019-SynFlood.pcap')
    counted = sum(r['packets'] for r in v5.rows)
    report.ok(counted == seen, f'lucid-ddos: {seen} packets', [f'got {counted}'] if counted != seen else [])


def main():
    collect, shared = sys.argv[1], os.path.abspath(sys.argv[2])
    report = Report()
    oracles(report, collect, shared)
    vendors(report, collect, shared)
    snapshots(report, collect, shared)
    same_traffic(report, collect, shared)
    apart(report, collect, shared)
    backwards(report, collect, shared)
    print(f'1..{report.tests}')
    for line in report.table():
        print(line)


if __name__ == '__main__':
    main()
