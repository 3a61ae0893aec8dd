#!/bin/bash
# Records real exporters that watch the made-up traffic: record.sh (as root, four minutes)
#
# Three network namespaces on this machine: `src` sends the traffic to `rtr`, where the exporters listen on
# `wan`; they export over `mgmt` to `col`, where tcpdump records and nfcapd (for sFlow: sfacctd) counts. Writes
# *.pcap and expected.tsv beside this script. Needs Debian's softflowd, pmacct, nfdump, tcpdump, tshark, iproute2.
set -euo pipefail
cd "$(dirname "$0")"

declare -A counter
probes=()
tmp=$(mktemp -d)
chmod 755 "$tmp"
pids=()
finish() {
	for n in src rtr col; do
		{ ip netns pids "fe-$n" | xargs -r kill -KILL; ip netns del "fe-$n"; } 2>/dev/null || true
	done
	rm -rf "$tmp"
}
trap finish EXIT

# spawn NAMESPACE COMMAND…: runs it there in the background.
spawn() {
	local ns=$1
	shift
	ip netns exec "fe-$ns" "$@" >>"$tmp/log" 2>&1 &
	pids+=($!)
	last=$!
}

wait_for() { # SECONDS COMMAND…
	local until=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $until ] || { echo "record.sh: gave up waiting for: $*" >&2; tail -20 "$tmp/log" >&2; exit 1; }
		sleep 0.1
	done
}

network() {
	for n in src rtr col; do
		ip netns add "fe-$n"
		ip -n "fe-$n" link set lo up
		ip netns exec "fe-$n" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.router_solicitations=0
	done
	ip -n fe-src link add feed address 00:00:5e:00:53:01 type veth peer name wan netns fe-rtr address 00:00:5e:00:53:02
	ip netns exec fe-src sysctl -qw net.ipv6.conf.feed.disable_ipv6=1
	ip netns exec fe-rtr sysctl -qw net.ipv6.conf.wan.disable_ipv6=1
	# A capture must see the packets as sent, and the host must not answer them.
	ip -n fe-rtr link set wan address 00:00:5e:00:53:99
	ip -n fe-rtr link add mgmt address 00:00:5e:00:53:03 type veth peer name mgmt netns fe-col address 00:00:5e:00:53:04
	ip -n fe-rtr addr add 198.51.100.1/24 dev mgmt
	ip -n fe-rtr addr add 2001:db8::1/64 dev mgmt nodad
	ip -n fe-col addr add 198.51.100.10/24 dev mgmt
	ip -n fe-col addr add 2001:db8::10/64 dev mgmt nodad
	ip -n fe-src link set feed up
	ip -n fe-rtr link set wan up
	ip -n fe-rtr link set mgmt up
	ip -n fe-col link set mgmt up
}

names=(softflowd-v5 softflowd-v9 softflowd-ipfix nfprobe-v5 nfprobe-v9 nfprobe-ipfix sfprobe)
declare -A port=([softflowd-v5]=2055 [softflowd-v9]=2056 [softflowd-ipfix]=4739
	[nfprobe-v5]=2057 [nfprobe-v9]=2058 [nfprobe-ipfix]=4740 [sfprobe]=6343)
timeouts='tcp=15 tcp.rst=5 tcp.fin=5 udp=15 icmp=15 general=15 maxlife=60 expint=5'

collectors() {
	spawn col tcpdump -i mgmt -w "$tmp/all.pcap" -U 'udp and (dst portrange 2055-2058 or dst portrange 4739-4740 or dst port 6343)'
	wait_for 10 test -s "$tmp/all.pcap"
	for n in "${names[@]}"; do
		mkdir "$tmp/$n"
		case $n in
		sfprobe)
			cat >"$tmp/sfacctd.conf" <<-E
				sfacctd_port: 6343
				plugins: print
				aggregate: src_host, dst_host, src_port, dst_port, proto, sampling_rate
				print_refresh_time: 3600
				print_output: csv
				print_output_file: $tmp/sfprobe/samples.csv
			E
			spawn col sfacctd -f "$tmp/sfacctd.conf"
			counter[$n]=$last ;;
		nfprobe-ipfix)
			spawn col nfcapd -6 -p "${port[$n]}" -w "$tmp/$n" -t 3600
			counter[$n]=$last ;;
		*)
			spawn col nfcapd -p "${port[$n]}" -w "$tmp/$n" -t 3600
			counter[$n]=$last ;;
		esac
	done
	for n in "${names[@]}"; do
		wait_for 10 sh -c "ip netns exec fe-col ss -Hlnu 'sport = :${port[$n]}' | grep -q ."
	done
}

softflowds() {
	local t=()
	for x in $timeouts; do t+=(-t "$x"); done
	for n in softflowd-v5:5 softflowd-v9:9 softflowd-ipfix:10; do
		spawn rtr softflowd -d -i 1:wan -v "${n#*:}" "${t[@]}" $([ "${n#*:}" = 10 ] && echo -A milli) \
			-p "$tmp/${n%:*}.pid" -c "$tmp/${n%:*}.ctl" -n "198.51.100.10:${port[${n%:*}]}"
		probes+=("$last")
		wait_for 10 test -S "$tmp/${n%:*}.ctl"
	done
}

# The AS numbers that pmacct exports, from the demo's own database. IPv4 only: of IPv6 networks it makes nonsense.
networks_file() {
	perl -MMaxMind::DB::Reader -ne '
		BEGIN { $db = MaxMind::DB::Reader->new(file => "demo-asn.mmdb") }
		next unless m{^\w+\t([\d.]+)/(\d+)};
		$as = $db->record_for_address($1) or next;
		print "$as->{autonomous_system_number},$1/$2\n"' networks.tsv
	printf '64496,198.51.100.0/24\n'
}

