#!/bin/bash
# The Grafana dashboards of contrib/grafana: they are what their maker makes of etc/queries, and a server answers each
# panel as it answers nf-query, once Grafana's macros and variables are filled in.
. "${0%/*}/tap.sh"
. "${0%/*}/insert.sh"
. "${0%/*}/query.sh"

top=${0%/*}/..
server_start
fill
host=192.0.2.77
filled() { # SQL TABLE
	sed -e "s/\$__fromTime/toDateTime($from)/g; s/\$__toTime/toDateTime($to)/g; s/\$__interval_s/60/g" \
		-e "s/\${database}/pmacct/g; s/\${table}/$2/g; s/\${limit}/20/g; s/\${host}/$host/g; s/\${my_asn}/64496/g" <<<"$1"
}
ours() { # TABLE QUERY
	local p=() name=$2
	case $name in host | score-of) p=(-p "host=$host") ;; upstreams) p=(-p my_asn=64496) ;; incidents) p=(--limit 20) ;; esac
	query "$1" "$name" --format TabSeparated "${p[@]}"
}
for table in classic wide; do
	file=$top/contrib/grafana/$table.json
	ok "$table.json is JSON" jq -e '.panels | length > 15' "$file"
	is "$(python3 "$top/contrib/grafana/dashboard.py" "$table" | cmp - "$file" 2>&1)" "" "and what dashboard.py makes of the queries"
	is "$(jq -r '[.panels[].id] | length - (unique | length)' "$file")" 0 "each panel has an id of its own"
	# Panels are in the order of the maker's table, which names their queries.
	mapfile -t shown < <(sed -n 's/^    ("[^"]*", "\([a-z0-9-]*\)", .*, \(True\|False\)),$/\1 \2/p' "$top/contrib/grafana/dashboard.py" |
		awk -v wide=$([ $table = wide ] && echo 1 || echo 0) 'wide || $2 == "False" { print $1 }')
	is "${#shown[@]}" "$(jq '.panels | length' "$file")" "a panel for each query"
	for i in "${!shown[@]}"; do
		sql=$(jq -r ".panels[$i].targets[0].rawSql" "$file")
		is "$(filled "$sql" $table | ch 2>&1)" "$(ours $table "${shown[i]}")" "panel ${shown[i]} of $table"
	done
done
plan
