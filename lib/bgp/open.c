#include "bgp/open.h"

enum { PARAMETER_CAPABILITIES = 2, PARAMETER_EXTENDED = 255 };

static bool
has(uint8_t families, unsigned f)
{
	return (families >> f & 1) != 0;
}

static void
put_capability(struct buf *out, uint8_t code, const void *p, uint8_t len)
{
	buf_putc(out, (char)code);
	buf_putc(out, (char)len);
	buf_add(out, p, len);
}

/* AFI, a byte, SAFI: how most capabilities name a family. */
static void
put_families(struct buf *out, const struct bgp_caps *c)
{
	for (unsigned f = 0; f < BGP_FAMILIES; f++) {
		const uint8_t afi = (uint8_t)bgp_afi((enum bgp_family)f);
		const uint8_t family[4] = {0, afi, 0, BGP_SAFI_UNICAST},
			      flows[4] = {0, afi, 0, BGP_SAFI_FLOWSPEC};

		if (has(c->families, f))
			put_capability(out, BGP_CAP_MULTIPROTOCOL, family, sizeof family);
		if (has(c->flows, f))
			put_capability(out, BGP_CAP_MULTIPROTOCOL, flows, sizeof flows);
	}
}

static void
put_next_hop6(struct buf *out)
{
	static const uint8_t v4_by_v6[6] = {0, BGP_AFI_IPV4, 0, BGP_SAFI_UNICAST, 0, BGP_AFI_IPV6};

	put_capability(out, BGP_CAP_NEXT_HOP, v4_by_v6, sizeof v4_by_v6);
}

/* RFC 4724 §3: as long as we restart for nobody, no family is listed, which says that we help. */
static void
put_graceful(struct buf *out, const struct bgp_caps *c)
{
	uint8_t p[2 + 4 * BGP_FAMILIES];
	uint8_t len = 2;

	p[0] = (uint8_t)((c->restarted ? 0x80 : 0) | (c->restart_time >> 8 & 0x0f));
	p[1] = (uint8_t)c->restart_time;
	for (unsigned f = 0; f < BGP_FAMILIES; f++) {
		if (!has(c->graceful_families, f))
			continue;
		p[len++] = 0;
		p[len++] = (uint8_t)bgp_afi((enum bgp_family)f);
		p[len++] = BGP_SAFI_UNICAST;
		p[len++] = has(c->forwarding, f) ? 0x80 : 0;
	}
	put_capability(out, BGP_CAP_GRACEFUL, p, len);
}

static void
put_add_path(struct buf *out, const struct bgp_caps *c)
{
	uint8_t p[4 * BGP_FAMILIES], len = 0;

	for (unsigned f = 0; f < BGP_FAMILIES; f++) {
		uint8_t how =
		    (uint8_t)((has(c->add_path_receive, f) ? 1 : 0) | (has(c->add_path_send, f) ? 2 : 0));

		if (how == 0)
			continue;
		p[len++] = 0;
		p[len++] = (uint8_t)bgp_afi((enum bgp_family)f);
		p[len++] = BGP_SAFI_UNICAST;
		p[len++] = how;
	}
	if (len > 0)
		put_capability(out, BGP_CAP_ADD_PATH, p, len);
}

static void
put_capabilities(struct buf *out, const struct bgp_open *o)
{
	const uint8_t asn[4] = {
	    (uint8_t)(o->asn >> 24), (uint8_t)(o->asn >> 16), (uint8_t)(o->asn >> 8), (uint8_t)o->asn};

	put_families(out, &o->caps);
	if (o->caps.refresh)
		put_capability(out, BGP_CAP_REFRESH, NULL, 0);
	if (o->caps.enhanced_refresh)
		put_capability(out, BGP_CAP_ENHANCED_REFRESH, NULL, 0);
	if (has(o->caps.next_hop6, BGP_IPV4))
		put_next_hop6(out);
	if (o->caps.extended)
		put_capability(out, BGP_CAP_EXTENDED, NULL, 0);
	if (o->caps.graceful)
		put_graceful(out, &o->caps);
	if (o->caps.as4)
		put_capability(out, BGP_CAP_AS4, asn, sizeof asn);
	put_add_path(out, &o->caps);
}

void
bgp_open_write(struct buf *out, const struct bgp_open *o)
{
	size_t at = bgp_message_begin(out, BGP_OPEN);

	buf_putc(out, BGP_VERSION);
	buf_be16(out, o->asn <= UINT16_MAX ? (uint16_t)o->asn : BGP_AS_TRANS);
	buf_be16(out, o->hold);
	buf_be32(out, o->id);
	size_t lengths = out->len;
	buf_putc(out, 0);
	buf_putc(out, PARAMETER_CAPABILITIES);
	buf_putc(out, 0);
	put_capabilities(out, o);
	/* All of ours together are some 80 bytes. */
	out->p[lengths] = (uint8_t)(out->len - lengths - 1);
	out->p[lengths + 2] = (uint8_t)(out->len - lengths - 3);
	bgp_message_end(out, at);
}

