"""What a flow record should become, told from its information elements.

A golden file is read into Records: the elements of one record by IANA number (those of an enterprise by
(pen, number)), as another program decoded them. rows() says which rows of ours follow, by the rules of lib/decode's
headers and nothing of its code.
"""
import ipaddress

REVERSE = 29305  # RFC 5103
CISCO = 9


class Record:
    """One data record: elements, and the message it came in."""

    def __init__(self, elements=None, version=None, export_ms=None, uptime_ms=None, domain=None, options=False,
                 header_rate=None, exporter=None):
        self.elements = elements if elements is not None else {}
        self.version = version
        self.export_ms = export_ms
        self.uptime_ms = uptime_ms
        self.domain = domain
        self.options = options
        self.header_rate = header_rate
        self.exporter = exporter

    def get(self, key):
        return self.elements.get(key)


# Our field: the elements that give it, in groups. Of the first group that is there, the first that is not zero counts.
SOURCES = {
    'src_host': [[8, 27], [(CISCO, 12236)]], 'dst_host': [[12, 28], [(CISCO, 12237)]],
    'src_port': [[7, 180, 182], [(CISCO, 12240)]], 'dst_port': [[11, 181, 183], [(CISCO, 12241)]],
    'proto': [[4]], 'tcpflags': [[6]], 'tos': [[5]], 'ttl': [[192], [52], [53]],
    'fragment_offset': [[88]], 'flow_label': [[31]],
    'src_mac': [[56, 81]], 'dst_mac': [[80, 57]], 'src_vlan': [[58, 243]], 'dst_vlan': [[59, 254]],
    'input_interface': [[10], [252]], 'output_interface': [[14], [253]],
    'forwarding_status': [[89]], 'flow_end_reason': [[136]],
    'packets': [[2, 24], [86], [298]], 'bytes': [[1, 23], [85], [231], [352]],
    'next_hop': [[15, 62]], 'bgp_next_hop': [[18, 63]], 'src_mask': [[9, 29]], 'dst_mask': [[13, 30]],
    'nat_src_host': [[225, 281], [40001]], 'nat_dst_host': [[226, 282], [40002]],
    'nat_src_port': [[227], [40003]], 'nat_dst_port': [[228], [40004]],
    'src_as': [[16]], 'dst_as': [[17]], 'peer_src_as': [[129]], 'peer_dst_as': [[128]],
}
PAIRS = [('src_host', 'dst_host'), ('src_port', 'dst_port'), ('src_mac', 'dst_mac'), ('src_vlan', 'dst_vlan'),
         ('input_interface', 'output_interface'), ('src_mask', 'dst_mask'), ('src_as', 'dst_as'),
         ('peer_src_as', 'peer_dst_as'), ('nat_src_host', 'nat_dst_host'), ('nat_src_port', 'nat_dst_port')]
OTHER_WAY = dict(PAIRS + [(b, a) for a, b in PAIRS])
# Of the direction that the record names; a reverse flow has its own or none.
ONE_WAY = {'packets', 'bytes', 'next_hop', 'bgp_next_hop', 'tcpflags', 'flow_direction', 'forwarding_status'}
RESPONDER = {231: 232, 298: 299}
# Beside SOURCES, what makes a record one of a flow.
KNOWN = {21, 22, 60, 61, 95, 96, 149, 152, 153, 234, 236}
COUNTERS = [1, 2, 23, 24, 85, 86]
EVENTS = [233, 40005, 230]
# All that is compared; the rest of a row is ours or comes from other records.
FIELDS = sorted(list(SOURCES) + ['ip_protocol', 'icmp_type', 'flow_direction', 'mpls_labels', 'application', 'vrf',
                                 'input_interface_name', 'output_interface_name', 'input_interface_alias',
                                 'output_interface_alias', 'sampling_rate',
                                 'timestamp_start', 'timestamp_end', 'observation_domain'])


def is_zero(v):
    return v in (0, '', '00:00:00:00:00:00') or (isinstance(v, str) and v.strip('0:.') == '')


def first(values):
    there = [v for v in values if v is not None]
    useful = [v for v in there if not is_zero(v)]
    return useful[0] if useful else there[0] if there else None


def of_reverse(key):
    return (REVERSE, key) if isinstance(key, int) else None


