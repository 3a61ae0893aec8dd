#!/bin/bash
# nf-enrich's step ptr with a real name server: names of both families, none, what a flow came with, live and in a
# batch, which addresses are asked for, the side output, a warm start, and a server that goes and comes back.
. "${0%/*}/tap.sh"
need nsd

port=$(free_port)
cat >"$T/nsd.conf" <<END
server:
  ip-address: 127.0.0.1@$port
  ip-address: ::1@$port
  username: ""
  chroot: ""
  zonesdir: "$T"
  database: ""
  pidfile: "$T/nsd.pid"
  xfrdfile: "$T/xfrd.state"
  zonelistfile: "$T/zone.list"
  xfrdir: "$T"
  logfile: "$T/nsd.log"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: 2.0.192.in-addr.arpa
  zonefile: v4.zone
zone:
  name: 168.192.in-addr.arpa
  zonefile: private.zone
zone:
  name: 8.b.d.0.1.0.0.2.ip6.arpa
  zonefile: v6.zone
END
soa='@ 3600 SOA ns.example. root.example. 1 3600 600 86400 120'
cat >"$T/v4.zone" <<END
$soa
@ 3600 NS ns.example.
\$TTL 3600
1 PTR one.example.net.
2 PTR two.example.net.
3 CNAME 3.sub
3.sub PTR three.example.net.
4 TXT "an address with a record, and no name"
5 PTR five.example.net.
6 PTR six.example.net.
END
printf '%s\n' "$soa" '@ 3600 NS ns.example.' '1.0 3600 PTR printer.example.net.' >"$T/private.zone"
printf '%s\n' "$soa" '@ 3600 NS ns.example.' \
	'1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 3600 PTR v6.example.net.' >"$T/v6.zone"
server_start() {
	nsd -d -c "$T/nsd.conf" 2>"$T/nsd.said" 3>&- & # it would keep our FIFO open
	server=$!
	PIDS+=($server)
	wait_for 10 answers
}
server_stop() { kill $server && wait $server 2>/dev/null; }

steps=ptr
enrich() { "$BUILD/bin/nf-enrich" -e $steps --nameserver "127.0.0.1:$port" -M "$T/prom" "$@" 2>"$T/said"; }
member() { sed -nE "s/.*\"$2\":(\"([^\"\\\\]|\\\\.)*\"|[^,}]*).*/\1/p" <<<"$1"; }
name_of() { # ADDRESS OPTION…
	local address=$1
	shift
	member "$(enrich --wait "$@" <<<"{\"src_host\":\"$address\"}")" src_ptr
}
answers() { [ "$(name_of 192.0.2.1)" = '"one.example.net"' ]; }
count() { awk -v m="nf_enrich_ptr_$1" '$1 == m { print $2 }' "${2:-$T/prom}"; }

server_start || bail "nsd does not start: $(cat "$T/nsd.said" "$T/nsd.log")"

# What it says, by family.
is "$(name_of 192.0.2.1)" '"one.example.net"' "a name of IPv4"
is "$(name_of 2001:db8::1)" '"v6.example.net"' "a name of IPv6"
is "$(name_of 192.0.2.3)" '"three.example.net"' "a name at the end of an alias (RFC 2317)"
is "$(name_of 192.0.2.9)" "" "NXDOMAIN gives nothing"
is "$(count 'answers_total{result="none"}')" 1 "and is counted"
is "$(name_of 192.0.2.4)" "" "no record of the type gives nothing"
is "$(name_of 203.0.113.1)" "" "REFUSED gives nothing"
is "$(count 'answers_total{result="failed"}')" 1 "and is counted as a failure"
is "$(name_of 192.0.2.1 --nameserver "[::1]:$port")" '"one.example.net"' "the server may have an IPv6 address"
line=$(enrich --wait <<<'{"src_host":"192.0.2.1","dst_host":"2001:db8::1","x":[1]}')
is "$line" '{"src_host":"192.0.2.1","dst_host":"2001:db8::1","src_ptr":"one.example.net","dst_ptr":"v6.example.net","x":[1]}' \
	"source and destination, and unknown members stay"
