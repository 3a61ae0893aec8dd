/* Flowspec rules as on the wire and as text. */
#include "bgp/flow_rule.h"

#include <inttypes.h>

#include "bgp/flow_parts.h"
#include "flow/tcpflags.h"

/* Operators (RFC 8955 §4.2.1). */
enum {
	OP_END = 0x80,
	OP_AND = 0x40,
	OP_LT = 4,
	OP_GT = 2,
	OP_EQ = 1,
	OP_NOT = 2, /* of bits */
	OP_MATCH = 1, /* all of the bits, not just some */
};

const struct flow_part_kind flow_parts[FLOW_PARTS] = {
    [FLOW_DST] = {"dst", FLOW_IS_PREFIX, 0},
    [FLOW_SRC] = {"src", FLOW_IS_PREFIX, 0},
    [FLOW_PROTO] = {"proto", FLOW_IS_PROTO, UINT8_MAX},
    [FLOW_PORT] = {"port", FLOW_IS_NUMBER, UINT16_MAX},
    [FLOW_DST_PORT] = {"dst_port", FLOW_IS_NUMBER, UINT16_MAX},
    [FLOW_SRC_PORT] = {"src_port", FLOW_IS_NUMBER, UINT16_MAX},
    [FLOW_ICMP_TYPE] = {"icmp_type", FLOW_IS_NUMBER, UINT8_MAX},
    [FLOW_ICMP_CODE] = {"icmp_code", FLOW_IS_NUMBER, UINT8_MAX},
    [FLOW_TCP_FLAGS] = {"tcp_flags", FLOW_IS_TCP, UINT8_MAX},
    [FLOW_LENGTH] = {"length", FLOW_IS_NUMBER, UINT16_MAX},
    [FLOW_DSCP] = {"dscp", FLOW_IS_NUMBER, 63},
    [FLOW_FRAGMENT] = {"fragment", FLOW_IS_FRAGMENT, 15},
    [FLOW_LABEL] = {"flow_label", FLOW_IS_NUMBER, (1 << 20) - 1},
};

const char *const flow_fragments[FLOW_FRAGMENTS] = {
    "dont-fragment", "is-fragment", "first-fragment", "last-fragment"};

bool
flow_rule_is_v6(const struct flow_rule *r)
{
	const struct prefix *p = r->has_dst ? &r->dst : &r->src;

	return p->len < 96 || !addr_is_v4(&p->addr);
}

/* RFC 8955 §4.2.2.1; RFC 8956 §3.1 has an offset before the pattern, of which we have none. */
static size_t
put_prefix(uint8_t *out, enum flow_part part, const struct prefix *p, bool v6)
{
	unsigned len = v6 ? p->len : p->len - 96U, bytes = (len + 7) / 8;
	size_t n = 0;

	out[n++] = (uint8_t)part;
	out[n++] = (uint8_t)len;
	if (v6)
		out[n++] = 0;
	memcpy(out + n, p->addr.b + (v6 ? 0 : 12), bytes);
	return n + bytes;
}

static size_t
put_op(uint8_t *out, unsigned op, uint32_t v)
{
	unsigned code = v <= UINT8_MAX ? 0 : v <= UINT16_MAX ? 1 : 2, width = 1U << code;

	out[0] = (uint8_t)(op | code << 4);
	for (unsigned i = 0; i < width; i++)
		out[1 + i] = (uint8_t)(v >> 8 * (width - 1 - i));
	return 1 + width;
}

/* One item of a list; *last is where its last operator stands. */
static size_t
put_item(uint8_t *out, enum flow_kind kind, const struct flow_item *item, size_t *last)
{
	size_t n = 0;

	*last = 0;
	if (kind == FLOW_IS_TCP || kind == FLOW_IS_FRAGMENT) {
		if (item->low != 0 || item->high == 0)
			n = put_op(out, OP_MATCH, item->low);
		if (item->high != 0) {
			*last = n;
			n += put_op(out + n, n > 0 ? OP_AND | OP_NOT : OP_NOT, item->high);
		}
	} else if (item->low == item->high) {
		n = put_op(out, OP_EQ, item->low);
	} else {
		n = put_op(out, OP_GT | OP_EQ, item->low);
		*last = n;
		n += put_op(out + n, OP_AND | OP_LT | OP_EQ, item->high);
	}
	return n;
}

size_t
flow_rule_put(uint8_t out[FLOW_ROOM], const struct flow_rule *r)
{
	bool v6 = flow_rule_is_v6(r);
	size_t n = 0, last, end = 0;

	if (r->has_dst)
		n += put_prefix(out + n, FLOW_DST, &r->dst, v6);
	if (r->has_src)
		n += put_prefix(out + n, FLOW_SRC, &r->src, v6);
	for (unsigned part = FLOW_PROTO; part < FLOW_PARTS; part++) {
		if (r->lists[part].count == 0)
			continue;
		out[n++] = (uint8_t)part;
		for (unsigned i = 0; i < r->lists[part].count; i++) {
			size_t len =
			    put_item(out + n, flow_parts[part].kind, &r->lists[part].items[i], &last);

			end = n + last;
			n += len;
		}
		out[end] |= OP_END;
	}
	return n;
}

