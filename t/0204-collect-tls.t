#!/bin/bash
# IPFIX over TLS: stunnel before an exporter and before nf-collect, both with certificates; the proxy's line tells the exporter.
. "${0%/*}/tap.sh"
need jq softflowd python3 stunnel openssl perl
collect=$BUILD/bin/nf-collect
port=$(free_port)

collect() {
	name=$1
	shift
	rm -f "$T/$name.err"
	"$collect" -v -M "$T/$name.m" "$@" >"$T/$name" 2>"$T/$name.err" &
	PIDS+=($!)
	last=$!
	wait_for 10 grep -q listening "$T/$name.err"
}
ended() { kill -TERM "$1" && wait "$1"; }
lines() { test "$(wc -l <"$T/$1")" -ge "$2"; }
metric() { sed -n "s/^nf_collect_$1 //p" "$T/$name.m"; }
listens() { grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") [0-9A-F:]+ 0A " /proc/net/tcp; }

certificate() { # NAME
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1.example" \
		-keyout "$T/$1.key" -out "$T/$1.pem" 2>"$T/openssl.log" || bail "$(cat "$T/openssl.log")"
}

# tunnel NAME PORT LINE…: stunnel with that service, until it listens.
tunnel() {
	local conf=$T/$1.conf to=$2
	printf '%s\n' "foreground = yes" "pid =" "[ipfix]" "accept = 127.0.0.1:$to" "cert = $T/$1.pem" "key = $T/$1.key" \
		"verifyPeer = yes" "${@:3}" >"$conf"
	stunnel "$conf" >"$T/$1.log" 2>&1 &
	PIDS+=($!)
	wait_for 10 listens "$to" || diag "$(cat "$T/$1.log")"
}

# export_to PORT: what softflowd makes of the traffic; it fails where it is not let in.
export_to() {
	(cd "$T" && exec timeout 20 softflowd -d -6 -r traffic.pcap -v 10 -P tcp -n "127.0.0.1:$1" -p pid -c ctl) \
		>"$T/softflowd.log" 2>&1 || diag "$(cat "$T/softflowd.log")"
}

python3 "${0%/*}/data/make-traffic.py" -w "$T/traffic.pcap" || bail "no traffic"
for who in collector router stranger; do
	certificate $who
done

collect plain -l "tcp:127.0.0.1:$port"
export_to "$port" || diag "$(cat "$T/softflowd.log")"
ended $last
want=$(jq -sr '"\(length) \(map(.packets) | add) \(map(.bytes) | add)"' "$T/plain")

collect secure -l "proxy:127.0.0.1:$port"
tls=$(free_port)
tunnel collector "$tls" "connect = 127.0.0.1:$port" "protocol = proxy" "CAfile = $T/router.pem"
near=$(free_port)
tunnel router "$near" "client = yes" "connect = 127.0.0.1:$tls" "local = 127.0.0.9" "CAfile = $T/collector.pem"
export_to "$near" || diag "$(cat "$T/softflowd.log")"
ok "flows come through TLS" wait_for 10 lines secure "${want%% *}"
is "$(jq -sr '"\(length) \(map(.packets) | add) \(map(.bytes) | add)"' "$T/secure")" "$want" \
	"flows, packets and bytes as without it"
is "$(jq -r .exporter_ip "$T/secure" | sort -u)" 127.0.0.9 "the exporter is whom stunnel has for a client"

# Others are not let in by stunnel, nor in the clear by nf-collect.
far=$(free_port)
tunnel stranger "$far" "client = yes" "connect = 127.0.0.1:$tls" "CAfile = $T/collector.pem"
export_to "$far"
wait_for 10 grep -q 'Rejected by CERT' "$T/collector.log"
like "$(cat "$T/collector.log")" 'Rejected by CERT' "an exporter with another certificate is refused"
export_to "$port"
closed() { test "$(grep -c 'no line of the PROXY protocol' "$T/secure.err")" -ge 1; }
ok "and one without the proxy's line" wait_for 5 closed
is "$(wc -l <"$T/secure")" "${want%% *}" "no flow came of them"

# A proxy's line by hand: of IPv6, of a client unknown, and pieces of it that never end.
line() { printf '%b' "$1" | cat - "$T/message" >"/dev/tcp/127.0.0.1/$port"; }
# Of domain 7: a template, and data of it.
perl -e 'print pack "H*", join "", @ARGV' 000a002c 65000000 00000000 00000007 \
	00020010 01000002 00080004 00010004 0100000c 0a000001 000003e8 >"$T/message"
line 'PROXY TCP6 2001:db8::7 2001:db8::1 40000 4739\r\n'
wait_for 5 lines secure $((${want%% *} + 1))
line 'PROXY UNKNOWN\r\n'
wait_for 5 lines secure $((${want%% *} + 2))
is "$(tail -2 "$T/secure" | jq -r .exporter_ip | tr '\n' ' ')" "2001:db8::7 127.0.0.1 " \
	"an exporter of IPv6, and one that the proxy does not know"
line "PROXY TCP4 $(printf '%0200d' 0)"
line 'PROXY TCP4 192.0.2.1\r\n'
ended $last
is $? 0 "the end"
is "$(metric 'tcp_closed_total{reason="proxy"}')" 3 "lines that are none are counted"
plan
