#!/bin/bash
# OpenBGPD as a neighbour, of another AS and of ours: what it sends, and what it sees of our blackholes.
. "${0%/*}/tap.sh"
. "${0%/*}/bgpd.sh"
PATH=$PATH:/usr/sbin
need bgpctl curl jq
[ "$(id -u)" = 0 ] || skip_all "OpenBGPD runs as root only"
unshare -m true 2>/dev/null || skip_all "there is no mount namespace for OpenBGPD to be locked into"

peer=openbgpd
learns_all ''
exchange 64496
exchange 65001
plan
