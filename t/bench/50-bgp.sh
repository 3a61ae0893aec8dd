#!/bin/bash
# nf-bgpd, BIRD and GoBGP, each told the same table of full size (1.0 million prefixes of IPv4, 220,000 of IPv6) by the same
# neighbour, in turn: the time from the first UPDATE until the daemon itself says that all are in its RIB, the CPU seconds of
# that, its memory then, and what a second neighbour with the same table adds. Of several rounds the best counts. BENCH_V4 and
# BENCH_V6 are other sizes, BENCH_ROUNDS other rounds; GoBGP has one.
. "${0%/*}/lib.sh"
PATH=$BUILD/bin:$BUILD/t/helper:$BENCH:$PATH
v4=${BENCH_V4:-1000000} v6=${BENCH_V6:-220000}
all=$((v4 + v6))
api=$T/api.sock
port=21790 # and the next two
pid= injectors=()
trap 'kill $pid "${injectors[@]}" 2>/dev/null; rm -rf "$T"' EXIT

nf_up() {
	cat >"$T/nf.yaml" <<END
run_dir: $T
bgp:
  bgp_listener: {enabled: true, listen_ip: 127.0.0.1, router_id: 10.0.0.1, local_asn: 65001, port: $port}
  peers:
    - {address: 127.0.0.2, asn: 64512, passive: true}
    - {address: 127.0.0.3, asn: 64512, passive: true}
  table_file: $T/table
  state_dir: $T/state
api: {port: 21792, socket: $api}
END
	chmod 640 "$T/nf.yaml"
	rm -f "$T/table"
	nf-bgpd -c "$T/nf.yaml" &
	pid=$!
}
nf_ready() { curl -s -f --unix-socket "$api" http://localhost/health >"$T/health"; }
nf_routes() {
	curl -s -f --unix-socket "$api" http://localhost/metrics |
		awk '/^nf_bgpd_routes[{]/ { n += $2 } END { print n + 0 }'
}

bird_up() {
	cat >"$T/bird.conf" <<END
router id 10.0.0.1;
protocol device {}
template bgp full {
	local 127.0.0.1 port $port as 65001;
	multihop;
	passive;
	ipv4 { import all; export none; };
	ipv6 { import all; export none; };
}
protocol bgp one from full { neighbor 127.0.0.2 as 64512; }
protocol bgp two from full { neighbor 127.0.0.3 as 64512; }
END
	bird -f -c "$T/bird.conf" -s "$T/bird.ctl" -P "$T/bird.pid" &
	pid=$!
}
bird_ready() { birdc -s "$T/bird.ctl" show status >"$T/health" 2>&1; }
bird_routes() {
	birdc -s "$T/bird.ctl" show protocols all '"*"' | awk '$1 == "Routes:" { n += $2 } END { print n + 0 }'
}

gobgp_up() {
	cat >"$T/gobgp.toml" <<END
[global.config]
  as = 65001
  router-id = "10.0.0.1"
  port = $port
  local-address-list = ["127.0.0.1"]
[[neighbors]]
  [neighbors.config]
    neighbor-address = "127.0.0.2"
    peer-as = 64512
  [neighbors.transport.config]
    passive-mode = true
  [neighbors.ebgp-multihop.config]
    enabled = true
    multihop-ttl = 255
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-unicast"
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv6-unicast"
END
	gobgpd -f "$T/gobgp.toml" --api-hosts 127.0.0.1:21791 --pprof-disable >"$T/gobgp.log" 2>&1 &
	pid=$!
}
gobgp_ready() { gobgp -p 21791 neighbor >"$T/health" 2>&1; }
gobgp_routes() { gobgp -p 21791 neighbor | awk '$1 ~ /^127[.]/ { n += $NF } END { print n + 0 }'; }

# until_so SECONDS CMD…
pause=0.05
until_so() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || { echo "bgp: $* did not come to be" >&2; exit 1; }
		sleep $pause
	done
}
has() { [ "$("$1_routes")" -ge "$2" ]; }
# The two counts of prefixes in its head.
whole_table() { [ -e "$T/table" ] && [ "$(od -An -tu4 -j 24 -N 8 "$T/table" | awk '{ print $1 + $2 }')" = $all ]; }

