"""netflow_parser's snapshots (YAML) of what it read of one test's datagrams."""
import glob

import yaml

from model import CISCO, Record
from names import ABSOLUTE, FLAG_BITS, IANA, PROTOCOLS, ip

LOWER = {k.lower(): v for k, v in IANA.items()}
V9 = {'InBytes': 1, 'InPkts': 2, 'Protocol': 4, 'SrcTos': 5, 'TcpFlags': 6, 'L4SrcPort': 7, 'Ipv4SrcAddr': 8,
      'SrcMask': 9, 'InputSnmp': 10, 'L4DstPort': 11, 'Ipv4DstAddr': 12, 'DstMask': 13, 'OutputSnmp': 14,
      'Ipv4NextHop': 15, 'SrcAs': 16, 'DstAs': 17, 'BgpIpv4NextHop': 18, 'LastSwitched': 21, 'FirstSwitched': 22,
      'OutBytes': 23, 'OutPkts': 24, 'Ipv6SrcAddr': 27, 'Ipv6DstAddr': 28, 'Ipv6SrcMask': 29, 'Ipv6DstMask': 30,
      'Ipv6FlowLabel': 31, 'InSrcMac': 56, 'OutDstMac': 57, 'SrcVlan': 58, 'DstVlan': 59, 'IpProtocolVersion': 60,
      'Direction': 61, 'Ipv6NextHop': 62}
ENTERPRISE = {'CiscoClientIpv4Address': 12236, 'CiscoServerIpv4Address': 12237, 'CiscoClientL4Port': 12240,
              'CiscoServerL4Port': 12241}
FIXED = {'src_addr': 8, 'dst_addr': 12, 'next_hop': 15, 'input': 10, 'output': 14, 'd_pkts': 2, 'd_octets': 1,
         'first': 22, 'last': 21, 'src_port': 7, 'dst_port': 11, 'tcp_flags': 6, 'protocol_number': 4, 'tos': 5,
         'src_as': 16, 'dst_as': 17, 'src_mask': 9, 'dst_mask': 13}
NTP = 2208988800  # seconds from 1900, which it shows as they come, to 1970


def key_of(name):
    if isinstance(name, str):
        return V9.get(name)
    (whose, what), = name.items()
    if isinstance(what, dict):
        return None
    if whose == 'IANA':
        return LOWER.get(str(what).lower())
    if whose == 'IanaAssigned':
        return what
    return (CISCO, ENTERPRISE[what]) if whose == 'Cisco' and what in ENTERPRISE else None


def value(v):
    (kind, what), = v.items()
    if kind == 'DataNumber':
        return next(iter(what.values()))
    if kind in ('Ip4Addr', 'Ip6Addr'):
        return ip(what)
    if kind == 'Duration':
        return (what['secs'] - (NTP if what['secs'] > NTP else 0)) * 1000 + what['nanos'] // 1000000
    if kind == 'ProtocolType':
        return 61 if what == 'Anydistributedprotocol' else PROTOCOLS.get(what.lower())
    if kind == 'TcpControlBits':
        return sum(FLAG_BITS[k[0].upper()] for k, on in what.items() if on and k != 'ns')
    if kind == 'ApplicationId':
        return f"{what['classification_engine_id']}:{next(iter(what['selector_id'].values()))}"
    if kind == 'Vec' and len(what) <= 8:
        return int.from_bytes(bytes(what), 'big')
    return what


def elements(fields):
    out = {}
    for name, v in fields:
        key = key_of(name)
        if key is not None and isinstance(v, dict):
            out.setdefault(ABSOLUTE.get(key, key), value(v))
    return {k: v for k, v in out.items() if v is not None}


def head_of(kind, h):
    if kind == 'IPFix':
        return {'version': 10, 'export_ms': h['export_time'] * 1000, 'domain': h['observation_domain_id']}
    head = {'version': h['version'], 'uptime_ms': h['sys_up_time'],
            'export_ms': h['unix_secs'] * 1000 + h.get('unix_nsecs', 0) // 1000000}
    if kind == 'V9':
        head['domain'] = h['source_id']
    return head


def document(path):
    with open(path, encoding='utf-8') as f:
        return list(yaml.safe_load_all(f))[1]


def messages(path):
    """(kind, message) of those that it could read."""
    told = document(path)
    for message in told if isinstance(told, list) else []:
        if isinstance(message, dict):
            yield from ((k, m) for k, m in message.items() if k in ('V5', 'V7', 'V9', 'IPFix') and isinstance(m, dict))


def datagrams(base, index, test):
    """What the test reads: byte arrays taken from it, or the bytes that a test of writing gives back unchanged."""
    names = [x['file'] for x in index if x['function'] == test]
    if test == 'it_parses_ipfix_multiple_flow_records':
        names = [x['file'] for x in index if x['function'] == 'it_parses_ipfix_multiple_templates'] + names
    if names:
        return [open(f'{base}/extracted/{n}', 'rb').read() for n in names]
    written = glob.glob(f'{base}/src/snapshots/*__{test}_and_re_exports.snap')
    return [bytes(document(written[0]))] if written else []


def read(path):
    records = []
    for kind, m in messages(path):
        head = head_of(kind, m['header'])
        for s in m.get('flowsets') or m.get('sets') or []:
            if kind in ('V5', 'V7'):
                fixed = {FIXED[k]: ip(v) if k in ('src_addr', 'dst_addr', 'next_hop') else v
                         for k, v in s.items() if k in FIXED}
                records.append(Record(fixed, **head))
                continue
            body = s.get('body')
            for r in (body.get('Data') or {}).get('fields', []) if isinstance(body, dict) else []:
                records.append(Record(elements(r), **head))
    return records
