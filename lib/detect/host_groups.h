/*
 * Named sets of prefixes for which rules have thresholds of their own: of the
 * file of rules,
 *
 *     host_groups:
 *       mail: [198.51.100.25, "2001:db8::25"]
 *     rules:
 *     - {name: flood, min_unique_src_ips: 100, host_groups: {mail: {min_unique_src_ips: 1000}}}
 *
 * An address belongs to the group with the longest prefix that holds it.
 */
#ifndef DETECT_HOST_GROUPS_H
#define DETECT_HOST_GROUPS_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/mem.h"
#include "io/conf.h"

enum { HOST_GROUPS_MAX = 256, HOST_GROUP_PREFIXES_MAX = 100000 };

struct host_groups {
	const char **names;
	uint32_t count;
	struct host_prefix *v; /* longest first, then by address */
	size_t n;
	uint32_t from[130]; /* where those of length 128 - i begin */
};

/* Reads the map; names live in the arena. 0 or -1 with words; release either way. */
int host_groups_read(struct host_groups *h, struct arena *a, const struct cnode *map, struct err *e);
void host_groups_release(struct host_groups *h);

/* The index of the name, or -1. */
int64_t host_groups_find(const struct host_groups *h, struct str name);

/* The index of the group that the whole prefix belongs to, or -1. */
int64_t host_groups_of(const struct host_groups *h, const struct prefix *p);

#endif
