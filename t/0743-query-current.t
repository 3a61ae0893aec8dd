#!/bin/bash
# Today's ClickHouse engine: it takes the tables as they are meant for it, and answers every query as arithmetic does.
. "${0%/*}/tap.sh"
. "${0%/*}/insert.sh"
. "${0%/*}/current.sh"
. "${0%/*}/query.sh"

engine 0
like "$(ch 'SELECT version()')" "^2[6-9]\." "the engine is of 26 or later"

# What --create says to a server that knows it all.
printf 'retention: 40d\n' >"$T/keep"
fill -c "$T/keep"
statement() { ch "SHOW CREATE TABLE pmacct.$1 FORMAT TabSeparatedRaw"; }
wide=$(statement wide)
like "$wide" "src_host. IPv6 CODEC\(ZSTD\(1\)\)" "addresses are IPv6"
like "$wide" "timestamp_start. DateTime64\(3\) CODEC\(Delta" "times have fractions"
like "$wide" "as_path. Array\(LowCardinality\(String\)\)" "lists have dictionaries"
like "$wide" "INDEX dst_host_bloom dst_host TYPE bloom_filter" "addresses have filters"
like "$wide" "TTL toDateTime\(timestamp_start\) \+ toIntervalDay\(40\)" "the TTL is the key retention"
like "$(statement ml_scores)" "TTL time \+ toIntervalDay\(40\)" "for all tables that it makes"
for unit in 1m:7 5m:92 1h:1098; do
	like "$(statement "wide_${unit%:*}")" "TTL time \+ toIntervalDay\(${unit#*:}\)" "sums by ${unit%:*} have one of their own"
done
is "$(ch "SELECT count() FROM (EXPLAIN indexes = 1 SELECT count() FROM pmacct.wide WHERE src_host = '192.0.2.1') WHERE explain LIKE '%src_host_bloom%'")" \
	1 "the filter serves an address written as text"

ask_all

# A table of old grows.
ch "CREATE TABLE pmacct.grown (timestamp_start DateTime, bytes UInt64, mine String) ENGINE = MergeTree ORDER BY timestamp_start"
ok "columns are added" insert --migrate --schema wide --table grown <"$T/flows.ndjson"
is "$(ch "SELECT count(), toTypeName(any(src_host)), countIf(src_host = '192.0.2.200') FROM pmacct.grown")" \
	"$(wc -l <"$T/flows.ndjson")	IPv6	$(grep -c '"src_host":"192.0.2.200"' "$T/flows.ndjson")" "of the types that this server has, and filled"

# Dictionaries. Where their files lie is the server's to say, so the statements are all that is tried.
sed 's/^--.*//' "${0%/*}/../etc/dictionaries/create.sql" | tr '\n' ' ' | tr ';' '\n' | grep . | while read -r create; do
	ch "${create/NOT EXISTS /NOT EXISTS pmacct.}"
done
is "$(ch "SELECT name FROM system.dictionaries WHERE database = 'pmacct' ORDER BY name" | tr '\n' ' ')" "as_names protocols services " \
	"the server takes the statements for dictionaries"
plan
