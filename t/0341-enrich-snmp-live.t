#!/bin/bash
# nf-enrich's step snmp while it runs: routers that come, go and change, exporters that are found, files that change.
. "${0%/*}/tap.sh"
need snmpd python3

port=$(free_port)
flow() { echo "{\"exporter_ip\":\"$1\",\"trusted\":${3:-true},\"input_interface\":$2}"; }
count() { awk -v m="nf_enrich_$1" '$1 == m { print $2 }' "$T/prom"; }

# agent ADDRESS INDEX=NAME…: sets `agent`, its pid.
agent() {
	local dir=$T/$1
	mkdir -p "$dir"
	{
		echo "agentAddress udp:$1:$port"
		echo "rwcommunity public 127.0.0.0/8"
		printf 'override 1.3.6.1.2.1.31.1.1.1.1.%s\n' "${@:2}" | sed 's/=\(.*\)/ octet_str "\1"/'
	} >"$dir/conf"
	rm -f "$dir/log"
	MIBS='' SNMP_PERSISTENT_DIR=$dir snmpd -f -Lf "$dir/log" -C -c "$dir/conf" -I -ifTable,ifXTable 3>&- 4>&- &
	agent=$!
	PIDS+=($agent)
	wait_for 10 grep -q 'NET-SNMP version' "$dir/log" || bail "snmpd does not start: $(cat "$dir/log")"
}
agent_stop() {
	kill "$1"
	wait_for 10 tap_gone "$1"
}

# start OPTION…: nf-enrich reads from descriptor 3; what it writes comes out of 4.
start() {
	rm -f "$T/in" "$T/out"
	mkfifo "$T/in" "$T/out"
	"$BUILD/bin/nf-enrich" -v -e snmp -M "$T/prom" "$@" <"$T/in" >"$T/out" 2>"$T/said" &
	enrich=$!
	PIDS+=($enrich)
	exec 3>"$T/in" 4<"$T/out"
}
stop() {
	exec 3>&-
	wait "$enrich"
	status=$?
	exec 4<&-
}

# name ROUTER INDEX [TRUSTED]: what a flow's interface is called just now; not over 5 s late.
name() {
	local line
	flow "$@" >&3
	IFS= read -r -t 5 line <&4 || line='{"input_interface_name":"nothing came"}'
	jq -r '.input_interface_name // "-"' <<<"$line"
}
is_named() { [ "$(name "${@:2}")" = "$1" ]; }

cat >"$T/conf.yaml" <<END
snmp: {enabled: true, target: [127.0.0.2], port: $port, timeout: 200ms, retries: 0, refresh: 1s, cache_file: ""}
ifnames_file: $T/names
END
: >"$T/names"
start -c "$T/conf.yaml"
is "$(name 127.0.0.2 1)" - "flows do not wait for a router that is not there"
wait_for 10 grep -q '127.0.0.2: no answer' "$T/said"
agent 127.0.0.2 1=eth1
ok "a router that comes is asked again" wait_for 20 is_named eth1 127.0.0.2 1
agent_stop "$agent"
is "$(name 127.0.0.2 1)" eth1 "names stay while the router is away"
agent 127.0.0.2 1=eth1-new 5=eth5
ok "a router that changed is asked again" wait_for 20 is_named eth1-new 127.0.0.2 1
is "$(name 127.0.0.2 5)" eth5 "and tells all that is new"

echo '127.0.0.9 1 written' >"$T/names"
ok "a file of names that changed is read again" wait_for 10 is_named written 127.0.0.9 1
echo 'nonsense' >"$T/names"
ok "a file that is not sound is named" wait_for 10 grep -q "$T/names:1: " "$T/said"
is "$(name 127.0.0.9 1)" written "and what was read before stays"

router=$agent
agent 127.0.0.3 1=second
sed -i 's/\[127.0.0.2\]/[127.0.0.2, 127.0.0.3]/' "$T/conf.yaml"
kill -HUP "$enrich"
ok "another router after HUP" wait_for 10 is_named second 127.0.0.3 1
is "$(name 127.0.0.2 1)" eth1-new "what was known stays at HUP"
sed -i 's/enabled: true/enabled: maybe/' "$T/conf.yaml"
kill -HUP "$enrich"
ok "a bad configuration is refused at HUP" wait_for 10 grep -q "conf.yaml:1:" "$T/said"
is "$(name 127.0.0.3 1)" second "and nothing changes"
stop
is "$status" 0 "it ends well"
agent_stop "$router"
agent_stop "$agent"

# An interface that is not known makes its router be asked before its time.
agent 127.0.0.2 1=eth1
start --snmp-target 127.0.0.2 --snmp-port "$port" --snmp-refresh 20 --snmp-cache ''
ok "names of the first time" wait_for 10 is_named eth1 127.0.0.2 1
agent_stop "$agent"
agent 127.0.0.2 1=eth1 2=eth2
begin=$SECONDS
ok "an interface that is new" wait_for 15 is_named eth2 127.0.0.2 2
ok "is asked for early" [ $((SECONDS - begin)) -lt 12 ]
stop
agent_stop "$agent"

# Exporters that are found. Who asks at 127.0.0.5 is written down.
agent 127.0.0.4 1=found
python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.5", int(sys.argv[1])))
print("bound", flush=True)
while True:
	s.recvfrom(65536)
	print("asked", flush=True)' "$port" >"$T/untrusted" 3>&- 4>&- &
PIDS+=($!)
wait_for 10 test -s "$T/untrusted" || bail "no listener"
start --snmp-discover --snmp-port "$port" --snmp-refresh 1 --snmp-cache "$T/cache"
is "$(name 127.0.0.5 1 false)" - "a flow that is not trusted"
ok "a trusted exporter is asked" wait_for 10 is_named found 127.0.0.4 1
is "$(name 127.0.0.5 1 false)" - "who is not trusted has no names"
like "$(cat "$T/said")" "snmp.discover: every exporter may be trusted" "a list of trusted exporters is recommended"
kill -USR1 "$enrich"
ok "one router is known" wait_for 10 grep -q '^nf_enrich_snmp_targets 1$' "$T/said"
stop
is "$(cat "$T/untrusted")" bound "who is not trusted was never asked"
agent_stop "$agent"
start --snmp-discover --snmp-port "$port" --snmp-cache "$T/cache"
is "$(name 127.0.0.4 1)" found "names of one that was found outlive a run"
stop

# Routers that do not answer, in a batch that waits.
dead=$(free_port)
cat >"$T/conf.yaml" <<END
snmp: {enabled: true, target: [127.0.0.2, 127.0.0.3, 127.0.0.4], port: $dead, timeout: 300ms, retries: 1, cache_file: ""}
END
begin=$SECONDS
is "$(flow 127.0.0.2 1 | timeout 30 "$BUILD/bin/nf-enrich" -e snmp -c "$T/conf.yaml" --wait 2>/dev/null | wc -l)" 1 \
	"flows come though nobody answers"
ok "after the timeouts of one, not of all" [ $((SECONDS - begin)) -le 3 ]
ok "its configuration can be checked without asking" "$BUILD/bin/nf-enrich" -n -e snmp -c "$T/conf.yaml"
plan
