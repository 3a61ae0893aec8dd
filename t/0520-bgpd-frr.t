#!/bin/bash
# FRR as a neighbour, of another AS and of ours: what it sends, and what it sees of our blackholes.
. "${0%/*}/tap.sh"
. "${0%/*}/bgpd.sh"
PATH=$PATH:/usr/lib/frr
need watchfrr vtysh curl jq

peer=frr
learns_all
exchange 64496
exchange 65001
plan
