#include "decode/fill.h"

#include "decode/run.h"

/*
 * One field of n records into n values of a column. Four at a time, with nothing
 * but the field's own loads and stores between: here the decoder spends most of
 * its time.
 */
#define COLUMN(name, type, load)                                                         \
	static void name(type *restrict to, const uint8_t *p, size_t stride, uint32_t n) \
	{                                                                                \
		for (; n >= 4; n -= 4, to += 4, p += 4 * stride) {                       \
			to[0] = load(p);                                                 \
			to[1] = load(p + stride);                                        \
			to[2] = load(p + 2 * stride);                                    \
			to[3] = load(p + 3 * stride);                                    \
		}                                                                        \
		for (; n > 0; n--, p += stride)                                          \
			*to++ = load(p);                                                 \
	}

static inline uint8_t
load_u8(const uint8_t *p)
{
	return *p;
}

/* The second half of ::ffff:a.b.c.d in memory; the first is zero. */
static inline uint64_t
load_mapped(const uint8_t *p)
{
	return (uint64_t)load_le32(p) << 32 | 0xffff0000;
}

COLUMN(column_8_8, uint8_t, load_u8)
COLUMN(column_8_16, uint16_t, load_u8)
COLUMN(column_16_16, uint16_t, load_be16)
COLUMN(column_16_32, uint32_t, load_be16)
COLUMN(column_32_32, uint32_t, load_be32)
COLUMN(column_32_64, uint64_t, load_be32)
COLUMN(column_64_64, uint64_t, load_be64)
COLUMN(column_addr4, uint32_t, load_le32)

#define WIDTHS(from, to) ((from) << 4 | (to))

static void
fill_uint(const struct run *r, const struct op *op, const uint8_t *p, unsigned len)
{
	void *to = builder_fill(r->rows, (enum field)op->field, r->row, r->n);

	switch (WIDTHS(len, op->width)) {
	case WIDTHS(1, 1):
		column_8_8(to, p, r->stride, r->n);
		break;
	case WIDTHS(1, 2):
		column_8_16(to, p, r->stride, r->n);
		break;
	case WIDTHS(2, 2):
		column_16_16(to, p, r->stride, r->n);
		break;
	case WIDTHS(2, 4):
		column_16_32(to, p, r->stride, r->n);
		break;
	case WIDTHS(4, 4):
		column_32_32(to, p, r->stride, r->n);
		break;
	case WIDTHS(4, 8):
		column_32_64(to, p, r->stride, r->n);
		break;
	case WIDTHS(8, 8):
		column_64_64(to, p, r->stride, r->n);
		break;
	default:
		for (uint32_t i = 0; i < r->n; i++) {
			uint64_t v = load_uint(p + i * r->stride, len);

			memcpy((uint8_t *)to + (size_t)i * op->width, &v, op->width);
		}
	}
}

static void
fill_addr4(const struct run *r, const struct op *op, const uint8_t *p)
{
	uint64_t *restrict to = builder_fill(r->rows, (enum field)op->field, r->row, r->n);
	size_t stride = r->stride;

	if (r->rows->cols[op->field]->width == ADDR_NARROW) {
		column_addr4((uint32_t *)to, p, stride, r->n);
		return;
	}
	for (const uint64_t *end = to + 2 * (size_t)r->n; to < end; to += 2, p += stride) {
		to[0] = 0;
		to[1] = load_mapped(p);
	}
}

static void
fill_addr6(const struct run *r, const struct op *op, const uint8_t *p)
{
	builder_widen(r->rows, (enum field)op->field);
	struct addr *restrict to = builder_fill(r->rows, (enum field)op->field, r->row, r->n);
	size_t stride = r->stride;

	for (const struct addr *end = to + r->n; to < end; to++, p += stride)
		memcpy(to, p, sizeof *to);
}

/* The value of one record as it stands in the column; *zero tells whether it says nothing. */
static void
value_of(enum how how, const uint8_t *p, unsigned len, uint8_t to[16], bool *zero)
{
	if (how == HOW_ADDR4 || how == HOW_ADDR6) {
		struct addr a = addr_from_bytes(p, how == HOW_ADDR6);

		memcpy(to, a.b, 16);
		*zero = addr_is_any(&a);
	} else {
		uint64_t v = how == HOW_ICMP_TYPE ? load_uint(p, len) << 8 : load_uint(p, len);

		memcpy(to, &v, sizeof v);
		*zero = v == 0;
	}
}

/* A second element of a field: only for rows where what is there says nothing. */
static void
fill_where_zero(const struct run *r, const struct op *op, const uint8_t *p, unsigned len)
{
	static const uint8_t none[16], none4[16] = {[10] = 0xff, [11] = 0xff};
	if (op->width == ADDR_WIDE)
		builder_widen(r->rows, (enum field)op->field);
	uint8_t *to = builder_span(r->rows, (enum field)op->field, r->row, r->n), v[16];

	for (uint32_t i = 0; i < r->n; i++, p += r->stride, to += op->width) {
		bool zero;

		if (memcmp(to, none, op->width) != 0 &&
		    (op->width != sizeof(struct addr) || memcmp(to, none4, sizeof none4) != 0))
			continue;
		value_of((enum how)op->how, p, len, v, &zero);
		if (!zero)
			memcpy(to, v, op->width);
	}
}

