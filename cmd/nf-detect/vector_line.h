/* What nf-detect needs of a vector that nf-mlfeat wrote. */
#ifndef NF_DETECT_VECTOR_LINE_H
#define NF_DETECT_VECTOR_LINE_H

#include <stdbool.h>

#include "base/addr.h"

struct vector_line {
	struct addr key;
	bool dst; /* of a destination */
	int64_t end_ms, until_ms; /* the end of its window; until when the score holds */
	float score;
	char *reasons; /* a list as JSON, on one line; the caller frees it; or NULL */
};

/* 1; 0 for a vector without a score, a mark, or an empty line; -1 with words. */
int vector_line_read(struct vector_line *v, struct str line, struct err *e);

#endif
