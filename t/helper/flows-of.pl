#!/usr/bin/perl
# flows-of.pl KEY=VALUE...: flows as NDJSON, the same for the same words. All flows are alike but for their times and
# for what stands as FIRST+COUNT, which goes round: src=192.0.2.1+250 is 250 sources, one after the other.
#
#     n=COUNT every=MS                 how many, and the time between two (1)
#     src dst sport dport              addresses of IPv4 and ports (192.0.2.1, 198.51.100.1, 40000, 1)
#     proto flags packets bytes        of each flow (6, 0, 1, 60)
use strict;
use warnings;
use Socket 'inet_aton';

my %flow = (n => 1, every => 1, src => '192.0.2.1', dst => '198.51.100.1', sport => 40000, dport => 1, proto => 6,
	flags => 0, packets => 1, bytes => 60);
for (@ARGV) {
	my ($key, $value) = split /=/, $_, 2;
	die "flows-of.pl: $_\n" unless defined $value && exists $flow{$key};
	$flow{$key} = $value;
}

sub turns { # FIRST[+COUNT] -> number of the flow to value
	my ($first, $count) = split /\+/, $_[0];
	$count ||= 1;
	return sub { $first + $_[0] % $count } unless $first =~ /\./;
	my $number = unpack 'N', inet_aton($first);
	return sub { join '.', unpack 'C4', pack 'N', $number + $_[0] % $count };
}

my @turns = map { turns($flow{$_}) } qw(src dst sport dport);
for my $i (0 .. $flow{n} - 1) {
	my $ms = 1_700_000_000_000 + int($i * $flow{every});
	printf qq({"timestamp_received":%d.%03d,"src_host":"%s","dst_host":"%s","src_port":%d,"dst_port":%d,)
		. qq("proto":%d,"tcpflags":%d,"packets":%d,"bytes":%d}\n),
		$ms / 1000, $ms % 1000, (map { $_->($i) } @turns), @flow{qw(proto flags packets bytes)};
}
