#!/bin/bash
# Dumps in MRT: bgpdump reads of ours what the peer says, a start begins with the last one, and those of others are read.
. "${0%/*}/tap.sh"
. "${0%/*}/bgpd.sh"
need bgpdump python3 curl jq bird birdc vtysh

data=${0%/*}/data
mrt=$T/routes.mrt

# mrt_config REMOTE_AS FILE [INTERVAL [STALE_TIME]]
mrt_config() {
	config "$1"
	sed -i "s|^  table_file:|  mrt_file: $2\n  mrt_interval: ${3:-900s}\n  stale_time: ${4:-120s}\n&|" "$T/c.yaml"
}
# alone FILE: without any neighbour.
alone() {
	mrt_config 64496 "$1"
	sed -i 's/ peer_ip: 127.0.0.2,//' "$T/c.yaml"
}
# What bgpdump makes of a dump, but for the time.
text() { bgpdump -m "$1" 2>/dev/null | cut -d'|' -f3- | sort -u; }
# again FILE: as the one that a start from it leaves behind elsewhere.
again() {
	cp "$1" "$T/in.mrt"
	chmod 644 "$T/in.mrt"
	rm -f "$T/out.mrt"
	alone "$T/in.mrt"
	: >"$T/said"
	speak
	sed -i 's/in\.mrt/out.mrt/' "$T/c.yaml"
	kill -HUP "$speaker"
	wait_for 10 grep -q reloaded "$T/said"
	silence
}
stale_is() { [ "$(api GET "route/$1" | jq -r '.paths[0].stale // false')" = "$2" ]; }
is_gone() { ! api GET "route/$1"; }

#
# What a peer says is in the dump
#

for as in 64496 65001; do
	rm -f "$mrt"
	mrt_config $as "$mrt"
	frr_up $as
	speak
	ok "FRR as AS $as: its routes are learnt" wait_for 40 api GET route/2001:db8:77::1
	ok "there is no dump yet" test ! -e "$mrt"
	hop=$(api GET route/2001:db8:77::1 | jq -r '.paths[0].next_hop')
	silence
	path='64496 64511 4200000001' pref=0
	[ $as = 65001 ] && path='64511 4200000001' pref=250
	end="$pref|7|64496:1 65535:666|NAG||"
	is "$(text "$mrt" | sed 's/::ffff://')" "B|127.0.0.2|$as|2001:db8:77::/48|$path|IGP|$hop|$end
B|127.0.0.2|$as|203.0.113.0/24|$path|IGP|192.0.2.77|$end" "bgpdump reads them from the dump that is left"
	is "$(bgpdump "$mrt" 2>/dev/null | grep -c '^LARGE_COMMUNITY: 64496:1:2$')" 2 "with large communities"
	is "$(bgpdump "$mrt" 2>/dev/null | grep -c '00 02 fb f0 00 00 00 07$')" 2 "and extended ones"
	frr_down
done

#
# A start from the last one
#

bird_with() { # PREFIX...
	cat >"$T/bird.conf" <<END
router id 10.0.0.2;
protocol device {}
$(printf 'protocol static { ipv4; route %s blackhole; }\n' "$@")
protocol bgp nf {
	local 127.0.0.2 port $peer_port as 64496;
	neighbor 127.0.0.1 port $port as 65001;
	multihop; connect delay time 1; connect retry time 1; error wait time 1, 2;
	ipv4 { import all; export all; };
}
END
	bird -f -c "$T/bird.conf" -s "$T/bird.ctl" -P "$T/bird.pid" 2>>"$T/bird.log" &
	bird=$!
	PIDS+=($bird)
}
rm -f "$mrt"
mrt_config 64496 "$mrt" 1s
bird_with 198.51.100.0/24 203.0.113.0/24
speak
ok "BIRD's routes are learnt" wait_for 40 api GET route/203.0.113.1
has_dump() { [ "$(text "$mrt" | wc -l)" = "$1" ]; }
ok "a dump is written when it is time" wait_for 20 has_dump 2
murder
bird_down
speak
ok "killed, and begun anew without the peer: the route is there" stale_is 203.0.113.1 true
dumped() { [ "$("$BUILD/bin/nf-rib" -t "$T/table" dump | wc -l)" = "$1" ]; }
ok "and in the prefix table" wait_for 20 dumped 2
bird_with 203.0.113.0/24
ok "the peer is back: it is the peer's own" wait_for 40 stale_is 203.0.113.1 false
ok "what the peer has no more is gone" wait_for 20 is_gone 198.51.100.1
ok "from the dump too" wait_for 20 has_dump 1
silence
bird_down
mrt_config 64496 "$mrt" 900s 2s
speak
ok "nobody comes back" stale_is 203.0.113.1 true
ok "the route leaves when it has been stale for long enough" wait_for 20 is_gone 203.0.113.1
silence

#
# Dumps of others
#

"$data/make-mrt.py" >"$T/made.mrt"
again "$T/made.mrt"
is "$(text "$T/out.mrt")" "$(text "$T/made.mrt" | grep -v '203.0.113.128/25')" "one with sets, and peers of both families"
like "$(<"$T/said")" "7 routes of 2 peers to start from.* 1 routes are left out, the first for: AS_PATH: a segment of type 3" \
	"but for a path of a confederation"
again "$T/out.mrt"
is "$(text "$T/out.mrt")" "$(text "$T/in.mrt")" "ours, read by us"
alone "$T/made.mrt"
chmod 644 "$T/made.mrt"
speak
is "$(api GET route/192.0.2.1 | jq -c '[.paths[] | [.best, .peer, .source, .stale, .large_communities]]')" \
	'[[true,"198.51.100.9","dump",true,["64500:1:2"]],[false,"2001:db8::9","dump",true,null]]' "routes say where they are from"
silence

samples=${0%/*}/../../shared/data/t2mune+mrtparse/samples
[ -d "$samples" ] || samples=${0%/*}/../../../shared/data/t2mune+mrtparse/samples
for f in bird-mrtdump_rib openbgpd_rib_table-v2 quagga_rib; do
	if [ ! -e "$samples/$f" ]; then
		ok "$f # SKIP there is no ../shared/data" true
		continue
	fi
	again "$samples/$f"
	# Those of a peer 0.0.0.0 are BIRD's own, without any attribute.
	is "$(text "$T/out.mrt")" "$(text "$samples/$f" | grep -v '^B|0.0.0.0|')" "$f"
done
for f in bird_bgp quagga_bgp; do
	if [ ! -e "$samples/$f" ]; then
		ok "$f # SKIP there is no ../shared/data" true
		continue
	fi
	again "$samples/$f"
	ok "$f: messages are no routes, and no error" test ! -e "$T/out.mrt" -a -z "$(grep in.mrt "$T/said")"
done

#
# What is damaged
#

size=$(stat -c %s "$T/made.mrt")
head -c $((size - 1)) "$T/made.mrt" >"$T/short.mrt"
again "$T/short.mrt"
like "$(<"$T/said")" "in.mrt: byte [0-9]+: a record that is cut short" "one that is cut short names the byte"
is "$(text "$T/out.mrt" | wc -l)" 6 "and is read as far as it goes"
head -c 4096 /dev/urandom | sed 's/^./\xff/' >"$T/noise.mrt"
again "$T/noise.mrt"
like "$(<"$T/said")" "in.mrt: byte 0: a record" "noise"
rm -f "$T/pipe.mrt"
mkfifo "$T/pipe.mrt"
alone "$T/pipe.mrt"
: >"$T/said"
speak
like "$(<"$T/said")" "pipe.mrt: no regular file" "a pipe"
silence
: >"$T/said"
alone "$T/made.mrt"
speak
sed -i 's|mrt_file: .*|mrt_file: '"$T/none/routes.mrt|" "$T/c.yaml"
kill -HUP "$speaker"
wait_for 10 grep -q reloaded "$T/said"
silence
is $? 0 "a folder that is not there: an end in order"
like "$(<"$T/said")" "the dump of routes was not written: $T/none/routes.mrt: No such file" "which says so"
plan
