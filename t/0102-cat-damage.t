#!/bin/bash
# nf-cat on broken input: what is sound survives, what is not is counted and named, --strict stops.
. "${0%/*}/tap.sh"
PATH=$BUILD/bin:$PATH

cat >"$T/broken" <<'EOF'
{"src_host":"10.0.0.1","bytes":1}
{"src_host":"10.0.0.2","bytes":2
not json at all
{"src_host":"10.0.0.3","bytes":-3}
{"src_host":"10.0.0.4","bytes":4,"src_port":70000}

{"src_host":"10.0.0.5","bytes":5}
EOF
is "$(nf-cat "$T/broken" 2>"$T/err")" '{"src_host":"10.0.0.1","bytes":1}
{"src_host":"10.0.0.5","bytes":5}' "sound lines survive broken ones"
is $? 0 "which is no failure"
is "$(cat "$T/err")" "nf-cat: warning: $T/broken: line 2: byte 33: the line ends where ',' or '}' was expected
nf-cat: warning: $T/broken: line 3: byte 1: 'n' where an object was expected
nf-cat: warning: $T/broken: line 4: byte 32: bytes is -3, a number from 0 to 18446744073709551615 was expected
nf-cat: warning: $T/broken: line 5: byte 45: src_port is 70000, a number from 0 to 65535 was expected
nf-cat: warning: left out of the input: 4 bad lines, 0 bad batches, 0 bytes between batches, 0 bytes cut off at the end" \
	"each is named by its line and byte"
nf-cat -M "$T/metrics" "$T/broken" >/dev/null 2>&1
is "$(grep '^nf_input_bad_lines_total' "$T/metrics")" "nf_input_bad_lines_total 4" "and counted"
for ((i = 0; i < 1000; i++)); do echo bad; done | nf-cat 2>"$T/err"
is $? 1 "garbage from the first byte on is no input at all"
(echo '{"bytes":1}'; for ((i = 0; i < 1000; i++)); do echo bad; done; echo '{"bytes":2}') | nf-cat 2>"$T/err" | wc -l >"$T/n"
is "$(cat "$T/n")" 2 "a thousand bad lines cost nothing else"
ok "and not a thousand words" test "$(wc -l <"$T/err")" -lt 10

nf-cat --strict "$T/broken" >"$T/out" 2>"$T/err"
is $? 1 "--strict fails"
is "$(cat "$T/out")" "" "with nothing after"
like "$(cat "$T/err")" "broken: line 2: byte 33" "and says where"
nf-cat "$T/broken" "$T/broken" 2>&1 >/dev/null | grep -c 'line 2:' >"$T/n"
is "$(cat "$T/n")" 2 "lines are counted file by file"
printf '{"bytes":1}\n{"bytes":2' | nf-cat >"$T/out" 2>"$T/err"
is "$(cat "$T/out")" '{"bytes":1}' "a torn last line is left out"
like "$(cat "$T/err")" "line 2: byte 11: the line ends.*10 bytes cut off at the end" "and named"
printf '{"bytes":1}\n{"bytes":2}' | nf-cat >"$T/out"
is "$(wc -l <"$T/out")" 2 "a last line without newline is one"
printf '{\n"bytes":1\n}\n{\n"bytes":2\n' | nf-cat >"$T/out" 2>"$T/err"
is "$(cat "$T/out")" '{"bytes":1}' "a torn object over several lines is left out"
like "$(cat "$T/err")" "the object that began in line 4 has no end" "and named"

# Unknown members, whatever they hold, byte for byte through batches.
cat >"$T/unknown" <<'EOF'
{"bytes":1,"a":"é\u00e9\n\"","b" : [ 1,2.50e+3 , {"c":null} ],"d":{}}
{"bytes":2,"key with \"quotes\"":true,"ip_src":1,"extra":{"deep":[[[]]]}}
{"bytes":3,"long":"0123456789012345678901234567890123456789012345678901234567890123456789"}
EOF
is "$(nf-cat --dialect native -b "$T/unknown" | nf-cat -b | nf-cat)" "$(cat "$T/unknown")" "unknown members pass through byte for byte"

# Two streams with their cuts joined: the batches around the cut are lost, no others.
for ((i = 0; i < 30000; i++)); do echo "{\"src_port\":$((i % 65536)),\"bytes\":$((i * 7919))}"; done >"$T/many"
nf-cat -b "$T/many" >"$T/bin"
size=$(stat -c %s "$T/bin")
batch=$(od -An -t u4 -j 12 -N 4 "$T/bin")
batch=$((batch + 56))
(head -c $((batch + batch / 2)) "$T/bin"; cat "$T/bin") >"$T/joined"
nf-cat "$T/joined" >"$T/out" 2>"$T/err"
is "$(wc -l <"$T/out")" $((8192 + 30000)) "a stream that was cut and joined loses only the batch that was cut"
is "$(tail -n 30000 "$T/out" | md5sum)" "$(md5sum <"$T/many")" "the rest is whole"
like "$(cat "$T/err")" "offset $batch: skipped $((batch / 2)) bytes that are no sound batch" "and says what it skipped"
head -c $((size - 100)) "$T/bin" | nf-cat 2>"$T/err" | wc -l >"$T/n"
is "$(cat "$T/n")" 24576 "a stream that ends within a batch gives those before"
like "$(cat "$T/err")" "the end of input cuts a batch off" "and says so"
(head -c 200 "$T/bin"; printf X; tail -c +202 "$T/bin") | nf-cat 2>"$T/err" | wc -l >"$T/n"
is "$(cat "$T/n")" $((30000 - 8192)) "one flipped byte costs one batch"
like "$(cat "$T/err")" "payload checksum does not hold" "and is seen by the checksum"
(head -c 200 "$T/bin"; printf X; tail -c +202 "$T/bin") | nf-cat --strict >/dev/null 2>&1
is $? 1 "--strict stops there"
is "$(cat "$T/bin" "$T/bin" | nf-cat | wc -l)" 60000 "whole streams are joined by cat"
plan
