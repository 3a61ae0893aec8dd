#!/bin/bash
# nf-collect: sampling rates by the configuration, over what exporters tell, and read again on HUP.
. "${0%/*}/tap.sh"
need jq
data=${0%/*}/data
collect=$BUILD/bin/nf-collect
port=$(free_port)

# with YAML: the configuration that has this for sampling.
with() {
	echo "collectors: {netflow: {config: {sampling: $1}}}" >"$T/c.yaml"
	chmod 600 "$T/c.yaml"
}

# rates CAPTURE: those of its flows, each once.
rates() { "$collect" -c "$T/c.yaml" -r "$data/$1.pcap" 2>/dev/null | jq -r '.sampling_rate // "none"' | sort -nu | tr '\n' ' '; }

with '{}'
is "$(rates nfprobe-v9) $(rates softflowd-v9) $(rates sfprobe)" "none  1  64 " "what exporters tell: nothing, 1, 64"
with '{default: 1000}'
is "$(rates nfprobe-v9) $(rates softflowd-v9) $(rates sfprobe)" "1000  1  64 " "default stands where they tell nothing"
with '{override: 512}'
is "$(rates nfprobe-v9) $(rates softflowd-v9) $(rates sfprobe)" "512  512  512 " "override stands for all"
with '{default: {198.51.100.0/24: 1000, 198.51.100.1: 2000}, override: {192.0.2.0/24: 7, "2001:db8::/32": 8}}'
is "$(rates nfprobe-v9) $(rates nfprobe-ipfix) $(rates softflowd-v5)" "2000  8  2000 " "by prefix, and the longest wins"

with '{override: 512}'
"$collect" -v -c "$T/c.yaml" -l "127.0.0.1:$port" >"$T/flows" 2>"$T/words" &
PIDS+=($!)
pid=$!
wait_for 10 grep -q listening "$T/words"
lines() { test "$(wc -l <"$T/flows")" -ge "$1"; }
"$BUILD/t/helper/udp_replay" "127.0.0.1:$port" "$data/softflowd-v9-template.pcap" >/dev/null
wait_for 5 lines 1
before=$(wc -l <"$T/flows")
with '{override: {127.0.0.0/8: 600}}'
kill -HUP $pid
ok "HUP reads them again" wait_for 5 grep -q reloaded "$T/words"
"$BUILD/t/helper/udp_replay" "127.0.0.1:$port" "$data/softflowd-v9-template.pcap" >/dev/null
wait_for 5 lines $((before + 1))
with '{override: {127.0.0.1/8: 600}}'
kill -HUP $pid
ok "and refuses a bad prefix" wait_for 5 grep -q "c.yaml:1:.*bits set beyond its length.*the old configuration stays" "$T/words"
kill -TERM $pid
wait $pid
is "$(jq .sampling_rate "$T/flows" | uniq | tr '\n' ' ')" "512 600 " "for exporters that are known already"
plan
