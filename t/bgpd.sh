# For tests of nf-bgpd with BGP speakers of others, which are at 127.0.0.2; sourced after tap.sh. Every speaker has
#
#     X_up AS      starts it as a neighbour of AS 65001
#     X_route P    what it has of the prefix from us, in one form for all:
#                  path=65001 next_hop=192.0.2.1 local_pref=100 communities=65535:666 large=64496:1:2
#     X_routes     the prefixes that it has from us
#     X_flap       ends the session and begins another
#     X_down
#
# and where `marked` is not empty it announces 203.0.113.0/24 and 2001:db8:77::/48 with attributes of all kinds.

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
    remote_asn: $1, port: $port, peer_port: $peer_port${md5:+, md5: $md5}}
  table_file: $T/table
  table_interval: 1s
  state_dir: $T/state
  blackhole: {next_hop: 192.0.2.1}
api: {port: $api_port, socket: $sock}
detection: {log_dir: $T/log, blackhole_max_rate: 100000, blackhole_max_active: 10000}
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
sessions() { [ "$(api GET peers | jq -c '.[0] | [.state, .sessions]')" = "[\"Established\",$1]" ]; }
in_session() { [ "$(api GET health | jq .sessions)" = 1 ]; }

#
# BIRD
#

bird_marked='
protocol static { ipv4; route 203.0.113.0/24 blackhole; }
protocol static { ipv6; route 2001:db8:77::/48 blackhole; }
filter marked {
	bgp_path.prepend(4200000001); bgp_path.prepend(64511); bgp_med = 7; bgp_local_pref = 250;
	bgp_community.add((64496,1)); bgp_community.add((65535,666)); bgp_large_community.add((64496,1,2));
	bgp_ext_community.add((rt,64496,7));
	if net.type = NET_IP4 then bgp_next_hop = 192.0.2.77; else bgp_next_hop = 2001:db8::77;
	accept;
}'
bird_up() {
	local filter=none secret=''
	[ -z "$marked" ] || filter='filter marked'
	[ -z "$md5" ] || secret="password \"$md5\";"
	cat >"$T/bird.conf" <<END
router id 10.0.0.2;
flow4 table f4; flow6 table f6;
protocol device {}
${marked:+$bird_marked}
protocol bgp nf {
	local 127.0.0.2 port $peer_port as $1;
	neighbor 127.0.0.1 port $port as 65001;
	strict bind; multihop; connect delay time 1; connect retry time 1; error wait time 1, 2; $secret
	ipv4 { import all; export $filter; };
	ipv6 { import all; export $filter; };
	flow4 { import all; export none; };
	flow6 { import all; export none; };
}
END
	bird -f -c "$T/bird.conf" -s "$T/bird.ctl" -P "$T/bird.pid" 2>>"$T/bird.log" &
	bird=$!
	PIDS+=($bird)
}
bird_down() { { kill "$bird" && wait "$bird"; } 2>/dev/null; }
bird_flap() { ctl restart nf; }
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
	local secret=''
	[ -z "$md5" ] || secret="auth-password = \"$md5\""
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
    $secret
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
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-flowspec"
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv6-flowspec"
END
	gobgpd -f "$T/gobgp.toml" --api-hosts "127.0.0.1:$gobgp_port" --pprof-disable >>"$T/gobgp.log" 2>&1 &
	gobgpd=$!
	PIDS+=($gobgpd)
	[ -z "$marked" ] && return
	local marks=(origin igp med 7 local-pref 250 aspath "64511 4200000001" community 64496:1,65535:666
		large-community 64496:1:2 rt 64496:7)
	wait_for 20 gobgp -p "$gobgp_port" global
	gobgp -p "$gobgp_port" global rib add 203.0.113.0/24 nexthop 192.0.2.77 "${marks[@]}"
	gobgp -p "$gobgp_port" global rib add -a ipv6 2001:db8:77::/48 nexthop 2001:db8::77 "${marks[@]}"
}
gobgp_down() { { kill "$gobgpd" && wait "$gobgpd"; } 2>/dev/null; }

gobgp_flap() { gobgp -p "$gobgp_port" neighbor 127.0.0.1 reset; }
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

#
# FRR, without its zebra, so that no route of this machine is touched
#

