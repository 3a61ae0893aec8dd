# The flow samples in what `tshark -T json --no-duplicate-keys` prints of sFlow: a line of JSON each, with our names.
# What comes more than once is an array there, a single one is not.

def each: if type == "array" then .[] else . end;
def one: if type == "array" then .[0] else . end;
def hex: ltrimstr("0x") | explode | reduce .[] as $c (0; . * 16 + if $c > 96 then $c - 87 else $c - 48 end);
def num: one | if . == null then null elif startswith("0x") then hex else tonumber end;
def known: if . == 1073741823 or . == 4294967295 then null else . end;
def out($format): if $format == 0 then known elif $format == 1 then 0 else null end;
def mask: if . == null or . <= 128 then . else null end;

# The first, outermost packet in the layers of a header.
def packet:
	(.eth | one) as $eth | (.vlan | one) as $vlan | (.tcp // .udp | one) as $t | (.icmp // .icmpv6 | one) as $icmp
	| (if .ip then .ip | one | {
		src_host: (."ip.src" | one), dst_host: (."ip.dst" | one), ip_protocol: 4, proto: (."ip.proto" | num),
		ttl: (."ip.ttl" | num), tos: (."ip.dsfield" | num), bytes: (."ip.len" | num),
		fragment_offset: (if (."ip.flags_tree"."ip.flags.mf" | num) == 1 or (."ip.frag_offset" | num) > 0
			then ."ip.frag_offset" | num else null end)
	} elif .ipv6 then .ipv6 | one | {
		src_host: ."ipv6.src", dst_host: ."ipv6.dst", ip_protocol: 6, proto: (."ipv6.nxt" | num),
		ttl: (."ipv6.hlim" | num), tos: (."ipv6.tclass" | num), bytes: ((."ipv6.plen" | num) + 40),
		flow_label: (."ipv6.flow" | num)
	} else {} end)
	+ {
		src_mac: $eth."eth.src", dst_mac: $eth."eth.dst", src_vlan: ($vlan."vlan.id" | num),
		src_port: ($t | (."tcp.srcport"? // ."udp.srcport"?) | num),
		dst_port: ($t | (."tcp.dstport"? // ."udp.dstport"?) | num),
		tcpflags: ($t."tcp.flags"? | num),
		icmp_type: ($icmp | if . then ((."icmp.type"? // ."icmpv6.type"?) | num) * 256
			+ ((."icmp.code"? // ."icmpv6.code"?) | num) else null end)
	};

# An address of all zeros is none, and so is AS 0.
def address: if . == "0.0.0.0" or . == "::" then null else . end;
def asn: if . == 0 then null else . end;

def switch: if . then {
	src_vlan: (."sflow_245.vlan.in" | num | if . > 0 and . < 4095 then . else null end),
	dst_vlan: (."sflow_245.vlan.out" | num | if . > 0 and . < 4095 then . else null end)
} | with_entries(select(.value != null)) else {} end;

def router: if . then {
	next_hop: ((."sflow_245.nexthop" // ."sflow_245.nexthop.v6") | address),
	src_mask: (."sflow_245.nexthop.src_mask" | num | mask), dst_mask: (."sflow_245.nexthop.dst_mask" | num | mask)
} else {} end;

def gateway: if . then
	([."sflow.as_type_tree"."sflow_245.dstAS" // empty | each | tonumber | select(. != 0)]) as $path
	| ([."sflow_245.communityEntries_tree"."sflow_245.dstAS" // empty | each | tonumber]) as $communities
	| (."sflow_245.as" | num) as $own | (."sflow_245.srcAS" | num) as $src
	| {
		src_as: ((if $src != 0 then $src else $own end) | asn), dst_as: (($path[-1] // $own) | asn),
		peer_src_as: (."sflow_245.peerAS" | num | asn), peer_dst_as: $path[0],
		as_path: (if $path == [] then null else $path | map(tostring) end),
		communities: (if $communities == [] then null
			else $communities | map("\(. / 65536 | floor):\(. % 65536)") end),
		local_pref: (."sflow_245.localpref" | num), bgp_next_hop: (."sflow_245.nexthop" | address)
	}
else {} end;

def sample:
	. as $s | (."Raw packet header" | one) as $header
	| {
		sampling_rate: (."sflow.flow_sample.sampling_rate" | num),
		input_interface: ((."sflow.flow_sample.input_interface" // ."sflow.flow_sample.input_interface_value") | num | known),
		output_interface: ((."sflow.flow_sample.output_interface_tree" // .)
			| (((."sflow.flow_sample.output_interface_format" // ."sflow.flow_sample.output_interface.format") | num)
			as $format | (."sflow.flow_sample.output_interface_value" | num) | out($format)))
	}
	+ (."Ethernet frame data" | one | if . then {
		src_mac: ."sflow_245.ethernet.source_mac_address", dst_mac: ."sflow_245.ethernet.destination_mac_address",
		bytes: (."sflow_245.ethernet.length" | num)
	} else {} end)
	+ (if $header then {bytes: ($header."sflow_245.header.frame_length" | num)}
		+ ($header."sflow_245.header_tree" // {} | packet) else {} end)
	+ (."Extended switch data" | one | switch) + (."Extended router data" | one | router)
	+ (."Extended gateway data" | one | gateway);

# An agent without an address of its own is known by its sender's.
.[]._source.layers | (.ip."ip.src" // .ipv6."ipv6.src") as $sender | .sflow // empty | each
| ."sflow_245.agent" as $agent | (if $agent | startswith("127.") then $sender else $agent end) as $exporter
| to_entries[] | select(.key | test("^(Expanded f|F)low sample")) | .value | each | sample + {exporter_ip: $exporter}
| with_entries(select(.value != null))
