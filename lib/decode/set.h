/* Sets of NetFlow v9 (RFC 3954 §5) and IPFIX (RFC 7011 §3.3). */
#ifndef DECODE_SET_H
#define DECODE_SET_H

#include "decode/state.h"

/* Decodes the records of a data set. How many there were. */
uint32_t set_records(struct job *j, struct template *t, struct rd *set);

/*
 * Walks over the sets up to the end of r. -1 if the number of data records is
 * not known, since the template of some is not; else their number.
 */
int64_t sets_walk(struct job *j, struct rd *r);

#endif
