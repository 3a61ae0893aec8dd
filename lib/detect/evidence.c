/* What an incident keeps of its flows: a few samples, and addresses that were translated. */
#include <string.h>

#include "detect/engine_parts.h"

static void
sample_take(struct incident *in, const struct row *r)
{
	static const struct addr none;
	const struct batch *b = r->flows->batch;
	const struct addr *src = flows_addr(r->flows, FIELD_src_host);
	const struct addr *dst = flows_addr(r->flows, FIELD_dst_host);
	const struct addr *exporter = flows_addr(r->flows, FIELD_exporter_ip);
	const struct col *sport = batch_col(b, FIELD_src_port), *dport = batch_col(b, FIELD_dst_port);
	const struct col *flags = batch_col(b, FIELD_tcpflags), *proto = batch_col(b, FIELD_proto);

	in->samples[in->sample_count++] = (struct sample){
	    .time_ms = r->time_ms,
	    .src = src != NULL ? src[r->row] : none,
	    .dst = dst != NULL ? dst[r->row] : none,
	    .exporter = exporter != NULL ? exporter[r->row] : none,
	    .packets = r->packets,
	    .bytes = r->bytes,
	    .src_port = sport != NULL ? (uint16_t)col_u64(sport, r->row) : 0,
	    .dst_port = dport != NULL ? (uint16_t)col_u64(dport, r->row) : 0,
	    .flags = flags != NULL ? (uint16_t)col_u64(flags, r->row) : 0,
	    .proto = proto != NULL ? (uint8_t)col_u64(proto, r->row) : 0,
	    .has_ports = sport != NULL && dport != NULL && col_has(sport, r->row) && col_has(dport, r->row),
	    .has_flags = flags != NULL && col_has(flags, r->row),
	};
}

/* Adds the address unless it is known. Where there is no room, an own one takes the place of one that is not. */
static void
nats_add(struct nats *n, const struct addr *a, const struct nets *own)
{
	for (unsigned i = 0; i < n->count; i++)
		if (addr_eq(&n->v[i], a))
			return;
	if (n->count < NATS) {
		n->v[n->count++] = *a;
		return;
	}
	for (unsigned i = 0; i < NATS && nets_have(own, a); i++) {
		if (nets_have(own, &n->v[i]))
			continue;
		n->v[i] = *a;
		return;
	}
}

/* The address that one of the flow's became, if it was translated. */
static void
nat_take(struct nats *n, const struct row *r, enum field after, enum field before, const struct nets *own)
{
	const struct col *c = batch_col(r->flows->batch, after);
	const struct addr *b = flows_addr(r->flows, before);

	if (c == NULL || !col_has(c, r->row))
		return;
	const struct addr a = col_addr(c, r->row);
	if (!addr_is_any(&a) && (b == NULL || !addr_eq(&a, &b[r->row])))
		nats_add(n, &a, own);
}

void
evidence_take(struct incident *in, const struct row *r, const struct nets *own)
{
	if (in->sample_count < SAMPLES)
		sample_take(in, r);
	nat_take(&in->nat_src, r, FIELD_nat_src_host, FIELD_src_host, own);
	nat_take(&in->nat_dst, r, FIELD_nat_dst_host, FIELD_dst_host, own);
}
