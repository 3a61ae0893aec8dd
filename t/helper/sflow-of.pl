#!/usr/bin/perl
# sflow-of.pl SEEDS FRAMES.pcap SFLOW.pcap: takes the packets among the seeds of the fuzz target `packet` that can stand
# in Ethernet, and writes a capture of them, and one of sFlow datagrams with one of them each, as sampled header. Prints
# their names in order.
use strict;
use warnings;

my ($seeds, $frames_file, $sflow_file) = @ARGV;
my $macs = pack 'H*', '020000000002020000000001';

sub pcap { # FILE
	open my $f, '>:raw', $_[0] or die "$_[0]: $!\n";
	print $f pack 'VvvVVVV', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1;
	return $f;
}

sub record { # FILE TIME FRAME LENGTH_ON_THE_WIRE
	my ($f, $time, $frame, $len) = @_;
	print $f pack('VVVV', 1_700_000_000 + $time, 0, length $frame, $len), $frame;
}

sub sflow { # FRAME
	my $frame = shift;
	my $padded = $frame . "\0" x (-length($frame) % 4);
	my $header = pack('NNNN', 1, length($frame) + 4, 4, length $frame) . $padded;
	my $sample = pack('N8', 1, 5, 512, 10000, 0, 17, 18, 1) . pack('NN', 1, length $header) . $header;
	return pack('NNNNNNN', 5, 1, 0xc0000201, 0, 1, 1000, 1) . pack('NN', 1, length $sample) . $sample;
}

sub udp { # PAYLOAD
	my $payload = shift;
	return $macs . pack('nCCnnnCCnNN', 0x0800, 0x45, 0, 28 + length $payload, 0, 0, 64, 17, 0, 0xc0000201, 0xc000020a)
		. pack('nnnn', 6343, 6343, 8 + length $payload, 0) . $payload;
}

my ($frames, $sampled) = (pcap($frames_file), pcap($sflow_file));
my $n = 0;
for my $path (sort glob "$seeds/*") {
	open my $f, '<:raw', $path or die "$path: $!\n";
	my ($link, $packet) = unpack 'Ca*', do { local $/; <$f> };
	next if $link > 1;
	$packet = $macs . pack('H4', ord($packet) >> 4 == 4 ? '0800' : '86dd') . $packet if $link == 1;
	record($frames, $n, $packet, 2000);
	my $datagram = udp(sflow($packet));
	record($sampled, $n++, $datagram, length $datagram);
	print $path =~ s,.*/,,r, "\n";
}
close $_ or die "$!\n" for $frames, $sampled;
