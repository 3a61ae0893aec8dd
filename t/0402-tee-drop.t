#!/bin/bash
# nf-tee: a drop output never holds the others up; what it drops are whole batches, counted, and a gap that can be seen.
. "${0%/*}/tap.sh"
. "${0%/*}/tee.sh"

file_has() { [ "$(stat -c %s "$1")" -ge "$2" ]; }

slow=unix:$T/slow,drop,2M
tee_start -b "unix:$T/fast,block,1M" "$slow" "unix:$T/nobody,drop"
perl -MIO::Socket::UNIX -e '
	my $s = IO::Socket::UNIX->new(Peer => shift) or die;
	select undef, undef, undef, 0.02 until -e $ARGV[0];
	print $b while sysread $s, $b, 65536' "$T/slow" "$T/go" >"$T/slow.got" 3>&- & slow_reader=$!
copy "$T/fast" >"$T/fast.got" & fast_reader=$!
ok "both readers joined" wait_for 5 said_times 2 "a reader joined"

flowgen -r 1000 300000 >"$T/sent"
cat "$T/sent" >&3
ok "the fast reader gets all while the slow one takes nothing" wait_for 20 size_is "$T/fast.got" "$(stat -c %s "$T/sent")"
is "$(stat -c %s "$T/slow.got")" 0 "the slow one has taken nothing yet"
dropped=$(metric_now dropped "$slow" full)
ok "most was dropped for it" test "$dropped" -gt 200000
ok "what waits for it is within its size" test "$(metric_now queue "$slow")" -le 2097152

# Now it reads on, and after the gap come later rows.
touch "$T/go"
ok "its queue drains" wait_for 10 metric_is 0 queue "$slow"
flowgen -r 1000 -f 300001 10000 >>"$T/sent"
flowgen -r 1000 -f 300001 10000 >&3
tee_end
wait $slow_reader $fast_reader
is "$STATUS" 0 "nf-tee ends with 0"
ok "the fast reader missed nothing" cmp "$T/fast.got" "$T/sent"
is "$(metric dropped "$slow" full)" "$dropped" "nothing was dropped once it read on"
is "$(flowsink <"$T/slow.got")" \
	"rows $((310000 - dropped)) batches $(((310000 - dropped) / 1000)) marks 0 gaps $dropped bad 0 skipped 0 torn 0" \
	"the slow reader has whole batches, and sees the gap"
is "$(metric rows "$slow")" $((310000 - dropped)) "rows in = rows out + dropped"
is "$(metric dropped "unix:$T/nobody,drop" absent)" 310000 "without a reader all is dropped and counted"

# One batch larger than the queue passes when the queue is empty.
tee_start -b "unix:$T/a,drop,1K"
copy "$T/a" >"$T/got" & reader=$!
wait_for 5 said_times 1 "a reader joined"
flowgen 8192 >&3
tee_end
wait $reader
is "$(flowsink <"$T/got")" "rows 8192 batches 1 marks 0 gaps 0 bad 0 skipped 0 torn 0" "a batch larger than the queue passes"

# A full disk: tried again, within the queue, and nobody else waits.
tee_start -b --drain-timeout 200ms "file:/dev/full,drop,100K" "file:$T/good"
flowgen -r 100 20000 >&3
tee_end
is "$STATUS" 0 "a disk that stays full does not stop the end"
is "$(flowsink <"$T/good")" "rows 20000 batches 200 marks 0 gaps 0 bad 0 skipped 0 torn 0" "another file gets all"
full=$(metric dropped "file:/dev/full,drop,100K" full) end=$(metric dropped "file:/dev/full,drop,100K" end)
is $((full + end)) 20000 "what could not be written is counted"
ok "some waited to the end" test "$end" -gt 0
like "$(cat "$T/words")" "No space left" "and it was said"
plan
