/*
 * A rule's filter made ready: run over a batch column by column, it leaves the
 * rows that the rule sees.
 */
#ifndef DETECT_SIEVE_H
#define DETECT_SIEVE_H

#include "detect/flows.h"
#include "detect/rules.h"

enum sieve_trust { TRUST_ANY, TRUST_ONLY, TRUST_NONE };

struct sieve {
	const struct rule_filter *rule; /* owned by the rules */
	enum sieve_trust trust;
	uint8_t proto[256];
	uint64_t *src_port, *dst_port; /* 65,536 bits, or NULL */
};

void sieve_init(struct sieve *x, const struct rule_filter *rule, enum sieve_trust trust);
void sieve_release(struct sieve *x);

/* Takes the rows away that the filter does not let through. */
void sieve_run(const struct sieve *x, struct flows *f, uint64_t *bits);

#endif
