#!/bin/bash
# The supervisor's handling of processes and pipes, with stand-ins for the stages that count what passes.
. "${0%/*}/tap.sh"

run=$T/run out=$T/out
export OUT=$out PATH=$T/bin:$PATH
mkdir "$T/bin" "$out"

# One stand-in is every stage: nf-collect makes numbered lines until TERM, nf-tee serves sockets, nf-cat reads one,
# the others copy; the last of a line keeps what it got. Each says when it has ended, and when it was told to reload.
cat >"$T/bin/stage" <<'END'
#!/usr/bin/perl
use strict;
use warnings;
use IO::Handle;
use IO::Select;
use IO::Socket::UNIX;

my ($me) = $0 =~ m{([^/]+)$};
my $out = $ENV{OUT};
my ($socket) = map { /^unix:(.*)/ } @ARGV;
$me .= $socket =~ /flows-(\w+)/ ? "-$1" : "" if $me eq "nf-cat";

sub note { open(my $f, ">>", "$out/$_[0]") or die; $f->autoflush; print $f "$_[1]\n"; close $f }
sub put {
	my ($to, $bytes) = @_;
	while (length $bytes) {
		my $n = syswrite $to, $bytes;
		next if !defined $n && $!{EINTR};
		exit 0 unless defined $n;
		substr($bytes, 0, $n) = "";
	}
}

$SIG{PIPE} = "IGNORE";
$SIG{HUP} = sub { note("reloaded", $me) };
my $term = 0;
$SIG{TERM} = sub { $term = 1 };
note("args", join(" ", $me, @ARGV));
exit 2 if -e "$out/misconfigured-$me";

if ($me eq "nf-collect") {
	my $n = 0;
	until ($term) {
		put(*STDOUT, ++$n . "\n");
		select undef, undef, undef, 0.001;
	}
	note("sent", $n);
} elsif ($me eq "nf-tee") {
	my @listen;
	for (grep { /^unix:/ } @ARGV) {
		my ($path) = /^unix:([^,]*)/;
		unlink $path;
		push @listen, IO::Socket::UNIX->new(Local => $path, Listen => 5);
	}
	my @readers = map { scalar $_->accept } @listen;
	for (;;) {
		my $n = sysread STDIN, my $bytes, 65536;
		next if !defined $n && $!{EINTR};
		last if !$n;
		put($_, $bytes) for @readers;
	}
} else {
	my $in = *STDIN;
	if ($me =~ /^nf-cat/) {
		for (1 .. 250) {
			last if $in = IO::Socket::UNIX->new(Peer => $socket);
			select undef, undef, undef, 0.02;
		}
		exit 1 unless $in;
	}
	my $to = *STDOUT;
	if ($me eq "nf-ch-insert" || $me eq "nf-act") {
		open($to, ">>", "$out/rows-$me") or die;
	}
	for (;;) {
		if (-e "$out/pause-$me") {
			note("paused", $me);
			select undef, undef, undef, 0.02 while -e "$out/pause-$me" && !$term;
		}
		last if $term;
		IO::Select->new($in)->can_read(0.05) or next;
		my $n = sysread $in, my $bytes, 65536;
		next if !defined $n && $!{EINTR};
		last if !$n;
		put($to, $bytes);
	}
	select undef, undef, undef, 60 if -e "$out/stuck-$me" && !$term;
}
note("ended", $me);
END
chmod +x "$T/bin/stage"
for p in collect enrich tee cat ch-insert detect act; do
	ln -s stage "$T/bin/nf-$p"
done

cat >"$T/f.yaml" <<'END'
collectors: {netflow: {config: {allow: 192.0.2.1, debug: true}}}
enrich: ""
my_prefixes: [198.51.100.0/24]
insert: {drain_timeout: 0}
act: {detections_out: /dev/null}
END
echo "detection: {log_dir: $T/log}" >>"$T/f.yaml"
fe=("$BUILD/bin/flowenricher" -c "$T/f.yaml" --run-dir "$run")

