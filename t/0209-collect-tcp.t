#!/bin/bash
# nf-collect on TCP: a real exporter, streams in any pieces, what breaks off, what is too much, a reader that stalls.
. "${0%/*}/tap.sh"
need jq softflowd nfcapd nfdump python3 tshark perl
export TZ=UTC HOME=$T
collect=$BUILD/bin/nf-collect
port=$(free_port)
ulimit -n 4096 2>/dev/null

# collect NAME OPTION…: runs it in the background; its output is $T/NAME, its words $T/NAME.err, its counters $T/NAME.m.
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
# now NAME METRIC VALUE: asks for the counters on stderr, where the last of that name must have the value.
now() {
	: >"$T/$1.err"
	kill -USR1 $last
	wait_for 2 grep -q '^nf_collect_written_total' "$T/$1.err" && grep -qxF "nf_collect_$2 $3" "$T/$1.err"
}

# stream PIECE PAUSE_MS [ADDRESS]: sends stdin over one connection in pieces of that size, each a packet of its own.
# What the peer does is told: "open" after the end of what is sent, or "closed".
stream() {
	perl -MIO::Socket::INET -MIO::Select -MSocket=IPPROTO_TCP,TCP_NODELAY -e '
		my ($port, $piece, $pause, $from) = @ARGV;
		$SIG{PIPE} = "IGNORE";
		my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port,
			$from ? (LocalAddr => $from) : ()) or die "connect: $!";
		setsockopt $s, IPPROTO_TCP, TCP_NODELAY, 1;
		binmode STDIN; local $/; my $bytes = <STDIN>;
		for (my $i = 0; $i < length $bytes; $i += $piece) {
			defined syswrite $s, substr $bytes, $i, $piece or last;
			select undef, undef, undef, $pause / 1000 if $pause;
		}
		# A collector that is content leaves the connection open.
		my $gone = IO::Select->new($s)->can_read($pause ? 5 : 0.3) && !sysread $s, my $x, 1;
		print $gone ? "closed" : "open"' "$port" "$@"
}
hex() { perl -e 'print pack "H*", join("", @ARGV) =~ s/ //gr' "$@"; }
# The messages of a capture, one after the other.
messages() { tshark -r "$1" -T fields -e udp.payload 2>/dev/null | perl -ne 'chomp; print pack "H*", $_'; }
key='[.src_host, .dst_host, .src_port, .dst_port, .proto, .packets, .bytes, .flow_type, .observation_domain]'

python3 "${0%/*}/data/make-traffic.py" -w "$T/traffic.pcap" || bail "no traffic"

# softflowd, to nfcapd by UDP and to us by TCP.
mkdir "$T/nf"
peer=$(free_port)
nfcapd -4 -b 127.0.0.1 -p "$peer" -w "$T/nf" -t 3600 -B 4000000 >"$T/nfcapd.log" 2>&1 &
PIDS+=($!)
nf=$!
collect flows -l "tcp:127.0.0.1:$port"
like "$(cat "$T/flows.err")" "listening on tcp:127.0.0.1:$port" "it listens"
udp_empty() { grep -qE ":$(printf %04X "$peer") [0-9A-F:]+ [0-9A-F]+ [0-9A-F]+:00000000 " /proc/net/udp; }
wait_for 10 udp_empty
for to in "udp $peer" "tcp $port"; do
	# In its folder, since it knows only short names.
	(cd "$T" && exec timeout 20 softflowd -d -6 -r traffic.pcap -v 10 -P "${to% *}" -n "127.0.0.1:${to#* }" \
		-p pid -c ctl) >"$T/softflowd.log" 2>&1 || diag "$(cat "$T/softflowd.log")"
done
wait_for 10 udp_empty
ended $last
is $? 0 "TERM is a normal end"
ended $nf
want=$(nfdump -q -R "$T/nf" -o fmt:%pkt,%byt -N | tr -d ' ' | awk -F, '{ f++; p += $1; b += $2 } END { print f, p, b }')
is "$(jq -sr '"\(length) \(map(.packets) | add) \(map(.bytes) | add)"' "$T/flows")" "$want" \
	"softflowd over TCP: flows, packets and bytes as nfcapd has them by UDP"
is "$(jq -r '"\(.exporter_ip) \(.flow_type)"' "$T/flows" | sort -u)" "127.0.0.1 ipfix" "the exporter is the peer"

