# What every scorer holds to, nf-mlfeat(1); sourced after tap.sh by the test of each.

# post BODY: the status and the answer, on one line, of POST $URL/score.
post() { curl -sS -m 20 -w ' %{http_code}\n' -H 'Content-Type: application/json' --data-binary @- "$URL/score" <<<"$1" 2>&1 | tr -d '\n'; }
up() { curl -sS -o /dev/null "$URL/health"; }
get() { curl -sS -m 20 -w ' %{http_code}' "$URL/$1" | tr -d '\n'; }

# usual FROM TO: a request with vectors much like one another.
usual() {
	awk -v from="$1" -v to="$2" 'BEGIN {
		printf "{\"version\":1,\"features\":[\"flows\",\"ports\",\"ratio\"],\"vectors\":["
		for (i = from; i < to; i++)
			printf "%s{\"id\":\"10.0.%d.%d\",\"values\":[%d,%d,%.4f]}", (i > from ? "," : ""), i / 250, i % 250,
				10 + i * 7919 % 90, 1 + i * 104729 % 10, i * 1299709 % 1000 / 1000
		print "]}"
	}'
}

# fields JSON…: the answer without its status.
answer() { sed 's/ [0-9]*$//' <<<"$1"; }

# refused STATUS WORDS NAME BODY
refused() { like "$(post "$4")" "^\\{\"error\": ?\".*$2.*\"\\} $1\$" "$3"; }

# scorer_contract FIRST: the scorer at $URL has no model yet and needs FIRST vectors.
scorer_contract() {
	local got
	like "$(get health)" ' 503$' "without a model it is not healthy"
	like "$(get model)" ' 404$' "and shows none"
	refused 503 "no model" "vectors are taken to learn from" "$(usual 0 $(($1 / 2)))"
	refused 503 "no model" "until there are enough" "$(usual $(($1 / 2)) "$1")"
	ok "then there is a model" wait_for 20 eval '[[ $(get health) = *" 200" ]]'
	like "$(get health)" '"status": ?"ok".* 200$' "and it is healthy"
	got=$(get model)
	is "$(answer "$got" | jq -c '[.version, ([.features[].name] | sort), (.model | type)]')" \
		'[1,["flows","ports","ratio"],"string"]' "it shows what the model is of"

	local two='"vectors":[{"id":"a","values":[50,5,0.5]},{"id":"b\u0022","values":[9000,900,0.5]}]}'
	got=$(post '{"version":1,"features":["flows","ports","ratio"],'"$two")
	is "$(answer "$got" | jq -c '[[.scores[] | .id], (.scores | all(.ml_score > 0 and .ml_score < 1)),
		.scores[1].ml_score > .scores[0].ml_score + 0.1, [.scores[].reasons]]')" \
		'[["a","b\""],true,true,[null,null]]' "what is odd scores higher, by its id, in the order asked"
	is "$(answer "$got" | jq -r .model)" "$(answer "$(get model)" | jq -r .model)" "the answer names the model"
	is "$(answer "$(post '{"features":["ratio","flows","ports"],"vectors":[{"id":"a","values":[0.5,50,5]}]}')" | jq '.scores[0].ml_score')" \
		"$(answer "$got" | jq '.scores[0].ml_score')" "the order of features does not matter"
	is "$(answer "$(post '{"explain":true,"features":["flows","ports","ratio"],'"$two")" |
		jq -c '[.scores[1].reasons[] | select(.shortened > 0 and (.usual | length) == 2) | .feature] | sort | .[:2]')" \
		'["flows","ports"]' "asked to, it says by what"
	is "$(answer "$(post '{"features":["flows","ports","ratio"],"vectors":[]}')" | jq -c .scores)" '[]' "no vectors, no scores"
	is "$(answer "$(post "$(usual 0 4096)")" | jq '.scores | length')" 4096 "it takes 4096 vectors"

	refused 400 "more than 4096" "and no more" "$(usual 0 4097)"
	refused 400 "" "no JSON" 'flows=1'
	refused 400 "" "half an object" '{"features":["flows"'
	refused 400 "expected|object" "a list" '[]'
	refused 400 "features" "no features" '{"vectors":[]}'
	refused 400 "vectors" "no vectors" '{"features":["flows","ports","ratio"]}'
	refused 400 "" "NaN" '{"features":["flows","ports","ratio"],"vectors":[{"id":"a","values":[1,NaN,1]}]}'
	refused 400 "" "Infinity" '{"features":["flows","ports","ratio"],"vectors":[{"id":"a","values":[1,-Infinity,1]}]}'
	refused 400 "'ports' is no number" "null" '{"features":["flows","ports","ratio"],"vectors":[{"id":"a","values":[1,null,1]}]}'
	refused 400 "'ports' is no number" "true" '{"features":["flows","ports","ratio"],"vectors":[{"id":"a","values":[1,true,1]}]}'
	refused 400 "'flows' is beyond" "what would be infinite" '{"features":["flows","ports","ratio"],"vectors":[{"id":"a","values":[1e39,1,1]}]}'
	refused 400 "'ratio' is missing" "a value too few" '{"features":["flows","ports","ratio"],"vectors":[{"id":"a","values":[1,2]}]}'
	refused 400 "more values than features" "a value too many" '{"features":["flows","ports","ratio"],"vectors":[{"id":"a","values":[1,2,3,4]}]}'
	refused 400 "id" "no id" '{"features":["flows","ports","ratio"],"vectors":[{"values":[1,2,3]}]}'
	refused 400 "twice" "a feature twice" '{"features":["flows","ports","flows"],"vectors":[]}'
	refused 409 "feature 'ratio'.* missing" "a feature too few" '{"features":["flows","ports"],"vectors":[{"id":"a","values":[1,2]}]}'
	refused 409 "4 features, the model has 3" "a feature too many" \
		'{"features":["flows","ports","ratio","more"],"vectors":[{"id":"a","values":[1,2,3,4]}]}'
	refused 409 "version 2, the model's are of version 1" "another version" '{"version":2,"features":["flows","ports","ratio"],"vectors":[]}'

	like "$(get nothing)" '"error".* 404$' "nothing is elsewhere"
	like "$(get score)" '"error".* 405$' "scores are not for GET"
	like "$(curl -sS -m 20 -w ' %{http_code}' -d '{}' "$URL/score" | tr -d '\n')" '"error".* 415$' "a form is no JSON"
	head -c 3000000 /dev/zero | tr '\0' ' ' >"$T/giant"
	like "$(curl -sS -m 20 -w ' %{http_code}' -H 'Content-Type: application/json' --data-binary "@$T/giant" "$URL/score" | tr -d '\n')" \
		'"error".* 413$' "a giant body is refused"
	like "$(curl -sS -m 20 "$URL/metrics")" 'nf_score_refused_total [1-9]' "what was refused is counted"
	like "$(post '{"features":["flows","ports","ratio"],"vectors":[{"id":"a","values":[1,2,3]}]}')" ' 200$' "after all that it scores"
}
