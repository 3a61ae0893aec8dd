#include "bgp/mrt.h"

#include <stdlib.h>

#include "bgp/mrt_parts.h"

void
mrt_reader_init(struct mrt_reader *m, const struct mrt_ops *ops, void *arg)
{
	*m = (struct mrt_reader){.ops = ops, .arg = arg};
}

void
mrt_reader_release(struct mrt_reader *m)
{
	free(m->peers);
	buf_release(&m->attrs);
	buf_release(&m->scratch);
}

/* RFC 6396 §4.3.1. */
static int
read_peer(struct rd *r, struct mrt_peer *p)
{
	const uint8_t *bytes;
	uint64_t asn;
	uint8_t type;

	if (rd_u8(r, &type) == -1 || rd_be32(r, &p->id) == -1)
		return -1;
	bool v6 = (type & MRT_PEER_IPV6) != 0;
	if (rd_bytes(r, &bytes, v6 ? 16 : 4) == -1 ||
	    rd_beint(r, &asn, (type & MRT_PEER_AS4) != 0 ? 4 : 2) == -1)
		return -1;
	p->addr = addr_from_bytes(bytes, v6);
	p->asn = (uint32_t)asn;
	return 0;
}

static int
read_peers(struct mrt_reader *m, struct rd *r)
{
	uint32_t id;
	uint16_t name, count;

	if (rd_be32(r, &id) == -1 || rd_be16(r, &name) == -1 || rd_skip(r, name) == -1 ||
	    rd_be16(r, &count) == -1)
		return -1;
	m->peers = mem_resize(m->peers, count + 1U, sizeof *m->peers);
	m->peer_count = 0;
	m->has_peers = true;
	while (m->peer_count < count)
		if (read_peer(r, &m->peers[m->peer_count++]) == -1)
			return -1;
	m->ops->peers(m->arg, m->peers, m->peer_count);
	return 0;
}

/*
 * RFC 6396 §4.3.4: of MP_REACH_NLRI only the next hop with its length is there.
 * It becomes a whole one without routes again, as it is already where a writer
 * has overlooked that.
 */
static void
put_reach(struct buf *out, enum bgp_family f, const uint8_t *p, size_t len)
{
	bool whole = len > 4 && p[0] == 0 && p[3] <= len - 4;
	uint8_t reach[5 + UINT8_MAX] = {0, (uint8_t)bgp_afi(f), BGP_SAFI_UNICAST};
	size_t n = whole ? p[3] : len > 0 && p[0] <= len - 1 ? p[0] : 0;

	reach[3] = (uint8_t)n;
	if (n > 0)
		memcpy(reach + 4, p + (whole ? 4 : 1), n);
	attr_write(out, BGP_FLAG_OPTIONAL, BGP_ATTR_REACH, reach, 5 + n);
}

/* The attributes as an UPDATE has them. What cannot be told apart stays as it is, for attrs_read to find. */
static bool
whole_attrs(struct buf *out, enum bgp_family f, struct rd r)
{
	bool reach = false;

	out->len = 0;
	while (rd_left(&r) > 0) {
		const uint8_t *start = r.p, *value;
		uint8_t flags, type;
		uint64_t len;

		if (rd_u8(&r, &flags) == -1 || rd_u8(&r, &type) == -1 ||
		    rd_beint(&r, &len, (flags & BGP_FLAG_LONG) != 0 ? 2 : 1) == -1 ||
		    rd_bytes(&r, &value, len) == -1) {
			buf_add(out, start, (size_t)(r.end - start));
			break;
		}
		if (type == BGP_ATTR_REACH && !reach) {
			put_reach(out, f, value, len);
			reach = true;
		} else if (type != BGP_ATTR_REACH && type != BGP_ATTR_UNREACH) {
			buf_add(out, start, (size_t)(r.p - start));
		}
	}
	return reach;
}

static void
refuse(struct mrt_reader *m, const char *why)
{
	if (m->refused++ == 0)
		err_set(&m->refusal, "%s", why);
}

