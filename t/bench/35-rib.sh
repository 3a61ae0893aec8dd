#!/bin/bash
# nf-rib on a table of full size (1.0 million prefixes of IPv4, 220,000 of IPv6) in each form of text, and nf-enrich's
# step bgp with it.
. "${0%/*}/lib.sh"

# least CMD…: CPU seconds and the largest memory in MB, each the smallest of ROUNDS runs.
least() {
	local i
	for ((i = 0; i < ROUNDS; i++)); do
		pinned /usr/bin/time -f '%U %S %M' "$@" 2>&1 >/dev/null | tail -n 1 | awk '{ print $1 + $2, $3 / 1000 }'
	done | sort -g | head -n 1
}

for form in bgpdump ndjson json; do
	"$BUILD/t/helper/gen_rib" $form >"$T/text" || exit 1
	read -r cpu mb < <(least "$BUILD/bin/nf-rib" -t "$T/table" compile "$T/text")
	printf 'nf-rib compile, %s\t%s s, %.0f MB while it runs\t-\t-\n' $form "$cpu" "$mb"
done
rm "$T/text"
printf 'prefix table of %s prefixes\t%d MB\t-\t-\n' "$("$BUILD/bin/nf-rib" -t "$T/table" dump | wc -l)" \
	$(($(stat -c %s "$T/table") / 1000000))

databases || exit 1
for ((i = 0; i < ROUNDS; i++)); do pinned "$BENCH/enrich" "$asn" "$city" "$T/table" || exit 1; done >"$T/lines"
most() { awk -v name="$1" '$1 == name && $2 > v { v = $2 } END { printf "%d", v * 1000000 }' "$T/lines"; }
row "enrich with bgp: random addresses" "$(most enrich_chain_bgp_random)" "$(most enrich_maxminddb)" libmaxminddb
row "enrich with bgp: Zipf addresses" "$(most enrich_chain_bgp_zipf)" "$(most enrich_maxminddb)" libmaxminddb
