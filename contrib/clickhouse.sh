# Sourced by the tests and the demo: a ClickHouse server as an ordinary process of any user, in a folder
# of the caller, on free loopback ports, with no system paths, that ends with the caller's word.
#
#     ch_setup DIR        writes the configuration; picks CH_PORT (HTTP) and CH_TCP_PORT
#     ch_start            starts it and waits until it answers; at the same place after a stop or kill
#     ch_stop, ch_kill    TERM and KILL, and waits for its end
#     ch QUERY            the answer, by HTTP; a query on stdin with no argument
#     ch_client ARGS...   clickhouse-client, connected to it
#
# CH_USER and CH_PASSWORD, set before ch_setup, name the account (default, no password).
# The port is the caller's for its lifetime: another program may take it while the server is down,
# so ch_setup picks ports below the range that the kernel hands out by itself.

ch_free_port() {
	local port
	for _ in $(seq 100); do
		port=$((10000 + (RANDOM * 32768 + RANDOM) % 22000))
		(: </dev/tcp/127.0.0.1/$port) 2>/dev/null || { echo $port; return; }
	done
	return 1
}

ch_setup() {
	CH_DIR=$1 CH_PID='' CH_PORT=$(ch_free_port) CH_TCP_PORT=$(ch_free_port)
	mkdir -p "$CH_DIR"/{data,tmp,log}
	cat >"$CH_DIR/config.xml" <<XML
<yandex>
  <logger>
    <level>warning</level>
    <log>$CH_DIR/log/server.log</log>
    <errorlog>$CH_DIR/log/error.log</errorlog>
  </logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>$CH_PORT</http_port>
  <tcp_port>$CH_TCP_PORT</tcp_port>
  <path>$CH_DIR/data/</path>
  <tmp_path>$CH_DIR/tmp/</tmp_path>
  <users_config>$CH_DIR/users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <timezone>UTC</timezone>
  <mark_cache_size>67108864</mark_cache_size>
  <max_concurrent_queries>20</max_concurrent_queries>
  <keep_alive_timeout>10</keep_alive_timeout>
</yandex>
XML
	cat >"$CH_DIR/users.xml" <<XML
<yandex>
  <profiles><default><max_memory_usage>2000000000</max_memory_usage><max_threads>2</max_threads></default></profiles>
  <quotas><default/></quotas>
  <users>
    <${CH_USER:-default}>
      <password>${CH_PASSWORD:-}</password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </${CH_USER:-default}>
  </users>
</yandex>
XML
}

ch_ping() {
	[ "$(curl -s --noproxy '*' -m 2 "http://127.0.0.1:$CH_PORT/ping")" = "Ok." ]
}

ch_start() {
	clickhouse-server --config-file="$CH_DIR/config.xml" >>"$CH_DIR/log/stdout.log" 2>&1 </dev/null &
	CH_PID=$!
	for _ in $(seq 300); do
		ch_ping && return
		kill -0 "$CH_PID" 2>/dev/null || break
		sleep 0.1
	done
	echo "clickhouse-server did not start; the end of its log:" >&2
	tail -n 5 "$CH_DIR"/log/*.log >&2
	return 1
}

# Bash itself says "Killed" of a child that a signal ended, unless its stderr is elsewhere while it waits.
ch_end() {
	[ -n "$CH_PID" ] || return 0
	kill -"$1" "$CH_PID"
	wait "$CH_PID"
	CH_PID=''
} 2>/dev/null

ch_stop() { ch_end TERM; }
ch_kill() { ch_end KILL; }

ch() {
	curl -sS --noproxy '*' -H "X-ClickHouse-User: ${CH_USER:-default}" -H "X-ClickHouse-Key: ${CH_PASSWORD:-}" \
		--data-binary "${1-@-}" "http://127.0.0.1:$CH_PORT/"
}

ch_client() {
	clickhouse-client --host 127.0.0.1 --port "$CH_TCP_PORT" --user "${CH_USER:-default}" \
		--password "${CH_PASSWORD:-}" "$@"
}
