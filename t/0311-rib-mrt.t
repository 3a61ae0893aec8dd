#!/bin/bash
# nf-rib on what bgpdump makes of MRT: sets, confederations and both families.
. "${0%/*}/tap.sh"
need bgpdump python3

rib() { "$BUILD/bin/nf-rib" "$@" 2>"$T/said"; }

"${0%/*}/data/make-mrt.py" >"$T/rib.mrt"
bgpdump -m "$T/rib.mrt" >"$T/text" 2>/dev/null
is "$(wc -l <"$T/text")" 8 "bgpdump reads the routes"
ok "they are compiled" rib -t "$T/table" compile "$T/text"
is "$(rib -t "$T/table" dump)" '{"prefix":"0.0.0.0/0","as_path":[64500],"next_hop":"198.51.100.1","peer":"198.51.100.9"}
{"prefix":"192.0.2.0/24","as_path":[64500,64501,64496],"next_hop":"198.51.100.1","local_pref":150,"med":20,"communities":["64500:1","65535:65281"],"peer":"198.51.100.9"}
{"prefix":"198.18.0.1/32","as_path":[],"next_hop":"198.51.100.1","peer":"198.51.100.9"}
{"prefix":"203.0.113.0/24","as_path":[64500,"{64501,64502}"],"next_hop":"198.51.100.1","peer":"198.51.100.9"}
{"prefix":"203.0.113.128/25","as_path":["(65001 65002)","[65003,65004]",64500],"next_hop":"198.51.100.1","peer":"198.51.100.9"}
{"prefix":"::/0","as_path":[4200000001],"next_hop":"2001:db8::1","peer":"2001:db8::9"}
{"prefix":"2001:db8::/32","as_path":[4200000001,64510,64510],"next_hop":"2001:db8::1","med":1,"peer":"2001:db8::9"}' \
	"as they are"
is "$(rib -t "$T/table" dump)" "$("${0%/*}/helper/rib_reference.py" <"$T/text")" "and as the reference has them"
bgpdump -M "$T/rib.mrt" 2>/dev/null | rib -t "$T/table" compile
is "$(rib -t "$T/table" lookup 203.0.113.1)" \
	'{"address":"203.0.113.1","prefix":"203.0.113.0/24","as_path":[64500,"{64501,64502}"],"peer":"198.51.100.9"}' \
	"-M, with less in it, is read too"
plan
