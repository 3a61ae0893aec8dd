/* What decoders under the fuzzer fill: rows that must be a sound batch. */
#ifndef FUZZ_ROWS_H
#define FUZZ_ROWS_H

#include <stdlib.h>

#include "flow/builder.h"

static inline void
rows_check(struct builder *rows)
{
	static struct batch out, in;
	struct buf wire = {0};
	struct err e;

	if (rows->rows > 0) {
		builder_finish(rows, &out);
		if (batch_serialize(&out, &wire, &e) != 0 || batch_parse(&in, wire.p, wire.len, &e) != 0)
			abort();
		builder_reset(rows);
	}
	buf_release(&wire);
}

/* For decoder_options. */
static inline void
rows_full(void *arg, struct builder *rows)
{
	(void)arg;
	rows_check(rows);
}

#endif
