#!/bin/bash
# The API of nf-bgpd: what it refuses and how, who may ask, and what is never blackholed.
. "${0%/*}/tap.sh"
. "${0%/*}/bgpd.sh"
need curl jq bird birdc

tcp="http://127.0.0.1:$api_port"

# refused STATUS WORDS NAME CURL-ARGUMENT...: over the Unix socket, unless the arguments say otherwise. Errors are JSON.
refused() {
	local status words=$2 name=$3 want=$1
	shift 3
	status=$(curl -s -m 15 -o "$T/answer" -w '%{http_code}' --unix-socket "$sock" "$@")
	is "$status" "$want" "$name: $want"
	like "$(jq -r .error "$T/answer" 2>&1)" "$words" "$name: in words"
}
post() { # STATUS WORDS BODY [PATH]
	refused "$1" "$2" "$3" -H 'Content-Type: application/json' -d "$3" "http://localhost/${4:-announce}"
}

cat >"$T/exclude" <<'END'
# addresses of ours
192.0.2.128/25   # servers
2001:db8:5::/48

END
cat >"$T/tokens" <<'END'
# those who may
third-token   # of nobody
END
chmod 640 "$T/tokens"
config 64496
cat >>"$T/c.yaml" <<END
collectors: {netflow: {config: {allow: [198.51.100.200, 203.0.113.0/28]}}}
dns: {nameserver: [192.0.2.53]}
snmp: {target: [192.0.2.61, "2001:db8::61"]}
clickhouse: {host: "192.0.2.81:8123"}
END
sed -i "s|^detection: {|&exclude_file: $T/exclude, |; s|max_active: 10000|max_active: 3|" "$T/c.yaml"
speak

# Requests that cannot be read
post 400 'object of JSON' ''
post 400 'object of JSON' '[]'
post 400 'prefix: missing' '{}'
post 400 'byte 12' '{"prefix": }'
post 400 'the end' '{"prefix": "198.51.100.7"} x'
post 400 'comes twice' '{"prefix": "198.51.100.7", "prefix": "198.51.100.8"}'
post 400 "unknown key 'nexthop'" '{"prefix": "198.51.100.7", "nexthop": "192.0.2.1"}'
post 400 'prefix' '{"prefix": "198.51.100.7/33"}'
post 400 'prefix' '{"prefix": 7}'
post 400 'prefix' '{"prefix": "198.51.100.7/31"}'
post 400 'next_hop' '{"prefix": "198.51.100.7", "next_hop": "nowhere"}'
post 400 'another family' '{"prefix": "198.51.100.7", "next_hop": "100::1"}'
post 400 'another family' '{"prefix": "2001:db8::7", "next_hop": "192.0.2.1"}'
post 400 'no host' '{"prefix": "198.51.100.7", "next_hop": "0.0.0.0"}'
post 400 'no host' '{"prefix": "198.51.100.7", "next_hop": "224.0.0.1"}'
post 400 'communities' '{"prefix": "198.51.100.7", "communities": "64496:1"}'
post 400 "'64496:65536' is none" '{"prefix": "198.51.100.7", "communities": ["64496:65536"]}'
post 400 "'trouble' is none" '{"prefix": "198.51.100.7", "communities": ["trouble"]}'
post 400 'ttl' '{"prefix": "198.51.100.7", "ttl": -1}'
post 400 'ttl' '{"prefix": "198.51.100.7", "ttl": 1e9}'
post 400 'ttl' '{"prefix": "198.51.100.7", "ttl": "60"}'
post 400 'rule' '{"prefix": "198.51.100.7", "rule": 7}'
post 400 'id' "{\"prefix\": \"198.51.100.7\", \"id\": \"$(printf 'x%.0s' {1..300})\"}"
post 400 'since' '{"prefix": "198.51.100.7", "since": 1}'
post 400 '/24 is shorter' '{"prefix": "198.18.0.0/24"}'
post 400 '/64 is shorter' '{"prefix": "2001:db8:1::/64"}'
post 404 'not announced' '{"prefix": "198.51.100.7"}' withdraw
post 400 'prefix: missing' '{}' withdraw
is "$(api GET announcements)" "{}" "none of these was announced"

# HTTP itself
head -c 70000 /dev/zero | tr '\0' x >"$T/large"
refused 404 'nothing at this path' "a path" http://localhost/announcement
refused 404 'no route' "a route" http://localhost/route/192.0.2.1
refused 400 'address' "an address" http://localhost/route/somewhere
refused 405 'method' "GET of what is posted" http://localhost/announce
refused 405 'method' "DELETE" -X DELETE http://localhost/announcements
refused 415 'application/json' "a form" -d 'prefix=198.51.100.7' http://localhost/announce
refused 413 'body' "a body too large" -H 'Content-Type: application/json' -d "@$T/large" http://localhost/announce
refused 431 'header' "a header too large" -H "X: $(head -c 20000 /dev/zero | tr '\0' x)" http://localhost/peers
refused 501 'Content-Length' "a body in chunks" -H 'Transfer-Encoding: chunked' -d x http://localhost/announce
raw() { # BYTES: what is answered, all of it
	exec 9<>"/dev/tcp/127.0.0.1/$api_port" && printf "$1" >&9 && cat <&9
	exec 9>&-
}
while IFS='|' read -r status request; do
	like "$(raw "$request")" "^HTTP/1.1 $status .*application/json.*\{\"error\": \"" "$request"
