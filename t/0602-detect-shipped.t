#!/bin/bash
# Each rule of etc/detection.yml: flows that it must see, and such that miss one of its thresholds or filters by a hair.
. "${0%/*}/tap.sh"
need perl

rules=${0%/*}/../etc/detection.yml
flows_of=${0%/*}/helper/flows-of.pl
printf 'my_prefixes: [198.51.100.0/23]\n' >"$T/c.yaml"

# started WORD...: the rules, with their keys, that begin an incident of such flows.
started() {
	"$flows_of" "$@" | "$BUILD/bin/nf-detect" -c "$T/c.yaml" -r "$rules" 2>"$T/err" |
		sed -n 's/.*"state":"start".*"rule":"\([^"]*\)","key":{\([^}]*\)}.*/\1 \2/p' | tr -d '"'
}

tried=()
# seen RULE KEY WORD...: the rule sees these flows, which stay the ones that near changes.
seen() {
	rule=$1 base=("${@:3}")
	tried+=("$rule")
	is "$(started "${base[@]}" | grep "^$rule ")$(<"$T/err")" "$rule $2" "$rule sees ${base[*]}"
}
# near WORD...: but not with these changes.
near() {
	is "$(started "${base[@]}" "$@" | grep "^$rule ")$(<"$T/err")" "" "$rule does not with $*"
}

# A scanner, and floods of 250 sources.
scan=(src=203.0.113.9 dst=198.51.100.1+250 flags=2)
flood=(src=203.0.113.1+250 dst=198.51.100.7)

seen slow_horizontal_scan "src_ip:203.0.113.9,dst_port:22" "${scan[@]}" dst=198.51.100.1+50 dport=22 n=70 every=850
near n=69
near dst=198.51.100.1+49
near every=870
near proto=17
near dport=22+2
near dst=192.0.2.1+50

seen vertical_scan "src_ip:203.0.113.9,dst_ip:198.51.100.7" "${scan[@]}" dst=198.51.100.7 dport=1+100 n=100 every=590
near dport=1+99
near every=610
near flags=18
near dst=198.51.100.7+2
near dst=192.0.2.7

seen patient_scan "src_ip:203.0.113.9" "${scan[@]}" dst=198.51.100.1+100 dport=80+50 n=100 every=36000
near dst=198.51.100.1+99
near every=36400
near flags=18
near src=203.0.113.9+2

seen amplifier_search "src_ip:203.0.113.9,dst_port:11211" "${scan[@]}" proto=17 dst=198.51.100.1+50 dport=11211 n=50
near n=49
near dport=123
near proto=6
near every=1300

seen outbound_scan "src_ip:198.51.100.7,dst_port:23" src=198.51.100.7 dst=203.0.113.1+100 dport=23 flags=2 n=100 every=600
near n=99
near every=610
near dport=10000+100
near flags=27
near dst=198.51.100.1+100
near src=192.0.2.7

seen syn_flood "dst_ip:198.51.100.7" "${flood[@]}" src=203.0.113.1+200 dport=443 flags=2 n=10000 every=0.9
near n=9999
near src=203.0.113.1+199
near flags=18
near dst=192.0.2.7

seen syn_flood_one_source "src_ip:203.0.113.9,dst_ip:198.51.100.7" src=203.0.113.9 dst=198.51.100.7 dport=1+200 flags=2 \
	n=5000 every=0.1
near n=4999
near flags=16
near src=203.0.113.9+2

seen udp_flood "dst_ip:198.51.100.7" "${flood[@]}" src=203.0.113.1+50 proto=17 dport=443 n=2000 packets=100 every=4
near packets=99
near src=203.0.113.1+49
near proto=6
near every=6
near dst=198.51.100.7+2

seen icmp_flood "dst_ip:198.51.100.7" src=203.0.113.9 dst=198.51.100.7 proto=1 dport=2048 n=2000 packets=10
near n=1999
near proto=17
near dst=192.0.2.7

seen fragment_flood "dst_ip:198.51.100.7" "${flood[@]}" proto=17 sport=0 dport=0 n=500 packets=100
near n=499
near dport=0+2
near proto=50

seen carpet_bombing "dst_prefix:198.51.100.0/24" "${flood[@]}" dst=198.51.100.1+64 proto=17 sport=53 dport=443 n=1250 \
	packets=70 bytes=100000
near dst=198.51.100.1+63
near n=1249
near sport=443
near dst=198.51.100.193+64 n=1270

seen carpet_syn_flood "dst_prefix:198.51.101.0/24" "${flood[@]}" dst=198.51.101.1+64 dport=80 flags=2 n=500 packets=100
near dst=198.51.101.1+63
near n=499
near flags=18

amplified=("${flood[@]}" proto=17 dport=20000+100 packets=7 bytes=10000)
seen dns_amplification "dst_ip:198.51.100.7" "${amplified[@]}" src=203.0.113.1+20 sport=53 n=2500
near n=2499
near src=203.0.113.1+19
near sport=5300
near proto=6

# amplification RULE PORT SOURCES: the others, which differ by little.
amplification() {
	seen "$1_amplification" "dst_ip:198.51.100.7" "${amplified[@]}" src="203.0.113.1+$3" sport="$2" n=625
	near n=624
	[ "$3" -eq 1 ] || near src="203.0.113.1+$(($3 - 1))"
	near sport=40000
	near proto=6
	near dst=198.51.100.7+2
}
amplification ntp 123 10
amplification memcached 11211 1
amplification ssdp 1900 20
amplification cldap 389 10
amplification other 19 10

guessing=(src=203.0.113.9 dst=198.51.100.7 sport=40000+1000 flags=27 packets=12 bytes=1800 n=20 every=3000)
for protocol in ssh:22 rdp:3389; do
	seen "${protocol%:*}_brute_force" "src_ip:203.0.113.9,dst_ip:198.51.100.7" "${guessing[@]}" dport=${protocol#*:}
	near n=19
	near every=3200
	near packets=7
	near flags=2
	near dst=198.51.100.7+2
	near dport=443
done

seen smtp_spam_burst "src_ip:198.51.100.7" src=198.51.100.7 dst=203.0.113.1+50 dport=25 flags=27 packets=20 bytes=9000 n=50 \
	every=1100
near n=49
near dst=203.0.113.1+49
near every=1300
near packets=3
near dport=587
near src=192.0.2.7

is "${tried[*]}" "$(sed -n 's/^- name: //p' "$rules" | xargs)" "these are all rules of the file"
plan
