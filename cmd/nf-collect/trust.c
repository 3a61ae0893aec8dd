#include "trust.h"

#include <stdlib.h>

#include "base/mem.h"

static int
add(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct trust *t = arg;
	struct err why;

	if (t->count == TRUST_MAX)
		return cnode_err(at, e, "more than %d prefixes", TRUST_MAX);
	if (prefix_parse(&t->list[t->count], item, &why) == -1)
		return cnode_err(at, e, "%s", why.msg);
	t->count++;
	return 0;
}

/* One that is ours. It may be a name, which says nothing about the source of datagrams. */
static int
add_ours(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct trust *t = arg;
	struct addr addr;

	(void)at;
	(void)e;
	if (addr_parse(&addr, item) == 0 && t->count < TRUST_MAX)
		t->list[t->count++] = (struct prefix){addr, 128};
	return 0;
}

static int
add_all(struct trust *t, const struct conf *conf, struct err *e)
{
	static const char *const ours[] = {"snmp.target", "bgp.bgp_listener.peer_ip"};
	const struct cnode *n = conf_find(conf, "collectors.netflow.config.allow");

	if (n != NULL && cnode_each(n, add, t, e) == -1)
		return -1;
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
		n = conf_find(conf, ours[i]);
		if (n != NULL && cnode_each(n, add_ours, t, e) == -1)
			return -1;
	}
	return 0;
}

int
trust_read(struct trust *t, const struct conf *conf, struct err *e)
{
	struct trust *fresh = mem_zero(1, sizeof *fresh);
	int r = add_all(fresh, conf, e);

	if (r == 0)
		*t = *fresh;
	free(fresh);
	return r;
}