struct flow_key
flow_key_of(const struct flow_rule *r)
{
	struct flow_key k = {.v6 = flow_rule_is_v6(r)};
	uint8_t room[FLOW_ROOM];
	size_t n = flow_rule_put(room, r);

	/* flow_rule_check has seen that it fits. */
	k.len = (uint8_t)(n <= FLOW_NLRI_MAX ? n : FLOW_NLRI_MAX);
	memcpy(k.nlri, room, k.len);
	return k;
}

void
flow_rule_actions(struct buf *out, const struct flow_rule *r)
{
	if (r->discard || r->has_rate) {
		float rate = r->discard ? 0 : (float)r->rate;
		uint32_t bits;

		memcpy(&bits, &rate, sizeof bits);
		buf_be32(out, 0x80060000); /* of no AS */
		buf_be32(out, bits);
	}
	if (r->has_redirect)
		buf_add(out, r->redirect, sizeof r->redirect);
	if (r->has_mark) {
		buf_be32(out, 0x80090000);
		buf_be32(out, r->mark);
	}
}

/*
 * As text.
 */

static void
put_flags(struct buf *out, uint32_t flags)
{
	char letters[8];

	tcpflags_put(letters, (uint16_t)flags);
	if (flags == 0)
		buf_putc(out, '.');
	for (size_t i = 0; i < sizeof letters; i++)
		if (letters[i] != '.')
			buf_putc(out, letters[i]);
}

static void
put_item_text(struct buf *out, enum flow_kind kind, const struct flow_item *item)
{
	if (kind == FLOW_IS_TCP) {
		put_flags(out, item->low);
		if (item->high != 0) {
			buf_putc(out, '/');
			put_flags(out, item->low | item->high);
		}
	} else if (kind == FLOW_IS_FRAGMENT) {
		for (unsigned i = 0; i < FLOW_FRAGMENTS; i++)
			if ((item->low >> i & 1) != 0)
				buf_puts(out, flow_fragments[i]);
	} else {
		buf_printf(out, "%u", (unsigned)item->low);
		if (item->high != item->low)
			buf_printf(out, "-%u", (unsigned)item->high);
	}
}

/* All parts, each with `before` and its key, and with items in quotes or not. */
static void
put_parts(struct buf *out, const struct flow_rule *r, bool json)
{
	const char *between = "";
	char text[PREFIX_TEXT_MAX];

	for (unsigned part = FLOW_DST; part <= FLOW_SRC; part++) {
		if (!(part == FLOW_DST ? r->has_dst : r->has_src))
			continue;
		prefix_text(text, part == FLOW_DST ? &r->dst : &r->src);
		buf_printf(out, json ? "%s\"%s\":\"%s\"" : "%s%s=%s", between, flow_parts[part].key, text);
		between = json ? "," : " ";
	}
	for (unsigned part = FLOW_PROTO; part < FLOW_PARTS; part++) {
		if (r->lists[part].count == 0)
			continue;
		buf_printf(out, json ? "%s\"%s\":[" : "%s%s=", between, flow_parts[part].key);
		for (unsigned i = 0; i < r->lists[part].count; i++) {
			const struct flow_item *item = &r->lists[part].items[i];
			enum flow_kind kind = flow_parts[part].kind;
			bool number =
			    (kind == FLOW_IS_NUMBER || kind == FLOW_IS_PROTO) && item->low == item->high;
			const char *quote = json && !number ? "\"" : "";

			buf_printf(out, "%s%s", i > 0 ? "," : "", quote);
			put_item_text(out, kind, item);
			buf_puts(out, quote);
		}
		buf_puts(out, json ? "]" : "");
	}
}

static void
put_redirect(struct buf *out, const uint8_t wire[8])
{
	struct addr a = addr_from_bytes(wire + 2, false);
	char text[ADDR_TEXT_MAX];

	if (wire[0] == 0x80)
		buf_printf(out, "%u:%u", load_be16(wire + 2), (unsigned)load_be32(wire + 4));
	else if (wire[0] == 0x81)
		buf_printf(out, "%s:%u", addr_text(text, &a), load_be16(wire + 6));
	else
		buf_printf(out, "%u:%u", (unsigned)load_be32(wire + 2), load_be16(wire + 6));
}

static void
put_actions(struct buf *out, const struct flow_rule *r, bool json)
{
	const char *between = json ? "," : " ", *next = json ? "," : "";

	if (r->discard) {
		buf_printf(out, json ? "%s\"action\":\"discard\"" : "%sdiscard", next);
		next = between;
	}
	if (r->has_rate) {
		buf_printf(out, json ? "%s\"rate_limit\":%" PRIu64 : "%srate_limit=%" PRIu64, next, r->rate);
		next = between;
	}
	if (r->has_redirect) {
		buf_printf(out, json ? "%s\"redirect\":\"" : "%sredirect=", next);
		put_redirect(out, r->redirect);
		buf_puts(out, json ? "\"" : "");
		next = between;
	}
	if (r->has_mark)
		buf_printf(out, json ? "%s\"mark\":%u" : "%smark=%u", next, r->mark);
}

void
flow_rule_json(struct buf *out, const struct flow_rule *r)
{
	put_parts(out, r, true);
	put_actions(out, r, true);
}

void
flow_rule_text(struct buf *out, const struct flow_rule *r)
{
	put_parts(out, r, false);
}

void
flow_actions_text(struct buf *out, const struct flow_rule *r)
{
	put_actions(out, r, false);
}
