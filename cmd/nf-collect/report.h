/* What the decoder counted, as metrics and as words. */
#ifndef NF_COLLECT_REPORT_H
#define NF_COLLECT_REPORT_H

#include "base/bytes.h"
#include "decode/decode.h"

/*
 * Samples by exporter: of the EXPORTERS_SHOWN most recently heard; all others,
 * and those that are gone, are summed up as exporter "other".
 */
enum { EXPORTERS_SHOWN = 256 };

void report_metrics(const struct decoder *d, struct buf *out);

/*
 * A line of what went wrong since the last time, if anything did. `said` is the
 * caller's memory of it, all zero at first.
 */
void report_trouble(const struct decoder *d, uint64_t said[DECODE_COUNTS]);

#endif
