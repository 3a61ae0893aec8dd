#include "detect/sieve.h"

#include <stdlib.h>
#include <string.h>

enum { PORT_WORDS = 65536 / 64 };

static uint64_t *
port_bits(const struct ranges *ports)
{
	if (ports->n == 0)
		return NULL;
	uint64_t *bits = mem_zero(PORT_WORDS, sizeof *bits);
	for (size_t i = 0; i < ports->n; i++)
		for (uint32_t p = ports->v[i].lo; p <= ports->v[i].hi; p++)
			bits[p >> 6] |= UINT64_C(1) << (p & 63);
	return bits;
}

void
sieve_init(struct sieve *x, const struct rule_filter *rule, enum sieve_trust trust)
{
	*x = (struct sieve){.rule = rule, .trust = trust};
	for (unsigned p = 0; p < 256; p++)
		x->proto[p] = ranges_have(&rule->proto, p);
	x->src_port = port_bits(&rule->src_port);
	x->dst_port = port_bits(&rule->dst_port);
}

void
sieve_release(struct sieve *x)
{
	free(x->src_port);
	free(x->dst_port);
	*x = (struct sieve){0};
}

static void
run_trust(const struct sieve *x, struct flows *f, uint64_t *bits)
{
	const struct col *c = batch_col(f->batch, FIELD_trusted);

	/* What does not say whether it is trusted did not come over the network. */
	if (x->trust == TRUST_ONLY && c != NULL)
		FLOWS_KEEP(f, bits, !col_has(c, row) || col_u64(c, row) != 0);
	if (x->trust != TRUST_NONE)
		return;
	flows_require(f, bits, FIELD_trusted);
	if (c != NULL)
		FLOWS_KEEP(f, bits, col_u64(c, row) == 0);
}

static void
run_proto(const struct sieve *x, struct flows *f, uint64_t *bits)
{
	const uint8_t *proto = flows_flat(f, FIELD_proto);

	if (x->rule->proto.n == 0)
		return;
	flows_require(f, bits, FIELD_proto);
	if (proto != NULL)
		FLOWS_KEEP(f, bits, x->proto[proto[row]]);
}

static void
run_flags(const struct sieve *x, struct flows *f, uint64_t *bits)
{
	const uint16_t *flags = flows_u16(f, FIELD_tcpflags);

	if (x->rule->flags_mask == 0)
		return;
	flows_require(f, bits, FIELD_tcpflags);
	if (flags != NULL)
		FLOWS_KEEP(f, bits, (flags[row] & x->rule->flags_mask) == x->rule->flags_value);
}

static void
run_ports(struct flows *f, uint64_t *bits, enum field field, const uint64_t *wanted)
{
	const uint16_t *port = wanted != NULL ? flows_u16(f, field) : NULL;

	if (wanted == NULL)
		return;
	flows_require(f, bits, field);
	if (port != NULL)
		FLOWS_KEEP(f, bits, FLOWS_BIT(wanted, port[row]));
}

static void
run_sizes(const struct rule_filter *r, struct flows *f, uint64_t *bits)
{
	if (r->min_packets > 0) {
		const uint64_t *packets = flows_packets(f);
		FLOWS_KEEP(f, bits, packets[row] >= r->min_packets);
	}
	if (r->min_bytes > 0) {
		const uint64_t *bytes = flows_bytes(f);
		FLOWS_KEEP(f, bits, bytes[row] >= r->min_bytes);
	}
	if (r->ttl_min > 0 || r->ttl_max < 255) {
		const uint8_t *ttl = flows_flat(f, FIELD_ttl);

		flows_require(f, bits, FIELD_ttl);
		if (ttl != NULL)
			FLOWS_KEEP(f, bits, ttl[row] >= r->ttl_min && ttl[row] <= r->ttl_max);
	}
}

/* The rows whose side of the flow was translated to another address. */
static void
add_translated(struct flows *f, uint64_t *bits, enum field after, enum field before)
{
	const struct addr *a = flows_addr(f, after), *b = flows_addr(f, before);

	if (a == NULL)
		return;
	uint64_t *some = flows_all(f);
	flows_require(f, some, after);
	FLOWS_KEEP(f, some, !addr_is_any(&a[row]) && (b == NULL || !addr_eq(&a[row], &b[row])));
	for (uint32_t i = 0; i < f->words; i++)
		bits[i] |= some[i];
}

static void
run_nat(const struct rule_filter *r, struct flows *f, uint64_t *bits)
{
	if (r->nat == NAT_ANY)
		return;
	uint64_t *nat = arena_zero(f->arena, (size_t)f->words * sizeof *nat);
	add_translated(f, nat, FIELD_nat_src_host, FIELD_src_host);
	add_translated(f, nat, FIELD_nat_dst_host, FIELD_dst_host);
	for (uint32_t i = 0; i < f->words; i++)
		bits[i] &= r->nat == NAT_PRESENT ? nat[i] : ~nat[i];
}

static void
run_nets(const struct rule_filter *r, struct flows *f, uint64_t *bits)
{
	const struct addr *src = flows_addr(f, FIELD_src_host), *dst = flows_addr(f, FIELD_dst_host);

	if (r->exclude_src.n > 0 && src != NULL)
		FLOWS_KEEP(f, bits, !nets_have(&r->exclude_src, &src[row]));
	if (r->exclude_dst.n > 0 && dst != NULL)
		FLOWS_KEEP(f, bits, !nets_have(&r->exclude_dst, &dst[row]));
	if (r->only.n > 0)
		FLOWS_KEEP(f, bits,
		    (src != NULL && nets_have(&r->only, &src[row])) ||
			(dst != NULL && nets_have(&r->only, &dst[row])));
}

