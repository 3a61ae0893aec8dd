#!/bin/bash
# Rules of flowspec as neighbours see them: the same as was asked for, from then until it is over, whatever happens
# meanwhile; and none that could hurt more than a blackhole.
. "${0%/*}/tap.sh"
. "${0%/*}/bgpd.sh"
PATH=$PATH:/usr/lib/frr
need bird birdc gobgpd gobgp watchfrr vtysh curl jq

# X_flows: the rules, a line each, in the words of the neighbour: packets, then what becomes of them.
bird_flows() {
	local f
	for f in f4 f6; do
		ctl show route table $f all
	done | sed -nE 's/^(flow[46] \{.*\}) .*/\1/p; s/^\tBGP\.(ext_community|community|large_community): */  \1 /p; s/^\tBGP\.as_path: */  path /p' |
		awk '/^flow/ { if (line) print line; line = $0; next } { line = line $0 } END { if (line) print line }' | sort
}
gobgp_flows() {
	local f
	for f in ipv4-flowspec ipv6-flowspec; do
		gobgp -p "$gobgp_port" neighbor 127.0.0.1 adj-in -a $f
	done | sed -nE 's/ +fictitious +/ /; s/ [0-9:]{8} +/ /; s/^ +0 +(\[.*)/\1/p' | sed 's/ \+/ /g; s/{Origin: i} *//; s/{LocalPref: 100} //; s/\[{/{/; s/}\]$/}/' | sort
}
frr_flows() {
	local f
	for f in ipv4 ipv6; do
		vtysh --vty_socket "$T/frr" -c "show bgp $f flowspec detail"
	done | sed -nE '/^BGP flowspec entry/ { s/.*/;/p; d }; /received for|not installed|Displayed/d; s/^\t//p' | tr '\n;' ' \n' | sed 's/^ *//; s/ *$//; /^$/d' | sort
}
count() { "${peer}_flows" | wc -l; }
has() { [ "$(count)" = "$1" ]; }
# flows COUNT NAME: so many, within a while.
flows() {
	wait_for 40 has "$1"
	is "$(count)" "$1" "$2"
}
rule() { api POST flowspec "$1" >/dev/null; }

one='{"dst": "198.51.100.7", "proto": "udp", "dst_port": ["1000-2000", 53, 53], "length": "0-99", "id": "one"}'
two='{"dst": "198.51.100.8", "src": "203.0.113.0/24", "tcp_flags": ["S/SA", "F"], "fragment": ["is-fragment", "first-fragment"], "dscp": 46,
	"rate_limit": 12500, "mark": 8, "communities": ["64496:1", "64496:1:2"]}'
three='{"src": "198.51.100.9", "redirect": "64496:7", "icmp_type": 8, "icmp_code": [0], "port": 80, "src_port": "1-1023"}'
six='{"dst": "2001:db8::7", "src": "2001:db8:1::/48", "proto": "icmp6", "flow_label": 7, "redirect": "192.0.2.1:9"}'

bird_want() { cat <<END; }
flow4 { dst 198.51.100.7/32; proto 17; dport 53,1000..2000; length 0..99; }$1  ext_community (generic, 0x80060000, 0x0)
flow4 { dst 198.51.100.8/32; src 203.0.113.0/24; tcp flags 0x1/0x1 || 0x2/0x2 && 0x0/0x10; dscp 46; fragment is_fragment || first_fragment; }$1  community (64496,1)  ext_community (generic, 0x80060000, 0x46435000) (generic, 0x80090000, 0x8)  large_community (64496, 1, 2)
flow4 { src 198.51.100.9/32; port 80; sport 1..1023; icmp type 8; icmp code 0; }$1  ext_community (generic, 0x8008fbf0, 0x7)
flow6 { dst 2001:db8::7/128; src 2001:db8:1::/48; next header 58; label 7; }$1  ext_community (generic, 0x8108c000, 0x2010009)
END
gobgp_want() { cat <<END; }
[destination: 198.51.100.7/32][protocol: ==udp][destination-port: ==53 >=1000&<=2000][packet-length: >=0&<=99] $1{Extcomms: [discard]}
[destination: 198.51.100.8/32][source: 203.0.113.0/24][tcp-flags: =F =S&!A][dscp: ==46][fragment: =is-fragment =first-fragment] $1{Communities: 64496:1} {Extcomms: [rate: 12500.000000], [remark: 8]} {LargeCommunity: [ 64496:1:2]}
[destination: 2001:db8::7/128/0][source: 2001:db8:1::/48/0][protocol: ==58][label: ==7] $1{Extcomms: [redirect: 192.0.2.1:9]}
[source: 198.51.100.9/32][port: ==80][source-port: >=1&<=1023][icmp-type: ==8][icmp-code: ==0] $1{Extcomms: [redirect: 64496:7]}
END
frr_want() { cat <<END; }
Destination Address 198.51.100.7/32 IP Protocol = 17  Destination Port = 53 , >= 1000 , <= 2000  Packet Length >= 0 , <= 99  FS:rate 0.000000
Destination Address 198.51.100.8/32 Source Address 203.0.113.0/24 TCP Flags = 1,|= 2,&∋ ! 16 DSCP field = 46  Packet Fragment = 2,|= 4 FS:rate 12500.000000 FS:marking 8
Destination Address 2001:db8::7/128/off 0 Source Address 2001:db8:1::/48/off 0 IP Protocol = 58  Packet Flow Label = 7  FS:redirect VRF RT:192.0.2.1:9
Source Address 198.51.100.9/32 Port = 80  Source Port >= 1 , <= 1023  ICMP Type = 8  ICMP Code = 0  FS:redirect VRF RT:64496:7
END