# Recorded messages, in pieces of any size.
data=${0%/*}/data
for file in softflowd-ipfix-template softflowd-ipfix nfprobe-ipfix-template nfprobe-ipfix; do
	messages "$data/$file.pcap" >>"$T/all.stream"
	"$collect" -r "$data/$file.pcap" 2>/dev/null >>"$T/all.read"
done
tshark -r "$data/softflowd-ipfix.pcap" -c 20 -w "$T/some.pcap" 2>/dev/null
messages "$T/some.pcap" >"$T/some.stream"
"$collect" -r "$T/some.pcap" >"$T/some.read"
for how in 'all 1000000' 'all 1459' 'some 7' 'some 1'; do
	piece=${how#* }
	collect pieces -l "tcp::$port"
	stream "$piece" 0 <"$T/${how% *}.stream" >/dev/null
	wait_for 10 lines pieces "$(wc -l <"$T/${how% *}.read")"
	ended $last
	is "$(jq -c "$key" "$T/pieces" | sort | md5sum)" "$(jq -c "$key" "$T/${how% *}.read" | sort | md5sum)" \
		"recorded messages in pieces of $piece: the flows of the captures, $(wc -l <"$T/pieces")"
done
is "$(metric 'tcp_closed_total{reason="end"}') $(metric 'tcp_messages_total')" "1 20" "whole messages, and a normal end"

# One template and data of it. A message: version, length, time, sequence, domain, then its sets.
now=$(printf %08x "$(date +%s)")
message() { # SEQUENCE SETS
	local sets=${2// /}
	printf '000a%04x%s%08x00000007%s' $((16 + ${#sets} / 2)) "$now" "$1" "$sets"
}
template=$(message 0 '0002 0010 0100 0002 0008 0004 0001 0004')
withdrawal=$(message 2 '0002 0008 0100 0000')
data() { message "$1" "0100 000c 0a0000$(printf %02x "$1") 000003e8"; }

# What breaks the framing costs what follows in that connection, and nothing else.
collect broken -l "tcp:127.0.0.1:$port" --tcp-idle 1
is "$(hex "$template" "$(data 1)" "$(data 2)" 0009 0020 "$(data 3)" "$(data 4)" | stream 100000 0)" closed \
	"what is no IPFIX message closes the connection"
is "$(hex "$(data 5)" 000a 000f "$(data 6)" | stream 100000 0)" closed "so does a length below the header's"
is "$(hex "$(data 7)" | stream 1 1)" closed "bytes one by one make a message, and silence ends it"
is "$(hex "$(data 8)" 000a ffff 00 | stream 1 0)$(hex "$(data 9)" 000a ffff 00 | stream 5 50)" openclosed \
	"a giant that never comes is waited for, but not for ever"
is "$(hex "$(data 10)" | stream 9 0 127.0.0.33)" open "another exporter is served"
wait_for 5 lines broken 6
is "$(jq -r .src_host "$T/broken" | sort -V | tr '\n' ' ')" "10.0.0.1 10.0.0.2 10.0.0.5 10.0.0.7 10.0.0.8 10.0.0.9 " \
	"all whole messages before are decoded; templates are the exporter's own"
ended $last
is "$(metric 'lost_total{exporter="127.0.0.1"}') $(metric 'datagrams_late_total{exporter="127.0.0.1"}')" "0 0" \
	"sessions have sequence numbers of their own: nothing counts as lost"
is "$(metric 'tcp_closed_total{reason="version"}') $(metric 'tcp_closed_total{reason="length"}')" "1 1" "counted by reason"
is "$(metric 'tcp_closed_total{reason="slow"}') $(metric 'tcp_closed_total{reason="idle"}')" "1 1" "the slow and the idle too"
like "$(cat "$T/broken.err")" 'TCP connection of 127.0.0.1: what came is no IPFIX message: closed' "and said"

# The longest message, and the withdrawal of a template.
collect long -l "tcp:127.0.0.1:$port"
records=$((65535 / 8 - 3))
long=$(perl -e 'printf "%08x000003e8", $_ for 1 .. $ARGV[0]' $records)
{ hex "$template" "$(message 0 "0100 $(printf %04x $((4 + ${#long} / 2))) $long")" "$withdrawal" "$(data 1)"; } |
	stream 65536 0 >/dev/null
wait_for 5 lines long $records
ended $last
is "$(jq -s length "$T/long")" $records "a message of $((20 + ${#long} / 2)) bytes, and none of a template withdrawn"
is "$(metric 'templates_withdrawn_total{exporter="127.0.0.1"}') $(metric 'sets_held_total{exporter="127.0.0.1"}')" "1 1" \
	"the withdrawal is counted, data after it wait for a new template"

# Many connections: 64 of an address, 1,024 in all.
collect many -l "tcp:127.0.0.1:$port"
hex "$template" "$(data 1)" >"$T/one"
perl -MIO::Socket::INET -e '
	my ($port, $file) = @ARGV;
	open my $f, "<", $file; local $/; my $bytes = <$f>;
	$SIG{PIPE} = "IGNORE";
	my @s;
	for my $i (0 .. 1099) {
		my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port,
			LocalAddr => "127.0.1." . ($i < 70 ? 1 : 2 + $i % 40)) or die "connect: $!";
		push @s, $s;
	}
	for my $part (0 .. 9) {
		syswrite $_, substr $bytes, $part * length($bytes) / 10, length($bytes) / 10 for @s;
	}
	<STDIN>' "$port" "$T/one" < <(wait_for 20 lines many 1024; wait_for 5 now many tcp_connections 1024 && echo) ||
	diag "the sender failed"
ended $last
is "$(wc -l <"$T/many")" 1024 "1,024 connections at a time, each piece by piece, are served"
is "$(metric 'tcp_refused_total{reason="address_full"}')" 6 "an address has 64 of them"
is "$(metric 'tcp_refused_total{reason="full"}')" $((1100 - 6 - 1024)) "and those beyond are refused"
is "$(metric 'tcp_accepted_total')" 1024 "and counted"
is "$(jq -r .exporter_ip "$T/many" | sort | uniq -c | sort -rn | head -1 | tr -s ' ')" " 64 127.0.1.1" "by their addresses"

# A reader that stalls makes the exporter wait, and nothing is lost.
perl -e '
	my ($template, $now) = @ARGV;
	print pack "H*", $template;
	for my $i (0 .. 9999) {
		print pack "nnNNN nn", 10, 20 + 160 * 8, hex $now, $i * 160, 7, 256, 4 + 160 * 8;
		print pack "NN", $i * 160 + $_, 1000 for 1 .. 160;
	}' "$template" "$now" >"$T/flood"
mkfifo "$T/pipe"
exec 9<>"$T/pipe"
"$collect" -b -v -l "tcp:127.0.0.1:$port" -M "$T/stalled.m" >"$T/pipe" 2>"$T/stalled.err" &
PIDS+=($!)
last=$!
name=stalled
wait_for 10 grep -q listening "$T/stalled.err"
stream 1000000 0 <"$T/flood" >"$T/told" &
PIDS+=($!)
sender=$!
waiting() { : >"$T/stalled.err" && kill -USR1 $last && sleep 0.1 && grep -q 'tcp_waits_total [1-9]' "$T/stalled.err"; }
ok "a full queue makes TCP wait" wait_for 10 waiting
ok "and the exporter as well" kill -0 $sender
{ "$BUILD/bin/nf-cat" -i bin -o text <"$T/pipe" | wc -l >"$T/counted"; } 9>&- &
PIDS+=($!)
wait_for 20 tap_gone $sender
is "$(cat "$T/told")" open "until the reader goes on"
wait_for 20 now stalled written_total 1600000
ended $last
is $? 0 "TERM writes what has come"
exec 9>&-
wait_for 10 test -s "$T/counted"
is "$(metric written_total) $(cat "$T/counted")" "1600000 1600000" "and no flow is lost"

# Addresses that cannot be had, and those that make no sense.
collect first -l "tcp:127.0.0.1:$port"
"$collect" -l "tcp:127.0.0.1:$port" >"$T/out" 2>"$T/words"
is $? 1 "an only address that is taken is an error"
like "$(cat "$T/words")" 'another program listens there' "with the remedy"
"$collect" -n -l tls:127.0.0.1:1 2>"$T/words"
is $? 2 "an unknown transport is refused"
echo 'collectors: {netflow: {config: {listen: ["tcp:127.0.0.1"]}}}' >"$T/c.yaml"
chmod 600 "$T/c.yaml"
"$collect" -n -c "$T/c.yaml" 2>"$T/words"
is $? 2 "and so it is in the configuration"
like "$(cat "$T/words")" 'c.yaml:1:[0-9]+: collectors.netflow.config.listen: ' "with its place"
plan
