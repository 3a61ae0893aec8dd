#include "bgp/attr.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bgp/segments.h"

/* What is known of an attribute before its value is read. */
struct kind {
	bool known;
	uint8_t flags; /* of optional and transitive */
	bool internal; /* from another AS it is left out (RFC 7606 §7.5, §7.9, §7.10) */
	uint16_t len, unit; /* its length; or what its length is a multiple of, and not 0 */
	uint8_t bad; /* enum verdict, where the value is malformed */
};

enum { WELL_KNOWN = BGP_FLAG_TRANSITIVE, OPTIONAL = BGP_FLAG_OPTIONAL, BOTH = WELL_KNOWN | OPTIONAL };

/* RFC 7606 §7, RFC 8092 §6. */
static const struct kind kinds[] = {
    [BGP_ATTR_ORIGIN] = {true, WELL_KNOWN, false, 1, 0, VERDICT_WITHDRAW},
    [BGP_ATTR_AS_PATH] = {true, WELL_KNOWN, false, 0, 0, VERDICT_WITHDRAW},
    [BGP_ATTR_NEXT_HOP] = {true, WELL_KNOWN, false, 4, 0, VERDICT_WITHDRAW},
    [BGP_ATTR_MED] = {true, OPTIONAL, false, 4, 0, VERDICT_WITHDRAW},
    [BGP_ATTR_LOCAL_PREF] = {true, WELL_KNOWN, true, 4, 0, VERDICT_WITHDRAW},
    [BGP_ATTR_ATOMIC] = {true, WELL_KNOWN, false, 0, 0, VERDICT_DISCARD},
    [BGP_ATTR_AGGREGATOR] = {true, BOTH, false, 0, 0, VERDICT_DISCARD},
    [BGP_ATTR_COMMUNITIES] = {true, BOTH, false, 0, 4, VERDICT_WITHDRAW},
    [BGP_ATTR_ORIGINATOR] = {true, OPTIONAL, true, 4, 0, VERDICT_WITHDRAW},
    [BGP_ATTR_CLUSTERS] = {true, OPTIONAL, true, 0, 4, VERDICT_WITHDRAW},
    [BGP_ATTR_REACH] = {true, OPTIONAL, false, 0, 0, VERDICT_RESET},
    [BGP_ATTR_UNREACH] = {true, OPTIONAL, false, 0, 0, VERDICT_RESET},
    [BGP_ATTR_EXTENDED] = {true, BOTH, false, 0, 8, VERDICT_WITHDRAW},
    [BGP_ATTR_AS4_PATH] = {true, BOTH, false, 0, 0, VERDICT_DISCARD},
    [BGP_ATTR_AS4_AGGREGATOR] = {true, BOTH, false, 8, 0, VERDICT_DISCARD},
    [BGP_ATTR_LARGE] = {true, BOTH, false, 0, 12, VERDICT_WITHDRAW},
};

struct reader {
	struct attrs_read *out;
	const struct bgp_terms *terms;
	uint64_t seen;
	bool cut; /* the attributes end within one */
	struct str path, path4;
	bool has_path4, has_aggregator4;
	uint32_t aggregator4_as;
	struct addr aggregator4;
};

