#!/bin/bash
# nf-ch-insert: what is in the table is what came in, column by column, in the types that the table has.
. "${0%/*}/tap.sh"
. "${0%/*}/insert.sh"

server_start

# The users' table. Every tenth flow is bare.
awk 'BEGIN { for (i = 1; i <= 20000; i++) {
	printf "{\"timestamp_start\":%d.250,\"bytes\":%d", 1700000000 + i % 86400, i
	if (i % 10)
		printf ",\"src_host\":\"192.0.2.%d\",\"dst_host\":\"2001:db8::%x\",\"src_port\":%d,\"dst_port\":%d,\"proto\":%d," \
			"\"ip_protocol\":%d,\"tcpflags\":%d,\"tos\":%d,\"packets\":%.0f,\"src_as\":%d,\"dst_as\":%.0f," \
			"\"src_as_name\":\"Net \\\"%d\\\"\",\"dst_as_name\":\"N\\u00e9t\\t%d\",\"as_path\":[\"64500\",\"{%d,2}\"]," \
			"\"src_host_country\":\"GR\",\"dst_host_country\":\"%c%c\",\"local_pref\":%d,\"input_interface\":%d," \
			"\"output_interface\":%d,\"input_interface_name\":\"xe-0/0/%d\",\"output_interface_name\":\"ae%d\",\"flow_direction\":%d", \
			i % 256, 1 + i % 65535, i % 65536, 443, i % 2 ? 6 : 17, i % 2 ? 4 : 6, i % 512, i % 256, i * 1000003, 64496 + i % 100, \
			4200000000 + i, i % 100, i, i, 65 + i % 26, 65 + i % 7, i % 400, i, i % 9, i % 8, i % 9, i % 2
	print "}" } }' >"$T/flows"
ok "20,000 flows go in" insert --create -i ndjson <"$T/flows"
columns='bytes, toUnixTimestamp(timestamp_start), src_host, dst_host, src_port, dst_port, proto, ip_protocol, tcpflags, tos, packets,
	peer_src_as, peer_dst_as, dst_as, peer_src_as_name, peer_dst_as_name, toString(as_path), src_host_country, dst_host_country,
	local_pref, input_interface, output_interface, input_interface_name, output_interface_name, flow_direction'
jq -r '[.bytes, (.timestamp_start | floor), .src_host // "", .dst_host // "", .src_port // 0, .dst_port // 0, .proto // 0,
	.ip_protocol // 0, (.tcpflags // 0) % 256, .tos // 0, .packets // 0, .src_as // 0, .dst_as // 0, .dst_as // 0,
	.src_as_name // "", .dst_as_name // "", ("[" + ([.as_path // [] | .[] | "\u0027" + . + "\u0027"] | join(",")) + "]"),
	.src_host_country // "", .dst_host_country // "", .local_pref // 0, .input_interface // 0, .output_interface // 0,
	.input_interface_name // "", .output_interface_name // "", .flow_direction // 0] | @tsv' "$T/flows" >"$T/want"
ch "SELECT $columns FROM pmacct.flows ORDER BY bytes" | sed "s/\\\\'/'/g" >"$T/got"
ok "each value of each row is there" same "$T/want" "$T/got"
is "$(metric rows_total) $(metric stored_rows_total)" "20000 20000" "all were counted"
is "$(ch 'SELECT countIf(abs(now() - ingested_at) < 600) FROM pmacct.flows')" 20000 "a column that is no field has its default"
is "$(ch 'SELECT count() FROM pmacct.ptr_cache')" 0 "--create makes ptr_cache too"

# The neighbour where the operator wants it, or where the table has the origin elsewhere.
printf '{"bytes":1,"src_as":1,"peer_src_as":2,"dst_as":3,"peer_dst_as":4}\n' >"$T/one"
printf 'peer_as: neighbour\n' >"$T/conf"
ch 'TRUNCATE TABLE pmacct.flows'
insert <"$T/one"
insert -c "$T/conf" <"$T/one"
ch 'ALTER TABLE pmacct.flows ADD COLUMN src_as UInt32'
insert <"$T/one"
is "$(ch 'SELECT peer_src_as, peer_dst_as, src_as FROM pmacct.flows ORDER BY peer_src_as, src_as' | tr '\n' ' ')" \
	"1	3	0 2	4	0 2	4	1 " "peer_src_as holds the origin only in a table without src_as, and unless peer_as says"

# Columns that no row has get the table's default; those that some rows have, the type's, or NULL.
ch "CREATE TABLE pmacct.defaults (bytes UInt64, packets UInt64 DEFAULT 7, tos UInt8 DEFAULT 3, src_port Nullable(UInt16),
	double UInt64 MATERIALIZED bytes * 2, shown UInt64 ALIAS bytes + 1, mine Decimal(9, 2) DEFAULT 1.5) ENGINE = Memory"
ok "rows of two kinds" insert --table defaults <<-EOT
	{"bytes":1,"tos":9,"src_port":53}
	{"bytes":2}
EOT
is "$(ch 'SELECT bytes, packets, tos, src_port, double, shown, mine FROM pmacct.defaults ORDER BY bytes' | tr '\n' ' ')" \
	"1	7	9	53	2	2	1.50 2	7	0	\\N	4	3	1.50 " "absent is not zero"

