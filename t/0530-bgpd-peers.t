#!/bin/bash
# Several neighbours: listed ones, those of a prefix, and what a reload does to their sessions.
. "${0%/*}/tap.sh"
. "${0%/*}/bgpd.sh"
need bird birdc curl jq

# bird_at ADDRESS AS OUR_AS [OPTION]
bird_at() {
	cat >"$T/$1.conf" <<END
router id $1;
protocol device {}
protocol static { ipv4; route 203.0.113.${1##*.}/32 blackhole; }
protocol bgp nf {
	local $1 port $peer_port as $2;
	neighbor 127.0.0.1 port $port as $3;
	strict bind; multihop; connect delay time 1; connect retry time 1; error wait time 1, 2; $4
	ipv4 { import all; export all; };
	ipv6 { import all; export all; };
}
END
	bird -f -c "$T/$1.conf" -s "$T/$1.ctl" -P "$T/$1.pid" 2>>"$T/bird.log" &
	PIDS+=($!)
}
at() { birdc -s "$T/$1.ctl" "${@:2}"; }
sees_at() { at "$1" show route "$2" | grep -q "^$2"; }
peers() { api GET peers | jq -r '.[] | select(.state == "Established").address' | sort | xargs; }
peers_are() { [ "$(peers)" = "$*" ]; }
session_of() { api GET peers | jq -r --arg a "$1" '.[] | select(.address == $a) | "\(.sessions) \(.local_asn)"'; }
reload() {
	: >"$T/said"
	kill -HUP "$speaker"
	wait_for 10 grep -qE 'reloaded|stays' "$T/said"
}

bgp_peers() {
	sed -i '/^  peers:/d' "$T/c.yaml"
	sed -i "s|^  table_file:|  peers: [$1]\n&|" "$T/c.yaml"
}
config 64496
third='{address: 127.0.0.3, asn: 64497, local_asn: 65099, md5: between-us}'
some='{address: 127.0.0.8/29, asn: 64498}'
bgp_peers "$third, $some"
sed -i 's/bgp_listener: {/&max_peers: 1, /' "$T/c.yaml"
bird_at 127.0.0.2 64496 65001
bird_at 127.0.0.3 64497 65099 'password "between-us";'
bird_at 127.0.0.9 64498 65001
bird_at 127.0.0.30 64498 65001
speak
ok "the listed, and one of the prefix" wait_for 40 peers_are 127.0.0.2 127.0.0.3 127.0.0.9
is "$(session_of 127.0.0.3)" "1 65099" "one by another AS number of ours"
announce '{"prefix": "198.51.100.7"}'
for a in 2 3 9; do
	ok "127.0.0.$a has the blackhole" wait_for 20 sees_at 127.0.0.$a 198.51.100.7/32
	ok "and we have its route" wait_for 20 api GET route/203.0.113.$a
done
like "$(at 127.0.0.3 show route all 198.51.100.7/32)" "BGP.as_path: 65099" "with the AS number of that session"
ok "none hears of another's routes" test -z "$(at 127.0.0.2 show route 203.0.113.9/32 | grep '^203')"
bird_at 127.0.0.10 64498 65001
ok "a second one of the prefix has no room" wait_for 20 grep -q "127.0.0.10: no room for it" "$T/said"
is "$(peers)" "127.0.0.2 127.0.0.3 127.0.0.9" "nor has one of no prefix"

sed -i 's/max_peers: 1/max_peers: 2/' "$T/c.yaml"
bgp_peers "$some"
reload
ok "a reload: one less, one more" wait_for 40 peers_are 127.0.0.10 127.0.0.2 127.0.0.9
is "$(session_of 127.0.0.2)" "1 65001" "the first keeps its session"
is "$(session_of 127.0.0.9)" "1 65001" "as does the one of the prefix"
like "$(at 127.0.0.3 show protocols all nf)" "[Pp]eer de-configured" "who left was told why"
api GET route/203.0.113.3
is $? 22 "and its route left with it"
bgp_peers "$third, $some"
reload
ok "it comes back" wait_for 60 peers_are 127.0.0.10 127.0.0.2 127.0.0.3 127.0.0.9
ok "and has the blackhole" wait_for 20 sees_at 127.0.0.3 198.51.100.7/32

for row in '{address: 127.0.0.3}|has an address and an asn' '{address: 127.0.0.300, asn: 1}|127.0.0.300' \
	"{address: 127.0.0.3, asn: 1, adress: 1}|did you mean 'address'" '{address: 127.0.0.3, asn: 0}|asn|0' \
	"$third, $third|there already" "{address: 127.0.0.3, asn: 1, md5_file: $T/none}|none" '7|were expected'; do
	bgp_peers "${row%%|*}"
	reload
	like "$(<"$T/said")" "c.yaml:[0-9]+:[0-9]+: .*(${row#*|}).*the old configuration stays" "refused: ${row%%|*}"
done
is "$(peers)" "127.0.0.10 127.0.0.2 127.0.0.3 127.0.0.9" "and nobody noticed"
silence
is $? 0 "an orderly end"
plan
