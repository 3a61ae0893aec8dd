/* The sampling rates that the configuration gives exporters: collectors.netflow.config.sampling. */
#ifndef NF_COLLECT_RATES_H
#define NF_COLLECT_RATES_H

#include "decode/decode.h"
#include "io/conf.h"

struct rates {
	struct sampling_rule *rules; /* owned */
	size_t count;
};

/* Replaces what *r holds; on an error, with words, it stays. */
int rates_read(struct rates *r, const struct conf *conf, struct err *e);
void rates_release(struct rates *r);

#endif
