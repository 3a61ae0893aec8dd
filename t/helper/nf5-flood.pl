#!/usr/bin/perl
# nf5-flood.pl PORT VICTIM PPS SECONDS [EXPORTER]: the flows of a SYN flood of so many packets a second from 250 addresses,
# as NetFlow v5, ten datagrams of 30 flows a second, to that port of 127.0.0.1. Prints the time at which it begins, in ms.
use strict;
use warnings;
use IO::Socket::INET;
use Socket 'inet_aton';
use Time::HiRes qw(sleep time);

my ($port, $victim, $pps, $seconds, $exporter) = @ARGV;
my $socket = IO::Socket::INET->new(Proto => 'udp', PeerAddr => "127.0.0.1:$port", LocalAddr => $exporter // '127.0.0.1')
	or die "no socket\n";
my ($to, $packets, $begin) = (inet_aton($victim), $pps / 300, time);
$| = 1;
printf "%.0f\n", $begin * 1000;
for my $i (0 .. $seconds * 10 - 1) {
	my $now = time;
	my $datagram = pack 'nnNNNNCCn', 5, 30, 1_000_000, int $now, ($now - int $now) * 1e9, 0, 0, 0, 0;
	$datagram .= pack 'Na4a4nnNNNNnnCCCCnnCCn', 0xcb007100 + ($i * 30 + $_) % 250, $to, '', 1, 2, $packets, 40 * $packets, 999_900, 999_999,
		1024 + $_, 443, 0, 2, 6, 0, 0, 0, 0, 0, 0 for 1 .. 30;
	$socket->send($datagram);
	my $left = $begin + ($i + 1) / 10 - time;
	sleep $left if $left > 0;
}
