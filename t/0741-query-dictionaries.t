#!/bin/bash
# The dictionaries of etc/dictionaries: a server takes them, and names what flows have as numbers.
. "${0%/*}/tap.sh"
. "${0%/*}/insert.sh"

etc=${0%/*}/../etc
ch_setup "$T/server"
folder=$T/server/names
mkdir "$folder"
cp "$etc"/dictionaries/*.tsv "$folder"
sed "s|/etc/clickhouse-server/flowenricher|$folder|" "$etc/dictionaries/flowenricher_dictionary.xml" >"$T/server/flowenricher_dictionary.xml"
sed -i "s|</yandex>|<dictionaries_config>$T/server/*_dictionary.xml</dictionaries_config></yandex>|" "$T/server/config.xml"
server_start

# AS names come from flows.
insert --create <<-EOT
	{"timestamp_start":$(($(date +%s) - 60)),"src_as":64500,"dst_as":64501,"src_as_name":"Five Hundred","dst_as_name":"Net \\"One\\"\\t","proto":17,"dst_port":53,"bytes":1}
	{"timestamp_start":$(($(date +%s) - 60)),"src_as":64502,"dst_as":64501,"proto":6,"dst_port":53,"bytes":2}
	{"timestamp_start":$(($(date +%s) - 60)),"proto":99,"dst_port":1,"bytes":3}
EOT
"$BUILD/bin/nf-query" --url "$URL" --queries "$etc/queries" as-names --format TabSeparated >"$folder/as-names.tsv" 2>"$T/words"
is "$? $(cat "$T/words" "$folder/as-names.tsv" | tr '\n' ' ')" "0 64500	Five Hundred 64501	Net \"One\"\\t " "nf-query gives the names of AS numbers"
ask() {
	ch "SELECT dictGetString('protocols', 'name', toUInt64(proto)), dictGetString('services', 'name', tuple(toUInt8(proto), toUInt16(dst_port))),
		dictGetString('as_names', 'name', toUInt64(dst_as)), dictGetString('as_names', 'name', toUInt64(peer_src_as)) FROM pmacct.flows ORDER BY bytes"
}
is "$(ask)" 'udp	domain	Net "One"\t	Five Hundred
tcp	domain	Net "One"\t	
			' "names of protocols, services and AS numbers; '' where there are none"

# The files themselves.
is "$(cut -f 1 "$folder/protocols.tsv" | sort -n | uniq -d | wc -l) $(grep -cvE '^[0-9]+	[^	]+$' "$folder/protocols.tsv")" "0 0" "each protocol is there once"
is "$(cut -f 1,2 "$folder/services.tsv" | sort | uniq -d | wc -l) $(grep -cvE '^(6|17)	[0-9]+	[^	]+$' "$folder/services.tsv")" "0 0" "each service too"

# A file that has changed is read again.
printf '64501\tRenamed\n' >"$folder/as-names.new"
mv "$folder/as-names.new" "$folder/as-names.tsv"
ch 'SYSTEM RELOAD DICTIONARY as_names'
is "$(ch "SELECT dictGetString('as_names', 'name', toUInt64(64501))")" Renamed "a new file has new names"
plan
