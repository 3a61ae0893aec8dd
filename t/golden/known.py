"""Where a golden file and we differ for a reason. Keep this short, and honest: each line says whose deed it is."""
import fnmatch


class Known:
    """ignored: fields not compared; totals: nothing is, but our flows, packets and bytes are to be these."""

    def __init__(self, oracle, capture, reason, ignored=(), totals=None):
        self.oracle, self.capture, self.reason, self.ignored, self.totals = oracle, capture, reason, ignored, totals


TIMES = ('timestamp_start', 'timestamp_end')
FIRST_MESSAGE = 'reads only the first of the messages in a datagram'
LIST = [
    Known('nfdump', '500-IPFIXv10-BGP-CISCO-SRv6/traffic-00.pcap', 'shows the packet within SRv6 by its addresses, '
          'and has start and end the other way round where 21 comes before 22', totals='43 558 53644'),
    Known('nfdump', 'tests_lib.py__ipfix.pcap', 'wraps no uptime (softflowd read captures older than itself), and '
          'leaves the protocol of its ICMP templates at 0', TIMES + ('proto', 'icmp_type', 'dst_port')),
    Known('nfdump', 'tests_lib.py__netflow9.pcap', 'wraps no uptime', TIMES),
    Known('nfdump', 'benches_netflow_common_bench.rs__netflow?.pcap', 'multiplies by the sampling rate, and wraps '
          'no uptime', TIMES + ('packets', 'bytes')),
    Known('nfdump', 'ipfix-yaf-basic-with-applabel.pcap', 'takes MAC addresses from the structured data, which we '
          'skip, and shows the type of service of the reverse flow', ('src_mac', 'dst_mac', 'tos')),
    Known('nfdump', 'ipfix-barracuda-extended-uniflow-template-256.pcap', 'shows events without traffic as flows',
          totals='0 0 0'),
    Known('nfdump', 'ipfix-barracuda-firewall.pcap', 'shows events without traffic as flows', totals='4 4 388'),
    Known('tshark', 'ipfix.pcap', FIRST_MESSAGE, totals='12 54 13279'),
    Known('nfdump', 'ipfix.pcap', FIRST_MESSAGE, totals='12 54 13279'),
    Known('logstash', 'ipfix.pcap', 'expects the first of the two messages alone', ('count',)),
    Known('tshark', 'netflow-5-valid-01.pcap', FIRST_MESSAGE, totals='30 230 18684'),
    Known('logstash', 'netflow-5-valid-01.pcap', 'expects the first of the twelve messages alone', ('count',)),
    Known('tshark', 'netflow-5-invalid-01.pcap', 'believes a header that counts 55582 flows in 1464 bytes',
          totals='0 0 0'),
    Known('nfdump', 'tests_dos_edge_cases.rs__netflow9.pcap', 'drops data that come before their template',
          totals='2 2 2'),
    Known('nfdump', 'src_tests.rs__ipfix.pcap', 'drops data that come before their template, knows no addresses '
          "of Cisco's own number, and of a repeated element shows the last", totals='28 1509 125261738'),
    Known('snapshot', '*__can_read_v9_with_options_template_and_template.snap', 'was given the template otherwise',
          totals='0 0 0'),
    Known('snapshot', '*__it_parses_ipfix_data_cached_template.snap', 'was given the template otherwise',
          totals='0 0 0'),
]
# Captures with two flows in a record, and how many of ours are of the reverse direction.
TWO_WAYS = {'ipfix_example.pcap': 27, 'ipfix-yaf-basic-with-applabel.pcap': 2}


# Tests of which tshark reads something else.
UNLIKE = {
    'hook_error_count': 'it believes a header that counts 512 flows in 72 bytes',
    'test_rapid_template_collisions': 'it keeps the first definition of a template',
}


def unlike(test):
    return test.get('function') in UNLIKE


def find(oracle, capture):
    for e in LIST:
        if e.oracle == oracle and fnmatch.fnmatch(capture, '*/' + e.capture):
            return e
    return None


def reverse_flows(capture):
    return TWO_WAYS.get(capture.rsplit('/', maxsplit=1)[-1], 0)


def two_ways(capture):
    return reverse_flows(capture) > 0
