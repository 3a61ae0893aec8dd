#include "act/guard.h"

#include <stdlib.h>
#include <unistd.h>

#include "route/table.h"

static int
add_own(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct guard *g = arg;

	(void)at;
	g->own = mem_resize(g->own, g->own_count + 1, sizeof *g->own);
	return prefix_parse(&g->own[g->own_count++], item, e);
}

void
guard_release(struct guard *g)
{
	protect_release(&g->protect);
	free(g->own);
	free(g->table);
	*g = (struct guard){0};
}

static int
read_all(struct guard *g, const struct conf *c, conf_warn_fn *warn, void *arg, struct err *e)
{
	const char *peer = conf_str(c, "bgp.bgp_listener.peer_ip");
	struct prefix p = {.len = 128};

	if (protect_read(&g->protect, c, warn, arg, e) == -1 ||
	    conf_each(c, "my_prefixes", add_own, g, e) == -1)
		return -1;
	if (peer != NULL && addr_parse(&p.addr, str_from(peer)) == 0)
		protect_add(&g->protect, &p, "it is a BGP neighbour");
	g->table = mem_strdup(conf_str(c, "bgp.table_file"));
	g->min_length[0] = (uint8_t)conf_num(c, "detection.blackhole_min_length");
	g->min_length[1] = (uint8_t)conf_num(c, "detection.blackhole_min_length_v6");
	g->max_active = conf_num(c, "detection.blackhole_max_active");
	g->max_rate = conf_num(c, "detection.blackhole_max_rate");
	return 0;
}

int
guard_read(struct guard *g, const struct conf *c, conf_warn_fn *warn, void *arg, struct err *e)
{
	struct guard fresh = {0};

	if (read_all(&fresh, c, warn, arg, e) == -1) {
		guard_release(&fresh);
		return -1;
	}
	guard_release(g);
	*g = fresh;
	return 0;
}

static bool
overlap(const struct prefix *a, const struct prefix *b)
{
	return a->len <= b->len ? prefix_contains(a, &b->addr) : prefix_contains(b, &a->addr);
}

/* RFC 1918, 4193 and 6598. */
static const char *
names_nobody(const struct prefix *which)
{
	static const struct {
		const char *prefix, *why;
	} fixed[] = {
	    {"10.0.0.0/8", "it is a private address"},
	    {"172.16.0.0/12", "it is a private address"},
	    {"192.168.0.0/16", "it is a private address"},
	    {"fc00::/7", "it is a private address"},
	    {"100.64.0.0/10", "it is an address shared by customers of a carrier"},
	};

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
		struct prefix p;

		if (prefix_parse(&p, str_from(fixed[i].prefix), NULL) == 0 && overlap(&p, which))
			return fixed[i].why;
	}
	return NULL;
}

static bool
is_own(const struct guard *g, const struct prefix *which)
{
	for (size_t i = 0; i < g->own_count; i++)
		if (overlap(&g->own[i], which))
			return true;
	return false;
}

static const char *
why_no_source(const struct guard *g, const struct detection_line *d)
{
	if (is_own(g, &d->blackhole.prefix))
		return "it is one of my_prefixes";
	for (unsigned i = 0; i < d->nat_src_count; i++)
		if (is_own(g, &(struct prefix){d->nat_src[i], 128}))
			return "it is a customer behind NAT: its flows leave from one of my_prefixes";
	return names_nobody(&d->blackhole.prefix);
}

/* The table lists next hops and peers that routes have. One that is missing or damaged tells nothing. */
static bool
is_next_hop(const struct guard *g, const struct prefix *which)
{
	struct table t;
	bool found = false;

	if (access(g->table, R_OK) != 0 || table_open(&t, g->table, NULL) == -1)
		return false;
	for (uint32_t i = 0; i < t.addr_count && !found; i++)
		found = prefix_contains(which, &t.addrs[i]);
	table_close(&t);
	return found;
}

int
guard_allows(const struct guard *g, const struct detection_line *d, struct err *why)
{
	const struct prefix *which = &d->blackhole.prefix;
	bool v6 = !(which->len >= 96 && addr_is_v4(&which->addr));
	unsigned len = which->len - (v6 ? 0U : 96U);
	char text[PREFIX_TEXT_MAX];
	const char *words = NULL;

	prefix_text(text, which);
	if (!d->trusted)
		return err_set(why, "%s: the flows came from exporters that are not trusted", text);
	if (len < g->min_length[v6])
		return err_set(why, "%s is shorter than blackhole_min_length%s allows, /%u", text,
		    v6 ? "_v6" : "", g->min_length[v6]);
	if (!d->blackhole.victim)
		words = why_no_source(g, d);
	if (words == NULL)
		words = protect_why(&g->protect, which);
	if (words == NULL && is_next_hop(g, which))
		words = "it is a next hop of BGP routes";
	return words == NULL ? 0 : err_set(why, "%s is never blackholed: %s", text, words);
}
