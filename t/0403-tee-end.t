#!/bin/bash
# nf-tee: how it ends, what a signal does, and input that is not as it should be.
. "${0%/*}/tap.sh"
. "${0%/*}/tee.sh"

flowgen -r 1000 50000 >"$T/sent"

# The end of input: a block output waits for its reader, even one yet to come.
tee_start -b "unix:$T/a" "unix:$T/b,drop"
cat "$T/sent" >&3
exec 3>&-
ok "after the end of input the drop output closes" wait_for 5 test ! -e "$T/b"
ok "the block output stays open" test -S "$T/a"
(copy "$T/a" >"$T/got")
tee_wait
is "$STATUS" 0 "read, it ends with 0"
ok "the late reader has all" cmp "$T/got" "$T/sent"

# The end of input: a drop output waits for its reader no longer than it is told to.
tee_start -b --drain-timeout 300ms "unix:$T/a,drop"
copy "$T/a" 0 & reader=$!
PIDS+=($reader)
wait_for 5 said_times 1 "a reader joined"
cat "$T/sent" >&3
begun=$(date +%s%N)
tee_end
took=$((($(date +%s%N) - begun) / 1000000))
is "$STATUS" 0 "a reader that takes nothing does not keep it from ending"
ok "after its time" test $took -ge 290 -a $took -lt 5000
out="unix:$T/a,drop"
is $(($(metric rows "$out") + $(metric dropped "$out" end))) 50000 "what it did not take is counted"
kill $reader

# TERM: what is in the pipe goes first, though the writer is still there.
tee_start -b "unix:$T/a"
copy "$T/a" >"$T/got" & reader=$!
wait_for 5 said_times 1 "a reader joined"
cat "$T/sent" >&3
kill -TERM "$TEE"
tee_wait
wait $reader
is "$STATUS" 0 "TERM ends with 0"
ok "and loses nothing that was written" cmp "$T/got" "$T/sent"

# TERM while more and more comes, in pieces that cut batches anywhere: the next nf-tee at the pipe takes up where it ended.
mkfifo "$T/held"
exec 3<>"$T/held"
nf-tee -b "file:$T/one" <"$T/held" 2>"$T/words" 3<&- &
TEE=$!
PIDS+=($TEE)
perl -e '$| = 1; open F, "<", shift; while (read F, $b, 12345) { syswrite STDOUT, $b; select undef, undef, undef, 0.01 }' \
	"$T/sent" >"$T/held" 3<&- & writer=$!
wait_for 5 test -s "$T/one"
kill -TERM "$TEE"
tee_wait
is "$STATUS" 0 "TERM amid the input ends with 0"
ok "when there was more to come" kill -0 $writer
nf-tee -b "file:$T/two" <"$T/held" 2>>"$T/words" 3<&- &
TEE=$!
PIDS+=($TEE)
wait $writer
exec 3>&-
tee_wait
ok "the next one takes up where it ended" cmp <(cat "$T/one" "$T/two") "$T/sent"
is "$(cat "$T/words")" "" "without a word"

# TERM twice: the end at once.
tee_start -b "unix:$T/a"
cat "$T/sent" >&3
wait_for 5 metric_is 0 dropped "unix:$T/a" end
kill -TERM "$TEE"
sleep 1.2 # the second one counts from a second on
ok "a block output without a reader waits on" kill -0 "$TEE"
kill -TERM "$TEE"
tee_wait
is "$STATUS" 1 "a second TERM ends it with 1"
is "$(metric dropped "unix:$T/a" end)" 50000 "and what was lost is counted"
exec 3>&-

# TERM while the input waits for a reader: what was read is kept for it, and it ends when that is read.
tee_start -b "unix:$T/a,1M"
flowgen -r 1000 200000 >&3 2>/dev/null & writer=$!
PIDS+=($writer)
exec 3>&-
ok "the input waits" wait_for 5 said_times 1 "the input waits"
kill -TERM "$TEE"
copy_later() { sleep 2.5; copy "$T/a"; } # past the time that a stop waits for room
(copy_later >"$T/got")
tee_wait
is "$STATUS" 0 "TERM while the input waits ends with 0 once a reader came"
got=$(flowsink <"$T/got")
like "$got" "gaps 0 bad 0 skipped 0 torn 0" "which got whole batches without a gap"
is "$(metric rows "unix:$T/a,1M")" "$(cut -d' ' -f2 <<<"$got")" "all that was read"

# HUP: a file that was moved away is opened anew; no batch is torn.
tee_start -b "file:$T/file"
cat "$T/sent" >&3
wait_for 5 size_is "$T/file" "$(stat -c %s "$T/sent")"
mv "$T/file" "$T/file.1"
kill -HUP "$TEE"
ok "HUP opens the file again" wait_for 5 test -e "$T/file"
flowgen -r 1000 -f 50001 1000 >&3
tee_end
ok "the old file has what came before" cmp "$T/file.1" "$T/sent"
ok "the new one what came after" cmp "$T/file" <(flowgen -r 1000 -f 50001 1000)
is "$(stat -c %a "$T/file")" 640 "it has mode 0640"
tee_start -b "file:$T/file"
flowgen -r 1000 -f 51001 1000 >&3
tee_end
ok "the next nf-tee appends" cmp "$T/file" <(flowgen -r 1000 -f 50001 2000)

# Standard output.
tee_start -b - "file:$T/file2"
cat "$T/sent" >&3
tee_end
ok "- is standard output" cmp "$T/stdout" "$T/sent"
flowgen -r 100 200000 | nf-tee -b - 2>"$T/words" | head -c 1000 >/dev/null
is "${PIPESTATUS[1]}" 0 "a reader of it that goes away is a normal end"
flowgen -r 100 20000 | nf-tee -b - "file:$T/file3" | head -c 1000 >/dev/null
is "$(flowsink <"$T/file3")" "rows 20000 batches 200 marks 0 gaps 0 bad 0 skipped 0 torn 0" "other outputs go on"

# Bad input: counted, reported with its place, and the rest passes.
{ head -c 2000 "$T/sent"; cat "$T/sent"; } | nf-tee -b -i bin - 2>"$T/words" >"$T/got"
ok "a batch cut off is skipped" cmp "$T/got" "$T/sent"
like "$(cat "$T/words")" "input: offset 0" "and said, with its place"
printf '%s\n' '{"src_port":1}' '{"src_port":' '{"src_port":2}' | nf-tee - 2>"$T/words" >"$T/got"
is "$(cat "$T/got")" $'{"src_port":1}\n{"src_port":2}' "a bad line is skipped"
like "$(cat "$T/words")" "input: line 2" "and said, with its line"
nf-tee - </dev/null >"$T/got"
is "$?$(cat "$T/got")" 0 "no input is no error"

# What cannot be understood.
ok "no output is an error of usage" status_is 2 nf-tee </dev/null
ok "an output that is there twice too" status_is 2 nf-tee unix:a,block unix:a,drop </dev/null
for bad in pipe:x unix: file: "" -,fast -,0 -,1x -, unix:a,block,; do
	ok "'$bad' is an error of usage" status_is 2 nf-tee "$bad" </dev/null
done
ok "an unknown option too" status_is 2 nf-tee --ack x - </dev/null
ok "-n only checks" nf-tee -n "unix:/nonexistent/socket" </dev/null
ok "a folder that is missing is a failure" status_is 1 nf-tee "unix:/nonexistent/socket" </dev/null
like "$(nf-tee -h)" "usage: nf-tee" "-h prints the usage"
plan
