#!/bin/bash
# nf-enrich's step snmp with net-snmp's own agent: SNMP v2c and v3, several routers, secrets, and what is kept on disk.
. "${0%/*}/tap.sh"
need snmpd

port=$(free_port)
enrich() { timeout 60 "$BUILD/bin/nf-enrich" -v -e snmp -M "$T/prom" "$@" 2>"$T/said"; }
count() { awk -v m="nf_enrich_$1" '$1 == m { print $2 }' "$T/prom"; }
flow() { echo "{\"exporter_ip\":\"$1\",\"trusted\":true,\"input_interface\":$2,\"output_interface\":$3${4:+,$4}}"; }
named() { # name/alias/speed of one side of a line
	jq -r "[.$1_interface_name, .$1_interface_alias, .$1_interface_speed] | map(. // \"-\") | join(\"/\")"
}

iface() { # INDEX NAME ALIAS HIGH-SPEED DESCR SPEED; "-" leaves a value out
	local mib=1.3.6.1.2.1
	[ "$2" = - ] || echo "override $mib.31.1.1.1.1.$1 octet_str \"$2\""
	[ "$3" = - ] || echo "override $mib.31.1.1.1.18.$1 octet_str \"$3\""
	[ "$4" = - ] || echo "override $mib.31.1.1.1.15.$1 uinteger $4"
	[ "$5" = - ] || echo "override $mib.2.2.1.2.$1 octet_str \"$5\""
	[ "$6" = - ] || echo "override $mib.2.2.1.5.$1 uinteger $6"
}

# agent ADDRESS < interfaces: sets `agent`, its pid.
agent() {
	mkdir -p "$T/$1"
	{
		echo "agentAddress udp:$1:$port"
		echo "rwcommunity sesame 127.0.0.0/8"
		echo 'createUser alice SHA-256 "auth of alice" AES "priv of alice"'
		echo 'createUser bob MD5 "auth of bob" DES "priv of bob"'
		echo 'createUser carol SHA-512 "auth of carol"'
		printf 'rouser %s\n' "alice authpriv" "bob authpriv" "carol auth"
		cat
	} >"$T/$1/conf"
	MIBS='' SNMP_PERSISTENT_DIR=$T/$1 snmpd -f -Lf "$T/$1/log" -C -c "$T/$1/conf" -I -ifTable,ifXTable 3>&- &
	agent=$!
	PIDS+=($agent)
	wait_for 10 grep -q 'NET-SNMP version' "$T/$1/log" || bail "snmpd does not start: $(cat "$T/$1/log")"
}
agent_stop() {
	kill "$1"
	wait_for 10 tap_gone "$1"
}

agent 127.0.0.2 < <(
	iface 1 ge-0/0/1 'Uplink Foo' 100000 "Gigabit 1" 4294967295
	iface 2 - - 0 "Ethernet 2" 512000
	iface 3 xe-3 - - - 4294967295
	iface 4 xe-4 - 4294967295 - -
	iface 500000000 ae500 - 1000 - -
)
first=$agent
agent 127.0.0.3 < <(iface 1 eth1 - 10 - -)

echo sesame >"$T/community"
chmod 600 "$T/community"
v2c=(--snmp-community-file "$T/community" --snmp-port "$port")

# Names, and where they come from.
flow 127.0.0.2 1 2 >"$T/flows"
flow 127.0.0.2 3 4 >>"$T/flows"
flow 127.0.0.2 500000000 99 '"output_interface_name":"own name","output_interface_speed":5' >>"$T/flows"
flow 127.0.0.3 1 2 '"input_interface_name":"theirs","input_interface_alias":"theirs"' >>"$T/flows"
flow 127.0.0.4 1 2 '"input_interface_name":"unknown router"' >>"$T/flows"
enrich "${v2c[@]}" --wait --snmp-cache "$T/cache" --snmp-target 127.0.0.2 --snmp-target 127.0.0.3 \
	<"$T/flows" >"$T/named"
