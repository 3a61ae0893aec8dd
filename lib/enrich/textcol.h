/*
 * A column of texts, given as numbers in a table of texts. It becomes a
 * dictionary in which every text stands once, found by its number, without a
 * look at its bytes.
 */
#ifndef ENRICH_TEXTCOL_H
#define ENRICH_TEXTCOL_H

#include "flow/batch.h"

/* Instead of a number: */
#define TEXT_KEEP 0u /* what the batch had in this row, if anything */
#define TEXT_NONE UINT32_MAX /* nothing, whatever it had */

/* Which code a text has in the column being made. One may serve all tables and columns in turn; all zero is ready. */
struct textcol_codes {
	struct textcol_code {
		uint32_t column; /* the code is of this column, else there is none yet */
		uint32_t code;
	} * v;
	uint32_t count;
	uint32_t column;
};

/* A column as it was put into the batch; lasts as long as the arena. */
struct textcol {
	struct str *entries;
	unsigned count;
	uint16_t *codes; /* by row */
	uint64_t *present;
};

/* Puts a column into the batch, in place of the one that it had. `numbers` has one for each row, below count. */
struct textcol textcol_put(struct batch *b, struct arena *a, enum field f, struct textcol_codes *codes,
    const struct str *texts, uint32_t count, const uint32_t *numbers);

/* The same column once more, as another field. */
void textcol_again(const struct textcol *t, struct batch *b, struct arena *a, enum field f);

#endif
