#!/bin/bash
# Every fuzz target takes its corpus without a crash: the seeds, and what once crashed it.
. "${0%/*}/tap.sh"
dir=${0%/*}/fuzz

for source in "$dir"/*.c; do
	name=$(basename "$source" .c)
	[ "$name" = replay ] && continue
	ok "$name takes its corpus" "$BUILD/t/fuzz/$name" "$dir/corpus/$name"
done
plan
