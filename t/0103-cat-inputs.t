#!/bin/bash
# Where nf-cat reads from, when it passes on what it has, and how it ends.
. "${0%/*}/tap.sh"
need perl
PATH=$BUILD/bin:$PATH

# serve SOCKET: gives standard input to the first who connects.
serve() {
	perl -MIO::Socket::UNIX -e '
		my $listener = IO::Socket::UNIX->new(Local => shift, Listen => 1) or die $!;
		my $reader = $listener->accept or die $!;
		print $reader $_ while <STDIN>' "$1"
}

echo '{"bytes":1}' >"$T/1"
echo '{"bytes":2}' | nf-cat -b >"$T/2"
echo '{"ip_src":"10.0.0.3","bytes":3}' >"$T/3"
is "$(echo '{"bytes":9}' | nf-cat --columns bytes "$T/1" "$T/2" - "$T/3")" '{"bytes":1}
{"bytes":2}
{"bytes":9}
{"bytes":3}' "inputs are read in order, each in its own format"
is "$(cd "$T" && nf-cat 1 bytes = 1)" '{"bytes":1}' "what is no file begins the filter"
nf-cat "$T/none" >/dev/null 2>"$T/err"
is $? 2 "a file that is not there is no filter"
like "$(cat "$T/err")" "is no file, and as a filter: column 1" "and both are said"
mkdir "$T/folder"
nf-cat "$T/folder" >/dev/null 2>"$T/err"
is $? 1 "a folder cannot be read"
like "$(cat "$T/err")" "folder: Is a directory" "which is said"

nf-cat --wait 10 "unix:$T/sock" >"$T/out" &
pid=$!
serve "$T/sock" <"$T/1"
wait $pid
is "$?$(cat "$T/out")" '0{"bytes":1}' "a socket is waited for, and read to its end"
nf-cat "unix:$T/nowhere" >/dev/null 2>"$T/err"
is $? 1 "a socket that is not there is a failure"
like "$(cat "$T/err")" "nowhere: No such file" "which is said"

# A line goes out soon after input falls silent, though more may come.
mkfifo "$T/fifo"
nf-cat <"$T/fifo" >"$T/out" 2>"$T/err" &
pid=$!
PIDS+=($pid)
exec 3>"$T/fifo"
echo '{"bytes":1}' >&3
ok "a single flow does not wait for more" wait_for 5 grep -q bytes "$T/out"
nf-cat -o text <"$T/fifo" >"$T/text" 2>"$T/counts" 3>&- &
textpid=$!
PIDS+=($textpid)
kill -TERM $pid
wait $pid
is $? 0 "TERM is a normal end"
echo '{"bytes":12345}' >&3
ok "text neither" wait_for 5 grep -q 12345 "$T/text"
kill -USR1 $textpid
ok "USR1 prints the counters" wait_for 5 grep -q 'nf_input_rows_total 1' "$T/counts"
exec 3>&-
wait $textpid
is $? 0 "so is the end of input"

# Three flows within 400 ms of recorded time, at half the speed: 800 ms.
for ms in 000 200 400; do echo "{\"timestamp_received\":1700000000.$ms,\"bytes\":1}"; done >"$T/paced"
begun=$(date +%s%N)
nf-cat --pace 0.5 "$T/paced" >"$T/out"
took=$((($(date +%s%N) - begun) / 1000000))
is "$(cat "$T/out")" "$(cat "$T/paced")" "--pace gives the same flows"
ok "at the recorded speed times 0.5 ($took ms)" test $took -ge 800
nf-cat --pace 1000 "$T/paced" "$T/1" >"$T/out"
is "$(wc -l <"$T/out")" 4 "flows without a time go at once, and the next input follows"
printf '{"timestamp_received":%d}\n' 1700000000 1700003600 >"$T/hour"
ok "an hour passes sooner at a hundred thousand times its speed" \
	timeout 60 "$BUILD/bin/nf-cat" --pace 100000 "$T/hour"
is "$(nf-cat --pace 100 -N 2 "$T/paced" | wc -l)" 2 "--pace and -N"
printf '{"timestamp_received":1700000000,"bytes":1}\n{"timestamp_received":1700099999,"bytes":2}\n' >"$T/far"
nf-cat --pace 1 "$T/far" >"$T/out" &
pid=$!
PIDS+=($pid)
wait_for 5 grep -q bytes "$T/out"
kill -TERM $pid
wait $pid
is "$?$(wc -l <"$T/out")" 01 "TERM ends a replay without its future"
plan
