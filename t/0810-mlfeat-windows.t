#!/bin/bash
# nf-mlfeat: the value of every feature, windows, keys, limits, and scores by a model of nf-score.
. "${0%/*}/tap.sh"
need jq
mlfeat=$BUILD/bin/nf-mlfeat score=$BUILD/bin/nf-score

# flow SECONDS BEGAN SRC DST SPORT DPORT PROTO FLAGS PACKETS BYTES MORE
flow() {
	printf '{"timestamp_received":%s.000,"timestamp_start":%s.000,"src_host":"%s","dst_host":"%s","src_port":%s,' \
		"$((1700000000 + $1))" "$((1700000000 + $2))" "${@:3:3}"
	printf '"dst_port":%s,"proto":%s,"tcpflags":%s,"packets":%s,"bytes":%s%s}\n' "${@:6:6}"
}
{
	flow 1 0 192.0.2.1 198.51.100.1 1000 80 6 2 1 40 ',"net_direction":"out"'
	flow 2 1 192.0.2.1 198.51.100.2 1001 80 6 6 1 40 ',"net_direction":"out"'
	flow 3 2 192.0.2.1 198.51.100.2 1001 443 6 27 10 10000 ',"net_direction":"internal"'
	flow 4 3 192.0.2.1 198.51.100.1 1003 53 17 0 2 200 ',"sampling_rate":10,"net_direction":"out"'
	flow 12 12 192.0.2.1 198.51.100.1 0 0 1 0 1 84 ''
	flow 13 12 192.0.2.2 198.51.100.1 0 0 1 0 1 84 ''
} >"$T/flows"

"$mlfeat" --window 20 <"$T/flows" >"$T/vectors"
is "$(jq -c '[.type, .version, .key, .window_start - 1700000000, .window_end - 1700000000]' "$T/vectors")" \
	'["features",1,"192.0.2.1",-10,10]
["features",1,"192.0.2.1",0,20]
["features",1,"192.0.2.2",0,20]' "a vector for each source and window that slides"

feature() { jq -r "select(.key == \"192.0.2.1\" and .window_end == 1700000020) | .features.$1 * 10000 | round / 10000" "$T/vectors"; }
while read -r name want; do
	is "$(feature "$name")" "$want" "$name"
