/*
 * Filter expressions over flows, after the model of pcap-filter(7). nf-cat(1)
 * has the words for people; in short:
 *
 *     [src|dst] host ADDRESS      [src|dst] net PREFIX       [src|dst] port N
 *     [src|dst] portrange N-M     [src|dst] as N             [in|out] if N
 *     proto NAME, or the name alone                          ip, ip6
 *     exporter ADDRESS|PREFIX     flags SET, flags SET/MASK
 *     FIELD OP VALUE              for numbers = != < <= > >=, for text = and !=
 *     duration OP TIME
 *
 * joined by `and`, `or`, `not` and parentheses (&&, ||, !). A flow without the
 * field fits no test of it.
 */
#ifndef FLOW_FILTER_H
#define FLOW_FILTER_H

#include "flow/batch.h"

struct filter;

/* NULL with words that begin with the place: "column 5: …", counted from 1. */
struct filter *filter_compile(const char *text, struct err *e);
void filter_free(struct filter *f);

/* One bit a row into keep, of (rows + 63) / 64 words; bits beyond the last row are zero. Memory is from the arena. */
void filter_eval(const struct filter *f, const struct batch *b, struct arena *a, uint64_t *keep);

/* Evaluates and drops the rows that do not fit, as batch_filter() does; how many are left. */
uint32_t filter_apply(const struct filter *f, struct batch *b, struct arena *a);

#endif
