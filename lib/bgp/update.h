/* UPDATE (RFC 4271 §4.3) with the families of RFC 4760: what it brings and takes away. */
#ifndef BGP_UPDATE_H
#define BGP_UPDATE_H

#include "bgp/attr.h"

struct update {
	struct nlri withdrawn[2], announced[2];
	unsigned withdrawn_count, announced_count;
	struct attrs attrs; /* of what is announced */
	bool end_of_rib; /* RFC 4724 §2, for the family */
	enum bgp_family family;
	/*
	 * VERDICT_WITHDRAW: what is announced is to be taken as withdrawn instead,
	 * and has no attributes. Of an UPDATE that resets the session nothing counts.
	 */
	enum verdict verdict;
	struct bgp_error error; /* unless the verdict is good */
};

/* All routes in it are known to be sound. `scratch` holds what had to be rewritten. */
void update_read(struct update *u, struct rd body, const struct bgp_terms *t, struct buf *scratch);

#endif
