"""Names of information elements in other programs, and their values in ours."""
import calendar
import ipaddress
import re
import time

# IANA names (RFC 7012) of the elements that model.SOURCES and its like look at.
IANA = dict(l.split() for l in '''
octetDeltaCount 1
packetDeltaCount 2
protocolIdentifier 4
ipClassOfService 5
tcpControlBits 6
sourceTransportPort 7
sourceIPv4Address 8
sourceIPv4PrefixLength 9
ingressInterface 10
destinationTransportPort 11
destinationIPv4Address 12
destinationIPv4PrefixLength 13
egressInterface 14
ipNextHopIPv4Address 15
bgpSourceAsNumber 16
bgpDestinationAsNumber 17
bgpNextHopIPv4Address 18
flowEndSysUpTime 21
flowStartSysUpTime 22
postOctetDeltaCount 23
postPacketDeltaCount 24
sourceIPv6Address 27
destinationIPv6Address 28
sourceIPv6PrefixLength 29
destinationIPv6PrefixLength 30
flowLabelIPv6 31
icmpTypeCodeIPv4 32
samplingInterval 34
minimumTTL 52
maximumTTL 53
samplerId 48
samplerRandomInterval 50
sourceMacAddress 56
postDestinationMacAddress 57
vlanId 58
postVlanId 59
ipVersion 60
flowDirection 61
ipNextHopIPv6Address 62
bgpNextHopIPv6Address 63
mplsTopLabelStackSection 70
mplsLabelStackSection2 71
mplsLabelStackSection3 72
mplsLabelStackSection4 73
mplsLabelStackSection5 74
mplsLabelStackSection6 75
destinationMacAddress 80
postSourceMacAddress 81
interfaceName 82
interfaceDescription 83
octetTotalCount 85
packetTotalCount 86
fragmentOffset 88
forwardingStatus 89
applicationId 95
applicationName 96
flowEndReason 136
icmpTypeCodeIPv6 139
observationDomainId 149
flowStartSeconds 150
flowEndSeconds 151
flowStartMilliseconds 152
flowEndMilliseconds 153
flowStartMicroseconds 154
flowEndMicroseconds 155
flowStartNanoseconds 156
flowEndNanoseconds 157
systemInitTimeMilliseconds 160
icmpTypeIPv4 176
icmpCodeIPv4 177
icmpTypeIPv6 178
icmpCodeIPv6 179
ipTTL 192
ipDiffServCodePoint 195
postNATSourceIPv4Address 225
postNATDestinationIPv4Address 226
postNAPTSourceTransportPort 227
postNAPTDestinationTransportPort 228
natEvent 230
initiatorOctets 231
responderOctets 232
firewallEvent 233
ingressVRFID 234
VRFname 236
dot1qVlanId 243
postDot1qVlanId 254
ingressPhysicalInterface 252
egressPhysicalInterface 253
initiatorPackets 298
responderPackets 299
selectorId 302
samplingPacketInterval 305
samplingPacketSpace 306
samplingSize 309
samplingPopulation 310
observationTimeMilliseconds 323
'''.strip().splitlines())
IANA = {k: int(v) for k, v in IANA.items()}
BY_ID = {v: k for k, v in IANA.items()}
# Absolute times of any unit, which readers give in ms: under these two.
ABSOLUTE = {150: 152, 154: 152, 156: 152, 151: 153, 155: 153, 157: 153}

FLAG_BITS = {'F': 1, 'S': 2, 'R': 4, 'P': 8, 'A': 16, 'U': 32, 'E': 64, 'C': 128}
MONTHS = {m: i + 1 for i, m in enumerate('Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split())}


def ip(text):
    return str(ipaddress.ip_address(text))


def iso_ms(text):
    """2017-10-09T20:22:20.637Z"""
    whole, _, fraction = text.rstrip('Z').partition('.')
    return calendar.timegm(time.strptime(whole.replace(' ', 'T'), '%Y-%m-%dT%H:%M:%S')) * 1000 + int(
        (fraction + '000')[:3])


def tshark_ms(text):
    """Oct  9, 2017 20:22:20.637000000 UTC"""
    m = re.match(r'(\w+) +(\d+), (\d+) (\d+):(\d+):(\d+)\.(\d+)', text)
    when = (int(m[3]), MONTHS[m[1]], int(m[2]), int(m[4]), int(m[5]), int(m[6]))
    return calendar.timegm(when) * 1000 + int(m[7][:3])


PROTOCOLS = {}
with open('/etc/protocols', encoding='ascii') as known:
    for line in known:
        words = line.split('#')[0].split()
        if words:
            for word in [words[0]] + words[2:]:
                PROTOCOLS[word.lower().replace('-', '')] = int(words[1])


def protocol(word):
    return PROTOCOLS[word.lower().replace('-', '')]
