/*
 * What interfaces are called: routers with their interfaces, as somebody told
 * of them, and the table by which a flow's exporter and interface number are
 * looked up. A table never changes once it is made.
 */
#ifndef ENRICH_IFNAME_H
#define ENRICH_IFNAME_H

#include "base/addr.h"
#include "base/map.h"
#include "base/mem.h"

enum {
	IFNAME_TEXT_MAX = 255, /* bytes of a name or an alias */
	IFNAME_ROUTERS_MAX = 1024,
	IFNAME_ROUTER_MAX = 16384, /* interfaces of a router */
	IFNAME_TOTAL_MAX = 262144, /* and of all */
};

struct iface {
	uint32_t index; /* ifIndex, RFC 2863; never 0 */
	struct str name, alias; /* empty: not known */
	uint64_t speed; /* bits/s; 0: not known */
};

struct router {
	struct addr addr;
	int64_t told_ms; /* when, wall clock */
	struct iface *ifaces; /* in no order; no index twice */
	uint32_t count;
	struct arena memory; /* of all this; the router itself is the heap's */
};

struct router *router_new(const struct addr *a, int64_t told_ms);
void router_free(struct router *r); /* NULL is fine */

/* A copy of the text in the router's memory. */
struct str router_text(struct router *r, struct str s);

/* UTF-8 of 1 to IFNAME_TEXT_MAX bytes without control characters. */
bool ifname_text_ok(struct str s);

struct ifname {
	uint32_t name, alias; /* numbers of texts; 0: not known */
	uint64_t speed;
};

struct ifnames {
	struct str *texts; /* [0] is empty */
	uint32_t text_count;
	struct ifname *all; /* [0] knows nothing */
	uint32_t count; /* with it */

	/* private */
	struct map numbers; /* exporter and index -> number in `all` */
	struct map routers;
	struct arena memory;
};

struct ifnames *ifnames_new(struct router *const *routers, size_t n); /* takes copies */
void ifnames_free(struct ifnames *t); /* NULL is fine */

bool ifnames_router(const struct ifnames *t, const struct addr *exporter);

/* The number in `all`; 0: nothing is known. */
uint32_t ifnames_find(const struct ifnames *t, const struct addr *exporter, uint32_t index);

#endif
