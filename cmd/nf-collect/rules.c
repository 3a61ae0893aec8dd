#include "rules.h"

#include <stdlib.h>

#include "base/mem.h"

enum { ALLOW_MAX = 4096, SAMPLING_MAX = 4096 };

static int
allow_add(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct rules *r = arg;
	struct err why;

	if (r->allow_count == ALLOW_MAX)
		return cnode_err(at, e, "more than %d prefixes", ALLOW_MAX);
	if (prefix_parse(&r->allow[r->allow_count], item, &why) == -1)
		return cnode_err(at, e, "%s", why.msg);
	r->allow_count++;
	return 0;
}

/* One that is ours. It may be a name, which says nothing about the source of datagrams. */
static int
allow_ours(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct rules *r = arg;
	struct addr addr;

	(void)at;
	(void)e;
	if (addr_parse(&addr, item) == 0 && r->allow_count < ALLOW_MAX)
		r->allow[r->allow_count++] = (struct prefix){addr, 128};
	return 0;
}

/* The list of trusted exporters, to which those belong that the configuration names elsewhere as ours. */
static int
read_allow(struct rules *r, const struct conf *conf, struct err *e)
{
	static const char *const ours[] = {"snmp.target", "bgp.bgp_listener.peer_ip"};
	const struct cnode *n = conf_find(conf, "collectors.netflow.config.allow");

	if (n != NULL && cnode_each(n, allow_add, r, e) == -1)
		return -1;
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
		n = conf_find(conf, ours[i]);
		if (n != NULL && cnode_each(n, allow_ours, r, e) == -1)
			return -1;
	}
	return 0;
}

struct reading {
	struct rules *to;
	bool override;
};

static int
add_rate(void *arg, const struct prefix *p, uint64_t v, const struct cnode *at, struct err *e)
{
	const struct reading *g = arg;

	if (g->to->sampling_count == SAMPLING_MAX)
		return cnode_err(at, e, "more than %d sampling rates", SAMPLING_MAX);
	g->to->sampling[g->to->sampling_count++] = (struct sampling_rule){*p, (uint32_t)v, g->override};
	return 0;
}

static int
read_sampling(struct rules *r, const struct conf *conf, struct err *e)
{
	static const char *const keys[] = {
	    "collectors.netflow.config.sampling.default", "collectors.netflow.config.sampling.override"};

	for (int override = 0; override < 2; override++) {
		const struct cnode *n = conf_find(conf, keys[override]);
		struct reading g = {r, override};

		if (n != NULL && cnode_by_prefix(n, 1, UINT32_MAX, add_rate, &g, e) == -1)
			return -1;
	}
	return 0;
}

int
rules_read(struct rules *r, const struct conf *conf, struct err *e)
{
	struct rules fresh = {
	    .allow = mem_zero(ALLOW_MAX, sizeof *fresh.allow),
	    .sampling = mem_zero(SAMPLING_MAX, sizeof *fresh.sampling),
	};

	if (read_allow(&fresh, conf, e) == -1 || read_sampling(&fresh, conf, e) == -1) {
		rules_release(&fresh);
		return -1;
	}
	rules_release(r);
	*r = fresh;
	return 0;
}

void
rules_apply(const struct rules *r, struct decoder *d)
{
	decoder_allow(d, r->allow, r->allow_count);
	decoder_sampling(d, r->sampling, r->sampling_count);
}

void
rules_release(struct rules *r)
{
	free(r->allow);
	free(r->sampling);
	*r = (struct rules){0};
}
