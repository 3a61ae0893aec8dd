#!/bin/bash
# Binary batches: checksum and every offset checked, five columns of each row read.
. "${0%/*}/lib.sh"
row "batch: validate, read five columns" "$(best "$BENCH/batch")" -
