#include "bgp/announce.h"

#include "bgp/attr.h"
#include "bgp/attrset.h"
#include "bgp/segments.h"

static enum bgp_family
family_of(const struct prefix *p)
{
	return addr_is_v4(&p->addr) && p->len >= 96 ? BGP_IPV4 : BGP_IPV6;
}

static bool
carries(const struct bgp_terms *t, enum bgp_family f)
{
	return (t->families >> f & 1) != 0;
}

static void
write_path(struct buf *out, const struct bgp_terms *t, uint32_t our_asn)
{
	uint8_t path[6] = {SEGMENT_SEQUENCE, 1};
	uint32_t asn = t->as4 || our_asn <= UINT16_MAX ? our_asn : BGP_AS_TRANS;
	unsigned width = t->as4 ? 4 : 2;

	for (unsigned i = 0; i < width; i++)
		path[2 + i] = (uint8_t)(asn >> 8 * (width - 1 - i));
	attr_write(out, BGP_FLAG_TRANSITIVE, BGP_ATTR_AS_PATH, path, t->ebgp ? 2 + width : 0);
	if (!t->ebgp || t->as4 || our_asn <= UINT16_MAX)
		return;
	/* RFC 6793 §4.2.2 */
	const uint8_t path4[6] = {SEGMENT_SEQUENCE, 1, (uint8_t)(our_asn >> 24), (uint8_t)(our_asn >> 16),
	    (uint8_t)(our_asn >> 8), (uint8_t)our_asn};
	attr_write(out, BGP_FLAG_OPTIONAL | BGP_FLAG_TRANSITIVE, BGP_ATTR_AS4_PATH, path4, sizeof path4);
}

static void
write_reach(struct buf *out, const struct announcement *a)
{
	struct buf value = {0};

	buf_be16(&value, BGP_AFI_IPV6);
	buf_putc(&value, BGP_SAFI_UNICAST);
	buf_putc(&value, sizeof a->next_hop.b);
	buf_add(&value, a->next_hop.b, sizeof a->next_hop.b);
	buf_putc(&value, 0);
	nlri_write(&value, &a->prefix);
	attr_write(out, BGP_FLAG_OPTIONAL, BGP_ATTR_REACH, value.p, value.len);
	buf_release(&value);
}

/* The length of attributes stands before them: begun with its place, ended with its value. */
static size_t
attrs_begin(struct buf *out)
{
	buf_be16(out, 0);
	return out->len;
}

static void
attrs_end(struct buf *out, size_t from)
{
	size_t len = out->len - from;

	out->p[from - 2] = (uint8_t)(len >> 8);
	out->p[from - 1] = (uint8_t)len;
}

static void
write_local_pref(struct buf *out, const struct bgp_terms *t)
{
	static const uint8_t value[4] = {0, 0, 0, LOCAL_PREF_DEFAULT};

	if (!t->ebgp)
		attr_write(out, BGP_FLAG_TRANSITIVE, BGP_ATTR_LOCAL_PREF, value, sizeof value);
}

/* Of any of the three kinds. */
static void
write_communities(struct buf *out, enum bgp_attr kind, struct str wire)
{
	if (wire.len > 0)
		attr_write(out, BGP_FLAG_OPTIONAL | BGP_FLAG_TRANSITIVE, kind, wire.p, wire.len);
}

void
announcement_write(struct buf *out, const struct announcement *a, const struct bgp_terms *t, uint32_t our_asn)
{
	static const uint8_t origin = BGP_ORIGIN_IGP;
	enum bgp_family f = family_of(&a->prefix);

	if (!carries(t, f))
		return;
	size_t at = bgp_message_begin(out, BGP_UPDATE);
	buf_be16(out, 0);
	size_t attrs = attrs_begin(out);
	attr_write(out, BGP_FLAG_TRANSITIVE, BGP_ATTR_ORIGIN, &origin, 1);
	write_path(out, t, our_asn);
	if (f == BGP_IPV4)
		attr_write(out, BGP_FLAG_TRANSITIVE, BGP_ATTR_NEXT_HOP, a->next_hop.b + 12, 4);
	write_local_pref(out, t);
	write_communities(out, BGP_ATTR_COMMUNITIES, a->communities);
	if (f == BGP_IPV6)
		write_reach(out, a);
	write_communities(out, BGP_ATTR_LARGE, a->large);
	attrs_end(out, attrs);
	if (f == BGP_IPV4)
		nlri_write(out, &a->prefix);
	bgp_message_end(out, at);
}

