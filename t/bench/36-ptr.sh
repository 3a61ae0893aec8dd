#!/bin/bash
# The step ptr alone, per flow of two addresses: every name in the cache, and no name server that answers.
. "${0%/*}/lib.sh"

for ((i = 0; i < ROUNDS; i++)); do pinned "$BENCH/ptr" "$T" || exit 1; done >"$T/lines"
all() { awk -v name="$1" '$1 == name { print $2 }' "$T/lines" | sort -g; }
for kind in warm dead; do
	row "ptr: $kind, Zipf addresses" "$(all ptr_$kind | tail -n 1 | awk '{ printf "%d", $1 * 1e6 }')" -
	printf 'ptr: %s, cost of a flow\t%s ns\t-\t-\n' "$kind" "$(all ptr_${kind}_cost | head -n 1)"
done