static void
fill_icmp(const struct run *r, const struct op *op, const uint8_t *p, unsigned len)
{
	uint16_t *to = builder_span(r->rows, FIELD_icmp_type, r->row, r->n);

	for (uint32_t i = 0; i < r->n; i++, p += r->stride) {
		uint64_t v = load_uint(p, len) & 0xff;

		to[i] = op->how == HOW_ICMP_TYPE ? (uint16_t)(v << 8) : (uint16_t)(to[i] | v);
	}
}

/* Of one byte each, no more than `most`. */
static bool
none_above(const uint8_t *p, size_t stride, uint32_t n, uint8_t most)
{
	bool above = false;

	for (; n > 0; n--, p += stride)
		above |= *p > most;
	return !above;
}

static void
fill_dscp(const struct run *r, const uint8_t *p, unsigned len)
{
	uint8_t *to = builder_span(r->rows, FIELD_tos, r->row, r->n);

	for (uint32_t i = 0; i < r->n; i++, p += r->stride)
		to[i] = (uint8_t)(load_uint(p, len) << 2);
}

static void
fill_direction(const struct run *r, const uint8_t *p, unsigned len)
{
	if (len == 1 && none_above(p, r->stride, r->n, 1)) {
		column_8_8(builder_fill(r->rows, FIELD_flow_direction, r->row, r->n), p, r->stride, r->n);
		return;
	}
	for (uint32_t i = 0; i < r->n; i++, p += r->stride) {
		uint64_t v = load_uint(p, len);

		if (v <= 1)
			*(uint8_t *)builder_span(r->rows, FIELD_flow_direction, r->row + i, 1) = (uint8_t)v;
	}
}

/* Whether a field of that length, which was not known at compile time, can be read so. */
static bool
length_fits(enum how how, unsigned len)
{
	switch (how) {
	case HOW_TEXT:
		return true;
	case HOW_ADDR4:
		return len == 4;
	case HOW_ADDR6:
		return len == 16;
	case HOW_MAC:
		return len == 6;
	case HOW_TIME_US:
	case HOW_TIME_NS:
		return len == 8;
	default:
		return len <= 8;
	}
}

static void
fill_op(const struct run *r, const struct op *op)
{
	const uint8_t *p;
	unsigned len;

	if (!run_source(r, &op->src, &p, &len) || (r->layout != NULL && !length_fits((enum how)op->how, len)))
		return;
	if (op->rule == RULE_ZERO) {
		fill_where_zero(r, op, p, len);
		return;
	}
	switch ((enum how)op->how) {
	case HOW_UINT:
	case HOW_MAC:
		fill_uint(r, op, p, len);
		break;
	case HOW_ADDR4:
		fill_addr4(r, op, p);
		break;
	case HOW_ADDR6:
		fill_addr6(r, op, p);
		break;
	case HOW_DSCP:
		fill_dscp(r, p, len);
		break;
	case HOW_ICMP_TYPE:
	case HOW_ICMP_CODE:
		fill_icmp(r, op, p, len);
		break;
	case HOW_DIRECTION:
		fill_direction(r, p, len);
		break;
	case HOW_TEXT:
	case HOW_APPLICATION:
	case HOW_VRF:
		run_text(r, op, p, len);
		break;
	default:
		run_time(r, op, p, len);
	}
}

/* The IP version: of the plan's addresses, or row by row where the records have room for both. */
static void
fill_family(const struct run *r)
{
	if (r->plan->family == 255)
		return;
	uint8_t *to = builder_fill(r->rows, FIELD_ip_protocol, r->row, r->n);
	if (r->plan->family != 0) {
		memset(to, r->plan->family, r->n);
		return;
	}
	builder_widen(r->rows, (enum field)r->plan->family_field);
	const struct addr *a = builder_span(r->rows, (enum field)r->plan->family_field, r->row, r->n);
	for (uint32_t i = 0; i < r->n; i++)
		to[i] = addr_is_v4(&a[i]) ? 4 : 6;
}

static inline bool
is_icmp(uint8_t proto)
{
	return (proto == 1) | (proto == 58);
}

/* Cisco puts the type into the destination port. */
static void
fill_icmp_from_port(const struct run *r)
{
	const uint8_t *proto = builder_span(r->rows, FIELD_proto, r->row, r->n);
	const uint16_t *port = builder_span(r->rows, FIELD_dst_port, r->row, r->n);
	bool any = false;

	for (uint32_t i = 0, n = r->n; i < n; i++)
		any |= is_icmp(proto[i]);
	for (uint32_t i = 0; any && i < r->n; i++)
		if (is_icmp(proto[i]))
			*(uint16_t *)builder_span(r->rows, FIELD_icmp_type, r->row + i, 1) = port[i];
}