static void
take_route(struct mrt_reader *m, struct mrt_route *route, enum bgp_family f, struct rd attrs)
{
	/* What was kept by whoever wrote the dump is kept here: LOCAL_PREF and its like too. */
	const struct bgp_terms terms = {
	    .as4 = true, .families = 1 << BGP_IPV4 | 1 << BGP_IPV6, .next_hop6 = 1 << BGP_IPV4};
	bool reach = whole_attrs(&m->attrs, f, attrs);
	struct attrs_read got;

	attrs_read(&got, rd_from(m->attrs.len > 0 ? m->attrs.p : (const uint8_t *)"", m->attrs.len), &terms,
	    !reach, &m->scratch);
	if (got.verdict >= VERDICT_WITHDRAW) {
		refuse(m, got.error.words.msg);
		return;
	}
	if (prefix_is_disguised(f, &route->prefix)) {
		refuse(m, "an IPv6 prefix that spells one of IPv4");
		return;
	}
	m->routes++;
	route->attrs = got.attrs;
	route->next_hop = reach ? got.reach.next_hop : got.next_hop;
	m->ops->route(m->arg, route);
}

/* RFC 6396 §4.3.2, §4.3.4. */
static int
read_rib(struct mrt_reader *m, struct rd *r, enum bgp_family f, bool path_ids, struct err *e)
{
	struct mrt_route route = {.path_id = 0};
	uint32_t sequence, time, no_id;
	uint16_t count, peer, len;
	const struct nlri plain = {.family = f};
	struct rd attrs;

	if (!m->has_peers)
		return err_set(e, "routes before the table of peers");
	if (rd_be32(r, &sequence) == -1)
		return err_set(e, "a record that is cut short");
	if (nlri_next(r, &plain, &route.prefix, &no_id) == -1)
		return err_set(e, "a prefix that is none");
	if (rd_be16(r, &count) == -1)
		return err_set(e, "a record that is cut short");
	for (unsigned i = 0; i < count; i++) {
		if (rd_be16(r, &peer) == -1 || rd_be32(r, &time) == -1 ||
		    (path_ids && rd_be32(r, &route.path_id) == -1) || rd_be16(r, &len) == -1 ||
		    rd_sub(r, &attrs, len) == -1)
			return err_set(e, "an entry that is cut short");
		if (peer >= m->peer_count)
			return err_set(e, "peer %u, of %u that there are", peer, m->peer_count);
		route.peer = peer;
		take_route(m, &route, f, attrs);
	}
	return 0;
}

static int
read_body(struct mrt_reader *m, unsigned subtype, struct rd *r, struct err *e)
{
	switch (subtype) {
	case MRT_PEER_INDEX_TABLE:
		return read_peers(m, r) == 0 ? 0 : err_set(e, "a table of peers that is cut short");
	case MRT_RIB_IPV4:
	case MRT_RIB_IPV4_PATHS:
		return read_rib(m, r, BGP_IPV4, subtype == MRT_RIB_IPV4_PATHS, e);
	case MRT_RIB_IPV6:
	case MRT_RIB_IPV6_PATHS:
		return read_rib(m, r, BGP_IPV6, subtype == MRT_RIB_IPV6_PATHS, e);
	default:
		m->passed++;
		return rd_skip(r, rd_left(r));
	}
}

ssize_t
mrt_read(struct mrt_reader *m, const uint8_t *p, size_t have, struct err *e)
{
	if (have < MRT_HEADER)
		return 0;
	unsigned type = load_be16(p + 4), subtype = load_be16(p + 6);
	uint32_t len = load_be32(p + 8);
	if (len > MRT_RECORD_MAX) {
		err_set(
		    e, "byte %llu: a record of %lu bytes", (unsigned long long)m->offset, (unsigned long)len);
		return -1;
	}
	if (have < MRT_HEADER + (size_t)len)
		return 0;
	struct rd r = rd_from(p, MRT_HEADER + (size_t)len);
	rd_skip(&r, MRT_HEADER);
	if (type != MRT_TABLE_DUMP_V2) {
		m->passed++;
	} else {
		int rc = read_body(m, subtype, &r, e);

		if (rc == 0 && rd_left(&r) > 0)
			rc = err_set(e, "%zu bytes too many in a record", rd_left(&r));
		if (rc == -1)
			return err_wrap(e, "byte %llu", (unsigned long long)(m->offset + rd_offset(&r)));
	}
	m->offset += MRT_HEADER + (uint64_t)len;
	return MRT_HEADER + (ssize_t)len;
}

int
mrt_read_end(const struct mrt_reader *m, size_t left, struct err *e)
{
	return left == 0 ? 0
			 : err_set(e, "byte %llu: a record that is cut short", (unsigned long long)m->offset);
}
