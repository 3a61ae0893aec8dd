#!/bin/bash
# nf-collect on captures of many vendors' exporters, held field by field against what nfdump made of each. Where the two
# differ for a reason, the reason stands here, with what is ours.
. "${0%/*}/tap.sh"
need jq perl
shared=${0%/*}/../../shared/data
[ -d "$shared" ] || shared=${0%/*}/../../../shared/data
[ -d "$shared/_oracle" ] || skip_all "../shared/data with captures and nfdump's reading of them is not here"
collect=$BUILD/bin/nf-collect

# Flows, packets and bytes: those of nfdump, both directions added, where it has them all. nfdump
declare -A ours=(
	# shows the packet within SRv6 by its addresses, and has start and end the other way round where 21 comes before 22
	[500-IPFIXv10-BGP-CISCO-SRv6/traffic-00.pcap]="43 558 53644"
	# does not wrap the exporter's uptime: softflowd, reading captures older than itself, gives times before its start
	[tests_lib.py__ipfix.pcap]="46 150 22156"
	[tests_lib.py__netflow9.pcap]="52 1244 886709"
	# puts both directions of a record into one flow
	[ipfix_example.pcap]="56 1070 577437"
	[ipfix-yaf-basic-with-applabel.pcap]="4 10 596"
	# shows a firewall's events without traffic as flows
	[ipfix-barracuda-extended-uniflow-template-256.pcap]="0 0 0"
	[ipfix-barracuda-firewall.pcap]="4 4 388"
	# reads only the first of the messages in a datagram: 6 flows, 42 packets, 10563 bytes
	[ipfix.pcap]="12 54 13279"
	# keeps the MAC address after the router (element 81) apart, where it is the only one
	[netflow-9-ubiquiti-edgerouter-with-mpls-labels.pcap]="16 114 20418"
	# multiplies by the sampling rate, and wraps no uptime
	[benches_netflow_common_bench.rs__netflow5.pcap]="1 101124105 66051"
	[benches_netflow_common_bench.rs__netflow7.pcap]="1 101124105 66051"
	# drops data that come before their template (a flow in each), and shows no initiator and responder
	[src_tests.rs__ipfix.pcap]="29 1509 125261738"
	[tests_dos_edge_cases.rs__netflow9.pcap]="2 2 2"
)

for oracle in $(cd "$shared/_oracle" && find . -name '*.nfcapd.json' | sort); do
	file=${oracle%.nfcapd.json}
	"$collect" -r "$shared/$file" >"$T/flows" 2>/dev/null
	name=${file##*/}
	[[ $file = */500-* ]] && name=500-IPFIXv10-BGP-CISCO-SRv6/traffic-00.pcap
	if [ -n "${ours[$name]}" ]; then
		is "$(jq -sr '"\(length) \(map(.packets) | add // 0) \(map(.bytes) | add // 0)"' "$T/flows")" \
			"${ours[$name]}" "${file#./}: not as nfdump, for a reason"
	else
		ok "${file#./}: $(wc -l <"$T/flows") flows as nfdump has them" \
			perl "${0%/*}/helper/compare-nfdump.pl" "$T/flows" "$shared/_oracle/$oracle"
	fi
done
plan
