#!/bin/bash
# nf-act's blackholes: from a detection to the route in GoBGP and to its end; once; longer each time; and never for some.
. "${0%/*}/tap.sh"
. "${0%/*}/bgpd.sh"
. "${0%/*}/act.sh"
need gobgpd gobgp curl jq perl python3

peer=gobgp
config 64496
sed -i "s|^detection: {|&exclude_file: $T/exclude, |" "$T/c.yaml"
cat >>"$T/c.yaml" <<END
my_prefixes: [203.0.113.0/24, "2001:db8:1::/48"]
collectors: {netflow: {config: {allow: [192.0.2.77]}}}
dns: {nameserver: 192.0.2.53}
snmp: {target: 192.0.2.61}
clickhouse: {host: "192.0.2.81:8123"}
act: {state_dir: $T/act}
END
: >"$T/exclude"
gobgp_up 64496
speak
ok "a session" wait_for 20 in_session
run_act() { start_act -c "$T/c.yaml" -M "$T/metrics" "$@"; }
shown() { api GET announcements | jq -r ".\"$1\" | $2"; }

run_act
hole 1 198.51.100.1/32 '"next_hop": "192.0.2.9", "communities": ["65001:666", "64496:1:2"], "ttl": 3' '"rule": "a \"b\""' >&9
route 198.51.100.1/32 "path=65001 next_hop=192.0.2.9 local_pref= communities=65001:666 large=64496:1:2" \
	"a detection becomes a route with its next hop and communities"
is "$(shown 198.51.100.1/32 '[.rule, .id] | join(" ")')" "a__b_ 00000000-0000-5000-8000-000000000001" "with rule and id"
hole 1 198.51.100.1/32 '"ttl": 3' >&9
detection 1 '{"state": "end", "actions": ["blackhole"]}' >&9
routes "which is gone at its expiry"
hole 2 2001:db8::7/128 '"ttl": 0' >&9
route 2001:db8::7/128 "path=65001 next_hop=100::1 local_pref= communities=65535:666,65535:65281 large=" \
	"IPv6, with the defaults of nf-bgpd"
stop_act
is $? 0 "an orderly end"
ok "once, however often it is told" counts 'nf_act_done_total{action="blackhole"} 2'
is "$(grep -c '"198.51.100.1/32"\|BLACKHOLE: prefix=198.51.100.1/32' "$T/log/blackholes.txt")" 1 "one announcement in all"

# Longer each time, over restarts; while an incident goes on past the expiry, the next step.
ttl() { shown "$1" '.time_left'; }
expired() { [ "$(shown "$1" '.prefix')" = null ]; }
run_act
hole 3 198.51.100.3/32 '"ttl": [1, 2, 600]' >&9
ok "the first time is short" wait_for 5 said '198.51.100.3/32 is blackholed for 1 s'
ok "it ends" wait_for 5 expired 198.51.100.3/32
hole 3 198.51.100.3/32 '"ttl": [1, 2, 600]' '"state": "update"' >&9
ok "the incident goes on: the second step" wait_for 5 said '198.51.100.3/32 is blackholed for 2 s'
stop_act
ok "it ends too" wait_for 6 expired 198.51.100.3/32
run_act
old=$(hole 3 198.51.100.3/32 '"ttl": [1, 2, 600]' "\"time\": $(($(date +%s) - 3))")
echo "$old" >&9
hole 4 198.51.100.3/32 '"ttl": [1, 2, 600]' >&9
ok "another incident after a restart: the third" wait_for 5 said '198.51.100.3/32 is blackholed for 600 s'
hole 5 198.51.100.3/32 '"ttl": [1, 2, 600]' >&9
{ kill -KILL $pid && wait $pid; } 2>/dev/null
exec 9>&-
run_act
hole 4 198.51.100.3/32 '"ttl": [1, 2, 600]' >&9
hole 5 198.51.100.3/32 '"ttl": [1, 2, 600]' >&9
hole 6 198.51.100.6/32 >&9
ok "after kill -9" wait_for 5 said '198.51.100.6/32 is blackholed for 600 s'
ok "what is in place is not announced again" test "$(grep -c 'BLACKHOLE: prefix=198.51.100.3/32' "$T/log/blackholes.txt")" = 3
hole 7 198.51.100.7/32 '"ttl": 90' '"time": 1700000000' >&9
ok "a detection of old, replayed, blackholes nobody" wait_for 5 said '198.51.100.7/32: the detection is older'