/* Families as bits out of a list of AFI, SAFI and a byte that tells more. */
static void
read_family_list(struct rd r, void (*fn)(struct bgp_caps *c, uint8_t bit, uint8_t more), struct bgp_caps *c)
{
	uint16_t afi;
	uint8_t safi, more;
	enum bgp_family f;

	while (rd_be16(&r, &afi) == 0 && rd_u8(&r, &safi) == 0 && rd_u8(&r, &more) == 0)
		if (bgp_family_of(&f, afi, safi) == 0)
			fn(c, (uint8_t)(1 << f), more);
}

static void
take_add_path(struct bgp_caps *c, uint8_t bit, uint8_t how)
{
	/* RFC 7911 §4: any other value is to be ignored. */
	if (how > 3)
		return;
	c->add_path_receive |= (how & 1) != 0 ? bit : 0;
	c->add_path_send |= (how & 2) != 0 ? bit : 0;
}

static void
take_graceful(struct bgp_caps *c, uint8_t bit, uint8_t flags)
{
	c->graceful_families |= bit;
	c->forwarding |= (flags & 0x80) != 0 ? bit : 0;
}

static void
read_multiprotocol(struct bgp_caps *c, struct rd r)
{
	uint16_t afi;
	uint8_t reserved, safi;
	enum bgp_family f;

	if (rd_be16(&r, &afi) == -1 || rd_u8(&r, &reserved) == -1 || rd_u8(&r, &safi) == -1)
		return;
	c->multiprotocol = true;
	if (bgp_family_of(&f, afi, safi) == 0)
		c->families |= (uint8_t)(1 << f);
	if (safi == BGP_SAFI_FLOWSPEC && bgp_family_of(&f, afi, BGP_SAFI_UNICAST) == 0)
		c->flows |= (uint8_t)(1 << f);
}

static void
read_next_hop(struct bgp_caps *c, struct rd r)
{
	uint16_t afi, safi, next_hop;
	enum bgp_family f;

	while (rd_be16(&r, &afi) == 0 && rd_be16(&r, &safi) == 0 && rd_be16(&r, &next_hop) == 0)
		if (safi <= UINT8_MAX && bgp_family_of(&f, afi, (uint8_t)safi) == 0 &&
		    next_hop == BGP_AFI_IPV6)
			c->next_hop6 |= (uint8_t)(1 << f);
}

static void
read_capability(struct bgp_open *o, uint8_t code, struct rd r)
{
	struct bgp_caps *c = &o->caps;
	uint16_t restart;

	switch (code) {
	case BGP_CAP_MULTIPROTOCOL:
		read_multiprotocol(c, r);
		break;
	case BGP_CAP_REFRESH:
		c->refresh = true;
		break;
	case BGP_CAP_ENHANCED_REFRESH:
		c->enhanced_refresh = true;
		break;
	case BGP_CAP_NEXT_HOP:
		read_next_hop(c, r);
		break;
	case BGP_CAP_EXTENDED:
		c->extended = true;
		break;
	case BGP_CAP_GRACEFUL:
		if (rd_be16(&r, &restart) == -1)
			break;
		c->graceful = true;
		c->restarted = (restart & 0x8000) != 0;
		c->restart_time = restart & 0x0fff;
		read_family_list(r, take_graceful, c);
		break;
	case BGP_CAP_AS4:
		c->as4 = rd_be32(&r, &o->asn) == 0;
		break;
	case BGP_CAP_ADD_PATH:
		read_family_list(r, take_add_path, c);
		break;
	default:
		break;
	}
}

static int
malformed(struct bgp_error *e)
{
	return bgp_error_set(e, BGP_ERR_OPEN, 0, "an OPEN whose lengths contradict each other");
}

static int
read_capabilities(struct bgp_open *o, struct rd r, struct bgp_error *e)
{
	while (rd_left(&r) > 0) {
		uint8_t code, len;
		struct rd value;

		if (rd_u8(&r, &code) == -1 || rd_u8(&r, &len) == -1 || rd_sub(&r, &value, len) == -1)
			return malformed(e);
		read_capability(o, code, value);
	}
	return 0;
}

