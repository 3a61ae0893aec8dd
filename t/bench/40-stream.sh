#!/bin/bash
# Copying a binary stream of 4 million flows of 25 fields from pipe to pipe, against cat, in turn: how fast, and what
# the copying process itself costs.
. "${0%/*}/lib.sh"
PATH=$BUILD/bin:$BUILD/t/helper:$PATH
rows=4000000

flowgen "$rows" >"$T/in"
bytes=$(stat -c %s "$T/in")

# copy CMD…: seconds on the clock and on the CPU that it takes between two pipes.
copy() {
	TIMEFORMAT='%R %U %S'
	cat "$T/in" | { time "$@" 2>/dev/null; } 2>"$T/took" | cat >/dev/null
	awk '{ print $1, $2 + $3 }' "$T/took"
}

# against_cat NAME CMD…
against_cat() {
	local i name=$1
	shift
	for ((i = 0; i < ROUNDS; i++)); do
		echo "ours $(copy "$@")"
		echo "cat $(copy cat)"
	done | awk -v OFS='\t' -v name="$name" -v rows="$rows" -v bytes="$bytes" '
		!($1 in wall) || $2 < wall[$1] { wall[$1] = $2 }
		!($1 in cpu) || $3 < cpu[$1] { cpu[$1] = $3 }
		function rate(who) {
			return sprintf("%.1f M/s, %.2f GB/s", rows / wall[who] / 1e6, bytes / wall[who] / 1e9)
		}
		function cost(who) { return sprintf("%.3f CPU s/M", cpu[who] / rows * 1e6) }
		END {
			print name ": copy binary", rate("ours"), rate("cat") " (cat)", sprintf("%.2f", wall["cat"] / wall["ours"])
			print name ": its cost", cost("ours"), cost("cat") " (cat)", sprintf("%.2f", cpu["cat"] / cpu["ours"])
		}'
}

against_cat "nf-tee -b -" nf-tee -i bin -b -
[ ! -x "$BUILD/bin/nf-cat" ] || against_cat "nf-cat -b" nf-cat -i bin -b
