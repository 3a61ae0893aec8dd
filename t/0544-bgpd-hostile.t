#!/bin/bash
# UPDATEs that are broken: 10,000 mutations of real ones and the cases of RFC 7606, over live sessions. None ends nf-bgpd,
# none ends a session that the RFC says to keep, and what else was said in the session stays.
. "${0%/*}/tap.sh"
. "${0%/*}/bgpd.sh"
PATH=$PATH:/usr/lib/frr
need bird birdc gobgpd gobgp watchfrr vtysh curl jq python3
say=$BUILD/t/helper/bgp_say
reference() { python3 "${0%/*}/helper/update_reference.py" "$@"; }

#
# Real ones
#

marked=yes
for peer in bird gobgp frr; do
	"${peer}_up" 64496
	hears() { timeout 10 "$say" hear 127.0.0.1 "127.0.0.2:$peer_port" 65001 2 >"$T/heard"; }
	ok "$peer sends its UPDATEs" wait_for 30 hears
	cat "$T/heard" >>"$T/real"
	"${peer}_down"
done
is "$(wc -l <"$T/real")" 6 "two of each"

# update ATTRIBUTES ROUTES [WITHDRAWN]: a body of these, in hex.
update() { printf '%04x%s%04x%s%s\n' $((${#3} / 2)) "$3" $((${#1} / 2)) "$1" "$2"; }
origin=40010100 path=40020602010000fbf0 hop=4003047f000003 victim=18c63364
base=$origin$path$hop
reach=900e001e0002011020010db80000000000000000000000030030 unreach=800f0a0002013020010db80042
{
	cat "$T/real"
	update '' '' "$victim"
	update "$unreach" ''
	update "${base}40050400000064400600c00708000000010a00000180090401020304800a080a0000010a000002" "${victim}08c6"
} >"$T/bodies"

#
# Over sessions: of a neighbour of ours who is not right in the head, while another is
#

hostile_up() { # AS
	bird_up 64497
	config 64497
	sed -i "s|^  table_file:|  peers: [{address: 127.0.0.3, asn: $1, passive: true}]\n&|" "$T/c.yaml"
	rm -rf "$T/state"
	speak
	ok "a session with a neighbour that is sound" wait_for 20 in_session
	ok "and its routes" wait_for 20 api GET route/203.0.113.1
}
hostile_down() {
	is "$(api GET peers | jq -r '.[] | select(.address == "127.0.0.2") | "\(.state) \(.sessions)"')" "Established 1" \
		"the sound neighbour noticed nothing"
	silence
	is $? 0 "nf-bgpd lives, and ends in order"
	bird_down
}
tell() { "$say" tell 127.0.0.3 "127.0.0.1:$port" "$1"; }
shows() { api GET "route/$1" | jq -r '.paths[] | select(.peer == "127.0.0.3") | "\(.as_path) \(.next_hop) \(.communities)"'; }

good=$(update "${base}c00808fbf00001fbf00002" 20c0000207)
good6=$(update "${origin}${path}800e260002011020010db80000000000000000000000030080""20010db8000700000000000000000007" '')
for as in 64496 65001; do
	hostile_up $as
	kind=ebgp
	[ $as = 64496 ] || kind=ibgp
	reference $kind $((${MUTATIONS:-10000} / 2)) "${SEED:-$as}" <"$T/bodies" >"$T/wanted"
	{ printf '+%s\n' "$good" "$good6" && cut -d' ' -f1 "$T/wanted"; } | tell $as >"$T/got"
	is $? 0 "$kind: mutations are told to the end"
	tail -n +3 "$T/got" | cut -d' ' -f1 | paste -d' ' "$T/wanted" - >"$T/both"
	is "$(wc -l <"$T/both")" $((${MUTATIONS:-10000} / 2)) "each of them was dealt with"
	is "$(awk '$2 == "keep" && $3 != "keep"' "$T/both" | head -3)" "" "no session was reset that was to be kept"
	is "$(awk '$2 == "reset" && $3 != "reset"' "$T/both" | head -3)" "" "and none kept where no sense could be made of it"
	ok "there were many of both kinds" test "$(grep -c ' keep keep' "$T/both")" -gt 1000 -a "$(grep -c ' reset reset' "$T/both")" -gt 500
	echo "# $kind: $(cut -d' ' -f2- "$T/both" | sort | uniq -c | xargs)"
	is "$(shows 192.0.2.7)" '["64496"] 127.0.0.3 ["64496:1","64496:2"]' "a good route of this session stays"
	is "$(shows 2001:db8:7::7)" '["64496"] 2001:db8::3 null' "and one of IPv6"
	is "$(api GET route/203.0.113.1 | jq -r '.paths[] | select(.peer == "127.0.0.2").med')" 7 "and those of the other neighbour"
	hostile_down
done

#
# One by one: what RFC 7606 says, and what becomes of the route that the UPDATE brings
#

hostile_up 64496
coproc SAYS { exec "$say" tell 127.0.0.3 "127.0.0.1:$port" 64496; }
PIDS+=($SAYS_PID)
said() {
	local answer
	echo "$1" >&"${SAYS[1]}"
	read -r -t 20 answer <&"${SAYS[0]}" && echo "$answer"
}
has_victim() { [ -n "$(api GET route/198.51.100.1)" ]; }
said "+$good" >"$T/answer"
while IFS='|' read -r want stays name body; do
	[ -n "$want" ] || continue
	said "$(update "$base" "$victim")" >"$T/answer"
	has_victim || diag "the route is missing before: $name"
	is "$(said "$body")" "$want" "$name: $want"
	has_victim
	is $? "$stays" "$name: the route $([ "$stays" = 0 ] && echo stays || echo goes)"
done <<END
keep|0|as it should be|$(update "$base" $victim)
keep|1|7.1 an ORIGIN of 3|$(update 40010103$path$hop $victim)
keep|1|7.1 an ORIGIN of two bytes|$(update 4001020000$path$hop $victim)
keep|1|3d no ORIGIN|$(update $path$hop $victim)
keep|1|3c an ORIGIN that is optional|$(update 80010100$path$hop $victim)
keep|1|7.2 AS_PATH: an unknown kind of segment|$(update ${origin}40020609010000fbf0$hop $victim)
keep|1|7.2 AS_PATH: a segment too long|$(update ${origin}40020602050000fbf0$hop $victim)
keep|1|7.2 AS_PATH: a byte left over|$(update ${origin}40020702010000fbf002$hop $victim)
keep|1|7.2 AS_PATH: an empty segment|$(update ${origin}4002020200$hop $victim)
keep|1|7.3 a NEXT_HOP of three bytes|$(update ${origin}${path}4003037f0000 $victim)
keep|1|3d no NEXT_HOP|$(update $origin$path $victim)
keep|1|7.4 a MED of three bytes|$(update ${base}800403000001 $victim)
keep|0|7.5 a bad LOCAL_PREF of another AS|$(update ${base}400503000001 $victim)
keep|0|7.6 an ATOMIC_AGGREGATE of one byte|$(update ${base}40060100 $victim)
keep|0|7.7 an AGGREGATOR of six bytes|$(update ${base}c00706fbf00a000001 $victim)
keep|1|7.8 COMMUNITIES of three bytes|$(update ${base}c00803fbf000 $victim)
keep|1|7.8 COMMUNITIES of none|$(update ${base}c00800 $victim)
keep|0|7.9 a bad ORIGINATOR_ID of another AS|$(update ${base}8009030a0000 $victim)
keep|0|7.10 a bad CLUSTER_LIST of another AS|$(update ${base}800a030a0000 $victim)
keep|1|7.14 extended communities of seven bytes|$(update ${base}c010070002fbf0000000 $victim)
keep|1|RFC 8092: large communities of eleven bytes|$(update ${base}c0200b0000fbf000000001000000 $victim)
keep|0|3g an ORIGIN twice, the first of which counts|$(update ${base}40010103 $victim)
keep|1|4 an attribute cut short|$(update ${base}c0080afbf0 $victim)
keep|1|4 an attribute without a length|$(update ${base}c008 $victim)
keep|0|RFC 4271: an unknown attribute that is optional|$(update ${base}c0fd03010203 $victim)
reset 3 2|0|RFC 4271: one that is not|$(update ${base}40fd03010203 $victim)
keep|0|a family that was not agreed on|$(update "${base}800e050019460000" $victim)
reset 3 9|0|7.11 an MP_REACH_NLRI with a next hop of five bytes|$(update ${base}800e0b00020105010203040500207f $victim)
reset 3 9|0|7.11 one that ends in its next hop|$(update ${base}800e060002011020a0 $victim)
reset 3 9|0|7.12 an MP_UNREACH_NLRI of two bytes|$(update ${base}800f020002 $victim)
reset 3 9|0|5.3 a route of 129 bits|$(update ${base}800f0400020181 $victim)
reset 3 1|0|3g MP_UNREACH_NLRI twice|$(update $base$unreach$unreach $victim)
reset 3 10|0|5.3 a route of 33 bits|$(update "$base" 21c633640000)
reset 3 10|0|5.3 a route cut short|$(update "$base" 18c633)
reset 3 10|0|5.3 a withdrawn route of 33 bits|$(update "$base" $victim 21c633640000)
reset 3 1|0|3a attributes longer than the message|00000100$base
reset 3 1|0|3a withdrawn routes longer than it|0100${victim}0000
reset 3 6|0|5.2 a bad attribute and no route|$(update 40010103 '')
reset 3 1|0|5.2 an attribute cut short and no route|$(update 400101 '')
keep|0|5.2 an attribute left out and no route|$(update 40060100 '')
END
is "$(shows 192.0.2.7)" '["64496"] 127.0.0.3 ["64496:1","64496:2"]' "the good route stays"
exec {SAYS[1]}>&-
hostile_down
plan
