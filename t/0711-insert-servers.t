#!/bin/bash
# nf-ch-insert: servers behind TLS, and more than one of them.
. "${0%/*}/tap.sh"
. "${0%/*}/insert.sh"
need openssl stunnel4 python3

server_start
ch 'CREATE DATABASE pmacct' >/dev/null
ch 'CREATE TABLE pmacct.t (bytes UInt64) ENGINE = MergeTree ORDER BY bytes' >/dev/null
clear_table() { ch 'TRUNCATE TABLE pmacct.t'; }

# A certificate of an authority of one's own, for localhost.
quiet() { "$@" >/dev/null 2>&1; }
quiet openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout "$T/ca.key" -out "$T/ca.pem"
quiet openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$T/key.pem" -out "$T/csr.pem"
quiet openssl x509 -req -in "$T/csr.pem" -CA "$T/ca.pem" -CAkey "$T/ca.key" -CAcreateserial -days 2 \
	-extfile <(echo subjectAltName=DNS:localhost) -out "$T/cert.pem"
quiet openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -keyout "$T/other.key" -out "$T/other.pem"
tls_port=$(free_port)
printf '%s\n' foreground=yes pid= "[ch]" "accept=127.0.0.1:$tls_port" "connect=127.0.0.1:$CH_PORT" \
	"cert=$T/cert.pem" "key=$T/key.pem" >"$T/stunnel.conf"
stunnel4 "$T/stunnel.conf" >"$T/stunnel.log" 2>&1 &
PIDS+=($!)
wait_for 10 curl -s --cacert "$T/ca.pem" "https://localhost:$tls_port/ping" || bail "no stunnel: $(tail -n 3 "$T/stunnel.log")"
secure=https://localhost:$tls_port
insert --url "$secure" --table t --drain-timeout 1 < <(flows 1 100)
is $? 1 "a server of an authority that nobody knows is not spoken to"
ok "it says why" said "does not answer \(.*certificate"
is "$(ch 'SELECT count() FROM pmacct.t')" 0 "no row went there"
insert --url "$secure" --table t --ca-file "$T/other.pem" --drain-timeout 1 </dev/null
is $? 1 "nor one of another authority than the one given"
insert --url "https://127.0.0.1:$tls_port" --table t --ca-file "$T/ca.pem" --drain-timeout 1 </dev/null
is $? 1 "nor one by another name than the certificate's"
ok "with the authority, the rows that waited go in" insert --url "$secure" --table t --ca-file "$T/ca.pem" </dev/null
is "$(stored pmacct.t)" "$(sums 100)" "each once"
printf 'clickhouse: {url: "%s", ca_file: %s, table: t}\n' "$secure" "$T/ca.pem" >"$T/conf"
clear_table
ok "by the configuration too" eval 'flows 1 5 | "$BUILD/bin/nf-ch-insert" -c "$T/conf" --spool "$T/spool" 2>>"$T/said"'
is "$(stored pmacct.t)" "$(sums 5)" "the rows are there"
insert --url "$secure" --ca-file "$T/nothing" </dev/null
is $? 2 "a file of authorities that is not there is an error at once"

# Two ways to the server, as two servers.
proxy() { # NAME
	local port
	port=$(free_port)
	"${0%/*}/helper/fault_proxy.py" "$port" "$CH_PORT" "$T/$1" &
	PIDS+=($!)
	wait_for 10 curl -s "http://127.0.0.1:$port/ping"
	printf -v "$1" '%s' "http://127.0.0.1:$port"
	printf -v "$1_pid" '%s' $!
}
passed() { cat "$T/$1.passed" 2>/dev/null | wc -l; }
proxy a
proxy b
clear_table
drip() { local i; for ((i = $1; i <= $2; i += 500)); do flows $i $((i + 499)); sleep 0.05; done; }
ok "two servers" insert --url "$a,$b" --table t --flush-ms 50 < <(drip 1 20000)
is "$(stored pmacct.t)" "$(sums 20000)" "have each row once"
ok "each had its turn ($(passed a) and $(passed b))" test "$(passed a)" -ge 5 -a "$(passed b)" -ge 5
echo 'garble 1000' >"$T/b"
clear_table
: >"$T/said"
ok "one that takes nothing" insert -v --url "$a, $b" --table t --flush-ms 50 < <(drip 1 20000)
is "$(ch 'SELECT uniqExact(bytes) FROM pmacct.t')" 20000 "costs no row: the other has them"
ok "it is left alone for a while" said "at $b is left alone for a while: lost"
ok "and not asked each time ($(wc -l <"$T/b.struck") times)" test "$(wc -l <"$T/b.struck")" -le 3
ok "it is no outage" eval '! said "takes no rows now|does not answer"'
kill "$b_pid"
wait "$b_pid" 2>/dev/null
clear_table
ok "one that is gone" insert --url "$a,$b" --table t --flush-ms 50 < <(drip 1 5000)
is "$(stored pmacct.t)" "$(sums 5000)" "costs none either"
kill "$a_pid"
wait "$a_pid" 2>/dev/null
: >"$T/said"
insert --url "$a,$b" --table t --drain-timeout 1 < <(flows 1 10)
is $? 1 "with none left, rows wait"
ok "and it says where" said "ClickHouse at $a,$b does not answer .*rows wait in"
insert --url " , " </dev/null
is $? 2 "no server at all is an error"

# Flags that the configuration has as well; an old server knows no async_insert, and takes rows all the same.
: >"$T/said"
clear_table
ok "rows for a server that cannot gather them" insert --async-insert --connections 4 --table t < <(flows 1 1000)
ok "go as they are, and it says so" said "knows no async_insert: inserts go as they are"
insert --connections 9 </dev/null
is $? 2 "there are eight connections at most"
plan
