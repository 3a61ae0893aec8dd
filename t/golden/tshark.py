"""tshark -T json: every element of every record of a capture."""
import json
import re

from model import CISCO, REVERSE, Record
from names import ABSOLUTE, ip, tshark_ms

INT = {'protocol': 4, 'srcport': 7, 'dstport': 11, 'ip_ttl': 192, 'ttl_min': 52, 'ttl_max': 53, 'icmp_ipv4_type': 176,
       'icmp_ipv4_code': 177, 'icmp_ipv6_type': 178, 'icmp_ipv6_code': 179, 'fragment_offset': 88,
       'ipv6flowlabel': 31, 'vlanid': 58, 'post_vlanid': 59, 'dot1q_vlan_id': 243, 'post_dot1q_vlan_id': 254,
       'inputint': 10, 'outputint': 14, 'ingress_physical_interface': 252, 'egress_physical_interface': 253,
       'direction': 61, 'flow_end_reason': 136, 'packets': 2, 'octets': 1, 'post_packets': 24, 'post_octets': 23,
       'permanent_packets': 86, 'permanent_octets': 85, 'initiator_octets': 231, 'responder_octets': 232,
       'initiator_packets': 298, 'responder_packets': 299, 'srcmask': 9, 'dstmask': 13, 'srcmaskv6': 29,
       'dstmaskv6': 30, 'srcas': 16, 'dstas': 17, 'peer_srcas': 129, 'peer_dstas': 128, 'od_id': 149,
       'ingress_vrfid': 234, 'firewall_event': 233, 'sampler_id': 48, 'selector_id': 302,
       'sampling_interval': 34, 'sampler_random_interval': 50, 'sampling_packet_interval': 305,
       'sampling_packet_space': 306, 'sampling_size': 309, 'sampling_population': 310, 'scope_interface': 10,
       'nat_event': 230, 'ip_version': 60, 'ip_dscp': 195,
       'post_naptsource_transport_port': 227, 'post_naptdestination_transport_port': 228,
       'pie.cisco.connection_client_transport_port': (CISCO, 12240),
       'pie.cisco.connection_server_transport_port': (CISCO, 12241)}
HEX = {'tos': 5, 'tcpflags': 6, 'icmp_type_code_ipv4': 32, 'icmp_type_code_ipv6': 139}
ADDRESS = {'srcaddr': 8, 'dstaddr': 12, 'srcaddrv6': 27, 'dstaddrv6': 28, 'nexthop': 15, 'nexthopv6': 62,
           'bgpnexthop': 18, 'bgpnexthopv6': 63, 'post_natsource_ipv4_address': 225,
           'post_natdestination_ipv4_address': 226, 'pie.cisco.connection_client_ipv4_address': (CISCO, 12236),
           'pie.cisco.connection_server_ipv4_address': (CISCO, 12237)}
TEXT = {'srcmac': 56, 'post_dstmac': 57, 'dstmac': 80, 'post_srcmac': 81, 'appl_name': 96, 'vrfname': 236,
        'if_name': 82, 'if_descr': 83}
TIME = {'abstimestart': 152, 'abstimeend': 153, 'sys_init_time': 160, 'observation_time_milliseconds': 323}
UPTIME = {'timestart': 22, 'timeend': 21}
# ASA of NetFlow v9 has its own numbers for what tshark shows under one name.
ASA = {40001: 225, 40002: 226, 40003: 227, 40004: 228, 40005: 233}

CONVERT = {}
for table, how in ((INT, int), (HEX, lambda v: int(v, 16)), (ADDRESS, ip), (TEXT, str), (TIME, tshark_ms),
                   (UPTIME, lambda v: round(float(v) * 1000))):
    for name, key in table.items():
        CONVERT['cflow.' + name] = (key, how)


def listed(v):
    return v if isinstance(v, list) else [v]