/* RFC 4271 §4.2; lengths of two bytes by RFC 9072. */
static int
read_parameters(struct bgp_open *o, struct rd r, bool extended, struct bgp_error *e)
{
	while (rd_left(&r) > 0) {
		uint8_t type, short_len = 0;
		uint16_t len;
		struct rd value;

		if (rd_u8(&r, &type) == -1 || (extended ? rd_be16(&r, &len) : rd_u8(&r, &short_len)) == -1)
			return malformed(e);
		if (rd_sub(&r, &value, extended ? len : short_len) == -1)
			return malformed(e);
		if (type != PARAMETER_CAPABILITIES)
			return bgp_error_set(e, BGP_ERR_OPEN, BGP_OPEN_PARAMETER,
			    "an OPEN with a parameter of type %u, which is not known", type);
		if (read_capabilities(o, value, e) == -1)
			return -1;
	}
	return 0;
}

static int
check(const struct bgp_open *o, struct bgp_error *e)
{
	if (o->asn == 0)
		return bgp_error_set(e, BGP_ERR_OPEN, BGP_OPEN_AS, "an OPEN of AS 0");
	if (o->hold == 1 || o->hold == 2)
		return bgp_error_set(
		    e, BGP_ERR_OPEN, BGP_OPEN_HOLD, "a hold time of %u s; 3 is the least", o->hold);
	/* RFC 6286 §2.1: any number but 0. */
	if (o->id == 0)
		return bgp_error_set(e, BGP_ERR_OPEN, BGP_OPEN_ID, "a BGP identifier of 0");
	return 0;
}

int
bgp_open_read(struct bgp_open *o, struct rd r, struct bgp_error *e)
{
	uint8_t version, len, type;
	uint16_t asn, extended_len;
	struct rd parameters, rest;

	*o = (struct bgp_open){0};
	if (rd_u8(&r, &version) == -1)
		return malformed(e);
	if (version != BGP_VERSION) {
		bgp_error_set(e, BGP_ERR_OPEN, BGP_OPEN_VERSION, "BGP version %u; 4 is spoken here", version);
		bgp_error_data(e, (const uint8_t[2]){0, BGP_VERSION}, 2);
		return -1;
	}
	if (rd_be16(&r, &asn) == -1 || rd_be16(&r, &o->hold) == -1 || rd_be32(&r, &o->id) == -1 ||
	    rd_u8(&r, &len) == -1)
		return malformed(e);
	o->asn = asn;
	rest = r;
	bool extended = len > 0 && rd_u8(&rest, &type) == 0 && type == PARAMETER_EXTENDED;
	if (extended ? rd_be16(&rest, &extended_len) == -1 || rd_sub(&rest, &parameters, extended_len) == -1
		     : rd_sub(&r, &parameters, len) == -1)
		return malformed(e);
	if (rd_left(extended ? &rest : &r) > 0)
		return malformed(e);
	if (read_parameters(o, parameters, extended, e) == -1)
		return -1;
	if (!o->caps.multiprotocol)
		o->caps.families = 1 << BGP_IPV4;
	return check(o, e);
}

int
bgp_terms_agree(struct bgp_terms *t, const struct bgp_open *ours, const struct bgp_open *peer,
    uint32_t remote_asn, struct bgp_error *e)
{
	if (remote_asn != 0 && peer->asn != remote_asn)
		return bgp_error_set(e, BGP_ERR_OPEN, BGP_OPEN_AS, "the peer is AS %u, AS %u was expected",
		    (unsigned)peer->asn, (unsigned)remote_asn);
	/* RFC 6286 §2.2: within an AS identifiers differ. */
	if (peer->id == ours->id && peer->asn == ours->asn)
		return bgp_error_set(e, BGP_ERR_OPEN, BGP_OPEN_ID, "the peer has our own BGP identifier");
	*t = (struct bgp_terms){
	    .ebgp = peer->asn != ours->asn,
	    .as4 = ours->caps.as4 && peer->caps.as4,
	    .extended = ours->caps.extended && peer->caps.extended,
	    .refresh = ours->caps.refresh && peer->caps.refresh,
	    .enhanced_refresh = ours->caps.enhanced_refresh && peer->caps.enhanced_refresh,
	    .families = ours->caps.families & peer->caps.families,
	    .flows = ours->caps.flows & peer->caps.flows,
	    .next_hop6 = ours->caps.next_hop6 & peer->caps.next_hop6,
	    .path_ids = ours->caps.add_path_receive & peer->caps.add_path_send,
	    .hold = ours->hold < peer->hold ? ours->hold : peer->hold,
	    .peer = *peer,
	};
	if (t->families == 0 && t->flows == 0) {
		bgp_error_set(e, BGP_ERR_OPEN, BGP_OPEN_CAPABILITY, "no family of addresses in common");
		return -1;
	}
	return 0;
}
