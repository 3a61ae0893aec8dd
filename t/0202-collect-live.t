#!/bin/bash
# nf-collect on UDP: a real exporter over IPv4 and IPv6, datagrams of all kinds, a reader that stalls, signals.
. "${0%/*}/tap.sh"
need jq softflowd nfcapd nfdump python3
export TZ=UTC
collect=$BUILD/bin/nf-collect
port=$(free_port)

# collect NAME OPTION…: runs it in the background; its output is $T/NAME, its words $T/NAME.err, its pid $!.
collect() {
	local name=$1
	shift
	rm -f "$T/$name.err" # it may tell that an earlier one listens
	"$collect" -v "$@" >"$T/$name" 2>"$T/$name.err" &
	PIDS+=($!)
	last=$!
	wait_for 10 grep -q listening "$T/$name.err"
}

# ended PID: TERMs it and gives its exit status.
ended() {
	kill -TERM "$1" && wait "$1"
}

# What an exporter would send, as hexadecimal.
send() { # PORT HEX
	perl -e 'syswrite STDOUT, pack "H*", $ARGV[0]' "${2// /}" >"/dev/udp/127.0.0.1/$1"
}

# udp_queue PORT REGEX: a socket is bound there, and that much waits in it.
udp_queue() {
	grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") [0-9A-F:]+ [0-9A-F]+ [0-9A-F]+:$2 " /proc/net/udp /proc/net/udp6
}

lines() { test "$(wc -l <"$T/$1")" -ge "$2"; }

python3 "${0%/*}/data/make-traffic.py" -w "$T/traffic.pcap" || bail "no traffic"

# softflowd reads it and exports to us and to nfcapd.
for version in 5 9 10; do
	for host in 127.0.0.1 '[::1]'; do
		mkdir "$T/nf"
		peer=$(free_port)
		family=-4
		[ "$host" = '[::1]' ] && family=-6
		nfcapd $family -b "${host//[][]/}" -p "$peer" -w "$T/nf" -t 3600 -B 4000000 >"$T/nfcapd.log" 2>&1 &
		PIDS+=($!)
		nf=$!
		collect flows -l "$host:$port"
		ours=$last
		wait_for 10 udp_queue "$peer" '[0-9A-F]*' || diag "$(cat "$T/nfcapd.log")"
		for to in "$port" "$peer"; do
			# In its folder, since it knows only short names.
			(cd "$T" && exec timeout 20 softflowd -d -6 -r traffic.pcap -v $version -n "${host//[][]/}:$to" \
				-p pid -c ctl) >"$T/softflowd.log" 2>&1 || diag "$(cat "$T/softflowd.log")"
		done
		wait_for 10 udp_queue "$peer" 00000000
		ended $ours
		is $? 0 "v$version to $host: TERM is a normal end"
		ended $nf
		want=$(nfdump -q -R "$T/nf" -o fmt:%pkt,%byt -N | tr -d ' ' | awk -F, '{ f++; p += $1; b += $2 } END { print f, p, b }')
		is "$(jq -sr '"\(length) \(map(.packets) | add) \(map(.bytes) | add)"' "$T/flows")" "$want" \
			"v$version to $host: flows, packets and bytes as nfcapd has them"
		is "$(jq -r '"\(.exporter_ip) \(.flow_type)"' "$T/flows" | sort -u)" \
			"${host//[][]/} $([ $version = 10 ] && echo ipfix || echo netflow$version)" "v$version to $host: the exporter"
		rm -rf "$T/nf"
	done
done

# A template that comes late, and datagrams that are none between good ones.
collect mixed -l "127.0.0.1:$port" -M "$T/metrics"
v9="0009 0001 000f4240 6553f100"
template="$v9 00000001 00000007  0000 0010 0100 0002 0008 0004 0001 0004"
data="$v9 00000002 00000007  0100 000c 0a000001 000003e8"
send "$port" "$data"
send "$port" "$template"
ok "data that came before their template are written when it comes" wait_for 5 lines mixed 1
for n in $(seq 20); do
	head -c $((n * 37)) /dev/urandom >"/dev/udp/127.0.0.1/$port"
	send "$port" "${data:0:$((n * 2))}"
	send "$port" "${v9} 00000003 00000007 0100 ffff"
done
send "$port" "$data"
ok "after truncated and random datagrams the good one is written" wait_for 5 lines mixed 2
is "$(jq -c '[.src_host, .bytes, .observation_domain]' "$T/mixed" | sort | uniq -c | tr -s ' ')" \
	' 2 ["10.0.0.1",1000,7]' "and nothing but the good ones"
kill -USR1 $last
ok "USR1 shows the counters" wait_for 5 grep -q 'nf_collect_flows_total{exporter="127.0.0.1"} 2' "$T/mixed.err"
ended $last
like "$(cat "$T/metrics")" 'nf_collect_errors_total\{exporter="127.0.0.1",reason="truncated"\} [1-9]' "errors are counted by reason and exporter"
like "$(cat "$T/metrics")" 'nf_collect_sets_released_total\{exporter="127.0.0.1"\} 1' "what waited for its template too"
like "$(cat "$T/mixed.err")" 'not decoded, by reason: ' "and said at the end"