frr_up() {
	local hops=''
	[ "$1" = 65001 ] || hops="neighbor 127.0.0.1 ebgp-multihop 255"
	mkdir -p "$T/frr"
	cat >"$T/frr/bgpd.conf" <<END
route-map marked permit 10
 set community 64496:1 65535:666
 set large-community 64496:1:2
 set extcommunity rt 64496:7
 set metric 7
 set local-preference 250
 set as-path prepend 64511 4200000001
route-map out permit 10
 set ip next-hop 192.0.2.77
 set ipv6 next-hop global 2001:db8::77
router bgp $1
 bgp router-id 10.0.0.4
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor 127.0.0.1 remote-as 65001
 neighbor 127.0.0.1 port $port
 neighbor 127.0.0.1 update-source 127.0.0.2
 neighbor 127.0.0.1 timers connect 1
 neighbor 127.0.0.1 disable-connected-check
 ${md5:+neighbor 127.0.0.1 password $md5}
 $hops
 address-family ipv4 unicast
  neighbor 127.0.0.1 route-map out out
  network 203.0.113.0/24 route-map marked
 exit-address-family
 address-family ipv6 unicast
  neighbor 127.0.0.1 activate
  neighbor 127.0.0.1 route-map out out
  network 2001:db8:77::/48 route-map marked
 exit-address-family
 address-family ipv4 flowspec
  neighbor 127.0.0.1 activate
 exit-address-family
 address-family ipv6 flowspec
  neighbor 127.0.0.1 activate
 exit-address-family
END
	/usr/lib/frr/bgpd -Z -S -f "$T/frr/bgpd.conf" -i "$T/frr/pid" --vty_socket "$T/frr" -p "$peer_port" -l 127.0.0.2 -P 0 \
		--log "file:$T/frr/log" >>"$T/frr/out" 2>&1 &
	frr=$!
	PIDS+=($frr)
}
frr_down() { { kill "$frr" && wait "$frr"; } 2>/dev/null; }
frr_flap() { vtysh --vty_socket "$T/frr" -c "clear bgp 127.0.0.1"; }
frr_show() { vtysh --vty_socket "$T/frr" -c "show bgp $1 json"; }

frr_route() {
	local family='ipv4 unicast'
	[[ $1 = *:* ]] && family='ipv6 unicast'
	frr_show "$family $1" | jq -r '
		{noExport: "65535:65281", blackhole: "65535:666"} as $names
		| .paths[]? | select(.peer.peerId == "127.0.0.1")
		| "path=\(.aspath.string | if . == "Local" then "" else . end) next_hop=\(.nexthops[0].ip)" +
		  " local_pref=\(.locPrf // "") communities=\([.community.list[]? | $names[.] // .] | join(","))" +
		  " large=\([.largeCommunity.list[]?] | join(","))"'
}
frr_routes() {
	local f
	for f in ipv4 ipv6; do
		frr_show "$f unicast" | jq -r '.routes | to_entries[] | select(any(.value[]; .peerId == "127.0.0.1")).key'
	done | sort
}

#
# OpenBGPD, which insists on root and on the home of its user to be locked in
#

openbgpd_up() {
	local home
	home=$(getent passwd _openbgpd | cut -d: -f6)
	cat >"$T/openbgpd.conf" <<END
AS $1
router-id 10.0.0.5
fib-update no
listen on 127.0.0.2 port $peer_port
socket "$T/openbgpd.ctl"
network 203.0.113.0/24 set { community 64496:1 community BLACKHOLE large-community 64496:1:2 ext-community rt 64496:7 metric 7 localpref 250 nexthop 192.0.2.77 }
network 2001:db8:77::/48 set { community 64496:1 community BLACKHOLE large-community 64496:1:2 ext-community rt 64496:7 metric 7 localpref 250 nexthop 2001:db8::77 }
neighbor 127.0.0.1 {
	remote-as 65001
	local-address 127.0.0.2
	port $port
	multihop 255
	${md5:+tcp md5sig password $md5}
	announce IPv4 unicast
	announce IPv6 unicast
}
allow from any
allow to any
match to any set nexthop no-modify
END
	chmod 600 "$T/openbgpd.conf"
	unshare -m sh -c "mount -t tmpfs none /run && mkdir -p $home && exec /usr/sbin/bgpd -d -f $T/openbgpd.conf" \
		>>"$T/openbgpd.log" 2>&1 &
	openbgpd=$!
	PIDS+=($openbgpd)
}
openbgpd_down() { { kill "$openbgpd" && wait "$openbgpd"; } 2>/dev/null; }
openbgpd_flap() { bgpctl -s "$T/openbgpd.ctl" neighbor 127.0.0.1 clear; }
openbgpd_rib() { bgpctl -s "$T/openbgpd.ctl" -j show rib in neighbor 127.0.0.1 detail; }

openbgpd_route() {
	openbgpd_rib | jq -r --arg p "$1" '
		{NO_EXPORT: "65535:65281", BLACKHOLE: "65535:666"} as $names
		| .rib[]? | select(.prefix == $p)
		| "path=\(.aspath) next_hop=\(.exit_nexthop) local_pref=\(.localpref)" +
		  " communities=\([.communities[]? | $names[.] // .] | join(",")) large=\([.large_communities[]?] | join(","))"'
}
openbgpd_routes() { openbgpd_rib | jq -r '.rib[]?.prefix' | sort; }

#
# All of them
#

peer=bird # the one that is meant
has_all() { [ "$("${peer}_routes" | xargs)" = "$*" ]; }
sees() { [ "$("${peer}_route" "$1")" = "$2" ]; }

# route PREFIX WANT NAME: within a while; then what it is.
route() {
	wait_for 40 sees "$1" "$2"
	is "$("${peer}_route" "$1")" "$2" "$3"
}
# routes NAME PREFIX...
routes() {
	wait_for 40 has_all "${@:2}"
	is "$("${peer}_routes" | xargs)" "${*:2}" "$1"
}

