#!/bin/bash
# nf-tee: who reads gets every batch, byte for byte, from a batch's edge on; whose socket it is.
. "${0%/*}/tap.sh"
. "${0%/*}/tee.sh"

flowgen -r 1000 20000 >"$T/first"
flowgen -r 1000 -f 20001 -m 5 10000 >"$T/second"
cat "$T/first" "$T/second" >"$T/both"

tee_start -b "unix:$T/a" "unix:$T/b,drop" "file:$T/c"
is "$(stat -c '%F %a' "$T/a")" "socket 660" "the socket has mode 0660"
copy "$T/a" >"$T/a1" & one=$!
copy "$T/a" >"$T/a2" & two=$!
copy "$T/b" >"$T/b1" & three=$!
ok "three readers joined" wait_for 5 said_times 3 "a reader joined"
cat "$T/first" >&3
ok "the first half arrives" wait_for 10 size_is "$T/a1" "$(stat -c %s "$T/first")"
copy "$T/a" >"$T/a3" & four=$!
ok "a fourth joined" wait_for 5 said_times 4 "a reader joined"
cat "$T/second" >&3

ok "another nf-tee may not take the socket" status_is 1 nf-tee -b "unix:$T/a" </dev/null
like "$(nf-tee "unix:$T/a" 2>&1 </dev/null)" "another program listens" "and says why"

tee_end
is "$STATUS" 0 "nf-tee ends with 0"
wait $one $two $three $four
ok "a reader has what came in, byte for byte" cmp "$T/a1" "$T/both"
ok "another reader of the socket has the same" cmp "$T/a2" "$T/both"
ok "a reader of the other socket has the same" cmp "$T/b1" "$T/both"
ok "the file has the same" cmp "$T/c" "$T/both"
ok "who joined later has whole batches from there on" cmp "$T/a3" "$T/second"
is "$(flowsink <"$T/a3")" "rows 10000 batches 10 marks 2 gaps 0 bad 0 skipped 0 torn 0" "and marks among them"
is "$(ls "$T"/[ab] 2>/dev/null)" "" "the sockets are gone"
is "$(metric rows "unix:$T/a")" 70000 "rows count for every reader"
is "$(metric bytes "file:$T/c")" "$(stat -c %s "$T/both")" "bytes are counted"

# As text: the reader that joins later begins with a line.
tee_start "unix:$T/a"
copy "$T/a" >"$T/a1" & one=$!
wait_for 5 said_times 1 "a reader joined"
cat "$T/first" >&3
wait_for 10 lines_are "$T/a1" 20000
copy "$T/a" >"$T/a2" & two=$!
wait_for 5 said_times 2 "a reader joined"
cat "$T/second" >&3
tee_end
wait $one $two
is "$(grep -c '^{.*}$' "$T/a1")" 30002 "NDJSON is written without -b"
ok "the later reader has the later lines" cmp "$T/a2" <(tail -n +20001 "$T/a1")

# A dead program's socket is replaced.
tee_start -b "unix:$T/a"
kill_now "$TEE"
ok "a killed nf-tee leaves its socket" test -S "$T/a"
tee_start -b "unix:$T/a"
copy "$T/a" >"$T/a1" & one=$!
cat "$T/first" >&3
tee_end
wait $one
ok "the next one takes it over" cmp "$T/a1" "$T/first"

# A reader that says things, and then that it will say no more, still reads.
tee_start -b "unix:$T/a"
perl -MIO::Socket::UNIX -e '
	my $s = IO::Socket::UNIX->new(Peer => shift) or die;
	syswrite $s, "x" x 100000;
	shutdown $s, 1;
	syswrite STDOUT, $b while sysread $s, $b, 65536' "$T/a" >"$T/a1" 3>&- & one=$!
wait_for 5 said_times 1 "a reader joined"
cat "$T/first" >&3
ok "a reader that has closed its own side gets all" wait_for 10 size_is "$T/a1" "$(stat -c %s "$T/first")"
tee_end
wait $one

# More readers than an output takes, and more than there are descriptors.
crowd() { # SOCKET COUNT: connects so many, says how many stay, holds them
	exec perl -MIO::Socket::UNIX -MIO::Select -e '
		my ($path, $most) = @ARGV;
		$| = 1;
		my @s = map { IO::Socket::UNIX->new(Peer => $path) or die "$!" } 1..$most;
		my $sent_away = 0;
		my $select = IO::Select->new(@s);
		while (my @ready = $select->can_read(0.5)) {
			for (@ready) { $sent_away++ unless sysread $_, my $b, 1; $select->remove($_) }
		}
		print $most - $sent_away, "\n";
		sleep 60 while 1' "$@" 3>&-
}
tee_start -b "unix:$T/a,drop"
crowd "$T/a" 70 >"$T/crowd" & one=$!
PIDS+=($one)
ok "more than 64 readers come" wait_for 10 test -s "$T/crowd"
is "$(cat "$T/crowd")" 64 "64 stay"
kill_now $one
wait_for 5 metric_is 0 readers "unix:$T/a,drop"
copy "$T/a" >"$T/a1" & one=$!
wait_for 5 metric_is 1 readers "unix:$T/a,drop"
cat "$T/first" >&3
tee_end
wait $one
ok "when they are gone others may come" cmp "$T/a1" "$T/first"
is "$(metric refused "unix:$T/a,drop")" 6 "those sent away are counted"

descriptors=$(ulimit -Sn)
ulimit -Sn 20
tee_start -b "unix:$T/a,drop"
ulimit -Sn "$descriptors"
crowd "$T/a" 30 >"$T/crowd" & one=$!
PIDS+=($one)
ok "it says that descriptors are short" wait_for 5 said_times 1 "Too many open files"
ok "and goes on" kill -0 "$TEE"
kill_now $one
wait_for 5 metric_is 0 readers "unix:$T/a,drop"
copy "$T/a" >"$T/a1" & one=$!
wait_for 5 metric_is 1 readers "unix:$T/a,drop"
cat "$T/first" >&3
tee_end
wait $one
ok "when they are free again readers are let in" cmp "$T/a1" "$T/first"

echo data >"$T/a"
ok "a file that is no socket is left alone" status_is 1 nf-tee -b "unix:$T/a" </dev/null
is "$(cat "$T/a")" data "with what is in it"
plan
