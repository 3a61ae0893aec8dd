#include "outlet.h"

void
outlet_release(struct outlet *o)
{
	buf_release(&o->queue);
	*o = (struct outlet){.done = 0};
}

int
outlet_put(struct outlet *o, enum outlet_kind kind, const void *key, size_t len)
{
	if (outlet_empty(o))
		outlet_release(o);
	if (o->queue.len - o->done + len + 2 > OUTLET_MAX)
		return -1;
	buf_putc(&o->queue, (char)kind);
	buf_putc(&o->queue, (char)len);
	buf_add(&o->queue, key, len);
	return 0;
}

struct all {
	struct outlet *outlet;
	uint8_t families;
	int result;
};

static void
put_blackhole(void *arg, const struct blackhole *b)
{
	struct all *a = arg;

	a->result |= outlet_put(a->outlet, OUTLET_PREFIX, &b->prefix, sizeof b->prefix);
}

static void
put_flow(void *arg, const struct flow *f)
{
	struct all *a = arg;

	if ((a->families >> (f->key.v6 ? BGP_IPV6 : BGP_IPV4) & 1) != 0)
		a->result |= outlet_put(a->outlet, OUTLET_FLOW, &f->key, sizeof f->key);
}

static int
put_ends(struct all *a, enum outlet_kind kind)
{
	for (uint8_t f = 0; f < BGP_FAMILIES; f++)
		if ((a->families >> f & 1) != 0)
			a->result |= outlet_put(a->outlet, kind, &f, sizeof f);
	return a->result;
}

int
outlet_put_all(struct outlet *o, const struct blackholes *bs, uint8_t families)
{
	struct all a = {o, families, 0};

	if (bs != NULL && families != 0)
		blackholes_each(bs, put_blackhole, &a);
	return put_ends(&a, OUTLET_END);
}

int
outlet_put_flows(struct outlet *o, const struct blackholes *bs, uint8_t families)
{
	struct all a = {o, families, 0};

	if (bs != NULL && families != 0)
		flows_each(&bs->flows, put_flow, &a);
	return put_ends(&a, OUTLET_FLOW_END);
}

static void
write_prefix(struct buf *out, const struct prefix *p, const struct blackholes *bs, const struct bgp_terms *t,
    uint32_t asn)
{
	const struct blackhole *b = blackholes_find(bs, p);

	if (b != NULL) {
		struct announcement a = blackhole_announcement(b);

		announcement_write(out, &a, t, asn);
	} else {
		withdrawal_write(out, p, t);
	}
}

static void
write_flow(struct buf *out, const struct flow_key *k, const struct blackholes *bs, const struct bgp_terms *t,
    uint32_t asn)
{
	const struct flow *f = flows_find(&bs->flows, k);

	if (f != NULL) {
		struct flow_announcement a = flow_announcement(f);

		flow_announcement_write(out, &a, t, asn);
	} else {
		flow_withdrawal_write(out, k, t);
	}
}

void
outlet_write(
    struct outlet *o, struct buf *out, const struct blackholes *bs, const struct bgp_terms *t, uint32_t asn)
{
	const uint8_t *item = o->queue.p + o->done, *key = item + 2;
	struct flow_key flow;
	struct prefix p;

	o->done += 2UL + item[1];
	switch ((enum outlet_kind)item[0]) {
	case OUTLET_PREFIX:
		memcpy(&p, key, sizeof p);
		write_prefix(out, &p, bs, t, asn);
		break;
	case OUTLET_FLOW:
		memcpy(&flow, key, sizeof flow);
		write_flow(out, &flow, bs, t, asn);
		break;
	case OUTLET_END:
		end_of_rib_write(out, (enum bgp_family) * key);
		break;
	case OUTLET_FLOW_END:
		flow_end_of_rib_write(out, (enum bgp_family) * key);
		break;
	}
}