line=$(enrich --wait <<<'{"src_host":"192.0.2.1","src_ptr":"old.example","dst_host":"192.0.2.9","dst_ptr":"kept.example"}')
is "$(member "$line" src_ptr)" '"one.example.net"' "a name that the flow came with gives way to the server's"
is "$(member "$line" dst_ptr)" '"kept.example"' "and stays where the server has none"
yes '{"src_host":"192.0.2.1","dst_host":"192.0.2.9"}' | head -n 20000 | enrich --wait | grep -c one.example.net >"$T/n"
is "$(<"$T/n") $(count queries_total)" "20000 2" "an address is asked for once, be there a name or none"

# Who is asked for.
is "$(name_of 192.168.0.1)" '"printer.example.net"' "private addresses are asked for"
is "$(name_of 192.168.0.1 --skip-private)" "" "but not with --skip-private"
is "$(name_of 192.168.0.1 --skip-private --ptr-allow 192.168.0.0/24)" '"printer.example.net"' "unless a longer prefix allows it"
is "$(name_of 192.0.2.1 --ptr-allow 192.168.0.0/24)" "" "what is not allowed is not asked for"
is "$(count 'refused_total{reason="prefix"}') $(count queries_total)" "1 0" "and counted"
is "$(name_of 192.0.2.1 --ptr-deny 192.0.2.0/24)" "" "nor is what is denied"
is "$(name_of 192.0.2.1 --ptr-own)" "" "--ptr-own without own networks asks for nobody"
is "$(name_of 192.0.2.1 --ptr-own --my-prefix 192.0.2.0/24)" '"one.example.net"' "and with them for their addresses"
is "$(name_of 192.168.0.1 --ptr-own --my-prefix 192.0.2.0/24)" "" "only"
for address in 127.0.0.1 ::1 0.0.0.0 :: 224.0.0.1 ff02::1 fe80::1 255.255.255.255; do
	name_of $address >/dev/null
	is "$(count queries_total)" 0 "$address is never asked for"
done
enrich --nameserver example.net </dev/null
is $? 2 "a name server without an address ends it with status 2"
enrich --dns-rate 0 </dev/null
is $? 2 "as does a rate of 0"

