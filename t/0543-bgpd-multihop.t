#!/bin/bash
# A neighbour several hops away, in a network of its own behind two routers: IPv4 and IPv6 sessions, what is learnt and
# announced in them, and how many hops GTSM (RFC 5082) lets through.
if [ -z "$BGPD_NETWORK" ] && command -v ip >/dev/null && unshare -Urn true 2>/dev/null; then
	BGPD_NETWORK=1 exec unshare -Urn "$0"
fi
. "${0%/*}/tap.sh"
. "${0%/*}/bgpd.sh"
need bird birdc curl jq ip nsenter
if [ -z "$BGPD_NETWORK" ]; then
	[ "$CI" = true ] || skip_all "user namespaces are refused here"
	bail "user namespaces are refused, and a network of routers needs them"
fi

# us 10.9.1.1 -- first 10.9.1.2, 10.9.2.1 -- second 10.9.2.2, 10.9.3.1 -- far 10.9.3.2; the same of fd09:N::.
network() { # NAME: one more of them, of a process that holds it
	unshare -n sleep 3600 &
	PIDS+=($!)
	eval "$1=$!"
	wait_for 10 separate $!
}
separate() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/$$/ns/net)" ]; }
in_network() { nsenter -t "$1" -n "${@:2}"; }
wire() { # N PID PID: the Nth, from one to the other; ours is $$
	ip link add "w$1" netns "$2" type veth peer name "x$1" netns "$3"
	in_network "$2" ip addr add "10.9.$1.1/24" dev "w$1"
	in_network "$3" ip addr add "10.9.$1.2/24" dev "x$1"
	in_network "$2" ip addr add "fd09:$1::1/64" dev "w$1" nodad
	in_network "$3" ip addr add "fd09:$1::2/64" dev "x$1" nodad
	in_network "$2" ip link set "w$1" up
	in_network "$3" ip link set "x$1" up
}
towards() { # PID NEXT_HOP4 NEXT_HOP6 NET...
	local n
	for n in "${@:4}"; do
		in_network "$1" ip route add "10.9.$n.0/24" via "$2"
		in_network "$1" ip route add "fd09:$n::/64" via "$3"
	done
}
ip link set lo up
network first
network second
network far
wire 1 $$ "$first"
wire 2 "$first" "$second"
wire 3 "$second" "$far"
for router in "$first" "$second"; do
	in_network "$router" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
done
towards $$ 10.9.1.2 fd09:1::2 2 3
towards "$first" 10.9.2.2 fd09:2::2 3
towards "$second" 10.9.2.1 fd09:2::1 1
towards "$far" 10.9.3.1 fd09:3::1 1 2
reaches() { timeout 1 nsenter -t "$far" -n bash -c "exec 9<>/dev/tcp/$1/$port"; }

# session OURS THEIRS KEYS OPTIONS: of bgp_listener, and of BIRD
session() {
	config 64496
	sed -i "s/listen_ip: 127.0.0.1/listen_ip: '$1'/; s/peer_ip: 127.0.0.2/peer_ip: '$2'${3:+, $3}/" "$T/c.yaml"
	rm -rf "$T/state"
	cat >"$T/bird.conf" <<END
router id 10.0.0.2;
$bird_marked
protocol device {}
protocol bgp nf {
	local $2 port $peer_port as 64496;
	neighbor $1 port $port as 65001;
	multihop; connect delay time 1; connect retry time 1; error wait time 1, 2; $4
	ipv4 { import all; export filter marked; };
	ipv6 { import all; export filter marked; };
}
END
	nsenter -t "$far" -n bird -f -c "$T/bird.conf" -s "$T/bird.ctl" -P "$T/bird.pid" 2>>"$T/bird.log" &
	bird=$!
	PIDS+=($bird)
	speak
}
end() {
	silence
	is $? 0 "an orderly end"
	bird_down
}

peer=bird
for ends in '10.9.1.1 10.9.3.2' 'fd09:1::1 fd09:3::2'; do
	read -r ours theirs <<<"$ends"
	session "$ours" "$theirs"
	ok "a session from $ours to $theirs" wait_for 40 in_session
	ok "which is far" reaches "$ours"
	ok "a route is learnt" wait_for 20 api GET route/203.0.113.1
	is "$(api GET route/2001:db8:77::1 | jq -r '.paths[0] | "\(.peer) \(.next_hop)"')" "$theirs 2001:db8::77" "with its next hop"
	announce '{"prefix": "198.51.100.7"}'
	announce '{"prefix": "2001:db8::7"}'
	route 198.51.100.7/32 "path=65001 next_hop=192.0.2.1 local_pref=100 communities=65535:666,65535:65281 large=" "a blackhole"
	route 2001:db8::7/128 "path=65001 next_hop=100::1 local_pref=100 communities=65535:666,65535:65281 large=" "and one of IPv6"
	end
done

session 10.9.1.1 10.9.3.2 'ttl_security: 3' 'ttl security on; multihop 3;'
ok "GTSM: three hops are allowed, and three they are" wait_for 40 in_session
end
session 10.9.1.1 10.9.3.2 'ttl_security: 2' 'ttl security on; multihop 3;'
wait_for 10 in_session
is $? 1 "with two allowed there is none"
end
plan
