#include "bgp/blackholes_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bgp/attr.h"
#include "bgp/json_text.h"

enum { HISTORY_MIN = 1000, MINUTE_MS = 60 * 1000 };

/* Prefixes have no padding, so that they serve as keys. */
_Static_assert(sizeof(struct prefix) == 17, "a key is compared as bytes");

void
blackholes_init(struct blackholes *bs)
{
	*bs = (struct blackholes){0};
	ledger_init(&bs->ledger);
	map_init(&bs->by_prefix, sizeof(struct prefix), sizeof(struct blackhole *));
	flows_init(&bs->flows);
}

static void
blackhole_free(struct blackhole *b)
{
	buf_release(&b->communities);
	buf_release(&b->large);
	free(b);
}

static void
forget_all(struct blackholes *bs)
{
	size_t it = 0;
	const void *key;
	void *val;

	while (map_next(&bs->by_prefix, &it, &key, &val))
		blackhole_free(*(struct blackhole **)val);
	map_clear(&bs->by_prefix);
	flows_clear(&bs->flows);
}

void
blackholes_release(struct blackholes *bs)
{
	forget_all(bs);
	map_release(&bs->by_prefix);
	flows_release(&bs->flows);
	ledger_release(&bs->ledger);
}

const struct blackhole *
blackholes_find(const struct blackholes *bs, const struct prefix *p)
{
	struct blackhole **b = map_get(&bs->by_prefix, p);

	return b != NULL ? *b : NULL;
}

static void
put_line(struct buf *out, const struct blackhole *b)
{
	char text[PREFIX_TEXT_MAX];
	struct announcement a = blackhole_announcement(b);
	const char *comma = "";

	buf_printf(out, "%c{\"prefix\":\"%s\"", LEDGER_ANNOUNCE, prefix_text(text, &b->prefix));
	buf_printf(out, ",\"next_hop\":\"%s\",\"communities\":[", addr_text(text, &b->next_hop));
	json_put_list(out, communities_list, a.communities, &comma);
	json_put_list(out, large_communities_list, a.large, &comma);
	buf_printf(out, "],\"since\":%" PRId64, b->since_ms);
	if (b->expires_ms != 0)
		buf_printf(out, ",\"expires\":%" PRId64, b->expires_ms);
	if (b->rule[0] != '\0')
		buf_printf(out, ",\"rule\":\"%s\"", b->rule);
	if (b->id[0] != '\0')
		buf_printf(out, ",\"id\":\"%s\"", b->id);
	buf_puts(out, "}\n");
}

static void
put_flow(void *lines, const struct flow *f)
{
	flow_line(lines, f);
}

size_t
blackholes_count(const struct blackholes *bs)
{
	return bs->by_prefix.count + bs->flows.count;
}

/* The ledger anew, with what is announced and no history. */
static int
rewrite(struct blackholes *bs, struct err *e)
{
	struct buf lines = {0};
	size_t it = 0;
	const void *key;
	void *val;

	if (bs->disarmed)
		buf_puts(&lines, "*\n");
	while (map_next(&bs->by_prefix, &it, &key, &val))
		put_line(&lines, *(struct blackhole **)val);
	flows_each(&bs->flows, put_flow, &lines);
	int r = ledger_rewrite(&bs->ledger, &lines, blackholes_count(bs) + bs->disarmed, e);
	buf_release(&lines);
	return r;
}

/* Not to be told of: what fails here is tried again with the next change. */
void
blackholes_tidy(struct blackholes *bs)
{
	struct err e;

	if (bs->ledger.lines > HISTORY_MIN && bs->ledger.lines > 4 * blackholes_count(bs))
		rewrite(bs, &e);
}

int
blackholes_append(struct blackholes *bs, const struct buf *line, struct err *e)
{
	if (bs->settings.dry_run)
		return 0;
	if ((bs->ledger.fd == -1 || bs->ledger.torn) && rewrite(bs, e) == -1)
		return -1;
	return ledger_append(&bs->ledger, line, e);
}

