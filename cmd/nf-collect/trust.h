/* The exporters that the configuration trusts. */
#ifndef NF_COLLECT_TRUST_H
#define NF_COLLECT_TRUST_H

#include <stddef.h>

#include "base/addr.h"
#include "io/conf.h"

enum { TRUST_MAX = 4096 };

struct trust {
	struct prefix list[TRUST_MAX];
	size_t count; /* 0: all are trusted */
};

/*
 * Those allowed, to whom those belong that the configuration names elsewhere as
 * ours. 0; or -1 with words, and all is as it was.
 */
int trust_read(struct trust *t, const struct conf *conf, struct err *e);

#endif