# exchange AS: blackholes as the neighbour sees them: exactly what was asked for, from then until it is over, whatever
# happens meanwhile.
exchange() {
	local who="$peer as AS $1" path=65001 pref=''
	if [ "$1" = 65001 ]; then
		path='' pref=100
	elif [ "$peer" = bird ] || [ "$peer" = openbgpd ]; then
		pref=100 # its own default
	fi
	config "$1"
	rm -rf "$T/state"
	"${peer}_up" "$1"
	speak
	ok "$who: a session" wait_for 20 in_session
	routes "$who: nothing is announced"

	announce '{"prefix": "198.51.100.7"}'
	route 198.51.100.7/32 "path=$path next_hop=192.0.2.1 local_pref=$pref communities=65535:666,65535:65281 large=" \
		"defaults of IPv4"
	announce '{"prefix": "2001:db8::7"}'
	route 2001:db8::7/128 "path=$path next_hop=100::1 local_pref=$pref communities=65535:666,65535:65281 large=" \
		"defaults of IPv6"
	announce '{"prefix": "198.51.100.8/32", "next_hop": "203.0.113.9", "communities": ["64496:1", "64496:1:2", "64496:666"]}'
	route 198.51.100.8/32 "path=$path next_hop=203.0.113.9 local_pref=$pref communities=64496:1,64496:666 large=64496:1:2" \
		"next hop and communities as given"
	announce '{"prefix": "198.51.100.9/32", "communities": []}'
	route 198.51.100.9/32 "path=$path next_hop=192.0.2.1 local_pref=$pref communities= large=" "none where none are wanted"
	announce '{"prefix": "2001:db8::8", "next_hop": "2001:db8:ffff::1", "communities": ["no-export"]}'
	route 2001:db8::8/128 "path=$path next_hop=2001:db8:ffff::1 local_pref=$pref communities=65535:65281 large=" \
		"IPv6 as given"
	announce '{"prefix": "198.51.100.9/32", "communities": ["64496:9"]}'
	route 198.51.100.9/32 "path=$path next_hop=192.0.2.1 local_pref=$pref communities=64496:9 large=" "announced anew"

	withdraw 198.51.100.8/32
	withdraw 2001:db8::8/128
	routes "$who: withdrawn on request" 198.51.100.7/32 198.51.100.9/32 2001:db8::7/128
	announce '{"prefix": "198.51.100.10", "ttl": 4}'
	routes "one for four seconds" 198.51.100.10/32 198.51.100.7/32 198.51.100.9/32 2001:db8::7/128
	routes "is gone when they are over" 198.51.100.7/32 198.51.100.9/32 2001:db8::7/128

	"${peer}_flap" >/dev/null
	ok "another session" wait_for 40 sessions 2
	routes "$who: after a session flap" 198.51.100.7/32 198.51.100.9/32 2001:db8::7/128

	"${peer}_down"
	withdraw 198.51.100.9/32
	announce '{"prefix": "2001:db8::9"}'
	"${peer}_up" "$1"
	routes "$who: all there is at session up" 198.51.100.7/32 2001:db8::7/128 2001:db8::9/128

	announce '{"prefix": "198.51.100.11", "ttl": 1}'
	silence
	is $? 0 "nf-bgpd ends in order"
	routes "and its routes leave with the session"
	sleep 1.1
	speak
	routes "$who: after a restart, but for what is over" 198.51.100.7/32 2001:db8::7/128 2001:db8::9/128
	murder
	routes "killed"
	speak
	routes "$who: after kill -9" 198.51.100.7/32 2001:db8::7/128 2001:db8::9/128
	silence
	"${peer}_down"
}

# learns AS PATH LOCAL_PREF: the two routes of the neighbour, with all that it was told to say of them.
learns() {
	local as=$1 path=$2 pref=$3 marked=yes p hop
	config "$as"
	rm -rf "$T/state"
	"${peer}_up" "$as"
	speak
	for p in 203.0.113.0/24 2001:db8:77::/48; do
		hop=192.0.2.77
		[ "${p#*:}" = "$p" ] || hop=2001:db8::77
		ok "$peer as AS $as${md5:+, signed}: $p is learnt" wait_for 40 api GET "route/${p%/*}"
		is "$(api GET "route/${p%/*}" | jq -r '"\(.prefix) " + (.paths[0] | "\(.as_path | join(" ")) \(.next_hop) \(.communities) " +
			"\(.large_communities) \(.extended_communities) \(.med) \(.local_pref) \(.origin)")')" \
			"$p $path $hop [\"64496:1\",\"65535:666\"] [\"64496:1:2\"] [\"rt:64496:7\"] 7 $pref igp" "with its attributes"
	done
	silence
	"${peer}_down"
}

# learns_all [PATH]: as a neighbour of another AS, of ours, and with signed sessions.
learns_all() {
	local md5
	local path=${1-64511 4200000001}
	learns 64496 "64496${path:+ $path}" null
	learns 65001 "$path" 250
	md5=between-us
	learns 64496 "64496${path:+ $path}" null
}
