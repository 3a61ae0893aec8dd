# What the tests of nf-query share: after tap.sh and insert.sh, a model of the answers, and the questions of etc/queries.
need python3

queries=${0%/*}/../etc/queries
names=$(cd "$queries" && ls -- *.sql | sed 's/\.sql$//')
# The two hours that all is about: of yesterday, so that no row is too old.
from=$((($(date +%s) / 86400 - 1) * 86400 + 36000)) to=$((from + 7200))
model() { python3 "${0%/*}/helper/query_model.py" "$@"; }

# What the queries ask for comes from the configuration, or from flags.
printf '%s\n' 'my_asn: 64496' 'my_prefixes: [198.51.100.0/24, "2001:db8::/32"]' >"$T/conf"
declare -A flags=(
	[percentile-95]='-p customers=198.51.100.0/28,198.51.100.16/28,2001:db8:1::/48'
	[host]='-p host=198.51.100.3' [score-of]='-p host=192.0.2.77'
	[nat]='-p host=203.0.113.250 -p port=40001'
	[as-months]='-p as=64501 --since 60d'
)

query() { # TABLE NAME FLAG…
	local table=$1 name=$2
	shift 2
	"$BUILD/bin/nf-query" -c "$T/conf" --url "$URL" --queries "$queries" --table "$table" --format tsv \
		--since "$(date -u -d @$from '+%F %T')" --until "$(date -u -d @$((to + 7200)) '+%FT%T+02:00')" "$name" "$@"
}

# Stores the model's flows in the tables classic and wide, and what else there is.
fill() { # FLAG…
	model flows "$T" "$from" || bail "no flows"
	ok "flows go into a classic table" insert "$@" --create --rollup --table classic <"$T/flows.ndjson"
	ok "and into a wide one" insert "$@" --create --rollup --schema wide --table wide <"$T/flows.ndjson"
	ok "scores too" insert --rows --table ml_scores <"$T/scores.ndjson"
	ok "and detections" insert --rows --table detections <"$T/detections.ndjson"
	ok "and names" insert --rows --table ptr_cache <"$T/ptr.ndjson"
}

# Asks all of both tables.
ask_all() {
	local table name status
	for table in wide classic; do
		model answers "$T" "$from" "$([ $table = wide ] && echo 1 || echo 0)" || bail "no answers"
		for name in $names; do
			# shellcheck disable=SC2086
			query $table "$name" ${flags[$name]} >"$T/got" 2>"$T/words"
			status=$?
			case $table/$name in
			classic/nat | classic/exporters | classic/interface-load)
				is $status 2 "$name cannot be asked of the classic table"
				like "$(<"$T/words")" "it needs the column .*, which the table pmacct.classic lacks; nf-ch-insert --migrate --schema wide adds it" \
					"and says which column it needs"
				;;
			*)
				is "$status $(<"$T/words")" "0 " "$name can be asked of the $table table"
				ok "and its answer is right" model same "$T/got" "$T/$name.want"
				;;
			esac
		done
	done
}
