#!/usr/bin/perl
# syn-flood.pl VICTIM PACKETS SOURCES: a capture of a SYN flood on stdout: so many packets to port 443 in the two seconds
# before now, from so many addresses in turn.
use strict;
use warnings;
use Socket 'inet_aton';
use Time::HiRes 'time';

my ($victim, $packets, $sources) = @ARGV;
my ($to, $begin) = (inet_aton($victim), time - 2);
binmode STDOUT;
print pack 'VvvVVVV', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1;
for my $i (0 .. $packets - 1) {
	my $at = $begin + 2 * $i / $packets;
	my $ip = pack 'CCnnnCCnNa4', 0x45, 0, 40, $i & 0xffff, 0, 64, 6, 0, 0xcb007100 + $i % $sources, $to;
	my $sum = unpack '%32n*', $ip;
	$sum = ($sum & 0xffff) + ($sum >> 16) for 1, 2;
	substr $ip, 10, 2, pack 'n', ~$sum & 0xffff;
	my $frame = pack('x12n', 0x0800) . $ip . pack 'nnNNCCnnn', 1024 + $i % 60000, 443, $i, 0, 0x50, 2, 1024, 0, 0;
	print pack('VVVV', int $at, ($at - int $at) * 1e6, length $frame, length $frame), $frame;
}
