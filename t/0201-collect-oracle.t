#!/bin/bash
# nf-collect on captures of many vendors' exporters, held field by field against what stands beside each: golden files of
# logstash, NetGauze, telegraf and netflow_parser, and tshark's and nfdump's reading. Where one of them differs for a
# reason, t/golden/known.py says which. The table at the end of the output counts it all.
. "${0%/*}/tap.sh"
need python3 tshark
shared=${0%/*}/../../shared/data
[ -d "$shared" ] || shared=${0%/*}/../../../shared/data
[ -d "$shared/_oracle" ] || skip_all "../shared/data with captures and their golden files is not here"
[ -e /etc/protocols ] && python3 -c 'import yaml' 2>"$T/words" || {
	[ "$CI" = true ] && bail "/etc/protocols (netbase) or python3-yaml is missing"
	skip_all "/etc/protocols (netbase) or python3-yaml is not here"
}
PYTHONDONTWRITEBYTECODE=1 python3 "${0%/*}/golden/compare.py" "$BUILD/bin/nf-collect" "$shared"
