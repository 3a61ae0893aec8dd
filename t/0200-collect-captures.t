#!/bin/bash
# nf-collect -r: every recording of a real exporter holds what its peer counted (t/data/README).
. "${0%/*}/tap.sh"
need jq
data=${0%/*}/data
collect=$BUILD/bin/nf-collect

totals='[length, (map(.packets) | add), (map(.bytes) | add), (map(select(.ip_protocol == 6)) | length)] | @tsv'

while IFS=$'\t' read -r file flows packets bytes v6; do
	[[ $file = \#* ]] && continue
	# sFlow's peer counts the bytes of frames, we those of IP: 14 less of Ethernet and 4 of its checksum.
	[[ $file = sfprobe* ]] && bytes=$((bytes - 18 * flows))
	"$collect" -r "$data/$file" 2>"$T/words" >"$T/flows"
	is "$?" 0 "$file is read"
	is "$(jq -sr "$totals" "$T/flows")" "$flows	$packets	$bytes	$v6" "$file: flows, packets, bytes, flows of IPv6"
	"$collect" -b -r "$data/$file" 2>/dev/null >"$T/binary"
	is "$(head -c 4 "$T/binary")" NFB1 "$file: -b writes batches"
done <"$data/expected.tsv"

# What one flow says, in full.
read -r first < <("$collect" -r "$data/softflowd-v9.pcap" 2>/dev/null)
is "$(jq -c 'del(.timestamp_start, .timestamp_end, .timestamp_received, .src_host, .dst_host, .src_port, .dst_port,
	.proto, .ip_protocol, .tcpflags, .tos, .packets, .bytes, .icmp_type)' <<<"$first")" \
	'{"exporter_ip":"198.51.100.1","observation_domain":0,"flow_type":"netflow9","sampling_rate":1,"trusted":true,"input_interface":1,"output_interface":1,"flow_direction":0,"flow_end_reason":3,"input_interface_name":"wan","output_interface_name":"wan"}' \
	"the exporter's options are used: sampling and the interface's name"
is "$("$collect" -r "$data/softflowd-ipfix.pcap" 2>/dev/null | jq -s 'map(select(.timestamp_end < .timestamp_start or
	.timestamp_received - .timestamp_end > 70 or .timestamp_end > .timestamp_received + 1)) | length')" 0 \
	"the flows' times stand just before their export"

# nfprobe spoils a set now and then: that is said, and costs no other.
like "$("$collect" -r "$data/nfprobe-v9.pcap" 2>&1 >/dev/null)" 'not decoded, by reason: 6 truncated' "spoilt sets are reported"

# Many files, a pipe, a filter.
many=$("$collect" -r "$data/softflowd-v5.pcap" -r "$data/nfprobe-v5.pcap" | wc -l)
is "$many" $((2322 + 2338)) "files are read one after the other"
is "$(cat "$data/softflowd-v5.pcap" | "$collect" -r - | wc -l)" 2322 "a capture on stdin"
is "$("$collect" -r "$data/softflowd-v9.pcap" dst port 53 and proto udp 2>/dev/null | jq -r '"\(.dst_port) \(.proto)"' | sort -u)" \
	"53 17" "a filter of several words"
is "$("$collect" -r "$data/softflowd-v9.pcap" 'src host 203.0.113.77' | wc -l)" 0 "a filter that nothing fits"

# The exporters that may be trusted.
cat >"$T/c.yaml" <<'END'
collectors: {netflow: {config: {allow: [192.0.2.0/24]}}}
END
is "$("$collect" -c "$T/c.yaml" -r "$data/softflowd-v5.pcap" | jq -r .trusted | sort -u)" false "an exporter that is not listed"
sed -i 's,\[.*\],["192.0.2.0/24"\, 198.51.100.1],' "$T/c.yaml"
is "$("$collect" -c "$T/c.yaml" -r "$data/softflowd-v5.pcap" | jq -r .trusted | sort -u)" true "and one that is"
echo 'snmp: {target: 192.0.2.77}' >"$T/c.yaml"
is "$("$collect" -c "$T/c.yaml" -r "$data/softflowd-v5.pcap" | jq -r .trusted | sort -u)" false "the SNMP target is listed implicitly"

# Broken captures.
"$collect" -r "$T/none.pcap" 2>"$T/words"
is "$? $(cat "$T/words")" "1 nf-collect: warning: $T/none.pcap: No such file or directory" "a capture that is not there"
echo 'no capture at all, though long enough for its header' >"$T/text"
"$collect" -r "$T/text" 2>"$T/words"
is "$? $(cat "$T/words")" "1 nf-collect: warning: $T/text: no capture file: unknown file format" "a file that is none"
head -c 50000 "$data/softflowd-v5.pcap" >"$T/cut.pcap"
"$collect" -r "$T/cut.pcap" 2>"$T/words" >"$T/flows"
is "$?" 1 "a capture cut short fails"
like "$(cat "$T/words")" 'cut.pcap: after 43 packets: truncated' "and says after how many packets"
ok "after what is whole in it" test "$(wc -l <"$T/flows")" -gt 700

# Options.
for bad in '-l nowhere' '-l 127.0.0.1' '-l 127.0.0.1:99999' '-r x bogus filter' '--queue lots' '-Z'; do
	"$collect" $bad >"$T/out" 2>"$T/words" </dev/null
	is "$? $(wc -c <"$T/out")" "2 0" "refused: $bad"
done
ok "-n only checks" "$collect" -n -l 127.0.0.1:2055
plan
