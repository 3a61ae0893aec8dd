/* The table of a rule's keys, and how each value is read. */
#include "detect/rule_keys.h"

#include <ctype.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "flow/proto.h"

typedef int item_fn(void *arg, struct str item, const struct cnode *at, struct err *e);

struct key_def {
	const char *name;
	int (*read)(struct rule_reader *rr, const struct key_def *k, const struct cnode *n, struct err *e);
	item_fn *item; /* of a list, whose read is read_list */
	size_t offset; /* of the value in struct rule */
	uint64_t min, max;
};

/* What item functions get. */
struct item_arg {
	struct rule_reader *rr;
	const struct key_def *k;
	void *value;
};

static void *
value_at(struct rule_reader *rr, const struct key_def *k)
{
	return (char *)rr->rule + k->offset;
}

static int
read_list(struct rule_reader *rr, const struct key_def *k, const struct cnode *n, struct err *e)
{
	struct item_arg arg = {rr, k, value_at(rr, k)};

	if (n->kind == CNODE_NULL || (n->kind == CNODE_SCALAR && n->text.len == 0) ||
	    (n->kind == CNODE_LIST && n->first == NULL))
		return cnode_err(n, e, "%s is empty; leave the key out to ask for nothing", k->name);
	return cnode_each(n, k->item, &arg, e);
}

/* Puts the place before words of others. */
static int
at_place(const struct cnode *at, struct err *e, const struct err *words)
{
	return cnode_err(at, e, "%s", words->msg);
}

static int
read_name(struct rule_reader *rr, const struct key_def *k, const struct cnode *n, struct err *e)
{
	struct str s;

	if (cnode_str(n, &s, e) < 0)
		return -1;
	if (s.len == 0 || s.len > RULE_NAME_MAX)
		return cnode_err(n, e, "%s has %zu bytes, expected 1 to %d", k->name, s.len, RULE_NAME_MAX);
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f || s.p[i] == '\'')
			return cnode_err(n, e, "%s holds a control character or a quote", k->name);
	rr->rule->name = arena_printf(rr->arena, "%s", s.p);
	return 0;
}

static int
read_u64(struct rule_reader *rr, const struct key_def *k, const struct cnode *n, struct err *e)
{
	return cnode_num(n, value_at(rr, k), k->min, k->max, e);
}

static int
read_u8(struct rule_reader *rr, const struct key_def *k, const struct cnode *n, struct err *e)
{
	uint64_t v;

	if (cnode_num(n, &v, k->min, k->max, e) < 0)
		return -1;
	*(uint8_t *)value_at(rr, k) = (uint8_t)v;
	return 0;
}

static int
read_score(struct rule_reader *rr, const struct key_def *k, const struct cnode *n, struct err *e)
{
	double v;

	if (cnode_real(n, &v, e) < 0)
		return -1;
	if (v < 0 || v > 1)
		return cnode_err(n, e, "%s is %g, expected a score from 0 to 1", k->name, v);
	*(double *)value_at(rr, k) = v;
	return 0;
}

/* Milliseconds as whole seconds of the key's range. */
static int
take_seconds(uint32_t *seconds, uint64_t ms, const struct key_def *k, const struct cnode *n, struct err *e)
{
	if (ms % 1000 != 0 || ms / 1000 < k->min || ms / 1000 > k->max)
		return cnode_err(n, e, "%s is '%.64s', expected whole seconds from %" PRIu64 " to %" PRIu64,
		    k->name, n->text.p, k->min, k->max);
	*seconds = (uint32_t)(ms / 1000);
	return 0;
}

static int
read_seconds(struct rule_reader *rr, const struct key_def *k, const struct cnode *n, struct err *e)
{
	uint64_t ms;

	if (cnode_duration(n, &ms, 1000, e) < 0)
		return -1;
	return take_seconds(value_at(rr, k), ms, k, n, e);
}

