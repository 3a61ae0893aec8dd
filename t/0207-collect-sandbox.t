#!/bin/bash
# What nf-collect gives up, and what works all the same. Who runs this as root sees root drop.
. "${0%/*}/tap.sh"
need jq cc perl
collect=$BUILD/bin/nf-collect
port=$(free_port)
sanitized=$(ldd "$collect" | grep -c libasan)
root=$([ "$(id -u)" = 0 ] && echo yes)
nobody=$(id -u flowenricher 2>/dev/null || id -u nobody)

# live NAME WRAPPER… -- OPTION…: runs it in the background in that way; words in $T/NAME.err, pid in $last.
live() {
	local name=$1 as=()
	shift
	while [ "$1" != -- ]; do
		as+=("$1")
		shift
	done
	shift
	"${as[@]}" "$collect" -v -l "127.0.0.1:$port" "$@" >"$T/$name.out" 2>"$T/$name.err" &
	last=$!
	PIDS+=($last)
	wait_for 10 grep -q 'listening' "$T/$name.err"
	wait_for 10 eval '[ "$(ls "/proc/$last/task" | wc -l)" -ge 3 ]' # all its threads
}
ended() { kill -TERM "$1" && wait "$1"; }
status() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | cut -f1; }
send() { # HEX
	perl -e 'syswrite STDOUT, pack "H*", $ARGV[0]' "${1// /}" >"/dev/udp/127.0.0.1/$port"
}
v9="0009 0001 000f4240 6553f100"
template="$v9 00000001 00000007  0000 0010 0100 0002 0008 0004 0001 0004"
data="$v9 00000002 00000007  0100 000c 0a000001 000003e8"
lines() { [ "$(wc -l <"$1")" -ge "$2" ]; }

# A folder that only its owner may enter, with all that nf-collect reads and writes.
at_work() { # NAME UID WRAPPER…
	local name=$1 uid=$2 home=$T/$1
	shift 2
	mkdir -m 700 "$home"
	echo 'collectors: {netflow: {config: {allow: [192.0.2.1]}}}' >"$home/c.yaml"
	chmod 600 "$home/c.yaml"
	[ "$(id -u)" = "${owner:-$(id -u)}" ] || chown -R "$owner" "$home"
	live "$name" "$@" -- -c "$home/c.yaml" -M "$home/metrics" -w "$home/flows/%s" -G 1 -z "$T/list" \
		--template-file "$home/templates" --counters "$home/counters"
	mv "$home/counters" "$home/counters.1"
	is "$(status $last Uid)" "$uid" "$name: runs as user $uid"
	is "$(status $last CapPrm) $(status $last CapEff) $(status $last CapAmb)" \
		"0000000000000000 0000000000000000 0000000000000000" "$name: has no capabilities"
	is "$(cat "/proc/$last/task"/*/status | grep -c '^NoNewPrivs:.1')" "$(ls "/proc/$last/task" | wc -l)" \
		"$name: no thread can have new privileges"
	is "$(cat "/proc/$last/task"/*/status | grep -c '^Seccomp:.2')" "$([ "$sanitized" = 0 ] && ls "/proc/$last/task" | wc -l || echo 0)" \
		"$name: each thread is under the filter, but for the sanitizers"
	send "$template"
	send "$data"
	wait_for 5 eval 'cat "$home"/flows/* | grep -q trusted'
	echo 'collectors: {netflow: {config: {allow: [127.0.0.1]}}}' >"$home/c.yaml"
	kill -HUP $last
	ok "$name: HUP reads the configuration" wait_for 5 grep -q 'notice: reloaded' "$T/$name.err"
	echo 'collectors: {netflow: {config: {allow: [bogus]}}}' >"$home/c.yaml"
	kill -HUP $last
	ok "$name: and refuses a bad one" wait_for 5 grep -q 'c.yaml:1:.*the old configuration stays' "$T/$name.err"
	send "$data"
	wait_for 5 eval 'cat "$home"/flows/* | grep -q "trusted\":true"'
	kill -USR1 $last
	ok "$name: USR1 prints the counters" wait_for 5 grep -q 'nf_collect_written_total 2' "$T/$name.err"
	ended $last
	is $? 0 "$name: it ends well"
	is "$(cat "$home"/flows/* | jq -c .trusted | tr '\n' ' ')" 'false true ' "$name: the files have all, by the new configuration"
	like "$(cat "$home/metrics")" 'nf_collect_written_total 2' "$name: the counters are in their file"
	is "$(stat -c %u "$home/metrics" "$home/templates" "$home/counters" "$home"/flows/* | sort -u)" "${owner:-$(id -u)}" "$name: files, all of them made or made anew since, belong to whom started it"
	like "$(cat "$T/$name.err")" "list .*flows/[0-9]*: done" "$name: -z is run"
}
printf '#!/bin/sh\nls -l "$1"\n' >"$T/list"
chmod 755 "$T/list" "$T"

