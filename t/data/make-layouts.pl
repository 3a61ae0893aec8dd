#!/usr/bin/perl
# Writes layout-*.mmdb: the same few rows as each vendor lays them out. Expected values: README.
use strict;
use warnings;
use utf8;
use FindBin;
use MaxMind::DB::Writer::Tree;

my @rows = (    # network, AS, name, country code, country, city
    ['192.0.2.0/24', 64500, 'Example One', 'CH', 'Switzerland', 'Bern'],
    ['198.51.100.0/25', 64501, 'Example Two, Inc.', 'DE', 'Germany', 'Berlin'],
    ['198.51.100.128/25', 64502, 'Beispiel Österreich', 'AT', 'Austria', 'Sankt Pölten'],
    ['203.0.113.0/25', 64503, 'Example Without Place'],
    ['203.0.113.200/32', 4200000001, 'Example Host', 'US', 'United States'],
    ['2001:db8:1::/48', 64504, 'Example Six', 'JP', 'Japan', 'Tokyo'],
    ['2001:db8:2:8000::/49', 64505, 'Example "Quoted" \\ Six', 'ZA', 'South Africa', 'Cape Town'],
);

# A number where the value is one in that layout; every other leaf is text.
my %type = map { $_ => 'map' } qw(country city names location);
$type{$_} = 'double' for qw(latitude longitude);
$type{autonomous_system_number} = 'uint32';

sub given { my %h = @_; delete $h{$_} for grep { !defined $h{$_} } keys %h; return \%h }
sub named { my ($name) = @_; return defined $name ? { names => { en => $name } } : undef }

sub flat_as { my (undef, $as, $name) = @_; return given(autonomous_system_number => $as, autonomous_system_organization => $name) }

sub nested_city {
    my (undef, undef, undef, $code, $country, $city) = @_;
    return undef unless $code;
    return given(country => { iso_code => $code, names => { en => $country } }, city => named($city),
        location => { latitude => 1.5, longitude => -2.5 });
}

# A row's record in each layout, or undef where the vendor would have none. "flat" names keys whose value is text
# here though it is a map elsewhere.
my @layouts = (
    { file => 'maxmind-asn', type => 'GeoLite2-ASN', row => \&flat_as },
    { file => 'maxmind-city', type => 'GeoLite2-City', size => 28, row => \&nested_city },
    { file => 'dbip-asn', type => 'DBIP-ASN-Lite (compat=GeoLite2-ASN)', row => \&flat_as },
    { file => 'dbip-city', type => 'DBIP-City-Lite', row => \&nested_city },
    { file => 'iplocationdb-asn', type => 'asn', row => \&flat_as },
    { file => 'iplocationdb-city', type => 'city ipv4', ip => 4, flat => ['city'],
        row => sub {
            my (undef, undef, undef, $code, undef, $city) = @_;
            return $code ? { country_code => $code, city => $city // '', latitude => 1.5, longitude => -2.5,
                postcode => '', state1 => '', state2 => '', timezone => '' } : undef;
        } },
    { file => 'ipinfo-lite', type => 'ipinfo generic_bundle_lite.mmdb', size => 32, flat => ['country'],
        row => sub {
            my (undef, $as, $name, $code, $country) = @_;
            return given(asn => "AS$as", as_name => $name, as_domain => 'example.net', country => $country,
                country_code => $code);
        } },
    { file => 'ipinfo-country-asn', type => 'ipinfo generic_country_asn.mmdb', flat => ['country'],
        row => sub {
            my (undef, $as, $name, $code, $country) = @_;
            return given(asn => "AS$as", as_name => $name, as_domain => 'example.net', country => $code,
                country_name => $country);
        } },
    { file => 'ipinfo-asn', type => 'ipinfo standard_asn.mmdb',
        row => sub { my ($net, $as, $name) = @_; return { asn => "AS$as", name => $name, domain => 'example.net', route => $net } } },
    { file => 'ipinfo-location', type => 'ipinfo standard_location.mmdb', flat => ['country', 'city'],
        row => sub {
            my (undef, undef, undef, $code, undef, $city) = @_;
            return $code ? given(country => $code, city => $city, lat => '1.5', lng => '-2.5') : undef;
        } },
);

for my $l (@layouts) {
    my %flat = map { $_ => 1 } @{ $l->{flat} // [] };
    my $tree = MaxMind::DB::Writer::Tree->new(
        database_type => $l->{type},
        description => { en => 'Made-up rows for tests' },
        ip_version => $l->{ip} // 6, record_size => $l->{size} // 24, remove_reserved_networks => 0,
        map_key_type_callback => sub { $flat{ $_[0] } ? 'utf8_string' : $type{ $_[0] } // 'utf8_string' },
    );
    for my $row (@rows) {
        next if $row->[0] =~ /:/ && ($l->{ip} // 6) == 4;
        my $record = $l->{row}->(@$row) or next;
        $tree->insert_network($row->[0], $record);
    }
    open my $out, '>:raw', "$FindBin::Bin/layout-$l->{file}.mmdb" or die "$l->{file}: $!\n";
    $tree->write_tree($out);
    close $out or die "$l->{file}: $!\n";
}
