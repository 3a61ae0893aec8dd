# TAP for the shell tests, which source it:
#
#     . "${0%/*}/tap.sh"
#     is "$(echo a)" a "echo says a"
#     ok "the file is there" test -s "$T/file"
#     plan
#
# It gives BUILD (the build folder), T (a folder that goes at the end) and PIDS (ended at the end: PIDS+=($!)).

BUILD=${BUILD:-$(cd "${0%/*}/.." && pwd)/build}
T=$(mktemp -d) || exit 1
PIDS=()
tests=0
trap tap_end EXIT

tap_end() {
	local pid
	for pid in "${PIDS[@]}"; do
		kill -TERM "$pid" 2>/dev/null && wait_for 5 tap_gone "$pid" || kill -KILL "$pid" 2>/dev/null
	done
	rm -rf "$T"
}

tap_gone() { ! kill -0 "$1"; }

# plan N before the first test, or plan alone after the last.
plan() { echo "1..${1:-$tests}"; }

diag() { printf '%s\n' "$*" | sed 's/^/# /' >&2; }

tap_result() { # STATUS NAME
	tests=$((tests + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tests - $2"
	else
		echo "not ok $tests - $2"
		return 1
	fi
}

# ok NAME CMD…: the command succeeds; what it says is shown where it does not.
ok() {
	local name=$1 said status
	shift
	said=$("$@" 2>&1)
	status=$?
	tap_result $status "$name" || diag "$* gave status $status
$said"
}

# is GOT WANT NAME
is() {
	[ "$1" = "$2" ]
	tap_result $? "$3" || diag "got:  $1
want: $2"
}

# like GOT REGEX NAME: an extended regular expression that matches somewhere in it.
like() {
	[[ $1 =~ $2 ]]
	tap_result $? "$3" || diag "got:  $1
want: a match of $2"
}

# This whole file of tests cannot run here.
skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}

# Nothing that follows makes sense, here and in the files to come.
bail() {
	echo "Bail out! $*"
	exit 1
}

# need PROGRAM…: peers that contrib/deps.sh check installs. Without them CI fails, and others skip by name.
need() {
	local p
	for p; do
		command -v "$p" >/dev/null && continue
		[ "$CI" = true ] || skip_all "$p is not installed"
		echo "1..1"
		echo "not ok 1 - $p is installed"
		exit 1
	done
}

# wait_for SECONDS CMD…: until the command succeeds; 1 if it never does.
wait_for() {
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.02
	done
}

# A port that neither TCP nor UDP uses, below those that the system gives out.
free_port() {
	local port
	while :; do
		port=$((10000 + RANDOM % 20000))
		grep -qiE "^ *[0-9]+: [0-9A-F]+:$(printf %04X $port) " /proc/net/{tcp,tcp6,udp,udp6} 2>/dev/null || break
	done
	echo $port
}
