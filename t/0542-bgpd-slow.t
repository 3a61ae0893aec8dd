#!/bin/bash
# A neighbour that stops to read while there is more to be told than anybody holds for it: it hears of everything once it
# reads again, in the session that it had, and what has changed meanwhile too.
. "${0%/*}/tap.sh"
. "${0%/*}/bgpd.sh"
need curl jq python3
say=$BUILD/t/helper/bgp_say
count=30000

config 64496
mkdir -p "$T/state"
python3 - $count >"$T/state/announcements" <<'END'
import sys
print("nf-bgpd announcements 2")
# of some 550 bytes each for the neighbour: far more than the system and nf-bgpd hold for a connection
many = ",".join('"64496:%d","64496:%d:1"' % (k, k) for k in range(1, 32))
for i in range(int(sys.argv[1])):
    print('+{"prefix":"10.%d.%d.%d/32","next_hop":"192.0.2.1","communities":["65535:666",%s],"since":1700000000000}'
          % (i >> 16, i >> 8 & 255, i & 255, many))
END
sed -i 's/blackhole_max_active: 10000/blackhole_max_active: 1000000/' "$T/c.yaml"
"$BUILD/bin/nf-bgpd" -c "$T/c.yaml" 2>>"$T/said" &
speaker=$!
PIDS+=($speaker)
ok "$count blackholes are there at the start" wait_for 60 api GET peers
is "$(api GET health | jq .announcements)" $count "as many as were asked for"

# All, one that is new, one anew, and an end.
"$say" hear 127.0.0.2 "127.0.0.1:$port" 64496 $((count + 3)) >"$T/heard" &
listener=$!
PIDS+=($listener)
ok "a neighbour begins to listen" wait_for 20 test -s "$T/heard"
kill -STOP $listener
wait_for 5 grep -q "^State:.T" /proc/$listener/status
announce '{"prefix": "198.51.100.1"}'
announce '{"prefix": "10.0.0.5", "communities": ["64496:7"]}'
withdraw 10.0.0.9
is "$(api GET peers | jq -c '.[0] | [.state, .sessions]')" '["Established",1]' "its session stays while it listens to nobody"
mem=$(awk '/VmRSS/ { print int($2 / 1024) }' /proc/$speaker/status)
ok "which costs little ($mem MB in all)" test "$mem" -lt 300
kill -CONT $listener
wait $listener
is $? 0 "it hears all of it"
is "$(wc -l <"$T/heard")" $((count + 3)) "each of them"
is "$(sort -u "$T/heard" | grep -c '20c6336401$')" 1 "the new one"
is "$(tail -1 "$T/heard")" 0005200a0000090000 "and the end of one, after it"
like "$(grep '200a000005$' "$T/heard" | tail -1)" "fbf00007" "one that has changed as it is now"
is "$(grep -c 'session up' "$T/said")" 1 "in the one session"
silence
is $? 0 "an orderly end"
plan
