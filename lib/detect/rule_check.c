/* What the keys of a rule mean together. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/rule_keys.h"
#include "flow/tcpflags.h"

enum { PROTO_TCP = 6 };

enum { SAME_SRC_IP, SAME_DST_IP, SAME_SRC_PORT, SAME_DST_PORT };

static void warn_at(const struct rule_reader *rr, const struct cnode *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
warn_at(const struct rule_reader *rr, const struct cnode *n, const char *fmt, ...)
{
	char words[384];
	struct err e;
	va_list ap;

	if (rr->options->warn == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	cnode_err(n, &e, "rule '%s': %s", rr->rule->name, words);
	rr->options->warn(rr->options->arg, e.msg);
}

static int
text_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
filter_seal(struct rule_filter *f)
{
	ranges_seal(&f->proto);
	ranges_seal(&f->src_port);
	ranges_seal(&f->dst_port);
	ranges_seal(&f->src_as);
	ranges_seal(&f->dst_as);
	ranges_seal(&f->interfaces);
	nets_seal(&f->exclude_src);
	nets_seal(&f->exclude_dst);
	nets_seal(&f->only);
	if (f->country_count > 0)
		qsort(f->countries, f->country_count, sizeof *f->countries, text_compare);
	if (f->interface_name_count > 0)
		qsort(f->interface_names, f->interface_name_count, sizeof *f->interface_names, text_compare);
}

/* TCP, UDP, DCCP, SCTP, UDP-Lite: the protocols whose first four bytes are ports. */
static bool
protos_have_ports(const struct ranges *proto)
{
	return ranges_have(proto, 6) || ranges_have(proto, 17) || ranges_have(proto, 33) ||
	       ranges_have(proto, 132) || ranges_have(proto, 136);
}

static int
filter_check(struct rule_reader *rr, const struct cnode *map, struct err *e)
{
	struct rule_filter *f = &rr->rule->filter;
	const struct cnode *flags = cnode_get(map, "tcp_flags");

	if (f->ttl_min > f->ttl_max)
		return cnode_err(cnode_get(map, "ttl_min"), e, "ttl_min %u is above ttl_max %u: no flow fits",
		    f->ttl_min, f->ttl_max);
	if (flags != NULL && f->proto.n > 0 && !ranges_have(&f->proto, PROTO_TCP))
		return cnode_err(flags, e, "tcp_flags with a proto that leaves out tcp: no flow fits");
	if (flags != NULL && f->proto.n == 0)
		ranges_add(&f->proto, PROTO_TCP, PROTO_TCP);
	static const char *const port_keys[] = {
	    "src_port", "dst_port", "same_src_port", "same_dst_port", "unique_dst_ports"};
	for (size_t i = 0; i < sizeof port_keys / sizeof port_keys[0]; i++) {
		const struct cnode *n = cnode_get(map, port_keys[i]);

		if (n != NULL && f->proto.n > 0 && !protos_have_ports(&f->proto))
			return cnode_err(n, e, "%s with a proto that has no ports", port_keys[i]);
	}
	return 0;
}

/* The threshold, or that of a host group where it is higher. */
static uint64_t
limit_most(const struct rule *r, enum rule_limit l)
{
	uint64_t most = r->limits[l];

	for (size_t i = 0; i < r->override_count; i++)
		most = r->overrides[i].limits[l] > most ? r->overrides[i].limits[l] : most;
	return most;
}

