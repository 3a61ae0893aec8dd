#!/bin/sh
# Today's ClickHouse engine as a library, for a test: contrib/chdb.sh path | fetch
#
#   path    where libchdb.so lies, or would
#   fetch   puts it there by npm, once: 166 MB come, 534 MB stay
#
# It is kept outside the tree, so that a fresh one need not fetch it again.
set -eu
version=26.5.3
cache=${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/flowenricher/chdb-$version

case ${1-} in
path) echo "$cache/libchdb.so" ;;
fetch)
	[ ! -s "$cache/libchdb.so" ] || exit 0
	command -v npm >/dev/null || { echo 'chdb.sh: npm is not installed' >&2; exit 1; }
	mkdir -p "$cache"
	work=$(mktemp -d "$cache/fetch.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
	cd "$work"
	npm pack --silent "@chdb/lib-linux-x64-gnu@$version" >/dev/null
	tar -xzf ./*.tgz package/libchdb.so
	mv package/libchdb.so "$cache/libchdb.so"
	;;
*) echo 'usage: contrib/chdb.sh path | fetch' >&2; exit 2 ;;
esac
