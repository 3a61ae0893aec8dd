/*
 * A walk over the interface tables of one router (RFC 2863: ifXTable and
 * ifTable), column after column, by whoever can ask and hands over what was
 * answered. What comes is not trusted: it is held against what was asked, has
 * bounds, and always goes up.
 */
#ifndef ENRICH_IFNAME_WALK_H
#define ENRICH_IFNAME_WALK_H

#include "base/err.h"
#include "enrich/ifname.h"

#define IFWALK_OID_MAX 12

struct ifwalk {
	unsigned column; /* where it is, and */
	uint32_t last; /* after which index; 0: at the column's beginning */
	struct map rows; /* by index */
	struct arena memory;
	uint64_t refused; /* values that cannot be what they should */
};

enum ifvalue_kind {
	IFVALUE_TEXT,
	IFVALUE_NUMBER,
	IFVALUE_END, /* there is nothing more, or no such table */
	IFVALUE_OTHER,
};

/* A variable of an answer. */
struct ifvalue {
	const uint32_t *oid;
	size_t oid_len;
	enum ifvalue_kind kind;
	struct str text;
	uint64_t number;
};

void ifwalk_start(struct ifwalk *w);
void ifwalk_release(struct ifwalk *w);

/* Fills in after which OID the next answer is to begin; its length, 0 when there is nothing more to ask. */
size_t ifwalk_next(const struct ifwalk *w, uint32_t oid[IFWALK_OID_MAX]);

/*
 * Takes the next variable of an answer. 1: it is the last of them that counts, the walk goes on elsewhere. 0: go on
 * with the next variable. -1 with words: no sound router answers so.
 */
int ifwalk_take(struct ifwalk *w, const struct ifvalue *v, struct err *e);

/* What a finished walk found; the caller frees it. */
struct router *ifwalk_finish(const struct ifwalk *w, const struct addr *a, int64_t now_ms);

#endif
