#!/usr/bin/perl
# A prefix table as NDJSON into a database of AS numbers of its origins, with names made up.
# Debian package: libmaxmind-db-writer-perl.
use strict;
use warnings;
use MaxMind::DB::Writer::Tree;

my %types = (autonomous_system_number => 'uint32', autonomous_system_organization => 'utf8_string');
my $tree = MaxMind::DB::Writer::Tree->new(
	ip_version => 4, record_size => 28, database_type => 'Full-Size-ASN', languages => ['en'],
	description => { en => 'Made up' }, remove_reserved_networks => 0, map_key_type_callback => sub { $types{ $_[0] } },
);
my %seen;
while (<STDIN>) {
	my ($prefix) = /"prefix":"([0-9.\/]+)"/ or next;
	my ($origin) = /"as_path":\[[^\]]*?"?(\d+)"?\]/ or next;
	next if $seen{$prefix}++;
	$tree->insert_network($prefix,
		{ autonomous_system_number => $origin, autonomous_system_organization => "Network $origin of nobody" });
}
binmode STDOUT;
$tree->write_tree(\*STDOUT);
