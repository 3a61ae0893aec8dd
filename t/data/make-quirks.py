#!/usr/bin/env python3
"""make-quirks.py FOLDER SEEDS: writes the datagrams of lib/decode/QUIRKS, each as NAME.pcap, and as NAME.json the rows
that should come of it: a line a flow, with the fields that matter; null where a field must be absent. Into SEEDS, which
is t/fuzz/corpus/decode, go the same datagrams as that fuzz target reads them.

Every datagram is made up after the published descriptions that QUIRKS names; none was taken from a network.
"""
import json
import os
import socket
import struct
import sys

SECONDS = 1700000000  # of export
UPTIME = 1000000  # ms, at export
VAR = 0xffff
REVERSE = 29305

quirks = {}


def quirk(name, datagrams, *rows, ports=(50000,)):
    """datagrams go out one a second, from these ports in turn."""
    quirks[name] = ([datagrams] if isinstance(datagrams, bytes) else datagrams, rows, ports)


def number(value, length):
    return value.to_bytes(length, 'big')


def field(spec):
    """id, length[, enterprise]"""
    number_, length, pen = (spec + (0,))[:3]
    return struct.pack('>HH', number_ | (0x8000 if pen else 0), length) + (struct.pack('>I', pen) if pen else b'')


def the_set(set_id, body, pad=0):
    return struct.pack('>HH', set_id, 4 + len(body) + pad) + body + bytes(pad)


def definition(template_id, fields):
    return struct.pack('>HH', template_id, len(fields)) + b''.join(field(f) for f in fields)


def template(version, template_id, fields, pad=0):
    return the_set(0 if version == 9 else 2, definition(template_id, fields), pad)


def options9(template_id, scopes, fields, pad=0):
    head = struct.pack('>HHH', template_id, 4 * len(scopes), 4 * len(fields))
    return the_set(1, head + b''.join(field(f) for f in scopes + fields), pad)


def options10(template_id, scopes, fields):
    head = struct.pack('>HHH', template_id, len(scopes + fields), len(scopes))
    return the_set(3, head + b''.join(field(f) for f in scopes + fields))


def record(fields, values):
    out = b''
    for spec, v in zip(fields, values, strict=True):
        if isinstance(v, str):
            v = socket.inet_pton(socket.AF_INET6 if ':' in v else socket.AF_INET, v)
        out += v if isinstance(v, bytes) else number(v, spec[1])
    return out


def data(template_id, fields, *records, pad=0):
    return the_set(template_id, b''.join(record(fields, r) for r in records), pad)


sequence = {}


def v9(*sets, count=None, source=1, fill=0):
    body = b''.join(sets)
    sequence[source] = sequence.get(source, -1) + 1
    return struct.pack('>HHIIII', 9, len(sets) if count is None else count, UPTIME, SECONDS, sequence[source],
                       source) + body + bytes(fill)


def ipfix(*sets, domain=1, seq=0):
    body = b''.join(sets)
    return struct.pack('>HHIII', 10, 16 + len(body), SECONDS, seq, domain) + body


def v5(*flows, sampling=0, seq=0):
    head = struct.pack('>HHIIIIBBH', 5, len(flows), UPTIME, SECONDS, 0, seq, 0, 0, sampling)
    return head + b''.join(struct.pack(
        '>4s4s4sHHIIIIHHBBBBHHBBH', socket.inet_aton(src), socket.inet_aton(dst), bytes(4), 1, 2, packets, octets,
        UPTIME - 2000, UPTIME - 1000, 1234, 443, 0, 0x1b, 6, 0, 0, 0, 24, 24, 0) for src, dst, packets, octets in flows)


A, B = '198.51.100.1', '203.0.113.2'
FLOW = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (2, 4), (1, 4)]
ROW = (A, B, 1234, 443, 6, 3, 180)
WANT = {'src_host': A, 'dst_host': B, 'src_port': 1234, 'dst_port': 443, 'proto': 6, 'packets': 3, 'bytes': 180}
OTHER = (B, A, 443, 1234, 6, 2, 120)
WANT_OTHER = {'src_host': B, 'dst_host': A, 'packets': 2, 'bytes': 120}
T9, T10 = template(9, 256, FLOW), template(10, 256, FLOW)
D = data(256, FLOW, ROW)


def and_(**more):
    return {**WANT, **more}


# Framing