done <<'END'
400|hello\r\n\r\n
400|GET  /peers HTTP/1.1\r\nHost: localhost\r\n\r\n
400|GET peers HTTP/1.1\r\nHost: localhost\r\n\r\n
400|GET /peers HTTP/1.1\r\n\r\n
400|GET /peers HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n
400|GET /peers HTTP/1.1\r\nHost : localhost\r\n\r\n
400|GET /peers HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n
400|POST /arm HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n
400|POST /arm HTTP/1.1\r\nHost: localhost\r\nContent-Length: +1\r\n\r\n
413|POST /arm HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9223372036854775807\r\n\r\n
505|GET /peers HTTP/2.0\r\nHost: localhost\r\n\r\n
END
is "$(raw 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /health HTTP/1.0\r\nHost: localhost\r\n\r\n' | grep -c '^HTTP/1.1 200')" 2 \
	"two requests at once are answered in turn"

# Nobody keeps others from being answered: many who say nothing have a limit and a time.
silent=()
for i in {1..80}; do
	exec {fd}<>"/dev/tcp/127.0.0.1/$api_port" && silent+=("$fd")
done
ok "80 silent clients over TCP do not close the Unix socket" api GET peers
ok "and TCP answers once their time is over" curl -s -f -o /dev/null -m 25 "$tcp/peers"
for fd in "${silent[@]}"; do exec {fd}>&-; done

