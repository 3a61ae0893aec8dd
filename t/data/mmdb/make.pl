#!/usr/bin/perl
# Writes the small databases beside it, one for each layout that vendors use. The addresses, names and numbers are made
# up: documentation ranges (RFC 5737, 3849) and AS numbers (RFC 5398). Debian package: libmaxmind-db-writer-perl.
use strict;
use warnings;
use utf8;
use FindBin;
use MaxMind::DB::Writer::Tree;

my %types = (
	asn => 'utf8_string', as_domain => 'utf8_string', as_name => 'utf8_string', autonomous_system_number => 'uint32',
	autonomous_system_organization => 'utf8_string', city => 'map', continent => 'map', country => 'map',
	country_code => 'utf8_string', domain => 'utf8_string', geoname_id => 'uint32', iso_code => 'utf8_string',
	latitude => 'utf8_string', location => 'map', longitude => 'utf8_string', name => 'utf8_string', names => 'map',
	number => 'uint32', postcode => 'utf8_string', registered_country => 'map', state1 => 'utf8_string',
	subdivisions => [ 'array', 'map' ], de => 'utf8_string', en => 'utf8_string', ja => 'utf8_string',
	accuracy_radius => 'uint16', is_anycast => 'boolean', traits => 'map', user_count => 'int32', confidence => 'uint16',
);

sub database {
	my ($file, $type, $bits, $version, $override, @records) = @_;
	my %t = (%types, %$override);
	my $tree = MaxMind::DB::Writer::Tree->new(
		ip_version => $version, record_size => $bits, database_type => $type, languages => [ 'en', 'de' ],
		description => { en => "Made-up test data in the layout of $type" }, remove_reserved_networks => 0,
		alias_ipv6_to_ipv4 => $version == 6, map_key_type_callback => sub { $t{ $_[0] } },
	);
	while (my ($net, $data) = splice @records, 0, 2) {
		$tree->insert_network($net, $data);
	}
	open my $fh, '>:raw', "$FindBin::Bin/$file.mmdb" or die "$file: $!";
	$tree->write_tree($fh);
	close $fh or die "$file: $!";
}

sub place {
	my ($iso, $city, $de) = @_;
	return {
		continent => { names => { en => 'Somewhere', de => 'Irgendwo' } },
		country => { geoname_id => 1000, iso_code => $iso, names => { en => "Land $iso" } },
		registered_country => { iso_code => 'ZW', names => { en => 'Elsewhere' } },
		location => { accuracy_radius => 20 },
		subdivisions => [ { iso_code => 'S1', names => { en => 'First' } }, { iso_code => 'S2' } ],
		($city ? (city => { geoname_id => 7, names => { en => $city, ($de ? (de => $de) : ()), ja => '町' } }) : ()),
	};
}

sub as { return { autonomous_system_number => $_[0], autonomous_system_organization => $_[1] } }

database('geolite2-asn', 'GeoLite2-ASN', 24, 6, {},
	'192.0.2.0/25' => as(64496, 'Example Networks'), '192.0.2.128/25' => as(64497, 'Beispiel & Söhne'),
	'198.51.100.0/24' => as(64496, 'Example Networks'), '198.51.100.7/32' => as(65551, 'Host Route Ltd'),
	'203.0.113.0/24' => { autonomous_system_number => 64499 },
	'2001:db8::/32' => as(64500, 'Six Only'), '2001:db8:1:2::/64' => as(64501, 'Six Inner'));

database('geolite2-city', 'GeoLite2-City', 28, 6, {},
	'192.0.2.0/24' => place('DE', 'Munich', 'München'), '198.51.100.0/24' => place('FR', 'Lyon'),
	'203.0.113.0/24' => place('BR'), '2001:db8::/32' => place('JP', 'Example Town', 'Beispielstadt'));

database('geolite2-country', 'GeoLite2-Country', 24, 6, {},
	'192.0.2.0/24' => place('DE'), '2001:db8::/32' => place('JP'));

database('geoip2-enterprise', 'GeoIP2-Enterprise', 32, 6, {},
	'192.0.2.0/24' => { %{ place('DE', 'Munich', 'München') }, traits => as(64496, 'Example Networks') });

database('dbip-asn-v4', 'DBIP-ASN-Lite', 24, 4, {},
	'192.0.2.0/24' => as(64496, 'Example Networks'), '0.0.0.0/8' => as(64510, 'Zero'));

database('ip-location-db-asn', 'asn ipvAll', 24, 6, {}, '192.0.2.0/24' => as(64496, 'Example Networks'));

database('ip-location-db-city', 'city ipvAll', 24, 6, { city => 'utf8_string' },
	'192.0.2.0/24' => { city => 'Munich', country_code => 'DE', latitude => '48.1', state1 => 'Bavaria' },
	'2001:db8::/32' => { city => 'Example Town', country_code => 'jp' });

database('ipinfo-lite', 'ipinfo bundle_location_lite', 32, 6, { country => 'utf8_string', continent => 'utf8_string' },
	'192.0.2.0/24' => { asn => 'AS64496', as_name => 'Example Networks', as_domain => 'example.net',
		country => 'Germany', country_code => 'DE', continent => 'Europe' },
	'2001:db8::/32' => { asn => 'AS4200000001', as_name => 'Big Number' });

database('ipinfo-country-asn', 'ipinfo standard_country_asn', 32, 6, { country => 'utf8_string' },
	'192.0.2.0/24' => { asn => 'AS64496', name => 'Example Networks', domain => 'example.net', country => 'DE' });

database('nothing-known', 'GeoIP2-User-Count', 24, 6, {}, '192.0.2.0/24' => { user_count => 3 });