static int
time_item(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct item_arg *a = arg;
	struct rule *r = a->rr->rule;
	uint64_t ms;

	if (r->blackhole_time_count == RULE_TIMES_MAX)
		return cnode_err(at, e, "more than %d steps of %s", RULE_TIMES_MAX, a->k->name);
	if (num_parse_duration(&ms, item, 1000) < 0)
		return cnode_err(at, e, "'%.64s' is no duration such as 3600 or 1h", item.p);
	return take_seconds(&r->blackhole_times[r->blackhole_time_count++], ms, a->k, at, e);
}

static int
proto_item(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct item_arg *a = arg;
	uint8_t proto;

	if (proto_parse(&proto, item) < 0)
		return cnode_err(at, e,
		    "'%.64s' is no protocol, expected a name such as tcp or a number from "
		    "0 to 255",
		    item.p);
	ranges_add(a->value, proto, proto);
	return 0;
}

static int
range_item(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct item_arg *a = arg;
	struct range r;

	if (range_parse(&r, item, (uint32_t)a->k->max) < 0)
		return cnode_err(at, e,
		    "'%.64s' in %s, expected numbers from 0 to %" PRIu64 " or ranges such as 1000-2000",
		    item.p, a->k->name, a->k->max);
	ranges_add(a->value, r.lo, r.hi);
	return 0;
}

static int
net_item(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct item_arg *a = arg;
	struct prefix p;
	struct err words;

	if (prefix_parse(&p, item, &words) < 0)
		return at_place(at, e, &words);
	nets_add(a->value, &p);
	return 0;
}

/* Two pointers side by side, as struct rule holds its lists of texts. */
struct texts {
	const char **v;
	size_t n;
};

static void
texts_add(struct rule_reader *rr, struct texts *t, const char *text)
{
	const char **v = arena_alloc(rr->arena, (t->n + 1) * sizeof *v);

	if (t->n > 0)
		memcpy(v, t->v, t->n * sizeof *v);
	v[t->n] = text;
	*t = (struct texts){v, t->n + 1};
}

static int
country_item(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct item_arg *a = arg;
	struct rule_filter *f = &a->rr->rule->filter;
	struct texts t = {f->countries, f->country_count};

	if (item.len != 2 || !isalpha((unsigned char)item.p[0]) || !isalpha((unsigned char)item.p[1]))
		return cnode_err(
		    at, e, "'%.64s' is no country, expected two letters (ISO 3166) such as GR", item.p);
	texts_add(a->rr, &t,
	    arena_printf(
		a->rr->arena, "%c%c", toupper((unsigned char)item.p[0]), toupper((unsigned char)item.p[1])));
	f->countries = t.v;
	f->country_count = t.n;
	return 0;
}

/* A number or range is an SNMP index, all else a name. */
static int
interface_item(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct item_arg *a = arg;
	struct rule_filter *f = &a->rr->rule->filter;
	struct texts t = {f->interface_names, f->interface_name_count};
	struct range r;

	(void)e;
	if (!at->quoted && range_parse(&r, item, UINT32_MAX) == 0) {
		ranges_add(&f->interfaces, r.lo, r.hi);
		return 0;
	}
	texts_add(a->rr, &t, arena_printf(a->rr->arena, "%s", item.p));
	f->interface_names = t.v;
	f->interface_name_count = t.n;
	return 0;
}

/* Words that stand for bits. */
static int
word_bit(struct str item, const struct cnode *at, const char *const *words, size_t n, const char *what,
    unsigned *bits, struct err *e)
{
	struct buf all = {0};

	for (size_t i = 0; i < n; i++) {
		if (str_eq(item, str_from(words[i]))) {
			*bits |= 1U << i;
			return 0;
		}
	}
	for (size_t i = 0; i < n; i++)
		buf_printf(&all, "%s%s", i > 0 ? ", " : "", words[i]);
	cnode_err(at, e, "'%.64s' is no %s, expected %s", item.p, what, buf_cstr(&all));
	buf_release(&all);
	return -1;
}

