#!/bin/bash
# nf-collect on the datagrams of lib/decode/QUIRKS: what exporters do that no standard says, and what comes of it.
. "${0%/*}/tap.sh"
need jq python3
collect=$BUILD/bin/nf-collect
quirks=${0%/*}/data/quirks

for pcap in "$quirks"/*.pcap; do
	name=$(basename "$pcap" .pcap)
	"$collect" -r "$pcap" >"$T/flows" 2>"$T/words"
	# Each row has what its line of NAME.json says; null: it has it not.
	is "$(jq -c --slurpfile want "$quirks/$name.json" -n '[inputs] as $got
		| if ($got | length) != ($want | length) then "\($got | length) flows, expected \($want | length)" else
			range($want | length) as $i | $want[$i] | keys[] as $k
			| select($got[$i][$k] != .[$k]) | "flow \($i): \($k) is \($got[$i][$k]), expected \(.[$k])" end' "$T/flows")" \
		"" "$name"
done

# Of the hostile ones alone there is something to say (and that data were early, though they are decoded).
for pcap in "$quirks"/*.pcap; do
	[[ $pcap = */template-after-data.pcap ]] && continue
	"$collect" -r "$pcap" 2>&1 >"$T/flows" | sed "s,^,$(basename "$pcap" .pcap): ,"
done >"$T/said"
is "$(cat "$T/said")" "zero-length-record: nf-collect: notice: not decoded, by reason: 1 template, 1 unknown_template" \
	"no quirk is reported as an error but the template of no bytes"

mkdir "$T/quirks" "$T/seeds" "$T/corpus"
python3 "${0%/*}/data/make-quirks.py" "$T/quirks" "$T/seeds"
cp "${0%/*}"/fuzz/corpus/decode/quirk-* "$T/corpus"
is "$(diff -r "$T/quirks" "$quirks"; diff -r "$T/seeds" "$T/corpus")" "" "the datagrams are those of make-quirks.py"
is "$(sed -n 's/^\([a-z0-9-]\{1,\}\)$/\1/p' "${0%/*}/../lib/decode/QUIRKS" | sort)" \
	"$(cd "$quirks" && ls -- *.pcap | sed 's/\.pcap$//' | sort)" "QUIRKS lists each of them"
plan
