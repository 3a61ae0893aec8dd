"""nfdump -o json: the flows of a capture that nfcapd stored. Absent and zero are one to it."""
import json

from model import REVERSE, Record
from names import FLAG_BITS, ip, iso_ms

INT = {'in_packets': 2, 'in_bytes': 1, 'proto': 4, 'src_port': 7, 'dst_port': 11, 'src_tos': 5, 'input_snmp': 10,
       'output_snmp': 14, 'src_mask': 9, 'dst_mask': 13, 'src_as': 16, 'dst_as': 17, 'src_vlan': 58, 'dst_vlan': 59,
       'fwd_status': 89, 'direction': 61, 'ingress_vrf': 234, 'src_xlt_port': 227, 'dst_xlt_port': 228,
       'event_id': 233, 'out_packets': 24, 'out_bytes': 23}
ADDRESS = {'src4_addr': 8, 'dst4_addr': 12, 'src6_addr': 27, 'dst6_addr': 28, 'ip4_next_hop': 15,
           'ip6_next_hop': 62, 'bgp4_next_hop': 18, 'bgp6_next_hop': 63, 'src4_xlt_ip': 225, 'dst4_xlt_ip': 226}
MAC = {'in_src_mac': 56, 'out_dst_mac': 57, 'in_dst_mac': 80, 'out_src_mac': 81}
# What it does not store of every protocol, and shows as 0 then.
UNSURE = {'src_mask', 'dst_mask', 'fwd_status'}


def flags(text):
    if text.startswith('0x'):
        return int(text, 16)
    return sum(bit for letter, bit in FLAG_BITS.items() if letter in text)


def label(text):
    name, exp, bottom = (int(x) for x in text.split('-'))
    return name << 4 | exp << 1 | bottom


def elements(flow, two_ways):
    out = {}
    for name, v in flow.items():
        if name in INT and not (name in UNSURE and v == 0):
            out[INT[name]] = int(v)
        elif name in ADDRESS:
            out[ADDRESS[name]] = ip(v)
        elif name in MAC:
            out[MAC[name]] = v
        elif name.startswith('mpls_'):
            out[69 + int(name[5:])] = label(v)
    if 'tcp_flags' in flow:
        out[6] = flags(flow['tcp_flags'])
    for name, key in (('first', 152), ('last', 153), ('t_event', 323)):
        if not flow.get(name, '1970').startswith('1970'):
            out[key] = iso_ms(flow[name])
    if flow.get('proto') in (1, 58):
        # The port holds type and code, if it does not show them apart; where it shows zeros it may not know them.
        port = out.pop(11, None)
        if flow.get('icmp_type') or flow.get('icmp_code'):
            out[32] = flow['icmp_type'] << 8 | flow['icmp_code']
        elif port is not None:
            out[32] = port
    if two_ways and 24 in out:
        out[(REVERSE, 2)], out[(REVERSE, 1)] = out.pop(24), out.pop(23)
    return out


def read(path, two_ways=False):
    """two_ways: its out_packets and out_bytes are those of the reverse flow."""
    with open(path, encoding='utf-8') as f:
        text = f.read()
    flows = [] if 'No matching flows' in text else json.loads(text)
    return [Record(elements(f, two_ways)) for f in flows]
