#!/bin/bash
# NetFlow v9 of 19 fields, 25 records a datagram. From a capture: records a second on one core, binary and NDJSON. Live on
# loopback: what a million records cost on the CPU, beside nfcapd and the core process of nfacctd on the same datagrams at
# the same rate; what is lost when they come as fast as they can be sent; what many exporters and templates cost.
. "${0%/*}/lib.sh"
PATH=$BUILD/bin:$BUILD/t/helper:$PATH

# gen NAME DATAGRAMS [EXPORTERS [TEMPLATES]]: a capture, exported now.
gen() { gen_nf9 "$2" "${3:-1}" "${4:-1}" "$(date +%s)" >"$T/$1.pcap"; }

line() { printf '%s\t%s\t%s\t%s\n' "$@"; }
div() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a / b }'; }

# seconds CMD…: the CPU seconds that it took, its children too.
seconds() {
	local TIMEFORMAT='%U %S'
	{ time "$@" >/dev/null 2>&1; } 2>&1 | awk '{ print $1 + $2 }'
}

# cost RECORDS CMD…: the fewest CPU seconds a million of some rounds, on one core.
cost() {
	local i records=$1
	shift
	for ((i = 0; i < ROUNDS; i++)); do seconds taskset -c 1 "$@"; done |
		sort -g | awk -v r="$records" 'NR == 1 { printf "%.3f\n", $1 / r * 1e6 }'
}

capture() { # NAME OPTION…
	local name=$1 took
	shift
	took=$(cost 5000000 nf-collect "$@" -r "$T/one.pcap")
	line "$name" "$(awk -v t="$took" 'BEGIN { printf "%.1f", 1 / t }') M records/s/core" - -
}

gen one 200000
capture "nf-collect: capture to binary" -b
capture "nf-collect: capture to NDJSON"

# nfacctd's print plugin, which writes at its end.
gen few 4000
cat >"$T/print.conf" <<END
daemonize: false
nfacctd_disable_checks: true
pcap_savefile: $T/few.pcap
plugins: print
aggregate: src_host, dst_host, peer_dst_ip, in_iface, out_iface, timestamp_start, timestamp_end, src_port, dst_port, tcpflags, proto, tos, src_as, dst_as, src_mask, dst_mask
print_output: json
print_output_file: $T/print.json
print_refresh_time: 86400
print_cache_entries: 50021
plugin_pipe_size: 400000000
plugin_buffer_size: 100000
END
ours=$(cost 100000 nf-collect -r "$T/few.pcap")
peer=$(seconds nfacctd -f "$T/print.conf" | awk '{ printf "%.2f", $1 / 100000 * 1e6 }')
wrote=$(wc -l <"$T/print.json")
[ "$wrote" = 100000 ] || echo "nfacctd wrote $wrote of 100000 records" >&2
rm "$T/print.json"
line "nf-collect: capture to NDJSON, all processes" "$ours CPU s/M" "$peer CPU s/M (nfacctd)" "$(div "$peer" "$ours")"

# bound PORT: a socket of UDP is there.
bound() { grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") " /proc/net/udp; }

# drops PORT: what the kernel had no room for.
drops() { awk -v p=":$(printf %04X "$1")\$" '$2 ~ p { n += $NF } END { print n + 0 }' /proc/net/udp; }

# begin NAME PORT CMD…: starts it; its pid is ${pid[NAME]}, its port ${port[NAME]}.
declare -A pid port
begin() {
	local name=$1
	port[$name]=$2
	shift 2
	"$@" >"$T/$name.log" 2>&1 &
	pid[$name]=$!
	until bound "${port[$name]}"; do
		kill -0 "${pid[$name]}" || exit 1
		sleep 0.1
	done
}

end() {
	kill -INT "${pid[$1]}"
	wait "${pid[$1]}"
}

# ours PORT OPTION…: binary into a pipe, as in use.
ours() {
	local to=$1
	shift
	exec nf-collect -b -l "127.0.0.1:$to" "$@" > >(exec cat >/dev/null)
}

# nanoseconds PID: on the CPU so far, all threads.
nanoseconds() { cat "/proc/$1/task/"*/schedstat | awk '{ n += $1 } END { printf "%.0f\n", n }'; }

# taken PORT: nothing waits in its socket.
taken() { ! grep -E "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") " /proc/net/udp | grep -qv ':00000000 00:'; }