pid_of() { awk -v s="$1" '$1 == s {print $3}' "$run/status"; }
state_of() { awk -v s="$1" '$1 == s {print $2, $4}' "$run/status"; }
state_is() { [ "$(state_of "$1")" = "$2" ]; }
pids() { awk '{print $1, $3}' "$run/status"; }
all_up() { "${fe[@]}" status; }
begin() { # ARG...: a supervisor in the background, its words in $T/words
	"${fe[@]}" "$@" 2>"$T/words" &
	supervisor=$!
	PIDS+=("$supervisor")
}

begin run
ok "all stages come up" wait_for 10 all_up
like "$(cat "$T/words")" "nf-conf: warning: .*nothing is detected without rules.*flowenricher: notice: starting in $run" \
	"the words of the check come first"
is "$("${fe[@]}" status | sed "1s/$supervisor/PID/; 2,\$s/^\([a-z-]*\)  *\([a-z]*\) .*/\1 \2/")" \
	"flowenricher runs in $run, pid PID
stage state
collect up
enrich up
tee up
ch-reader up
ch-insert up
detect-reader up
detect up
act up" "status shows them"
args_are_in() { [ "$(grep -c . "$out/args")" -eq 8 ]; }
wait_for 5 args_are_in
is "$(sort "$out/args")" "nf-act -c $T/f.yaml -M $run/act.prom
nf-cat-ch -b --wait 5s unix:$run/flows-ch.sock -M $run/ch-reader.prom
nf-cat-detect -b --wait 5s unix:$run/flows-detect.sock -M $run/detect-reader.prom
nf-ch-insert -c $T/f.yaml -i bin -M $run/ch-insert.prom
nf-collect -c $T/f.yaml -b -v -M $run/collect.prom
nf-detect -c $T/f.yaml -i bin -M $run/detect.prom
nf-enrich -c $T/f.yaml -i bin -b -M $run/enrich.prom
nf-tee -c $T/f.yaml -i bin -b unix:$run/flows-ch.sock,block unix:$run/flows-detect.sock,drop,64M -M $run/tee.prom" \
	"each got the options that it is due"

# A stage that holds nothing is killed: what is in the pipes must arrive, and nobody else notice.
before=$(pids | grep -v enrich)
old=$(pid_of enrich)
touch "$out/pause-nf-enrich"
ok "a stage stands still" wait_for 5 grep -q nf-enrich "$out/paused"
kill -KILL "$old"
ok "it is started again when killed" wait_for 5 state_is enrich "up 1"
rm "$out/pause-nf-enrich"
is "$(pids | grep -v enrich)" "$before" "its neighbours keep their pids"
like "$(cat "$T/words")" "warning: enrich \(pid $old\) ended by signal KILL; started again in 250 ms" "and it is reported"
started() { [ "$(grep -c "^$1 " "$out/args")" -eq "$2" ]; }
wait_for 5 started nf-enrich 2
kill -TERM "$(pid_of enrich)"
ok "it is started again too where it ended with 0" wait_for 5 state_is enrich "up 2"

touch "$out/misconfigured-nf-act"
kill -KILL "$(pid_of act)"
ok "status 2 is left" wait_for 5 state_is act "left 1"
like "$(cat "$T/words")" "error: act \(pid [0-9]+\) ended with status 2: usage or configuration; it is left until a reload" \
	"and reported"
"${fe[@]}" status >/dev/null
is $? 1 "status says so"
rm "$out/misconfigured-nf-act"

cp "$T/f.yaml" "$T/good.yaml"
echo "clickhouse: {hots: a}" >>"$T/f.yaml"
wait_for 5 started nf-enrich 3
kill -HUP "$supervisor"
ok "a reload of a bad file" wait_for 5 grep -q "reload: the old configuration stays" "$T/words"
like "$(cat "$T/words")" "f.yaml:7:14: unknown key 'clickhouse.hots'; did you mean 'host'?" "says where it is bad"
ok "and reaches no stage" test ! -e "$out/reloaded"
cp "$T/good.yaml" "$T/f.yaml"
ok "reload" "${fe[@]}" reload
ok "tries again what was left" wait_for 5 state_is act "up 2"
all_told() { [ "$(sort "$out/reloaded" | tr '\n' ' ')" = "nf-cat-ch nf-cat-detect nf-ch-insert nf-collect nf-detect nf-enrich nf-tee " ]; }
ok "and tells the others" wait_for 5 all_told

