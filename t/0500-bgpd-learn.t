#!/bin/bash
# nf-bgpd learns routes from real speakers: each as a neighbour of another AS and of ours, with all their attributes.
. "${0%/*}/tap.sh"
. "${0%/*}/bgpd.sh"
need bird birdc gobgpd gobgp

# config REMOTE_AS [KEY: VALUE, ...]
config() {
	cat >"$T/c.yaml" <<END
bgp:
  bgp_listener: {enabled: true, listen_ip: 127.0.0.1, router_id: 10.0.0.1, peer_ip: 127.0.0.2, local_asn: 65001,
    remote_asn: $1, port: $port, peer_port: $peer_port ${2:+, $2}}
  table_interval: 1s
END
}

speak() {
	"$BUILD/bin/nf-bgpd" -c "$T/c.yaml" --table "$T/table" -M "$T/metrics" 2>>"$T/said" &
	speaker=$!
	PIDS+=($speaker)
}
silence() { kill "$speaker" && wait "$speaker"; }
dump() { "$BUILD/bin/nf-rib" -t "$T/table" dump; }
dumps() { [ "$(dump | wc -l)" = "$1" ]; }

# member JSON KEY
member() { jq -c --arg p "$1" --arg k "$2" 'select(.prefix == $p) | .[$k]' <<<"$got"; }

#
# BIRD
#

bird_up() { # AS EXTRA
	cat >"$T/bird.conf" <<END
router id 10.0.0.2;
protocol device {}
protocol static { ipv4; route 203.0.113.0/24 blackhole; route 198.51.100.0/24 blackhole; }
protocol static { ipv6; route 2001:db8:1::/48 blackhole; }
filter marked {
	if net = 203.0.113.0/24 then {
		bgp_path.prepend(64511); bgp_path.prepend(4200000001); bgp_med = 7; bgp_origin = ORIGIN_INCOMPLETE;
		bgp_community.add((64496,1)); bgp_community.add((65535,666)); bgp_large_community.add((64496,1,2));
		bgp_local_pref = 250;
	}
	accept;
}
protocol bgp nf {
	local 127.0.0.2 port $peer_port as $1;
	neighbor 127.0.0.1 port $port as 65001;
	multihop; connect delay time 1; connect retry time 1; error wait time 1, 2; $2
	ipv4 { import all; export filter marked; next hop self; };
	ipv6 { import all; export filter marked; next hop address 2001:db8::2; };
}
END
	bird -f -c "$T/bird.conf" -s "$T/bird.ctl" -P "$T/bird.pid" 2>>"$T/bird.log" &
	bird=$!
	PIDS+=($bird)
}
bird_down() { kill "$bird" && wait "$bird" 2>/dev/null; }
ctl() { birdc -s "$T/bird.ctl" "$@"; }

config 64496
bird_up 64496
speak
ok "BIRD, another AS: three prefixes are in the table" wait_for 20 dumps 3
got=$(dump)
is "$(member 203.0.113.0/24 as_path)" '[64496,4200000001,64511]' "the path"
is "$(member 203.0.113.0/24 communities)" '["64496:1","65535:666"]' "communities"
is "$(member 203.0.113.0/24 large_communities)" '["64496:1:2"]' "large communities"
is "$(member 203.0.113.0/24 med)" 7 "MED"
is "$(member 203.0.113.0/24 local_pref)" null "no local preference from another AS"
is "$(member 203.0.113.0/24 next_hop)" '"127.0.0.2"' "next hop"
is "$(member 2001:db8:1::/48 next_hop)" '"2001:db8::2"' "next hop of IPv6"
is "$(member 2001:db8:1::/48 as_path)" '[64496]' "path of IPv6"
is "$(member 198.51.100.0/24 peer)" '"127.0.0.2"' "the peer"

ctl configure "\"$T/bird.conf\"" >/dev/null
ctl disable static1 >/dev/null
ok "withdrawn routes leave" wait_for 20 dumps 1
ctl enable static1 >/dev/null
ok "and come again" wait_for 20 dumps 3
{ kill -KILL "$bird" && wait "$bird"; } 2>/dev/null
saw() { grep -q "$1" "$T/said"; }
ok "a peer that was killed is missed" wait_for 20 saw "session down"
is "$(dump | wc -l)" 3 "its routes stay for a while"
bird_up 64496
ups() { [ "$(grep -c "session up" "$T/said")" -ge "$1" ]; }
ok "it comes back" wait_for 30 ups 2
silence
is $? 0 "the end is orderly"
like "$(ctl show protocols all nf)" "nf-bgpd ends|Received: Administrative shutdown" "and the peer is told why"
bird_down

config 65001
rm -f "$T/table"
bird_up 65001
speak
ok "BIRD, our own AS" wait_for 20 dumps 3
got=$(dump)
is "$(member 203.0.113.0/24 local_pref)" 250 "local preference"
is "$(member 203.0.113.0/24 as_path)" '[4200000001,64511]' "the path has no AS of ours"
is "$(member 198.51.100.0/24 as_path)" '[]' "or none at all"
silence
bird_down

# Signed sessions
config 64496 "md5: s3cret"
rm -f "$T/table"
bird_up 64496 'password "s3cret";'
speak
ok "BIRD, signed with MD5" wait_for 20 dumps 3
silence
bird_down

#
# GoBGP
#

go() { gobgp -p "$gobgp_port" "$@"; }

for as in 64496 65001; do
	config $as
	rm -f "$T/table"
	gobgp_up $as
	ok "GoBGP answers" wait_for 20 go global
	go global rib add 203.0.113.0/24 nexthop 192.0.2.9 origin egp med 9 local-pref 120 aspath "64511 {64512,64513}" \
		community 64496:5,no-export large-community 64496:7:8
	go global rib add 198.51.100.0/24 nexthop 192.0.2.9
	go global rib add -a ipv6 2001:db8:2::/48 nexthop 2001:db8::9
	speak
	ok "GoBGP as AS $as: three prefixes" wait_for 30 dumps 3
	got=$(dump)
	is "$(member 203.0.113.0/24 communities)" '["64496:5","65535:65281"]' "communities"
	is "$(member 203.0.113.0/24 large_communities)" '["64496:7:8"]' "large communities"
	is "$(member 203.0.113.0/24 next_hop)" '"192.0.2.9"' "the next hop is handed on"
	if [ $as = 65001 ]; then
		is "$(member 203.0.113.0/24 as_path)" '[64511,"{64512,64513}"]' "a path with a set"
		is "$(member 203.0.113.0/24 local_pref)" 120 "local preference"
	else
		is "$(member 203.0.113.0/24 as_path)" '[64496,64511,"{64512,64513}"]' "a path with a set"
	fi
	go global rib del 198.51.100.0/24
	ok "one less" wait_for 20 dumps 2
	silence
	gobgp_down
done
plan
