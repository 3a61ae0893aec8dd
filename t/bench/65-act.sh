#!/bin/bash
# From a flood to its blackhole, live: nf-collect | nf-enrich | nf-detect | nf-act, nf-bgpd, GoBGP; blackhole_count is 1.
# From the sending of the flow that crosses the threshold to the POST of nf-act, and to the route in GoBGP; in an idle
# network, and while 25,000 other flows come each second.
BUILD=${BUILD:-build}
. "${0%/*}/../tap.sh"
. "${0%/*}/../bgpd.sh"
PATH=$BUILD/bin:$BUILD/t/helper:$PATH

collector=$(free_port)
config 64496 "collectors: {netflow: {config: {bindaddr: 127.0.0.1, bindport: $collector, allow: 127.0.0.1}}}
my_prefixes: [198.51.100.0/24]
enrich: ''
act: {state_dir: $T/act}"
cat >"$T/rules.yml" <<'END'
- {name: flood, tcp_flags: S/SA, min_unique_src_ips: 50, min_flows: 70, time_window: 10s, action: 'alert,blackhole',
   blackhole_target: dst, blackhole_count: 1, blackhole_time: 600}
END
gobgp_up 64496
speak
wait_for 20 in_session || exit 1
sed "s|socket: $sock|socket: $T/proxy.sock|" "$T/c.yaml" >"$T/act.yaml" # nf-act gets to nf-bgpd by way of the clock
chmod 640 "$T/act.yaml"
mkfifo "$T/collected"
nf-collect -c "$T/c.yaml" -b -v >"$T/collected" 2>"$T/collect.err" &
PIDS+=($!)
nf-enrich -c "$T/c.yaml" -i bin -b <"$T/collected" |
	nf-detect -c "$T/c.yaml" -r "$T/rules.yml" -i bin | nf-act -c "$T/act.yaml" 2>"$T/act.err" &
wait_for 10 grep -q listening "$T/collect.err" || exit 1

# figure COLUMN GOAL WHAT
figure() {
	sort -g -k "$1,$1" "$T/times" | awk -v c="$1" -v goal="$2" -v what="$3" '{ v[NR] = $c } END {
		m = v[int((NR + 1) / 2)]
		printf "%s, median of %d\t%.1f ms, at most %.1f\t%d ms (goal)\t%.1f\n", what, NR, m, v[NR], goal, goal / m }'
}
# measure WHERE FIRST: fifty floods, from that number on.
measure() {
	rm -f "$T/proxy.sock"
	"${0%/*}/../helper/act-latency.py" "$collector" "$T/proxy.sock" "$sock" "$gobgp_port" "$2" 50 70 >"$T/times" || exit 1
	figure 1 50 "flood to POST, $1"
	figure 2 1000 "flood to route in GoBGP, $1"
}

measure idle 1
gen_nf9 40000 1 1 "$(date +%s)" >"$T/others.pcap"
udp_replay "127.0.0.1:$collector" "$T/others.pcap" 1000 >"$T/sent" &
PIDS+=($!)
measure "25,000 flows/s beside" 101
