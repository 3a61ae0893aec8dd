#!/bin/bash
# nf-collect's reading of sFlow, held field by field against tshark's: of a recording here, of captures beside the
# checkout where they are, and of each encapsulation that the unit tests know.
. "${0%/*}/tap.sh"
need jq tshark perl
here=${0%/*}
collect=$BUILD/bin/nf-collect
shared=$here/../../shared/data
[ -d "$shared" ] || shared=$here/../../../shared/data

tshark_json() { # FILE
	tshark -r "$1" -d udp.port==6343,sflow -T json --no-duplicate-keys 2>/dev/null
}

# What tshark has no word for is left out: times, and discarded packets, which it does not know.
not_compared='select(.flow_type == "sflow5" and .sampling_rate) | del(.timestamp_start, .timestamp_end,
	.timestamp_received, .flow_type, .trusted, .packets, .forwarding_status)'

compare() { # FILE SAMPLES COUNTERS [FILTER]
	"$collect" -r "$1" --counters "$T/lines" 2>/dev/null | jq -cS "$not_compared | ${4:-.}" | sort >"$T/ours"
	tshark_json "$1" >"$T/tshark.json"
	jq -cS -f "$here/helper/tshark-sflow.jq" "$T/tshark.json" | jq -cS "${4:-.}" | sort >"$T/theirs"
	is "$(wc -l <"$T/ours")" "$2" "${1##*/}: flow samples"
	ok "${1##*/}: their fields are those that tshark has" diff "$T/theirs" "$T/ours"
	jq -cS 'del(.timestamp_received, .exporter_ip, .trusted, .sub_agent, .uptime_ms, .interface, .vlan, .entity)' \
		"$T/lines" | sort >"$T/ours"
	jq -cS -f "$here/helper/tshark-counters.jq" "$T/tshark.json" | sort >"$T/theirs"
	is "$(wc -l <"$T/ours")" "$3" "${1##*/}: counter samples"
	is "$(comm -23 "$T/theirs" "$T/ours")" "" "${1##*/}: the values of $(wc -l <"$T/theirs") are those that tshark has"
	rm -f "$T/lines"
}

compare "$here/data/sfprobe.pcap" 537 11

if [ -d "$shared/_oracle" ]; then
	compare "$shared/netsampler+goflow2/wrapped/decoders_sflow_sflow_test.go__sflow5.pcap" 6 0
	is "$("$collect" -r "$shared/netsampler+goflow2/wrapped/decoders_sflow_sflow_test.go__sflow5.pcap" |
		jq -c 'select(.forwarding_status) | [.exporter_ip, .input_interface, .output_interface, .forwarding_status]' | sort -u)" \
		'["192.168.119.184",1,0,131]' "goflow2: discarded packets"
	# Two samples there say that they are shorter than the router record in them, which we then do not believe.
	compare "$shared/google+gopacket/wrapped/layers_sflow_test.go__sflow5.pcap" 12 4 'del(.next_hop)'
	compare "$shared/the-tcpdump-group+tcpdump/tests/sflow_expanded.pcap" 1 0
	compare "$shared/the-tcpdump-group+tcpdump/tests/sflow_multiple_counter_30_pdus.pcap" 0 144
	compare "$shared/influxdata+telegraf/wrapped/sflow_v5_example.pcap" 0 1
	"$collect" -r "$shared/the-tcpdump-group+tcpdump/tests/sflow_multiple_counter_30_pdus.pcap" --counters "$T/lines" >"$T/out"
	is "$(jq -r 'select(.hostname) | [.hostname, .os_release, .cpu_num, .disk_total, .bytes_in, .load_fifteen] | @tsv' "$T/lines")" \
		"proxy-use03147k2	2.6.18-194.el5	24	1984633649152	24953947812430	0.04
use03710ff	2.6.18-194.el5	24	104113825792	626008472	0" "tcpdump: hosts"
	rm "$T/lines"
	"$collect" -r "$shared/influxdata+telegraf/wrapped/sflow_v5_example.pcap" --counters "$T/lines" >"$T/out"
	is "$(jq -r '"in_bytes=\(.ifInOctets)u in_unicast_packets_total=\(.ifInUcastPkts)u out_bytes=\(.ifOutOctets)u",
		"port_name=\"\(.ifName)\" speed=\(.ifSpeed)u sys_uptime=\(.uptime_ms)u"' "$T/lines")" \
		"$(tr ', ' '\n\n' <"$shared/influxdata+telegraf/plugins/inputs/netflow/testcases/sflow_v5_example/expected.out" |
			grep -E '^(in_bytes|out_bytes|in_unicast_packets_total|port_name|speed|sys_uptime)=' | paste -d ' ' - - -)" \
		"telegraf: an interface"
	# Broken on purpose: what is sound is read, and nothing hangs.
	like "$("$collect" -r "$shared/nxthdr+sflow-parser/wrapped/tests_unit_parser_error_handling.rs__sflow5.pcap" 2>&1)" \
		'not decoded, by reason: [0-9]+ [a-z]+' "nxthdr: what is broken is said"
else
	tap_result 0 "captures of goflow2, gopacket, tcpdump, telegraf, nxthdr # SKIP ../shared/data is not here"
fi

# Each encapsulation. The packets become a capture of frames for tshark, and one of sFlow for us.
perl "$here/helper/sflow-of.pl" "$here/fuzz/corpus/packet" "$T/frames.pcap" "$T/sflow.pcap" >"$T/names"
mapfile -t names <"$T/names"
three='"\(.src_host // "-") \(.dst_host // "-") \(.dst_port // "-")"'
mapfile -t outer < <("$collect" -r "$T/sflow.pcap" | jq -r "$three")
mapfile -t inner < <("$collect" --inner -r "$T/sflow.pcap" | jq -r "$three")
mapfile -t their_outer < <(perl "$here/helper/tshark-packets.pl" "$T/frames.pcap" first 2>/dev/null)
mapfile -t their_inner < <(perl "$here/helper/tshark-packets.pl" "$T/frames.pcap" last 2>/dev/null)
ok "there are packets of many kinds" test "${#names[@]}" -gt 50
for i in "${!names[@]}"; do
	is "${outer[i]}" "${their_outer[i]}" "${names[i]}: the packet on the wire is that of tshark"
	case ${names[i]} in
	five-tunnels-*) want="198.51.100.1 198.51.100.2 -" ;; # tshark enters all five
	vxlan-s-port-alone) want=${their_outer[i]} ;; # tshark takes the port's word for it
	*) want=${their_inner[i]} ;;
	esac
	is "${inner[i]}" "$want" "${names[i]}: and the innermost one"
done
plan