line() { sed -n "$1p" "$T/named"; }
is "$(line 1 | named input)" 'ge-0/0/1/Uplink Foo/100000000000' "name, alias and a speed beyond 32 bits"
is "$(line 1 | named output)" "Ethernet 2/-/512000" "ifDescr and ifSpeed where ifName and ifHighSpeed say nothing"
is "$(line 2 | named input)" "xe-3/-/-" "an ifSpeed of 4294967295 says nothing"
is "$(line 2 | named output)" "xe-4/-/4294967295000000" "the fastest interface of all"
is "$(line 3 | named input)" "ae500/-/1000000000" "an index of nine digits"
is "$(line 3 | named output)" "own name/-/5" "what came stays where the router says nothing"
is "$(line 4 | named input)" "eth1/theirs/10000000" "another router; what it lacks stays as it came"
is "$(line 4 | named output)" "-/-/-" "an interface that nobody knows has no name"
is "$(line 5 | named input)" "unknown router/-/-" "a router that is not asked"
is "$(jq -c 'del(.input_interface_name, .output_interface_name, .input_interface_alias, .output_interface_alias,
	.input_interface_speed, .output_interface_speed)' "$T/named" | md5sum)" \
	"$(jq -c 'del(.input_interface_name, .output_interface_name, .input_interface_alias, .output_interface_alias,
	.input_interface_speed, .output_interface_speed)' "$T/flows" | md5sum)" "all else stays as it came"
is "$(count snmp_interfaces) $(count 'snmp_polls_total{target="127.0.0.2"}') $(count snmp_backing_off)" "6 1 0" "counters"
is "$(count 'interface_lookups_total{result="hit"}') $(count 'interface_lookups_total{result="miss"}')" "6 4" \
	"known and unknown interfaces are counted"
is "$("$BUILD/bin/nf-cat" -o bin "$T/flows" | enrich -b "${v2c[@]}" --wait --snmp-cache '' --snmp-target 127.0.0.2 \
	--snmp-target 127.0.0.3 | "$BUILD/bin/nf-cat" -o ndjson | jq -cS .)" "$(jq -cS . "$T/named")" "binary gives the same"

# Descriptors beyond what select() takes.
is "$(
	ulimit -n 4096
	for ((i = 0; i < 1100; i++)); do exec {fd}</dev/null; done
	flow 127.0.0.2 1 1 | enrich "${v2c[@]}" --wait --snmp-cache '' --snmp-target 127.0.0.2 | named input
)" "ge-0/0/1/Uplink Foo/100000000000" "a thousand open files are no hindrance"

# SNMP v3.
v3() { # USER AUTH-PROTOCOL AUTH-PASSWORD PRIV-PROTOCOL PRIV-PASSWORD
	cat >"$T/conf.yaml" <<-END
		snmp: {enabled: true, target: 127.0.0.2, port: $port, timeout: 1, retries: 0, cache_file: "", version: 3,
		  user: $1, auth_protocol: $2, auth_password: $3, priv_protocol: $4, priv_password: $5}
	END
	flow 127.0.0.2 1 1 | enrich -c "$T/conf.yaml" --wait | named input
}
sound='ge-0/0/1/Uplink Foo/100000000000'
is "$(v3 alice SHA-256 '"auth of alice"' AES '"priv of alice"')" "$sound" "SNMP v3: SHA-256 and AES"
is "$(v3 bob MD5 '"auth of bob"' DES '"priv of bob"')" "$sound" "SNMP v3: MD5 and DES"
is "$(v3 carol SHA-512 '"auth of carol"' AES '""')" "$sound" "SNMP v3: SHA-512 without encryption"
is "$(v3 alice SHA-256 '"not the password"' AES '"priv of alice"')" "-/-/-" "a wrong password gives no names"
like "$(cat "$T/said")" "127\.0\.0\.2: it refuses us: Authentication failure" "and is reported"
is "$(v3 alice SHA-256 '"auth of alice"' AES '"not the password"')" "-/-/-" "a wrong password of encryption"
like "$(cat "$T/said")" "127\.0\.0\.2: no answer" "is reported too"
is "$(v3 mallory SHA-256 '"auth of alice"' AES '"priv of alice"')" "-/-/-" "a user who is none"
like "$(cat "$T/said")" "127\.0\.0\.2: it refuses us: Unknown user name" "is reported"
ok "passwords are not in the log" bash -c '! grep -E "password|auth of|priv of" '"$T/said"
v3 alice SHA-256 short AES '"priv of alice"' >"$T/out"
like "$(cat "$T/said")" "auth_password: at least 8 characters" "a password that is too short is refused"
echo "auth of alice" >"$T/auth"
echo "priv of alice" >"$T/priv"
chmod 600 "$T/auth" "$T/priv"
cat >"$T/conf.yaml" <<END
snmp: {enabled: true, target: 127.0.0.2, port: $port, cache_file: "", version: 3, user: alice, auth_protocol: SHA-256,
  auth_password_file: $T/auth, priv_password_file: $T/priv}
