#!/bin/bash
# nf-ch-insert: what ClickHouse or the operator may have wrong, and what it says of it.
. "${0%/*}/tap.sh"
. "${0%/*}/insert.sh"

CH_USER=flows CH_PASSWORD=s3cret-Pa55
server_start
ch 'CREATE DATABASE pmacct' >/dev/null

# The account. The secret is in a file, and stays there.
printf '%s\n' "$CH_PASSWORD" >"$T/password"
printf 'wrong\n' >"$T/wrong"
chmod 600 "$T/password" "$T/wrong"
flows 1 1000 >"$T/flows"
insert --user flows --password-file "$T/wrong" --drain-timeout 1 <"$T/flows"
is $? 1 "a wrong password is a failure"
ok "it names user and remedy" said "refuses user 'flows' .*set user and password_file; rows wait in"
ok "the rows are kept" test -s "$(ls "$T"/spool/pmacct.flows/*.nfb)"
mkfifo "$T/in"
exec 3<>"$T/in"
insert_exec --user flows --password-file "$T/password" <"$T/in" &
program=$!
ok "without a table, it says that too" wait_for 10 said "has no table pmacct.flows .*create it, or let --create do so"
is "$(tr '\0' '\n' <"/proc/$program/cmdline" | grep -c "$CH_PASSWORD")" 0 "the password is not on the command line"
is "$(tr '\0' '\n' <"/proc/$program/environ" | grep -c "^[^C].*$CH_PASSWORD")" 0 "nor in the environment"
ch "$("$BUILD/bin/nf-ch-insert" --print-schema | sed '/;$/,$d' | grep -v ^TTL)" >/dev/null
ok "as soon as somebody creates the table, the rows go in" wait_for 10 stored_is 1000
kill -TERM "$program"
wait $program
is $? 0 "TERM ends it"
insert -v --user flows --password-file "$T/password" <"$T/flows"
is "$(grep -c "$CH_PASSWORD\|wrong" "$T/said")" 0 "nothing secret was said"
chmod 644 "$T/password"
insert --user flows --password-file "$T/password" <"$T/flows"
is $? 2 "a password file that all may read is refused"
insert --url "http://flows:$CH_PASSWORD@127.0.0.1:$CH_PORT" <"$T/flows"
is $? 2 "a URL with a password is refused"
chmod 600 "$T/password"
account=(--user flows --password-file "$T/password")

# A new configuration: another password, but not another table.
ch 'CREATE TABLE pmacct.reloaded (bytes UInt64) ENGINE = Memory' >/dev/null
conf() { printf 'clickhouse: {user: flows, password_file: %s, table: %s}\n' "$1" "$2" >"$T/conf"; }
conf "$T/wrong" reloaded
: >"$T/said"
insert_exec -c "$T/conf" <"$T/in" &
program=$!
cat "$T/flows" >&3
ok "a wrong password again" wait_for 10 said "refuses user 'flows'"
conf "$T/password" elsewhere
kill -HUP $program
ok "another table is refused while it runs" wait_for 10 said "another table needs a restart.*the old configuration stays"
conf "$T/password" reloaded
kill -HUP $program
ok "with the right password all is stored" wait_for 10 eval '[ "$(stored pmacct.reloaded)" = "$(sums 1000)" ]'
kill -TERM $program
wait $program

# A table that has what no flow can fill.
ch 'CREATE TABLE pmacct.odd (bytes UInt64, src_host UUID) ENGINE = Memory' >/dev/null
insert "${account[@]}" --table odd --drain-timeout 1 <"$T/flows"
is $? 1 "a column of a type that its field cannot fill is a failure"
ok "and is named" said "pmacct.odd cannot take flows \(column src_host of type UUID: the field src_host cannot fill it\)"

