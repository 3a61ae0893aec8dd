# For tests of nf-bgpd with BGP speakers of others, which are at 127.0.0.2; sourced after tap.sh. Every speaker has
#
#     X_up AS      starts it as a neighbour of AS 65001
#     X_route P    what it has of the prefix from us, in one form for all:
#                  path=65001 next_hop=192.0.2.1 local_pref=100 communities=65535:666 large=64496:1:2
#     X_routes     the prefixes that it has from us
#     X_down

port=$(free_port)
peer_port=$(free_port)
api_port=$(free_port)
while [ "$peer_port" = "$port" ]; do peer_port=$(free_port); done
while [ "$api_port" = "$port" ] || [ "$api_port" = "$peer_port" ]; do api_port=$(free_port); done
sock=$T/api.sock

# config REMOTE_AS [YAML]: keys of bgp_listener, and further lines.
config() {
	cat >"$T/c.yaml" <<END
run_dir: $T
bgp:
  bgp_listener: {enabled: true, listen_ip: 127.0.0.1, router_id: 10.0.0.1, peer_ip: 127.0.0.2, local_asn: 65001,
    remote_asn: $1, port: $port, peer_port: $peer_port}
  table_file: $T/table
  table_interval: 1s
  state_dir: $T/state
  blackhole: {next_hop: 192.0.2.1}
api: {port: $api_port, socket: $sock}
detection: {log_dir: $T/log, blackhole_max_rate: 1000}
$2
END
	chmod 640 "$T/c.yaml"
}

speak() {
	"$BUILD/bin/nf-bgpd" -c "$T/c.yaml" "$@" 2>>"$T/said" &
	speaker=$!
	PIDS+=($speaker)
	wait_for 10 api GET peers
}
silence() { kill "$speaker" && wait "$speaker"; }
murder() { { kill -KILL "$speaker" && wait "$speaker"; } 2>/dev/null; }

# api METHOD PATH [JSON]: the answer; fails where its status is an error.
api() {
	curl -s -f -m 5 --unix-socket "$sock" -X "$1" ${3:+-H 'Content-Type: application/json' -d "$3"} "http://localhost/$2"
}
announce() { api POST announce "$1" >/dev/null; }
withdraw() { api POST withdraw "{\"prefix\": \"$1\"}" >/dev/null; }
in_session() { [ "$(api GET health | jq .sessions)" = 1 ]; }

#
# BIRD
#

bird_up() {
	cat >"$T/bird.conf" <<END
router id 10.0.0.2;
protocol device {}
protocol bgp nf {
	local 127.0.0.2 port $peer_port as $1;
	neighbor 127.0.0.1 port $port as 65001;
	multihop; connect delay time 1; connect retry time 1; error wait time 1, 2;
	ipv4 { import all; export none; };
	ipv6 { import all; export none; };
}
END
	bird -f -c "$T/bird.conf" -s "$T/bird.ctl" -P "$T/bird.pid" 2>>"$T/bird.log" &
	bird=$!
	PIDS+=($bird)
}
bird_down() { { kill "$bird" && wait "$bird"; } 2>/dev/null; }
ctl() { birdc -s "$T/bird.ctl" "$@"; }

bird_route() {
	ctl show route all "$1" | sed -nE '
		s/^\tBGP\.as_path: */path /p; s/^\tBGP\.next_hop: *([^ ]*).*/hop \1/p; s/^\tBGP\.local_pref: */pref /p
		s/^\tBGP\.(large_)?community: */\1c /p' | awk '
		{ key = $1; sub(/^[^ ]* */, ""); gsub(/, */, ":"); gsub(/[()]/, ""); gsub(/ +/, ","); v[key] = $0 }
		END { if (v["hop"] != "") print "path=" v["path"] " next_hop=" v["hop"] " local_pref=" v["pref"] \
			" communities=" v["c"] " large=" v["large_c"] }'
}
bird_routes() { ctl show route protocol nf | awk '/^[0-9a-f.:]+\// { print $1 }' | sort; }

#
# GoBGP
#

gobgp_up() {
	gobgp_port=$(free_port)
	cat >"$T/gobgp.toml" <<END
[global.config]
  as = $1
  router-id = "10.0.0.3"
  port = $peer_port
  local-address-list = ["127.0.0.2"]
[[neighbors]]
  [neighbors.config]
    neighbor-address = "127.0.0.1"
    peer-as = 65001
  [neighbors.timers.config]
    connect-retry = 1
    idle-hold-time-after-reset = 1
  [neighbors.transport.config]
    local-address = "127.0.0.2"
    remote-port = $port
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
	gobgpd -f "$T/gobgp.toml" --api-hosts "127.0.0.1:$gobgp_port" --pprof-disable >>"$T/gobgp.log" 2>&1 &
	gobgpd=$!
	PIDS+=($gobgpd)
}
gobgp_down() { { kill "$gobgpd" && wait "$gobgpd"; } 2>/dev/null; }

gobgp_rib() {
	local f
	for f in ipv4 ipv6; do
		gobgp -p "$gobgp_port" -j neighbor 127.0.0.1 adj-in -a $f
	done | jq 'select(has("error") | not)' # it has none without a session
}
gobgp_route() {
	gobgp_rib | jq -r --arg p "$1" '
		def high: . / 65536 | floor; def low: . % 65536;
		.[$p] // empty | .[0].attrs
		| [.[] | select(.type == 2).as_paths[].asns[]] as $path
		| ([.[] | select(.type == 3 or .type == 14).nexthop] | first) as $hop
		| ([.[] | select(.type == 5).value] | first) as $pref
		| [.[] | select(.type == 8).communities[] | "\(high):\(low)"] as $c
		| [.[] | select(.type == 32).value[] | "\(.ASN):\(.LocalData1):\(.LocalData2)"] as $large
		| "path=\($path | map(tostring) | join(",")) next_hop=\($hop) local_pref=\($pref // "")" +
		  " communities=\($c | join(",")) large=\($large | join(","))"'
}
gobgp_routes() { gobgp_rib | jq -r 'keys[]' | sort; }
