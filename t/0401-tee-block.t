#!/bin/bash
# nf-tee: a block output holds the input up rather than lose a row, and keeps for the next reader what the last left.
. "${0%/*}/tap.sh"
. "${0%/*}/tee.sh"

between() { [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; }
queue_at_least() { [ "$(metric_now queue "$1")" -ge "$2" ]; }
numbers() { flowsink -p 2>/dev/null | sort -nu; }

# Nobody reads: the queue fills, then the input waits.
out=unix:$T/a,1M
tee_start -b "$out" "file:$T/file"
flowgen -r 1000 200000 >&3 & writer=$!
ok "the queue fills" wait_for 10 queue_at_least "$out" 1048576
queued=$(metric_now queue "$out")
ok "by one batch beyond its size at most" between "$queued" 1048576 1200000
ok "the writer is held up" kill -0 $writer
file=$(stat -c %s "$T/file")
ok "and so is the other output" between "$file" "$queued" "$queued"

# A reader takes some, not up to a batch's edge, and is killed while it holds on. The next one gets all the rest.
copy "$T/a" 3000001 >"$T/one" & one=$!
PIDS+=($one)
ok "a reader takes three megabytes" wait_for 10 size_is "$T/one" 3000001
kill_now $one
copy "$T/a" 5000000 >"$T/two" & two=$!
PIDS+=($two)
ok "the next takes five" wait_for 10 size_is "$T/two" 5000000
kill_now $two
copy "$T/a" >"$T/three" & three=$!
exec 3>&-
wait $writer $three
tee_wait
is "$STATUS" 0 "all is taken and nf-tee ends"
ok "no row is missing" cmp <(seq 200000) <(cat "$T/one" "$T/two" "$T/three" | numbers)
ok "each began with a batch" eval 'for f in one two three; do [ "$(head -c 4 "$T/$f")" = NFB1 ] || exit 1; done'
like "$(flowsink <"$T/three")" "bad 0 skipped 0 torn 0$" "and the last one got nothing torn"
resent=$(metric resent "$out")
is "$(metric rows "$out")" $((200000 + resent)) "rows written are the rows that came and those written again"
is "$(metric dropped "$out" full)$(metric dropped "$out" left)$(metric dropped "$out" end)" 000 "none was dropped"
is "$(metric joined "$out")" 3 "three readers came"
ok "the file has every row once" cmp "$T/file" <(flowgen -r 1000 200000)

# A reader that never reads, killed: what lay in its socket goes to the next.
tee_start -b "unix:$T/a"
copy "$T/a" 0 >/dev/null & one=$!
PIDS+=($one)
wait_for 5 said_times 1 "a reader joined"
flowgen -r 100 50000 >&3 & writer=$!
wait $writer
ok "some rows are written to it" test "$(metric_now rows "unix:$T/a")" -gt 0
kill_now $one
wait_for 5 said_times 1 "a reader left"
copy "$T/a" >"$T/one" & one=$!
begun=$SECONDS
tee_end
wait $one
ok "nf-tee ends as soon as all is read" test $((SECONDS - begun)) -lt 5
ok "the next reader gets what it never read" cmp "$T/one" <(flowgen -r 100 50000)

# A reader that reads all and goes leaves nothing to be sent twice.
tee_start -b "unix:$T/a"
flowgen -r 100 5000 >"$T/in-bytes"
copy "$T/a" "$(stat -c %s "$T/in-bytes")" >"$T/one" & one=$!
PIDS+=($one)
cat "$T/in-bytes" >&3
wait_for 10 cmp "$T/one" "$T/in-bytes"
settled() { [ "$(metric_now unread "unix:$T/a")" = 0 ]; }
ok "nf-tee notices that all is read" wait_for 5 settled
kill_now $one
wait_for 5 said_times 1 "a reader left"
copy "$T/a" >"$T/two" & two=$!
flowgen -r 100 -f 5001 100 >&3
tee_end
wait $two
ok "the next begins with what is new" cmp "$T/two" <(flowgen -r 100 -f 5001 100)
is "$(metric resent "unix:$T/a")" 0 "nothing was written twice"

# Two readers: the one that goes leaves nothing behind while the other stays, and that is counted.
tee_start -b "unix:$T/a"
copy "$T/a" 0 >/dev/null & one=$!
PIDS+=($one)
copy "$T/a" >"$T/two" & two=$!
wait_for 5 said_times 2 "a reader joined"
flowgen -r 1000 30000 >&3
ok "the reader that reads gets all" wait_for 10 size_is "$T/two" "$(flowgen -r 1000 30000 | wc -c)"
kill_now $one
wait_for 5 said_times 1 "a reader left"
tee_end
wait $two
left=$(metric dropped "unix:$T/a" left)
ok "what the other left is counted" between "$left" 1000 30000
is $(($(metric rows "unix:$T/a") + left)) 60000 "and adds up"
plan
