#!/bin/bash
# Prefix tables of full size, and geoip with own networks, beside libmaxminddb asked plainly for the same values.
. "${0%/*}/lib.sh"

# lines CMD…: what it prints in ROUNDS runs, lines of name, value, unit; most and least of a name.
lines() { for ((i = 0; i < ROUNDS; i++)); do pinned "$@" || return 1; done >"$T/lines"; }
all() { awk -v name="$1" '$1 == name { print $2 }' "$T/lines" | sort -g; }
most() { all "$1" | tail -n 1; }
least() { all "$1" | head -n 1; }
rate() { awk -v m="$(most "$1")" 'BEGIN { printf "%d", m * 1000000 }'; }

lines "$BENCH/lpm" || exit 1
printf 'prefix table: compile %s prefixes\t%s s\t-\t-\n' "$(most lpm_prefixes)" "$(least lpm_compile)"
printf 'prefix table: memory\t%s MB\t-\t-\n' "$(most lpm_image)"
row "prefix table: random IPv4 addresses" "$(rate lpm_lookup_v4)" -
row "prefix table: random IPv6 addresses" "$(rate lpm_lookup_v6)" -

databases || exit 1
lines "$BENCH/enrich" "$asn" "$city" || exit 1
row "enrich: random addresses" "$(rate enrich_chain_random)" "$(rate enrich_maxminddb)" libmaxminddb
row "enrich: Zipf addresses" "$(rate enrich_chain_zipf)" "$(rate enrich_maxminddb)" libmaxminddb
