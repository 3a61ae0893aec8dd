#!/bin/bash
# From UDP through geoip and bgp to JSON: nf-collect and nf-enrich beside nfacctd, the same datagrams at the same rate,
# the same million routes learnt from the same neighbour, the same database of places. CPU seconds of all their
# processes, without what learning and loading took.
. "${0%/*}/lib.sh"
PATH=$BUILD/bin:$BUILD/t/helper:$PATH
databases || exit 1
datagrams=4000 rate=2000 routes=1000000

trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$T"' EXIT

until_true() { # SECONDS CMD…
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || { echo "gave up waiting for: $*" >&2; exit 1; }
		sleep 0.2
	done
}
bound() { grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") " /proc/net/udp; }
listening() { grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") [0-9:A-F]+ 0A" /proc/net/tcp; }
nanoseconds() { for p in "$@"; do cat "/proc/$p/task/"*/schedstat; done | awk '{ n += $1 } END { printf "%.0f\n", n }'; }
per_million() { awk -v ns="$(($2 - $1))" -v n="$3" 'BEGIN { printf "%.2f\n", ns / n / 1000 }'; }
# idle COMMAND: the processes that it names do nothing.
idle() {
	local was
	was=$(nanoseconds $($1))
	sleep 1
	[ $(($(nanoseconds $($1)) - was)) -lt 20000000 ]
}
lines_are() { [ "$(wc -l <"$1")" -ge "$2" ]; }

gen_nf9 $datagrams 1 1 "$(date +%s)" routed >"$T/pcap"

# Ours: nf-bgpd learns, nf-enrich maps the table that it wrote.
cat >"$T/conf" <<END
run_dir: $T
bgp:
  bgp_listener: {enabled: true, listen_ip: 127.0.0.1, router_id: 10.0.0.1, peer_ip: 127.0.0.2, local_asn: 64496,
    remote_asn: 64500, port: 21841}
  table_file: $T/table
  table_interval: 1s
  state_dir: $T/state
api: {port: 21842, socket: $T/api}
geoip: {asn_db: "$asn", city_db: "$city"}
my_asn: 64496
END
chmod 640 "$T/conf"
nf-bgpd -c "$T/conf" 2>"$T/bgpd.log" &
bgpd=$!
until_true 10 listening 21841
bgp_inject 127.0.0.1:21841 64500 $routes 0 >/dev/null &
injector=$!
# But for the few whose path has our AS in it.
table_full() { [ -e "$T/table" ] && [ "$(nf-rib -t "$T/table" dump | wc -l)" -gt $((routes / 1000 * 999)) ]; }
until_true 60 table_full
kill $injector $bgpd
nf-collect -b -l 127.0.0.1:21511 2>/dev/null > >(exec nf-enrich -c "$T/conf" -e geoip,bgp 2>"$T/enrich.log" >"$T/ours.json") &
collect=$!
until_true 20 bound 21511
enrich=$(pgrep -f "nf-enrich -c $T/conf")
ours_are() { echo "$collect" "$enrich"; }
until_true 60 idle ours_are
before=$(nanoseconds "$collect" "$enrich")
udp_replay 127.0.0.1:21511 "$T/pcap" $rate 127.1.0.0 >/dev/null
until_true 20 lines_are "$T/ours.json" $((datagrams * 25))
ours=$(per_million "$before" "$(nanoseconds "$collect" "$enrich")" $((datagrams * 25)))
kill $collect

# nfacctd: its core process learns and looks up, its print plugin writes at its end.
echo "bgp_ip=127.0.0.2 ip=0.0.0.0/0" >"$T/agents"
cat >"$T/nfacctd.conf" <<END
daemonize: false
nfacctd_ip: 127.0.0.1
nfacctd_port: 21512
nfacctd_pipe_size: 64000000
nfacctd_disable_checks: true
nfacctd_as: bgp
bgp_daemon: true
bgp_daemon_ip: 127.0.0.1
bgp_daemon_port: 21843
bgp_daemon_max_peers: 2
bgp_agent_map: $T/agents
bgp_src_as_path_type: bgp
geoipv2_file: $city
plugins: print
aggregate: src_host, dst_host, peer_src_ip, in_iface, out_iface, timestamp_start, timestamp_end, src_port, dst_port, tcpflags, proto, tos, src_as, dst_as, src_mask, dst_mask, as_path, src_as_path, std_comm, local_pref, med, peer_dst_ip, src_host_country, dst_host_country
print_output: json
print_output_file: $T/theirs.json
print_refresh_time: 86400
print_cache_entries: 400009
plugin_pipe_size: 400000000
plugin_buffer_size: 100000
END
nfacctd -f "$T/nfacctd.conf" >"$T/nfacctd.log" 2>&1 &
core=$!
until_true 20 listening 21843
bgp_inject 127.0.0.1:21843 64500 $routes 0 >"$T/injected" &
until_true 120 test -s "$T/injected"
until_true 60 grep -q 'waiting for NetFlow' "$T/nfacctd.log"
theirs_are() { # core, plugin and, while that writes, its child
	local plugin
	plugin=$(pgrep -P $core)
	echo $core $plugin $(pgrep -P "${plugin:-$$}")
}
until_true 120 idle theirs_are
before=$(nanoseconds $(theirs_are))
udp_replay 127.0.0.1:21512 "$T/pcap" $rate 127.1.0.0 >/dev/null
until_true 120 idle theirs_are
# The plugin writes when it is told to end: looked at until it is gone.
all=$(theirs_are)
read -r _ plugin _ <<<"$all"
kill -INT $core
while kill -0 "$plugin" 2>/dev/null; do
	now=$(nanoseconds $all $(pgrep -P "$plugin") 2>/dev/null)
	[ "$now" -gt "${after:-0}" ] && after=$now
	sleep 0.02
done
wrote=$(wc -l <"$T/theirs.json")
[ "$wrote" = $((datagrams * 25)) ] || echo "nfacctd wrote $wrote of $((datagrams * 25)) records, and is counted for these" >&2
theirs=$(per_million "$before" "$after" "$wrote")
printf 'UDP, geoip, bgp, to JSON: all processes\t%s CPU s/M\t%s CPU s/M (nfacctd)\t%s\n' "$ours" "$theirs" \
	"$(awk -v a="$theirs" -v b="$ours" 'BEGIN { printf "%.1f", a / b }')"
for side in ours theirs; do echo "$side: $(sed -n 1000p "$T/$side.json")" >&2; done
