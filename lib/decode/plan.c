#include "decode/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct element {
	uint16_t id;
	uint8_t field, how, rule;
};

static const struct element elements[] = {
#define ELEMENT(id, field, how, rule) {id, FIELD_##field, HOW_##how, RULE_##rule},
#include "decode/elements.def"
#undef ELEMENT
};

#define ELEMENT_COUNT (sizeof elements / sizeof elements[0])

_Static_assert(ELEMENT_COUNT <= OPS_MAX, "a plan has at most one op an element");
_Static_assert(FIELD_IDS <= 256, "an op holds a field in a byte");

/* Whether a field of that length (fixed) can be read so. */
static bool
how_takes(enum how how, uint16_t len)
{
	if (len == LEN_VARIABLE)
		return true;
	switch (how) {
	case HOW_ADDR4:
		return len == 4;
	case HOW_ADDR6:
		return len == 16;
	case HOW_MAC:
		return len == 6;
	case HOW_TEXT:
		return len > 0;
	case HOW_TIME_US:
	case HOW_TIME_NS:
		return len == 8;
	default:
		return len > 0 && len <= 8;
	}
}

static struct source
source_at(const struct template *t, int index)
{
	struct source s = {0};

	if (index < 0)
		return s;
	for (int i = 0; i < index; i++)
		s.off = (uint16_t)(s.off + (t->fields[i].len != LEN_VARIABLE ? t->fields[i].len : 0));
	s.field = (uint16_t)index;
	s.len = t->fields[index].len;
	return s;
}

static struct source
source_find(const struct template *t, uint16_t id, uint16_t len_max)
{
	struct source s = source_at(t, template_find(t, 0, id));

	return s.len <= len_max || s.len == LEN_VARIABLE ? s : (struct source){0};
}

/* The field that holds the same of the flow the other way; 0: there is none. */
static enum field
field_reversed(enum field f)
{
	static const enum field pairs[][2] = {
	    {FIELD_src_host, FIELD_dst_host},
	    {FIELD_src_port, FIELD_dst_port},
	    {FIELD_src_mac, FIELD_dst_mac},
	    {FIELD_src_vlan, FIELD_dst_vlan},
	    {FIELD_input_interface, FIELD_output_interface},
	    {FIELD_src_mask, FIELD_dst_mask},
	    {FIELD_src_as, FIELD_dst_as},
	    {FIELD_peer_src_as, FIELD_peer_dst_as},
	    {FIELD_nat_src_host, FIELD_nat_dst_host},
	    {FIELD_nat_src_port, FIELD_nat_dst_port},
	};
	static const enum field one_way[] = {FIELD_packets, FIELD_bytes, FIELD_next_hop, FIELD_bgp_next_hop,
	    FIELD_tcpflags, FIELD_flow_direction, FIELD_forwarding_status};

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		if (pairs[i][0] == f)
			return pairs[i][1];
		if (pairs[i][1] == f)
			return pairs[i][0];
	}
	for (size_t i = 0; i < sizeof one_way / sizeof one_way[0]; i++)
		if (one_way[i] == f)
			return 0;
	return f;
}

/*
 * Which field of the record gives this element, and to which column: the
 * reverse flow takes its own elements (RFC 5103 §6.1, or the responder's
 * counters), else the forward ones with the ends exchanged.
 */
static int
element_find(const struct template *t, const struct element *e, bool reverse, enum field *to)
{
	*to = (enum field)e->field;
	if (!reverse)
		return template_find(t, 0, e->id);
	int own = template_find(t, PEN_REVERSE, e->id);
	if (own < 0 && e->id == 231)
		own = template_find(t, 0, 232);
	if (own < 0 && e->id == 298)
		own = template_find(t, 0, 299);
	if (own >= 0)
		return own;
	*to = field_reversed((enum field)e->field);
	return *to != 0 ? template_find(t, 0, e->id) : -1;
}

/*
 * Of two addresses in one record the first is that of the packet on the wire
 * (RFC 7011 §8): routers that encapsulate put the inner one behind it.
 */