# A table of the operator's own making, with types that say the same otherwise.
ch "CREATE TABLE pmacct.own (timestamp_start DateTime('Europe/Athens'), timestamp_end Date, bytes Int64,
	src_host FixedString(16), dst_host Nullable(String), src_port String, proto Enum8('other' = 0, 'tcp' = 6, 'udp' = 17),
	tcpflags UInt16, src_host_country FixedString(2), dst_host_country Nullable(FixedString(2)), flow_type Enum16('ipfix' = 10, 'json' = 300),
	as_path Array(UInt32), src_as_path Array(Nullable(String)), communities Array(UInt32), mpls_labels String,
	packets UInt8, ml_score Float64, src_mac String, trusted UInt8, extra String) ENGINE = Memory"
ok "rows for it" insert --table own <<-EOT
	{"timestamp_start":1700000000.9,"timestamp_end":1700000000,"bytes":1,"src_host":"192.0.2.1","dst_host":"2001:db8::1","src_port":53,"proto":17,"tcpflags":274,"src_host_country":"GR","dst_host_country":"DE","flow_type":"json","as_path":["64500","4200000000"],"src_as_path":["64500"],"communities":["64500:7"],"mpls_labels":["16","17"],"packets":300,"ml_score":0.5,"src_mac":"02:00:c0:ff:ee:01","trusted":true,"colour":"red"}
	{"timestamp_start":1700000001,"bytes":2,"proto":1,"flow_type":"netflow5"}
EOT
is "$(ch "SELECT toString(timestamp_start), timestamp_end, bytes, hex(src_host), dst_host, src_port, proto, tcpflags, src_host_country,
	dst_host_country, flow_type, as_path, src_as_path, communities, mpls_labels, packets, ml_score, src_mac, trusted, extra
	FROM pmacct.own ORDER BY bytes LIMIT 1")" \
	"2023-11-15 00:13:20	2023-11-14	1	00000000000000000000FFFFC0000201	2001:db8::1	53	udp	274	GR	DE	json	[64500,4200000000]	['64500']	[4227072007]	16 17	255	0.5	02:00:c0:ff:ee:01	1	{\"colour\":\"red\"}" \
	"each in the type of its column"
is "$(ch "SELECT bytes, dst_host, src_port, proto, hex(src_host_country), dst_host_country, flow_type, length(as_path), packets, extra FROM pmacct.own ORDER BY bytes LIMIT 1, 1")" \
	"2	\\N		other	0000	\\N	ipfix	0	0	" "and what is absent or unknown there, as that type has it"
is "$(metric unfit_values_total)" 3 "the three values that did not fit are counted"

# LowCardinality, which this server has behind a setting.
curl -sS --noproxy '*' "$URL/?allow_experimental_low_cardinality_type=1" --data-binary "CREATE TABLE pmacct.low
	(bytes UInt64, src_host LowCardinality(String), src_host_country LowCardinality(Nullable(String)), src_port LowCardinality(UInt16),
	as_path Array(LowCardinality(String))) ENGINE = Memory"
ok "20,000 flows with LowCardinality" insert --table low <"$T/flows"
jq -r '[.bytes, .src_host // "", .src_host_country // "none", .src_port // 0, (.as_path // [] | join(" "))] | @tsv' "$T/flows" >"$T/want"
ch "SELECT bytes, toString(src_host), ifNull(toString(src_host_country), 'none'), toUInt16(src_port), arrayStringConcat(as_path, ' ')
	FROM pmacct.low ORDER BY bytes" >"$T/got"
ok "each value of each row is there" same "$T/want" "$T/got"

for way in lz4 zstd gzip; do
	ch 'TRUNCATE TABLE pmacct.low'
	ok "compressed on the way by $way" insert --compress $way --table low <"$T/flows"
	is "$(stored pmacct.low)" "$(sums 20000)" "the rows are the same"
	sizes+=("$(metric bytes_total)")
done
ok "lz4 and zstd blocks are smaller, each than the one before (${sizes[*]})" \
	test "${sizes[0]}" -gt "${sizes[1]}" -a "${sizes[2]}" -gt "${sizes[0]}"

# An archive of 200 days, at 300 flows a day.
awk 'BEGIN { for (i = 0; i < 60000; i++)
	printf "{\"timestamp_start\":%d,\"bytes\":%d}\n", 1700000000 + i * 288, i + 1 }' >"$T/archive"
ok "an archive goes in" insert --create --table archive --batch-rows 1000000 --flush-ms 60000 <"$T/archive"
is "$(stored pmacct.archive)" "$(sums 60000)" "the rows are there"
inserts=$(metric inserts_total)
ok "in inserts of some 50 days each" test "$inserts" -ge 4 -a "$inserts" -le 8

# Every field of the record.
ok "a table with every field" insert --create --schema wide --table wide <"$T/one"
is "$(ch "SELECT bytes, src_as, peer_src_as FROM pmacct.wide")" "1	1	2" "holds a flow"
is "$(ch "SELECT count() FROM system.columns WHERE database = 'pmacct' AND table = 'wide'")" \
	"$(($("$BUILD/bin/nf-ch-insert" --print-schema --schema wide | sed '/^)/,$d' | grep -c '^    [a-z]')))" "as --print-schema shows it"
like "$("$BUILD/bin/nf-ch-insert" --print-schema)" "as_path Array\(String\).*TTL timestamp_start \+ toIntervalMonth\(3\).*ptr_cache" \
	"--print-schema asks no server"
plan
