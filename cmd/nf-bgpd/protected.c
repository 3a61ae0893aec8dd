#include "protected.h"

int
protected_read(struct protect *p, const struct conf *c, const struct bgpd_settings *s, conf_warn_fn *warn,
    void *arg, struct err *e)
{
	if (protect_read(p, c, warn, arg, e) == -1)
		return -1;
	for (unsigned i = 0; i < s->count; i++)
		protect_add(p, &s->neighbours[i].from, "it is a BGP neighbour");
	return 0;
}

bool
protected_has(const struct protect *p, const struct rib *r, const struct prefix *which, struct err *why)
{
	const char *words = protect_why(p, which);
	char text[PREFIX_TEXT_MAX];

	if (words == NULL && attrsets_next_hop_in(&r->attrs, which))
		words = "it is a next hop of BGP routes";
	if (words == NULL)
		return false;
	err_set(why, "%s is never blackholed: %s", prefix_text(text, which), words);
	return true;
}

bool
protected_has_flow(const struct protect *p, const struct rib *r, const struct flow_rule *f, struct err *why)
{
	return (f->has_dst && protected_has(p, r, &f->dst, why)) ||
	       (f->has_src && protected_has(p, r, &f->src, why));
}