pmacctds() {
	networks_file >"$tmp/networks"
	# Tag 1 is in, 2 is out, both at interface 3.
	cat >"$tmp/pretag" <<-E
		set_tag=1 filter='ether src 00:00:5e:00:53:01'
		set_tag=2 filter='ether src 00:00:5e:00:53:02'
	E
	local all='src_host, dst_host, src_port, dst_port, proto, tos, tcpflags, tag'
	local wide="$all, src_as, dst_as, src_mask, dst_mask, src_mac, dst_mac, in_iface, out_iface"
	local t=${timeouts// /:}
	cat >"$tmp/pmacctd.conf" <<-E
		daemonize: false
		pcap_interface: wan
		snaplen: 160
		plugins: nfprobe[v5], nfprobe[v9], nfprobe[ipfix], sfprobe[sflow]
		pre_tag_map: $tmp/pretag
		networks_file: $tmp/networks
		pmacctd_as: file
		pmacctd_net: file
		aggregate[v5]: $all, src_as, dst_as, src_mask, dst_mask
		aggregate[v9]: $wide
		aggregate[ipfix]: $wide
		nfprobe_version[v5]: 5
		nfprobe_version[v9]: 9
		nfprobe_version[ipfix]: 10
		nfprobe_receiver[v5]: 198.51.100.10:2057
		nfprobe_receiver[v9]: 198.51.100.10:2058
		nfprobe_receiver[ipfix]: [2001:db8::10]:4740
		nfprobe_engine[v5]: 1:7
		nfprobe_engine[v9]: 9
		nfprobe_engine[ipfix]: 10
		nfprobe_timeouts: $t
		sampling_rate[sflow]: 64
		sfprobe_receiver: 198.51.100.10:6343
		sfprobe_agentip: 198.51.100.1
		sfprobe_ifspeed: 1000000000
	E
	for n in nfprobe:v5 nfprobe:v9 nfprobe:ipfix sfprobe:sflow; do
		printf '%s_direction[%s]: tag\n%s_ifindex[%s]: 3\n' "${n%:*}" "${n#*:}" "${n%:*}" "${n#*:}"
	done >>"$tmp/pmacctd.conf"
	spawn rtr pmacctd -f "$tmp/pmacctd.conf"
	probes+=("$last")
	wait_for 10 grep -q "link type is" "$tmp/log"
}

# Exporters flush when they end; then the counters write what they hold. The end is awaited, not guessed.
stop() {
	sleep 75 # longer than any timeout, so that flows end as they do in life
	for c in "$tmp"/*.ctl; do softflowctl -c "$c" shutdown >>"$tmp/log"; done
	kill -INT "${probes[-1]}"
	for p in "${probes[@]}"; do wait_for 20 sh -c "! kill -0 $p"; done
	sleep 2 # the last datagrams' way through tcpdump and collectors
	for p in "${counter[@]}" "${pids[0]}"; do
		kill -INT "$p"
		wait_for 20 sh -c "! kill -0 $p"
	done
}

# What nfcapd stored: flows, packets, bytes, with an optional filter.
count_nfdump() {
	nfdump -N -R "$tmp/$1" -s proto/flows "${@:2}" | awk -F'[ ,:]+' '
		/^Summary/ { f = $4; b = $7; p = $10 } END { printf "%d\t%d\t%d", f, p, b }'
}

# What sfacctd printed: flow samples, packets, bytes of the sampled packets.
count_sfacctd() {
	awk -F, -v want="${2-.}" 'FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["SRC_IP"] ~ want { p += $at["PACKETS"]; b += $at["BYTES"] }
		END { printf "%d\t%d\t%d", p, p, b }' "$tmp/$1/samples.csv"
}

# The second opinion: wireshark's decoder over the recording.
count_tshark() {
	local as=cflow fields=(-e cflow.packets -e cflow.octets)
	[ "$1" = sfprobe ] && as=sflow fields=(-e sflow_245.header.frame_length)
	tshark -r "$1.pcap" -d "udp.port==${port[$1]},$as" -T fields "${fields[@]}" -E aggregator=' ' 2>/dev/null |
		awk -F'\t' -v sf="$([ $as = sflow ] && echo 1)" '
			{ n = split($1, p, " "); split($2, b, " "); f += n
			  for (i = 1; i <= n; i++) { np += sf ? 1 : p[i]; nb += sf ? p[i] : b[i] } }
			END { printf "%d %d %d", f, np, nb }'
}

results() {
	printf '# file\tflows\tpackets\tbytes\tv6 flows\n' >"$tmp/expected.tsv"
	for n in "${names[@]}"; do
		tcpdump -Z root -r "$tmp/all.pcap" -w "$n.pcap" "udp dst port ${port[$n]}" 2>>"$tmp/log"
		if [ "$n" = sfprobe ]; then
			total=$(count_sfacctd "$n") v6=$(count_sfacctd "$n" :)
		else
			total=$(count_nfdump "$n") v6=$(count_nfdump "$n" ipv6)
		fi
		printf '%s.pcap\t%s\t%s\n' "$n" "$total" "${v6%%	*}" >>"$tmp/expected.tsv"
		printf '%s\tcounted %s\ttshark %s\n' "$n" "${total//	/ }" "$(count_tshark "$n")"
	done
	cp "$tmp/expected.tsv" expected.tsv
	# The first datagram carries the templates.
	for n in softflowd-v9 softflowd-ipfix nfprobe-v9 nfprobe-ipfix; do
		tcpdump -Z root -c 1 -r "$n.pcap" -w "$n-template.pcap" 2>>"$tmp/log"
	done
}

network
collectors
softflowds
pmacctds
ip netns exec fe-src ./make-traffic.py -i feed
stop
results