/* The worst counts, and of equals the first. */
static void complain(struct reader *x, enum verdict v, uint8_t subcode, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void
complain(struct reader *x, enum verdict v, uint8_t subcode, const char *fmt, ...)
{
	struct bgp_error *e = &x->out->error;
	va_list ap;

	if (v <= x->out->verdict)
		return;
	x->out->verdict = v;
	bgp_error_set(e, BGP_ERR_UPDATE, subcode, "%s", "");
	va_start(ap, fmt);
	vsnprintf(e->words.msg, sizeof e->words.msg, fmt, ap);
	va_end(ap);
}

static struct addr
read_addr4(const uint8_t *p)
{
	return addr_from_bytes(p, false);
}

/* RFC 4760 §3: global, and perhaps link-local behind it (RFC 2545 §3); RFC 8950 §4 has the same for IPv4. */
static int
read_next_hop(const struct reader *x, struct nlri *n, struct rd r)
{
	size_t len = rd_left(&r);

	if (n->family == BGP_IPV4 && len == 4) {
		n->next_hop = read_addr4(r.p);
		return 0;
	}
	if (n->family == BGP_IPV4 && (x->terms->next_hop6 & 1 << BGP_IPV4) == 0)
		return -1;
	if (len != 16 && len != 32)
		return -1;
	n->next_hop = addr_from_bytes(r.p, true);
	return 0;
}

/* The family that MP_REACH_NLRI and MP_UNREACH_NLRI begin with. 1: one that was not agreed on. */
static int
read_family(const struct reader *x, struct nlri *n, struct rd *r)
{
	uint16_t afi;
	uint8_t safi;

	if (rd_be16(r, &afi) == -1 || rd_u8(r, &safi) == -1)
		return -1;
	if (bgp_family_of(&n->family, afi, safi) == -1 || (x->terms->families >> n->family & 1) == 0)
		return 1;
	n->path_ids = (x->terms->path_ids >> n->family & 1) != 0;
	return 0;
}

static void
read_reach(struct reader *x, struct rd r)
{
	struct nlri *n = &x->out->reach;
	struct rd next_hop;
	uint8_t len, reserved;
	int known = read_family(x, n, &r);

	if (known == 1)
		return;
	if (known == -1 || rd_u8(&r, &len) == -1 || rd_sub(&r, &next_hop, len) == -1 ||
	    read_next_hop(x, n, next_hop) == -1 || rd_u8(&r, &reserved) == -1) {
		complain(x, VERDICT_RESET, BGP_UPDATE_OPTIONAL, "a malformed MP_REACH_NLRI");
		return;
	}
	n->routes = r;
	x->out->has_reach = true;
}

static void
read_unreach(struct reader *x, struct rd r)
{
	struct nlri *n = &x->out->unreach;
	int known = read_family(x, n, &r);

	if (known == -1)
		complain(x, VERDICT_RESET, BGP_UPDATE_OPTIONAL, "a malformed MP_UNREACH_NLRI");
	if (known != 0)
		return;
	n->routes = r;
	x->out->has_unreach = true;
}

static void
read_aggregator(struct reader *x, struct rd r)
{
	struct attrs *a = &x->out->attrs;
	size_t width = x->terms->as4 ? 4 : 2;
	uint64_t asn;

	if (rd_left(&r) != width + 4 || rd_beint(&r, &asn, width) == -1) {
		complain(x, VERDICT_DISCARD, 0, "an AGGREGATOR of %zu bytes", rd_left(&r));
		a->has &= ~(UINT64_C(1) << BGP_ATTR_AGGREGATOR);
		return;
	}
	a->aggregator_as = (uint32_t)asn;
	a->aggregator = read_addr4(r.p);
}

static void
read_value(struct reader *x, enum bgp_attr type, struct rd r)
{
	struct attrs *a = &x->out->attrs;
	struct str text = {(const char *)r.p, rd_left(&r)};

	switch (type) {
	case BGP_ATTR_ORIGIN:
		a->origin = *r.p;
		if (a->origin > BGP_ORIGIN_INCOMPLETE)
			complain(x, VERDICT_WITHDRAW, 6, "ORIGIN %u", a->origin);
		break;
	case BGP_ATTR_AS_PATH:
		x->path = text;
		break;
	case BGP_ATTR_NEXT_HOP:
		x->out->next_hop = read_addr4(r.p);
		if (addr_is_any(&x->out->next_hop) || addr_is_multicast(&x->out->next_hop))
			complain(x, VERDICT_WITHDRAW, 8, "a NEXT_HOP that is no host");
		break;
	case BGP_ATTR_MED:
		a->med = load_be32(r.p);
		break;
	case BGP_ATTR_LOCAL_PREF:
		a->local_pref = load_be32(r.p);
		break;
	case BGP_ATTR_ORIGINATOR:
		a->originator = load_be32(r.p);
		break;
	case BGP_ATTR_AGGREGATOR:
		read_aggregator(x, r);
		break;
	case BGP_ATTR_COMMUNITIES:
		a->communities = text;
		break;
	case BGP_ATTR_EXTENDED:
		a->extended = text;
		break;
	case BGP_ATTR_LARGE:
		a->large = text;
		break;
	case BGP_ATTR_CLUSTERS:
		a->clusters = text;
		break;
	case BGP_ATTR_REACH:
		read_reach(x, r);
		break;
	case BGP_ATTR_UNREACH:
		read_unreach(x, r);
		break;
	case BGP_ATTR_AS4_PATH:
		x->path4 = text;
		x->has_path4 = true;
		break;
	case BGP_ATTR_AS4_AGGREGATOR:
		x->aggregator4_as = load_be32(r.p);
		x->aggregator4 = read_addr4(r.p + 4);
		x->has_aggregator4 = true;
		break;
	case BGP_ATTR_ATOMIC:
		break;
	}
}

static bool
length_fits(const struct kind *k, uint8_t type, size_t len)
{
	if (k->unit != 0)
		return len > 0 && len % k->unit == 0;
	return k->len != 0 ? len == k->len : type != BGP_ATTR_ATOMIC || len == 0;
}

/* RFC 7606 §3 c, g; RFC 4271 §6.3 for what is unknown. */
static void
read_attr(struct reader *x, uint8_t flags, uint8_t type, struct rd value)
{
	const struct kind *k = type < sizeof kinds / sizeof kinds[0] ? &kinds[type] : &kinds[0];
	bool multi = type == BGP_ATTR_REACH || type == BGP_ATTR_UNREACH;

	if (!k->known) {
		if ((flags & BGP_FLAG_OPTIONAL) == 0)
			complain(x, VERDICT_RESET, BGP_UPDATE_WELL_KNOWN,
			    "attribute %u is not optional and not known", type);
		return;
	}
	if ((x->seen >> type & 1) != 0) {
		if (multi)
			complain(x, VERDICT_RESET, BGP_UPDATE_ATTRIBUTES, "attribute %u came twice", type);
		return;
	}
	x->seen |= UINT64_C(1) << type;
	if (k->internal && x->terms->ebgp)
		return;
	/* RFC 6793 §4.1: a speaker of four bytes has no business with these two. */
	if (x->terms->as4 && (type == BGP_ATTR_AS4_PATH || type == BGP_ATTR_AS4_AGGREGATOR))
		return;
	if ((flags & BOTH) != k->flags)
		complain(x, VERDICT_WITHDRAW, 4, "attribute %u with flags 0x%02x", type, flags);
	if (!length_fits(k, type, rd_left(&value))) {
		complain(x, (enum verdict)k->bad, 5, "attribute %u of %zu bytes", type, rd_left(&value));
		return;
	}
	x->out->attrs.has |= UINT64_C(1) << type;
	read_value(x, (enum bgp_attr)type, value);
}

/* One attribute after the other; false where the lengths contradict each other (RFC 7606 §4). */
static bool
read_list(struct reader *x, struct rd r)
{
	while (rd_left(&r) > 0) {
		uint8_t flags, type, short_len = 0;
		uint16_t len;
		struct rd value;

		if (rd_u8(&r, &flags) == -1 || rd_u8(&r, &type) == -1)
			return false;
		if ((flags & BGP_FLAG_LONG) != 0) {
			if (rd_be16(&r, &len) == -1)
				return false;
		} else {
			if (rd_u8(&r, &short_len) == -1)
				return false;
			len = short_len;
		}
		if (rd_sub(&r, &value, len) == -1)
			return false;
		read_attr(x, flags, type, value);
	}
	return true;
}

static struct str
buf_tail(const struct buf *b, size_t from)
{
	return (struct str){(const char *)b->p + from, b->len - from};
}

/* RFC 6793 §4.2.3: what came in two bytes, and what a newer speaker before that one put beside it. */
static void
join_old(struct reader *x, struct buf *scratch)
{
	struct attrs *a = &x->out->attrs;
	bool trans = !attrs_has(a, BGP_ATTR_AGGREGATOR) || a->aggregator_as == BGP_AS_TRANS;
	struct err e;

	/* Room for all of it at once, so that nothing moves. */
	scratch->len = 0;
	buf_reserve(scratch, 4 * x->path.len + x->path4.len);
	segments_widen(scratch, x->path);
	a->as_path = buf_tail(scratch, 0);
	if (!trans)
		return;
	if (x->has_aggregator4 && attrs_has(a, BGP_ATTR_AGGREGATOR)) {
		a->aggregator_as = x->aggregator4_as;
		a->aggregator = x->aggregator4;
	}
	if (!x->has_path4)
		return;
	if (segments_check(x->path4, 4, &e) == -1) {
		complain(x, VERDICT_DISCARD, 0, "AS4_PATH: %s", e.msg);
		return;
	}
	size_t from = scratch->len;
	segments_merge(scratch, a->as_path, x->path4);
	a->as_path = buf_tail(scratch, from);
}

static void
finish_path(struct reader *x, struct buf *scratch)
{
	struct err e;

	if (segments_check(x->path, x->terms->as4 ? 4 : 2, &e) == -1)
		complain(x, VERDICT_WITHDRAW, 11, "AS_PATH: %s", e.msg);
	else if (x->terms->as4)
		x->out->attrs.as_path = x->path;
	else
		join_old(x, scratch);
}

/* RFC 7606 §3 d. */
static void
require(struct reader *x, enum bgp_attr type, const char *name)
{
	if ((x->seen >> type & 1) == 0)
		complain(x, VERDICT_WITHDRAW, 3, "no %s", name);
}

/* RFC 7606 §5.2: where attributes are bad and no routes are seen, nobody knows which ones to withdraw. */
static void
require_routes(struct reader *x)
{
	uint64_t others = x->seen & ~(UINT64_C(1) << BGP_ATTR_UNREACH);

	if (x->out->verdict == VERDICT_WITHDRAW && (x->cut || others != 0))
		x->out->verdict = VERDICT_RESET;
}

/* Routes of a family that was not agreed on are some too. */
static bool
brings_routes(const struct reader *x)
{
	return x->out->has_reach ? rd_left(&x->out->reach.routes) > 0 : (x->seen >> BGP_ATTR_REACH & 1) != 0;
}

void
attrs_read(
    struct attrs_read *out, struct rd r, const struct bgp_terms *t, bool announces, struct buf *scratch)
{
	struct reader x = {.out = out, .terms = t};
	struct err e;

	*out = (struct attrs_read){0};
	x.cut = !read_list(&x, r);
	if (x.cut)
		complain(&x, VERDICT_WITHDRAW, BGP_UPDATE_ATTRIBUTES, "attributes that are cut short");
	if (out->has_reach && nlri_check(&out->reach, &e) == -1)
		complain(&x, VERDICT_RESET, BGP_UPDATE_OPTIONAL, "MP_REACH_NLRI: %s", e.msg);
	if (out->has_unreach && nlri_check(&out->unreach, &e) == -1)
		complain(&x, VERDICT_RESET, BGP_UPDATE_OPTIONAL, "MP_UNREACH_NLRI: %s", e.msg);
	finish_path(&x, scratch);
	if (!announces && !brings_routes(&x))
		require_routes(&x);
	if (!announces && !out->has_reach)
		return;
	require(&x, BGP_ATTR_ORIGIN, "ORIGIN");
	require(&x, BGP_ATTR_AS_PATH, "AS_PATH");
	if (announces)
		require(&x, BGP_ATTR_NEXT_HOP, "NEXT_HOP");
	out->attrs.has &= ~(UINT64_C(1) << BGP_ATTR_AS4_PATH | UINT64_C(1) << BGP_ATTR_AS4_AGGREGATOR |
			    UINT64_C(1) << BGP_ATTR_REACH | UINT64_C(1) << BGP_ATTR_UNREACH |
			    UINT64_C(1) << BGP_ATTR_NEXT_HOP);
}

int
nlri_next(struct rd *r, const struct nlri *n, struct prefix *p, uint32_t *path_id)
{
	unsigned most = n->family == BGP_IPV4 ? 32 : 128, offset = 128 - most;
	const uint8_t *bytes;
	uint8_t len;

	*path_id = 0;
	if (n->path_ids && rd_be32(r, path_id) == -1)
		return -1;
	if (rd_u8(r, &len) == -1 || len > most || rd_bytes(r, &bytes, (len + 7U) / 8) == -1)
		return -1;
	/* RFC 4271 §4.3: what lies behind the length in the last byte means nothing. */
	p->addr = (struct addr){.b = {0}};
	if (n->family == BGP_IPV4)
		p->addr = addr_from_v4(0);
	memcpy(p->addr.b + offset / 8, bytes, (len + 7U) / 8);
	p->len = (uint8_t)(len + offset);
	addr_mask(&p->addr, p->len);
	return 0;
}

int
nlri_check(const struct nlri *n, struct err *e)
{
	struct rd r = n->routes;
	struct prefix p;
	uint32_t id;

	while (rd_left(&r) > 0)
		if (nlri_next(&r, n, &p, &id) == -1)
			return err_set(e, "no route at byte %zu", rd_offset(&r));
	return 0;
}

void
nlri_write(struct buf *out, const struct prefix *p)
{
	bool v4 = addr_is_v4(&p->addr) && p->len >= 96;
	unsigned len = v4 ? p->len - 96U : p->len;

	buf_putc(out, (char)len);
	buf_add(out, p->addr.b + (v4 ? 12 : 0), (len + 7U) / 8);
}

void
attr_write(struct buf *out, uint8_t flags, enum bgp_attr type, const void *p, size_t len)
{
	bool is_long = len > UINT8_MAX;

	buf_putc(out, (char)(flags | (is_long ? BGP_FLAG_LONG : 0)));
	buf_putc(out, (char)type);
	if (is_long)
		buf_be16(out, (uint16_t)len);
	else
		buf_putc(out, (char)len);
	buf_add(out, p, len);
}