for peer in bird gobgp frr; do
	for as in 64496 65001; do
		path=''
		[ $as = 65001 ] || path=65001
		case $peer in
		bird) path="  path $path" ;;
		gobgp) path=${path:+$path } ;;
		esac
		config $as
		rm -rf "$T/state"
		"${peer}_up" $as
		speak
		ok "$peer as AS $as: a session" wait_for 20 in_session
		for r in "$one" "$two" "$three" "$six"; do rule "$r"; done
		flows 4 "four rules"
		is "$("${peer}_flows")" "$("${peer}_want" "$path" | sort)" "which are those that were asked for"
		rule '{"dst": "198.51.100.10/32", "ttl": 4}'
		flows 5 "one for four seconds"
		flows 4 "is gone when they are over"
		api POST flowspec/withdraw "$three" >/dev/null
		flows 3 "one is withdrawn"
		"${peer}_down"
		rule "$three"
		api POST flowspec/withdraw "$six" >/dev/null
		"${peer}_up" $as
		flows 3 "all there is at session up"
		rule '{"dst": "198.51.100.10/32", "ttl": 1}'
		murder
		sleep 1.1
		speak
		flows 3 "and after kill -9, but for what is over"
		announce '{"prefix": "198.51.100.7"}'
		is "$(api POST flush '{}')" '{"withdrawn":4,"armed":false}' "flush counts both kinds"
		flows 0 "and takes them away"
		silence
		is $? 0 "an orderly end"
		"${peer}_down"
	done
done

#
# With one who does not speak it there is none of it
#

peer=bird
config 64496
rm -rf "$T/state"
bird_up 64496
ok "BIRD" wait_for 10 ctl show status
sed -i '/flow[46] {/d' "$T/bird.conf"
ctl configure "\"$T/bird.conf\"" >/dev/null
speak
ok "a session without flowspec" wait_for 20 in_session
is "$(api GET peers | jq -c '.[0].flowspec')" '{"ipv4":false,"ipv6":false}' "which is shown"
rule "$one"
announce '{"prefix": "198.51.100.7"}'
routes "blackholes are announced all the same" 198.51.100.7/32
is "$(api GET peers | jq -c '.[0] | [.state, .sessions]')" '["Established",1]' "and the session stays"

#
# What is shown, and what is refused
#

is "$(api GET announcements | jq -c 'keys')" '["198.51.100.7/32","flow dst=198.51.100.7/32 proto=17 dst_port=53,1000-2000 length=0-99"]' \
	"listed beside the blackholes"
is "$(api GET announcements | jq -c '.["flow dst=198.51.100.7/32 proto=17 dst_port=53,1000-2000 length=0-99"] | [.dst, .proto, .dst_port, .length, .action, .communities, .id, has("prefix")]')" \
	'["198.51.100.7/32",[17],[53,"1000-2000"],["0-99"],"discard",[],"one",false]' "with its parts"
