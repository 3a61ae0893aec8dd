#!/bin/bash
# nf-collect -j: one exporter stays with one worker whatever its ports, of several all flows come out exactly once.
. "${0%/*}/tap.sh"
need jq python3
collect=$BUILD/bin/nf-collect
port=$(free_port)
second=$(free_port)

# send PORT HOST ADDRESSES: from each of so many addresses (127.2.0.1 on, or ::1) template and data, every datagram from a
# port of its own. Records have exporter and number in src_host: 10.EXPORTER.EXPORTER.NUMBER.
send() {
	python3 - "$@" <<'E2'
import socket, struct, sys
port, host, n = sys.argv[1].split(','), sys.argv[2], int(sys.argv[3])
family = socket.AF_INET6 if ':' in host else socket.AF_INET
v9 = struct.pack('>HHII', 9, 1, 1000000, 1700000000)
template = bytes.fromhex('00000010 0100 0002 0008 0004 0001 0004')
def go(source, to, datagram):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.bind((source, 0))
    s.sendto(datagram, (host, int(to)))
    s.close()
for e in range(1, n + 1):
    source = host if ':' in host else '127.2.%d.%d' % (e >> 8, e & 255)
    # The data first, of half of them: held back until the template comes.
    parts = [(0, template)] + [(k, struct.pack('>HHIBBBB', 256, 12, 1, 10, e >> 8, e & 255, k)) for k in range(1, 11)]
    parts = [(k, b if k == 0 else b[:4] + b[8:] + struct.pack('>I', 1000)) for k, b in parts]
    if e % 2:
        parts = parts[1:2] + parts[:1] + parts[2:]
    for i, (k, body) in enumerate(parts):
        go(source, port[i % len(port)], v9 + struct.pack('>II', i, 7) + body)
E2
}

# collect OPTION…: runs it in the background and waits until it listens; its pid is $ours.
collect() {
	rm -f "$T/words"
	"$collect" -v "$@" >"$T/flows" 2>"$T/words" &
	ours=$!
	PIDS+=($ours)
	wait_for 10 grep -q "listening on" "$T/words" || diag "$(cat "$T/words")"
}

lines() { test "$(wc -l <"$T/$1")" -ge "$2"; }
metric() { sed -n "s/^$1 //p" "$T/metrics"; }
sum() { metric "$1{.*}" | awk '{ n += $1 } END { print n }'; }

collect -j 3 -l ":$port" -l "127.0.0.1:$second" -M "$T/metrics"
wait_for 10 grep -q "listening on 127.0.0.1:$second" "$T/words"
is "$(grep -c . <(grep -iE ":$(printf %04X "$port") |:$(printf %04X "$second") " /proc/net/udp /proc/net/udp6))" 6 \
	"three sockets an address"
send "$port,$second" 127.0.0.1 300
send "$port" ::1 1
ok "all flows come" wait_for 10 lines flows 3010
kill -USR1 $ours
ok "USR1 sums over the workers" wait_for 5 grep -q '^nf_collect_exporters 301$' "$T/words"
kill -TERM $ours
wait $ours
is $? 0 "TERM is a normal end"

jq -r '"\(.exporter_ip) \(.src_host)"' "$T/flows" | sort >"$T/got"
{
	for e in $(seq 300); do
		for k in $(seq 10); do echo "127.2.$((e >> 8)).$((e & 255)) 10.$((e >> 8)).$((e & 255)).$k"; done
	done
	for k in $(seq 10); do echo "::1 10.0.1.$k"; done
} | sort >"$T/want"
ok "each exactly once, under its exporter" cmp "$T/got" "$T/want"
is "$(metric 'nf_collect_dropped_total{reason="queue_full"}')" 0 "nothing is dropped"
is "$(metric nf_collect_templates)" 301 "each exporter's template is known to one worker"
# Between the two sockets datagrams may overtake each other, so perhaps more than these.
ok "what came before its template waited there" test "$(sum nf_collect_sets_released_total)" -ge 151
is "$(sum nf_collect_received_total)" 3311 "all datagrams are counted"
is "$(metric 'nf_collect_received_total{worker="[0-9]"}' | awk '$1 > 300' | wc -l)" 3 "and each worker had its share"

