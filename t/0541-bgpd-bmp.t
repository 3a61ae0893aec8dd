#!/bin/bash
# Routes by BMP: what FRR and GoBGP tell of a neighbour of theirs is what that neighbour says, until it or they are gone;
# whoever sends nonsense, or may not send, harms nobody else.
. "${0%/*}/tap.sh"
. "${0%/*}/bgpd.sh"
need bird birdc gobgpd gobgp vtysh python3 curl jq

far_port=$(free_port)
bmp_port=$(free_port)
frr_module=$(find /usr/lib -name bgpd_bmp.so 2>/dev/null | head -1)
[ -n "$frr_module" ] || need frr-with-its-BMP-module

# bmp_config STALE_TIME [YAML]: no neighbour of ours, but the router may call.
bmp_config() {
	config 64496 "$2"
	sed -i "s/ peer_ip: 127.0.0.2,//; s|^  table_file:|  bmp_listen: 127.0.0.1:$bmp_port\n  bmp_allow: [127.0.0.1/32]\n  stale_time: $1\n&|" \
		"$T/c.yaml"
}

# The router's neighbour: far_up AS [OPTION-OF-CHANNEL]
far_up() {
	cat >"$T/far.conf" <<END
router id 10.0.0.9;
protocol device {}
protocol static s4 { ipv4; route 203.0.113.0/24 blackhole; route 198.51.100.128/25 blackhole; }
protocol static s6 { ipv6; route 2001:db8:77::/48 blackhole; }
filter marked {
	bgp_path.prepend(64511); bgp_path.prepend(4200000001); bgp_med = 7; bgp_origin = ORIGIN_INCOMPLETE;
	bgp_community.add((64497,1)); bgp_community.add((65535,666)); bgp_large_community.add((64497,1,2));
	bgp_ext_community.add((rt,64497,9)); bgp_local_pref = 250;
	if net.type = NET_IP4 then bgp_next_hop = 192.0.2.9; else bgp_next_hop = 2001:db8::9;
	accept;
}
protocol bgp r {
	local 127.0.0.4 port $far_port as $1;
	neighbor 127.0.0.2 port $peer_port as 65001;
	strict bind; multihop; connect delay time 1; connect retry time 1; error wait time 1, 2;
	ipv4 { import none; export filter marked; next hop keep; $2 };
	ipv6 { import none; export filter marked; next hop keep; $2 };
}
END
	bird -f -c "$T/far.conf" -s "$T/far.ctl" -P "$T/far.pid" 2>>"$T/far.log" &
	far=$!
	PIDS+=($far)
	wait_for 10 far_ctl show status
}
far_ctl() { birdc -s "$T/far.ctl" "$@"; }
far_down() { { kill "$far" && wait "$far"; } 2>/dev/null; }

# The routers, of AS 65001 as we are.
frr_router_up() {
	mkdir -p "$T/frr"
	cat >"$T/frr/bgpd.conf" <<END
router bgp 65001
 bgp router-id 10.0.0.4
 no bgp ebgp-requires-policy
 neighbor 127.0.0.4 remote-as $1
 neighbor 127.0.0.4 port $far_port
 neighbor 127.0.0.4 update-source 127.0.0.2
 neighbor 127.0.0.4 timers connect 1
 neighbor 127.0.0.4 disable-connected-check
 $([ "$1" = 65001 ] || echo neighbor 127.0.0.4 ebgp-multihop 255)
 address-family ipv4 unicast
  neighbor 127.0.0.4 soft-reconfiguration inbound
 exit-address-family
 address-family ipv6 unicast
  neighbor 127.0.0.4 activate
  neighbor 127.0.0.4 soft-reconfiguration inbound
 exit-address-family
 bmp targets nf
  bmp connect 127.0.0.1 port $bmp_port min-retry 100 max-retry 1000
  bmp monitor ipv4 unicast pre-policy
  bmp monitor ipv6 unicast pre-policy
  bmp stats interval 1000
END
	/usr/lib/frr/bgpd -Z -S -f "$T/frr/bgpd.conf" -i "$T/frr/pid" --vty_socket "$T/frr" -p "$peer_port" -l 127.0.0.2 -P 0 \
		-M "$frr_module" --log "file:$T/frr/log" >>"$T/frr/out" 2>&1 &
	router=$!
	PIDS+=($router)
}
gobgp_router_up() {
	gobgp_port=$(free_port)
	cat >"$T/gobgp.toml" <<END
[global.config]
  as = 65001
  router-id = "10.0.0.3"
  port = $peer_port
  local-address-list = ["127.0.0.2"]
[[bmp-servers]]
  [bmp-servers.config]
    address = "127.0.0.1"
    port = $bmp_port
    route-monitoring-policy = "pre-policy"
    statistics-timeout = 15
[[neighbors]]
  [neighbors.config]
    neighbor-address = "127.0.0.4"
    peer-as = $1
  [neighbors.timers.config]
    connect-retry = 1
    idle-hold-time-after-reset = 1
  [neighbors.transport.config]
    local-address = "127.0.0.2"
    remote-port = $far_port
  [neighbors.ebgp-multihop.config]
    enabled = $([ "$1" = 65001 ] && echo false || echo true)
    multihop-ttl = 255
$(for f in ipv4 ipv6; do
	echo '[[neighbors.afi-safis]]'
	echo "[neighbors.afi-safis.config]"
	echo "afi-safi-name = \"$f-unicast\""
	echo "[neighbors.afi-safis.add-paths.config]"
	echo "receive = true"
done)
END
	gobgpd -f "$T/gobgp.toml" --api-hosts "127.0.0.1:$gobgp_port" --pprof-disable >>"$T/gobgp.log" 2>&1 &
	router=$!
	PIDS+=($router)
}
router_down() { { kill -KILL "$router" && wait "$router"; } 2>/dev/null; }