quirk('count-of-sets', v9(T9, data(256, FLOW, ROW, OTHER), count=2), WANT, WANT_OTHER)
quirk('zero-fill', v9(T9, D, fill=40), WANT)
quirk('zero-fill-1408', v9(T9, D, fill=1408 - 20 - len(T9) - len(D)), WANT)
quirk('padding-beyond-record', [v9(T9), v9(data(256, FLOW, ROW, pad=36), data(256, FLOW, OTHER))], WANT, WANT_OTHER)
quirk('padding-in-template-set', v9(template(9, 256, FLOW, pad=4), D), WANT)
NAMED = FLOW + [(96, VAR)]
quirk('padding-after-variable', ipfix(template(10, 256, NAMED), data(256, NAMED, ROW + (b'\3dns',), pad=2),
      data(256, NAMED, OTHER + (b'\0',), pad=1)), and_(application='dns'), {**WANT_OTHER, 'application': None})
quirk('no-padding', v9(T9, D, data(256, FLOW, OTHER)), WANT, WANT_OTHER)
EMPTY = FLOW + [(40, 0), (10, 2)]
quirk('zero-length-field', v9(template(9, 256, EMPTY), data(256, EMPTY, ROW + (b'', 7))), and_(input_interface=7))
quirk('zero-length-scope', v9(options9(257, [(1, 0)], [(34, 4), (35, 1)]), data(257, [(34, 4), (35, 1)], (512, 1)),
      T9, D), and_(sampling_rate=512))
quirk('zero-length-record', v9(template(9, 300, [(8, 0), (12, 0)]), the_set(300, bytes(8)), T9, D), WANT)
TWICE = [(8, 4), (12, 4), (8, 4), (12, 4), (2, 4), (1, 4)]
quirk('repeated-elements', ipfix(template(10, 256, TWICE), data(256, TWICE, (A, B, '10.0.0.1', '10.0.0.2', 3, 180))),
      {'src_host': A, 'dst_host': B, 'packets': 3})
quirk('long-form-of-short-value', ipfix(template(10, 256, NAMED), data(
      256, NAMED, ROW + (b'\xff\0\3dns',), OTHER + (b'\4http',))), and_(application='dns'),
      {**WANT_OTHER, 'application': 'http'})
IN_OUT = FLOW + [(10, 4), (14, 4)]
NAMES = [(82, VAR), (83, VAR)]
quirk('options-of-variable-length', ipfix(options10(257, [(10, 4)], NAMES), data(
      257, [(10, 4)] + NAMES, (7, b'\3et1', b'\6uplink'), (8, b'\3et2', b'\0')), template(10, 256, IN_OUT),
      data(256, IN_OUT, ROW + (7, 8))),
      and_(input_interface_name='et1', input_interface_alias='uplink', output_interface_name='et2',
           output_interface_alias=None))
SIX = [(27, 16), (28, 16), (2, 4), (1, 4)]
quirk('templates-in-one-set', v9(the_set(0, definition(256, FLOW) + definition(257, SIX)), D, data(
      257, SIX, ('2001:db8::1', '2001:db8::2', 1, 80))), WANT, {'src_host': '2001:db8::1', 'bytes': 80})
quirk('template-after-data', [v9(D), v9(T9)], WANT)
WIDE = [(8, 4), (12, 4), (1, 8), (2, 8)]
quirk('template-redefined', [v9(T9, D), v9(template(9, 256, WIDE), data(256, WIDE, (B, A, 120, 2)))], WANT, WANT_OTHER)
quirk('options-from-other-port', [v9(T9, options9(257, [(1, 4)], [(34, 4), (35, 1)])), v9(data(
      257, [(1, 4), (34, 4), (35, 1)], (0, 100, 2)), D)], and_(sampling_rate=100), ports=(50000, 50001))
quirk('v9-sets-in-ipfix', ipfix(options9(257, [], [(34, 4)]), data(257, [(34, 4)], (128,)), T10, D),
      and_(sampling_rate=128))
# RFC 6313: a list of two octetDeltaCount behind the length, semantic, element and its length.
LISTS = FLOW + [(291, VAR), (293, VAR), (10, 4)]
BASIC = b'\x0d\3\0\1\0\4' + bytes(8)
MULTI = b'\xff\0\x0d\3\x01\2\0\x0c' + bytes(8)
quirk('structured-data', ipfix(template(10, 256, LISTS), data(256, LISTS, ROW + (BASIC, MULTI, 9))),
      and_(input_interface=9))

# Sampling

LATE = FLOW + [(34, 4), (35, 1)]
quirk('sampling-byte-order', v9(template(9, 256, LATE), data(256, LATE, ROW + (b'\x40\0\0\0', 1), OTHER + (0, 0))),
      and_(sampling_rate=64), {**WANT_OTHER, 'sampling_rate': None})
