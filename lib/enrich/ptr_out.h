/*
 * The side output of names: rows of the table ptr_cache as NDJSON,
 *
 *     {"ip":"192.0.2.1","ptr":"host.example.net","updated_at":1767225600,
 *      "asn":64496,"asn_name":"Example","country":"CH"}
 *
 * on one line, without what is not known.
 */
#ifndef ENRICH_PTR_OUT_H
#define ENRICH_PTR_OUT_H

#include "base/addr.h"
#include "io/row_out.h"

struct ptr_row {
	struct addr addr;
	struct str name;
	int64_t updated_at; /* seconds since 1970 */
	uint32_t asn; /* 0: not known */
	struct str as_name, country; /* empty: not known; UTF-8 */
};

void ptr_out_put(struct row_out *o, const struct ptr_row *row);

#endif
