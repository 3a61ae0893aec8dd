/*
 * Numbers as people write them, read strictly: the whole text, no sign, no
 * spaces, no overflow. And numbers to text, fast.
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdint.h>

#include "base/bytes.h"

/* Decimal, from min to max. 0 or -1. */
int num_parse(uint64_t *v, struct str s, uint64_t min, uint64_t max);

/* Bytes: decimal with an optional K, M, G or T (powers of 1024), an optional B or iB after it. */
int num_parse_size(uint64_t *bytes, struct str s);

/* A duration in milliseconds: decimal with ms, s, m, h, d or w; a bare number counts in `unit_ms`. */
int num_parse_duration(uint64_t *ms, struct str s, uint64_t unit_ms);

/* A real number as JSON and YAML write it, finite. 0 or -1. */
int num_parse_real(double *v, struct str s);

/* Decimal digits into p (at least 20 bytes), no terminator; their count. */
size_t num_format(char *p, uint64_t v);

#endif
