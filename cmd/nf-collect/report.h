/* What decoders counted, as metrics and as words. */
#ifndef NF_COLLECT_REPORT_H
#define NF_COLLECT_REPORT_H

#include "base/bytes.h"
#include "decode/decode.h"

/*
 * Samples by exporter: of the EXPORTERS_SHOWN most recently heard; all others,
 * and those that are gone, are summed up as exporter "other".
 */
enum { EXPORTERS_SHOWN = 256 };

struct report;

struct report *report_new(void);
void report_free(struct report *r);

/* Adds what a decoder has counted. The first argument is the report, untyped for worker_visit(). */
void report_add(void *report, struct decoder *d);

void report_metrics(const struct report *r, struct buf *out);

/*
 * A line of what went wrong since the last time, if anything did. `said` is the
 * caller's memory of it, all zero at first.
 */
void report_trouble(const struct report *r, uint64_t said[DECODE_COUNTS]);

#endif
