#!/bin/sh
# Installs the Debian packages that are needed: contrib/deps.sh build | demo | check
#
#   build   compiler and libraries
#   demo    and the ClickHouse server that the demo starts for itself
#   check   and what the tests, the fuzzers, `make lint` and `make bench` use
#
# When all are there it asks nothing of the network and changes nothing. No service of a new
# package is started, now or at the next boot: the demo and the tests start their own.
set -eu

build='gcc libc6-dev make libmaxminddb-dev libyaml-dev libjansson-dev libc-ares-dev libsnmp-dev
	libcurl4-openssl-dev libevent-dev librdkafka-dev liblz4-dev libzstd-dev libxxhash-dev libpcap-dev
	libseccomp-dev'
demo="$build clickhouse-server clickhouse-client curl procps"
check="$demo libcmocka-dev perl git jq mandoc python3 python3-yaml python3-sklearn netbase iproute2
	nfdump softflowd pmacct fastnetmon tshark bird2 gobgpd frr openbgpd bgpdump stunnel4 openssl nsd snmpd
	libmaxmind-db-writer-perl libmaxmind-db-reader-perl mmdb-bin
	g++ clang clang-format libclang-rt-14-dev llvm-14 cppcheck libsimdjson-dev"

policy=/usr/sbin/policy-rc.d
policy_is_ours=

say() { printf 'deps.sh: %s\n' "$*" >&2; }

# With a terminal sudo may ask for a password, without one it must not wait for it.
as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; elif [ -t 0 ]; then sudo "$@"; else sudo -n "$@"; fi
}

missing() {
	have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
		sed -n 's/^installed //p' | tr '\n' ' ') || true
	for p in "$@"; do
		case " $have" in *" $p "*) ;; *) printf '%s ' "$p" ;; esac
	done
}

# Quiet unless it fails. DPkg::Lock::Timeout does not cover the locks on lists and archives, so those are retried.
apt() {
	for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -qq -y --no-remove \
			--no-install-recommends -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
			-o Dpkg::Options::=--force-confold "$@" </dev/null >"$log" 2>&1 && return 0
		grep -Eq 'Could not get lock|Unable to (acquire|lock)' "$log" || break
		[ "$try" = 1 ] && say 'another apt is at work: waiting'
		sleep 10
	done
	cat "$log" >&2
	say "apt-get $1 failed"
	return 1
}

# Debian's way to install without starting: invoke-rc.d and deb-systemd-invoke obey this script.
policy_set() {
	[ -e "$policy" ] && return
	policy_is_ours=yes
	printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
	as_root chmod 755 "$policy"
}

finish() {
	[ -z "$policy_is_ours" ] || as_root rm -f "$policy"
	rm -f "$log"
}

# A package enables its units and init scripts by itself, so a server would be up after the next boot.
disable_services() {
	dpkg-query -L "$@" | while read -r f; do
		case $f in
		/lib/systemd/system/*@.service) ;;
		/lib/systemd/system/*.service)
			command -v systemctl >/dev/null && as_root systemctl -q disable "${f##*/}" ;;
		/etc/init.d/?*)
			as_root update-rc.d "${f##*/}" disable ;;
		esac
	done >/dev/null 2>&1 || true
}

case ${1-} in
build) want=$build ;;
demo) want=$demo ;;
check) want=$check ;;
*) echo 'usage: contrib/deps.sh build | demo | check' >&2; exit 2 ;;
esac
# shellcheck disable=SC2086
{
	if ! command -v dpkg-query >/dev/null; then
		say 'not a Debian system; the packages by their Debian names:' $want
		exit 1
	fi
	need=$(missing $want)
	[ -n "$need" ] || exit 0
	if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
		say "neither root nor sudo is here; as root: apt-get install --no-install-recommends $need"
		exit 1
	fi
	say "installing $need"
	log=$(mktemp)
	trap finish EXIT
	trap 'exit 1' HUP INT TERM
	policy_set
	apt update
	apt install $need
	disable_services $need
	need=$(missing $want)
	[ -z "$need" ] || { say "still missing: $need"; exit 1; }
}