if [ "$root" ]; then
	at_work root "$nobody"
	owner=$nobody at_work user "$nobody" setpriv --reuid="$nobody" --regid=65534 --clear-groups
	live daemon -- --user daemon
	is "$(status $last Uid)" "$(id -u daemon)" "--user: root becomes that user"
	is "$(status $last Gid) $(status $last Groups | tr -d ' ')" "$(id -g daemon) " "and has its group and no other"
	ended $last
	live stays -- --user root
	is "$(status $last Uid) $(status $last CapEff)" "0 0000000000000000" "--user root: stays root, without capabilities"
	ended $last
	if unshare -Ur true 2>/dev/null; then
		live container unshare -Ur -- -M "$T/metrics"
		like "$(cat "$T/container.err")" 'cannot become user [0-9]*, stays root: ' "where there is no other user this is said"
		is "$(status $last CapEff)" 0000000000000000 "and capabilities are given up"
		ended $last
	else
		diag "no user namespace is to be had: not tested where there is no other user"
	fi
	# A low port that is taken at first.
	low=700
	while grep -q ":$(printf %04X $low) " /proc/net/udp; do low=$((low + 1)); done
	perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Proto => "udp", LocalAddr => "127.0.0.1:'"$low"'") or die; $| = 1; print "bound\n"; sleep 600' >"$T/bound" &
	PIDS+=($!)
	holder=$!
	wait_for 10 grep -q bound "$T/bound"
	live low -- -l "127.0.0.1:$low"
	is "$(status $last CapEff)" 0000000000000400 "while a low port is waited for, the right to bind it is kept"
	kill $holder
	ok "and used" wait_for 15 grep -q "127.0.0.1:$low: now listening" "$T/low.err"
	ended $last
else
	at_work user "$(id -u)"
	live named -- --user nobody
	is "$(status $last Uid)" "$(id -u)" "--user: who is not root stays who it is"
	ended $last
fi
"$collect" -r "${0%/*}/data/softflowd-v5.pcap" --user no-such-user >"$T/out" 2>"$T/words"
is $? 2 "a user that is not there is a wrong option"
like "$(cat "$T/words")" "there is no user 'no-such-user'" "with words"

# An address that is taken at first.
rm -f "$T/bound"
second=$(free_port)
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Proto => "udp", LocalAddr => "127.0.0.1:'"$second"'") or die; $| = 1; print "bound\n"; sleep 600' >"$T/bound" &
PIDS+=($!)
holder=$!
wait_for 10 grep -q bound "$T/bound"
live late -- -l "127.0.0.1:$second"
kill $holder
ok "an address that is had later is bound in the sandbox" wait_for 15 grep -q "127.0.0.1:$second: now listening" "$T/late.err"
ended $last

# What a program that was taken over could do: each thread tries it, with the sandbox and without.
cc -D_GNU_SOURCE -shared -fPIC -o "$T/probe.so" "${0%/*}/data/probe.c" || bail "no probe"
chmod 755 "$T/probe.so"
tgkill=$(cc -E -P -include sys/syscall.h - <<<SYS_tgkill | tail -1)
each_thread() {
	local tid n=0
	for tid in $(ls "/proc/$last/task"); do
		n=$((n + 1))
		perl -e 'my ($call, @to) = map { $_ + 0 } @ARGV; syscall($call, $to[0], $to[1], $to[2]) == 0 or die' "$tgkill" $last "$tid" "$(kill -l USR2)"
		wait_for 10 eval '[ "$(grep -c "probe end" "$T/'"$1"'.err")" -ge $n ]' || return 1
	done
}
probes() { sed -n 's/^probe //p' "$T/$1.err" | sort -u | tr '\n' ' '; }
if [ "$sanitized" = 0 ]; then
	live free env "LD_PRELOAD=$T/probe.so" -- --no-sandbox
	ok "without a sandbox all threads do as they like" each_thread free
	is "$(probes free)" "code: done end: done fork: done inet: done kill: done netlink: done read: done trace: done unix: done unlink: done write: done " \
		"that is"
	is "$(status $last Seccomp) $(status $last Uid)" "0 $(id -u)" "--no-sandbox gives up nothing"
	ended $last
	live boxed env "LD_PRELOAD=$T/probe.so" --
	ok "in it they try the same" each_thread boxed
	is "$(probes boxed)" "code: EPERM end: done exec: EPERM fork: EPERM inet: done kill: EPERM netlink: EPERM read: EPERM trace: EPERM unix: EPERM unlink: EPERM write: EPERM " \
		"and may only open sockets of IP"
	send "$template"
	send "$data"
	ok "and go on with their work" wait_for 5 lines "$T/boxed.out" 1
	ended $last
	echo 'collectors: {netflow: {config: {sandbox: false}}}' >"$T/off.yaml"
	live off -- -c "$T/off.yaml"
	is "$(status $last Seccomp)" 0 "a key turns it off too"
	ended $last
	mkfifo "$T/silent"
	exec 8<>"$T/silent"
	head -c 20000 "${0%/*}/data/softflowd-v5.pcap" >&8
	LD_PRELOAD=$T/probe.so "$collect" -r - <"$T/silent" >"$T/read.out" 2>"$T/read.err" &
	last=$!
	PIDS+=($last)
	wait_for 10 lines "$T/read.out" 300
	ok "with a capture they try the same" each_thread read
	like "$(probes read)" "inet: EPERM .* read: EPERM " "and have no network"
	ended $last
	is $? 0 "which ends well"
else
	live unprobed --
	is "$(status $last Seccomp)" 0 "under the sanitizers, which need it, nothing is filtered"
	ended $last
fi
plan
