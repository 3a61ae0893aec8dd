#!/bin/bash
# nf-ch-insert --replay: what was refused goes in once the table is right, and what is bad is found in a crowd.
. "${0%/*}/tap.sh"
. "${0%/*}/insert.sh"

server_start
ch 'CREATE DATABASE pmacct' >/dev/null
failed() { echo "$T/spool/pmacct.$1/failed"; }
files() { find "$1" -name "*.$2" | wc -l; }

# Flows go aside as a whole insert, and in again with the number that they had.
ch "CREATE TABLE pmacct.picky (bytes UInt64, x UInt8 MATERIALIZED throwIf(bytes = 13)) ENGINE = Memory"
insert --table picky < <(flows 1 20)
is $? 1 "flows are refused"
is "$(files "$(failed picky)" nfb) $(files "$(failed picky)" txt)" "1 1" "and lie in failed/ with words"
insert --table picky --replay "$(failed picky)"
is $? 1 "they are refused again"
ok "and stay, with the words" eval 'grep -q throwIf "$(failed picky)"/*.txt && [ "$(files "$(failed picky)" nfb)" = 1 ]'
ok "it says so" said "refuses 20 rows again"
insert --rows --table picky --replay "$(failed picky)"
is $? 1 "they are no rows of NDJSON"
ok "it says what they are" said "this holds flows, not rows: leave --rows out"
ch 'DROP TABLE pmacct.picky'
ch 'CREATE TABLE pmacct.picky (bytes UInt64) ENGINE = Memory'
ok "with the table set right they go in" insert --table picky --replay "$(failed picky)"
is "$(stored pmacct.picky)" "$(sums 20)" "each once"
is "$(metric rows_total) $(metric stored_rows_total)" "20 20" "and are counted"
is "$(find "$(failed picky)" -type f | wc -l)" 0 "the file is gone, and the words too"
ok "an empty folder is all done" insert --table picky --replay "$(failed picky)"

# A few bad rows among many: only they go aside.
ch "CREATE TABLE pmacct.crowd (bytes UInt64) ENGINE = MergeTree ORDER BY bytes"
awk 'BEGIN { for (i = 1; i <= 50000; i++)
	print i == 1 || i == 777 || i == 25000 || i == 25001 || i == 50000 ? "{\"bytes\":\"bad " i "\"}" : "{\"bytes\":" i "}" }' >"$T/crowd"
insert --rows --table crowd --batch-rows 100000 --flush-ms 60000 <"$T/crowd"
is $? 1 "bad rows make a failure"
is "$(ch 'SELECT count(), uniqExact(bytes) FROM pmacct.crowd')" "49995	49995" "all others are stored, each once"
is "$(cat "$(failed crowd.rows)"/*.ndjson | tr '\n' ' ')" \
	'{"bytes":"bad 1"} {"bytes":"bad 777"} {"bytes":"bad 25000"} {"bytes":"bad 25001"} {"bytes":"bad 50000"} ' "the bad ones lie in failed/"
is "$(grep -c '^1 row: .*parse' "$(failed crowd.rows)"/*.txt)" 5 "with the server's words on each"
is "$(metric 'dropped_rows_total{reason="refused"}') $(metric stored_rows_total)" "5 49995" "and are counted"
ok "few inserts were needed ($(metric inserts_total))" test "$(metric inserts_total)" -lt 100

# Where the server does not name the row, halves find it.
ch "CREATE TABLE pmacct.halves (bytes UInt64, x UInt8 MATERIALIZED throwIf(bytes % 1000 = 7)) ENGINE = MergeTree ORDER BY bytes"
awk 'BEGIN { for (i = 1; i <= 5000; i++) print "{\"bytes\":" i "}" }' |
	insert --rows --table halves --batch-rows 100000 --flush-ms 60000
is "$(ch 'SELECT count(), uniqExact(bytes) FROM pmacct.halves')" "4995	4995" "all others are stored there too"
is "$(cat "$(failed halves.rows)"/*.ndjson | tr -d '\n')" \
	'{"bytes":7}{"bytes":1007}{"bytes":2007}{"bytes":3007}{"bytes":4007}' "and five lie in failed/"

# Too many to find each: their neighbours go aside with them, and nothing is lost.
ch "CREATE TABLE pmacct.mess (bytes UInt64) ENGINE = MergeTree ORDER BY bytes"
awk 'BEGIN { for (i = 1; i <= 6000; i++) print i % 2 ? "{\"bytes\":" i "}" : "{\"bytes\":\"no " i "\"}" }' |
	insert --rows --table mess --batch-rows 100000 --flush-ms 60000
stored=$(ch 'SELECT count() FROM pmacct.mess') aside=$(cat "$(failed mess.rows)"/*.ndjson | wc -l)
is $((stored + aside)) 6000 "stored and set aside are all ($stored and $aside)"
ok "with a bound on inserts" test "$(metric inserts_total)" -le 257

# One file by name; what is good in it goes in, what is bad stays.
printf '{"bytes":100001}\n{"bytes":"still bad"}\n{"bytes":100002}\n' >"$T/hand.ndjson"
insert --rows --table crowd --replay "$T/hand.ndjson"
is $? 1 "a bad row stays a failure"
is "$(cat "$T/hand.ndjson")" '{"bytes":"still bad"}' "only it stays in the file"
like "$(cat "$T/hand.txt")" "^1 row: .*parse" "with words beside it"
is "$(ch 'SELECT count() FROM pmacct.crowd WHERE bytes > 100000')" 2 "the others are stored"

# Away: the file stays.
ch_stop
flows 1 10 | "$BUILD/bin/nf-cat" -b >"$T/away.nfb"
: >"$T/said"
insert --table picky --drain-timeout 1 --replay "$T/away.nfb"
is $? 1 "a server that is away is a failure"
ok "it says so" said "away.nfb stays: ClickHouse at .* takes no rows"
ok "the file is there" test -s "$T/away.nfb"

# The spool itself, after the program has gone; not while it is there.
mkfifo "$T/in"
exec 3<>"$T/in"
insert_exec --table spooled <"$T/in" &
program=$!
on_disk() { kill -USR1 $program && said "spool_rows 5000"; }
flows 1 5000 >&3
ok "rows go to disk" wait_for 10 on_disk
insert --table spooled --replay "$T/spool/pmacct.spooled"
is $? 1 "a spool in use is refused"
ok "and it says why" said "pmacct.spooled: another program uses this spool"
{ kill -KILL $program; wait $program; } 2>/dev/null
exec 3>&-
server_start
ch "CREATE TABLE pmacct.spooled (bytes UInt64) ENGINE = Log"
ok "after kill -9 its files go in by hand" insert --table spooled --replay "$T/spool/pmacct.spooled"
is "$(stored pmacct.spooled)" "$(sums 5000)" "each row once"
is "$(find "$T/spool/pmacct.spooled" -name '*.open' -o -name '*.nfb' | wc -l)" 0 "and are gone"

insert --table spooled --replay "$T/nothing"
is $? 1 "a file that is not there is a failure"
plan