static int
direction_item(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	static const char *const words[] = {"in", "out", "internal", "transit", "ingress", "egress"};
	struct item_arg *a = arg;
	unsigned bits = *(uint8_t *)a->value;

	if (word_bit(item, at, words, 6, "direction", &bits, e) < 0)
		return -1;
	*(uint8_t *)a->value = (uint8_t)bits;
	return 0;
}

static int
action_item(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct item_arg *a = arg;

	return word_bit(item, at, rule_action_names, RULE_ACTIONS, "action", a->value, e);
}

static int
flags_item(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct rule_filter *f = &((struct item_arg *)arg)->rr->rule->filter;
	uint16_t set = f->flags_value, clear = f->flags_mask & (uint16_t)~f->flags_value;
	struct err words;

	if (tcp_flags_parse(item, &set, &clear, &words) < 0)
		return at_place(at, e, &words);
	f->flags_mask = set | clear;
	f->flags_value = set;
	return 0;
}

static int
read_nat(struct rule_reader *rr, const struct key_def *k, const struct cnode *n, struct err *e)
{
	bool v;

	if (cnode_bool(n, &v, e) < 0)
		return -1;
	*(uint8_t *)value_at(rr, k) = v ? NAT_PRESENT : NAT_ABSENT;
	return 0;
}

/* same_src_ip and its kin: the offset is an index into rr->same. */
static int
read_same(struct rule_reader *rr, const struct key_def *k, const struct cnode *n, struct err *e)
{
	return cnode_bool(n, &rr->same[k->offset], e);
}

/* "src_prefix/24" or "src_prefix/24/48": kept bits of IPv4, of IPv6 (48 unless said). */
static int
prefix_lengths(struct str s, uint8_t len[2])
{
	const char *slash = memchr(s.p, '/', s.len);
	struct str v4 = {s.p, slash != NULL ? (size_t)(slash - s.p) : s.len};
	uint64_t n4, n6 = 48;

	if (num_parse(&n4, v4, 0, 32) < 0)
		return -1;
	if (slash != NULL && num_parse(&n6, (struct str){slash + 1, s.len - v4.len - 1}, 0, 128) < 0)
		return -1;
	len[0] = (uint8_t)n4;
	len[1] = (uint8_t)n6;
	return 0;
}

static int
group_item(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct rule_key *k = &((struct item_arg *)arg)->rr->rule->key;
	struct {
		const char *name;
		bool *part;
		uint8_t *len; /* of a prefix */
	} parts[] = {
	    {"src_ip", &k->src_ip, NULL},
	    {"dst_ip", &k->dst_ip, NULL},
	    {"src_port", &k->src_port, NULL},
	    {"dst_port", &k->dst_port, NULL},
	    {"proto", &k->proto, NULL},
	    {"src_prefix/", &k->src_ip, k->src_len},
	    {"dst_prefix/", &k->dst_ip, k->dst_len},
	};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		struct str name = str_from(parts[i].name);

		if (item.len < name.len || memcmp(item.p, name.p, name.len) != 0)
			continue;
		struct str rest = {item.p + name.len, item.len - name.len};
		if (parts[i].len != NULL ? prefix_lengths(rest, parts[i].len) < 0 : rest.len > 0)
			continue;
		if (*parts[i].part)
			return cnode_err(at, e, "'%.64s' names what the group has already", item.p);
		*parts[i].part = true;
		return 0;
	}
	return cnode_err(at, e,
	    "'%.64s' is nothing to group by, expected src_ip, dst_ip, src_port, dst_port, proto, "
	    "src_prefix/24 or dst_prefix/24",
	    item.p);
}

static int
read_target(struct rule_reader *rr, const struct key_def *k, const struct cnode *n, struct err *e)
{
	struct str s;

	if (cnode_str(n, &s, e) < 0)
		return -1;
	if (!str_eq(s, STR("src")) && !str_eq(s, STR("dst")))
		return cnode_err(n, e, "%s is '%.64s', expected src or dst", k->name, s.p);
	rr->rule->blackhole_target = s.p[0] == 's' ? TARGET_SRC : TARGET_DST;
	return 0;
}

