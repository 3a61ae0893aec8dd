#include "enrich/chain.h"

#include <stdlib.h>

#include "io/conf.h"

static const struct step_ops *const known[] = {&geoip_step, &bgp_step, &snmp_step, &ptr_step};

#define KNOWN (sizeof known / sizeof known[0])

int
chain_step_add(struct enrich_settings *s, struct str name, struct err *e)
{
	const char *names[KNOWN], *near;

	for (size_t i = 0; i < KNOWN; i++) {
		names[i] = known[i]->name;
		if (!str_eq(name, str_from(names[i])))
			continue;
		for (unsigned k = 0; k < s->step_count; k++)
			if (s->steps[k] == known[i])
				return err_set(e, "step '%s' is given twice", names[i]);
		s->steps[s->step_count++] = known[i];
		return 0;
	}
	near = nearest_name(name, names, KNOWN);
	if (near != NULL)
		return err_set(e, "unknown step '%.*s'; did you mean '%s'?", (int)name.len, name.p, near);
	return err_set(
	    e, "unknown step '%.*s'; geoip, bgp, snmp, ptr or none was expected", (int)name.len, name.p);
}

static void
settings_take(struct chain *c, struct enrich_settings *s)
{
	ownnet_release(&c->own);
	c->own = s->own;
	s->own = (struct ownnet){0};
	c->as = s->as;
}

void
chain_open(struct chain *c, struct enrich_settings *s)
{
	*c = (struct chain){0};
	for (; c->count < s->step_count; c->count++) {
		c->steps[c->count].ops = s->steps[c->count];
		c->steps[c->count].state = s->steps[c->count]->open(s);
	}
	settings_take(c, s);
}

static void
step_attach(struct chain *c, const struct step_ops *ops, void *state)
{
	if (ops->attach != NULL && c->loop != NULL)
		ops->attach(state, c, c->loop);
}

static void
step_detach(struct chain *c, const struct step_ops *ops, void *state)
{
	if (ops->detach != NULL && c->loop != NULL)
		ops->detach(state);
}

void
chain_attach(struct chain *c, struct loop *l, loop_fn *ready, void *arg)
{
	c->loop = l;
	c->ready = ready;
	c->arg = arg;
	for (unsigned i = 0; i < c->count; i++)
		step_attach(c, c->steps[i].ops, c->steps[i].state);
}

void
chain_detach(struct chain *c)
{
	for (unsigned i = 0; i < c->count; i++)
		step_detach(c, c->steps[i].ops, c->steps[i].state);
	c->loop = NULL;
}

void
chain_close(struct chain *c)
{
	for (unsigned i = 0; i < c->count; i++)
		c->steps[i].ops->close(c->steps[i].state);
	ownnet_release(&c->own);
	free(c->codes.v);
	*c = (struct chain){0};
}

void
chain_reload(struct chain *c, struct enrich_settings *s)
{
	struct chain old = *c;

	c->awaited = 0;
	for (c->count = 0; c->count < s->step_count; c->count++) {
		const struct step_ops *ops = s->steps[c->count];
		void *state = NULL;

		for (unsigned i = 0; i < old.count; i++) {
			if (old.steps[i].ops != ops)
				continue;
			state = old.steps[i].state;
			old.steps[i].state = NULL;
			ops->reload(state, s);
		}
		c->steps[c->count].ops = ops;
		c->steps[c->count].state = state;
		if (state == NULL) {
			c->steps[c->count].state = ops->open(s);
			step_attach(c, ops, c->steps[c->count].state);
		}
	}
	for (unsigned i = 0; i < old.count; i++)
		if (old.steps[i].state != NULL) {
			step_detach(c, old.steps[i].ops, old.steps[i].state);
			old.steps[i].ops->close(old.steps[i].state);
		}
	settings_take(c, s);
}

/* A flow without both addresses keeps the direction that it came with. */
static void
direction_put(struct chain *c, const struct pass *p)
{
	const struct col *src = batch_col(p->b, FIELD_src_host), *dst = batch_col(p->b, FIELD_dst_host);
	const uint32_t *src_own = p->own[SRC], *dst_own = p->own[DST];
	uint32_t *direction;

	if (src_own == NULL || dst_own == NULL)
		return;
	direction = arena_alloc(p->a, p->b->rows * sizeof *direction);
	for (uint32_t i = 0; i < p->b->rows; i++)
		direction[i] = col_has(src, i) && col_has(dst, i)
				   ? net_direction(src_own[i] != 0, dst_own[i] != 0)
				   : TEXT_KEEP;
	textcol_put(
	    p->b, p->a, FIELD_net_direction, &c->codes, net_direction_texts, NET_DIRECTIONS, direction);
}

bool
chain_prepare(struct chain *c, const struct batch *b, struct arena *a)
{
	c->awaited = 0;
	for (unsigned i = 0; i < c->count && b->rows > 0; i++)
		if (c->steps[i].ops->prepare != NULL)
			c->awaited += !c->steps[i].ops->prepare(c->steps[i].state, b, a);
	return c->awaited == 0;
}

void
chain_ready(struct chain *c)
{
	if (c->awaited > 0 && --c->awaited == 0)
		c->ready(c->arg);
}

void
chain_tell(
    const struct chain *c, const struct addr *a, uint32_t *asn, struct str *as_name, struct str *country)
{
	struct facts f = {0};

	for (unsigned i = 0; i < c->count; i++)
		if (c->steps[i].ops->tell != NULL)
			c->steps[i].ops->tell(c->steps[i].state, a, &f);
	*asn = c->as.my_asn != 0 && ownnet_holds(&c->own, a) ? c->as.my_asn : 0;
	for (unsigned i = 0; i < c->as.order_count && *asn == 0; i++)
		*asn = f.asn[c->as.order[i]];
	*as_name = f.names != NULL ? f.names->texts[geodb_as_name(f.names, *asn)] : (struct str){NULL, 0};
	*country = f.country;
}

void
chain_apply(struct chain *c, struct batch *b, struct arena *a)
{
	struct pass p;

	c->awaited = 0;
	if (b->rows == 0)
		return;
	pass_start(&p, b, a);
	for (unsigned side = 0; side < SIDES && c->own.count != 0; side++)
		p.own[side] = pass_lookup(&p, side, &c->own.lpm);
	for (unsigned i = 0; i < c->count; i++)
		c->steps[i].ops->apply(c->steps[i].state, &p);
	as_apply(&p, &c->as, &c->codes);
	direction_put(c, &p);
}

void
chain_tick(struct chain *c)
{
	for (unsigned i = 0; i < c->count; i++)
		c->steps[i].ops->tick(c->steps[i].state);
}

void
chain_metrics(void *chain, struct buf *out)
{
	struct chain *c = chain;

	for (unsigned i = 0; i < c->count; i++)
		c->steps[i].ops->metrics(c->steps[i].state, out);
}