/* Puts it in the place of one with the same prefix. */
static void
keep(struct blackholes *bs, struct blackhole *b)
{
	struct blackhole **slot = map_put(&bs->by_prefix, &b->prefix, NULL);

	if (*slot != NULL)
		blackhole_free(*slot);
	*slot = b;
}

static void
forget(struct blackholes *bs, const struct prefix *p)
{
	struct blackhole **b = map_get(&bs->by_prefix, p);

	if (b == NULL)
		return;
	blackhole_free(*b);
	map_delete(&bs->by_prefix, p);
}

static struct blackhole *
blackhole_new(const struct request *r)
{
	struct blackhole *b = mem_zero(1, sizeof *b);

	b->prefix = r->prefix;
	b->next_hop = r->next_hop;
	buf_add(&b->communities, r->communities, 4UL * r->community_count);
	buf_add(&b->large, r->large, 12UL * r->large_count);
	b->since_ms = r->since;
	b->expires_ms = r->has_expires ? r->expires : 0;
	memcpy(b->rule, r->rule, sizeof b->rule);
	memcpy(b->id, r->id, sizeof b->id);
	return b;
}

static void
on_change(void *arg, enum ledger_kind kind, const struct request *r)
{
	struct blackholes *bs = arg;

	switch (kind) {
	case LEDGER_ANNOUNCE:
		keep(bs, blackhole_new(r));
		break;
	case LEDGER_WITHDRAW:
		forget(bs, &r->prefix);
		break;
	case LEDGER_FLOW:
		flows_keep(&bs->flows, r);
		break;
	case LEDGER_FLOW_WITHDRAW: {
		struct flow_key key = flow_key_of(&r->flow);
		flows_forget(&bs->flows, &key);
		break;
	}
	case LEDGER_DISARM:
		forget_all(bs);
		bs->disarmed = true;
		break;
	case LEDGER_ARM:
		bs->disarmed = false;
		break;
	}
}

int
blackholes_open(struct blackholes *bs, const char *dir, int64_t now, struct err *e)
{
	if (ledger_open(&bs->ledger, dir, on_change, bs, e) == -1) {
		forget_all(bs);
		return -1;
	}
	int r = rewrite(bs, e) == -1 ? 1 : 0;
	blackholes_expire(bs, now);
	return r;
}

bool
blackholes_usable(const struct blackholes *bs)
{
	return bs->settings.dry_run || (bs->ledger.fd != -1 && !bs->ledger.torn);
}

/*
 * What is asked.
 */

static bool
is_v6(const struct prefix *p)
{
	return p->len < 96 || !addr_is_v4(&p->addr);
}

/* Refuses what may never be; 0 or a status. */
static int
check_request(const struct blackholes *bs, const struct request *r, struct err *e)
{
	bool v6 = is_v6(&r->prefix);
	unsigned len = v6 ? r->prefix.len : r->prefix.len - 96U;

	if (len < bs->settings.min_length[v6]) {
		err_set(e, "prefix: /%u is shorter than /%u, which is the shortest allowed", len,
		    bs->settings.min_length[v6]);
		return 400;
	}
	if (r->has_since || r->has_expires) {
		err_set(e, "since and expires are not for requests; ttl is");
		return 400;
	}
	if (r->has_next_hop && addr_is_v4(&r->next_hop) == v6) {
		err_set(e, "next_hop: of another family than the prefix");
		return 400;
	}
	if (r->has_next_hop && (addr_is_any(&r->next_hop) || addr_is_multicast(&r->next_hop) ||
				   addr_is_loopback(&r->next_hop))) {
		err_set(e, "next_hop: no host has this address");
		return 400;
	}
	if (!r->has_next_hop && !bs->settings.has_next_hop[v6]) {
		err_set(e, "next_hop: none is given, and none is configured for IPv%d", v6 ? 6 : 4);
		return 400;
	}
	return 0;
}