done <<'END'
flows 5
packets_rate 1.65
bytes_rate 608.2
packet_size_mean 252.8
packet_size_stddev 374.3573
unique_peers 2
unique_dst_ports 3
syn_ratio 1
rst_ratio 0.3333
failed_ratio 0.6667
peer_entropy 0.971
dst_port_entropy 1.5
src_port_entropy 1.5
tcp_share 0.6
udp_share 0.2
icmp_share 0.2
fan_out 0.4
regularity 1
outside_share 0.6
END
is "$(jq -r 'select(.key == "192.0.2.2").features | keys_unsorted | join(" ")' "$T/vectors")" \
	"$(sed -n 's/^FEATURE(\(.*\))$/\1/p' "${0%/*}/../lib/ml/features.def" | tr '\n' ' ' | sed 's/ $//')" \
	"the features are those of the list, in its order"
is "$(sed -n 's/^\.It Va //p' "${0%/*}/../man/nf-mlfeat.1" | sort)" \
	"$(sed -n 's/^FEATURE(\(.*\))$/\1/p' "${0%/*}/../lib/ml/features.def" | sort)" "nf-mlfeat(1) explains each"

is "$("$mlfeat" --window 20 --step 20 --key dst <"$T/flows" | jq -c '[.key, .features.flows, .features.unique_peers]')" \
	'["198.51.100.1",4,2]
["198.51.100.2",2,1]' "of destinations with --key dst"
is "$("$mlfeat" --window 20 --step 20 --min-flows 2 <"$T/flows" | jq -r .key)" 192.0.2.1 "none of fewer flows than --min-flows"
is "$("$BUILD/bin/nf-cat" -b "$T/flows" | "$mlfeat" --window 20)" "$(cat "$T/vectors")" "the same from binary batches"
is "$({ head -n 4 "$T/flows"; echo '{"_mark":"t 1"}'; tail -n 2 "$T/flows"; } | "$mlfeat" --window 20 --step 20 | head -n 1)" \
	'{"_mark":"t 1"}' "marks go on"

# A flow that is late counts in the windows to come, one that is later in none.
late() {
	{ cat "$T/flows"; flow "$1" "$1" 192.0.2.9 198.51.100.1 1 1 6 2 1 40 ''; } |
		"$mlfeat" --window 20 -M "$T/metrics" | jq -r 'select(.key == "192.0.2.9").key' | sort -u
	sed -n "s/^nf_mlfeat_$2_flows_total //p" "$T/metrics"
}
is "$(late 5 late)" "192.0.2.9
1" "a flow late by less than the window counts"
is "$(late -30 stale)" 1 "a later one does not, and is counted"

# Many values: within the error that is stated.
awk 'BEGIN { for (i = 0; i < 60000; i++)
	printf "{\"timestamp_received\":1700000001.000,\"src_host\":\"192.0.2.1\",\"dst_host\":\"10.%d.%d.%d\",\"dst_port\":445,\"proto\":6,\"tcpflags\":2,\"packets\":1,\"bytes\":40}\n",
		i / 65536, i / 256 % 256, i % 256 }' >"$T/scan"
is "$("$mlfeat" <"$T/scan" | jq -c '.features | [.flows, (.unique_peers / 60000 - 1 | fabs) < 0.1,
	(.peer_entropy - (60000 | log2) | fabs) < 0.25, .unique_dst_ports, .failed_ratio]')" '[60000,true,true,1,1]' \
	"a scan of 60000 addresses is estimated near the truth"
# Many sources: memory stays in bounds, and what found no room is counted.
awk 'BEGIN { for (i = 0; i < 60000; i++)
	printf "{\"timestamp_received\":1700000001.000,\"src_host\":\"10.%d.%d.%d\",\"dst_host\":\"192.0.2.1\",\"dst_port\":445,\"proto\":6,\"packets\":1,\"bytes\":40}\n",
		i / 65536, i / 256 % 256, i % 256 }' >"$T/many"
n=$("$mlfeat" --memory 4M -M "$T/metrics" <"$T/many" | wc -l)
refused=$(sed -n 's/^nf_mlfeat_refused_flows_total //p' "$T/metrics")
ok "under --memory $n sources have vectors, and the flows of others are counted" \
	test "$n" -gt 500 -a "$n" -lt 10000 -a $((n + refused)) = 60000

# Scores: the odd one among usual sources.
for i in $(seq 300); do
	for k in 1 2 3 4; do
		flow $k $((k * i % 7)) "10.0.$((i / 250)).$((i % 250))" "198.51.100.$((k * (1 + i % 4) % (3 + i % 3)))" $((1024 + i * k)) 443 6 $((i % 10 == k ? 2 : 27)) $((5 + i % 9)) $((4000 + i * 10)) ''
	done
done >"$T/usual"
head -n 2000 "$T/scan" >>"$T/usual"
"$mlfeat" <"$T/usual" | "$score" -m "$T/model" train
"$mlfeat" --scorer "native:$T/model" --explain <"$T/usual" >"$T/scored"
is "$(jq -sr 'max_by(.ml_score) | .key' "$T/scored")" 192.0.2.1 "a scan scores highest"
is "$(jq -r 'select(.key == "192.0.2.1") | .reasons | length' "$T/scored")" 3 "and it is said why"
is "$(jq -c '[.key, .ml_score, .reasons]' "$T/scored")" \
	"$("$mlfeat" <"$T/usual" | "$score" -m "$T/model" --explain score | jq -c '[.key, .ml_score, .reasons]')" \
	"the scores are those of nf-score"

# refused WORDS NAME OPTION…
refused() {
	local words=$1 name=$2
	shift 2
	"$mlfeat" "$@" </dev/null >/dev/null 2>"$T/words"
	like "$? $(cat "$T/words")" "^2 .*$words" "$name"
}
printf '{"type":"features","version":1,"features":{"x":%d}}\n' 1 2 | "$score" -m "$T/foreign" train
refused 'a model of other features' "a model of other features is refused" --scorer "native:$T/foreign"
refused 'expected native:MODEL, native or a URL' "a scorer is a model or a place" --scorer x:y
refused 'expected src or dst' "a key is one of two" --key proto
refused 'step: expected' "a window is so many steps" --window 60 --step 7

"$BUILD/bin/nf-mlfeat" -h | grep -oE -- '^ +(-[A-Za-z]|    )?,? ?(--[a-z-]+)?' | grep -oE -- '-[A-Za-z]\b|--[a-z-]+' | sort -u >"$T/flags.help"
sed -n 's/^\.It Fl \([^A]*\).*/\1/p' "${0%/*}/../man/nf-mlfeat.1" | sed 's/ Cm [^,]*//g' | tr , '\n' | sed 's/Fl//; s/ //g' |
	grep . | sed 's/^/-/' | sort -u >"$T/flags.man"
is "$(cat "$T/flags.man")" "$(cat "$T/flags.help")" "nf-mlfeat(1) has the flags of -h"
plan