static void
run_as(struct flows *f, uint64_t *bits, enum field field, const struct ranges *wanted)
{
	const uint32_t *as = wanted->n > 0 ? flows_flat(f, field) : NULL;

	if (wanted->n == 0)
		return;
	flows_require(f, bits, field);
	if (as != NULL)
		FLOWS_KEEP(f, bits, ranges_have(wanted, as[row]));
}

/* Adds the rows whose text in the column is one of the wanted ones. */
static void
add_texts(struct flows *f, uint64_t *bits, enum field field, const char *const *wanted, size_t n)
{
	const struct col *c = batch_col(f->batch, field);
	uint32_t entries = c == NULL ? 0 : c->encoding == COL_PLAIN ? f->rows : c->entries;
	uint8_t *is = arena_zero(f->arena, (size_t)entries + 1);

	for (uint32_t i = 0; i < entries; i++)
		for (size_t k = 0; k < n && !is[i]; k++)
			is[i] = (uint8_t)str_eq(col_entry_str(c, i), str_from(wanted[k]));
	for (uint32_t row = 0; c != NULL && row < f->rows; row++)
		if (is[col_slot(c, row)] && col_has(c, row))
			bits[row >> 6] |= UINT64_C(1) << (row & 63);
}

static void
add_interfaces(struct flows *f, uint64_t *bits, enum field field, const struct ranges *wanted)
{
	const struct col *c = batch_col(f->batch, field);

	for (uint32_t row = 0; c != NULL && row < f->rows; row++)
		if (col_has(c, row) && ranges_have(wanted, (uint32_t)col_u64(c, row)))
			bits[row >> 6] |= UINT64_C(1) << (row & 63);
}

static void
both(uint64_t *bits, const uint64_t *also, uint32_t words)
{
	for (uint32_t i = 0; i < words; i++)
		bits[i] &= also[i];
}

static void
run_places(const struct rule_filter *r, struct flows *f, uint64_t *bits)
{
	size_t size = (size_t)f->words * sizeof *bits;

	if (r->country_count > 0) {
		uint64_t *some = arena_zero(f->arena, size);
		add_texts(f, some, FIELD_src_host_country, r->countries, r->country_count);
		add_texts(f, some, FIELD_dst_host_country, r->countries, r->country_count);
		both(bits, some, f->words);
	}
	if (r->interfaces.n > 0 || r->interface_name_count > 0) {
		uint64_t *some = arena_zero(f->arena, size);
		add_interfaces(f, some, FIELD_input_interface, &r->interfaces);
		add_interfaces(f, some, FIELD_output_interface, &r->interfaces);
		add_texts(f, some, FIELD_input_interface_name, r->interface_names, r->interface_name_count);
		add_texts(f, some, FIELD_output_interface_name, r->interface_names, r->interface_name_count);
		both(bits, some, f->words);
	}
}

/* in, out, internal, transit: by own prefixes where known, else by what an earlier program found. */
static void
add_net_direction(struct flows *f, uint64_t *bits, unsigned directions)
{
	static const char *const words[] = {"in", "out", "internal", "transit"};

	if (f->own->n == 0) {
		for (unsigned i = 0; i < 4; i++)
			if ((directions >> i & 1) != 0)
				add_texts(f, bits, FIELD_net_direction, &words[i], 1);
		return;
	}
	const uint64_t *src = flows_src_own(f), *dst = flows_dst_own(f);
	for (uint32_t i = 0; i < f->words; i++) {
		if ((directions & DIRECTION_IN) != 0)
			bits[i] |= ~src[i] & dst[i];
		if ((directions & DIRECTION_OUT) != 0)
			bits[i] |= src[i] & ~dst[i];
		if ((directions & DIRECTION_INTERNAL) != 0)
			bits[i] |= src[i] & dst[i];
		if ((directions & DIRECTION_TRANSIT) != 0)
			bits[i] |= ~src[i] & ~dst[i];
	}
}

/* ingress, egress: by the upstream interfaces where known, else as the exporter says. */
static void
add_side(struct flows *f, uint64_t *bits, bool egress)
{
	if (f->upstream->n > 0) {
		add_interfaces(f, bits, egress ? FIELD_output_interface : FIELD_input_interface, f->upstream);
	} else {
		struct range wanted = {egress, egress};
		const struct ranges one = {&wanted, 1};

		add_interfaces(f, bits, FIELD_flow_direction, &one);
	}
}

static void
run_direction(const struct rule_filter *r, struct flows *f, uint64_t *bits)
{
	if (r->to_own && f->own->n > 0)
		both(bits, flows_dst_own(f), f->words);
	if (r->directions == 0)
		return;
	uint64_t *some = arena_zero(f->arena, (size_t)f->words * sizeof *some);
	add_net_direction(f, some, r->directions);
	if ((r->directions & DIRECTION_INGRESS) != 0)
		add_side(f, some, false);
	if ((r->directions & DIRECTION_EGRESS) != 0)
		add_side(f, some, true);
	both(bits, some, f->words);
}

/* What is cheap and takes most away comes first. */
void
sieve_run(const struct sieve *x, struct flows *f, uint64_t *bits)
{
	const struct rule_filter *r = x->rule;

	run_trust(x, f, bits);
	run_proto(x, f, bits);
	run_flags(x, f, bits);
	run_ports(f, bits, FIELD_src_port, x->src_port);
	run_ports(f, bits, FIELD_dst_port, x->dst_port);
	run_sizes(r, f, bits);
	run_direction(r, f, bits);
	run_nat(r, f, bits);
	run_nets(r, f, bits);
	run_as(f, bits, FIELD_src_as, &r->src_as);
	run_as(f, bits, FIELD_dst_as, &r->dst_as);
	run_places(r, f, bits);
}