quirk('sampling-in-data', v9(template(9, 256, LATE), data(256, LATE, ROW + (4096, 1))), and_(sampling_rate=4096))
quirk('sampling-of-other-domain', [v9(T9, D), v9(options9(257, [(1, 4)], [(34, 4), (35, 1)]), data(
      257, [(1, 4), (34, 4), (35, 1)], (0, 200, 2)), source=2), v9(D)], WANT, and_(sampling_rate=200))
SPACE = [(149, 4), (305, 4), (306, 4)]
quirk('sampling-space', ipfix(options10(257, SPACE[:1], SPACE[1:]), data(257, SPACE, (1, 1, 999)), T10, D),
      and_(sampling_rate=1000))
POPULATION = [(302, 4), (305, 4), (304, 2), (309, 4), (310, 4), (84, 8), (335, VAR)]
CHOSEN = FLOW + [(302, 4)]
quirk('sampling-population', ipfix(options10(257, POPULATION[:1], POPULATION[1:]), data(
      257, POPULATION, (1, 1, 3, 1, 256, b'SAMPLER\0', b'\7SAMPLER')), template(10, 256, CHOSEN), data(
      256, CHOSEN, ROW + (1,))), and_(sampling_rate=256))
SAMPLED = FLOW + [(48, 2)]
RANDOM = [(48, 2), (49, 1), (50, 2)]
quirk('sampler-ids', v9(options9(257, [(1, 4)], RANDOM), data(257, [(1, 4)] + RANDOM, (0, 3, 2, 1000), (0, 4, 2, 500)),
      template(9, 256, SAMPLED), data(256, SAMPLED, ROW + (3,), OTHER + (4,))),
      and_(sampling_rate=1000), {**WANT_OTHER, 'sampling_rate': 500})
quirk('sampler-of-interval-0', v9(options9(257, [(1, 4)], RANDOM), data(
      257, [(1, 4)] + RANDOM, (0, 1, 2, 1000), (0, 2, 2, 0)), template(9, 256, SAMPLED),
      data(256, SAMPLED, ROW + (1,))),
      and_(sampling_rate=1000))
quirk('sampler-0', v9(options9(257, [(1, 4)], RANDOM), data(257, [(1, 4)] + RANDOM, (0, 5, 2, 100)),
      template(9, 256, SAMPLED), data(256, SAMPLED, ROW + (0,))), and_(sampling_rate=100))
quirk('v5-sampling-mode-bits', v5((A, B, 3, 180), sampling=0xc350), and_(sampling_rate=50000))

# Time

UPTIMES = FLOW + [(22, 4), (21, 4)]
quirk('uptime-wraps', struct.pack('>HHIIII', 9, 2, 5000, SECONDS, 0, 1) + template(9, 256, UPTIMES) + data(
      256, UPTIMES, ROW + (0xffffffff - 4999, 1000)),
      and_(timestamp_start=SECONDS - 10, timestamp_end=SECONDS - 4))
NTP = (SECONDS + 2208988800) << 32
FRACTIONS = FLOW + [(154, 8), (155, 8)]
NANO = FLOW + [(156, 8), (157, 8)]
quirk('ntp-fractions', ipfix(template(10, 256, FRACTIONS), data(256, FRACTIONS, ROW + (NTP | 1 << 30, NTP | 1 << 31)),
      template(10, 257, NANO), data(257, NANO, OTHER + (NTP | 1 << 30, NTP | 1 << 31))),
      and_(timestamp_start=SECONDS + .25, timestamp_end=SECONDS + .5),
      {**WANT_OTHER, 'timestamp_start': SECONDS + .25, 'timestamp_end': SECONDS + .5})
INIT = [(149, 4), (160, 8)]
quirk('init-time-in-options', ipfix(options10(257, INIT[:1], INIT[1:]), data(257, INIT, (1, SECONDS * 1000 - UPTIME)),
      template(10, 256, UPTIMES), data(256, UPTIMES, ROW + (UPTIME - 4000, UPTIME - 1000))),
      and_(timestamp_start=SECONDS - 4, timestamp_end=SECONDS - 1))
quirk('times-before-start', ipfix(options10(257, INIT[:1], INIT[1:]), data(257, INIT, (1, SECONDS * 1000)),
      template(10, 256, UPTIMES), data(256, UPTIMES, ROW + ((1 << 32) - 4000, (1 << 32) - 1000))),
      and_(timestamp_start=SECONDS - 4, timestamp_end=SECONDS - 1))
