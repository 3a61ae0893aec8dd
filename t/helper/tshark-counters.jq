# The counter samples in what `tshark -T json --no-duplicate-keys` prints of sFlow: a line of JSON each, with our names.
# Those with a structure that tshark does not know are left out, since it goes astray behind it.

def each: if type == "array" then .[] else . end;

def status: if . == "1" then "up" elif . == "0" then "down" else null end;

# Their names that are not ours, of interfaces, VLANs and processors.
def ours: {
	ifindex: "ifIndex", iftype: "ifType", ifspeed: "ifSpeed", ifdirection: "ifDirection",
	ifinoct: "ifInOctets", ifinpkt: "ifInUcastPkts", ifinmcast: "ifInMulticastPkts", ifinbcast: "ifInBroadcastPkts",
	ifindisc: "ifInDiscards", ifinerr: "ifInErrors", ifinunk: "ifInUnknownProtos",
	ifoutoct: "ifOutOctets", ifoutpkt: "ifOutUcastPkts", ifoutmcast: "ifOutMulticastPkts",
	ifoutbcast: "ifOutBroadcastPkts", ifoutdisc: "ifOutDiscards", ifouterr: "ifOutErrors",
	ifpromisc: "ifPromiscuousMode",
	vlan_id: "vlan_id", octets: "vlan_octets", ucastPkts: "vlan_ucast_pkts", multicastPkts: "vlan_multicast_pkts",
	broadcastPkts: "vlan_broadcast_pkts", discards: "vlan_discards",
	cpu_5s: "cpu_5s", cpu_1m: "cpu_1m", cpu_5m: "cpu_5m", total_memory: "total_memory", free_memory: "free_memory"
};

def counter:
	(.key | sub("^sflow_(245|5)[.]"; "")) as $name
	| if $name == "ifadmin_status" then {ifAdminStatus: (.value | status)}
	elif $name == "ifoper_status" then {ifOperStatus: (.value | status)}
	elif $name | startswith("dot3Stats") then {($name): (.value | tonumber)}
	elif $name | startswith("cpu_") then {($name): ((.value | tonumber) / 100)}
	elif ours[$name] then {(ours[$name]): (.value | tonumber)}
	else {} end;

.[]._source.layers.sflow // empty | each | to_entries[] | select(.key | test("ounters sample")) | .value | each
| select(to_entries | all(.key | startswith("Unknown") | not))
| {sequence: (."sflow.counters_sample.sequence_number" | tonumber)}
	+ ([.[] | objects | to_entries[] | counter] | add // {})
| with_entries(select(.value != null and .value != 4294967295 and .value != 18446744073709551615))
| select(length > 1)
