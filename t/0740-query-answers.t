#!/bin/bash
# nf-query: what each query says of rows in a real server is what arithmetic elsewhere says, for the users' table and the wide one.
. "${0%/*}/tap.sh"
. "${0%/*}/insert.sh"
. "${0%/*}/query.sh"

server_start
fill
ok "there are twenty queries and more" test "$(wc -w <<<"$names")" -ge 20
ask_all

# Formats, the list, the statement itself.
is "$(query wide protocols --format json | jq -r '.data | length')" 2 "an answer in JSON"
is "$(query wide protocols --format ndjson | jq -s length)" 2 "in lines of JSON"
is "$(query wide protocols --format CSV | cut -d, -f1 | tr '\n' ' ')" "6 17 " "in a format of the server's own"
like "$(query wide protocols --format table)" "┌.*percent_of_bytes" "as a table"
is "$(query wide top-sources --limit 3 | wc -l)" 4 "--limit limits"
query wide top-sources --print >"$T/sql"
is "$(ch_client --multiquery <"$T/sql")" "$(query wide top-sources)" "clickhouse-client takes what --print prints"
is "$("$BUILD/bin/nf-query" --queries "$queries" | grep -c '^[a-z0-9-]* .*?')" "$(wc -w <<<"$names")" "without a name it lists them all, as questions"
printf -- '-- How many?\nSELECT count() FROM {table}\n' >"$T/own.sql"
is "$(query wide "$T/own.sql" | tail -n 1)" "$(wc -l <"$T/flows.ndjson")" "a name with a slash is a file"

# Values are values.
query wide host -p "host=1' OR '1'='1" >"$T/got" 2>"$T/words"
like "$? $(<"$T/words")" "^2 .*expected an address" "an address is one"
query wide top-sources -p 'limit=1; DROP TABLE pmacct.wide' >"$T/got" 2>"$T/words"
like "$? $(<"$T/words")" "^2 .*expected a number" "a number is one"
query wide own-hosts -p own=198.51.100.1/24 >"$T/got" 2>"$T/words"
like "$? $(<"$T/words")" "^2 .*own: .*198.51.100" "a prefix is one"
query wide host >"$T/got" 2>"$T/words"
like "$? $(<"$T/words")" "^2 .*it needs a value: -p host=ADDRESS" "a parameter that is missing is named"
query wide host -p hots=192.0.2.1 >"$T/got" 2>"$T/words"
like "$? $(<"$T/words")" "^2 .*no such parameter" "and so is one too many"
printf -- "-- Text?\n-- param a text: a text\nSELECT {a}\n" >"$T/text.sql"
is "$(query wide "$T/text.sql" -p "a=it's \\ {table}" --format TabSeparatedRaw)" "it's \\ {table}" "text is quoted"
query wide top-sources --format 'TSV INTO OUTFILE 1' >/dev/null 2>&1
is $? 2 "a format is one word"
query wide none >/dev/null 2>&1
is $? 2 "a query that is none is a usage error"
query wide top-sources --since 1h --until 2h >/dev/null 2>"$T/words"
is "$? $(<"$T/words")" "2 nf-query: error: the period ends before it begins" "so is a period that is none"
query none top-sources >/dev/null 2>"$T/words"
like "$? $(<"$T/words")" "^1 .*none" "a table that is not there is a failure"

# The secret stays where it is.
sed -i 's|</users>|<reader><password>s3cret-Pa55</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></reader></users>|' "$T/server/users.xml"
CH_USER=reader CH_PASSWORD=s3cret-Pa55 wait_for 10 eval '[ "$(ch "SELECT 1")" = 1 ]'
printf 's3cret-Pa55\n' >"$T/password"
chmod 600 "$T/password"
printf -- '-- Slow?\nSELECT sleep(1)\n' >"$T/slow.sql"
"$BUILD/bin/nf-query" --url "$URL" --user reader --password-file "$T/password" --table wide "$T/slow.sql" >"$T/got" 2>"$T/words" &
asker=$!
ok "a query runs" wait_for 5 eval 'ch "SELECT count() FROM system.processes WHERE user = '"'reader'"'" | grep -q 1'
is "$(tr '\0' '\n' <"/proc/$asker/cmdline" | grep -c s3cret)" 0 "the password is not on the command line"
wait $asker
is $? 0 "and opens the door"
printf 'wrong\n' >"$T/password"
"$BUILD/bin/nf-query" --url "$URL" --user reader --password-file "$T/password" --table wide "$T/slow.sql" >"$T/got" 2>"$T/words"
like "$? $(<"$T/words")" "^1 .*[Pp]assword" "a wrong one does not"
"$BUILD/bin/nf-query" --url "http://reader:s3cret-Pa55@127.0.0.1:$CH_PORT" "$T/slow.sql" 2>/dev/null
is $? 2 "a URL with a password is refused"

for program in nf-query nf-ch-insert; do
	"$BUILD/bin/$program" -h | grep -oE -- '^ +(-[A-Za-z]|    )?,? ?(--[a-z-]+)?' | grep -oE -- '-[A-Za-z]\b|--[a-z-]+' | sort -u >"$T/flags.help"
	sed -n 's/^\.It Fl \(.*\)/\1/p' "${0%/*}/../man/$program.1" | sed 's/ \(Ar\|Cm\|Ns\) [^,]*//g' | tr , '\n' | sed 's/Fl//; s/ //g' |
		grep . | sed 's/^/-/' | sort -u >"$T/flags.man"
	is "$(cat "$T/flags.man")" "$(cat "$T/flags.help")" "$program(1) has the flags of -h"
done
plan