shown() { # ADDRESS: its first route, in one line
	api GET "route/$1" | jq -r '.paths[0] as $p | "\(.prefix) by \($p.peer) of \($p.source): " +
		"\($p.as_path | join(" ")) \($p.origin) \($p.next_hop) \($p.med) \($p.local_pref) \($p.communities | join(","))" +
		" \($p.large_communities | join(",")) \($p.extended_communities | join(","))"'
}
is_gone() { ! api GET "route/$1"; }
stale_is() { [ "$(api GET "route/$1" | jq -r '.paths[0].stale // false')" = "$2" ]; }
neighbours() { api GET peers | jq -r '.[] | select(.source) | "\(.address) \(.source) \(.state) \(.asn) \(.id) \(.routes.ipv4) \(.routes.ipv6)"'; }
neighbours_are() { [ "$(neighbours)" = "$1" ]; }
metric() { api GET metrics | awk -v name="nf_bgpd_bmp_$1" '{ split($1, part, "{") } part[1] == name { print $NF }'; }

# learns ROUTER AS OPTION: all that happens between a router and its neighbour.
learns() {
	local who="$1, neighbour of AS $2${3:+, several paths}" path='4200000001 64511' pref=250 p
	[ "$2" = 65001 ] || path="$2 $path" pref=null
	bmp_config 120s
	far_up "$2" "$3"
	speak
	"$1"_router_up "$2"
	for p in 203.0.113.0/24:192.0.2.9 198.51.100.128/25:192.0.2.9 2001:db8:77::/48:2001:db8::9; do
		local hop=${p##*/*[0-9]:} prefix
		prefix=${p%%:192*}
		prefix=${prefix%:2001*}
		hop=${p#"$prefix":}
		ok "$who: $prefix is learnt" wait_for 40 api GET "route/${prefix%/*}"
		is "$(shown "${prefix%/*}")" "$prefix by 127.0.0.4 of bmp 127.0.0.1: $path incomplete $hop 7 $pref 64497:1,65535:666 \
64497:1:2 rt:64497:9" "as its neighbour says it"
	done
	is "$(neighbours)" "127.0.0.4 bmp 127.0.0.1 Established $2 10.0.0.9 2 1" "GET /peers has the neighbour"
	is "$(metric sessions) $(metric peer_up) $(metric routes) $(metric errors_total)" "1 1 3 0" "and so have the counters"
	dumped() { [ "$("$BUILD/bin/nf-rib" -t "$T/table" dump | grep -c '"peer":"127.0.0.4"')" = 3 ]; }
	ok "the prefix table has its routes" wait_for 20 dumped
	far_ctl disable s6 >/dev/null
	ok "withdrawn" wait_for 20 is_gone 2001:db8:77::1
	far_ctl enable s6 >/dev/null
	ok "there again" wait_for 20 api GET route/2001:db8:77::1
	far_ctl disable r >/dev/null
	ok "the neighbour is down: it is gone" wait_for 20 neighbours_are ''
	ok "with its routes" is_gone 203.0.113.1
	far_ctl enable r >/dev/null
	ok "it is up" wait_for 40 neighbours_are "127.0.0.4 bmp 127.0.0.1 Established $2 10.0.0.9 2 1"
	router_down
	ok "the router is killed" wait_for 20 neighbours_are "127.0.0.4 bmp 127.0.0.1 Idle $2 10.0.0.9 2 1"
	ok "its routes stay, and are stale" stale_is 203.0.113.1 true
	far_ctl disable s6 >/dev/null
	"$1"_router_up "$2"
	ok "it comes back: they are fresh" wait_for 40 stale_is 203.0.113.1 false
	silence
	is $? 0 "an end in order"
	router_down
	far_down
}
learns frr 64497
learns frr 65001
learns gobgp 64497
learns gobgp 65001
learns gobgp 64497 "add paths tx;"
learns frr 64497 "add paths tx;"

#
# Those who may not, and those who send nonsense
#

cat >"$T/send.py" <<'END'
"""send.py PORT FROM HEX: what becomes of a session that begins so: "closed", or "open" after a second."""
import socket, sys
s = socket.socket()
s.bind((sys.argv[2], 0))
s.connect(("127.0.0.1", int(sys.argv[1])))
s.settimeout(1)
try:
    s.sendall(bytes.fromhex(sys.argv[3]))
    print("closed" if s.recv(1) == b"" else "answered")
except ConnectionError:
    print("closed")
except socket.timeout:
    print("open")
END
send() { python3 "$T/send.py" "$bmp_port" "$@"; }
hello="03 00000006 04"
about="00 00 0000000000000000 000000000000000000000000c0000201 0000fbf0 0a000002 65536000 00000001"
about_us="000000000000000000000000c0000202 00b3 c001"
eor="ffffffffffffffffffffffffffffffff 0017 02 0000 0000"

bmp_config 2s
sed -i 's|127.0.0.1/32|127.0.0.0/29|' "$T/c.yaml"
far_up 64497
speak
frr_router_up 64497
ok "a router is there" wait_for 40 neighbours_are "127.0.0.4 bmp 127.0.0.1 Established 64497 10.0.0.9 2 1"
is "$(send 127.0.0.9 "$hello")" closed "somebody who is not listed"
ok "which is said" grep -q "BMP from 127.0.0.9: it is not listed in bgp.bmp_allow" "$T/said"
is "$(send 127.0.0.5 "$hello")" open "one that is listed"
ok "and says no more: its session is over with it" wait_for 20 grep -q "BMP from 127.0.0.5: session over: the router closed it" "$T/said"
while IFS='|' read -r hex why; do
	: >"$T/said"
	is "$(send 127.0.0.5 "$hex")" closed "closed: $why"
	ok "which is said" grep -q "BMP from 127.0.0.5: session over: $why" "$T/said"
done <<END
474554202f20485454502f312e310d0a0d0a|BMP version 71; 3 is understood here
03 00000047 00 $about $eor|no Initiation at the beginning
$hello 03 00000049 03 $about $about_us ffffffffff|Peer Up: a BGP message that is cut short
$hello 03 00000030 03 $about|a Peer Up that is cut short
$hello 03 00000030 02 $about|a Peer Down that is cut short
$hello 03 ffffffff 00|a message of type 0 of 4294967295 bytes
$hello 03 0000000c 05 0001 0002 0004|the router ends it: for good
END
is "$(send 127.0.0.5 "$hello 03 00000047 00 $about $eor")" open "routes of a neighbour that nobody told of are passed over"
is "$(send 127.0.0.5 "$hello 03 00000008 63 0102")" open "as is a message of a kind to come"
is "$(neighbours)" "127.0.0.4 bmp 127.0.0.1 Established 64497 10.0.0.9 2 1" "meanwhile the router noticed nothing"
is "$(for i in 1 2 3 4 5 6; do send 127.0.0.6 "03" & done | sort | uniq -c | xargs)" "2 closed 4 open" "four sessions of one address"

router_down
ok "the router is gone: its routes leave when they have been stale for long enough" wait_for 20 is_gone 203.0.113.1
ok "and its neighbour" neighbours_are ''
bmp_config 120s
sed -i 's|^  bmp_listen:|  bmp_max_routes: 2\n&|' "$T/c.yaml"
kill -HUP "$speaker"
ok "reloaded" wait_for 10 grep -q reloaded "$T/said"
: >"$T/said"
frr_router_up 64497
ok "a router with more routes than are allowed is hung up on" wait_for 40 grep -q \
	"BMP from 127.0.0.1: session over: more than 2 routes" "$T/said"
router_down
far_down
silence
is $? 0 "an end in order"
plan
