#!/bin/bash
# nf-ch-insert under faults, against a real server: a table of what each fault did. No row may be lost; a row is there
# twice only where an insert got no answer, and that is counted.
. "${0%/*}/tap.sh"
. "${0%/*}/insert.sh"
need python3 cc

N=30000 # rows a fault

# A server whose disk is full while $T/full is there, and whose users may change.
cc -shared -fPIC -o "$T/disk_full.so" -x c -D_GNU_SOURCE "${0%/*}/fault/disk_full.c" -ldl || bail "no disk_full.so"
CH_USER=flows CH_PASSWORD=right
start() { DISK_FULL=$T/full LD_PRELOAD=$T/disk_full.so server_start; }
start
ch 'CREATE DATABASE pmacct'
printf 'right\n' >"$T/password"
chmod 600 "$T/password"
proxy_port=$(free_port)
"${0%/*}/helper/fault_proxy.py" "$proxy_port" "$CH_PORT" "$T/fault" &
PIDS+=($!)
wait_for 10 curl -s "http://127.0.0.1:$proxy_port/ping"

drip() { local i; for ((i = 1; i <= N; i += 500)); do flows $i $((i + 499)); sleep 0.05; done; }
rows_in() { ch "SELECT count() FROM pmacct.$fault"; }
gone_in() { [ "$(rows_in)" -ge "$1" ]; }

spooled() { kill -USR1 "$program" && said "spooled_rows_total [1-9]"; }

# chaos FAULT WORDS URL: flows drip in while the function of that name does its worst.
report=()
chaos() {
	fault=$1
	local rows unique sum status
	ch "CREATE TABLE pmacct.$fault (bytes UInt64, src_port UInt16, dst_port UInt16) ENGINE = MergeTree ORDER BY bytes"
	: >"$T/said"
	rm -f "$T/fault" "$T/fault.struck"
	URL=$3 insert_exec --user flows --password-file "$T/password" --table "$fault" --flush-ms 50 --drain-timeout 60 < <(drip) &
	program=$!
	wait_for 20 gone_in 2000
	$fault
	wait $program
	status=$?
	read -r rows unique sum < <(stored "pmacct.$fault")
	report+=("$(printf '%-38s %6d %6d %5d %5d %5d' "$2" $N "$unique" $((rows - unique)) "$(metric retries_total)" "$(metric ambiguous_total)")")
	is "$status $unique $(metric stored_rows_total)" "0 $N $N" "$2: no row is lost"
	ok "$2: none is there twice but by an insert without an answer ($((rows - unique)) rows, $(metric ambiguous_total) inserts)" \
		test "$rows" = "$unique" -o "$(metric ambiguous_total)" -gt 0
	is "$(find "$T/spool/pmacct.$fault" -name '*.nfb' -o -name '*.open' | wc -l)" 0 "$2: and nothing is left on disk"
}
struck() { ok "the fault struck $1 times" wait_for 30 eval '[ "$(wc -l <"$T/fault.struck")" = '"$1"' ]'; }
direct=http://127.0.0.1:$CH_PORT proxy=http://127.0.0.1:$proxy_port

killed() {
	local i
	for i in 1 2; do
		ch_kill
		ok "it is noticed" wait_for 20 said "does not answer"
		start
		wait_for 20 gone_in $((i * 6000))
	done
}
chaos killed "server killed -9, twice" "$direct"

stopped() {
	ch_kill
	ok "rows go to disk" wait_for 20 spooled
	sleep 3
	start
}
chaos stopped "server away for 3 s, rows on disk" "$direct"

hung() {
	kill -STOP "$CH_PID"
	sleep 2
	kill -CONT "$CH_PID"
}
chaos hung "server hangs for 2 s" "$direct"

full() {
	: >"$T/full"
	ok "it says that the disk is full" wait_for 20 said "takes no rows now \(.*[Nn]o space left"
	rm "$T/full"
}
chaos full "server's disk is full" "$direct"

altered() {
	ch 'ALTER TABLE pmacct.altered ADD COLUMN dst_host String'
	sleep 0.3
	ch 'ALTER TABLE pmacct.altered MODIFY COLUMN src_port String'
	sleep 0.3
	ch 'ALTER TABLE pmacct.altered DROP COLUMN dst_port'
}
chaos altered "table altered under load" "$direct"
is "$(ch 'SELECT countIf(toUInt16(src_port) != bytes % 65536) FROM pmacct.altered')" 0 "values are right in the new type"
ok "a column that came in later is filled" test "$(ch "SELECT countIf(dst_host != '') FROM pmacct.altered")" -gt 0

renamed() {
	ch 'RENAME TABLE pmacct.renamed TO pmacct.elsewhere'
	ok "it says that there is no table" wait_for 20 said "has no table pmacct.renamed"
	ch 'RENAME TABLE pmacct.elsewhere TO pmacct.renamed'
}
chaos renamed "table away for a while" "$direct"

login() {
	sed -i 's/<password>right</<password>changed</' "$CH_DIR/users.xml"
	ok "it says that the password is wrong" wait_for 20 said "refuses user 'flows' .*set user and password_file"
	sleep 1.1 # the server looks at the second of the file's time
	sed -i 's/<password>changed</<password>right</' "$CH_DIR/users.xml"
	ok "until it is right again" wait_for 20 said "takes rows again"
}
chaos login "password wrong for a while" "$direct"

slow() { echo 'slow 4 1' >"$T/fault" && struck 4; }
chaos slow "answers 1 s late, 4 times" "$proxy"
resets() { echo 'reset 5 4000' >"$T/fault" && struck 5; }
chaos resets "connection reset mid-insert, 5 times" "$proxy"
lost() { echo 'lose 5' >"$T/fault" && struck 5; }
chaos lost "answer lost, 5 times" "$proxy"
ok "the ambiguous ones are counted" test "$(metric ambiguous_total)" -ge 5
garbled() { echo 'garble 3' >"$T/fault" && struck 3; }
chaos garbled "another's answer, 3 times" "$proxy"

printf '# %-38s %6s %6s %5s %5s %5s\n' fault sent stored twice again ambig.
printf '# %s\n' "${report[@]}"
plan
