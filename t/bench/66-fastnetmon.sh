#!/bin/bash
# nf-collect | nf-detect | nf-act beside FastNetMon, fed the same NetFlow: 100,000 flows a second to 65,536 own hosts, and
# what a million of them cost on the CPU, all processes; then floods of 100,000 packets a second, and how long it takes
# from their first flow to the script that is called. Both look at 20,000 packets a second on average over 5 seconds.
BUILD=${BUILD:-build}
. "${0%/*}/../tap.sh"
PATH=$PATH:/usr/sbin:$BUILD/bin:$BUILD/t/helper
helper=$(cd "${0%/*}/../helper" && pwd)
ours_port=$(free_port) peer_port=$(free_port)

# Each script says when it was called, and for whom.
cat >"$T/ours" <<END
#!/bin/sh
at=\$(date +%s%3N)
sed "s/.*\"dst_ip\":\"\([^\"]*\)\".*/\$at \1/" >>$T/ours.called
END
cat >"$T/peer" <<END
#!/bin/sh
echo "\$(date +%s%3N) \$1" >>$T/peer.called
cat >/dev/null
END
chmod 755 "$T/ours" "$T/peer"
cat >"$T/c.yaml" <<END
collectors: {netflow: {config: {bindaddr: 127.0.0.1, bindport: $ours_port, allow: 127.0.0.1}}}
my_prefixes: [198.51.0.0/16]
detection: {log_dir: $T}
act: {state_dir: $T/act, exec: $T/ours}
END
chmod 640 "$T/c.yaml"
echo '- {name: flood, min_unique_src_ips: 1, min_avg_pps: 20000, time_window: 5s, action: exec}' >"$T/rules.yml"
echo 198.51.0.0/16 >"$T/networks"
: >"$T/whitelist"
cat >"$T/fastnetmon.conf" <<END
disable_usage_report = on
enable_ban = on
process_incoming_traffic = on
process_outgoing_traffic = off
ban_details_records_count = 20
ban_time = 1900
networks_list_path = $T/networks
white_list_path = $T/whitelist
monitor_local_ip_addresses = off
check_period = 1
enable_connection_tracking = off
ban_for_pps = on
threshold_pps = 20000
average_calculation_time = 5
speed_calculation_delay = 1
netflow = on
netflow_host = 127.0.0.1
netflow_port = $peer_port
netflow_sampling_ratio = 1
notify_script_path = $T/peer
enable_api = off
pid_path = $T/fastnetmon.pid
cli_stats_file_path = $T/stats
cli_stats_ipv6_file_path = $T/stats6
END

# bound PORT, drops PORT, taken PORT: of the socket of UDP.
bound() { grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") " /proc/net/udp; }
drops() { awk -v p=":$(printf %04X "$1")\$" '$2 ~ p { n += $NF } END { print n + 0 }' /proc/net/udp; }
taken() { ! grep -E "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") " /proc/net/udp | grep -qv ':00000000 00:'; }
# nanoseconds PID...: on the CPU so far, all threads.
nanoseconds() { for p; do cat "/proc/$p/task/"*/schedstat; done | awk '{ n += $1 } END { printf "%.0f\n", n }'; }

mkfifo "$T/flows" "$T/detections"
nf-collect -c "$T/c.yaml" -b >"$T/flows" 2>"$T/collect.err" &
ours=($!)
nf-detect -c "$T/c.yaml" -r "$T/rules.yml" -i bin <"$T/flows" >"$T/detections" 2>"$T/detect.err" &
ours+=($!)
nf-act -c "$T/c.yaml" <"$T/detections" 2>"$T/act.err" &
ours+=($!)
fastnetmon --configuration_file="$T/fastnetmon.conf" --log_file="$T/fastnetmon.log" >"$T/fastnetmon.out" 2>&1 &
peer=($!)
PIDS+=("${ours[@]}" "${peer[@]}")
wait_for 10 bound "$ours_port" && wait_for 20 bound "$peer_port" || exit 1

# cost NAME PORT PID...: CPU seconds a million of flows.
cost() {
	local name=$1 port=$2 before lost sent
	shift 2
	before=$(nanoseconds "$@") lost=$(drops "$port")
	sent=$(udp_replay "127.0.0.1:$port" "$T/load.pcap" 4000)
	wait_for 10 taken "$port"
	sleep 0.3
	lost=$(($(drops "$port") - lost))
	[ $lost = 0 ] || echo "$name: $lost of $sent datagrams lost" >&2
	awk -v ns="$(($(nanoseconds "$@") - before))" -v n=$((sent - lost)) 'BEGIN { printf "%.3f\n", ns / n / 25 / 1000 }'
}
gen_nf9 40000 1 1 "$(date +%s)" >"$T/load.pcap"
for i in 1 2 3; do
	cost ours "$ours_port" "${ours[@]}" >>"$T/ours.cost"
	cost FastNetMon "$peer_port" "${peer[@]}" >>"$T/peer.cost"
done
a=$(sort -g "$T/ours.cost" | head -n 1) b=$(sort -g "$T/peer.cost" | head -n 1)
printf '%s\t%s CPU s/M\t%s CPU s/M (FastNetMon)\t%s\n' "collect and detect, 100,000 flows/s" "$a" "$b" \
	"$(awk -v a="$a" -v b="$b" 'BEGIN { printf "%.1f", b / a }')"

# delay NAME PORT NUMBER: ms from the first flow of a flood to the script.
delay() {
	local begin victim=198.51.100.$3
	called() { grep -q " $victim\$" "$T/$1.called"; }
	begin=$("$helper/nf5-flood.pl" "$2" "$victim" 100000 4)
	wait_for 10 called "$1" || { echo "$1 missed a flood" >&2; return 1; }
	awk -v v="$victim" -v begin="$begin" '$2 == v { print $1 - begin; exit }' "$T/$1.called"
}
for i in 1 2 3 4 5; do
	delay ours "$ours_port" "$i" >>"$T/ours.delay"
	delay peer "$peer_port" "$i" >>"$T/peer.delay"
done
a=$(sort -g "$T/ours.delay" | sed -n 3p) b=$(sort -g "$T/peer.delay" | sed -n 3p)
printf '%s\t%s ms\t%s ms (FastNetMon)\t%s\n' "first flow of a flood to the script, median of 5" "$a" "$b" \
	"$(awk -v a="$a" -v b="$b" 'BEGIN { printf "%.1f", b / a }')"
