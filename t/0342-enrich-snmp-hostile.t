#!/bin/bash
# nf-enrich's step snmp with agents whose answers are not what they should be: nothing is invented, nothing stalls, and
# a sound router beside them keeps its names.
. "${0%/*}/tap.sh"
need python3

port=$(free_port)
count() { awk -v m="nf_enrich_snmp_$1" '$1 == m { print $2 }' "$T/prom"; }

# peer ADDRESS KIND: sets `peer`, its pid.
peer() {
	: >"$T/bound"
	python3 "${0%/*}/helper/snmp_peer.py" "$1" "$port" "$2" >"$T/bound" &
	peer=$!
	PIDS+=($peer)
	wait_for 10 test -s "$T/bound" || bail "the peer does not start"
}

# ask KIND: sets `names`, of interface 1 and 2 of the hostile router, and 1 of the sound one.
ask() {
	peer 127.0.0.2 "$1"
	cat >"$T/conf.yaml" <<-END
		snmp: {enabled: true, target: [127.0.0.2, 127.0.0.3], port: $port, timeout: 200ms, retries: 1, cache_file: ""}
	END
	names=$(timeout 60 "$BUILD/bin/nf-enrich" -e snmp -c "$T/conf.yaml" --wait -M "$T/prom" 2>"$T/said" <<-END |
		{"exporter_ip":"127.0.0.2","input_interface":1,"output_interface":2}
		{"exporter_ip":"127.0.0.3","input_interface":1}
	END
		jq -r '.input_interface_name // "-", (.output_interface_name // "-" | select(. != "-"))' | tr '\n' ' ')
	kill "$peer"
	wait_for 10 tap_gone "$peer"
}

peer 127.0.0.3 sound

# A table that cannot be right is not taken, and the router is asked again later.
refused() { # KIND WORDS-IN-THE-LOG NAME
	ask "$1"
	is "$names" "- one " "$3: no names of it, and those of the other"
	like "$(cat "$T/said")" "127\.0\.0\.2: $2" "$3: reported"
	is "$(count backing_off)" 1 "$3: counted"
}
refused garbage "no answer" "garbage"
refused nothing "no answer" "empty datagrams"
refused cut "no answer" "answers that are cut off"
refused deep "no answer" "sequences in sequences"
refused number "no answer" "answers to another question"
refused loop "its table does not go up: 1 after 2" "a table that goes back"
refused same "its table does not go up: 1 after 1" "a table that stands still"
refused endless "it tells of over 16384 interfaces" "a table without end"
refused parts "it tells of an interface whose number is not one number" "an index of two numbers"
refused empty "its answer is empty" "an answer without a variable"
refused error "it answers: .*genError" "an error"
refused none "it tells of no interfaces" "no interfaces at all"

# Single values that cannot be right are left out.
left_out() { # KIND NAME
	ask "$1"
	is "$names$(count 'refused_total{target="127.0.0.2"}')" "one one 1" "$2 is left out and counted, its neighbour stays"
}
left_out control "a name with control bytes"
left_out latin "a name that is no UTF-8"
left_out long "a name of 20,000 bytes"
ask type
is "$names$(count 'refused_total{target="127.0.0.2"}')" "- one 3" "names that are no text are left out"
ask zero
is "$names" "one two one " "NUL bytes at the end of a name are cut off"
plan