# All of one exporter is one worker's.
collect -j 4 -l "127.0.0.1:$port" -M "$T/metrics"
for round in $(seq 5); do send "$port" 127.0.0.1 1; done
ok "many ports of one exporter" wait_for 5 lines flows 50
"$collect" -j 2 -l "127.0.0.1:$port" >"$T/out" 2>"$T/other"
is $? 1 "another program does not slip in among the workers"
like "$(cat "$T/other")" 'another program listens there' "and is told so"
kill -TERM $ours
wait $ours
is "$(metric 'nf_collect_received_total{worker="[0-9]"}' | sort -n | tr '\n' ' ')" "0 0 0 55 " "are one worker's"

# Binary batches of several workers make one stream.
"$BUILD/t/helper/gen_nf9" 4000 200 >"$T/many.pcap"
collect -b -j 3 -l "127.0.0.1:$port" -M "$T/metrics"
"$BUILD/t/helper/udp_replay" "127.0.0.1:$port" "$T/many.pcap" 20000 127.3.0.0 >/dev/null
# The kernel may still have some on their way.
arrived() {
	kill -USR1 $ours
	grep -F 'received_total{' "$T/words" | tail -n 3 | awk '{ n += $2 } END { exit n != 4200 }'
}
ok "all datagrams come" wait_for 10 arrived
kill -TERM $ours
wait $ours
mv "$T/flows" "$T/batches"
"$BUILD/bin/nf-cat" "$T/batches" >"$T/flows" 2>"$T/words"
is "$(cat "$T/words")" "" "the stream is whole, no batch torn or out of order"
is "$(wc -l <"$T/flows")" 100000 "with every flow"
is "$(jq -r .exporter_ip "$T/flows" | sort | uniq -c | awk '{ print $1 }' | uniq | tr -d ' \n')" 500 "of every exporter"

# The trust list reaches every worker.
echo 'collectors: {netflow: {config: {workers: 3, allow: [192.0.2.1]}}}' >"$T/c.yaml"
chmod 600 "$T/c.yaml"
collect -c "$T/c.yaml" -l "127.0.0.1:$port"
send "$port" 127.0.0.1 20
wait_for 5 lines flows 200
echo 'collectors: {netflow: {config: {workers: 3, allow: [127.2.0.0/16]}}}' >"$T/c.yaml"
kill -HUP $ours
wait_for 5 grep -q reloaded "$T/words"
send "$port" 127.0.0.1 20
wait_for 5 lines flows 400
is "$(jq -r .trusted "$T/flows" | uniq -c | awk '{ print $1, $2 }' | tr '\n' ' ')" "200 false 200 true " \
	"HUP gives all workers the new list"
kill -TERM $ours
wait $ours
is $? 0 "with -j from the configuration"

# A run of datagrams that the kernel hands over in one piece, as a network card's driver gathers them: here a sender that
# lets the kernel cut one buffer into datagrams (udp(7), UDP_SEGMENT), which the loopback leaves whole.
collect -l "127.0.0.1:$port" -M "$T/metrics"
send "$port" 127.0.0.1 1
wait_for 5 lines flows 10
python3 - "$port" <<'E2'
import socket, struct, sys
SOL_UDP, UDP_SEGMENT = 17, 103
def datagram(n, records):
    body = b''.join(struct.pack('>BBBBI', 10, 9, n, k, 1000) for k in range(records))
    return struct.pack('>HHIIII', 9, 1, 1000000, 1700000000, n, 7) + struct.pack('>HH', 256, 4 + len(body)) + body
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.2.0.1', 0))
s.setsockopt(SOL_UDP, UDP_SEGMENT, len(datagram(0, 20)))
s.sendto(b''.join(datagram(n, 20) for n in range(40)) + datagram(40, 3), ('127.0.0.1', int(sys.argv[1])))
E2
ok "a run of datagrams in one piece is taken apart" wait_for 5 lines flows 813
is "$(jq -r .src_host "$T/flows" | grep -c '^10\.9\.')" 803 "with all of its flows"
kill -TERM $ours
wait $ours
is "$(sum nf_collect_received_total)" 52 "and its 41 datagrams are counted as such"

"$collect" -j 65 -l "127.0.0.1:$port" 2>"$T/words"
is $? 2 "too many workers are refused"
plan