static int
next_hop_item(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct rule *r = ((struct item_arg *)arg)->rr->rule;
	struct addr a;

	if (addr_parse(&a, item) < 0)
		return cnode_err(at, e, "'%.64s' is no address", item.p);
	bool v6 = !addr_is_v4(&a);
	if (r->has_next_hop[v6])
		return cnode_err(at, e, "a second IPv%d next hop, expected one of each family", v6 ? 6 : 4);
	r->has_next_hop[v6] = true;
	r->next_hop[v6] = a;
	return 0;
}

/* "65001:666" (RFC 1997) or "65001:1:2" (RFC 8092). */
static int
community_item(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct item_arg *a = arg;
	struct rule *r = a->rr->rule;
	struct texts t = {r->communities, r->community_count};
	unsigned parts = 1, good = 0;
	size_t from = 0;
	uint64_t v;

	for (size_t i = 0; i < item.len; i++)
		parts += item.p[i] == ':';
	for (size_t i = 0; i <= item.len; i++) {
		if (i < item.len && item.p[i] != ':')
			continue;
		good += num_parse(&v, (struct str){item.p + from, i - from}, 0,
			    parts == 2 ? 65535 : UINT32_MAX) == 0;
		from = i + 1;
	}
	if (good != parts || (parts != 2 && parts != 3))
		return cnode_err(at, e, "'%.64s' is no community, expected 65001:666 or 65001:1:2", item.p);
	if (t.n == RULE_COMMUNITIES_MAX)
		return cnode_err(at, e, "more than %d communities", RULE_COMMUNITIES_MAX);
	texts_add(a->rr, &t, arena_printf(a->rr->arena, "%s", item.p));
	r->communities = t.v;
	r->community_count = t.n;
	return 0;
}

static int
read_overrides(struct rule_reader *rr, const struct key_def *k, const struct cnode *n, struct err *e)
{
	(void)k;
	return rule_overrides_read(rr, n, e);
}

static int
read_baseline(struct rule_reader *rr, const struct key_def *k, const struct cnode *n, struct err *e)
{
	return rule_baseline_read(value_at(rr, k), n, e);
}

#define AT(member) offsetof(struct rule, member)

