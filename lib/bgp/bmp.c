#include "bgp/bmp.h"

#include "bgp/segments.h"

enum { HEADER = 6, PEER_HEADER = 42 };
enum { FLAG_IPV6 = 0x80, FLAG_POST_POLICY = 0x40, FLAG_AS2 = 0x20, FLAG_OUT = 0x10 };
enum { TLV_NAME = 2, TLV_REASON = 1 }; /* of Initiation, of Termination */

static bool
has_peer(uint8_t type)
{
	return type != BMP_INITIATION && type != BMP_TERMINATION && type < BMP_TYPES;
}

static int
read_peer(struct bmp_peer *p, struct rd *r)
{
	const uint8_t *addr;
	uint8_t flags;
	uint32_t seconds, micros;

	if (rd_u8(r, &p->kind) == -1 || rd_u8(r, &flags) == -1 || rd_be64(r, &p->distinguisher) == -1 ||
	    rd_bytes(r, &addr, 16) == -1 || rd_be32(r, &p->asn) == -1 || rd_be32(r, &p->id) == -1 ||
	    rd_be32(r, &seconds) == -1 || rd_be32(r, &micros) == -1)
		return -1;
	bool v6 = (flags & FLAG_IPV6) != 0;
	p->addr = addr_from_bytes(addr + (v6 ? 0 : 12), v6);
	p->post_policy = (flags & FLAG_POST_POLICY) != 0;
	p->as2 = (flags & FLAG_AS2) != 0;
	p->out = (flags & FLAG_OUT) != 0;
	return 0;
}

ssize_t
bmp_message_read(struct bmp_message *m, const uint8_t *p, size_t have, struct err *e)
{
	if (have > 0 && p[0] != BMP_VERSION)
		return err_set(e, "BMP version %u; %d is understood here", p[0], BMP_VERSION);
	if (have < HEADER)
		return 0;
	uint32_t len = load_be32(p + 1);
	uint8_t type = p[5];
	if (len < HEADER || len > BMP_MESSAGE_MAX || (has_peer(type) && len < HEADER + PEER_HEADER))
		return err_set(e, "a message of type %u of %lu bytes", type, (unsigned long)len);
	if (have < len)
		return 0;
	*m = (struct bmp_message){.type = (enum bmp_type)type, .body = rd_from(p, len)};
	rd_skip(&m->body, HEADER);
	if (has_peer(type))
		read_peer(&m->peer, &m->body);
	return (ssize_t)len;
}

bool
bmp_is_wanted(const struct bmp_peer *p)
{
	return p->kind == BMP_GLOBAL && !p->post_policy && !p->out;
}

/* A BGP message out of the body: 0, or -1. */
static int
take_message(struct bgp_message *m, struct rd *r, enum bgp_type type, struct err *e)
{
	struct bgp_error bad;
	ssize_t n = bgp_message_read(m, r->p, rd_left(r), BGP_EXTENDED_MAX, &bad);

	if (n == -1)
		return err_set(e, "%s", bad.words.msg);
	if (n == 0)
		return err_set(e, "a BGP message that is cut short");
	if (m->type != type)
		return err_set(e, "a BGP message of type %u, %u was expected", m->type, type);
	return rd_skip(r, (size_t)n);
}

static void
drop_own_as(struct update *u, const struct bmp_up *up, struct buf *scratch)
{
	struct attrs *a = &u->attrs;

	if (!up->terms.ebgp || up->router_asn == 0 || segments_first(a->as_path) != up->router_asn)
		return;
	scratch->len = 0;
	segments_behind(scratch, a->as_path);
	a->as_path = (struct str){(const char *)scratch->p, scratch->len};
}

int
bmp_update_read(
    struct update *u, struct bmp_up *up, const struct bmp_message *m, struct buf scratch[2], struct err *e)
{
	struct rd body = m->body;
	struct bgp_message update;

	if (take_message(&update, &body, BGP_UPDATE, e) == -1)
		return -1;
	up->terms.as4 = !m->peer.as2;
	update_read(u, update.body, &up->terms, &scratch[0]);
	if (u->verdict == VERDICT_RESET && up->terms.path_ids != 0) {
		struct bgp_terms plain = up->terms;
		struct update again;

		plain.path_ids = 0;
		update_read(&again, update.body, &plain, &scratch[0]);
		if (again.verdict != VERDICT_RESET) {
			up->terms = plain;
			*u = again;
		}
	}
	drop_own_as(u, up, &scratch[1]);
	return 0;
}

