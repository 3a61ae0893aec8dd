/* The members of a JSON object, one after the other. */
#ifndef ML_MEMBERS_H
#define ML_MEMBERS_H

#include "flow/json.h"

/* Whose members are at hand, and where it stands in the text. */
struct members {
	struct json json;
	bool begun;
};

/* The object lies within `whole`, by which places are told. */
struct members members_of(struct str object, struct str whole);

/*
 * 1 and a member, 0 at the end of the object, behind which nothing may stand, -1 with words. The key is its own
 * bytes: our names need no escapes.
 */
int members_next(struct members *m, struct str *key, struct json_value *v, struct err *e);

#endif