# The allow list is read again.
echo 'collectors: {netflow: {config: {allow: [192.0.2.1]}}}' >"$T/c.yaml"
chmod 600 "$T/c.yaml"
collect trust -c "$T/c.yaml" -l "127.0.0.1:$port"
send "$port" "$template"
send "$port" "$data"
wait_for 5 lines trust 1
echo 'collectors: {netflow: {config: {allow: [127.0.0.0/8]}}}' >"$T/c.yaml"
kill -HUP $last
wait_for 5 grep -q reloaded "$T/trust.err"
send "$port" "$data"
wait_for 5 lines trust 2
echo 'collectors: {netflow: {config: {allow: [bogus]}}}' >"$T/c.yaml"
kill -HUP $last
ok "a bad configuration is refused on HUP" wait_for 5 grep -q 'c.yaml:1:.*the old configuration stays' "$T/trust.err"
send "$port" "$data"
wait_for 5 lines trust 3
is "$(jq -r .trusted "$T/trust" | tr '\n' ' ')" "false true true " "HUP reads the list of trusted exporters again"
ended $last

# Many sockets; one address that cannot be had does not keep the other from working.
second=$(free_port)
collect two -l "127.0.0.1:$port" -l "192.0.2.77:$port" -l ":$second"
like "$(cat "$T/two.err")" 'cannot listen on 192.0.2.77:[0-9]*, trying again' "an address that cannot be had is warned of"
send "$port" "$template"
send "$second" "$data"
wait_for 5 lines two 1
is "$(jq -r .exporter_ip "$T/two")" 127.0.0.1 "templates are kept by exporter, whatever the socket; :PORT takes IPv4 as IPv4"
"$collect" -l "127.0.0.1:$port" >"$T/out" 2>"$T/words"
is $? 1 "an only address that is taken is an error"
like "$(cat "$T/words")" 'another program listens there' "with the remedy"
"$collect" -c <(echo "collectors: {netflow: {config: {bindaddr: 127.0.0.1, bindport: $port}}}") >"$T/retry" 2>"$T/retry.err" &
PIDS+=($!)
retry=$!
ok "an address of the configuration that is taken is waited for" wait_for 5 grep -q 'trying again' "$T/retry.err"
ended $last
ok "until it is free" wait_for 15 grep -q 'now listening' "$T/retry.err"
send "$port" "$template"
send "$port" "$data"
ok "and then it works" wait_for 5 lines retry 1
ended $retry
is $? 0 "and ends as asked"

# A reader that stalls: the queue fills, what has no room is counted, what had is written.
"$BUILD/t/helper/gen_nf9" 20000 >"$T/many.pcap"
mkfifo "$T/pipe"
exec 9<>"$T/pipe"
"$collect" -b -l "127.0.0.1:$port" --queue 1M -M "$T/metrics" >"$T/pipe" 2>"$T/stall.err" -v &
PIDS+=($!)
stalled=$!
wait_for 10 grep -q listening "$T/stall.err"
sent=$("$BUILD/t/helper/udp_replay" "127.0.0.1:$port" "$T/many.pcap" 20000)
cat <&9 >"$T/late" &
PIDS+=($!)
reader=$!
ended $stalled
is $? 0 "with a reader that stalled, TERM still is a normal end"
exec 9>&-
metric() { sed -n "s/^$1 //p" "$T/metrics"; }
dropped=$(metric 'nf_collect_dropped_total{reason="queue_full"}')
decoded=$(metric 'nf_collect_datagrams_total{exporter="127.0.0.1"}')
kernel=$(metric "nf_collect_socket_drops_total{socket=\"127.0.0.1:$port\"}")
ok "the queue was full: $dropped datagrams dropped" test "$dropped" -gt 0
is $((dropped + decoded + kernel)) "$sent" "sent is decoded and dropped"
kill $reader 2>/dev/null

# The reader goes away: a normal end.
"$collect" -l "127.0.0.1:$port" -v 2>"$T/gone.err" > >(head -1 >"$T/head") &
PIDS+=($!)
gone=$!
wait_for 10 grep -q listening "$T/gone.err"
send "$port" "$template"
wait_for 10 eval 'send "$port" "$data"; ! kill -0 $gone'
wait $gone
is $? 0 "a reader that goes away is a normal end"

# TERM while a pipe stays silent.
mkfifo "$T/silent"
exec 8<>"$T/silent"
head -c 20000 "${0%/*}/data/softflowd-v5.pcap" >&8
"$collect" -r - <"$T/silent" >"$T/piped" 2>"$T/piped.err" &
PIDS+=($!)
piped=$!
ok "a capture from a pipe is written as it comes" wait_for 5 lines piped 300
ended $piped
is $? 0 "and TERM ends it while the pipe is silent"
plan
