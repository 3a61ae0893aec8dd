#!/bin/bash
# From packets to a route: a SYN flood, softflowd, nf-collect | nf-enrich | nf-detect | nf-act, nf-bgpd, and the route in
# GoBGP with next hop and community, which is gone when its time is over, and comes back where the flood goes on.
. "${0%/*}/tap.sh"
. "${0%/*}/bgpd.sh"
need gobgpd gobgp softflowd curl jq perl

peer=gobgp
collector=$(free_port)
config 64496 "collectors: {netflow: {config: {bindaddr: 127.0.0.1, bindport: $collector, allow: 127.0.0.1}}}
my_prefixes: [198.51.100.0/24]
enrich: ''
timezone: UTC
act: {state_dir: $T/act}"
# The shipped rule, which only alerts, with what detection.yml says to add to it; a short window lets incidents end.
perl -0777 -ne 'print "- name: syn_flood$1" if /^- name: syn_flood(\n(?: .*\n)*)/m' "${0%/*}/../etc/detection.yml" |
	sed 's/action: .*/action: alert,blackhole/; s/cooldown: .*/cooldown: 0/' >"$T/rules.yml"
cat >>"$T/rules.yml" <<'END'
  blackhole_count: 1
  blackhole_target: dst
  blackhole_next_hop: 192.0.2.66
  blackhole_communities: ["65001:666"]
  blackhole_time: [8, 600]
END

gobgp_up 64496
speak
ok "a session" wait_for 20 in_session
bin=$BUILD/bin
for stage in collect enrich detect; do mkfifo "$T/$stage"; done
"$bin/nf-collect" -c "$T/c.yaml" -b -v >"$T/collect" 2>"$T/collect.err" &
PIDS+=($!)
first=$!
"$bin/nf-enrich" -c "$T/c.yaml" -i bin -b <"$T/collect" >"$T/enrich" 2>"$T/enrich.err" &
PIDS+=($!)
"$bin/nf-detect" -c "$T/c.yaml" -r "$T/rules.yml" -i bin <"$T/enrich" >"$T/detect" 2>"$T/detect.err" &
PIDS+=($!)
tee "$T/detections" <"$T/detect" | "$bin/nf-act" -c "$T/c.yaml" 2>"$T/act.err" &
last=$!
PIDS+=($last)
ok "the pipeline is up" wait_for 10 grep -q listening "$T/collect.err"

flood() { # VICTIM PACKETS SOURCES
	"${0%/*}/helper/syn-flood.pl" "$@" >"$T/flood.pcap"
	# In its folder, since it knows only short names.
	(cd "$T" && exec timeout 20 softflowd -d -r flood.pcap -v 9 -n "127.0.0.1:$collector" -p pid -c ctl) >>"$T/softflowd.log" 2>&1
}
want="path=65001 next_hop=192.0.2.66 local_pref= communities=65001:666 large="
ms() { date +%s%3N; }
gone() { [ "$(gobgp_routes)" = "" ]; }

flood 198.51.100.9 9000 1000
flood 198.51.100.7 20000 1000
seen=0
wait_for 20 sees 198.51.100.7/32 "$want" && seen=$(ms)
is "$(gobgp_route 198.51.100.7/32)" "$want" "the victim's route is there, with next hop and community"
begun=$(jq -r 'select(.state == "start") | .time * 1000' "$T/detections")
at=$(date -d "$(sed -n 's/^\[\([^]]*\)\] BLACKHOLE.*198.51.100.7.*/\1/p' "$T/log/blackholes.txt")" +%s%3N)
diag "from the receipt of the flow that crosses the threshold: announced after $((at - begun)) ms, route seen after $((seen - begun)) ms"
ok "within seconds" test $((seen - begun)) -lt 5000
is "$(jq -r 'select(.state == "start") | "\(.rule) \(.key.dst_ip)"' "$T/detections")" "syn_flood 198.51.100.7" \
	"one incident, and none of the smaller flood"
like "$(<"$T/log/detections.log")" "ALERT: Rule='syn_flood' .* dst_ip=198.51.100.7 " "there is an alert"
ok "the route is gone when its time is over" wait_for 20 gone
left=$(ms)
diag "and gone after $((left - begun)) ms, of 8000"
ok "not before" test $((left - at)) -ge 8000

# While it is blackholed nothing is seen of the flood, so the incident ends. If it is there again after the expiry, the
# route comes back, and for longer.
ended() { grep -q '"state":"end"' "$T/detections"; }
ok "the incident ends" wait_for 30 ended
flood 198.51.100.7 20000 1000
route 198.51.100.7/32 "$want" "the flood is there again, and so is the route"
like "$(api GET announcements | jq -r '.["198.51.100.7/32"].time_left')" '^(59[0-9]|600)$' "for the next of the times"

# Who may send datagrams, but is none of the exporters, makes an alert at most.
"${0%/*}/helper/nf5-flood.pl" "$collector" 198.51.100.8 20000 2 127.0.0.9 >"$T/sent"
ok "a forged exporter's flood is an alert" wait_for 20 grep -q ' dst_ip=198.51.100.8 ' "$T/log/detections.log"
is "$(jq -c 'select(.key.dst_ip == "198.51.100.8") | [.state, .trusted, .blackhole]' "$T/detections" | head -n 1)" \
	'["start",false,null]' "which asks for no blackhole"
"${0%/*}/helper/nf5-flood.pl" "$collector" 198.51.100.10 20000 2 >"$T/sent"
announced() { grep -o 'BLACKHOLE: prefix=[^ ]*' "$T/log/blackholes.txt" | sort -u | sed 's/.*=//' | xargs; }
both() { [ "$(announced)" = "198.51.100.10/32 198.51.100.7/32" ]; }
ok "the same flood from one that is trusted is blackholed, and no other" wait_for 20 both

kill -TERM $first
wait $last
is $? 0 "all ends in order"
is "$(cat "$T"/{enrich,detect}.err)" "" "in silence"
silence
gobgp_down
plan
