/* Flowspec rules out of JSON. */
#include "base/num.h"
#include "bgp/flow_parts.h"
#include "flow/proto.h"
#include "flow/tcpflags.h"

enum { TEXT_MAX = 256 };

static int
take_prefix(struct prefix *p, bool *has, const struct json_value *v, const char *key, struct err *e)
{
	char room[TEXT_MAX];

	if (v->kind != JSON_STRING || v->text.len > TEXT_MAX)
		return err_set(e, "%s: a prefix was expected", key);
	*has = true;
	return prefix_parse(p, json_text(v, room), e) == -1 ? err_wrap(e, "%s", key) : 0;
}

/* "53" or "1000-2000". */
static int
take_range(struct flow_item *item, struct str s, uint32_t max)
{
	const char *dash = s.len > 0 ? memchr(s.p, '-', s.len) : NULL;
	struct str first = {s.p, dash != NULL ? (size_t)(dash - s.p) : s.len}, second = first;
	uint64_t low, high;

	if (dash != NULL)
		second = (struct str){dash + 1, s.len - first.len - 1};
	if (num_parse(&low, first, 0, max) == -1 || num_parse(&high, second, low, max) == -1)
		return -1;
	*item = (struct flow_item){(uint32_t)low, (uint32_t)high};
	return 0;
}

/* "SA" or "S/SA". */
static int
take_flags(struct flow_item *item, struct str s, uint32_t max)
{
	const char *slash = s.len > 0 ? memchr(s.p, '/', s.len) : NULL;
	struct str first = {s.p, slash != NULL ? (size_t)(slash - s.p) : s.len};
	uint16_t set, mask;

	if (tcpflags_parse(&set, first) == -1)
		return -1;
	mask = set;
	if (slash != NULL && tcpflags_parse(&mask, (struct str){slash + 1, s.len - first.len - 1}) == -1)
		return -1;
	if ((set & ~mask) != 0 || mask == 0 || mask > max)
		return -1;
	*item = (struct flow_item){set, mask & ~(uint32_t)set};
	return 0;
}

static int
take_fragment(struct flow_item *item, struct str s)
{
	for (unsigned i = 0; i < FLOW_FRAGMENTS; i++)
		if (str_eq(s, str_from(flow_fragments[i]))) {
			*item = (struct flow_item){1U << i, 0};
			return 0;
		}
	return -1;
}

static int
take_item(struct flow_item *item, struct str s, const struct flow_part_kind *k)
{
	uint8_t proto;

	switch (k->kind) {
	case FLOW_IS_PROTO:
		if (proto_parse(&proto, s) == -1)
			return -1;
		*item = (struct flow_item){proto, proto};
		return 0;
	case FLOW_IS_NUMBER:
		return take_range(item, s, k->max);
	case FLOW_IS_TCP:
		return take_flags(item, s, k->max);
	case FLOW_IS_FRAGMENT:
		return take_fragment(item, s);
	case FLOW_IS_PREFIX:
		break;
	}
	return -1;
}

static bool
comes_before(const struct flow_item *a, const struct flow_item *b)
{
	return a->low != b->low ? a->low < b->low : a->high < b->high;
}

static int
add_item(struct flow_rule *r, enum flow_part part, const struct json_value *v, struct err *e)
{
	struct flow_item *items = r->lists[part].items, item;
	char room[TEXT_MAX];
	struct str s = v->text;

	if (v->kind == JSON_STRING && s.len <= TEXT_MAX)
		s = json_text(v, room);
	else if (v->kind != JSON_NUMBER)
		return err_set(e, "%s: a number or a text was expected", flow_parts[part].key);
	if (take_item(&item, s, &flow_parts[part]) == -1)
		return err_set(e, "%s: '%.*s' is none", flow_parts[part].key, (int)s.len, s.p);
	for (unsigned i = 0; i < r->lists[part].count; i++)
		if (items[i].low == item.low && items[i].high == item.high)
			return 0;
	if (r->lists[part].count == FLOW_ITEMS_MAX)
		return err_set(e, "%s: at most %d are taken", flow_parts[part].key, FLOW_ITEMS_MAX);
	unsigned at = r->lists[part].count++;
	for (; at > 0 && comes_before(&item, &items[at - 1]); at--)
		items[at] = items[at - 1];
	items[at] = item;
	return 0;
}

static int
take_list(struct flow_rule *r, enum flow_part part, const struct json_value *v, struct err *e)
{
	struct json j = {v->text.p, v->text.p + v->text.len, v->text.p};

	if (v->kind != JSON_ARRAY)
		return add_item(r, part, v, e);
	json_take(&j, '[');
	if (json_take(&j, ']'))
		return err_set(e, "%s: an empty list fits nothing", flow_parts[part].key);
	do {
		struct json_value item;

		if (json_value(&j, &item, e) == -1 || add_item(r, part, &item, e) == -1)
			return -1;
	} while (json_take(&j, ','));
	return 0;
}

