#!/bin/bash
# nf-collect's files: what is in which, their names, -z, crashes, full disks.
. "${0%/*}/tap.sh"
need jq prlimit python3
export TZ=UTC
collect=$BUILD/bin/nf-collect cat=$BUILD/bin/nf-cat
data=${0%/*}/data
port=$(free_port)

# Those in a folder, in the order of their names: without those in progress.
complete() { find "$1" -type f ! -name '*.part' | sort; }
count() { find "$1" -type f -name "$2" | wc -l; }

# Rows whose time of receipt is not in the period of SECONDS that the file's name (%s) tells.
misplaced() { # DIR SECONDS
	local f name
	for f in $(complete "$1"); do
		name=${f##*/} name=${name%%.*}
		[ $((name % $2)) = 0 ] || echo "$f begins at no multiple of $2"
		jq -c --argjson n "$name" --argjson g "$2" \
			'select(.timestamp_received < $n or .timestamp_received >= $n + $g)' "$f"
	done
}

# live NAME OPTION…: runs it in the background; words in $T/NAME.err, pid in $last.
live() {
	local name=$1
	shift
	# Through a pipe, since a limit on the size of files would hold for that file too.
	"$collect" -v -l "127.0.0.1:$port" "$@" 2> >(exec cat >"$T/$name.err") &
	last=$!
	PIDS+=($last)
	wait_for 10 grep -q 'listening' "$T/$name.err"
}
ended() { kill -TERM "$1" && wait "$1"; }
send() { # HEX
	perl -e 'syswrite STDOUT, pack "H*", $ARGV[0]' "${1// /}" >"/dev/udp/127.0.0.1/$port"
}
v9="0009 0001 000f4240 6553f100"
template="$v9 00000001 00000007  0000 0010 0100 0002 0008 0004 0001 0004"
flow() { printf '%s 00000002 00000007  0100 000c %08x 000003e8' "$v9" "$1"; } # a flow from that address
rows() { cat "$1"/* 2>/dev/null | wc -l; }
has_rows() { [ "$(rows "$1")" -ge "$2" ]; }
metric() { grep "^$1 " "$T/metrics" | cut -d' ' -f2; }

# Recordings: each row in the file of its time, all of them once, in order.
for recording in "$data"/{softflowd,nfprobe}-*.pcap; do
	name=${recording##*/}
	"$collect" -r "$recording" >"$T/plain" 2>"$T/words"
	mkdir "$T/nd" "$T/bin"
	"$collect" -r "$recording" -w "$T/nd/%Y/%m-%d/%s.ndjson" -G 10 2>"$T/words"
	is $? 0 "$name: written to files"
	is "$(complete "$T/nd" | xargs cat | sha256sum)" "$(sha256sum <"$T/plain")" "$name: together they are the output"
	is "$(misplaced "$T/nd" 10)" "" "$name: each row is in the file of its time"
	"$collect" -b -r "$recording" -w "$T/bin/%s" -G 10 -C 64K 2>"$T/words"
	is "$(complete "$T/bin" | xargs cat | "$cat" | sha256sum)" "$(sha256sum <"$T/plain")" "$name: in binary too, cut by size"
	is "$(for f in $(complete "$T/bin"); do "$cat" --strict "$f" >/dev/null || echo "$f"; done)" "" "$name: each file is whole"
	rm -rf "$T/nd" "$T/bin"
done

# Names and sizes.
many=$T/many.pcap
"$BUILD/t/helper/gen_nf9" 2000 >"$many"
"$collect" -r "$many" >"$T/plain"
"$collect" -r "$many" -w "$T/cut/f" -C 1M
like "$(complete "$T/cut" | tr '\n' ' ')" "/f [^ ]*/f.001 [^ ]*/f.002 " "-C numbers the files"
is "$(cat "$T/cut"/* | sha256sum)" "$(sha256sum <"$T/plain")" "which together are the output"
ok "each but the last has its size" test "$(complete "$T/cut" | head -n -1 | xargs stat -c %s | awk '$1 < 1048576' | wc -l)" = 0
"$collect" -r "$many" -w "$T/cut/f"
is "$(cat "$T/cut/f" "$T/cut/f.001" "$T/cut/f.002" | head -c 3000000 | sha256sum)" "$(head -c 3000000 "$T/plain" | sha256sum)" \
	"a second run replaces nothing"
is "$(sha256sum <"$(complete "$T/cut" | tail -1)")" "$(sha256sum <"$T/plain")" "but takes the next number"
printf 'timezone: Asia/Kolkata\n' >"$T/zone.yaml"
when=$("$collect" -r "$many" | head -1 | jq '.timestamp_received | floor')
"$collect" -c "$T/zone.yaml" -r "$many" -w "$T/zone/%Y%m%d%H%M%z" -G 1d
is "$(ls "$T/zone")" "$(TZ=Asia/Kolkata date -d "@$((when / 86400 * 86400))" +%Y%m%d%H%M%z)" \
	"periods count from midnight UTC, and names tell them in the zone of the configuration"
