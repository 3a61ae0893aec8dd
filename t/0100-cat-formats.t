#!/bin/bash
# nf-cat converts: every format out, and back where there is a way back.
. "${0%/*}/tap.sh"
PATH=$BUILD/bin:$PATH
man=${0%/*}/../man

cat >"$T/flows" <<'EOF'
{"timestamp_start":1700000000.123,"timestamp_end":1700000060.623,"exporter_ip":"192.0.2.1","flow_type":"ipfix","sampling_rate":10,"trusted":true,"src_host":"10.0.0.1","dst_host":"198.51.100.9","src_port":40000,"dst_port":443,"proto":6,"ip_protocol":4,"tcpflags":18,"src_mac":"02:42:ac:11:00:02","packets":3,"bytes":1500,"src_as":64500,"src_as_name":"A \"quoted\", name","as_path":["64500","64501"],"src_host_country":"GR","ml_score":0.25}
{"timestamp_start":1700000001.000,"src_host":"2001:db8::1","dst_host":"2001:db8::2","proto":58,"ip_protocol":6,"packets":1,"bytes":64}
{"proto":17,"unknown":{"a":[1, 2],"b":"\u00e9"},"x" : null}
{"bytes":18446744073709551615}
EOF

nf-cat "$T/flows" >"$T/same"
ok "lines come out as they are" cmp "$T/same" "$T/flows"
nf-cat -b "$T/flows" >"$T/bin"
is "$(head -c 4 "$T/bin")" NFB1 "-b writes batches"
nf-cat "$T/bin" >"$T/back"
ok "lines to batches to lines change nothing" cmp "$T/back" "$T/flows"
nf-cat -o bin "$T/bin" >"$T/bin2"
ok "batches to batches change nothing" cmp "$T/bin2" "$T/bin"
nf-cat -i ndjson "$T/bin" >/dev/null 2>"$T/err"
like "$(cat "$T/err")" "bad lines" "-i ndjson takes batches for lines that they are not"

is "$(nf-cat -o text "$T/flows" | head -n 2)" \
	"2023-11-14 22:13:20.123 60.500     tcp       10.0.0.1:40000        > 198.51.100.9:443      ...A..S.        3       1500  AS64500/GR > -
2023-11-14 22:13:21.000 -          ipv6-icmp 2001:db8::1           > 2001:db8::2           -               1         64  - > -" \
	"text is aligned, times are UTC"
is "$(nf-cat -o csv --columns src_host,src_as_name,as_path,bytes,extra "$T/flows" | tr -d '\r')" \
	'src_host,src_as_name,as_path,bytes,extra
10.0.0.1,"A ""quoted"", name",64500 64501,1500,
2001:db8::1,,,64,
,,,,"{""unknown"":{""a"":[1, 2],""b"":""\u00e9""},""x"" : null}"
,,,18446744073709551615,' "csv quotes what needs it"
is "$(nf-cat -o csv "$T/flows" | head -n 1 | tr -d '\r' | tr , '\n')" "$(nf-cat --list-fields | cut -f 1)" \
	"csv has all fields by default"
is "$(nf-cat -o csv "$T/flows" | grep -c $'\r$')" 5 "csv lines end in CR LF"
is "$(nf-cat -o csv --columns bytes </dev/null | tr -d '\r')" bytes "csv of nothing has its names"
is "$(nf-cat --for-clickhouse "$T/flows" | head -n 1)" \
	'{"timestamp_start":1700000000,"timestamp_end":1700000060,"exporter_ip":"192.0.2.1","flow_type":"ipfix","sampling_rate":10,"trusted":1,"src_host":"10.0.0.1","dst_host":"198.51.100.9","src_port":40000,"dst_port":443,"proto":6,"ip_protocol":4,"tcpflags":18,"src_mac":"02:42:ac:11:00:02","packets":3,"bytes":1500,"src_as":64500,"src_as_name":"A \"quoted\", name","as_path":["64500","64501"],"src_host_country":"GR","ml_score":0.25}' \
	"for ClickHouse: whole seconds, numbers for booleans"
is "$(nf-cat --for-clickhouse=bytes,proto "$T/flows")" '{"proto":6,"bytes":1500}
{"proto":58,"bytes":64}
{"proto":17}
{"bytes":18446744073709551615}' "for ClickHouse: only the columns asked for"
is "$(nf-cat --columns=bytes -b "$T/flows" | nf-cat)" '{"bytes":1500}
{"bytes":64}
{}
{"bytes":18446744073709551615}' "columns are chosen in any format"
is "$(nf-cat --scale --columns sampling_rate,packets,bytes "$T/flows" | head -n 2)" \
	'{"sampling_rate":1,"packets":30,"bytes":15000}
{"packets":1,"bytes":64}' "--scale multiplies"
is "$(nf-cat -N 2 "$T/flows")" "$(head -n 2 "$T/flows")" "-N ends after so many"
is "$(nf-cat -N 0 "$T/flows")" "" "-N 0 is none"

is "$(nf-cat "$T/flows" proto tcp or bytes = 64 | wc -l)" 2 "words behind the inputs are a filter"
is "$(nf-cat 'not (tcp or udp)' <"$T/flows" | wc -l)" 2 "a filter alone reads standard input"

printf '{"_mark":"m1"}\n' | cat "$T/flows" - "$T/flows" >"$T/marked"
is "$(nf-cat -b "$T/marked" | nf-cat)" "$(cat "$T/marked")" "marks keep their place"
is "$(nf-cat -b "$T/marked" tcp | nf-cat | grep -n mark)" '2:{"_mark":"m1"}' "and outlive a filter"
is "$(nf-cat --for-clickhouse "$T/marked" | grep -c mark)" 0 "but are no rows"

for flags in "-o xml" "--columns nope" "--columns bytes,bytes" "--pace 0" "--dialect x" "--timezone Nowhere/X" "$T/flows nope" "port"; do
	nf-cat $flags </dev/null >/dev/null 2>"$T/err"
	is $? 2 "status 2 for $(cut -c 1-30 <<<"${flags##*/}")"
done
is "$(nf-cat --columns bites </dev/null 2>&1)" \
	"nf-cat: warning: 'bites' is no field; did you mean bytes?; nf-cat -h shows the usage" "a misspelt field is guessed"
ok "-n checks a filter" nf-cat -n tcp
nf-cat "$T/flows" </dev/null | head -n 0
is "${PIPESTATUS[0]}" 0 "a closed output is a normal end"

is "$(nf-cat --list-fields | awk -F '\t' '{ print ".It Cm " $1 " Ta " $2 " Ta " $5 }')" \
	"$(grep '^\.It Cm .* Ta ' "$man/nf-flow.5")" "nf-flow(5) has the table of fields"
nf-cat -h | grep -oE -- '^ +(-[A-Za-z]|    )?,? ?(--[a-z-]+)?' | grep -oE -- '-[A-Za-z]\b|--[a-z-]+' | sort -u >"$T/flags.help"
sed -n 's/^\.It Fl \([^A]*\).*/\1/p' "$man/nf-cat.1" | tr , '\n' | sed 's/ *Ns.*//; s/ *Cm.*//; s/Fl//; s/ //g' |
	grep . | sed 's/^/-/' | sort -u >"$T/flags.man"
is "$(cat "$T/flags.man")" "$(cat "$T/flags.help")" "nf-cat(1) has the flags of -h"
plan