/* The fuses, for what is new: so many at a time, and so many a minute, of which a pause saves up no more than those. */
int
blackholes_check_fuses(struct blackholes *bs, int64_t now, struct err *e)
{
	uint64_t rate = bs->settings.max_rate, passed = MINUTE_MS; /* at first */

	if (bs->credit_ms != 0)
		passed = now > bs->credit_ms ? (uint64_t)(now - bs->credit_ms) : 0;
	if (bs->disarmed) {
		err_set(e, "nothing is announced since all was withdrawn; 'flowenricher arm' ends that");
		return 409;
	}
	if (blackholes_count(bs) >= bs->settings.max_active) {
		err_set(e, "%zu blackholes are active, and no more are allowed", blackholes_count(bs));
		return 429;
	}
	bs->credit += (passed < MINUTE_MS ? passed : MINUTE_MS) * rate;
	if (bs->credit > rate * MINUTE_MS)
		bs->credit = rate * MINUTE_MS;
	bs->credit_ms = now;
	if (bs->credit < MINUTE_MS) {
		err_set(e, "more than %" PRIu64 " new blackholes in a minute are not allowed", rate);
		return 429;
	}
	bs->credit -= MINUTE_MS;
	return 0;
}

void
blackholes_set_times(struct request *r, int64_t now)
{
	r->since = now;
	r->has_expires = r->ttl != 0;
	r->expires = now + (int64_t)r->ttl * 1000;
}

/* Defaults for what the request leaves open. */
static struct request
complete(const struct blackholes *bs, const struct request *asked, int64_t now)
{
	struct request r = *asked;
	const struct request *d = &bs->settings.defaults;

	if (!r.has_next_hop)
		r.next_hop = bs->settings.next_hop[is_v6(&r.prefix)];
	if (!r.has_communities) {
		memcpy(r.communities, d->communities, sizeof r.communities);
		memcpy(r.large, d->large, sizeof r.large);
		r.community_count = d->community_count;
		r.large_count = d->large_count;
	}
	blackholes_set_times(&r, now);
	return r;
}

static int
refuse(struct blackholes *bs, int status)
{
	bs->refused++;
	return status;
}

int
blackholes_announce(struct blackholes *bs, const struct request *asked, int64_t now, struct err *e)
{
	const struct blackhole *known = blackholes_find(bs, &asked->prefix);
	int status = check_request(bs, asked, e);

	if (status == 0 && known == NULL)
		status = blackholes_check_fuses(bs, now, e);
	if (status != 0)
		return refuse(bs, status);
	struct request r = complete(bs, asked, now);
	/* An incident goes on: it began when it began. */
	if (known != NULL)
		r.since = known->since_ms;
	struct blackhole *b = blackhole_new(&r);
	struct buf line = {0};
	put_line(&line, b);
	int written = blackholes_append(bs, &line, e);
	buf_release(&line);
	if (written == -1) {
		blackhole_free(b);
		return refuse(bs, 500);
	}
	bs->announced++;
	bs->tell(bs->arg, b, BLACKHOLE_ANNOUNCED, now);
	keep(bs, b);
	blackholes_tidy(bs);
	return 200;
}

/*
 * Takes it back: on disk first, so that a restart does not bring it again; but
 * with a full disk too, since an unwanted blackhole is worse than one that comes
 * back with a restart. The ledger is then written anew before the next change.
 */
static int
take_back(struct blackholes *bs, const struct prefix *p, enum blackhole_event ev, int64_t now, struct err *e)
{
	char text[PREFIX_TEXT_MAX];
	struct buf line = {0};

	buf_printf(&line, "%c{\"prefix\":\"%s\"}\n", LEDGER_WITHDRAW, prefix_text(text, p));
	int r = blackholes_append(bs, &line, e);
	buf_release(&line);
	if (r == -1)
		bs->ledger.torn = true;
	bs->tell(bs->arg, blackholes_find(bs, p), ev, now);
	forget(bs, p);
	return r;
}

