#!/usr/bin/perl
# compare-nfdump.pl OURS.ndjson NFDUMP.json: holds our flows against what nfdump 1.7 printed of the same capture, field
# by field and in order. Prints each difference; exit status 1 if there is one.
use strict;
use warnings;
use JSON::PP;
use Socket qw(inet_pton inet_ntop AF_INET6);
use Time::Local qw(timegm);

my ($ours_file, $theirs_file) = @ARGV;
my $json = JSON::PP->new->utf8;

sub slurp { local $/; open my $f, '<:raw', $_[0] or die "$_[0]: $!\n"; <$f> }

my @ours = map { $json->decode($_) } split /\n/, slurp($ours_file);
my $text = slurp($theirs_file);
my $theirs = $text =~ /No matching flows/ ? [] : $json->decode($text);

sub ms {
	my ($y, $mo, $d, $h, $m, $s, $f) = $_[0] =~ /(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)\.(\d+)/ or return 0;
	return timegm($s, $m, $h, $d, $mo - 1, $y) * 1000 + $f;
}

my @bits = ([A => 16], [P => 8], [R => 4], [S => 2], [F => 1], [U => 32], [E => 64], [C => 128]);

sub flags {
	my $t = shift;
	return $t =~ /^0x/ ? hex $t : eval { my $v = 0; for (@bits) { $v |= $_->[1] if $t =~ /$_->[0]/ } $v };
}

sub ip { my $n = inet_pton(AF_INET6, $_[0]); defined $n ? inet_ntop(AF_INET6, $n) : $_[0] }

# Each: our field, their fields (the first that is there counts), what makes their value comparable.
my $same = sub { $_[0] };
my @map = (
	[src_host => [qw(src4_addr src6_addr)], \&ip], [dst_host => [qw(dst4_addr dst6_addr)], \&ip],
	[src_port => ['src_port'], $same], [dst_port => ['dst_port'], $same], [proto => ['proto'], $same],
	[packets => ['in_packets'], $same], [bytes => ['in_bytes'], $same], [tos => ['src_tos'], $same],
	[tcpflags => ['tcp_flags'], \&flags],
	[input_interface => ['input_snmp'], $same], [output_interface => ['output_snmp'], $same],
	[src_mask => ['src_mask'], $same], [dst_mask => ['dst_mask'], $same],
	[src_as => ['src_as'], $same], [dst_as => ['dst_as'], $same],
	[src_vlan => ['src_vlan'], $same], [dst_vlan => ['dst_vlan'], $same],
	[src_mac => ['in_src_mac'], $same],
	[next_hop => [qw(ip4_next_hop ip6_next_hop)], \&ip], [bgp_next_hop => [qw(bgp4_next_hop bgp6_next_hop)], \&ip],
	[forwarding_status => ['fwd_status'], $same], [flow_direction => ['direction'], $same],
	[nat_src_host => ['src4_xlt_ip'], \&ip], [nat_dst_host => ['dst4_xlt_ip'], \&ip],
);

my $bad = 0;
sub bad { $bad++; print "@_\n" if $bad <= 20 }

bad(scalar(@ours) . " flows, nfdump has " . scalar(@$theirs)) if @ours != @$theirs;
for my $i (0 .. (@ours < @$theirs ? @ours : scalar @$theirs) - 1) {
	my ($o, $t) = ($ours[$i], $theirs->[$i]);
	for (@map) {
		my ($field, $names, $fix) = @$_;
		my ($v) = grep { defined } map { $t->{$_} } @$names;
		next unless defined $v;
		# nfdump keeps the outgoing side's counters apart.
		$v = $t->{"out_$field"} if $field =~ /^(packets|bytes)$/ && !$v && $t->{"out_$field"};
		# nfdump reads no masks of v5 and sFlow and no forwarding status beyond one byte.
		next if $field =~ /mask|forwarding/ && !$v;
		# It puts the type of ICMP into the port.
		next if $field eq 'dst_port' && $t->{proto} =~ /^(1|58)$/ && defined $o->{icmp_type} && $v == $o->{icmp_type};
		# Unknown, and absent with us.
		$v = 0 if $field eq 'flow_direction' && $v == 255;
		$v = $fix->($v);
		my $mine = $o->{$field};
		$mine = $field =~ /host|hop/ ? ip($mine) : $mine if defined $mine;
		# What we leave out as absent, nfdump shows as zero.
		$mine = $v =~ /[.:]/ ? ($v =~ /^[0.:]*$/ ? $v : '-') : 0 unless defined $mine;
		bad("flow $i: $field is $mine, nfdump says $v") if "$mine" ne "$v";
	}
	for (['timestamp_start', 'first'], ['timestamp_end', 'last']) {
		my ($field, $name) = @$_;
		my $v = ms($t->{$name} // '') or next;
		my $mine = sprintf '%.0f', $o->{$field} * 1000;
		bad("flow $i: $field is $mine, nfdump says $v") if abs($mine - $v) > 1;
	}
}
exit($bad ? 1 : 0);