/* Where a template has an element for it, the flows of other protocols carry a zero. */
static void
fill_icmp_alone(const struct run *r)
{
	const uint8_t *proto = builder_span(r->rows, FIELD_proto, r->row, r->n);

	for (uint32_t i = 0; i < r->n; i++)
		if (!is_icmp(proto[i]))
			builder_clear(r->rows, FIELD_icmp_type, r->row + i);
}

void
fill_common(struct job *j, uint32_t row, uint32_t n)
{
	struct builder *rows = j->d->opt.rows;
	int64_t *received = builder_fill(rows, FIELD_timestamp_received, row, n), now = j->received_ms;
	uint8_t *trusted = builder_fill(rows, FIELD_trusted, row, n);

	for (uint32_t i = 0; i < n; i++)
		received[i] = now;
	builder_span_addr(rows, FIELD_exporter_ip, row, n, &j->exporter->addr);
	memset(trusted, j->exporter->trusted, n);
	builder_span_str(rows, FIELD_flow_type, row, n, j->flow_type);
	if (j->has_domain_id) {
		uint32_t *domain = builder_fill(rows, FIELD_observation_domain, row, n);
		uint32_t id = j->domain->key.id;

		for (uint32_t i = 0; i < n; i++)
			domain[i] = id;
	}
}

static void
note_rows(const struct run *r)
{
	if (r->job->exporter->notes != NULL)
		notes_rows(r->job->exporter->notes, r->rows, r->row, r->n);
}

static void
run_plan(const struct run *r)
{
	const struct plan *p = r->plan;

	fill_common(r->job, r->row, r->n);
	for (unsigned i = 0; i < p->op_count; i++)
		fill_op(r, &p->ops[i]);
	fill_times(r->job, r->row, r->n);
	fill_family(r);
	if (p->implied_proto != 0)
		memset(builder_span(r->rows, FIELD_proto, r->row, r->n), p->implied_proto, r->n);
	run_sampling(r);
	if (p->icmp_from_port)
		fill_icmp_from_port(r);
	if (p->icmp_by_proto)
		fill_icmp_alone(r);
	if (p->mpls_count > 0)
		run_mpls(r);
	if (p->section.len != 0)
		run_section(r);
	if (p->has_names && r->job->exporter->interfaces_named > 0)
		run_interface_names(r);
}

uint32_t
fill_rows(struct job *j, uint32_t n, uint32_t *first)
{
	struct builder *rows = j->d->opt.rows;

	if (builder_full(rows))
		j->d->opt.full(j->d->opt.arg, rows);
	uint32_t room = BATCH_ROWS_MAX - rows->rows;
	if (n > room)
		n = room;
	if (n > BUILDER_ROWS_AT_ONCE)
		n = BUILDER_ROWS_AT_ONCE;
	*first = builder_rows(rows, n);
	return n;
}

/* Runs one record; false if that gave no counters, and the row was taken back. */
static bool
run_picky(struct run *r)
{
	fill_rows(r->job, 1, &r->row);
	run_plan(r);
	if (builder_get(r->rows, FIELD_packets) != 0 || builder_get(r->rows, FIELD_bytes) != 0) {
		note_rows(r);
		return true;
	}
	builder_undo(r->rows);
	return false;
}

/*
 * A record that may carry two flows, or none. Without counters a firewall's
 * event is no traffic; any other record is a flow all the same.
 */
static void
record_picky(struct run *r, const struct template *t)
{
	uint32_t flows = run_picky(r);

	if (t->reverse != NULL) {
		r->plan = t->reverse;
		flows += run_picky(r);
		r->plan = t->plan;
	}
	if (flows == 0 && t->plan->event.len == 0) {
		fill_rows(r->job, 1, &r->row);
		run_plan(r);
		note_rows(r);
		flows = 1;
	}
	if (flows > 0)
		job_count(r->job, COUNT_FLOWS, flows);
	else
		job_count(r->job, t->plan->event_is_nat ? COUNT_NAT_EVENTS : COUNT_EVENTS, 1);
}

static void
run_records(struct run *r, const struct template *t, uint32_t n)
{
	if (t->plan->no_flow) {
		job_count(r->job, COUNT_EVENTS, n);
		return;
	}
	if (t->plan->picky) {
		for (r->n = 1; n > 0; n--, r->rec += r->stride)
			record_picky(r, t);
		return;
	}
	job_count(r->job, COUNT_FLOWS, n);
	for (; n > 0; n -= r->n, r->rec += r->n * r->stride) {
		r->n = fill_rows(r->job, n, &r->row);
		run_plan(r);
		note_rows(r);
	}
}

void
fill_records(struct job *j, const struct template *t, const uint8_t *recs, uint32_t n)
{
	struct run r = {.job = j, .rows = j->d->opt.rows, .plan = t->plan, .rec = recs, .stride = t->rec_len};

	run_records(&r, t, n);
}

void
fill_record(struct job *j, const struct template *t, const uint8_t *rec, const struct layout *l)
{
	struct run r = {.job = j, .rows = j->d->opt.rows, .plan = t->plan, .rec = rec, .layout = l};

	run_records(&r, t, 1);
}
