/*
 * A rule's filter made ready: run over a batch column by column, it leaves the
 * rows that the rule sees.
 */
#ifndef DETECT_FILTER_H
#define DETECT_FILTER_H

#include "detect/flows.h"
#include "detect/rules.h"

enum filter_trust { TRUST_ANY, TRUST_ONLY, TRUST_NONE };

struct filter {
	const struct rule_filter *rule; /* owned by the rules */
	enum filter_trust trust;
	uint8_t proto[256];
	uint64_t *src_port, *dst_port; /* 65,536 bits, or NULL */
};

void filter_init(struct filter *x, const struct rule_filter *rule, enum filter_trust trust);
void filter_release(struct filter *x);

/* Takes the rows away that the filter does not let through. */
void filter_run(const struct filter *x, struct flows *f, uint64_t *bits);

#endif