since() { api GET announcements | jq -r '.[keys[1]].timestamp'; }
before=$(since)
rule "${one%\}}, \"ttl\": 3600}"
is "$(since)" "$before" "announced anew it is the same rule"
is "$(api GET announcements | jq '.[keys[1]].time_left > 3590')" true "with a new time"
like "$(<"$T/log/blackholes.txt")" "FLOWSPEC: flow=dst=198.51.100.7/32 proto=17 dst_port=53,1000-2000 length=0-99 \| action=discard \| communities=- \| expires=never \| rule=- \| id=one" \
	"and in the log"

post() { # STATUS WORDS BODY [PATH]
	is "$(curl -s -m 5 -o "$T/answer" -w '%{http_code}' --unix-socket "$sock" -H 'Content-Type: application/json' -d "$3" "http://localhost/${4:-flowspec}")" \
		"$1" "$3: $1"
	like "$(jq -r .error "$T/answer" 2>&1)" "$2" "in words"
}
v='"dst": "198.51.100.7"'
post 400 'dst or src' '{"proto": 6}'
post 400 'unknown key .prefix' '{"prefix": "198.51.100.7"}'
post 400 'unknown key .next_hop' "{$v, \"next_hop\": \"192.0.2.1\"}"
post 400 'another family' "{$v, \"src\": \"2001:db8::1\"}"
post 400 'neither is as long as /32' '{"dst": "198.18.0.0/24"}'
post 400 'neither is as long as /128' '{"dst": "2001:db8::/64", "proto": 6}'
post 400 'neither is as long as /32' '{"dst": "198.18.0.0/15", "src": "198.51.0.0/16"}'
post 400 "proto: 'tpc' is none" "{$v, \"proto\": \"tpc\"}"
post 400 "proto: '256' is none" "{$v, \"proto\": 256}"
post 400 "dst_port: '65536' is none" "{$v, \"dst_port\": 65536}"
post 400 "dst_port: '9-7' is none" "{$v, \"dst_port\": \"9-7\"}"
post 400 "dst_port: an empty list" "{$v, \"dst_port\": []}"
post 400 "dst_port: at most 16" "{$v, \"dst_port\": [$(seq -s, 1 17)]}"
post 400 "dscp: '64' is none" "{$v, \"dscp\": 64}"
post 400 "tcp_flags: 'S/A' is none" "{$v, \"tcp_flags\": \"S/A\"}"
post 400 "fragment: 'half' is none" "{$v, \"fragment\": \"half\"}"
post 400 "flow_label: of IPv6" "{$v, \"flow_label\": 1}"
post 400 "dont-fragment is of IPv4" '{"dst": "2001:db8::1", "fragment": "dont-fragment"}'
ranges="[$(printf '"10%02d-2000",' {1..15})\"1-1000\"]"
post 400 "longer than 239 bytes" "{$v, \"port\": $ranges, \"dst_port\": $ranges, \"src_port\": $ranges}"
post 400 'action: "discard" was expected' "{$v, \"action\": \"accept\"}"
post 400 'what is discarded is neither' "{$v, \"action\": \"discard\", \"rate_limit\": 1}"
post 400 'rate_limit' "{$v, \"rate_limit\": 0}"
post 400 'redirect' "{$v, \"redirect\": \"64496\"}"
post 400 'redirect' "{$v, \"redirect\": \"192.0.2.1:65536\"}"
post 400 'mark' "{$v, \"mark\": 64}"
post 400 'comes twice' "{$v, $v}"
post 400 'since' "{$v, \"since\": 1}"
post 404 'not announced' "{$v}" flowspec/withdraw
post 409 'BGP neighbour|loopback' '{"dst": "127.0.0.2", "proto": 6}'
post 409 'BGP neighbour|loopback' '{"dst": "198.51.100.7", "src": "127.0.0.2"}'
sed -i "s|blackhole_max_active: 10000|blackhole_max_active: 2|" "$T/c.yaml"
: >"$T/said"
kill -HUP "$speaker"
wait_for 10 grep -q reloaded "$T/said"
post 429 '2 blackholes are active' '{"dst": "198.51.100.12"}'
echo 198.51.100.7 >"$T/exclude"
sed -i "s|^detection: {|&exclude_file: $T/exclude, |" "$T/c.yaml"
kill -HUP "$speaker"
gone() { [ "$(api GET announcements)" = "{}" ]; }
ok "what is protected from now on is withdrawn, of both kinds" wait_for 10 gone
api POST flush '{}' >/dev/null
post 409 "flowenricher arm" '{"dst": "198.51.100.12"}'
silence
is $? 0 "an orderly end"
bird_down
plan
