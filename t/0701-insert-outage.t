#!/bin/bash
# nf-ch-insert: ClickHouse down at start, killed midway, and nf-ch-insert itself killed: no row is lost, and it says so.
. "${0%/*}/tap.sh"
. "${0%/*}/insert.sh"

waiting() { find "$T/spool" -name '*.nfb' -o -name '*.open' | grep -vc /failed/; }

# drip FROM TO: so many flows in portions of 500, over some seconds.
drip() {
	local i
	for ((i = $1; i <= $2; i += 500)); do
		flows "$i" $((i + 499 < $2 ? i + 499 : $2))
		sleep 0.05
	done
}

# The server is there only later: what came before waits on disk, in another run too.
ch_setup "$T/server"
URL=http://127.0.0.1:$CH_PORT
insert --drain-timeout 1 < <(flows 1 5000)
is $? 1 "the end with rows on disk is a failure"
ok "it says that ClickHouse does not answer and where rows wait" said "does not answer .*rows wait in $T/spool/pmacct.flows until"
ok "and how many wait in the end" said "5000 rows wait in $T/spool/pmacct.flows and go first at the next start"
is "$(metric spool_rows) $(metric up)" "5000 0" "and counts them"
insert_exec --create --drain-timeout 30 < <(drip 5001 20000) &
program=$!
ok "the next run says so too" wait_for 10 said "5000 rows of an earlier run wait"
server_start
wait $program
is $? 0 "when ClickHouse comes, all goes there"
is "$(stored)" "$(sums 20000)" "each row once"
is "$(waiting)" 0 "and the spool is empty"
ok "it says that ClickHouse is back" said "takes rows again after"

# ClickHouse is killed in the middle of inserts, and comes back twice.
: >"$T/said"
insert_exec -v --create --table often --flush-ms 50 < <(drip 1 60000) &
program=$!
for round in 1 2; do
	ok "rows go in" wait_for 10 eval '[ "$(ch "SELECT count() FROM pmacct.often")" -gt '$((round * 5000 - 4500))' ]'
	ch_kill
	ok "once it is killed rows go to disk" wait_for 10 eval '[ "$(waiting)" -gt 0 ]'
	server_start
	ok "and from there to the server" wait_for 10 eval '[ "$(waiting)" = 0 ]'
done
wait $program
is $? 0 "the end comes with all rows stored"
read -r rows unique sum < <(stored pmacct.often)
is "$unique" 60000 "no row is lost"
is "$(metric stored_rows_total)" 60000 "and all are acknowledged"
ok "rows are there twice only where an insert got no answer ($((rows - unique)) rows, $(metric ambiguous_total) inserts)" \
	test "$rows" = "$unique" -o "$(metric ambiguous_total)" -gt 0

# nf-ch-insert is killed while rows are on disk.
ch_stop
mkfifo "$T/in"
exec 3<>"$T/in"
insert_exec --create --table killed <"$T/in" &
program=$!
flows 1 20000 >&3
ok "rows go to disk" wait_for 10 eval '[ "$(waiting)" -gt 0 ]'
flows 20001 40000 >&3
counted() { kill -USR1 "$program" && said "spool_rows 40000"; }
ok "all of them" wait_for 10 counted
{ kill -KILL "$program"; wait "$program"; } 2>/dev/null
exec 3>&-
# Its last write may have been cut anywhere.
segment=$(ls "$T"/spool/pmacct.killed/*.open)
ok "a segment is open" test -s "$segment"
head -c 1000 /dev/urandom >>"$segment"
: >"$T/said"
server_start
insert --create --table killed </dev/null
is $? 0 "the next run sends all that was on disk"
is "$(stored pmacct.killed)" "$(sums 40000)" "each row once"
ok "and says what was cut off" said "the last 1000 bytes in .* were cut off by a crash"
is "$(waiting)" 0 "the spool is empty"
plan
