#!/bin/bash
# nf-score finds what scikit-learn's forest finds on the same rows.
. "${0%/*}/tap.sh"
python=/usr/bin/python3 # Debian's, which python3-sklearn is for
"$python" -c 'import sklearn' 2>/dev/null || {
	[ "$CI" = true ] && bail "python3-sklearn is missing"
	skip_all "python3-sklearn is not here"
}
shared=${0%/*}/../../shared/data
[ -d "$shared" ] || shared=${0%/*}/../../../shared/data
peer() { PYTHONDONTWRITEBYTECODE=1 "$python" "${0%/*}/data/ml_peer.py" "$@"; }

# near "OURS THEIRS": within a hundredth.
near() { awk -v pair="$1" 'BEGIN { n = split(pair, v, " "); d = v[1] - v[2]; exit !(n == 2 && v[1] > 0.5 && d <= 0.01 && d >= -0.01) }'; }
at_least() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a >= b) }'; }

compare() { # NAME CSV [areas]
	local areas rank
	areas=$(peer auc "$BUILD/bin/nf-score" "$2")
	ok "$1: area under the ROC curve, ours and theirs: $areas" near "$areas"
	[ "${3-}" = areas ] && return
	rank=$(peer rank "$BUILD/bin/nf-score" "$2")
	ok "$1: rank correlation of the scores: $rank" at_least "$rank" 0.98
}

peer generate >"$T/generated.csv"
compare generated "$T/generated.csv"

sets=$shared/Minqi824+ADBench/csv
if [ -d "$sets" ]; then
	for set in 4_breastw 38_thyroid 18_Ionosphere 6_cardio; do compare "$set" "$sets/$set.csv"; done
	for set in 28_pendigits 23_mammography; do compare "$set" "$sets/$set.csv" areas; done
else
	tap_result 0 "public data sets # SKIP they are not beside this tree"
fi
plan