cpu() { cat "/proc/$pid/task/"*/schedstat | awk '{ n += $1 } END { printf "%.3f\n", n / 1e9 }'; }
mb() { awk '$1 == "VmRSS:" { printf "%.1f\n", $2 / 1000 }' "/proc/$pid/status"; }
sub() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a - b }'; }

# load WHO LOCAL ROUTES: tells it the table; sets took and used, in seconds.
load() {
	local before end
	before=$(cpu)
	bgp_inject "127.0.0.1:$port" 64512 "$v4" "$v6" 1 "$2" >"$T/sent" &
	injectors+=($!)
	until_so 600 test -s "$T/sent"
	until_so 600 has "$1" "$3"
	end=$EPOCHREALTIME
	used=$(sub "$(cpu)" "$before")
	took=$(sub "$end" "$(cut -d ' ' -f 1 "$T/sent")")
}

finish() {
	kill "${injectors[@]}" "$pid"
	wait "${injectors[@]}" "$pid" 2>/dev/null
	pid= injectors=()
	rm -f "$T/sent"
}

# measure WHO: a line "took used memory second-MB" to $T/WHO; of ours the table, and how soon the API answered, too.
measure() {
	local who=$1 line first second table=- api_ms=- asking= begun
	"${who}_up" || return 1
	until_so 30 "${who}_ready"
	if [ "$who" = nf ]; then
		ask "$api" /health 2 $pid >"$T/asked" &
		asking=$!
	fi
	load "$who" 127.0.0.2 $all
	first=$(mb) line="$took $used $first"
	begun=$EPOCHREALTIME
	if [ "$who" = nf ]; then
		kill $asking
		wait $asking
		until_so 60 whole_table
		table=$(sub "$EPOCHREALTIME" "$begun")
		api_ms=$(cut -d ' ' -f 2- "$T/asked")
	fi
	second=-
	if [ "$who" != gobgp ]; then
		load "$who" 127.0.0.3 $((2 * all))
		second=$(sub "$(mb)" "$first")
	fi
	echo "$line $second $table $api_ms" >>"$T/$who"
	finish
}

for ((i = 0; i < ROUNDS; i++)); do
	for who in nf bird; do measure $who || exit 1; done
	[ $i != 0 ] || measure gobgp || exit 1
done

least() { sort -g -k "$2,$2" "$T/$1" | awk -v c="$2" 'NR == 1 { print $c }'; }

# compare WHAT COLUMN UNIT
compare() {
	local ours=$(least nf "$2") name who theirs
	for name in BIRD GoBGP; do
		who=${name,,}
		theirs=$(least "$who" "$2")
		[ "$theirs" = - ] || awk -v OFS='\t' -v what="nf-bgpd: $1" -v a="$ours" -v b="$theirs" -v unit="$3" -v name="$name" 'BEGIN {
			print what, sprintf("%.2f %s", a, unit), sprintf("%.2f %s (%s)", b, unit, name), sprintf("%.1f", b / a) }'
	done
}

whole="$((v4 / 1000))k + $((v6 / 1000))k routes"
compare "$whole, first UPDATE to all in the RIB" 1 s
compare "$whole, CPU" 2 s
compare "$whole, memory" 3 MB
compare "the same from a second neighbour adds" 4 MB
printf 'nf-bgpd: then the prefix table is on disk after\t%.2f s\t-\t-\n' "$(least nf 5)"
printf 'nf-bgpd: meanwhile the API answers, median / 99 %% / slowest\t%s / %s / %s ms\t-\t-\n' \
	"$(least nf 6)" "$(least nf 7)" "$(least nf 8)"
printf 'nf-bgpd: of which it was itself on the CPU\t%s / %s / %s ms\t-\t-\n' \
	"$(least nf 9)" "$(least nf 10)" "$(least nf 11)"
