#!/bin/bash
# nf-rib on published MRT files (../shared/data): tables of BIRD, OpenBGPD and Quagga, and the announcements of RIPE RIS.
. "${0%/*}/tap.sh"
shared=${0%/*}/../../shared/data
[ -d "$shared" ] || shared=${0%/*}/../../../shared/data
[ -d "$shared/_oracle/mrt" ] || skip_all "no published MRT files in ../shared/data"
need bgpdump python3

rib() { "$BUILD/bin/nf-rib" "$@" 2>"$T/said"; }
same() { # NAME < lines of bgpdump
	cat >"$T/text"
	ok "$1: $(wc -l <"$T/text") lines are compiled" rib --strict -t "$T/table" compile "$T/text"
	rib -t "$T/table" dump >"$T/got"
	"${0%/*}/helper/rib_reference.py" <"$T/text" >"$T/want"
	ok "$1: the $(wc -l <"$T/want") prefixes have the routes that they should" cmp "$T/got" "$T/want"
}

for mrt in bird-mrtdump_rib openbgpd_rib_table-v2 quagga_rib; do
	same "$mrt" < <(bgpdump -m "$shared/t2mune+mrtparse/samples/$mrt" 2>/dev/null)
	same "$mrt as recorded" <"$shared/_oracle/mrt/t2mune+mrtparse_samples_$mrt.bgpdump-m.txt"
done

# Updates are no table, and are refused; their announcements, taken for one, are the most varied text at hand.
for mrt in rrc03/2010.02/updates.20100227.1600.first-796-records.gz rrc15/2010.02/updates.20100227.1610.gz; do
	bgpdump -m "$shared/bgpkit+bgpkit-parser/tests/fixtures/ripe/$mrt" 2>/dev/null >"$T/updates"
	rib -t "$T/none" compile "$T/updates"
	is $? 1 "$mrt: updates are no table"
	same "$mrt" < <(sed -n 's/^BGP4MP|\([0-9]*\)|A|/TABLE_DUMP2|\1|B|/p' "$T/updates")
done
plan
