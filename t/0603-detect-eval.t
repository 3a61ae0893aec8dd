#!/bin/bash
# The shipped rules on some hours of traffic with attacks of known truth: the large ones are told, and next to nothing else.
. "${0%/*}/tap.sh"
need perl

BUILD=$BUILD "${0%/*}/eval/rules" 20000 2 >"$T/table" 2>"$T/err"
is "$? $(cat "$T/err")" "0 " "the evaluation runs"
table() { awk '$1 == "rule", $1 == "all"' "$T/table" | sed '1,2d;$d'; }
is "$(table | wc -l)" "$(grep -c '^- name: ' "${0%/*}/../etc/detection.yml")" "it has a line for each rule"
is "$(table | awk '$3 != "1.00" { print $1 }')" "" "each rule tells of its large attack"
is "$(table | awk '$5 != "1.00" && $1 != "ssh_brute_force" { print $1 }')" "" "and of nothing that is none"
is "$(table | awk '$7 > 0 { print $1, $NF }')" "ssh_brute_force 90.127.227.101" \
	"but for a robot of one's own that logs in all the time, which is told on a clean day, too"
plan