def pick(rec, name, key_of=lambda k: k):
    for group in SOURCES[name]:
        keys = [key_of(k) for k in group]
        if name in ('src_host', 'dst_host'):
            # Of two addresses the first in the record is that of the packet on the wire (RFC 7011 section 8).
            keys = [k for k in rec.elements if k in keys]
        found = first(rec.get(k) for k in keys)
        if found is not None:
            return found
    return None


def fields(rec, reverse):
    row = {}
    for name in SOURCES:
        if not reverse:
            row[name] = pick(rec, name)
            continue
        own = first([pick(rec, name, of_reverse), pick(rec, name, RESPONDER.get)])
        if own is not None:
            row[name] = own
        elif name not in ONE_WAY:
            row.setdefault(OTHER_WAY.get(name, name), pick(rec, name))
    return {k: v for k, v in row.items() if v is not None}


def icmp(rec, row):
    """type * 256 + code: told of ICMP alone. Cisco puts it into the port where it has no element for it."""
    have = [k for k in (32, 139, 176, 178) if rec.get(k) is not None]
    if row.get('proto') not in (1, 58):
        return None
    if not have:
        return row.get('dst_port')
    typed = first([rec.get(176), rec.get(178)])
    whole = first([rec.get(32), rec.get(139)])
    if whole is not None:
        return whole
    return (typed & 255) << 8 | (first([rec.get(177), rec.get(179)]) or 0) & 255


def mpls(rec):
    """Elements 70-79 hold 20 bits of label, 3 of class, 1 of the stack's bottom."""
    labels = []
    for i in range(70, 80):
        v = rec.get(i)
        if v is None:
            continue
        if v == 0:
            break
        labels.append(str(v >> 4))
        if v & 1:
            break
    return labels or None


def uptime(rec, v):
    if v > 0xffffffff:
        return v
    if rec.uptime_ms is not None:
        ago = (rec.uptime_ms - v) & 0xffffffff
        return rec.export_ms - (ago - (1 << 32) if ago >> 31 else ago)
    init = rec.get(160)
    if init is None or rec.export_ms is None:
        return None
    t = init + v
    while t < rec.export_ms - (1 << 31):
        t += 1 << 32
    # softflowd reads captures that are older than itself: their times come before its start.
    return t - (1 << 32) if t > rec.export_ms + (1 << 31) else t


def times(rec, received_ms):
    """Readers give 152 and 153 for whatever absolute form the record has; 21 and 22 are of uptime."""
    start, end = rec.get(152), rec.get(153)
    if start is None and rec.get(22) is not None:
        start = uptime(rec, rec.get(22))
    if end is None and rec.get(21) is not None:
        end = uptime(rec, rec.get(21))
    if end is None and start and rec.get(161) is not None:
        end = start + rec.get(161)
    if end is None and rec.get(323) is not None:
        end = rec.get(323)
    start, end = start or end or received_ms, end or start or received_ms
    return min(start, end), end


def row_of(rec, reverse, names):
    row = fields(rec, reverse)
    if not any(k in row for k in ('proto', 'src_port', 'dst_port')):
        # softflowd's ICMP templates leave the protocol to their ICMP elements.
        row.update({'proto': p for p, ids in ((58, (139, 178)), (1, (32, 176))) if any(i in rec.elements for i in ids)})
    if rec.get(195) is not None:
        row.setdefault('tos', rec.get(195) << 2)
    row['icmp_type'] = icmp(rec, row)
    row['mpls_labels'] = mpls(rec)
    if rec.get(61) in (0, 1) and not reverse:
        row['flow_direction'] = rec.get(61)
    if 'forwarding_status' in row:
        row['forwarding_status'] &= 255
    for host in ('src_host', 'dst_host'):
        if row.get(host):
            row.setdefault('ip_protocol', ipaddress.ip_address(row[host]).version)
    row.setdefault('ip_protocol', rec.get(60))
    app = rec.get(95)
    row['application'] = rec.get(96) or names.get((96, app)) or app
    vrf = rec.get(234)
    row['vrf'] = rec.get(236) or names.get((236, vrf)) or (str(vrf) if vrf else None)
    for side in ('input', 'output'):
        index = row.get(side + '_interface')
        row[side + '_interface_name'], row[side + '_interface_alias'] = names.get((82, index)), names.get((83, index))
    row['sampling_rate'] = rate_of(rec, names)
    row['observation_domain'] = rec.get(149) if rec.get(149) is not None else rec.domain
    return {k: v for k, v in row.items() if v is not None}


