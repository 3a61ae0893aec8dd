#!/bin/bash
# nf-detect: a scan is seen, one below each threshold is not, and a replay says what live said.
. "${0%/*}/tap.sh"

detect=$BUILD/bin/nf-detect
rules=${0%/*}/../etc/detection.yml

# scan FLOWS HOSTS [STEP_MS]: one source tries port 22 of so many hosts in so many flows.
scan() {
	perl -e '($flows, $hosts, $step) = @ARGV;
		for my $i (0 .. $flows - 1) {
			my $ms = 1700000000000 + $i * $step;
			printf qq({"timestamp_received":%d.%03d,"src_host":"203.0.113.9","dst_host":"198.51.100.%d",) .
				qq("src_port":%d,"dst_port":22,"proto":6,"tcpflags":2,"packets":1,"bytes":60}\n),
				$ms / 1000, $ms % 1000, $i % $hosts, 40000 + $i;
		}' "$1" "$2" "${3:-500}"
}

starts() { grep -c '"state":"start"' "$1"; }

scan 70 50 >"$T/scan"
"$detect" -r "$rules" <"$T/scan" >"$T/out" 2>"$T/err"
is "$? $(cat "$T/err")" "0 " "a scan goes through in silence"
is "$(starts "$T/out")" 1 "it starts one incident"
like "$(head -1 "$T/out")" '"rule":"slow_horizontal_scan","key":\{"src_ip":"203.0.113.9","dst_port":22\}' \
	"it names the rule and who"
like "$(head -1 "$T/out")" '"time":1700000034.500,' "it is seen with the flow that crosses the threshold"
like "$(head -1 "$T/out")" '\{"threshold":"min_flows","limit":70,"value":70\},\{"threshold":"unique_dst_ips","limit":50,"value":50,"at_least":true\}' \
	"it gives each threshold with its limit and value"
is "$(tail -n +2 "$T/out" | grep -c '"state":"end"')" 1 "and ends with the input"

scan 69 50 >"$T/few"
is "$("$detect" -r "$rules" <"$T/few")" "" "one flow fewer is silent"
scan 70 49 >"$T/narrow"
is "$("$detect" -r "$rules" <"$T/narrow")" "" "one host fewer is silent"
scan 70 50 870 >"$T/slow"
is "$("$detect" -r "$rules" <"$T/slow")" "" "the same in 61 seconds is silent"
scan 70 50 856 >"$T/slow"
is "$("$detect" -r "$rules" <"$T/slow" | wc -l)" 2 "and in 60 it is not"

scan 300 60 >"$T/long"
"$detect" -r "$rules" <"$T/long" >"$T/first"
"$detect" -r "$rules" <"$T/long" >"$T/second"
ok "a replay says the same, ids and all" cmp "$T/first" "$T/second"

# Live: the flows come in pieces, with pauses that make the stage take what it has.
perl -e '$| = 1; while (<>) { print; select(undef, undef, undef, 0.012) if $. % 20 == 0 }' "$T/long" |
	"$detect" -r "$rules" >"$T/live"
ok "live says what the replay says" cmp "$T/first" "$T/live"
is "$(wc -l <"$T/first")" 4 "a start, two updates and an end"
is "$(grep -o '"id":"[^"]*"' "$T/first" | sort -u | wc -l)" 1 "all under one id"

# The blackhole is due in the fiftieth second.
is "$(grep -c '"blackhole":{"prefix":"203.0.113.9/32","target":"src","next_hop":"192.0.2.1","communities":\["65001:666"\],"ttl":3600}' "$T/first")" \
	2 "the blackhole is proposed once it is due"

# The other rules that are shipped.
perl -e 'for my $i (0 .. 9999) {
		printf qq({"timestamp_received":%d.%03d,"src_host":"192.0.2.%d","dst_host":"198.51.100.7",) .
			qq("src_port":%d,"dst_port":443,"proto":6,"tcpflags":2,"packets":1,"bytes":60}\n),
			1700000000 + $i / 1250, $i % 1250 * 4 / 5, $i % 250, $i; }' >"$T/flood"
is "$("$detect" -r "$rules" <"$T/flood" | grep -o '"state":"start".*"rule":"[a-z_]*","key":{[^}]*}' | sed 's/.*"rule"/"rule"/')" \
	'"rule":"syn_flood","key":{"dst_ip":"198.51.100.7"}' "a SYN flood is seen by its rule"
sed 's/"tcpflags":2/"tcpflags":27/' "$T/flood" >"$T/crowd"
is "$("$detect" -r "$rules" <"$T/crowd")" "" "as many whole connections are not"
perl -e 'for my $i (1 .. 100) {
		printf qq({"timestamp_received":%d,"src_host":"203.0.113.9","dst_host":"198.51.100.7",) .
			qq("src_port":4000,"dst_port":%d,"proto":6,"tcpflags":2,"packets":1,"bytes":60}\n),
			1700000000 + $i / 2, $i; }' >"$T/vertical"
is "$("$detect" -r "$rules" <"$T/vertical" | grep -c '"rule":"vertical_scan"')" 2 "a vertical scan is seen"
is "$(head -99 "$T/vertical" | "$detect" -r "$rules")" "" "one port fewer is silent"

# Only towards own prefixes, where they are set.
printf 'my_prefixes: [203.0.113.0/24]\n' >"$T/c.yaml"
is "$("$detect" -c "$T/c.yaml" -r "$rules" <"$T/scan")" "" "a scan of others is none of our business"
printf 'my_prefixes: [198.51.100.0/24]\n' >"$T/c.yaml"
is "$("$detect" -c "$T/c.yaml" -r "$rules" <"$T/scan" | wc -l)" 2 "a scan of ours is"

# The clock of the flows themselves.
sed 's/timestamp_received/timestamp_end/' "$T/scan" | sed 's/^{/{"timestamp_received":1700009999,/' >"$T/own"
like "$("$detect" -r "$rules" --clock flow <"$T/own" | head -1)" '"time":1700000034.500,' "--clock flow goes by their times"
like "$("$detect" -r "$rules" <"$T/own" | head -1)" '"time":1700009999.000,' "and the other by when they came"

plan