is "$("${fe[@]}" run 2>&1 | tail -1)" "flowenricher: error: it runs already in $run, pid $supervisor" "one a folder"

rm "$out/ended"
ok "stop" "${fe[@]}" stop
wait "$supervisor"
is $? 0 "it ended well"
sent=$(cat "$out/sent")
ok "lines were sent" test "$sent" -gt 500
ok "each line arrived, once and in order" cmp "$out/rows-nf-ch-insert" <(seq "$sent")
# The reader of a socket and nf-tee at its other end leave at the same time.
is "$(grep -vE 'detect|act|tee' "$out/ended" | tr '\n' ' ')" "nf-collect nf-enrich nf-cat-ch nf-ch-insert " \
	"the end ran down the line"
is "$(tail -1 "$T/words")" "flowenricher: notice: stopped" "and was reported"
is "$("${fe[@]}" stop 2>&1)" "flowenricher: error: it does not run in $run" "there is nothing to stop now"
is "$("${fe[@]}" status 2>&1)" "flowenricher: error: it does not run in $run" "nor to show"

# In the background, without detection, with what is not there, and a stage that will not end.
echo "kafka: {enabled: true}" >>"$T/f.yaml"
sed -i 's/^detection: {/detection: {enable_detection_engine: false, /' "$T/f.yaml"
rm -f "$out"/*
touch "$out/stuck-nf-enrich"
ok "start" "${fe[@]}" start
ok "and all stages come up" wait_for 10 all_up
is "$(cut -d' ' -f1 "$run/status" | tr '\n' ' ')" "collect enrich tee ch-reader ch-insert " "detection is left out"
like "$(cat "$T/log/flowenricher.log")" "warning: kafka.enabled is set, but nf-kafka is not installed; it is left out" \
	"what is not installed too"
ok "stop does not wait for ever" "${fe[@]}" stop
like "$(tail -2 "$T/log/flowenricher.log")" \
	"warning: enrich \(pid [0-9]+\) has not ended in time; it gets SIGTERM
flowenricher: error: stopped, not all in order" "and says so"
ok "the stages behind it drained" cmp "$out/rows-nf-ch-insert" <(seq "$(cat "$out/sent")")
rm "$out/stuck-nf-enrich"

begin --config "$T/f.yaml" --rules /dev/null
ok "without a command it runs" wait_for 10 all_up
mapfile -t stages < <(awk '{print $3}' "$run/status")
kill -KILL "$supervisor"
wait "$supervisor" 2>/dev/null
none_left() { ! kill -0 "${stages[@]}"; }
ok "no stage outlives the supervisor" wait_for 10 none_left

got=$("$BUILD/bin/flowenricher" -c "$T/none" 2>&1)
like "$? $got" "^2 .*$T/none does not exist" "a missing configuration"
echo "clickhose: {}" >"$T/bad.yaml"
got=$("$BUILD/bin/flowenricher" -c "$T/bad.yaml" run 2>&1)
like "$? $got" "^2 .*bad.yaml:1:1: unknown key 'clickhose'; did you mean 'clickhouse'" "a bad one"
got=$("${fe[@]}" flush 2>&1)
is "$? $got" "1 flowenricher: error: no nf-bgpd is configured, so there are no blackholes to withdraw" "flush"
got=$("${fe[@]}" -n 2>/dev/null)
like "$? $got" "^0 .*kafka.enabled: true" "check shows the configuration"
like "$("${fe[@]}" check 2>&1 >/dev/null)" "warning: kafka.enabled is set, but nf-kafka is not installed; it is left out" \
	"and says what is missing"
"${fe[@]}" dance 2>/dev/null
is $? 2 "an unknown command"
"${fe[@]}" --dance 2>/dev/null
is $? 2 "an unknown option"
is "$("$BUILD/bin/flowenricher" -V)" "flowenricher $("$BUILD/bin/nf-conf" -V | cut -d' ' -f2)" "-V"

plan
