/* What the configuration says of exporters: whom to trust, and at what rates they sample. */
#ifndef NF_COLLECT_RULES_H
#define NF_COLLECT_RULES_H

#include "decode/decode.h"
#include "io/conf.h"

/* All zero at first. */
struct rules {
	struct prefix *allow; /* owned, as is the other */
	size_t allow_count;
	struct sampling_rule *sampling;
	size_t sampling_count;
};

/* Replaces what *r holds; on an error, with words, it stays. */
int rules_read(struct rules *r, const struct conf *conf, struct err *e);
void rules_apply(const struct rules *r, struct decoder *d);
void rules_release(struct rules *r);

#endif
