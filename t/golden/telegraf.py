"""telegraf's expected.out: a line of InfluxDB's protocol for each record, its fields in no order."""
import re

from model import REVERSE, Record
from names import FLAG_BITS, ip, protocol

NUMBER = {'src_port': 7, 'dst_port': 11, 'in_bytes': 1, 'in_packets': 2, 'in_total_bytes': 85, 'in_total_packets': 86,
          'out_bytes': 23, 'vlan_src': 58, 'flow_start_ms': 152, 'flow_end_ms': 153, 'first_switched': 22,
          'last_switched': 21, 'bgp_src_as': 16, 'bgp_dst_as': 17, 'src_mask': 9, 'dst_mask': 13, 'in_snmp': 10,
          'out_snmp': 14, 'observation_domain_id': 149}
END_REASON = {'idle timeout': 1, 'active timeout': 2, 'end of flow': 3, 'forced end': 4, 'lack of resources': 5}
# Of packets it writes in hex what it has no name for.
OTHERS = {'type_29305_5': 5, 'type_29305_58': 58, 'type_29305_85': 85, 'type_29305_86': 86}


def flags(text):
    return sum(bit for letter, bit in FLAG_BITS.items() if letter in text)


def elements(pairs):
    out = {}
    for name, v in pairs.items():
        if name in NUMBER:
            out[NUMBER[name]] = int(v.rstrip('u'))
        elif name in OTHERS:
            out[(REVERSE, OTHERS[name])] = int(v, 16)
        elif name in ('src', 'dst'):
            out[{'src': 8, 'dst': 12}[name] if ':' not in v else {'src': 27, 'dst': 28}[name]] = ip(v)
        elif name == 'protocol':
            out[4] = protocol(v)
        elif name == 'src_tos':
            out[5] = int(v, 16)
        elif name == 'tcp_flags':
            out[6] = flags(v)
        elif name == 'next_hop':
            out[15] = ip(v)
        elif name == 'flow_end_reason':
            out[136] = END_REASON[v]
        elif name == 'direction':
            out[61] = {'ingress': 0, 'egress': 1}[v]
    return out


def read(path):
    records = []
    with open(path, encoding='utf-8') as f:
        for line in f:
            if not line.startswith('netflow,'):
                continue
            body = line.split(' ', 1)[1]
            pairs = {k: v.strip('"') for k, v in re.findall(r'(\w+)=("[^"]*"|[^, ]+)', body)}
            found = elements(pairs)
            # Options records carry no addresses.
            records.append(Record(found, options='src' not in pairs))
    return records
