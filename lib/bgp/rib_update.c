#include "bgp/rib_update.h"

static void
withdraw_all(struct rib *rib, int peer, const struct nlri *n)
{
	struct rd r = n->routes;
	struct prefix p;
	uint32_t id;

	while (nlri_next(&r, n, &p, &id) == 0)
		if (!prefix_is_disguised(n->family, &p))
			rib_withdraw(rib, peer, &p, id);
}

static void
announce_all(struct rib *rib, int peer, const struct nlri *n, const struct attrs *a)
{
	uint32_t attrs = rib_attrs(rib, a, &n->next_hop);
	struct rd r = n->routes;
	struct prefix p;
	uint32_t id;

	while (nlri_next(&r, n, &p, &id) == 0)
		if (!prefix_is_disguised(n->family, &p))
			rib_announce(rib, peer, &p, id, attrs);
	rib_attrs_drop(rib, attrs);
}

void
rib_update(struct rib *r, int peer, const struct update *u)
{
	for (unsigned i = 0; i < u->withdrawn_count; i++)
		withdraw_all(r, peer, &u->withdrawn[i]);
	for (unsigned i = 0; i < u->announced_count; i++) {
		if (u->verdict >= VERDICT_WITHDRAW)
			withdraw_all(r, peer, &u->announced[i]);
		else
			announce_all(r, peer, &u->announced[i], &u->attrs);
	}
}
