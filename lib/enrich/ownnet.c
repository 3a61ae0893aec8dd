#include "enrich/ownnet.h"

const struct str net_direction_texts[NET_DIRECTIONS] = {
    [NET_UNKNOWN] = {"", 0},
    [NET_IN] = {"in", 2},
    [NET_OUT] = {"out", 3},
    [NET_INTERNAL] = {"internal", 8},
    [NET_TRANSIT] = {"transit", 7},
};

int
ownnet_add(struct ownnet *o, struct str prefix, struct err *e)
{
	struct prefix p;

	if (prefix_parse(&p, prefix, e) == -1)
		return -1;
	lpm_builder_add(&o->prefixes, &p, 1);
	o->count++;
	return 0;
}

void
ownnet_compile(struct ownnet *o)
{
	o->image.len = 0;
	lpm_builder_build(&o->prefixes, &o->image);
	(void)lpm_open(&o->lpm, o->image.p, o->image.len, NULL); /* cannot fail: it was made just now */
}

void
ownnet_release(struct ownnet *o)
{
	lpm_builder_release(&o->prefixes);
	buf_release(&o->image);
	*o = (struct ownnet){0};
}

bool
ownnet_holds(const struct ownnet *o, const struct addr *a)
{
	return o->count != 0 && lpm_lookup(&o->lpm, a) != 0;
}

void
ownnet_holds_many(const struct ownnet *o, const struct addr *a, size_t n, uint32_t *own)
{
	lpm_lookup_many(&o->lpm, a, n, own);
}