OWN = UPTIMES + [(160, 8)]
quirk('init-time-in-record', ipfix(template(10, 256, OWN), data(
      256, OWN, ROW + (UPTIME - 4000, UPTIME - 1000, SECONDS * 1000 - UPTIME))),
      and_(timestamp_start=SECONDS - 4, timestamp_end=SECONDS - 1))
EIGHT = FLOW + [(22, 8), (21, 8)]
quirk('uptime-of-8-bytes', v9(template(9, 256, EIGHT), data(
      256, EIGHT, ROW + (UPTIME - 4000, UPTIME - 1000), OTHER + (SECONDS * 1000 - 4000, SECONDS * 1000 - 1000))),
      and_(timestamp_start=SECONDS - 4, timestamp_end=SECONDS - 1),
      {**WANT_OTHER, 'timestamp_start': SECONDS - 4, 'timestamp_end': SECONDS - 1})
quirk('negative-duration', v9(template(9, 256, UPTIMES), data(256, UPTIMES, ROW + (UPTIME - 1000, UPTIME - 4000))),
      and_(timestamp_start=SECONDS - 4, timestamp_end=SECONDS - 4))

# Meaning

NSEL = [(148, 4), (8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (233, 1), (231, 4), (232, 4), (298, 4), (299, 4)]
quirk('firewall-events', v9(template(9, 256, NSEL), data(
      256, NSEL, (1, A, B, 1234, 443, 6, 1, 0, 0, 0, 0), (1, A, B, 1234, 443, 6, 5, 180, 500, 3, 4),
      (2, A, B, 1235, 443, 6, 3, 0, 0, 0, 0), (1, A, B, 1234, 443, 6, 2, 60, 0, 1, 0))),
      WANT, {'src_host': B, 'dst_host': A, 'src_port': 443, 'dst_port': 1234, 'packets': 4, 'bytes': 500},
      and_(packets=1, bytes=60))
DELTAS = NSEL[1:7] + [(1, 8), (2, 8), (85, 8), (86, 8)]
quirk('totals-beside-empty-deltas', ipfix(template(10, 256, DELTAS), data(
      256, DELTAS, (A, B, 1234, 443, 6, 2, 0, 0, 65, 1), (B, A, 443, 1234, 6, 2, 120, 2, 120, 2))), WANT_OTHER)
HIGH = FLOW + [(33002, 2), (33000, 12), (40001, 4), (40003, 2)]
quirk('v9-numbers-above-32767', v9(template(9, 256, HIGH), data(256, HIGH, ROW + (2025, bytes(12), B, 40000))),
      and_(nat_src_host=B, nat_src_port=40000))
NAT = [(8, 4), (225, 4), (12, 4), (226, 4), (7, 2), (227, 2), (4, 1), (230, 1), (323, 8)]
quirk('nat-events', v9(template(9, 256, NAT), data(
      256, NAT, ('10.0.0.1', A, B, B, 1234, 40000, 6, 1, SECONDS * 1000)), template(9, 257, FLOW),
      data(257, FLOW, ROW)),
      WANT)
BOTH = FLOW[:5] + [(1, 8), (23, 8), (2, 8), (24, 8)]
quirk('in-and-out-counters', v9(template(9, 256, BOTH), data(
      256, BOTH, ROW[:5] + (180, 180, 3, 3), OTHER[:5] + (0, 120, 0, 2))), WANT, WANT_OTHER)
DUAL = FLOW + [(27, 16), (28, 16)]
quirk('ipv4-and-empty-ipv6', v9(template(9, 256, DUAL), data(
      256, DUAL, ROW + ('::', '::'), ('0.0.0.0', '0.0.0.0') + ROW[2:] + ('2001:db8::1', '2001:db8::2'))),
      and_(ip_protocol=4), and_(src_host='2001:db8::1', dst_host='2001:db8::2', ip_protocol=6))
OUTER = [(27, 16), (28, 16), (8, 4), (12, 4), (2, 4), (1, 4)]
quirk('outer-before-inner', ipfix(template(10, 256, OUTER), data(
      256, OUTER, ('2001:db8::1', '2001:db8::2', A, B, 3, 180))),
      {'src_host': '2001:db8::1', 'dst_host': '2001:db8::2', 'ip_protocol': 6})
STATUS = FLOW + [(89, 4), (61, 1)]
quirk('wide-forwarding-status', v9(template(9, 256, STATUS), data(256, STATUS, ROW + (64, 0))),
      and_(forwarding_status=64, flow_direction=0))
quirk('direction-255', ipfix(template(10, 256, STATUS), data(256, STATUS, ROW + (64, 255))), and_(flow_direction=None))
TOTALS = FLOW[:5] + [(86, 8), (85, 8)]
quirk('total-counters', ipfix(template(10, 256, TOTALS), data(256, TOTALS, ROW)), WANT)
PHYSICAL = FLOW + [(252, 4), (253, 4)]
quirk('physical-interfaces', v9(template(9, 256, PHYSICAL), data(256, PHYSICAL, ROW + (7, 8))),
      and_(input_interface=7, output_interface=8))
FAR = FLOW + [(81, 6), (57, 6), (254, 2)]
quirk('far-side-link', v9(template(9, 256, FAR), data(256, FAR, ROW + (0x020000000001, 0x020000000002, 7))),
      and_(src_mac='02:00:00:00:00:01', dst_mac='02:00:00:00:00:02', dst_vlan=7))
LABELS = FLOW + [(70 + i, 3) for i in range(6)]
quirk('labels-beyond-bottom', v9(template(9, 256, LABELS), data(
      256, LABELS, ROW + (16004 << 4, 24001 << 4 | 1, 0, 0, 0, 0), OTHER + (16004 << 4, 0, 0, 0, 0, 0))),
      and_(mpls_labels=['16004', '24001']), {**WANT_OTHER, 'mpls_labels': ['16004']})
TABLES = FLOW + [(234, 4), (95, 4)]
TABLE, APPLICATION = [(1, 4), (234, 4), (236, 8)], [(1, 4), (95, 4), (96, 8)]
quirk('names-in-options', v9(
      options9(257, TABLE[:1], TABLE[1:]), data(257, TABLE, (0, 7, b'mgmt'.ljust(8, b'\0'))),
      options9(258, APPLICATION[:1], APPLICATION[1:]), data(258, APPLICATION, (0, 0x0d0001c5, b'ssl'.ljust(8, b'\0'))),
      template(9, 256, TABLES), data(256, TABLES, ROW + (7, 0x0d0001c5), OTHER + (0, 0x03000035))),
      and_(vrf='mgmt', application='ssl'), {**WANT_OTHER, 'vrf': None, 'application': '3:53'})
quirk('icmp-in-port', v9(T9, data(256, FLOW, (A, B, 0, 0x0800, 1, 3, 180))),
      {'src_host': A, 'proto': 1, 'icmp_type': 0x800, 'dst_port': 0x800})
ICMP = FLOW[:2] + [(32, 2), (2, 4), (1, 4)]
ICMP6 = [(27, 16), (28, 16), (178, 1), (179, 1), (2, 4), (1, 4)]
quirk('icmp-without-protocol', ipfix(template(10, 256, ICMP), data(256, ICMP, (A, B, 0x0800, 3, 180)), template(
      10, 257, ICMP6), data(257, ICMP6, ('2001:db8::1', '2001:db8::2', 135, 0, 1, 72))),
      {'src_host': A, 'proto': 1, 'icmp_type': 0x800}, {'src_host': '2001:db8::1', 'proto': 58, 'icmp_type': 0x8700})
AVC = [(12236, 4, 9), (12237, 4, 9), (4, 1), (12240, 2, 9), (12241, 2, 9), (95, 4), (231, 8), (298, 8), (232, 8),
       (299, 8)]
quirk('client-and-server', ipfix(template(10, 256, AVC), data(
      256, AVC, (A, B, 6, 1234, 443, b'\x0d\0\1\xc5', 180, 3, 500, 4))),
      and_(application='13:453'),
      {'src_host': B, 'dst_host': A, 'src_port': 443, 'dst_port': 1234, 'packets': 4, 'bytes': 500})
PAN = FLOW + [(346, 4), (56701, 32), (56702, 64)]
quirk('palo-alto-app-id', v9(template(9, 256, PAN), data(
      256, PAN, ROW + (25461, b'web-browsing'.ljust(32, b'\0'), b'alice'.ljust(64, b'\0')))),
      and_(application='web-browsing'))
NTOP9, NTOP = FLOW + [(57590, 2), (57591, 16)], FLOW + [(118, 2, 35632), (119, 16, 35632)]
quirk('nprobe-application', [v9(template(9, 256, NTOP9), data(256, NTOP9, ROW + (5, b'DNS.Google'.ljust(16, b'\0')))),
      ipfix(template(10, 256, NTOP), data(256, NTOP, OTHER + (7, b'HTTP'.ljust(16, b'\0'))))],
      and_(application='DNS.Google'), {**WANT_OTHER, 'application': 'HTTP'})
DSCP = FLOW + [(195, 1)]
quirk('dscp-alone', ipfix(template(10, 256, DSCP), data(256, DSCP, ROW + (46,))), and_(tos=184))
VMWARE = FLOW + [(880, VAR, 6876), (888, 2, 6876), (61, 1)]
quirk('enterprise-elements', ipfix(template(10, 256, VMWARE), data(256, VMWARE, ROW + (b'\4\1\2\3\4', 1, 1))),
      and_(flow_direction=1))
REV = FLOW[:5] + [(86, 8), (86, 8, REVERSE), (85, 8), (85, 8, REVERSE), (40, 2, 6871)]
quirk('two-flows-in-a-record', ipfix(template(10, 256, REV), data(
      256, REV, ROW[:5] + (3, 4, 180, 500, 0), OTHER[:5] + (2, 0, 120, 0, 0))),
      WANT, {'src_host': B, 'dst_host': A, 'src_port': 443, 'packets': 4, 'bytes': 500}, WANT_OTHER)
quirk('statistics-as-data', ipfix(template(10, 300, [(144, 4), (129, 4, 5951), (41, 8)]), data(
      300, [(144, 4), (129, 4), (41, 8)], (1, 2, 3)), T10, D), WANT)
quirk('messages-end-to-end', v5((A, B, 3, 180)) + v5((B, A, 2, 120), seq=1), WANT, WANT_OTHER)


IP = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 1500, 1, 0, 63, 6, 0, socket.inet_aton(A), socket.inet_aton(B))
FRAME = bytes(12) + b'\x08\0' + IP + struct.pack('>HHIIBBHHH', 1234, 443, 1, 1, 0x50, 0x18, 1024, 0, 0)
RAW = struct.pack('>IIIIII', 1, 16 + 52, 1, 1518, 4, 52) + FRAME[:52]
ROUTER = struct.pack('>IIIIII', 1002, 16, 1, 0xcb007109, 0xffffff00, 0xfffff800)
WANT_SAMPLE = {'src_host': A, 'dst_host': B, 'src_port': 1234, 'dst_port': 443, 'tcpflags': 24, 'packets': 1,
               'bytes': 1500, 'sampling_rate': 512}