/* Grouping: the source, or with min_unique_src_ips the destination, and what same_* adds; or group_by. */
static int
key_complete(struct rule_reader *rr, const struct cnode *map, struct err *e)
{
	static const char *const same[] = {"same_src_ip", "same_dst_ip", "same_src_port", "same_dst_port"};
	struct rule *r = rr->rule;
	struct rule_key *k = &r->key;

	if (cnode_get(map, "group_by") == NULL) {
		k->src_ip = rr->same[SAME_SRC_IP] || r->limits[LIMIT_SRC_IPS] == 0;
		k->dst_ip = rr->same[SAME_DST_IP] || r->limits[LIMIT_SRC_IPS] != 0;
		k->src_port = rr->same[SAME_SRC_PORT];
		k->dst_port = rr->same[SAME_DST_PORT];
	} else {
		for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
			if (rr->same[i])
				return cnode_err(cnode_get(map, same[i]), e,
				    "%s beside group_by, which says outright what to group by", same[i]);
	}

	const struct {
		bool one; /* a group has but one */
		enum rule_limit limit;
		const char *what;
	} clashes[] = {
	    {k->src_ip && k->src_len[0] == 32 && k->src_len[1] == 128, LIMIT_SRC_IPS, "source address"},
	    {k->dst_ip && k->dst_len[0] == 32 && k->dst_len[1] == 128, LIMIT_DST_IPS, "destination address"},
	    {k->dst_port, LIMIT_DST_PORTS, "destination port"},
	};
	for (size_t i = 0; i < sizeof clashes / sizeof clashes[0]; i++)
		if (clashes[i].one && limit_most(r, clashes[i].limit) > 1)
			return cnode_err(cnode_get(map, rule_limit_names[clashes[i].limit]), e,
			    "%s can never hold: each group has one %s only",
			    rule_limit_names[clashes[i].limit], clashes[i].what);
	return 0;
}

/* Host groups change thresholds that the rule has; baselines raise those of traffic. */
static int
special_check(struct rule_reader *rr, const struct cnode *map, struct err *e)
{
	static const enum rule_limit traffic[] = {
	    LIMIT_FLOWS, LIMIT_BYTES, LIMIT_PACKETS, LIMIT_PPS, LIMIT_BPS};
	const struct rule *r = rr->rule;
	const struct cnode *groups = cnode_get(map, "host_groups"),
			   *baseline = cnode_get(map, "above_baseline");
	bool any = false;

	if (groups != NULL && rule_host_side(&r->key) == TARGET_NONE)
		return cnode_err(groups, e, "host_groups, but the rule groups by no address");
	for (size_t i = 0; i < r->override_count; i++)
		for (int l = 0; l < LIMITS; l++)
			if (r->overrides[i].limits[l] > 0 && r->limits[l] == 0)
				return cnode_err(groups, e,
				    "%s of host group '%s' is no threshold of the rule itself",
				    rule_limit_names[l], r->overrides[i].name);
	for (size_t i = 0; i < sizeof traffic / sizeof traffic[0]; i++)
		any = any || r->limits[traffic[i]] > 0;
	if (baseline != NULL && !any)
		return cnode_err(baseline, e,
		    "above_baseline raises min_flows, min_total_bytes, min_total_packets, min_avg_pps and "
		    "min_avg_bps: the rule has none of them");
	return 0;
}

static int
limits_check(struct rule_reader *rr, const struct cnode *map, struct err *e)
{
	const struct rule *r = rr->rule;
	bool any = r->min_ml_score >= 0;

	for (int i = 0; i < LIMITS; i++)
		any = any || r->limits[i] > 0;
	if (!any)
		return cnode_err(map, e,
		    "rule '%s' has no threshold and would hold at once; expected one of min_flows, "
		    "unique_dst_ips, unique_dst_ports, min_unique_src_ips, min_total_bytes, "
		    "min_total_packets, min_avg_pps, min_avg_bps, min_ml_score",
		    r->name);
	const struct cnode *window = cnode_get(map, "time_window");
	if (window != NULL && rr->options->window != 0 && r->window > rr->options->window)
		warn_at(rr, window,
		    "time_window of %" PRIu32 " s is longer than flow_cache_max_window (%" PRIu32
		    " s); the rule gets its window",
		    r->window, rr->options->window);
	return 0;
}

