#!/bin/bash
# nf-detect: thresholds of host groups, and thresholds above what is usual, learnt and kept on disk.
. "${0%/*}/tap.sh"

detect=$BUILD/bin/nf-detect
rules=$T/rules.yml
cat >"$rules" <<'EOF'
host_groups:
  mail: [198.51.100.25]
  net: [198.51.100.0/24]
rules:
- {name: crowd, min_unique_src_ips: 10, time_window: 10s, host_groups: {mail: {min_unique_src_ips: 20}, net: {min_unique_src_ips: 5}}}
- {name: scan, unique_dst_ips: 30, time_window: 10s, host_groups: {net: {unique_dst_ips: 40}}}
EOF

# crowd HOST SOURCES: so many sources towards one host, one in 100 ms.
crowd() {
	perl -e 'for my $i (1 .. $ARGV[1]) { printf qq({"timestamp_received":%.3f,"src_host":"203.0.113.%d",) .
		qq("dst_host":"%s","proto":6,"packets":1,"bytes":60}\n), 1700000000 + $i / 10, $i, $ARGV[0] }' "$@"
}
starts() { "$detect" -r "$rules" | grep -c '"state":"start"'; }
is "$(crowd 192.0.2.1 9 | starts) $(crowd 192.0.2.1 10 | starts)" "0 1" "who is in no group has the rule's threshold"
is "$(crowd 198.51.100.7 4 | starts) $(crowd 198.51.100.7 5 | starts)" "0 1" "a host group may have a lower one"
is "$(crowd 198.51.100.25 19 | starts) $(crowd 198.51.100.25 20 | starts)" "0 1" "or a higher one, and the longest prefix decides"
like "$(crowd 198.51.100.25 20 | "$detect" -r "$rules" | head -1)" \
	'"reasons":\[\{"threshold":"min_unique_src_ips","limit":20,"value":20,"at_least":true\}\],"host_group":"mail",' \
	"a detection tells whose threshold it was"
like "$(crowd 198.51.100.25 19 | "$detect" -r "$rules" --explain crowd | tail -1)" '^  95%.*min_unique_src_ips 19/20$' \
	"and --explain reckons with it"

# Hosts .1 and .2 get 100 and 2 flows in each 10 s of 70 minutes (of which .2 has a burst of 50 early and late),
# .3 nothing but a burst late; ARGV: seconds to leave out at the start.
cat >"$rules" <<'EOF'
- {name: rise, group_by: [dst_ip], min_flows: 40, time_window: 10s, above_baseline: 3x}
EOF
traffic() {
	perl -e 'my ($from, $to, $peak) = @ARGV;
		for my $s ($from .. $to - 1) {
			my @n = (0, 10, $s % 5 == 0, 0);
			@n = (0, $peak, 50, 50) if $s == $to - 5 || $s == $from + 1000;
			for my $h (1 .. 3) { for my $i (1 .. $n[$h]) {
				printf qq({"timestamp_received":%d,"src_host":"203.0.113.1","dst_host":"198.51.100.%d",) .
					qq("proto":6,"packets":1,"bytes":60}\n), 1700000000 + $s, $h } } }' "$@"
}
seen() { jq -r 'select(.state == "start") | "\(.time - 1700000000) \(.key.dst_ip) \(.reasons[0].limit)"' "$1"; }

traffic 0 4200 150 >"$T/calm"
"$detect" -r "$rules" --baselines "$T/base" <"$T/calm" >"$T/out" 2>"$T/err"
is "$? $(cat "$T/err")" "0 " "it learns and keeps what it learnt"
is "$(seen "$T/out")" "4195 198.51.100.2 40
4195 198.51.100.3 40" "silent in its first hour; then small hosts are heard at the threshold, a busy one is not at twice its usual"
like "$(head -1 "$T/out")" '"usual":\{"flows":[0-9]+,"packets":[0-9]+,"bytes":[0-9]+\}' "a detection tells what is usual"
is "$(head -c 8 "$T/base")" NFBASE01 "there is a file with its version"

traffic 4200 4300 250 >"$T/later"
"$detect" -r "$rules" --baselines "$T/base" <"$T/later" >"$T/out"
is "$(seen "$T/out" | sed 's/ 2[89][0-9]$/ three times/; s/ 30[0-9]$/ three times/')" "4295 198.51.100.1 three times
4295 198.51.100.2 40
4295 198.51.100.3 40" "after a restart it goes on from the file: three times the usual is heard at once"
cp "$T/base" "$T/good"
"$detect" -r "$rules" --baselines "$T/base" --explain rise <"$T/later" >"$T/out"
ok "a report leaves what was learnt as it is" cmp -s "$T/base" "$T/good"

printf 'x' | dd of="$T/base" bs=1 seek=60 conv=notrunc 2>/dev/null
"$detect" -r "$rules" --baselines "$T/base" <"$T/later" >"$T/out" 2>"$T/err"
is "$? $(cat "$T/out" "$T/err")" "0 nf-detect: warning: $T/base: the checksum does not hold: damaged; learning begins anew, and it is $T/base.bad now" \
	"a damaged file is put aside"
ok "and a sound one is in its place" test -s "$T/base" -a -s "$T/base.bad"
"$detect" -r "$rules" --baselines "$T/none/base" <"$T/later" >"$T/out" 2>"$T/err"
is $? 1 "a file that cannot be written is a failure"
like "$(cat "$T/err")" "$T/none/base" "and is named"
"$detect" -r "$rules" <"$T/later" 2>&1 >"$T/out" | grep -q 'no --baselines: what is learnt is lost'
is $? 0 "without a file, that is said"
plan
