#!/bin/bash
# Prefix tables of full size, and geoip with own networks, beside libmaxminddb asked plainly for the same values.
# BENCH_ASN_DB and BENCH_CITY_DB name the databases; without them a published one is taken where it is at hand.
. "${0%/*}/lib.sh"
published=../../../shared/data/npm+ip-location-db-geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb
asn=${BENCH_ASN_DB:-../data/mmdb/geolite2-asn.mmdb}
city=${BENCH_CITY_DB:-$published}

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

if [ ! -e "$city" ]; then
	echo "enrich: no database; BENCH_ASN_DB and BENCH_CITY_DB name them" >&2
	exit 0
fi
lines "$BENCH/enrich" "$asn" "$city" || exit 1
row "enrich: random addresses" "$(rate enrich_chain_random)" "$(rate enrich_maxminddb)" libmaxminddb
row "enrich: Zipf addresses" "$(rate enrich_chain_zipf)" "$(rate enrich_maxminddb)" libmaxminddb