# Never
never() { # PREFIX WORDS [MEMBERS OF blackhole] [MEMBERS]
	: >"$T/err"
	n=$((n + 1))
	[ $((n % 4)) -ne 0 ] || { stop_act; run_act; } # its warnings are limited, too
	hole "$n" "$1" "${3:-\"ttl\": 9}" "$4" >&9
	wait_for 5 said "no blackhole for rule 'scan': .*$2"
	like "$(<"$T/err")" "no blackhole for rule 'scan': $1.*$2" "never $1${4:+ with $4}: $2"
}
n=100
never 203.0.113.7/32 my_prefixes
never 203.0.113.7/32 my_prefixes '"target": "both"'
never 2001:db8:1::7/128 my_prefixes
never 198.51.100.66/32 'behind NAT' '' '"nat_src_hosts": ["198.51.100.9", "203.0.113.9"]'
never 10.1.2.3/32 'private'
never 172.31.255.255/32 'private'
never 192.168.0.1/32 'private'
never fd00::1/128 'private'
never 100.64.0.1/32 'shared'
never 169.254.1.1/32 'link-local'
never fe80::1/128 'link-local'
never 127.0.0.1/32 'loopback'
never ::1/128 'loopback'
never 224.0.0.1/32 'multicast'
never ff02::1/128 'multicast'
never 198.51.100.0/24 'blackhole_min_length'
never 2001:db8:2::/64 'blackhole_min_length_v6'
never 0.0.0.0/0 'blackhole_min_length'
never 192.0.2.77/32 'trusted exporter'
never 192.0.2.77/32 'trusted exporter' '"target": "dst"'
never 192.0.2.53/32 'name server'
never 192.0.2.61/32 'SNMP target' '"target": "dst"'
never 192.0.2.81/32 'database'
never 127.0.0.2/32 'loopback|neighbour'
never 198.51.100.200/32 'exporters that are not trusted' '"ttl": 9' '"trusted": false'
own=$(hostname -I | tr ' ' '\n' | grep -m1 -F .)
[ -z "$own" ] || never "$own/32" 'private|address of this machine'
[ -z "$own" ] || never "$own/32" 'address of this machine' '"target": "dst"'
echo '{"prefix":"8.8.8.0/24","as_path":[64500],"next_hop":"192.0.2.99","peer":"192.0.2.98"}' |
	"$BUILD/bin/nf-rib" compile -t "$T/routes"
sed -i "s|table_file: $T/table$|table_file: $T/routes|" "$T/c.yaml"
kill -HUP $pid
ok "another table" wait_for 5 said 'reloaded'
never 192.0.2.99/32 'next hop of BGP routes'
never 192.0.2.99/32 'next hop of BGP routes' '"target": "dst"'
sed -i "s|table_file: $T/routes|table_file: $T/table|" "$T/c.yaml"
: >"$T/err"
echo 198.51.100.150 >"$T/exclude"
kill -HUP $pid
ok "reloaded" wait_for 5 said 'reloaded'
never 198.51.100.150/32 'exclude_file'
: >"$T/err"
echo nonsense >>"$T/exclude"
kill -HUP $pid
ok "a bad exclude_file is told by its place" wait_for 5 said 'exclude:2: .*the old configuration stays'
never 198.51.100.150/32 'exclude_file'
: >"$T/exclude"
hole 180 203.0.113.9/32 '"target": "dst", "ttl": 600' >&9
ok "an own address as the victim may be" wait_for 5 said '203.0.113.9/32 is blackholed'
stop_act
is "$(api GET announcements | jq -r 'keys[]' | xargs)" "198.51.100.3/32 198.51.100.6/32 2001:db8::7/128 203.0.113.9/32" \
	"nothing else was announced"

