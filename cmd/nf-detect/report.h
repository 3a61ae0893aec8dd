/* What nf-detect prints in place of detections: --explain and --suggest. */
#ifndef NF_DETECT_REPORT_H
#define NF_DETECT_REPORT_H

#include "detect/engine.h"

struct report {
	const char *explain; /* name of a rule, or NULL */
	bool suggest;
	uint64_t top; /* groups that --explain shows */
	struct survey *survey; /* set by report_begin() */
};

/* NULL stays in r->survey where no report is wanted; -1 if the rule is not there. */
int report_begin(struct report *r, const struct rules *rules, struct err *e);

/* Appends the report at the end of input; the rules are the engine's. */
void report_write(const struct report *r, const struct rules *rules, struct buf *out);

void report_release(struct report *r);

#endif
