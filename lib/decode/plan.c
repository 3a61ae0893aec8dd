#include "decode/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct element {
	uint16_t pen, id;
	uint8_t field, how, rule;
};

static const struct element elements[] = {
#define ELEMENT_OF(pen, id, field, how, rule) {pen, id, FIELD_##field, HOW_##how, RULE_##rule},
#define ELEMENT(id, field, how, rule) ELEMENT_OF(0, id, field, how, rule)
#include "decode/elements.def"
#undef ELEMENT
#undef ELEMENT_OF
};

enum { IANA_MAX = 512 };

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

/* What a template has, to be looked up many times over. */
struct finder {
	const struct template *t;
	int16_t iana[IANA_MAX]; /* the index of the element, -1: none */
	bool has_other; /* elements beyond, or of an enterprise */
	uint16_t off[TEMPLATE_FIELDS_MAX]; /* where the fields lie, unless of variable length */
};

static void
finder_init(struct finder *f, const struct template *t)
{
	uint16_t off = 0;

	f->t = t;
	f->has_other = false;
	memset(f->iana, 0xff, sizeof f->iana);
	for (unsigned i = 0; i < t->field_count; i++) {
		const struct template_field *tf = &t->fields[i];

		f->off[i] = off;
		if (tf->len != LEN_VARIABLE)
			off = (uint16_t)(off + tf->len);
		if (tf->pen != 0 || tf->id >= IANA_MAX)
			f->has_other = true;
		else if (tf->len > 0 && f->iana[tf->id] < 0)
			f->iana[tf->id] = (int16_t)i;
	}
}

/* The index of the first field of that element with bytes in it, or -1. */
static int
find(const struct finder *f, uint32_t pen, uint16_t id)
{
	if (pen == 0 && id < IANA_MAX)
		return f->iana[id];
	for (unsigned i = 0; f->has_other && i < f->t->field_count; i++) {
		const struct template_field *tf = &f->t->fields[i];

		if (tf->id == id && tf->pen == pen && tf->len > 0)
			return (int)i;
	}
	return -1;
}

static struct source
source_at(const struct finder *f, int index)
{
	if (index < 0)
		return (struct source){0};
	return (struct source){(uint16_t)index, f->off[index], f->t->fields[index].len};
}

static struct source
source_find(const struct finder *f, uint16_t id, uint16_t len_max)
{
	struct source s = source_at(f, find(f, 0, id));

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
element_find(const struct finder *f, const struct element *e, bool reverse, enum field *to)
{
	*to = (enum field)e->field;
	if (!reverse)
		return find(f, e->pen, e->id);
	int own = e->pen == 0 ? find(f, PEN_REVERSE, e->id) : -1;
	if (own < 0 && e->id == 231)
		own = find(f, 0, 232);
	if (own < 0 && e->id == 298)
		own = find(f, 0, 299);
	if (own >= 0)
		return own;
	*to = field_reversed((enum field)e->field);
	return *to != 0 ? find(f, e->pen, e->id) : -1;
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

/* softflowd's ICMP templates have no protocol: their ICMP elements tell it. */
static uint8_t
proto_implied(const struct finder *f)
{
	if (find(f, 0, 32) >= 0 || find(f, 0, 176) >= 0)
		return 1;
	return find(f, 0, 139) >= 0 || find(f, 0, 178) >= 0 ? 58 : 0;
}

static void
compile_ops(struct plan *p, const struct finder *f, bool reverse)
{
	bool have[FIELD_IDS] = {false};

	for (size_t i = 0; i < ELEMENT_COUNT; i++) {
		const struct element *e = &elements[i];
		enum field to;
		int at = element_find(f, e, reverse, &to);

		if (at < 0 || !how_takes((enum how)e->how, f->t->fields[at].len))
			continue;
		if (have[to] ? e->rule == RULE_FIRST : e->rule == RULE_PART)
			continue;
		if (to == FIELD_ip_protocol && (have[FIELD_src_host] || have[FIELD_dst_host]))
			continue;
		p->ops[p->op_count++] = (struct op){
		    .src = source_at(f, at),
		    .how = e->how,
		    .rule = have[to] ? e->rule : RULE_FIRST,
		    .field = (uint8_t)to,
		    .width = field_by_id(to)->width,
		};
		have[to] = true;
		order_addresses(p);
	}
	if (!have[FIELD_proto] && !have[FIELD_src_port] && !have[FIELD_dst_port])
		p->implied_proto = proto_implied(f);
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
carries_reverse(const struct finder *f)
{
	static const uint16_t counters[] = {1, 2, 23, 24, 85, 86};

	if (find(f, 0, 232) >= 0 || find(f, 0, 299) >= 0)
		return true;
	for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
		if (find(f, PEN_REVERSE, counters[i]) >= 0)
			return true;
	return false;
}

/* Sections of packets: dataLinkFrameSection, layer2PacketSectionData, ipHeaderPacketSection. */
static void
compile_section(struct plan *p, const struct finder *f)
{
	static const struct {
		uint16_t id;
		enum packet_link link;
	} sections[] = {{315, PACKET_ETHERNET}, {104, PACKET_ETHERNET}, {313, PACKET_IP}};

	for (size_t i = 0; i < sizeof sections / sizeof sections[0] && p->section.len == 0; i++) {
		p->section = source_find(f, sections[i].id, UINT16_MAX);
		p->section_link = sections[i].link;
	}
	p->section_offset = source_find(f, 409, 8);
	if (p->section_offset.len == 0)
		p->section_offset = source_find(f, 102, 8);
	p->frame_type = source_find(f, 408, 8);
	p->frame_size = source_find(f, 312, 8);
}

struct plan *
plan_new(const struct template *t, bool reverse)
{
	static const uint16_t events[] = {233, 40005, 230};
	struct finder f;
	finder_init(&f, t);
	bool two = carries_reverse(&f);
	if (reverse && !two)
		return NULL;
	struct plan *p = mem_zero(1, sizeof *p + ELEMENT_COUNT * sizeof p->ops[0]);
	compile_ops(p, &f, reverse);
	compile_family(p);
	for (size_t i = 0; i < sizeof events / sizeof events[0] && p->event.len == 0; i++)
		p->event = source_find(&f, events[i], 8);
	p->event_is_nat = p->event.len != 0 && find(&f, 0, 233) < 0 && find(&f, 0, 40005) < 0;
	if (p->family == 255 && !two)
		compile_section(p, &f);
	p->picky = two || p->event.len != 0 || p->section.len != 0;
	p->interval = source_find(&f, 34, 8);
	p->random_interval = source_find(&f, 50, 8);
	p->packet_interval = source_find(&f, 305, 8);
	p->packet_space = source_find(&f, 306, 8);
	p->sampler = source_find(&f, 48, 8);
	if (p->sampler.len == 0)
		p->sampler = source_find(&f, 302, 8);
	p->has_sampling = p->interval.len != 0 || p->random_interval.len != 0 || p->packet_space.len != 0 ||
			  p->sampler.len != 0;
	p->init_time = source_find(&f, 160, 8);
	for (uint16_t id = 70; id < 70 + MPLS_MAX; id++) {
		struct source s = source_find(&f, id, 4);

		if (s.len >= 3)
			p->mpls[p->mpls_count++] = s;
	}
	/* 314 is a packet's payload, of which we read nothing: the record is of that packet all the same. */
	p->no_flow = p->op_count == 0 && p->mpls_count == 0 && !p->has_sampling && p->section.len == 0 &&
		     find(&f, 0, 314) < 0;
	return mem_resize(p, 1, sizeof *p + p->op_count * sizeof p->ops[0]);
}