# What nf-bgpd refuses is final.
run_act
hole 181 198.51.100.181/32 '"communities": ["nonsense"], "ttl": 600' >&9
ok "400 is final" wait_for 5 said "nf-bgpd answers 400: .*'nonsense' is none.*not tried again"
hole 181 198.51.100.181/32 '"ttl": 600' '"state": "update"' >&9
hole 182 198.51.100.182/32 '"ttl": 600' >&9
ok "others go on" wait_for 5 said '198.51.100.182/32 is blackholed'
ok "the refused one is not asked again" test "$(shown 198.51.100.181/32 .prefix)" = null

# nf-bgpd is away: tried again for as long as the incident is open.
silence
hole 183 198.51.100.183/32 >&9
hole 184 198.51.100.184/32 >&9
ok "a dead API is told" wait_for 5 said 'blackhole: .*tried again'
detection 183 '{"state": "end", "actions": ["blackhole"]}' >&9
speak
ok "what is open is announced" wait_for 15 said '198.51.100.184/32 is blackholed'
ok "what is over is not" test "$(shown 198.51.100.183/32 .prefix)" = null
silence
hole 185 198.51.100.185/32 >&9
ok "again" wait_for 5 said 'blackhole: .*tried again'
stop_act
is $? 1 "an end with something undone"
speak
run_act
ok "which the next start does" wait_for 5 said '198.51.100.185/32 is blackholed'
stop_act

# Fuses
sed -i 's/blackhole_max_rate: [0-9]*/blackhole_max_rate: 2/' "$T/c.yaml"
run_act
for i in 190 191 192; do hole $i 198.51.100.$i/32; done >"$T/three" # all within a moment
cat "$T/three" >&9
ok "two a minute, not three" wait_for 5 said '198.51.100.192/32: more than 2 a minute'
ok "but two" wait_for 5 said '198.51.100.191/32 is blackholed'
stop_act
sed -i 's/blackhole_max_rate: 2/blackhole_max_rate: 1000/; s/blackhole_max_active: [0-9]*/blackhole_max_active: 3/' "$T/c.yaml"
run_act
for i in 193 194; do hole $i 198.51.100.$i/32 >&9; done
ok "three at a time" wait_for 5 said '198.51.100.194/32: 3 blackholes are active'
stop_act
ok "which is counted" counts 'nf_act_blackholes_withheld_total{reason="fuse"} 2'

# Over TCP with a token
silence
echo the-token >"$T/token"
chmod 600 "$T/token"
sed -i "s|^api: {|&tokens_file: $T/token, |; s|^act: {|&bgpd_url: \"http://127.0.0.1:$api_port\", bgpd_token_file: $T/token, |; s/, blackhole_max_active: 3//" "$T/c.yaml"
speak
run_act
hole 195 198.51.100.195/32 >&9
ok "over TCP with a token" wait_for 5 said '198.51.100.195/32 is blackholed'
is "$(grep -c the-token "$T/err")" 0 "which no one is told"
stop_act

# --dry-run
before=$(api GET announcements | jq -r 'keys[]')
like "$(hole 196 198.51.100.196/32 | "$act" -c "$T/c.yaml" --dry-run --state "$T/none" 2>&1)" \
	'would blackhole: \{"prefix":"198.51.100.196/32","ttl":600,"rule":"scan",' "--dry-run tells"
is "$(api GET announcements | jq -r 'keys[]')" "$before" "and announces nothing"
silence
gobgp_down
plan