static void
store_be(uint8_t *p, uint64_t v, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		p[i] = (uint8_t)(v >> 8 * (width - 1 - i));
}

/* Of two-byte AS numbers, of addresses, of four-byte AS numbers (RFC 8955 §7.4). */
static int
redirect_parse(uint8_t wire[8], struct str s)
{
	const char *colon = s.len > 0 ? memchr(s.p, ':', s.len) : NULL;
	struct addr a;
	uint64_t asn, number;

	if (colon == NULL)
		return -1;
	struct str first = {s.p, (size_t)(colon - s.p)}, second = {colon + 1, s.len - first.len - 1};
	bool wide = false, address = addr_parse(&a, first) == 0;
	if (!address) {
		if (num_parse(&asn, first, 0, UINT32_MAX) == -1)
			return -1;
		wide = asn > UINT16_MAX;
	}
	if (num_parse(&number, second, 0, address || wide ? UINT16_MAX : UINT32_MAX) == -1)
		return -1;
	wire[0] = address ? 0x81 : wide ? 0x82 : 0x80;
	wire[1] = 0x08;
	if (address)
		memcpy(wire + 2, a.b + 12, 4);
	else
		store_be(wire + 2, asn, wide ? 4 : 2);
	store_be(wire + (address || wide ? 6 : 4), number, address || wide ? 2 : 4);
	return 0;
}

static int
take_number(
    uint64_t *out, const struct json_value *v, uint64_t min, uint64_t max, const char *key, struct err *e)
{
	if (v->kind != JSON_NUMBER || num_parse(out, v->text, min, max) == -1)
		return err_set(e, "%s: a whole number from %llu to %llu was expected", key,
		    (unsigned long long)min, (unsigned long long)max);
	return 0;
}

/* 1: it is no action. */
static int
take_action(struct flow_rule *r, struct str key, const struct json_value *v, struct err *e)
{
	char room[TEXT_MAX];
	bool text = v->kind == JSON_STRING && v->text.len <= TEXT_MAX;
	uint64_t n = 0;

	if (str_eq(key, STR("action"))) {
		r->discard = text && str_eq(json_text(v, room), STR("discard"));
		return r->discard ? 0
				  : err_set(e, "action: \"discard\" was expected; rate_limit, redirect and "
					       "mark are members of their own");
	}
	if (str_eq(key, STR("redirect"))) {
		r->has_redirect = text && redirect_parse(r->redirect, json_text(v, room)) == 0;
		return r->has_redirect
			   ? 0
			   : err_set(e, "redirect: a route target such as \"64496:1\" was expected");
	}
	if (str_eq(key, STR("rate_limit"))) {
		r->has_rate = true;
		return take_number(&r->rate, v, 1, UINT64_C(1000000000000), "rate_limit", e);
	}
	if (!str_eq(key, STR("mark")))
		return 1;
	r->has_mark = true;
	if (take_number(&n, v, 0, 63, "mark", e) == -1)
		return -1;
	r->mark = (uint8_t)n;
	return 0;
}

int
flow_rule_take(struct flow_rule *r, struct str key, const struct json_value *v, struct err *e)
{
	for (unsigned part = FLOW_DST; part < FLOW_PARTS; part++) {
		if (!str_eq(key, str_from(flow_parts[part].key)))
			continue;
		if (part == FLOW_DST)
			return take_prefix(&r->dst, &r->has_dst, v, "dst", e);
		if (part == FLOW_SRC)
			return take_prefix(&r->src, &r->has_src, v, "src", e);
		return take_list(r, (enum flow_part)part, v, e);
	}
	return take_action(r, key, v, e);
}

static bool
is_v6(const struct prefix *p)
{
	return p->len < 96 || !addr_is_v4(&p->addr);
}

int
flow_rule_check(struct flow_rule *r, struct err *e)
{
	uint8_t room[FLOW_ROOM];

	if (!r->has_dst && !r->has_src)
		return err_set(e, "dst or src: one of them is needed");
	if (r->has_dst && r->has_src && is_v6(&r->dst) != is_v6(&r->src))
		return err_set(e, "src: of another family than dst");
	if (!flow_rule_is_v6(r) && r->lists[FLOW_LABEL].count > 0)
		return err_set(e, "flow_label: of IPv6 only");
	/* They are in order, so it would be the first. RFC 8956 §3.6. */
	if (flow_rule_is_v6(r) && r->lists[FLOW_FRAGMENT].count > 0 &&
	    r->lists[FLOW_FRAGMENT].items[0].low == FLOW_DONT_FRAGMENT)
		return err_set(e, "fragment: dont-fragment is of IPv4 only");
	if (r->discard && (r->has_rate || r->has_redirect || r->has_mark))
		return err_set(e, "action: what is discarded is neither limited nor redirected nor marked");
	if (flow_rule_put(room, r) > FLOW_NLRI_MAX)
		return err_set(e, "the rule is longer than %d bytes", FLOW_NLRI_MAX);
	r->discard = !r->has_rate && !r->has_redirect && !r->has_mark;
	return 0;
}