static void
order_addresses(struct plan *p)
{
	struct op *last = &p->ops[p->op_count - 1], *first = last;

	if (last->rule != RULE_ZERO || last->how != HOW_ADDR6)
		return;
	while (first->field != last->field || first->rule == RULE_ZERO)
		first--;
	if (first->src.field < last->src.field)
		return;
	struct op was = *first;
	*first = *last;
	*last = was;
	first->rule = RULE_FIRST;
	last->rule = RULE_ZERO;
}

static void
compile_ops(struct plan *p, const struct template *t, bool reverse)
{
	bool have[FIELD_IDS] = {false};

	for (size_t i = 0; i < ELEMENT_COUNT; i++) {
		const struct element *e = &elements[i];
		enum field to;
		int at = element_find(t, e, reverse, &to);

		if (at < 0 || !how_takes((enum how)e->how, t->fields[at].len))
			continue;
		if (have[to] ? e->rule == RULE_FIRST : e->rule == RULE_PART)
			continue;
		if (to == FIELD_ip_protocol && (have[FIELD_src_host] || have[FIELD_dst_host]))
			continue;
		p->ops[p->op_count++] = (struct op){
		    .src = source_at(t, at),
		    .how = e->how,
		    .rule = have[to] ? e->rule : RULE_FIRST,
		    .field = (uint8_t)to,
		    .width = field_by_id(to)->width,
		};
		have[to] = true;
		order_addresses(p);
	}
	p->icmp_from_port = have[FIELD_proto] && have[FIELD_dst_port] && !have[FIELD_icmp_type];
	p->icmp_by_proto = have[FIELD_proto] && have[FIELD_icmp_type];
	p->has_names = have[FIELD_input_interface] || have[FIELD_output_interface];
}

static void
compile_family(struct plan *p)
{
	bool v4 = false, v6 = false;

	for (unsigned i = 0; i < p->op_count; i++) {
		const struct op *op = &p->ops[i];

		if (op->field != FIELD_src_host && op->field != FIELD_dst_host)
			continue;
		v4 |= op->how == HOW_ADDR4;
		v6 |= op->how == HOW_ADDR6;
		if (p->family_field != FIELD_src_host)
			p->family_field = op->field;
	}
	p->family = v4 && v6 ? 0 : v4 ? 4 : v6 ? 6 : 255;
}

/* Two flows in a record: counters of a responder, or any of the reverse flow. */
static bool
carries_reverse(const struct template *t)
{
	static const uint16_t counters[] = {1, 2, 23, 24, 85, 86};

	if (template_find(t, 0, 232) >= 0 || template_find(t, 0, 299) >= 0)
		return true;
	for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
		if (template_find(t, PEN_REVERSE, counters[i]) >= 0)
			return true;
	return false;
}

struct plan *
plan_new(const struct template *t, bool reverse)
{
	static const uint16_t events[] = {233, 40005, 230};
	bool two = carries_reverse(t);

	if (reverse && !two)
		return NULL;
	struct plan *p = mem_zero(1, sizeof *p + ELEMENT_COUNT * sizeof p->ops[0]);
	compile_ops(p, t, reverse);
	compile_family(p);
	for (size_t i = 0; i < sizeof events / sizeof events[0] && p->event.len == 0; i++)
		p->event = source_find(t, events[i], 8);
	p->picky = two || p->event.len != 0;
	p->interval = source_find(t, 34, 8);
	p->random_interval = source_find(t, 50, 8);
	p->packet_interval = source_find(t, 305, 8);
	p->packet_space = source_find(t, 306, 8);
	p->sampler = source_find(t, 48, 8);
	if (p->sampler.len == 0)
		p->sampler = source_find(t, 302, 8);
	p->has_sampling = p->interval.len != 0 || p->random_interval.len != 0 || p->packet_space.len != 0 ||
			  p->sampler.len != 0;
	p->init_time = source_find(t, 160, 8);
	for (uint16_t id = 70; id < 70 + MPLS_MAX; id++) {
		struct source s = source_find(t, id, 4);

		if (s.len >= 3)
			p->mpls[p->mpls_count++] = s;
	}
	return mem_resize(p, 1, sizeof *p + p->op_count * sizeof p->ops[0]);
}
