# Today's ClickHouse engine in the place of a server: after tap.sh and insert.sh. Without it CI fails, and others skip by name.
lib=$("${0%/*}/../contrib/chdb.sh" path)
if [ ! -s "$lib" ]; then
	[ "$CI" = true ] || skip_all "today's ClickHouse engine is not here: contrib/chdb.sh fetch"
	plan 1
	ok "today's ClickHouse engine is here: contrib/chdb.sh fetch" false
	exit 1
fi

# engine LOST: the engine at $URL, which forgets to answer that many inserts.
engine() {
	[ -z "$engine" ] || { kill "$engine"; wait "$engine"; } 2>/dev/null
	TZ=UTC "$BUILD/t/helper/chdb_server" "$lib" "$T/engine" "$CH_PORT" "$1" 2>"$T/engine.said" &
	engine=$!
	PIDS+=("$engine")
	wait_for 60 eval '[ "$(ch "SELECT 1")" = 1 ]' || bail "no engine: $(cat "$T/engine.said")"
}
engine='' CH_PORT=$(free_port)
URL=http://127.0.0.1:$CH_PORT
