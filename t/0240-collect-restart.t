#!/bin/bash
# nf-collect --template-file: after a restart, data without templates are decoded at once; a bad file costs nothing.
. "${0%/*}/tap.sh"
need jq perl
export TZ=UTC
data=${0%/*}/data
collect=$BUILD/bin/nf-collect
replay=$BUILD/t/helper/udp_replay
port=$(free_port)
file=$T/templates

# start NAME OPTION…: runs it in the background; its output is $T/NAME, its words $T/NAME.err, its pid $pid.
start() {
	local name=$1
	shift
	rm -f "$T/$name" "$T/$name.err"
	"$collect" -v -l "127.0.0.1:$port" "$@" >"$T/$name" 2>"$T/$name.err" &
	pid=$!
	PIDS+=($pid)
	wait_for 10 grep -q listening "$T/$name.err"
}

stop() { kill -TERM $pid && wait $pid; }

lines() { test "$(wc -l <"$T/$1")" -ge "$2"; }

# without_first FILE: the capture without its first packet, which carries the templates.
without_first() {
	perl -e 'local $/; $_ = <STDIN>; substr($_, 24, 16 + unpack("V", substr $_, 32, 4)) = ""; print' <"$1"
}

for name in softflowd-v9 softflowd-ipfix nfprobe-v9; do
	# A recording repeats its templates: only what stands before that is of use here.
	without_first "$data/$name.pcap" | head -c 8000 >"$T/cut.pcap"
	start first --template-file "$file"
	"$replay" "127.0.0.1:$port" "$data/$name-template.pcap" >/dev/null
	wait_for 5 lines first 1
	stop
	is $? 0 "$name: the templates come, and the end"
	start again --template-file "$file"
	like "$(cat "$T/again.err")" "$file: [1-9][0-9]* templates of 1 exporters" "$name: they are read again"
	"$replay" "127.0.0.1:$port" "$T/cut.pcap" 2000 >/dev/null
	want=$("$collect" -r "$data/$name-template.pcap" -r "$T/cut.pcap" 2>/dev/null | wc -l)
	want=$((want - $("$collect" -r "$data/$name-template.pcap" 2>/dev/null | wc -l)))
	ok "$name: $want flows without templates are decoded" wait_for 5 lines again "$want"
	stop
	is "$(wc -l <"$T/again")" "$want" "$name: each once"
	start blind
	"$replay" "127.0.0.1:$port" "$T/cut.pcap" 2000 >/dev/null
	stop
	is "$(wc -l <"$T/blind")" 0 "$name: without the file none is"
	rm "$file"
done

# Several workers share a file; who of them has the exporter then does not matter.
start first -j 3 --template-file "$file"
"$replay" "127.0.0.1:$port" "$data/softflowd-v9-template.pcap" >/dev/null
wait_for 5 lines first 1
stop
head -c 8000 "$data/softflowd-v9.pcap" >"$T/whole.pcap"
without_first "$T/whole.pcap" >"$T/cut.pcap"
for workers in 2 1 3; do
	start again -j $workers --template-file "$file"
	"$replay" "127.0.0.1:$port" "$T/cut.pcap" >/dev/null
	ok "with $workers workers data are decoded at once" wait_for 5 lines again 1
	stop
done
rm "$file"

# What options told outlives it too: the rate and the names of interfaces.
start first --template-file "$file"
"$replay" "127.0.0.1:$port" "$data/softflowd-v9-template.pcap" >/dev/null
wait_for 5 lines first 1
ok "it is written while running" wait_for 10 test -s "$file"
is "$(stat -c %a "$file")" 640 "others may not read it"
kill -KILL $pid
wait $pid 2>/dev/null
without_first "$data/softflowd-v9.pcap" | head -c 5000 >"$T/cut.pcap"
start again --template-file "$file"
"$replay" "127.0.0.1:$port" "$T/cut.pcap" >/dev/null
wait_for 5 lines again 1
is "$(head -1 "$T/again" | jq -c '[.sampling_rate, .input_interface_name]')" '[1,"wan"]' "even after a kill, with what options told"
before=$(stat -c %i "$file")
stop
is "$(stat -c %i "$file")" "$before" "where nothing changed, nothing is written"

# -r reads the file, and leaves it alone. The exporter is 198.51.100.1 there and 127.0.0.1 here.
perl -pe 's/\xc6\x33\x64\x01/\x7f\x00\x00\x01/g' <"$T/cut.pcap" >"$T/local.pcap"
ok "-r decodes a capture without templates by it" \
	test "$("$collect" -r "$T/local.pcap" --template-file "$file" 2>/dev/null | wc -l)" -gt 10
is "$(stat -c %i "$file")" "$before" "and leaves the file alone"

# Files that are not to be used: said, with the place, and work goes on.
unusable() { # NAME REGEX
	start bad --template-file "$file"
	like "$(cat "$T/bad.err")" "warning: $file: $2; it is not used" "$1"
	"$replay" "127.0.0.1:$port" "$data/softflowd-v9-template.pcap" >/dev/null
	wait_for 5 lines bad 1
	stop
	is "$? $(wc -l <"$T/bad")" "0 $("$collect" -r "$data/softflowd-v9-template.pcap" | wc -l)" "$1: flows as ever"
	is "$(head -c 4 "$file")" NFTS "$1: and a good file in its place"
}
head -c 100 "$file" >"$T/cut" && mv "$T/cut" "$file"
unusable "a file cut short" 'cut short at byte 100, of [0-9]+'
printf X | dd of="$file" bs=1 seek=60 conv=notrunc 2>/dev/null
unusable "a damaged file" 'damaged somewhere in bytes 28 to [0-9]+: their checksum differs'
echo 'clickhouse: {host: localhost}' >"$file"
unusable "a file of another kind" "at byte 0: no templates of ours, which begin with 'NFTS'"
start none --template-file "$T/no/such/folder/templates"
"$replay" "127.0.0.1:$port" "$data/softflowd-v9-template.pcap" >/dev/null
wait_for 5 lines none 1
stop
is $? 0 "a folder that is not there does not stop it"
like "$(cat "$T/none.err")" 'templates: No such file or directory; templates would not survive a restart' "and is said"

# The key of the configuration.
rm "$file"
echo "collectors: {netflow: {config: {template_file: $file}}}" >"$T/c.yaml"
chmod 600 "$T/c.yaml"
start conf -c "$T/c.yaml"
"$replay" "127.0.0.1:$port" "$data/softflowd-v9-template.pcap" >/dev/null
wait_for 5 lines conf 1
stop
ok "the key does what the option does" test -s "$file"
plan