/* Whether somebody who forges source addresses can make this rule hold for an address of his choice. */
static bool
easily_forged(const struct rule_filter *f)
{
	bool tcp_only = f->proto.n == 1 && f->proto.v[0].lo == PROTO_TCP && f->proto.v[0].hi == PROTO_TCP;
	bool syn_alone = (f->flags_mask & TCP_ACK) != 0 && (f->flags_value & TCP_ACK) == 0 &&
			 (f->flags_value & TCP_SYN) != 0;

	return !tcp_only || syn_alone;
}

static int
target_complete(struct rule_reader *rr, const struct cnode *map, struct err *e)
{
	struct rule *r = rr->rule;
	const struct rule_key *k = &r->key;
	const struct cnode *target = cnode_get(map, "blackhole_target");
	const struct cnode *action = cnode_get(map, "action");

	if (target == NULL) {
		if (!k->src_ip && !k->dst_ip)
			return cnode_err(action, e, "blackhole, but the rule groups by no address");
		if (k->src_ip && k->dst_ip && cnode_get(map, "group_by") != NULL)
			return cnode_err(action, e,
			    "blackhole, but the rule groups by both addresses: say blackhole_target");
		bool by_dst = !k->src_ip || (k->dst_ip && r->limits[LIMIT_SRC_IPS] != 0);
		r->blackhole_target = by_dst ? TARGET_DST : TARGET_SRC;
		target = action;
	} else if (r->blackhole_target == TARGET_SRC ? !k->src_ip : !k->dst_ip) {
		return cnode_err(target, e, "blackhole_target is %s, but the rule does not group by it",
		    r->blackhole_target == TARGET_SRC ? "src" : "dst");
	}
	if (r->blackhole_target == TARGET_SRC && r->blackhole_count > 0 && easily_forged(&r->filter))
		warn_at(rr, target,
		    "blackholes a source on evidence that is easily forged (not TCP, or SYN alone): a sender "
		    "of false source addresses chooses who is cut off");
	return 0;
}

static int
response_complete(struct rule_reader *rr, const struct cnode *map, struct err *e)
{
	static const char *const only_blackhole[] = {"blackhole_count", "blackhole_count_reset",
	    "blackhole_target", "blackhole_next_hop", "blackhole_communities", "blackhole_time"};
	struct rule *r = rr->rule;

	if (r->actions == 0)
		r->actions = ACTION_ALERT;
	if ((r->actions & ACTION_BLACKHOLE) == 0) {
		for (size_t i = 0; i < sizeof only_blackhole / sizeof only_blackhole[0]; i++) {
			const struct cnode *n = cnode_get(map, only_blackhole[i]);

			if (n != NULL)
				warn_at(
				    rr, n, "%s has no effect without blackhole in action", only_blackhole[i]);
		}
		r->blackhole_target = TARGET_NONE;
		return 0;
	}
	if (r->blackhole_count == 0)
		warn_at(rr, cnode_get(map, "action"),
		    "blackhole never comes without a blackhole_count, the seconds after which it is due");
	return target_complete(rr, map, e);
}

int
rule_complete(struct rule_reader *rr, const struct cnode *map, struct err *e)
{
	struct rule *r = rr->rule;

	if (r->name == NULL)
		return cnode_err(map, e, "a rule without a name");
	filter_seal(&r->filter);
	if (filter_check(rr, map, e) < 0 || key_complete(rr, map, e) < 0 || limits_check(rr, map, e) < 0 ||
	    special_check(rr, map, e) < 0)
		return -1;
	/* These speak of own hosts being sought out, so traffic of others is noise. */
	r->filter.to_own =
	    r->filter.directions == 0 && (rr->same[SAME_DST_IP] || rr->same[SAME_DST_PORT] ||
					     r->limits[LIMIT_DST_IPS] > 0 || r->limits[LIMIT_SRC_IPS] > 0);
	return response_complete(rr, map, e);
}
