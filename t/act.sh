# For tests of nf-act; sourced after tap.sh.

act=$BUILD/bin/nf-act

# detection N [MEMBERS]: the start of incident N, now, whose members may be set or overridden.
detection() {
	perl -MJSON::PP -MTime::HiRes=time -e '($n, $more) = @ARGV;
		my %d = (type => "detection", id => sprintf("00000000-0000-5000-8000-%012x", $n), state => "start",
			time => time, rule => "scan", key => {src_ip => "198.51.100.$n", dst_port => 22}, flows => 70 + $n,
			packets => 80, unique_dst_ips => 50, actions => ["alert"],
			reasons => [{threshold => "min_flows", limit => 70, value => 70 + $n}]);
		my $over = decode_json($more); $d{$_} = $over->{$_} for keys %$over;
		print JSON::PP->new->canonical->encode(\%d), "\n";' "$1" "${2:-{\}}"
}

# hole N PREFIX [MEMBERS OF blackhole] [MEMBERS]: one that proposes a blackhole.
hole() {
	detection "$1" "{\"actions\": [\"alert\", \"blackhole\"], \"blackhole\": {\"prefix\": \"$2\", \"target\": \"src\",
		\"ttl\": 600${3:+, $3}}${4:+, $4}}"
}

# start_act ARGS…: one that runs, fed through descriptor 9; its words go to $T/err.
start_act() {
	[ -p "$T/in" ] || mkfifo "$T/in"
	: >"$T/err"
	"$act" "$@" <"$T/in" 2>>"$T/err" &
	pid=$!
	PIDS+=($pid)
	exec 9>"$T/in"
}
stop_act() {
	exec 9>&-
	wait $pid
}
said() { grep -qE -- "$1" "$T/err"; }
counts() { grep -qF -- "$1" "$T/metrics"; }
