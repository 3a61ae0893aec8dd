#!/bin/bash
# nf-collect --forward, in a network of its own: other collectors beside us see the exporters' own addresses and ports.
. "${0%/*}/tap.sh"
need jq nfcapd nfdump tshark perl unshare setpriv ip

# The second time it runs in another network than the first.
here=$(readlink /proc/self/ns/net)
if [ -z "$1" ] || [ "$1" = "$here" ]; then
	unshare -Urn true 2>/dev/null && exec unshare -Urn "$0" "$here"
	[ "$CI" = true ] && bail "no user and network namespaces"
	skip_all "user and network namespaces are not permitted here"
fi
export TZ=UTC HOME=$T
data=${0%/*}/data
collect=$BUILD/bin/nf-collect
port=2055 peer=2056
{
	ip link set lo up
	for a in 192.0.2.1 192.0.2.2 198.51.100.7; do ip addr add $a/32 dev lo; done
	for a in 2001:db8::1 2001:db8::2; do ip addr add $a/128 dev lo nodad; done
} 2>"$T/ip.err" || bail "no addresses: $(cat "$T/ip.err")"

collect() {
	name=$1
	shift
	rm -f "$T/$name.err"
	"$collect" -v -M "$T/$name.m" "$@" >"$T/$name" 2>"$T/$name.err" &
	PIDS+=($!)
	last=$!
	wait_for 10 grep -q listening "$T/$name.err" || diag "$(cat "$T/$name.err")"
}
ended() { kill -TERM "$1" && wait "$1"; }
lines() { test "$(wc -l <"$T/$1")" -ge "$2"; }
metric() { grep -F "nf_collect_$1 " "$T/$name.m" | cut -d' ' -f2; }
udp_queue() { # PORT REGEX
	grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") [0-9A-F:]+ [0-9A-F]+ [0-9A-F]+:$2 " /proc/net/udp /proc/net/udp6
}

# send FROM FROMPORT TO PORT: lines of hexadecimal, each as a datagram.
send() {
	perl -MIO::Socket::IP -MSocket=SOCK_DGRAM -ne '
		BEGIN {
			my ($from, $fromport, $to, $port) = splice @ARGV;
			$s = IO::Socket::IP->new(LocalHost => $from, LocalPort => $fromport, PeerHost => $to,
				PeerPort => $port, Type => SOCK_DGRAM) or die "$from: $@";
		}
		chomp; $s->send(pack "H*", $_); select undef, undef, undef, 0.001' "$@"
}

# tell PORT: each datagram that comes there is a line: its sender, port and bytes.
tell() {
	# Who listened before must not be taken for the one to come.
	[ -z "$receiver" ] || { kill "$receiver" && wait "$receiver"; } 2>/dev/null
	perl -MIO::Socket::IP -MSocket=SOCK_DGRAM,SO_RCVBUF,getnameinfo,NI_NUMERICHOST,NI_NUMERICSERV -e '
		$| = 1;
		my $s = IO::Socket::IP->new(LocalHost => $ARGV[0], LocalPort => $ARGV[1], Type => SOCK_DGRAM) or die $@;
		$s->sockopt(SO_RCVBUF, 4 << 20);
		while (defined(my $from = $s->recv(my $bytes, 65536))) {
			my ($e, $host, $port) = getnameinfo($from, NI_NUMERICHOST | NI_NUMERICSERV);
			print "$host $port ", unpack("H*", $bytes), "\n";
		}' "$@" >"$T/told" 2>"$T/told.err" &
	PIDS+=($!)
	receiver=$!
	wait_for 10 udp_queue "$2" '[0-9A-F]*' || diag "$(cat "$T/told.err")"
}
payloads() { tshark -r "$1" -T fields -e udp.payload 2>/dev/null; }

# nfcapd and a plain receiver beside us, two exporters of IPv4.
payloads "$data/softflowd-v9.pcap" >"$T/v9"
payloads "$data/softflowd-v5.pcap" >"$T/v5"
mkdir "$T/nf"
nfcapd -4 -b 127.0.0.1 -p $peer -w "$T/nf" -t 3600 -B 4000000 >"$T/nfcapd.log" 2>&1 &
PIDS+=($!)
nf=$!
wait_for 10 udp_queue $peer '[0-9A-F]*' || diag "$(cat "$T/nfcapd.log")"
tell 198.51.100.7 9995
collect flows -l ":$port" -j 2 --forward 127.0.0.1:$peer --forward 198.51.100.7:9995
send 192.0.2.1 4001 127.0.0.1 $port <"$T/v9"
send 192.0.2.2 4002 127.0.0.1 $port <"$T/v5"
all=$(($(wc -l <"$T/v9") + $(wc -l <"$T/v5")))
wait_for 10 lines told $all
wait_for 10 udp_queue $peer 00000000
ended $last
is $? 0 "TERM is a normal end"
ended $nf
nfdump -q -R "$T/nf" -o fmt:%ra,%sa,%da,%pkt,%byt -N -6 | tr -d ' ' | sort >"$T/theirs"
jq -r '"\(.exporter_ip),\(.src_host),\(.dst_host),\(.packets),\(.bytes)"' "$T/flows" | sort >"$T/ours"
is "$(cut -d, -f1 "$T/theirs" | sort | uniq -c)" "$(cut -d, -f1 "$T/ours" | sort | uniq -c)" \
	"nfcapd has the exporters' addresses, with as many flows as we"
is "$(md5sum <"$T/theirs")" "$(md5sum <"$T/ours")" "and the flows"
is "$(sort "$T/told" | md5sum)" "$({ sed 's/^/192.0.2.1 4001 /' "$T/v9"; sed 's/^/192.0.2.2 4002 /' "$T/v5"; } | sort | md5sum)" \
	"another receiver has the same datagrams, from their addresses and ports"
is "$(metric 'forwarded_total{target="127.0.0.1:'$peer'"}') $(metric 'forwarded_total{target="198.51.100.7:9995"}')" "$all $all" \
	"and all are counted"

# IPv6; what is of the other family, or too long for one packet; nothing of it keeps us from decoding.
ip link set lo mtu 1500
payloads "$data/nfprobe-v9.pcap" | head -20 >"$T/v9"
perl -e 'print "0005001e", "00" x 20, "00" x (48 * 30 + 100), "\n"' >"$T/long"
tell 2001:db8::2 9995
collect six -l "[::]:$port" -l "192.0.2.1:9000" --forward "[2001:db8::2]:9995"
send 2001:db8::1 4003 2001:db8::2 $port <"$T/v9"
send 192.0.2.2 4004 192.0.2.1 9000 <"$T/v9"
send 2001:db8::1 4005 2001:db8::2 $port <"$T/long"
n=$(wc -l <"$T/v9")
wait_for 10 lines told "$n"
ended $last
is "$(md5sum <"$T/told")" "$(sed 's/^/2001:db8::1 4003 /' "$T/v9" | md5sum)" "IPv6: the datagrams, from their address and port"
to='target="[2001:db8::2]:9995"'
is "$(metric "forwarded_total{$to}") $(metric "forward_dropped_total{$to,reason=\"family\"}")" "$n $n" \
	"those of IPv4 cannot go there, and are counted"
is "$(metric "forward_dropped_total{$to,reason=\"too_big\"}")" 1 "as is one longer than a packet"
like "$(cat "$T/six.err")" "192.0.2.2 was not forwarded to .*: one has IPv4" "and said"
like "$(cat "$T/six.err")" "2001:db8::1 was not forwarded to .*: it is longer" "both"
is "$(jq -r .exporter_ip "$T/six" | sort | uniq | tr '\n' ' ')" "192.0.2.2 2001:db8::1 " "all are decoded"

# From a capture, waiting rather than losing.
tell 127.0.0.1 9996
"$collect" -M "$T/replay.m" -r "$data/softflowd-v9.pcap" --forward 127.0.0.1:9996 >"$T/replayed"
is $? 0 "a capture is forwarded too"
name=replay
count=$(payloads "$data/softflowd-v9.pcap" | wc -l)
is "$(metric 'forwarded_total{target="127.0.0.1:9996"}')" "$count" "all of it"
wait_for 10 lines told "$count"
is "$(sort "$T/told" | md5sum)" "$(tshark -r "$data/softflowd-v9.pcap" -T fields -E separator=' ' -e ip.src \
	-e udp.srcport -e udp.payload 2>/dev/null | sort | md5sum)" "and it comes from the addresses in it"

# What cannot work is refused, and says why.
setpriv --bounding-set=-net_raw --inh-caps=-all "$collect" -l "127.0.0.1:$port" --forward 127.0.0.1:9 2>"$T/words"
is $? 2 "without the capability it is refused"
like "$(cat "$T/words")" 'takes CAP_NET_RAW, which root has; under systemd AmbientCapabilities=CAP_NET_RAW gives it' "with the remedy"
for to in 127.0.0.1:2055 192.0.2.2:2055 '[2001:db8::1]:2055'; do
	"$collect" -n -l :2055 --forward "$to" 2>"$T/words"
	is $? 2 "to $to is refused: it would come back"
done
like "$(cat "$T/words")" 'would come back' "in words"
ok "another port is not" "$collect" -n -l 127.0.0.1:2055 --forward 127.0.0.1:2056
ok "nor another machine" "$collect" -n -l :2055 --forward 203.0.113.1:2055
for to in 127.0.0.1 127.0.0.1:0 tcp:127.0.0.1:1 :2056; do
	"$collect" -n -l 127.0.0.1:2055 --forward "$to" 2>"$T/words"
	is $? 2 "$to is no address to forward to"
done
echo 'collectors: {netflow: {config: {forward: ["127.0.0.1:2055"]}}}' >"$T/c.yaml"
chmod 600 "$T/c.yaml"
"$collect" -n -c "$T/c.yaml" 2>"$T/words"
is $? 2 "the key is read"

# A proxy must be on this machine.
collect proxied -l "proxy:192.0.2.1:4739"
perl -MIO::Socket::IP -e 'my $s = IO::Socket::IP->new(LocalHost => "192.0.2.2", PeerHost => "192.0.2.1", PeerPort => 4739)
	or die $@; print $s "PROXY TCP4 192.0.2.9 192.0.2.1 1 2\r\n"; sysread $s, my $x, 1'
ended $last
is "$(metric 'tcp_refused_total{reason="proxy_peer"}')" 1 "a line of a proxy elsewhere is not believed"
plan