"$collect" -r "$many" -w - | cmp -s - "$T/plain"
is $? 0 "-w - is standard output"
"$collect" -r "$many" -w "$T/none/x" 'src host 192.0.2.254'
is "$? $(ls "$T/none" 2>/dev/null)" "0 " "where no flow passes, no file is left"

# Options that make no sense.
refused() { # NAME OPTION…
	local name=$1
	shift
	"$collect" -r "$many" "$@" >"$T/out" 2>"$T/words"
	is $? 2 "refused: $name"
	like "$(cat "$T/words")" "$name" "with these words"
}
refused 'options -G, -C and -z are about the files of -w' -G 60
refused 'at least 64K' -w "$T/x" -C 100
refused 'whole seconds' -w "$T/x" -G 500ms
: >"$T/file"
"$collect" -l "127.0.0.1:$port" -w "$T/file/x" >"$T/out" 2>"$T/words"
is $? 1 "a file that cannot be had ends it at the start"
like "$(cat "$T/words")" 'file/x.part: Not a directory' "with words"
"$collect" -r "$many" -w "$T/file/x" >"$T/out" 2>"$T/words"
is $? 1 "with a capture too"

# -z: once for each file, which is complete by then; failures are said.
cat >"$T/note" <<'END'
#!/bin/bash
[ $# = 1 ] && [ -s "$1" ] && [ ! -e "$1.part" ] && "$NF_CAT" "$1" | wc -l >"$1.note"
case $1 in *.003) exit 7 ;; esac
END
chmod +x "$T/note"
NF_CAT=$cat "$collect" -v -r "$many" -b -w "$T/noted/f" -C 64K -z "$T/note" -M "$T/metrics" 2>"$T/noted.err"
is $? 0 "a command that fails is no failure of ours"
files=$(find "$T/noted" -type f ! -name '*.note' | wc -l)
ok "more files than commands at once: $files" test "$files" -gt 5
is "$(cat "$T/noted"/*.note | awk '{n += $1} END {print n}')" "$(wc -l <"$T/plain")" "the command ran once for each file"
like "$(cat "$T/noted.err")" 'note .*/f.003: exit status 7' "its status is said"
"$collect" -r "$many" -w "$T/lone" -z "$T/no-such" 2>"$T/words"
like "$(cat "$T/words")" "no-such: No such file.*exit status 127" "a command that is not there is said"
cmp -s "$T/lone" "$T/plain"
is $? 0 "and the file is there all the same"

# Live, by the clock; a command that hangs stalls nothing and no more than four do.
cat >"$T/hang" <<'END'
#!/bin/bash
echo $$ >>"${0%/*}/hung"
exec sleep 600
END
chmod +x "$T/hang"
live clock -w "$T/live/%s" -G 1 -z "$T/hang"
send "$template"
for n in $(seq 80); do
	send "$(flow "$n")"
	sleep 0.1
done
ok "files are completed while commands hang" wait_for 10 has_rows "$T/live" 80
wait_for 10 eval '[ "$(wc -l <"$T/hung")" = 4 ]'
is "$(wc -l <"$T/hung")" 4 "four of which run at a time"
ok "and the clock completes the last one" wait_for 10 eval '[ "$(count "$T/live" "*.part")" = 0 ]'
is "$(complete "$T/live" | xargs cat | jq -r .src_host | sort -t. -k4n | uniq -c | awk '$1 != 1')" "" "no row is lost or twice"
is "$(rows "$T/live")" 80 "at any edge"
is "$(misplaced "$T/live" 1)" "" "each in the file of its time"
started=$SECONDS
ended $last
is $? 0 "commands that hang do not keep it from ending"
ok "in time" test $((SECONDS - started)) -lt 15
like "$(cat "$T/clock.err")" 'commands still run' "which is said"
for pid in $(cat "$T/hung"); do PIDS+=("$pid"); done
kill $(cat "$T/hung")
wait_for 10 eval '[ "$(wc -l <"$T/hung")" -gt 4 ]' # the next ones that waited
ended_all() {
	local pid left=0
	for pid in $(cat "$T/hung"); do kill "$pid" 2>/dev/null && left=1; done
	return $left
}
wait_for 20 ended_all

# Several workers, who do not come to the edge of a period at the same time.
live several -j 3 -w "$T/several/%s" -G 1
python3 - "$port" "${template// /}" "$(flow 1 | tr -d ' ')" <<'END'
import socket, sys, time
port, template, flow = int(sys.argv[1]), bytes.fromhex(sys.argv[2]), bytes.fromhex(sys.argv[3])
exporters = []
for n in range(20):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.1.%d" % (n + 1), 0))
    s.sendto(template, ("127.0.0.1", port))
    exporters.append(s)
for n in range(300):
    for s in exporters:
        s.sendto(flow, ("127.0.0.1", port))
    time.sleep(0.01)
