#include "rates.h"

#include <stdlib.h>

#include "base/mem.h"

enum { RULES_MAX = 4096 };

struct reading {
	struct rates *to;
	bool override;
};

static int
add_rule(void *arg, const struct prefix *p, uint64_t v, const struct cnode *at, struct err *e)
{
	const struct reading *g = arg;

	if (g->to->count == RULES_MAX)
		return cnode_err(at, e, "more than %d sampling rates", RULES_MAX);
	g->to->rules[g->to->count++] = (struct sampling_rule){*p, (uint32_t)v, g->override};
	return 0;
}

int
rates_read(struct rates *r, const struct conf *conf, struct err *e)
{
	static const char *const keys[] = {
	    "collectors.netflow.config.sampling.default", "collectors.netflow.config.sampling.override"};
	struct rates fresh = {mem_zero(RULES_MAX, sizeof *fresh.rules), 0};

	for (int override = 0; override < 2; override++) {
		const struct cnode *n = conf_find(conf, keys[override]);
		struct reading g = {&fresh, override};

		if (n != NULL && cnode_by_prefix(n, 1, UINT32_MAX, add_rule, &g, e) == -1) {
			rates_release(&fresh);
			return -1;
		}
	}
	rates_release(r);
	*r = fresh;
	return 0;
}

void
rates_release(struct rates *r)
{
	free(r->rules);
	*r = (struct rates){0};
}