END
is "$(flow 127.0.0.2 1 1 | enrich -c "$T/conf.yaml" --wait | named input)" "$sound" "passwords from files"

# A wrong community: no answer at all.
echo wrong-community >"$T/wrong"
chmod 600 "$T/wrong"
cat >"$T/conf.yaml" <<END
snmp: {enabled: true, target: 127.0.0.2, port: $port, timeout: 1, retries: 1, cache_file: "", community_file: $T/wrong}
END
is "$(flow 127.0.0.2 1 1 | enrich -c "$T/conf.yaml" --wait | named input)" "-/-/-" "a wrong community gives no names"
like "$(cat "$T/said")" "127\.0\.0\.2: no answer" "and is reported"
is "$(count 'snmp_timeouts_total{target="127.0.0.2"}') $(count snmp_backing_off)" "1 1" "and counted"
ok "communities are not in the log" bash -c '! grep -E "sesame|wrong-community" '"$T/said"

# The file outlives a run; the agent is gone.
sed 's/ge-0/ge-9/' "$T/cache" >"$T/damaged"
sed 's/ifnames 1/ifnames 2/' "$T/cache" >"$T/newer"
agent_stop "$first"
is "$(flow 127.0.0.2 1 1 | enrich "${v2c[@]}" --snmp-cache "$T/cache" --snmp-target 127.0.0.2 | named input)" "$sound" \
	"names of the last run are there at once, without the router"
is "$(flow 127.0.0.2 1 1 | enrich "${v2c[@]}" --snmp-cache "$T/cache" --snmp-target 127.0.0.3 | named input)" "-/-/-" \
	"but not those of routers that are no target any more"
is "$(flow 127.0.0.2 1 1 | enrich "${v2c[@]}" --snmp-cache "$T/damaged" --snmp-target 127.0.0.2 | named input)" "-/-/-" \
	"a damaged file is not used"
like "$(cat "$T/said")" "damaged: damaged" "and named"
is "$(flow 127.0.0.2 1 1 | enrich "${v2c[@]}" --snmp-cache "$T/newer" --snmp-target 127.0.0.2 | named input)" "-/-/-" \
	"nor is one of another version"
like "$(cat "$T/said")" "newer: not a file of interface names of this version" "which is named too"

# Names that somebody wrote down.
cat >"$T/names" <<'END'
# exporter  ifIndex  name alias speed
127.0.0.3   1        -    "the file's" 10G
127.0.0.4   7        ether7
127.0.0.4   8        "ether \"8\"" "" 512k    # with a comment
127.0.0.4   0        zero
127.0.0.400 1        nowhere
127.0.0.4   9        "open
127.0.0.4   9        ether9 alias fast
127.0.0.4   9
END
{
	flow 127.0.0.3 1 1
	flow 127.0.0.4 7 8 '"input_interface_name":"came","output_interface_name":"came"'
} | enrich "${v2c[@]}" --wait --snmp-cache '' --snmp-target 127.0.0.3 --ifnames "$T/names" >"$T/named"
is "$(line 1 | named input)" "-/the file's/10000000000" "the file wins over the router"
is "$(line 2 | named input)" "ether7/-/-" "a router without SNMP"
is "$(line 2 | named output)" 'ether "8"/-/512000' "quotes, and a speed with its unit"
for n in 5 6 7 8 9; do
	ok "line $n is named" grep -q "$T/names:$n: " "$T/said"
done
is "$(count ifnames_bad_lines) $(count ifnames_interfaces)" "5 3" "and lines are counted"
is "$(flow 127.0.0.4 7 8 | enrich --ifnames "$T/names" | named input)" "ether7/-/-" "the file serves without SNMP"
is "$(count snmp_targets)" "" "where nobody is asked"
plan
