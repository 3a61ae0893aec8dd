"""NetGauze's JSON of the messages of a capture, one message a line."""
import json

from model import Record
from names import ABSOLUTE, FLAG_BITS, IANA, ip, iso_ms, protocol

STATUS = {'Unknown': 0, 'Forwarded': 64, 'Dropped': 128, 'Consumed': 192}
# RFC 7270 section 4.12, as far as the captures go.
REASON = {'Unknown': 0, 'Forus': 3}
END_REASON = {'idletimeout': 1, 'activetimeout': 2, 'endofFlowdetected': 3, 'forcedend': 4, 'lackofresources': 5}
PROTOCOL = {'IPv4': 4, 'IPv6': 41, 'IPv6ICMP': 58, 'VRRP': 112, 'OSPFIGP': 89}


def value(name, v):
    if name in ('sourceIPv4Address',) or 'Address' in name and 'Mac' not in name:
        return ip(v)
    if name == 'protocolIdentifier':
        return PROTOCOL.get(v) or protocol(v)
    if name == 'tcpControlBits':
        return sum(FLAG_BITS[k[0]] for k, on in v.items() if on)
    if name == 'forwardingStatus':
        (status, reason), = v.items() if isinstance(v, dict) else [(v, 'Unknown')]
        return STATUS[status] + REASON[reason]
    if name == 'flowDirection':
        return {'ingress': 0, 'egress': 1}[v] if isinstance(v, str) else v['Unassigned']
    if name == 'flowEndReason':
        return END_REASON[v]
    if name.startswith('mpls'):
        return int.from_bytes(bytes(v), 'big')
    return iso_ms(v) if isinstance(v, str) and v.endswith('Z') else v


def elements(fields):
    out = {}
    for field in fields:
        (name, v), = field.items()
        if name in IANA:
            key = IANA[name]
            out.setdefault(ABSOLUTE.get(key, key), value(name, v))
    return out


def read(path):
    records, options = [], set()
    with open(path, encoding='utf-8') as f:
        messages = [json.loads(line) for line in f]
    for message in messages:
        (kind, m), = message.items()
        head = {'version': m['version']}
        if kind == 'IPFIX':
            head.update(export_ms=iso_ms(m['export_time']), domain=m['observation_domain_id'])
        else:
            head.update(export_ms=iso_ms(m['unix_time']), uptime_ms=m['sys_up_time'], domain=m['source_id'])
        for sets in m['sets']:
            (what, body), = sets.items()
            if what == 'OptionsTemplate':
                options |= {(head['domain'], t['id']) for t in body}
            elif what == 'Data':
                for r in body['records']:
                    scoped = bool(r['scope_fields']) or (head['domain'], body['id']) in options
                    records.append(Record(elements(r['scope_fields'] + r['fields']), options=scoped, **head))
    return records
