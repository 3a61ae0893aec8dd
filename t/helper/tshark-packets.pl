#!/usr/bin/perl
# tshark-packets.pl FRAMES.pcap first|last: source, destination and destination port of the first, outermost, or the
# last, innermost IP packet of each frame, as tshark sees it; '-' for what it has not.
use strict;
use warnings;

my ($file, $which) = @ARGV;
my @fields = qw(frame.protocols ip.src ip.dst ipv6.src ipv6.dst tcp.dstport udp.dstport sctp.dstport);
my %column = map { $fields[$_] => $_ } 0 .. $#fields;
my @dissect = map { ('-d', $_) } 'udp.port==8472,vxlan', 'mpls.label==200,pwethcw', 'mpls.label==201,pwethnocw';

open my $in, '-|', 'tshark', '-r', $file, '-o', 'ip.defragment:FALSE', '-o', 'ipv6.defragment:FALSE', @dissect,
	'-T', 'fields', '-E', 'separator=|', '-E', 'occurrence=' . substr($which, 0, 1), map { ('-e', $_) } @fields
	or die "tshark: $!\n";
while (<$in>) {
	chomp;
	my @value = split /[|]/, $_, -1;
	my @layers = grep { /^(?:ip|ipv6|tcp|udp|sctp)$/ } split /:/, $value[0];
	my @at = grep { $layers[$_] =~ /^ip/ } 0 .. $#layers;
	if (!@at) {
		print "- - -\n";
		next;
	}
	my $at = $which eq 'first' ? $at[0] : $at[-1];
	my $above = $layers[$at + 1] // '';
	my $port = $above =~ /^(?:tcp|udp|sctp)$/ ? $value[$column{"$above.dstport"}] : '-';
	print "$value[$column{\"$layers[$at].src\"}] $value[$column{\"$layers[$at].dst\"}] $port\n";
}
