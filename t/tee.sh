# What the tests of nf-tee share. Input goes to descriptor 3.

PATH=$BUILD/bin:$BUILD/t/helper:$PATH

# tee_start ARGUMENT…: nf-tee in the background as $TEE, its words in $T/words, its counters in $T/metrics.
tee_start() {
	rm -f "$T/in" "$T/words" "$T/metrics"
	mkfifo "$T/in"
	nf-tee -v -M "$T/metrics" "$@" <"$T/in" >"$T/stdout" 2>"$T/words" &
	TEE=$!
	PIDS+=($TEE)
	exec 3>"$T/in"
	# The counters are written first when all outputs are open.
	wait_for 5 test -s "$T/metrics" || diag "$(cat "$T/words")"
}

# The end of its input, and its own: the status is in STATUS.
tee_end() {
	exec 3>&-
	tee_wait
}

tee_wait() {
	wait_for 20 tap_gone "$TEE" || diag "nf-tee does not end"
	wait "$TEE"
	STATUS=$?
}

# metric NAME OUTPUT [REASON]: of the counters at the end.
metric() {
	metric_lines "$@" <"$T/metrics" | tail -1
}

metric_lines() {
	sed -n "s|^nf_tee_output_$1[a-z_]*{output=\"$2\"${3:+,reason=\"$3\"}} ||p"
}

# The same now: USR1 prints the counters among nf-tee's words.
metric_now() {
	local before
	before=$(metric_lines "$@" <"$T/words" | wc -l)
	kill -USR1 "$TEE"
	wait_for 5 metric_came "$before" "$@"
	metric_lines "$@" <"$T/words" | tail -1
}

metric_came() {
	local before=$1
	shift
	[ "$(metric_lines "$@" <"$T/words" | wc -l)" -gt "$before" ]
}

metric_is() { [ "$(metric_now "${@:2}")" = "$1" ]; }
said_times() { [ "$(grep -c "$2" "$T/words")" -ge "$1" ]; }
size_is() { [ "$(stat -c %s "$1")" -eq "$2" ]; }
lines_are() { [ "$(wc -l <"$1")" -eq "$2" ]; }
status_is() {
	local want=$1
	shift
	"$@"
	[ $? -eq "$want" ]
}

kill_now() {
	kill -KILL "$1"
	wait "$1" 2>/dev/null
}

# copy SOCKET [BYTES] &: what comes from it to stdout; after so many bytes it holds on without reading.
copy() {
	exec perl -MIO::Socket::UNIX -e '
		my ($path, $most) = @ARGV;
		my $s = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!\n";
		my $n = 0;
		while (!defined $most || $n < $most) {
			my $got = sysread $s, my $b, defined $most && $most - $n < 65536 ? $most - $n : 65536;
			exit 0 unless $got;
			syswrite STDOUT, $b;
			$n += $got;
		}
		sleep 60 while 1;' "$@" 3>&-
}