# Never blackholed
for row in "127.0.0.2|BGP neighbour" "198.51.100.200|trusted exporter" "203.0.113.9|trusted exporter" "192.0.2.53|name server" \
	"192.0.2.61|SNMP target" "2001:db8::61|SNMP target" "192.0.2.81|database" "192.0.2.200|exclude_file" \
	"2001:db8:5::1|exclude_file" "127.0.0.1|loopback" "::1|loopback" "224.0.0.5|multicast" "ff02::1|multicast" \
	"169.254.7.7|link-local" "fe80::1|link-local" "0.0.0.0|unspecified" "::|unspecified" "255.255.255.255|broadcast"; do
	word=${row#*|}
	[ "${row%|*}" = 127.0.0.2 ] && word='BGP neighbour|loopback'
	post 409 "$word" "{\"prefix\": \"${row%%|*}\"}"
done
own=$(hostname -I | tr ' ' '\n' | grep -m1 -F .)
if [ -n "$own" ]; then
	post 409 'address of this machine' "{\"prefix\": \"$own\"}"
fi
gateway=$(ip -4 route | sed -n 's/^default via \([^ ]*\).*/\1/p' | head -1)
if [ -n "$gateway" ]; then
	post 409 'gateway of this machine' "{\"prefix\": \"$gateway\"}"
fi

# A next hop of the neighbour's routes
bird_up 64496
cat >>"$T/bird.conf" <<'END'
protocol static { ipv4; route 203.0.113.128/25 blackhole; route 203.0.113.64/26 blackhole; }
protocol static { ipv6; route 2001:db8:77::/48 blackhole; }
END
sed -i 's/ipv6 {.*/ipv6 { import all; export filter { bgp_next_hop = 2001:db8:99::1; accept; }; };/
	s/ipv4 {.*/ipv4 { import all; export filter { bgp_next_hop = 192.0.2.99; bgp_ext_community.add((rt,64496,7)); accept; }; };/' \
	"$T/bird.conf"
like "$(ctl configure "\"$T/bird.conf\"")" "Reconfigur" "a neighbour with routes"
learnt() { api GET route/203.0.113.200 >/dev/null && api GET route/2001:db8:77::1 >/dev/null; }
ok "routes are learnt" wait_for 20 learnt
post 409 'next hop of BGP routes' '{"prefix": "192.0.2.99"}'
post 409 'next hop of BGP routes' '{"prefix": "2001:db8:99::1"}'
is "$(api GET route/203.0.113.200 | jq -c '[.prefix, (.paths[0] | .best, .peer, .as_path, .origin, .next_hop, .extended_communities)]')" \
	'["203.0.113.128/25",true,"127.0.0.2",["64496"],"igp","192.0.2.99",["rt:64496:7"]]' "a route with its attributes"
is "$(api GET route/2001%3Adb8%3A77%3A%3A1 | jq -r .prefix)" 2001:db8:77::/48 "an address with its colons escaped"
is "$(api GET peers | jq -c '.[] | [.address, .state, .asn, .local_asn, .ebgp, .routes.ipv4, .routes.ipv6]')" \
	'["127.0.0.2","Established",64496,65001,true,2,1]' "the neighbour"
bird_down

# Fuses
announce '{"prefix": "198.51.100.1"}'
announce '{"prefix": "198.51.100.2"}'
announce '{"prefix": "198.51.100.3", "ttl": 3600, "rule": "a flood", "id": "an-id"}'
post 429 '3 blackholes are active' '{"prefix": "198.51.100.4"}'
ok "one that is there is announced anew" announce '{"prefix": "198.51.100.1"}'
is "$(api GET announcements | jq -c '."198.51.100.3/32" | [.prefix, .next_hop, .communities, .rule, .id, (.time_left > 3590), (.expires > .timestamp)]')" \
	'["198.51.100.3/32","192.0.2.1",["65535:666","65535:65281"],"a_flood","an-id",true,true]' "an announcement as it is shown"
sed -i 's/blackhole_max_rate: 100000/blackhole_max_rate: 2/; s/blackhole_max_active: 3/blackhole_max_active: 50/' "$T/c.yaml"
echo 198.51.100.2 >>"$T/exclude"
kill -HUP "$speaker"
gone() { ! api GET announcements | grep -q '198.51.100.2/32'; }
ok "what the exclude_file lists now is withdrawn with the reload" wait_for 10 gone
is "$(for i in 5 6 7 8 9; do announce "{\"prefix\": \"198.51.100.$i\"}" && echo $i; done | wc -l)" 2 "two new ones a minute"
post 429 'more than 2 new' '{"prefix": "198.51.100.9"}'
ok "the others are withdrawn as before" withdraw 198.51.100.1
: >"$T/said"
echo 198.51.100.300 >>"$T/exclude"
kill -HUP "$speaker"
ok "a bad line is named by its place" wait_for 10 grep -q "exclude:6: .*198.51.100.300.*the old configuration stays" "$T/said"
sed -i '$d' "$T/exclude"

# Flush
is "$(api POST flush '{}' | jq -c .armed)" false "flush"
is "$(api GET announcements)" "{}" "withdraws all"
post 409 'flowenricher arm' '{"prefix": "198.51.100.20"}'
silence
speak
post 409 'flowenricher arm' '{"prefix": "198.51.100.20"}'
ok "until it is armed again" api POST arm '{}'
ok "then it announces" announce '{"prefix": "198.51.100.20"}'

# Over TCP
web() { # STATUS NAME CURL-ARGUMENT...
	local want=$1 name=$2
	shift 2
	is "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "$@" "$tcp/peers")" "$want" "$name: $want"
}
web 200 "an address as host"
web 200 "localhost" -H 'Host: localhost'
web 200 "with a port" -H 'Host: LOCALHOST:1234'
web 200 "IPv6" -H 'Host: [::1]:9600'
web 403 "a foreign name" -H 'Host: evil.example'
web 403 "one that begins well" -H 'Host: localhost.evil.example'
web 403 "or looks like an address" -H 'Host: 127.0.0.1.evil.example'
reload() { # KEYS of api
	sed -i "s|^api: .*|api: {port: $api_port, socket: $sock, $1}|" "$T/c.yaml"
	: >"$T/said"
	kill -HUP "$speaker"
	wait_for 10 grep -q 'reloaded\|stays' "$T/said"
}
reload 'hosts: [flows.example]'
web 200 "a name that is listed" -H 'Host: flows.example:9600'
for tokens in 'tokens: one-token' 'tokens: [other, one-token]' 'tokens: {me: one-token, you: other}' \
	'tokens: [{name: me, token: one-token}]'; do
	reload "$tokens"
	web 401 "$tokens, none given"
	web 401 "a wrong one" -H 'Authorization: Bearer one-tokem'
	web 401 "a longer one" -H 'Authorization: Bearer one-tokenone-token'
	web 401 "the beginning of one" -H 'Authorization: Bearer one'
	web 401 "none" -H 'Authorization: Bearer '
	web 200 "the right one" -H 'Authorization: Bearer one-token'
done
ok "the Unix socket asks for none" api GET peers
reload "tokens_file: $T/tokens"
web 401 "a file of tokens, none given"
web 200 "its token" -H 'Authorization: Bearer third-token'
chmod 644 "$T/tokens"
reload "tokens_file: $T/tokens"
like "$(<"$T/said")" "others may read this secret" "a file that others may read is refused"
reload 'allow_ips: [192.0.2.0/24]'
web 403 "a client that is not listed"
reload 'allow_ips: [192.0.2.0/24, 127.0.0.0/8]'
web 200 "one that is"
like "$(curl -s "$tcp/metrics")" "nf_bgpd_blackholes_announced_total [0-9]" "metrics"

# A port that is taken is tried again.
taken=$(free_port)
python3 -c 'import socket, sys, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(); print(flush=True); time.sleep(60)' \
	"$taken" >"$T/holds" &
holder=$!
PIDS+=($holder)
wait_for 10 test -s "$T/holds"
silence
: >"$T/said"
speak --api "127.0.0.1:$taken"
like "$(<"$T/said")" "port $taken: .*it is tried again" "a port that is taken is said"
{ kill $holder && wait $holder; } 2>/dev/null
ok "and had when it is free" wait_for 15 curl -s -f -o /dev/null "http://127.0.0.1:$taken/peers"
silence
is $? 0 "an orderly end"
ok "which takes the socket away" test ! -e "$sock"
plan