# The table is altered under load.
ch 'TRUNCATE TABLE pmacct.flows' >/dev/null
insert_exec "${account[@]}" --flush-ms 50 <"$T/in" &
program=$!
flows 1 1000 >&3
ok "rows go in" wait_for 10 stored_is 1000
ch 'ALTER TABLE pmacct.flows DROP COLUMN src_port' >/dev/null
flows 1001 2000 >&3
ok "after a column was dropped too" wait_for 10 stored_is 2000
ch 'ALTER TABLE pmacct.flows MODIFY COLUMN dst_port String' >/dev/null
flows 2001 3000 >&3
ok "and after one got another type" wait_for 10 stored_is 3000
is "$(ch "SELECT uniqExact(dst_port) FROM pmacct.flows")" 1 "with the same values as before"
kill -TERM $program
wait $program
exec 3>&-

# Rows that the server refuses for good are set aside with its words; others flow on.
ch "CREATE TABLE pmacct.picky (bytes UInt64, x UInt8 MATERIALIZED throwIf(bytes = 13)) ENGINE = Memory" >/dev/null
: >"$T/said"
{ flows 1 20; wait_for 10 said "refuses 20 rows"; flows 21 1000; } | insert "${account[@]}" --table picky --flush-ms 100
is "${PIPESTATUS[1]}" 1 "rows that are refused make a failure"
is "$(ch 'SELECT min(bytes), max(bytes), count() FROM pmacct.picky')" "21	1000	980" "the others are stored"
is "$(metric 'dropped_rows_total{reason="refused"}')" 20 "those refused are counted"
ok "and told" said "refuses 20 rows for good .*set aside in failed/ of $T/spool/pmacct.picky"
like "$(cat "$T"/spool/pmacct.picky/failed/*.txt)" "throwIf" "with the server's words beside them"
is "$(head -c 4 "$T"/spool/pmacct.picky/failed/*.nfb)" NFB1 "as a file of flows"
ch "CREATE TABLE pmacct.lenient (bytes UInt64) ENGINE = Memory" >/dev/null
insert "${account[@]}" --table lenient < <(cat "$T"/spool/pmacct.picky/failed/*.nfb)
is "$(stored pmacct.lenient)" "$(sums 20)" "that goes in by hand"

# A spool that may not grow: new rows are dropped, counted, and said.
ch_stop
: >"$T/said"
flows 1 300000 | insert "${account[@]}" --table small --spool-max 1M --drain-timeout 1
dropped=$(metric 'dropped_rows_total{reason="spool_full"}') kept=$(metric spool_rows)
ok "a full spool drops rows" test "$dropped" -gt 0
is $((dropped + kept)) 300000 "all rows are on disk or counted as dropped"
ok "it keeps to its limit" test "$(du -sb "$T/spool/pmacct.small" | cut -f 1)" -lt 1100000
ok "it says so" said "the spool is full and ClickHouse is away: [0-9]+ new rows were dropped"
server_start
ch "CREATE TABLE pmacct.small (bytes UInt64) ENGINE = Memory" >/dev/null
insert "${account[@]}" --table small </dev/null
is "$(ch 'SELECT count(), min(bytes) FROM pmacct.small')" "$kept	1" "what was kept is the oldest"

# Without a spool the input waits.
ch "CREATE TABLE pmacct.patient (bytes UInt64) ENGINE = Log" >/dev/null
ch_stop
: >"$T/said"
mkdir "$T/blocked"
: >"$T/blocked/spool"
flows 1 100000 | "$BUILD/bin/nf-ch-insert" --url "$URL" --spool "$T/blocked/spool" --table patient \
	"${account[@]}" --drain-timeout 30 2>>"$T/said" &
program=$!
ok "no spool is no reason to stop" wait_for 10 said "no spool .*rows wait in memory and the input waits"
ok "rows wait in memory" wait_for 10 said "rows wait in memory, and the input with them"
server_start
wait $program
is $? 0 "and go in when ClickHouse is there"
is "$(stored pmacct.patient)" "$(sums 100000)" "each once"

# Usage.
insert --url ftp://x </dev/null
is $? 2 "a URL that is none is refused"
insert --schema tall </dev/null
is $? 2 "so is a schema that is none"
insert -n --url http://127.0.0.1:1 </dev/null
is $? 0 "-n asks no server"
plan