static int
take_open(struct bgp_open *o, struct rd *r, struct err *e)
{
	struct bgp_message m;
	struct bgp_error bad;

	if (take_message(&m, r, BGP_OPEN, e) == -1)
		return -1;
	return bgp_open_read(o, m.body, &bad) == 0 ? 0 : err_set(e, "%s", bad.words.msg);
}

int
bmp_up_read(struct bmp_up *up, struct rd r, struct err *e)
{
	struct bgp_open sent, received;
	struct bgp_error bad;

	/* The router's address and both ports. */
	if (rd_skip(&r, 20) == -1)
		return err_set(e, "a Peer Up that is cut short");
	if (take_open(&sent, &r, e) == -1 || take_open(&received, &r, e) == -1)
		return err_wrap(e, "Peer Up");
	/* The session is there, whatever we think of it: at worst it has no family that we know. */
	*up = (struct bmp_up){.router_asn = sent.asn};
	if (bgp_terms_agree(&up->terms, &sent, &received, 0, &bad) == -1)
		up->terms.families = 0;
	return 0;
}

/* What the NOTIFICATION in it says. */
static int
read_notification(struct err *why, const char *who, struct rd r, struct err *e)
{
	struct bgp_message m;
	struct bgp_error said;

	if (take_message(&m, &r, BGP_NOTIFICATION, e) == -1)
		return err_wrap(e, "Peer Down");
	bgp_notification_read(&said, m.body);
	err_set(why, "%s: %s", who, said.words.msg);
	return 0;
}

int
bmp_down_read(struct err *why, struct rd r, struct err *e)
{
	static const char *const reasons[] = {[2] = "the router closed it",
	    [4] = "the peer closed it without a word",
	    [5] = "the router tells no more of it",
	    [6] = "the router's own table"};
	uint8_t reason;

	if (rd_u8(&r, &reason) == -1)
		return err_set(e, "a Peer Down that is cut short");
	if (reason == 1)
		return read_notification(why, "the router says", r, e);
	if (reason == 3)
		return read_notification(why, "the peer says", r, e);
	if (reason < sizeof reasons / sizeof reasons[0] && reasons[reason] != NULL)
		err_set(why, "%s", reasons[reason]);
	else
		err_set(why, "reason %u", reason);
	return 0;
}

/* The next of a list of type, length, value (§4.4). */
static int
tlv_next(struct rd *r, uint16_t *type, struct rd *value, struct err *e)
{
	uint16_t len;

	if (rd_be16(r, type) == 0 && rd_be16(r, &len) == 0 && rd_sub(r, value, len) == 0)
		return 0;
	err_set(e, "a list of values that is cut short");
	return -1;
}

int
bmp_name_read(char *name, size_t size, struct rd r, struct err *e)
{
	struct rd value;
	uint16_t type;

	name[0] = '\0';
	while (rd_left(&r) > 0) {
		size_t n = 0;

		if (tlv_next(&r, &type, &value, e) == -1)
			return -1;
		if (type != TLV_NAME)
			continue;
		for (; rd_left(&value) > 0 && n < size - 1; value.p++)
			name[n++] = (char)(*value.p > ' ' && *value.p <= '~' ? *value.p : '_');
		name[n] = '\0';
	}
	return 0;
}

int
bmp_end_read(struct err *why, struct rd r, struct err *e)
{
	static const char *const reasons[] = {"the router was told to", "for no special reason",
	    "the router is out of resources", "it is one session too many", "for good"};
	struct rd value;
	uint16_t type, reason = 1;

	while (rd_left(&r) > 0) {
		if (tlv_next(&r, &type, &value, e) == -1)
			return -1;
		if (type == TLV_REASON && rd_be16(&value, &reason) == -1)
			return err_set(e, "a Termination without its reason");
	}
	if (reason < sizeof reasons / sizeof reasons[0])
		err_set(why, "%s", reasons[reason]);
	else
		err_set(why, "reason %u", reason);
	return 0;
}