int
blackholes_withdraw(struct blackholes *bs, const struct prefix *p, int64_t now, struct err *e)
{
	struct prefix key = *p;

	if (blackholes_find(bs, p) == NULL) {
		err_set(e, "this prefix is not announced");
		return 404;
	}
	bs->withdrawn++;
	if (take_back(bs, &key, BLACKHOLE_WITHDRAWN, now, e) == -1) {
		err_wrap(e, "it is withdrawn, but a restart would bring it back");
		return 500;
	}
	blackholes_tidy(bs);
	return 200;
}

static int
switch_to(struct blackholes *bs, bool disarmed, struct err *e)
{
	struct buf line = {0};

	buf_printf(&line, "%c\n", disarmed ? LEDGER_DISARM : LEDGER_ARM);
	int r = blackholes_append(bs, &line, e);
	buf_release(&line);
	if (r == 0)
		bs->disarmed = disarmed;
	return r == 0 ? 200 : 500;
}

int
blackholes_flush(struct blackholes *bs, int64_t now, struct err *e)
{
	int status = switch_to(bs, true, e);
	size_t it = 0;
	const void *key;
	void *val;

	/* As take_back. */
	if (status != 200)
		bs->ledger.torn = true;
	bs->disarmed = true;
	while (map_next(&bs->by_prefix, &it, &key, &val))
		bs->tell(bs->arg, *(struct blackhole **)val, BLACKHOLE_WITHDRAWN, now);
	it = 0;
	while (map_next(&bs->flows, &it, &key, &val))
		bs->tell_flow(bs->arg, *(struct flow **)val, BLACKHOLE_WITHDRAWN, now);
	bs->withdrawn += blackholes_count(bs);
	forget_all(bs);
	blackholes_tidy(bs);
	return status;
}

int
blackholes_arm(struct blackholes *bs, struct err *e)
{
	return switch_to(bs, false, e);
}

static int64_t
expire_prefixes(struct blackholes *bs, int64_t now)
{
	int64_t next = 0;
	struct err e;

	for (;;) {
		const struct blackhole *due = NULL;
		size_t it = 0;
		const void *key;
		void *val;

		next = 0;
		while (due == NULL && map_next(&bs->by_prefix, &it, &key, &val)) {
			const struct blackhole *b = *(struct blackhole **)val;

			if (b->expires_ms == 0)
				continue;
			if (b->expires_ms <= now)
				due = b;
			else if (next == 0 || b->expires_ms < next)
				next = b->expires_ms;
		}
		if (due == NULL)
			return next;
		struct prefix p = due->prefix;
		take_back(bs, &p, BLACKHOLE_EXPIRED, now, &e);
		bs->expired++;
	}
}

int64_t
blackholes_expire(struct blackholes *bs, int64_t now)
{
	int64_t next = expire_prefixes(bs, now), flow = blackholes_flow_expire(bs, now);

	return next == 0 || (flow != 0 && flow < next) ? flow : next;
}

static int
by_prefix(const void *a, const void *b)
{
	const struct blackhole *x = *(struct blackhole *const *)a, *y = *(struct blackhole *const *)b;

	return memcmp(&x->prefix, &y->prefix, sizeof x->prefix);
}

void
blackholes_each(const struct blackholes *bs, void (*fn)(void *arg, const struct blackhole *b), void *arg)
{
	struct blackhole **all = mem_zero(bs->by_prefix.count + 1, sizeof *all);
	size_t n = 0, it = 0;
	const void *key;
	void *val;

	while (map_next(&bs->by_prefix, &it, &key, &val))
		all[n++] = *(struct blackhole **)val;
	qsort(all, n, sizeof(struct blackhole *), by_prefix);
	for (size_t i = 0; i < n; i++)
		fn(arg, all[i]);
	free(all);
}

struct announcement
blackhole_announcement(const struct blackhole *b)
{
	return (struct announcement){.prefix = b->prefix,
	    .next_hop = b->next_hop,
	    .communities = {(const char *)b->communities.p, b->communities.len},
	    .large = {(const char *)b->large.p, b->large.len}};
}
