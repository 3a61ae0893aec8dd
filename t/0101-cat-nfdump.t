#!/bin/bash
# nf-cat reads what nfdump -o json really prints: flows that nfcapd collected, counted by both.
. "${0%/*}/tap.sh"
need nfcapd nfdump jq
PATH=$BUILD/bin:$PATH

# Four flows as NetFlow v5: header of 24 bytes, records of 48.
v5() {
	local now=6553f100 # 1700000000
	printf '0005%04x0000ea60%s%08x%08x00000000' 4 $now 0 1
	#       src      dst      next     in  out packets  bytes    first    last     ports    flags,proto,tos,as,as,masks
	printf '0a000001c63364090a0000fe00030004%08x%08x00002710000075309c4001bb00' 3 1500
	printf '120600fbf4fbf51818%04x' 0
	printf '0a000002c63364090a0000fe00030004%08x%08x0000271000007530003500350000110000000000%04x0000' 1 64 0
	printf '0a000003c63364090a0000fe00030004%08x%08x0000271000007530000008000000010000000000%04x0000' 2 168 0
	printf 'c63364090a0000010a0000fe00040003%08x%08x000027100000753001bb9c40001b060000000000%04x0000' 7 90000 0
}
bytes() { sed 's/../\\x&/g' | xargs -0 printf '%b'; }

mkdir "$T/cap"
port=$(free_port)
nfcapd -w "$T/cap" -p "$port" -b 127.0.0.1 -t 3600 >"$T/nfcapd.log" 2>&1 &
pid=$!
PIDS+=($pid)
listens() { grep -qi " 0100007F:$(printf %04X "$port") " /proc/net/udp; }
drained() { grep -qiE " 0100007F:$(printf %04X "$port") [0-9A-F:]+ 07 [0-9A-F]+:0+ " /proc/net/udp; }
wait_for 10 listens || bail "nfcapd does not listen: $(cat "$T/nfcapd.log")"
v5 | bytes >"$T/datagram"
is "$(stat -c %s "$T/datagram")" 216 "the datagram is one of NetFlow v5"
bash -c "cat '$T/datagram' >/dev/udp/127.0.0.1/$port"
wait_for 10 drained
kill $pid
wait $pid
file=("$T"/cap/nfcapd.*)

TZ=UTC nfdump -r "${file[0]}" -o json >"$T/utc.json"
is "$(jq length "$T/utc.json")" 4 "nfdump prints all flows"
is "$(head -c 4 "$T/utc.json" | tr '\n' '|')" "[|{|" "its objects spread over lines"
nf-cat "$T/utc.json" >"$T/flows" 2>"$T/err"
is "$(cat "$T/err")" "" "nf-cat has no complaints"
is "$(wc -l <"$T/flows")" 4 "and as many flows"
for pair in in_bytes:bytes in_packets:packets proto:proto src4_addr:src_host dst4_addr:dst_host src_port:src_port \
	dst_port:dst_port input_snmp:input_interface output_snmp:output_interface src_as:src_as ip4_router:exporter_ip \
	ip4_next_hop:next_hop; do
	is "$(jq -c ".${pair#*:}" "$T/flows")" "$(jq -c ".[].${pair%:*}" "$T/utc.json")" "${pair%:*} is ${pair#*:}"
done
is "$(jq -r '.timestamp_start | floor | strftime("%Y-%m-%dT%H:%M:%S")' "$T/flows")" \
	"$(jq -r '.[].first[:19]' "$T/utc.json")" "first is timestamp_start"
is "$(jq .tcpflags "$T/flows" | head -n 1)" 18 "flags as letters become a number"
is "$(jq -c .type "$T/flows" | sort -u)" '"FLOW"' "keys without a field pass through"

is "$(TZ=UTC nfdump -q -r "${file[0]}" -o json | nf-cat)" "$(cat "$T/flows")" "nfdump -q, without brackets, reads the same"

TZ=Europe/Athens nfdump -r "${file[0]}" -o json >"$T/athens.json"
ok "another zone prints other times" test "$(jq .[0].first "$T/athens.json")" != "$(jq .[0].first "$T/utc.json")"
is "$(nf-cat --timezone Europe/Athens "$T/athens.json")" "$(cat "$T/flows")" "--timezone takes them back"
printf 'timezone: Europe/Athens\n' >"$T/conf"
is "$(nf-cat -c "$T/conf" "$T/athens.json")" "$(cat "$T/flows")" "as does the configuration"

is "$(jq -c .[] "$T/utc.json" | nf-cat | md5sum)" "$(sed 's/" : /":/g' "$T/flows" | md5sum)" "one object a line reads the same"
is "$(nf-cat --dialect native "$T/utc.json" | jq -c .src4_addr | head -n 1)" '"10.0.0.1"' "--dialect native keeps the keys"
plan
