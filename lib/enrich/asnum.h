/*
 * AS numbers and names of a flow, from all who know something:
 *
 *     src_as, dst_as            my_asn for own addresses; else the first source, in the
 *                               configured order, that knows; else what the flow came with.
 *                               Of the exporter only public numbers count before that.
 *     peer_src_as, peer_dst_as  what the flow came with, unless 0; else the neighbour by BGP,
 *                               unless the address is own; else as src_as, dst_as.
 *                               With peer_as: origin always as src_as, dst_as.
 *     ..._name                  from the database, by number. A name that the flow came with
 *                               stays where the database has none and the number is as it came.
 */
#ifndef ENRICH_ASNUM_H
#define ENRICH_ASNUM_H

#include "enrich/pass.h"
#include "enrich/textcol.h"

struct as_rules {
	uint32_t my_asn; /* 0: not known */
	bool peer_is_origin;
	enum as_source order[AS_SOURCES];
	unsigned order_count;
};

/* After all steps: fills the columns above from what they found. */
void as_apply(struct pass *p, const struct as_rules *r, struct textcol_codes *codes);

#endif