def take(node, found):
    """Collects a flow's elements: {element: [values, as often as it is repeated]}."""
    for k, v in node.items():
        if k == 'Forwarding Status':
            code = [int(x) for n, x in v.items() if n.endswith('_code')]
            found.setdefault(89, []).append(int(v['cflow.forwarding_status']) << 6 | (code[0] if code else 0))
        elif m := re.match(r'MPLS-Label(\d+):', k):
            entry = int(v['cflow.mpls_label']) << 4 | int(v['cflow.mpls_exp']) << 1 | int(v['cflow.mpls_bos'])
            found.setdefault(69 + int(m[1]), []).append(entry)
        elif k == 'cflow.appl_id.classification_engine_id':
            selector = int(node['cflow.appl_id.selector_id'].replace(':', ''), 16)
            found.setdefault(95, []).append(f'{v}:{selector}')
        elif k in CONVERT:
            key, how = CONVERT[k]
            found.setdefault(key, []).extend(how(x) for x in listed(v))
        for inner in listed(v):
            if isinstance(inner, dict) and not k.startswith(('Forwarding', 'MPLS')):
                take(inner, found)


def record(node, template):
    found = {}
    take(node, found)
    # The template tells which of the values of one name is of the reverse flow.
    order = {}
    for pen, number in template or []:
        key = ASA.get(number, ABSOLUTE.get(number, number))
        if pen == CISCO:
            key = (CISCO, number)
        order.setdefault(key, []).append(pen)
    elements = {}
    for key, values in found.items():
        pens = order.get(key, [0])
        for i, v in enumerate(values):
            pen = pens[i] if i < len(pens) else 0
            elements.setdefault((REVERSE, key) if pen == REVERSE else key, v)
    # It shows an uptime of 0 as an absolute time.
    for absolute, relative in ((152, 22), (153, 21)):
        if template and relative in order and absolute not in order and absolute in elements:
            elements[relative] = elements.pop(absolute)
    return elements


class Reader:
    def __init__(self):
        self.templates = {}  # (exporter, domain, id): ([(pen, number)], is options)

    def template(self, where, node, options):
        fields = []
        for k, v in node.items():
            if k.startswith('Field') and isinstance(v, dict):
                number = v.get('cflow.template_field_type', v.get('cflow.template_ipfix_field_type',
                               v.get('cflow.template_ipfix_field_type_enterprise', '0')))
                if v['cflow.template_field_length'] != '0':
                    fields.append((int(v.get('cflow.template_ipfix_field_pen', 0)), int(number)))
        self.templates[where + (int(node['cflow.template_id']),)] = (fields, options)

    def flow_set(self, where, node, head):
        records = []
        for k, v in node.items():
            if not isinstance(v, dict):
                continue
            if k.startswith('Options Template ('):
                self.template(where, v, True)
            elif k.startswith('Template ('):
                self.template(where, v, False)
            elif k.startswith('Flow '):
                template, options = self.templates.get(where + (int(node['cflow.flowset_id']),), (None, False))
                records.append(Record(record(v, template), options=options, **head))
        return records

    def message(self, exporter, node):
        version = int(node['cflow.version'])
        head = {'version': version, 'exporter': exporter, 'export_ms': tshark_ms(node['cflow.timestamp'])}
        if version == 9:
            head['export_ms'] = head['export_ms'] // 1000 * 1000
        if version != 10:
            head['uptime_ms'] = round(float(node['cflow.sysuptime']) * 1000)
        if version == 5 and int(node['cflow.samplerate']):
            head['header_rate'] = int(node['cflow.samplerate'])
        if version >= 9:
            head['domain'] = int(node['cflow.source_id' if version == 9 else 'cflow.od_id'])
        records = []
        for k, v in node.items():
            if k.startswith('pdu '):
                records.append(Record(record(v, None), **head))
            elif re.match(r'(Flow)?Set \d+ ', k) and isinstance(v, dict):
                records += self.flow_set((exporter, version, head.get('domain')), v, head)
        return records


def read(path):
    """The records of a capture, by what tshark made of it."""
    with open(path, encoding='utf-8') as f:
        packets = json.load(f)
    reader, records = Reader(), []
    for p in packets:
        layers = p['_source']['layers']
        exporter = (layers.get('ip') or layers['ipv6'])['ip.src' if 'ip' in layers else 'ipv6.src']
        for node in listed(layers.get('cflow', [])):
            if isinstance(node, dict) and 'cflow.version' in node:
                records += reader.message(exporter, node)
    return records
