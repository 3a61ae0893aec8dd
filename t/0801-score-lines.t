#!/bin/bash
# nf-score as a filter: what it takes, what it refuses, what it says.
. "${0%/*}/tap.sh"
need jq
score=$BUILD/bin/nf-score

# vector KEY FLOWS PORTS
vector() { printf '{"type":"features","version":1,"key":"%s","features":{"flows":%s,"ports":%s,"same":1}}\n' "$@"; }
for i in $(seq 400); do vector "192.0.2.$((i % 250))" $((i * 37 % 100)) $((i * 53 % 10)); done >"$T/usual"

ok "it trains" sh -c "'$score' train <'$T/usual' >'$T/model'"
"$score" train -m "$T/again" <"$T/usual"
ok "the same vectors and seed give the same model, in a file or on stdout" cmp "$T/model" "$T/again"
"$score" train --seed 2 -m "$T/other" <"$T/usual"
ok "another seed gives another" sh -c "! cmp -s '$T/model' '$T/other'"
is "$(sed -n '1,/^data/p' "$T/model" | grep -v '^data')" "nf-model 1
vectors 1
rows 400
seed 1
trees 100
sample 256
features 3
feature flows 4 49 94
feature ports 0 4 9
feature same 1 1 1" "its head says what it is made of"
is "$("$score" --rows 100 --trees 5 --sample 16 train <"$T/usual" | sed -n '3p;5p;6p' | tr '\n' ' ')" \
	"rows 100 trees 5 sample 16 " "of more rows than --rows that many are kept"

{ vector usual 50 5; vector odd 99999 9; } >"$T/two"
"$score" -m "$T/model" --explain score <"$T/two" >"$T/scored"
is "$(jq -s '(.[1].ml_score - .[0].ml_score) > 0.1' "$T/scored")" true "what is odd scores higher"
is "$(jq -c 'select(.key == "odd").reasons[0] | [.feature, .value, .usual]' "$T/scored")" \
	'["flows",99999,[4,94]]' "and --explain says by what"
is "$(jq -c 'del(.ml_score, .reasons)' "$T/scored")" "$(cat "$T/two")" "the rest of a line is as it came"
is "$("$score" -m "$T/model" --explain score <"$T/scored")" "$(cat "$T/scored")" \
	"a score that was there is replaced"
is "$(echo '{"_mark":"a 1"}' | "$score" -m "$T/model" score)" '{"_mark":"a 1"}' "marks go on"
is "$(echo '{ "features" : {"same":1, "ports" :5,"flows":5e1} ,"x":["}",{"a":"\""}], "version":1,"type":"features"}' |
	"$score" -m "$T/model" score | jq -c '[.x, .ml_score]')" \
	"$(vector a 50 5 | "$score" -m "$T/model" score | jq -c '[["}", {"a": "\""}], .ml_score]')" \
	"order, space and other members do not matter"

# refused LINE WORDS NAME: left out, with its words, and the next line is scored all the same.
refused() {
	local said out
	out=$({ printf '%s\n' "$1"; vector next 50 5; } | "$score" -m "$T/model" score 2>"$T/words" | jq -r .key)
	said=$?
	like "$said $out $(cat "$T/words")" "^0 next nf-score: warning: line 1: .*$2" "$3"
}
refused '{"type":"features","version":2,"key":"a","features":{"flows":1,"ports":1,"same":1}}' \
	'features of version 2, expected 1' "another version"
refused '{"type":"features","version":1,"features":{"flows":1,"same":1}}' "feature 'ports' is missing" "a missing feature"
refused '{"type":"features","version":1,"features":{"flows":1,"same":1,"ports":1,"more":1}}' \
	"feature 'more' is none of those expected" "a feature too many"
refused '{"type":"features","version":1,"features":{"flows":1,"same":1,"same":1}}' "feature 'same' is there twice" \
	"a feature twice"
refused '{"type":"features","version":1,"features":{"flows":null,"same":1,"ports":1}}' "'flows' is no number" "null"
refused '{"type":"features","version":1,"features":{"flows":NaN,"same":1,"ports":1}}' "byte 52: 'N'" "NaN"
refused '{"type":"features","version":1,"features":{"flows":1e99,"same":1,"ports":1}}' \
	"'flows' is beyond numbers of 32 bits" "what would be infinite"
refused '{"type":"features","version":1,"features":[1,2,3]}' 'no object of features' "features that are no object"
refused '{"type":"flow","version":1}' 'its type is not "features"' "another type"
refused 'flows=1' "byte 1: 'f' where an object was expected" "no JSON"
refused '{"type":"features"' 'the line ends where' "half an object"

# ends STATUS WORDS NAME CMD…
ends() {
	local status=$1 words=$2 name=$3 got
	shift 3
	"$@" </dev/null >"$T/out" 2>"$T/words"
	got=$?
	like "$got $(cat "$T/words")" "^$status .*$words" "$name"
}
ends 2 'no model: -m FILE' "score needs a model" "$score" score
ends 2 'no/model' "which must be there" "$score" -m "$T/no/model" score
printf x | dd of="$T/again" bs=1 seek=3000 conv=notrunc 2>/dev/null
ends 2 'again: the checksum does not hold' "and sound" "$score" -m "$T/again" score
ends 0 '' "-n checks it" "$score" -n -m "$T/model" score
ends 1 '0 vectors, expected at least 2' "no vectors make no model" "$score" train
ends 2 '--trees: expected a number from 1 to 1000' "options have bounds" "$score" --trees 0 train
ends 2 'expected train, score or serve' "a subcommand is needed" "$score"
head -c 1100000 /dev/zero | tr '\0' x >"$T/long"
"$score" -m "$T/model" score <"$T/long" 2>"$T/words"
like "$? $(cat "$T/words")" '^1 .*line 1 is longer than' "an endless line ends it"
{ vector a 50 5; printf '{"type'; } | "$score" -m "$T/model" score >"$T/out" 2>"$T/words"
like "$? $(jq -r .key "$T/out") $(cat "$T/words")" '^1 a .*line 2 is cut off' "a line cut off is said, and what came before scored"

# Scores come when their line has, not when the pipe is full.
mkfifo "$T/in"
"$score" -m "$T/model" score <"$T/in" >"$T/live" &
PIDS+=($!)
exec 7>"$T/in"
vector now 50 5 >&7
ok "a line is answered at once" wait_for 5 test -s "$T/live"
exec 7>&-

"$BUILD/bin/nf-score" -h | grep -oE -- '^ +(-[A-Za-z]|    )?,? ?(--[a-z-]+)?' | grep -oE -- '-[A-Za-z]\b|--[a-z-]+' | sort -u >"$T/flags.help"
sed -n 's/^\.It Fl \([^A]*\).*/\1/p' "${0%/*}/../man/nf-score.1" | sed 's/ Cm [^,]*//g' | tr , '\n' | sed 's/Fl//; s/ //g' |
	grep . | sed 's/^/-/' | sort -u >"$T/flags.man"
is "$(cat "$T/flags.man")" "$(cat "$T/flags.help")" "nf-score(1) has the flags of -h"
plan
