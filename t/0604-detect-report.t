#!/bin/bash
# nf-detect --explain and --suggest: what a recording tells about thresholds.
. "${0%/*}/tap.sh"

detect=$BUILD/bin/nf-detect
rules=$T/rules.yml
cat >"$rules" <<'EOF'
- {name: scan, proto: tcp, same_dst_port: true, unique_dst_ips: 20, min_flows: 30, time_window: 60s, action: [alert, blackhole], blackhole_count: 1}
- {name: burst, min_avg_bps: 100000, min_total_packets: 100, time_window: 10s}
- {name: icmp, proto: icmp, min_flows: 5}
EOF

# Source N of 1..40 tries N hosts, one in a second, one flow each and one more to the first; the 40th is not trusted.
perl -e 'for my $s (0 .. 40) { for my $n (1 .. 40) { my $src = $n; next if $s > $n;
	printf qq({"timestamp_received":%d,"src_host":"203.0.113.%d","dst_host":"198.51.100.%d","dst_port":22,) .
		qq("proto":6,"trusted":%s,"packets":%d,"bytes":%d}\n),
		1700000000 + $s, $n, $s == $n ? 0 : $s, $n == 40 ? "false" : "true", $n, 1000 * $n } }' >"$T/flows"

"$detect" -r "$rules" --explain scan --top 3 <"$T/flows" >"$T/out" 2>"$T/err"
is "$? $(cat "$T/err")" "0 " "--explain goes through"
is "$(head -3 "$T/out")" "scan: window 60 s, 40 groups, held for 12
  min_flows: limit 30, largest 41 (137%)
  unique_dst_ips: limit 20, largest 40 (200%)" "it gives each threshold's largest value, beyond the limit too"
is "$(sed -n '4,$p' "$T/out" | tr '\t' ' ')" '  137% 2023-11-14T22:14:00.000Z {"src_ip":"203.0.113.40","dst_port":22} untrusted min_flows 41/30 unique_dst_ips 40/20
  133% 2023-11-14T22:13:59.000Z {"src_ip":"203.0.113.39","dst_port":22} min_flows 40/30 unique_dst_ips 39/20
  130% 2023-11-14T22:13:58.000Z {"src_ip":"203.0.113.38","dst_port":22} min_flows 39/30 unique_dst_ips 38/20' \
	"and the nearest groups with when and how near"
is "$("$detect" -r "$rules" --explain icmp <"$T/flows")" "icmp: window 60 s, 0 groups, held for 0
  min_flows: limit 5, largest 0 (0.0%)" "a rule that saw nothing says so"
"$detect" -r "$rules" --explain scam </dev/null 2>"$T/err"
is "$? $(cat "$T/err")" "2 nf-detect: error: --explain 'scam': no rule has this name, did you mean 'scan'?" \
	"a rule that is not there"

"$detect" -r "$rules" --suggest <"$T/flows" >"$T/new" 2>"$T/err"
is "$? $(cat "$T/err")" "0 " "--suggest goes through"
is "$(sed -n '1,6p' "$T/new" | tr -s ' ')" "# scan: window 60 s, 40 groups
# threshold limit now half 90% 99% 99.9% largest
# min_flows 30 21 37 41 41 41
# unique_dst_ips 20 20 36 40 40 40
- name: scan
 min_flows: 50" "it gives percentiles, then a fifth more than nearly all"
like "$(cat "$T/new")" "# icmp: window 60 s, 0 groups
# no flow that the rule sees: nothing to go by" "and nothing where it has nothing to go by"

# Its thresholds in place of ours: nothing is detected any more in what was the measure.
is "$("$detect" -r "$rules" <"$T/flows" | grep -c '"state":"start"')" 40 "with the old thresholds much is detected"
perl -e 'open my $new, "<", shift; while (<$new>) { $r = $1 if /^- name: (\w+)/; $v{$r}{$1} = $2 if /^  (\w+): (\d+)/ }
	while (<>) { my ($r) = /name: (\w+)/; s/(\w+): (\d+)(?=[,}])/"$1: " . ($v{$r}{$1} \/\/ $2)/ge; print }' \
	"$T/new" "$rules" >"$T/tuned.yml"
is "$("$detect" -r "$T/tuned.yml" <"$T/flows" | wc -l)" 0 "with those proposed nothing is"
plan
