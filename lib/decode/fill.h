/* Records into rows, by the template's plan. */
#ifndef DECODE_FILL_H
#define DECODE_FILL_H

#include "decode/plan.h"
#include "decode/state.h"

/* n records of fixed length, one after the other; all checked to be there. */
void fill_records(struct job *j, const struct template *t, const uint8_t *recs, uint32_t n);

/* One record of variable length, measured. */
void fill_record(struct job *j, const struct template *t, const uint8_t *rec, const struct layout *l);

/* Room for as many of n rows as fit at once: begins them and sets *first. At least 1. */
uint32_t fill_rows(struct job *j, uint32_t n, uint32_t *first);

/* What is the same in all rows of a datagram: exporter, domain, protocol, receipt. */
void fill_common(struct job *j, uint32_t row, uint32_t n);

/* Makes times of rows sound: timestamp_start and _end are 0 where the record gave none. */
void fill_times(struct job *j, uint32_t row, uint32_t n);

#endif
