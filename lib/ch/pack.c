#include "ch/pack.h"

struct pack
pack_from(const void *p, size_t len)
{
	return (struct pack){.p = p, .len = len};
}

bool
pack_next(struct pack *k, struct batch *b)
{
	while (k->len - k->at >= sizeof(struct batch_header)) {
		ssize_t size = batch_measure(k->p + k->at, k->len - k->at);

		if (size > 0 && (size_t)size <= k->len - k->at &&
		    batch_parse(b, k->p + k->at, (size_t)size, NULL) == 0 && b->kind == BATCH_FLOWS) {
			k->at += (size_t)size;
			k->sound = k->at;
			return true;
		}
		/* Batches begin at multiples of 8, so the next one after damage does too. */
		k->skipped += 8;
		k->at += 8;
	}
	k->skipped += k->len - k->at;
	k->at = k->len;
	return false;
}
