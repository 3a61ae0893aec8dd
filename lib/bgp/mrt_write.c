#include "bgp/mrt.h"
#include "bgp/mrt_parts.h"

/* RFC 6396 §2; mrt_end fills the length in. */
static size_t
mrt_begin(struct buf *out, uint32_t time, uint16_t subtype)
{
	size_t at = out->len;

	buf_be32(out, time);
	buf_be16(out, MRT_TABLE_DUMP_V2);
	buf_be16(out, subtype);
	buf_be32(out, 0);
	return at;
}

static void
store_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
mrt_end(struct buf *out, size_t at)
{
	size_t len = out->len - at - MRT_HEADER;

	store_be16(out->p + at + 8, (uint16_t)(len >> 16));
	store_be16(out->p + at + 10, (uint16_t)len);
}

static void
put_addr(struct buf *out, const struct addr *a)
{
	bool v4 = addr_is_v4(a);

	buf_add(out, a->b + (v4 ? 12 : 0), v4 ? 4 : 16);
}

void
mrt_peers_write(struct buf *out, uint32_t time, uint32_t our_id, const struct mrt_peer *peers, unsigned n)
{
	size_t at = mrt_begin(out, time, MRT_PEER_INDEX_TABLE);

	buf_be32(out, our_id);
	buf_be16(out, 0); /* a view without a name */
	buf_be16(out, (uint16_t)n);
	for (unsigned i = 0; i < n; i++) {
		buf_putc(out, (char)(MRT_PEER_AS4 | (addr_is_v4(&peers[i].addr) ? 0 : MRT_PEER_IPV6)));
		buf_be32(out, peers[i].id);
		put_addr(out, &peers[i].addr);
		buf_be32(out, peers[i].asn);
	}
	mrt_end(out, at);
}

size_t
mrt_rib_begin(struct buf *out, uint32_t time, uint32_t sequence, const struct prefix *p, bool path_ids)
{
	bool v4 = addr_is_v4(&p->addr) && p->len >= 96;
	size_t at = mrt_begin(out, time,
	    v4 ? (path_ids ? MRT_RIB_IPV4_PATHS : MRT_RIB_IPV4)
	       : (path_ids ? MRT_RIB_IPV6_PATHS : MRT_RIB_IPV6));

	buf_be32(out, sequence);
	nlri_write(out, p);
	buf_be16(out, 0);
	return at;
}

/* Where the number of entries stands: behind the prefix, whose length is its first byte. */
void
mrt_rib_end(struct buf *out, size_t at, unsigned entries)
{
	size_t prefix = at + MRT_HEADER + 4;

	store_be16(out->p + prefix + 1 + (out->p[prefix] + 7U) / 8, (uint16_t)entries);
	mrt_end(out, at);
}

static void
put_number(struct buf *out, uint8_t flags, enum bgp_attr type, uint32_t v)
{
	const uint8_t p[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

	attr_write(out, flags, type, p, sizeof p);
}

static void
put_next_hop(struct buf *out, const struct mrt_route *r)
{
	bool v4 = addr_is_v4(&r->prefix.addr) && r->prefix.len >= 96 && addr_is_v4(&r->next_hop);
	uint8_t reach[17] = {16};

	if (v4) {
		attr_write(out, BGP_FLAG_TRANSITIVE, BGP_ATTR_NEXT_HOP, r->next_hop.b + 12, 4);
		return;
	}
	memcpy(reach + 1, r->next_hop.b, 16);
	attr_write(out, BGP_FLAG_OPTIONAL, BGP_ATTR_REACH, reach, sizeof reach);
}

static void
put_text(struct buf *out, uint8_t flags, enum bgp_attr type, struct str text)
{
	if (text.len > 0)
		attr_write(out, flags, type, text.p, text.len);
}

/* In the order of their types (RFC 4271 §5), but for the next hop of IPv6. */
static void
put_attrs(struct buf *out, const struct mrt_route *r)
{
	enum { BOTH = BGP_FLAG_OPTIONAL | BGP_FLAG_TRANSITIVE };
	const struct attrs *a = &r->attrs;
	struct buf aggregator = {0};

	attr_write(out, BGP_FLAG_TRANSITIVE, BGP_ATTR_ORIGIN, &a->origin, 1);
	attr_write(out, BGP_FLAG_TRANSITIVE, BGP_ATTR_AS_PATH, a->as_path.p, a->as_path.len);
	put_next_hop(out, r);
	if (attrs_has(a, BGP_ATTR_MED))
		put_number(out, BGP_FLAG_OPTIONAL, BGP_ATTR_MED, a->med);
	if (attrs_has(a, BGP_ATTR_LOCAL_PREF))
		put_number(out, BGP_FLAG_TRANSITIVE, BGP_ATTR_LOCAL_PREF, a->local_pref);
	if (attrs_has(a, BGP_ATTR_ATOMIC))
		attr_write(out, BGP_FLAG_TRANSITIVE, BGP_ATTR_ATOMIC, NULL, 0);
	if (attrs_has(a, BGP_ATTR_AGGREGATOR)) {
		buf_be32(&aggregator, a->aggregator_as);
		buf_be32(&aggregator, addr_v4(&a->aggregator));
		attr_write(out, BOTH, BGP_ATTR_AGGREGATOR, aggregator.p, aggregator.len);
		buf_release(&aggregator);
	}
	put_text(out, BOTH, BGP_ATTR_COMMUNITIES, a->communities);
	if (attrs_has(a, BGP_ATTR_ORIGINATOR))
		put_number(out, BGP_FLAG_OPTIONAL, BGP_ATTR_ORIGINATOR, a->originator);
	put_text(out, BGP_FLAG_OPTIONAL, BGP_ATTR_CLUSTERS, a->clusters);
	put_text(out, BOTH, BGP_ATTR_EXTENDED, a->extended);
	put_text(out, BOTH, BGP_ATTR_LARGE, a->large);
}

bool
mrt_entry_write(struct buf *out, uint32_t time, const struct mrt_route *r, bool path_ids)
{
	size_t at = out->len;

	buf_be16(out, (uint16_t)r->peer);
	buf_be32(out, time);
	if (path_ids)
		buf_be32(out, r->path_id);
	size_t attrs = out->len;
	buf_be16(out, 0);
	put_attrs(out, r);
	size_t len = out->len - attrs - 2;
	if (len > UINT16_MAX) {
		out->len = at;
		return false;
	}
	store_be16(out->p + attrs, (uint16_t)len);
	return true;
}
