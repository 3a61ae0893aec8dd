/* The parts of an explanation, for files of this room. */
#ifndef DECODE_EXPLAIN_PARTS_H
#define DECODE_EXPLAIN_PARTS_H

#include "decode/state.h"

/* "NetFlow v9", "sFlow 5": by the version of a domain's key. */
void put_protocol(struct buf *out, uint32_t version);

/* "3 h 20 min", "1.5 s"; of a duration that is not negative. */
void put_lasting(struct buf *out, int64_t ms);

/* A template and its fields, a line each. */
void explain_template(const struct template *t, struct buf *out);

/* What is odd about the exporter, a line each; and whether anything is. */
bool explain_oddities(const struct exporter *x, struct buf *out);

/* Calls fn for each domain of the exporter, and for each template of the domain, in the order of their numbers. */
void domains_sorted(const struct exporter *x, void (*fn)(void *arg, const struct domain *dom), void *arg);
void templates_sorted(const struct domain *dom, void (*fn)(void *arg, const struct template *t), void *arg);

/* Whether the record gives a value to the column. */
bool template_fills(const struct template *t, enum field f);

#endif
