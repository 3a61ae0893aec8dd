#!/bin/bash
# The rule engine alone, in flows a second and core. Rows: what, ours, peer or -, ratio or goal.
set -e
BUILD=${BUILD:-build}
"$BUILD/t/bench/detect"