static const struct key_def keys[] = {
    {"name", read_name, NULL, 0, 0, 0},
    {"proto", read_list, proto_item, AT(filter.proto), 0, 0},
    {"src_port", read_list, range_item, AT(filter.src_port), 0, 65535},
    {"dst_port", read_list, range_item, AT(filter.dst_port), 0, 65535},
    {"tcp_flags", read_list, flags_item, 0, 0, 0},
    {"direction", read_list, direction_item, AT(filter.directions), 0, 0},
    {"min_bytes", read_u64, NULL, AT(filter.min_bytes), 1, UINT64_MAX},
    {"min_packets", read_u64, NULL, AT(filter.min_packets), 1, UINT64_MAX},
    {"ttl_min", read_u8, NULL, AT(filter.ttl_min), 0, 255},
    {"ttl_max", read_u8, NULL, AT(filter.ttl_max), 0, 255},
    {"nat_present", read_nat, NULL, AT(filter.nat), 0, 0},
    {"exclude_src_ips", read_list, net_item, AT(filter.exclude_src), 0, 0},
    {"exclude_dst_ips", read_list, net_item, AT(filter.exclude_dst), 0, 0},
    {"only_prefixes", read_list, net_item, AT(filter.only), 0, 0},
    {"country", read_list, country_item, 0, 0, 0},
    {"src_as", read_list, range_item, AT(filter.src_as), 0, UINT32_MAX},
    {"dst_as", read_list, range_item, AT(filter.dst_as), 0, UINT32_MAX},
    {"interface", read_list, interface_item, 0, 0, 0},
    {"same_src_ip", read_same, NULL, 0, 0, 0},
    {"same_dst_ip", read_same, NULL, 1, 0, 0},
    {"same_src_port", read_same, NULL, 2, 0, 0},
    {"same_dst_port", read_same, NULL, 3, 0, 0},
    {"group_by", read_list, group_item, 0, 0, 0},
    {"time_window", read_seconds, NULL, AT(window), 1, RULE_WINDOW_MAX},
    {"min_flows", read_u64, NULL, AT(limits[LIMIT_FLOWS]), 1, UINT32_MAX},
    {"unique_dst_ips", read_u64, NULL, AT(limits[LIMIT_DST_IPS]), 1, RULE_UNIQUE_MAX},
    {"unique_dst_ports", read_u64, NULL, AT(limits[LIMIT_DST_PORTS]), 1, 65536},
    {"min_unique_src_ips", read_u64, NULL, AT(limits[LIMIT_SRC_IPS]), 1, RULE_UNIQUE_MAX},
    {"min_total_bytes", read_u64, NULL, AT(limits[LIMIT_BYTES]), 1, UINT64_MAX},
    {"min_total_packets", read_u64, NULL, AT(limits[LIMIT_PACKETS]), 1, UINT64_MAX},
    {"min_avg_pps", read_u64, NULL, AT(limits[LIMIT_PPS]), 1, UINT64_MAX / 8 / RULE_WINDOW_MAX},
    {"min_avg_bps", read_u64, NULL, AT(limits[LIMIT_BPS]), 1, UINT64_MAX / 8 / RULE_WINDOW_MAX},
    {"host_groups", read_overrides, NULL, 0, 0, 0},
    {"above_baseline", read_baseline, NULL, AT(above_baseline), 0, 0},
    {"min_ml_score", read_score, NULL, AT(min_ml_score), 0, 0},
    {"action", read_list, action_item, AT(actions), 0, 0},
    {"cooldown", read_seconds, NULL, AT(cooldown), 0, 30 * 86400},
    {"blackhole_count", read_seconds, NULL, AT(blackhole_count), 0, 30 * 86400},
    {"blackhole_count_reset", read_seconds, NULL, AT(blackhole_count_reset), 1, 365 * 86400},
    {"blackhole_target", read_target, NULL, 0, 0, 0},
    {"blackhole_next_hop", read_list, next_hop_item, 0, 0, 0},
    {"blackhole_communities", read_list, community_item, 0, 0, 0},
    {"blackhole_time", read_list, time_item, 0, 0, 365 * 86400},
};
enum { KEYS = sizeof keys / sizeof keys[0] };

static int
unknown_key(const struct cnode *n, struct err *e)
{
	const char *names[KEYS];
	struct cnode at = *n;

	for (size_t i = 0; i < KEYS; i++)
		names[i] = keys[i].name;
	at.line = n->key_line;
	at.column = n->key_column;
	const char *near = nearest_name(n->key, names, KEYS);
	if (near != NULL)
		return cnode_err(&at, e, "unknown key '%.64s' in a rule, did you mean '%s'?", n->key.p, near);
	return cnode_err(&at, e, "unknown key '%.64s' in a rule, see nf-rules(5)", n->key.p);
}

int
rule_limit_read(const struct cnode *n, enum rule_limit *l, uint64_t *v, struct err *e)
{
	const struct key_def *k = keys;

	for (int i = 0; i < LIMITS; i++) {
		if (!str_eq(n->key, str_from(rule_limit_names[i])))
			continue;
		while (strcmp(k->name, rule_limit_names[i]) != 0)
			k++;
		*l = (enum rule_limit)i;
		return cnode_num(n, v, k->min, k->max, e);
	}
	return 1;
}

int
rule_keys_read(struct rule_reader *rr, const struct cnode *map, struct err *e)
{
	for (const struct cnode *n = map->first; n != NULL; n = n->next) {
		const struct key_def *k = keys;

		while (k < keys + KEYS && !str_eq(n->key, str_from(k->name)))
			k++;
		if (k == keys + KEYS)
			return unknown_key(n, e);
		if (k->read(rr, k, n, e) < 0)
			return -1;
	}
	return 0;
}
