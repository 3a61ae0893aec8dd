"""The golden events of logstash-codec-netflow: some of a capture's records in full, and single fields of others."""
import json

from model import REVERSE, Record
from names import ABSOLUTE, IANA, ip, iso_ms

V9 = {'in_bytes': 1, 'in_pkts': 2, 'protocol': 4, 'src_tos': 5, 'tcp_flags': 6, 'l4_src_port': 7,
      'ipv4_src_addr': 8, 'src_mask': 9, 'input_snmp': 10, 'l4_dst_port': 11, 'ipv4_dst_addr': 12, 'dst_mask': 13,
      'output_snmp': 14, 'ipv4_next_hop': 15, 'src_as': 16, 'dst_as': 17, 'bgp_ipv4_next_hop': 18,
      'last_switched': 153, 'first_switched': 152, 'out_bytes': 23, 'out_pkts': 24, 'in_src_mac': 56,
      'out_dst_mac': 57, 'src_vlan': 58, 'dst_vlan': 59, 'ip_protocol_version': 60, 'direction': 61, 'in_dst_mac': 80,
      'out_src_mac': 81, 'icmp_type': 176, 'icmp_code': 177, 'xlate_src_addr_ipv4': 225,
      'xlate_dst_addr_ipv4': 226, 'xlate_src_port': 227, 'xlate_dst_port': 228, 'fw_event': 233,
      'in_permanent_bytes': 85, 'event_time_msec': 323, 'flow_start_msec': 152, 'tcp_src_port': 182,
      'udp_dst_port': 181}
EXTRA = {'reverseOctetTotalCount': (REVERSE, 85), 'reversePacketTotalCount': (REVERSE, 86),
         'reverseIpClassOfService': (REVERSE, 5), 'reverseVlanId': (REVERSE, 58)}


def when(name, ms, sent):
    """Of times of uptime it keeps a second that was borrowed from, and wraps no uptime."""
    if name in ('first_switched', 'last_switched') and sent:
        ms -= 1000 if ms % 1000 > sent % 1000 else 0
        ms -= 1 << 32 if ms - sent > 1 << 31 else 0
    return ms


def value(key, name, v, sent):
    if isinstance(v, str):
        if v[-1:] == 'Z':
            return when(name, iso_ms(v), sent)
        if key in (8, 12, 15, 18, 27, 28, 62, 63, 225, 226, 281, 282):
            return ip(v)
    return v


def elements(event, sent=None):
    out = {}
    for name, v in event.items():
        key = IANA.get(name) or V9.get(name) or EXTRA.get(name)
        if name == 'forwarding_status':
            out[89] = v['status'] << 6 | v['reason']
        elif name == 'application_id':
            out[95] = v.replace('..', ':')
        elif key is not None:
            out[ABSOLUTE.get(key, key)] = value(key, name, v, sent)
    return out


def options(event):
    """Its events of options records: they tell of the exporter, and have neither addresses nor packets."""
    return not any('addr' in k.lower() for k in event if k not in ('exporterIPv4Address', 'exporterIPv6Address')) \
        and 'ethernetType' not in event


def read(path):
    """(records, the number of events that the codec is expected to give, or None)"""
    with open(path, encoding='utf-8') as f:
        golden = json.load(f)
    events = [e['netflow'] for e in golden['json_events']]
    sent = [iso_ms(e['@timestamp']) for e in golden['json_events']]
    checks = {}
    for c in golden['field_checks']:
        checks.setdefault(c['event'], {})[c['field']] = c['value']
    records = [Record(elements(e, t), e.get('version'), t, options=options(e)) for e, t in zip(events, sent)]
    # Single fields tell of flows too where they name a field of ours.
    single = [Record(elements(c)) for c in checks.values()] if not options(events[0] if events else {}) else []
    return records, [r for r in single if r.elements], golden['expected_event_count']