# live NAME CAPTURE: what a million records of it cost, of those that were not lost.
rate=40000
live() {
	local before lost sent
	before=$(nanoseconds "${pid[$1]}") lost=$(drops "${port[$1]}")
	sent=$(udp_replay "127.0.0.1:${port[$1]}" "$T/$2.pcap" $rate 127.1.0.0)
	until taken "${port[$1]}"; do sleep 0.05; done
	sleep 0.3
	lost=$(($(drops "${port[$1]}") - lost))
	[ $lost = 0 ] || echo "$1: $lost of $sent datagrams lost at $rate a second" >&2
	awk -v ns="$(($(nanoseconds "${pid[$1]}") - before))" -v n="$((sent - lost))" 'BEGIN { printf "%.3f\n", ns / n / 25 / 1000 }'
}

least() { sort -g "$T/cost.$1" | head -n 1; }
peak() { awk '$1 == "VmHWM:" { printf "%.0f MB", $2 / 1024 }' "/proc/${pid[$1]}/status"; }

# The core process receives, decodes and hands over to a plugin, a process of its own; the cheapest of those.
cat >"$T/core.conf" <<END
daemonize: false
nfacctd_ip: 127.0.0.1
nfacctd_port: 21503
nfacctd_pipe_size: 64000000
nfacctd_disable_checks: true
plugins: memory
aggregate: proto
imt_path: $T/imt
plugin_pipe_size: 40000000
plugin_buffer_size: 100000
END
gen live 60000
gen many 60000 1000
mkdir "$T/nf"
begin nf-collect 21501 ours 21501
begin nfcapd 21502 nfcapd -4 -b 127.0.0.1 -p 21502 -w "$T/nf" -t 3600 -B 64000000
begin nfacctd 21503 nfacctd -f "$T/core.conf"
begin thousand 21504 ours 21504
for ((i = 0; i < ROUNDS; i++)); do
	for name in nf-collect nfcapd nfacctd; do live $name live >>"$T/cost.$name"; done
	live thousand many >>"$T/cost.thousand"
done
rss="$(peak nf-collect), of 1,000 exporters $(peak thousand)"
for name in nf-collect nfcapd nfacctd thousand; do end $name; done
a=$(least nf-collect) b=$(least nfcapd) c=$(least nfacctd) d=$(least thousand)
what="nf-collect: live, $((rate * 25 / 1000))k records/s"
line "$what" "$a CPU s/M" "$b CPU s/M (nfcapd)" "$(div "$b" "$a")"
line "$what" "$a CPU s/M" "$c CPU s/M (nfacctd core)" "$(div "$c" "$a")"
line "$what, 1,000 exporters" "$d CPU s/M" "$a CPU s/M (1 exporter)" "$(div "$a" "$d")"
line "nf-collect: live, memory at its peak" "$rss" - -
rm -r "$T/nf"

gen ten 100000 10 1
gen templates 100000 10 1000
a=$(cost 2500000 nf-collect -b -r "$T/ten.pcap") b=$(cost 2500000 nf-collect -b -r "$T/templates.pcap")
line "nf-collect: capture, 10,000 templates" "$b CPU s/M" "$a CPU s/M (10 templates)" "$(div "$a" "$b")"

# As fast as one process can send, with 2 MB of buffer each.
mkdir "$T/nf"
begin nf-collect 21505 ours 21505 --receive-buffer 2000000 -M "$T/metrics"
begin nfcapd 21506 nfcapd -4 -b 127.0.0.1 -p 21506 -w "$T/nf" -t 3600 -B 2000000
sent=0
for ((i = 0; i < 2; i++)); do
	start=$EPOCHREALTIME
	udp_replay 127.0.0.1:21505 "$T/one.pcap" >/dev/null
	sent=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.0f", 200 / (b - a) }')
	udp_replay 127.0.0.1:21506 "$T/one.pcap" >/dev/null
done
until taken 21505 && taken 21506; do sleep 0.05; done
sleep 0.3
theirs=$(drops 21506)
end nf-collect
end nfcapd
lost=$(awk '/^nf_collect_(socket_drops|dropped)_total/ { n += $2 } END { print n + 0 }' "$T/metrics")
line "nf-collect: lost of 400,000 datagrams at ${sent}k/s" "$lost" "$theirs (nfcapd)" -
