/* Rules of flowspec, announced and taken back as blackholes are. */
#include "bgp/blackholes_parts.h"

static unsigned
family_length(const struct prefix *p, bool v6)
{
	return v6 ? p->len : p->len - 96U;
}

/*
 * It may say of all packets towards a host or from one what it likes, but not of
 * a whole network's, unless that was allowed: as with blackholes.
 */
static int
check_bounds(const struct blackholes *bs, const struct request *r, struct err *e)
{
	const struct flow_rule *f = &r->flow;
	bool v6 = flow_rule_is_v6(f);
	unsigned least = bs->settings.min_length[v6];

	if (r->has_since || r->has_expires) {
		err_set(e, "since and expires are not for requests; ttl is");
		return 400;
	}
	if ((f->has_dst && family_length(&f->dst, v6) >= least) ||
	    (f->has_src && family_length(&f->src, v6) >= least))
		return 0;
	err_set(e, "dst, src: neither is as long as /%u, which is the shortest allowed", least);
	return 400;
}

int
blackholes_flow_announce(struct blackholes *bs, const struct request *asked, int64_t now, struct err *e)
{
	struct flow_key key = flow_key_of(&asked->flow);
	const struct flow *known = flows_find(&bs->flows, &key);
	int status = check_bounds(bs, asked, e);

	if (status == 0 && known == NULL)
		status = blackholes_check_fuses(bs, now, e);
	if (status != 0) {
		bs->refused++;
		return status;
	}
	struct flow f = {.key = key, .request = *asked};
	struct buf line = {0};
	blackholes_set_times(&f.request, now);
	if (known != NULL)
		f.request.since = known->request.since;
	flow_line(&line, &f);
	int written = blackholes_append(bs, &line, e);
	buf_release(&line);
	if (written == -1) {
		bs->refused++;
		return 500;
	}
	bs->announced++;
	bs->tell_flow(bs->arg, flows_keep(&bs->flows, &f.request), BLACKHOLE_ANNOUNCED, now);
	blackholes_tidy(bs);
	return 200;
}

/* As take_back of blackholes.c. */
static int
take_back(struct blackholes *bs, const struct flow *f, enum blackhole_event ev, int64_t now, struct err *e)
{
	struct flow_key key = f->key;
	struct buf line = {0};

	buf_printf(&line, "%c{", LEDGER_FLOW_WITHDRAW);
	flow_rule_json(&line, &f->request.flow);
	buf_puts(&line, "}\n");
	int r = blackholes_append(bs, &line, e);
	buf_release(&line);
	if (r == -1)
		bs->ledger.torn = true;
	bs->tell_flow(bs->arg, f, ev, now);
	flows_forget(&bs->flows, &key);
	return r;
}

int
blackholes_flow_withdraw(struct blackholes *bs, const struct flow_rule *rule, int64_t now, struct err *e)
{
	struct flow_key key = flow_key_of(rule);
	const struct flow *f = flows_find(&bs->flows, &key);

	if (f == NULL) {
		err_set(e, "this rule is not announced");
		return 404;
	}
	bs->withdrawn++;
	if (take_back(bs, f, BLACKHOLE_WITHDRAWN, now, e) == -1) {
		err_wrap(e, "it is withdrawn, but a restart would bring it back");
		return 500;
	}
	blackholes_tidy(bs);
	return 200;
}

int64_t
blackholes_flow_expire(struct blackholes *bs, int64_t now)
{
	const struct flow *due;
	struct err e;
	int64_t next;

	while ((due = flows_due(&bs->flows, now, &next)) != NULL) {
		take_back(bs, due, BLACKHOLE_EXPIRED, now, &e);
		bs->expired++;
	}
	return next;
}
