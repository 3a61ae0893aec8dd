/*
 * Which addresses are asked for. The longest prefix that holds an address
 * decides; of the same prefix denied and allowed, denied. What nobody decides is
 * asked for, unless something is allowed: then only that is.
 */
#ifndef ENRICH_PTR_POLICY_H
#define ENRICH_PTR_POLICY_H

#include "route/lpm.h"

struct ptr_policy {
	struct lpm_builder prefixes;
	bool only; /* what is allowed */
	struct lpm lpm;
	struct buf image;
};

/* Begins with what names nobody: loopback, link-local, multicast and their kin; on demand private addresses too. */
void ptr_policy_init(struct ptr_policy *p, bool skip_private);

/* All that is allowed comes before all that is denied. 0 or -1 with words. */
int ptr_policy_allow(struct ptr_policy *p, struct str prefix, struct err *e);
int ptr_policy_deny(struct ptr_policy *p, struct str prefix, struct err *e);

/* After the last of these, before the first question. */
void ptr_policy_compile(struct ptr_policy *p);
void ptr_policy_copy(struct ptr_policy *to, const struct ptr_policy *from); /* of one that is compiled */
void ptr_policy_release(struct ptr_policy *p);

/* ask[i] != 0: the address i is asked for. */
void ptr_policy_many(const struct ptr_policy *p, const struct addr *a, size_t n, uint32_t *ask);

#endif