# The side output, and a start with it.
db=${0%/*}/data/mmdb
steps=geoip,ptr
enrich --wait --asn-db "$db/geolite2-asn.mmdb" --city-db "$db/geolite2-city.mmdb" \
	--ptr-out "$T/rows" <<<'{"src_host":"192.0.2.1","dst_host":"2001:db8::1"}
{"src_host":"192.0.2.1","dst_host":"192.0.2.9"}' >/dev/null
sed -E 's/"updated_at":[0-9]+/"updated_at":T/' "$T/rows" | sort >"$T/rows.plain"
is "$(sed -n 1p "$T/rows.plain")" \
	"$(printf '{"ip":"192.0.2.1","ptr":"one.example.net","updated_at":T,"asn":64496,"asn_name":"%s","country":"DE"}' \
		"$(enrich --asn-db "$db/geolite2-asn.mmdb" <<<'{"src_host":"192.0.2.1"}' |
			sed -E 's/.*"src_as_name":"([^"]*)".*/\1/')")" "a row of the side output, with AS and country"
steps=ptr
like "$(sed -n 2p "$T/rows.plain")" '^\{"ip":"2001:db8::1","ptr":"v6.example.net"' "another"
is "$(wc -l <"$T/rows")" 2 "and no more: once each, and none for what has no name"
age=$(($(date +%s) - $(sed -nE '1s/.*"updated_at":([0-9]+).*/\1/p' "$T/rows")))
ok "updated_at is now, in seconds" test $age -ge 0 -a $age -lt 100

now=$(date -u '+%F %T')
cat >"$T/warm" <<END
{"ip":"198.51.100.1","ptr":"warm.example.net","updated_at":"$now","asn":64496,"asn_name":"","country":""}
{"ip":"198.51.100.1","ptr":"older.example.net","updated_at":"$(date -u -d '2 hours ago' '+%F %T')","asn":0}
{"ip":"2001:db8:1::1","ptr":"epoch.example.net","updated_at":$(date +%s)}
{"ip":"198.51.100.2","ptr":"long-ago.example.net","updated_at":"2020-01-01 00:00:00"}
{"ip":"198.51.100.3","ptr":"with space","updated_at":"$now"}
{"ip":"not an address","ptr":"x.example","updated_at":"$now"}
no row at all
END
printf '{"ip":"198.51.100.4","ptr":"%s.example","updated_at":1}\n' "$(printf 'x%.0s' {1..9000})" >>"$T/warm"
server_stop
line=$(enrich --ptr-warm "$T/warm" --nameserver "127.0.0.1:$port" <<<'{"src_host":"198.51.100.1","dst_host":"2001:db8:1::1"}')
is "$(member "$line" src_ptr)" '"warm.example.net"' "a start with rows: the latest counts"
is "$(member "$line" dst_ptr)" '"epoch.example.net"' "with times as seconds too"
like "$(cat "$T/said")" "4 lines are no rows of ptr_cache, skipped" "lines that are none are counted"
is "$(count warm_total)" 3 "rows taken are counted, old ones not"
line=$(enrich --ptr-warm "$T/warm" <<<'{"src_host":"198.51.100.2","dst_host":"198.51.100.3"}')
is "$(member "$line" src_ptr)$(member "$line" dst_ptr)" "" "neither a row of long ago nor a name with a space is used"
enrich --ptr-warm "$T/none" <<<'{"src_host":"192.0.2.1"}' >/dev/null
is $? 0 "no such file is no failure"
like "$(cat "$T/said")" "none: No such file" "and is warned of"

# Live.
server_start || bail "nsd does not start again"
cat >"$T/conf.yaml" <<END
dns: {nameserver: "127.0.0.1:$port", timeout: 1, cache_out: $T/live.rows}
enrich: ptr
END
mkfifo "$T/in"
"$BUILD/bin/nf-enrich" -c "$T/conf.yaml" -M "$T/live.prom" <"$T/in" >"$T/live.out" 2>"$T/live.said" &
pid=$!
PIDS+=($pid)
exec 3>"$T/in"
ask() { # ADDRESS: sends a flow and waits for it to come out
	local n
	n=$(wc -l <"$T/live.out")
	echo "{\"src_host\":\"$1\"}" >&3
	wait_for 10 more_than "$n" || return
	member "$(tail -1 "$T/live.out")" src_ptr
}
more_than() { [ "$(wc -l <"$T/live.out")" -gt "$1" ]; }
gets() { [ "$(ask "$1")" = "\"$2\"" ]; }
is "$(ask 192.0.2.1)" "" "live: a flow does not wait for its name"
ok "live: a later one has it" wait_for 10 gets 192.0.2.1 one.example.net
ok "live: the side output has it within seconds" wait_for 5 grep -q one.example.net "$T/live.rows"
mv "$T/live.rows" "$T/live.rows.1"
kill -HUP $pid
ok "HUP reloads" wait_for 10 grep -q reloaded "$T/live.said"
server_stop
is "$(ask 192.0.2.1)" '"one.example.net"' "live: the cache outlives a reload, and the server"
for i in 1 2 3; do ask 192.0.2.2; done >"$T/names"
is "$(tr -d '\n' <"$T/names")" "" "live: flows pass without names while the server is away"
ask 192.0.2.5 >/dev/null
server_start || bail "nsd does not start a third time"
ok "live: what was not asked for before is named when it is back" wait_for 30 gets 192.0.2.6 six.example.net
ok "live: and what failed, later" wait_for 40 gets 192.0.2.5 five.example.net
ok "a file renamed away is made anew" wait_for 5 grep -q six.example.net "$T/live.rows"
exec 3>&-
wait $pid
is $? 0 "the end of input is a normal end"
plan
