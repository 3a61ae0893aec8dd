#!/bin/bash
# Published MMDB files: real ones answer as libmaxminddb does, deliberately broken ones are refused with words.
. "${0%/*}/tap.sh"

data=${0%/*}/../../shared/data
maxmind=$data/maxmind+MaxMind-DB
registry=$data/npm+ip-location-db-geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb
[ -d "$maxmind" ] || skip_all "no published databases in ../shared/data"

# Two gigabytes of memory and ten seconds are plenty: a file that wants more has found a hole. AddressSanitizer
# reserves terabytes, though it uses few.
nm "$BUILD/t/helper/mmdb" 2>/dev/null | grep -q __asan_init && asan=yes
mmdb() { ([ -n "$asan" ] || ulimit -v 2000000; timeout 10 "$BUILD/t/helper/mmdb" "$@" 2>&1); }

said=$(mmdb "$registry" 100000)
like "$said" 'compared: 100000 of 100000 equal, [0-9]{5} found' "100,000 addresses in a tree of 1.3 million nodes"

for f in GeoLite2-ASN GeoLite2-City GeoLite2-Country GeoIP2-City GeoIP2-Country GeoIP2-ISP GeoIP2-Enterprise \
	GeoIP2-Precision-Enterprise; do
	like "$(mmdb "$maxmind/test-data/$f-Test.mmdb" 20000)" 'compared: 20000 of 20000 equal, [0-9]{3}' "$f"
done

for f in "$maxmind"/bad-data/*/*.mmdb "$maxmind/test-data/MaxMind-DB-test-broken-search-tree-24.mmdb" \
	"$maxmind/test-data/GeoIP2-City-Test-Broken-Double-Format.mmdb"; do
	like "$(mmdb "$f")" '^refused: .*\.mmdb: .*(corrupt|metadata|outside)' "refused: ${f##*/}"
done
for f in "$maxmind"/test-data/{MaxMind-DB-test-*,MaxMind-DB-no-*,MaxMind-DB-string-*,GeoIP2-Domain-*}.mmdb \
	"$maxmind/test-data/maps-with-pointers.raw"; do
	like "$(mmdb "$f")" '^refused: ' "refused: ${f##*/}"
done
plan