void
withdrawal_write(struct buf *out, const struct prefix *p, const struct bgp_terms *t)
{
	enum bgp_family f = family_of(p);
	struct buf routes = {0};

	if (!carries(t, f))
		return;
	size_t at = bgp_message_begin(out, BGP_UPDATE);
	if (f == BGP_IPV6) {
		buf_be16(&routes, BGP_AFI_IPV6);
		buf_putc(&routes, BGP_SAFI_UNICAST);
	}
	nlri_write(&routes, p);
	buf_be16(out, f == BGP_IPV4 ? (uint16_t)routes.len : 0);
	if (f == BGP_IPV4)
		buf_add(out, routes.p, routes.len);
	size_t attrs = attrs_begin(out);
	if (f == BGP_IPV6)
		attr_write(out, BGP_FLAG_OPTIONAL, BGP_ATTR_UNREACH, routes.p, routes.len);
	attrs_end(out, attrs);
	bgp_message_end(out, at);
	buf_release(&routes);
}

void
end_of_rib_write(struct buf *out, enum bgp_family f)
{
	static const uint8_t nothing[3] = {0, BGP_AFI_IPV6, BGP_SAFI_UNICAST};
	size_t at = bgp_message_begin(out, BGP_UPDATE);

	buf_be16(out, 0);
	size_t attrs = attrs_begin(out);
	if (f == BGP_IPV6)
		attr_write(out, BGP_FLAG_OPTIONAL, BGP_ATTR_UNREACH, nothing, sizeof nothing);
	attrs_end(out, attrs);
	bgp_message_end(out, at);
}

/*
 * Flowspec.
 */

static bool
carries_flow(const struct bgp_terms *t, const struct flow_key *k)
{
	return (t->flows >> (k->v6 ? BGP_IPV6 : BGP_IPV4) & 1) != 0;
}

/* MP_REACH_NLRI, whose next hop has no bytes, or MP_UNREACH_NLRI. */
static void
write_flow(struct buf *out, enum bgp_attr kind, const struct flow_key *k)
{
	struct buf value = {0};

	buf_be16(&value, bgp_afi(k->v6 ? BGP_IPV6 : BGP_IPV4));
	buf_putc(&value, (char)BGP_SAFI_FLOWSPEC);
	if (kind == BGP_ATTR_REACH)
		buf_be16(&value, 0);
	buf_putc(&value, (char)k->len);
	buf_add(&value, k->nlri, k->len);
	attr_write(out, BGP_FLAG_OPTIONAL, kind, value.p, value.len);
	buf_release(&value);
}

void
flow_announcement_write(
    struct buf *out, const struct flow_announcement *a, const struct bgp_terms *t, uint32_t our_asn)
{
	static const uint8_t origin = BGP_ORIGIN_IGP;
	const struct flow_key key = flow_key_of(a->rule);
	struct buf actions = {0};

	if (!carries_flow(t, &key))
		return;
	size_t at = bgp_message_begin(out, BGP_UPDATE);
	buf_be16(out, 0);
	size_t attrs = attrs_begin(out);
	attr_write(out, BGP_FLAG_TRANSITIVE, BGP_ATTR_ORIGIN, &origin, 1);
	write_path(out, t, our_asn);
	write_local_pref(out, t);
	write_communities(out, BGP_ATTR_COMMUNITIES, a->communities);
	write_flow(out, BGP_ATTR_REACH, &key);
	flow_rule_actions(&actions, a->rule);
	write_communities(out, BGP_ATTR_EXTENDED, (struct str){(const char *)actions.p, actions.len});
	write_communities(out, BGP_ATTR_LARGE, a->large);
	attrs_end(out, attrs);
	bgp_message_end(out, at);
	buf_release(&actions);
}

void
flow_withdrawal_write(struct buf *out, const struct flow_key *k, const struct bgp_terms *t)
{
	if (!carries_flow(t, k))
		return;
	size_t at = bgp_message_begin(out, BGP_UPDATE);
	buf_be16(out, 0);
	size_t attrs = attrs_begin(out);
	write_flow(out, BGP_ATTR_UNREACH, k);
	attrs_end(out, attrs);
	bgp_message_end(out, at);
}

void
flow_end_of_rib_write(struct buf *out, enum bgp_family f)
{
	const uint8_t nothing[3] = {0, (uint8_t)bgp_afi(f), BGP_SAFI_FLOWSPEC};
	size_t at = bgp_message_begin(out, BGP_UPDATE);

	buf_be16(out, 0);
	size_t attrs = attrs_begin(out);
	attr_write(out, BGP_FLAG_OPTIONAL, BGP_ATTR_UNREACH, nothing, sizeof nothing);
	attrs_end(out, attrs);
	bgp_message_end(out, at);
}