def sflow(*records, agent='192.0.2.10'):
    sample = struct.pack('>IIIIIIII', 1, 7, 512, 1024, 0, 1, 2, len(records)) + b''.join(records)
    return struct.pack('>II4sIIIIII', 5, 1, socket.inet_aton(agent), 0, 1, UPTIME, 1, 1, len(sample)) + sample


quirk('sflow-short-headers', sflow(RAW), WANT_SAMPLE)
quirk('sflow-netmasks', sflow(RAW, ROUTER), {**WANT_SAMPLE, 'next_hop': '203.0.113.9', 'src_mask': 24, 'dst_mask': 21})
quirk('sflow-agent-loopback', sflow(RAW, agent='127.0.0.1'), {**WANT_SAMPLE, 'exporter_ip': '192.0.2.10'})


def capture(datagrams, ports):
    """pcap: Ethernet, IPv4 from 192.0.2.10, UDP to port 2055."""
    out = struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    for i, d in enumerate(datagrams):
        udp = struct.pack('>HHHH', ports[i % len(ports)], 2055, 8 + len(d), 0) + d
        frame = b'\2\0\0\0\0\1\2\0\0\0\0\2\x08\0' + struct.pack(
            '>BBHHHBBH4s4s', 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes([192, 0, 2, 10]),
            bytes([198, 51, 100, 10])) + udp
        out += struct.pack('<IIII', SECONDS + 1 + i, 0, len(frame), len(frame)) + frame
    return out


for name_, (datagrams_, rows_, ports_) in quirks.items():
    with open(os.path.join(sys.argv[1], name_ + '.pcap'), 'wb') as f:
        f.write(capture(datagrams_, ports_))
    with open(os.path.join(sys.argv[1], name_ + '.json'), 'w', encoding='utf-8') as f:
        f.writelines(json.dumps(r) + '\n' for r in rows_)
    with open(os.path.join(sys.argv[2], 'quirk-' + name_), 'wb') as f:
        f.write(b''.join(struct.pack('>BH', 0, len(d)) + d for d in datagrams_))
