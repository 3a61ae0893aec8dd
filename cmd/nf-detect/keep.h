/* The file in which nf-detect keeps what is usual of groups. */
#ifndef NF_DETECT_KEEP_H
#define NF_DETECT_KEEP_H

#include "detect/engine.h"

struct keep {
	const char *path; /* NULL: none */
	int64_t saved_ms; /* wall time; 0: not since the start */
};

/* Reads the file, if it is there. One that is damaged is put aside as PATH.bad, and learning begins anew. */
void keep_load(const struct keep *k, struct engine *e);

/* Once in ten minutes; what fails is said and tried again. */
void keep_tick(struct keep *k, const struct engine *e, int64_t wall_ms);

/* 0 or -1 with words. The file is there whole or as it was before. */
int keep_save(const struct keep *k, const struct engine *e, struct err *err);

#endif
