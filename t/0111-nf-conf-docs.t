#!/bin/bash
# The table of keys, the example and the man page tell the same story.
. "${0%/*}/tap.sh"

conf=$BUILD/bin/nf-conf
top=${0%/*}/..
example=$top/etc/flowenricher.yaml
mapfile -t keys < <(sed -n 's/^KEY("\([^"]*\)".*/\1/p' "$top/lib/io/conf_keys.def")

ok "the table has keys" test "${#keys[@]}" -gt 50
cp "$example" "$T/example.yaml" && chmod 640 "$T/example.yaml"
ok "the example passes" "$conf" check -n -c "$T/example.yaml"
sed -E 's/^( *)#([a-z_0-9]+:)/\1\2/' "$example" >"$T/full.yaml"
"$conf" check -c "$T/full.yaml" >"$T/shown" 2>"$T/words"
is $? 0 "the example with every key passes: all that it names is in the table"

# Keys that do nothing are not shown, but warned of.
missing=()
for key in "${keys[@]}"; do
	grep "^$key: " "$T/shown" | grep -qv '# default$' || grep -q "'$key' does nothing" "$T/words" ||
		missing+=("$key")
done
is "${missing[*]}" "" "every key of the table stands in the example"

differing=()
for key in "${keys[@]}"; do
	default=$("$conf" get "$key" 2>/dev/null) || continue
	[ "$("$conf" get -c "$T/example.yaml" "$key" 2>/dev/null)" = "$default" ] || differing+=("$key")
done
is "${differing[*]}" "" "the example's values are the defaults"

is "$(sed -n 's/^\.It Ic \([a-z].*\)/\1/p' "$top/man/flowenricher.yaml.5" | sort)" \
	"$(printf '%s\n' "${keys[@]}" | sort)" "the man page describes the keys of the table and no other"

plan
