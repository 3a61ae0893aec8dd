/* The commands of nf-rib. Each returns the exit status and has said what was wrong. */
#ifndef NF_RIB_RIB_H
#define NF_RIB_RIB_H

#include <stdbool.h>

#include "base/addr.h"

struct compile_options {
	const char *table; /* to write */
	char **files; /* NULL-terminated; none: standard input */
	const struct addr *peer; /* only its routes, or NULL for all */
	bool strict; /* the first bad line ends it */
	bool check_only; /* write nothing */
};

int rib_compile(const struct compile_options *o);
int rib_dump(const char *table);
int rib_lookup(const char *table, char **addresses);

enum { DIFF_SAME, DIFF_DIFFERENT, DIFF_TROUBLE };
int rib_diff(const char *old_table, const char *new_table);

#endif
