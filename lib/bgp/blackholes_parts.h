/* What blackholes.c and blackholes_flow.c share. */
#ifndef BGP_BLACKHOLES_PARTS_H
#define BGP_BLACKHOLES_PARTS_H

#include "bgp/blackholes.h"

/* On disk when it returns, where there is something to be kept. */
int blackholes_append(struct blackholes *bs, const struct buf *line, struct err *e);

/* Writes the ledger anew where it has grown long. */
void blackholes_tidy(struct blackholes *bs);

/* Whether a new one may be announced, of either kind; 0 or a status. */
int blackholes_check_fuses(struct blackholes *bs, int64_t now_ms, struct err *e);

/* The times of a request that is new. */
void blackholes_set_times(struct request *r, int64_t now_ms);

#endif