def rate_told(rec):
    """RFC 5477 section 8.2. Nokia has 305 = 1 and 306 = N - 1; IOS XR has 305 = 1 beside 309 and 310."""
    if rec.get(34) or rec.get(50):
        return rec.get(34) or rec.get(50)
    if rec.get(305) and rec.get(306):
        return (rec.get(305) + rec.get(306)) // rec.get(305)
    if rec.get(309):
        return rec.get(310) // rec.get(309)
    return 1 if rec.get(305) else None


def learn(rec, names):
    """Options name interfaces, applications and VRFs, tell the sampling of a sampler or of all, and the init time."""
    for key, by in ((96, 95), (236, 234), (82, 10), (83, 10)):
        if rec.get(key) and rec.get(by) is not None:
            names[(key, rec.get(by))] = rec.get(key)
    if rec.get(160):
        names['init'] = rec.get(160)
    rate = rate_told(rec)
    if rate:
        sampler = first([rec.get(48), rec.get(302)])
        names[('rate', rec.domain, sampler)] = names[('last rate', rec.domain)] = names['last rate'] = rate


def rate_of(rec, names):
    """The record's own, its sampler's, its domain's, the exporter's; a header's."""
    own = rec.get(34) or rec.get(50) or (rate_told(rec) if rec.get(306) is not None else None)
    sampler = first([rec.get(48), rec.get(302)])
    return own or names.get(('rate', rec.domain, sampler)) or names.get(('rate', rec.domain, None)) \
        or names.get(('last rate', rec.domain)) or names.get('last rate') or rec.header_rate


def rows(records):
    """The rows that follow, in order, each with the record's own times under 'times' (they need a receive time)."""
    told, out = {}, []
    for rec in records:
        names = told.setdefault(rec.exporter, {})
        if rec.options:
            learn(rec, names)
            continue
        if rec.get(160) is None and names.get('init'):
            rec.elements[160] = names['init']
        if not (fields(rec, False).keys() or rec.elements.keys() & KNOWN):
            continue
        two = rec.get(232) is not None or rec.get(299) is not None or any(
            rec.get(of_reverse(k)) is not None for k in COUNTERS)
        event = any(rec.get(k) is not None for k in EVENTS)
        ways = [row_of(rec, way, names) for way in ([False, True] if two else [False])]
        if two or event:
            counted = [r for r in ways if r.get('packets') or r.get('bytes')]
            ways = counted if counted or event else ways[:1]
        for r in ways:
            r['record'] = rec
            out.append(r)
    return out


def wanted(rec, row, ours):
    """The row with its times, which may fall back on that of receipt."""
    want = {k: v for k, v in row.items() if k != 'record'}
    if any(rec.get(k) is not None for k in (21, 22)) and rec.export_ms is None:
        # Without the time of export all that is known is how long the flow took.
        if None not in (rec.get(21), rec.get(22)):
            want['timestamp_end'] = round(ours['timestamp_start'] * 1000) + rec.get(21) - rec.get(22)
    elif any(rec.get(k) is not None for k in (21, 22, 152, 153)):
        received = round(ours['timestamp_received'] * 1000)
        want['timestamp_start'], want['timestamp_end'] = times(rec, received)
    return want


def compare(ours, expected, absent, ignored=()):
    """One row of ours against one expected: (values compared, differences in words).

    absent: what it means where a value is not expected: 'absent', 'unknown', or 'zero', where also zero means nothing.
    """
    want = wanted(expected['record'], expected, ours)
    compared, said = 0, []
    for name in FIELDS:
        mine, theirs = ours.get(name), want.get(name)
        if name in ignored or theirs is None and (absent != 'absent' or mine is None):
            continue
        compared += 1
        if name.startswith('timestamp'):
            # To a millisecond, since others round.
            if theirs is not None and abs(round(mine * 1000) - theirs) > 1:
                said.append(f'{name} is {mine}, expected {theirs / 1000}')
        elif str(mine) != str(theirs):
            if absent == 'zero' and is_zero(mine or 0) and is_zero(theirs or 0):
                continue
            said.append(f'{name} is {mine}, expected {theirs}')
    return compared, said