END
wait_for 10 eval '[ "$(count "$T/several" "*.part")" = 0 ]'
is "$(rows "$T/several")" 6000 "all rows of several workers are written"
is "$(misplaced "$T/several" 1)" "" "each in the file of its time"
is "$(count "$T/several" '*.0*')" 0 "of which there is one"
ended $last

# A crash: what was complete is whole, the rest does not look complete, and the next life replaces nothing.
live crash -w "$T/crash/f-%s" -G 1
"$BUILD/t/helper/udp_replay" "127.0.0.1:$port" "$many" 500 >/dev/null &
PIDS+=($!)
replay=$!
wait_for 10 eval '[ "$(count "$T/crash" "f-*[0-9]")" -ge 2 ]'
kill -KILL $last
wait $replay
ok "the rest is said to be unfinished" wait_for 10 grep -q 'f-.*part stays unfinished' "$T/crash.err"
like "$(count "$T/crash" '*.part')" '^[12]$' "a file is in progress, and the one before may be"
is "$(for f in $(complete "$T/crash"); do jq -e . "$f" >/dev/null || echo "$f"; done)" "" "the others are whole"
before=$(cd "$T/crash" && sha256sum *)
name=$(basename "$(ls "$T"/crash/*.part | tail -1)" .part)
live again -w "$T/crash/$name"
"$BUILD/t/helper/udp_replay" "127.0.0.1:$port" "$many" 2000 >/dev/null
sleep 0.1
ended $last
is "$(cd "$T/crash" && sha256sum --quiet -c <<<"$before" 2>&1)" "" "after a restart they are what they were"
ok "beside a new file" test -s "$T/crash/$name.001"

# A disk that is full, as the kernel tells it: nothing may grow. Limits are set by who has the same user.
live full --user root -w "$T/full/f" -M "$T/metrics"
send "$template"
send "$(flow 1)"
send "$(flow 2)"
wait_for 10 has_rows "$T/full" 2
prlimit --pid $last --fsize=0:unlimited
for n in $(seq 3 30); do send "$(flow "$n")"; done
ok "what cannot be written is said" wait_for 10 grep -q 'cannot write .*: File too large; trying again' "$T/full.err"
kill -USR1 $last
ok "and can be seen" wait_for 10 grep -q 'nf_collect_stalled 1' "$T/full.err"
prlimit --pid $last --fsize=unlimited:unlimited
ok "where there is room again, it is written" wait_for 10 has_rows "$T/full" 30
send "$(flow 31)"
ended $last
is $? 0 "and it ends well"
is "$(complete "$T/full" | xargs jq -r .src_host | sort -t. -k4n | tr '\n' ' ')" \
	"$(for n in $(seq 31); do printf '0.0.0.%d ' "$n"; done)" "nothing was lost or written twice"
is "$(metric nf_collect_stalls_total)" 1 "one stall was counted"

# A limit that cuts a write short: the file ends with what is whole, and the next goes on.
live short --user root -b -w "$T/short/f"
prlimit --pid $last --fsize=1000000:unlimited
"$BUILD/t/helper/udp_replay" "127.0.0.1:$port" "$many" 2000 >/dev/null
ended $last
is $? 0 "files that may not grow further"
ok "are followed by others" test "$(complete "$T/short" | wc -l)" -gt 2
is "$(complete "$T/short" | xargs "$cat" --strict | wc -l)" 50000 "and none ends within a batch"

# The end comes while the disk is full: what is lost is said.
live lost --user root -w "$T/lost/f"
send "$template"
send "$(flow 1)"
wait_for 10 has_rows "$T/lost" 1
prlimit --pid $last --fsize=0:unlimited
send "$(flow 2)"
wait_for 10 grep -q 'cannot write' "$T/lost.err"
send "$(flow 3)"
ended $last
is $? 1 "an end while the disk is full is a failure"
like "$(cat "$T/lost.err")" '2 flows are lost: cannot write .*: File too large' "which names what is lost"
is "$(jq -r .src_host "$T/lost/f")" 0.0.0.1 "what was written before is complete"

# A folder that cannot be written to any more.
live folder -w "$T/folder/%s" -G 1
send "$template"
send "$(flow 1)"
wait_for 10 has_rows "$T/folder" 1
wait_for 10 eval '[ "$(count "$T/folder" "*.part")" = 0 ]'
mv "$T/folder" "$T/moved"
: >"$T/folder"
send "$(flow 2)"
ok "a folder that is no more is said" wait_for 10 grep -q 'folder/.*part: Not a directory; trying again' "$T/folder.err"
send "$(flow 3)"
rm "$T/folder"
ok "and made where it can be" wait_for 10 has_rows "$T/folder" 2
ended $last
is $? 0 "after which all is well"
is "$(cat "$T/moved"/* "$T/folder"/* | jq -r .src_host | tr '\n' ' ')" '0.0.0.1 0.0.0.2 0.0.0.3 ' "nothing is missing"
plan
