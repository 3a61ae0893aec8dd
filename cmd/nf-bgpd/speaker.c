#include "speaker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/log.h"
#include "bgp/tcp.h"
#include "io/clock.h"

enum { LISTEN_AGAIN_MS = 5000, SETTLE_MS = 1000 };

/* A neighbour with its routes. */
struct link {
	struct speaker *speaker;
	struct neighbour settings;
	struct peer *peer;
	char name[ADDR_TEXT_MAX];
	int routes; /* the peer of the RIB */
	struct loop_timer *stale; /* runs while the routes outlive their session */
	struct log_limit complaints;
	uint64_t updates, withdrawn_by_error;
};

struct speaker {
	struct loop *loop;
	struct bgpd_settings settings;
	struct rib rib;
	const struct blackholes *blackholes;
	struct tablefile table;
	struct loop_timer *settle; /* after the last change, or a while after the first */
	struct link links[NEIGHBOURS_MAX];
	int listen_fd;
	struct loop_fd *listen_watch;
	struct loop_timer *listen_again;
	struct err listen_said;
};

static void
on_settled(void *arg)
{
	struct speaker *s = arg;

	tablefile_changed(&s->table);
}

static void
changed(struct speaker *s)
{
	if (!loop_timer_pending(s->settle))
		loop_timer_set(s->settle, SETTLE_MS);
}

struct telling {
	struct link *link;
	struct buf out;
};

static void
tell_one(void *arg, const struct blackhole *b)
{
	struct telling *t = arg;
	struct announcement a = blackhole_announcement(b);

	announcement_write(&t->out, &a, peer_terms(t->link->peer), t->link->speaker->settings.asn);
}

/* All that we announce, then the end of it. */
static void
tell_all(struct link *l, uint8_t families)
{
	struct telling t = {.link = l};

	if (l->speaker->blackholes != NULL)
		blackholes_each(l->speaker->blackholes, tell_one, &t);
	for (unsigned f = 0; f < BGP_FAMILIES; f++)
		if ((families >> f & 1) != 0)
			end_of_rib_write(&t.out, (enum bgp_family)f);
	peer_send(l->peer, &t.out);
	buf_release(&t.out);
}

static void
on_up(void *arg, struct peer *p)
{
	struct link *l = arg;
	const struct bgp_terms *t = peer_terms(p);
	struct rib_peer r = {
	    .addr = l->settings.peer.remote, .id = t->peer.id, .asn = t->peer.asn, .ebgp = t->ebgp};

	log_notice("%s: session up with AS %u", l->name, (unsigned)t->peer.asn);
	rib_peer_set(&l->speaker->rib, l->routes, &r);
	/* What the session before has left is stale until the peer has said it again. */
	for (unsigned f = 0; f < BGP_FAMILIES; f++)
		rib_stale(&l->speaker->rib, l->routes, (enum bgp_family)f);
	loop_timer_set(l->stale, (int64_t)l->speaker->settings.stale_ms);
	tell_all(l, t->families);
}

static void
sweep(struct link *l, enum bgp_family f)
{
	uint64_t gone = rib_sweep(&l->speaker->rib, l->routes, f);

	if (gone > 0)
		log_info("%s: %llu stale routes of IPv%d left", l->name, (unsigned long long)gone,
		    f == BGP_IPV4 ? 4 : 6);
	changed(l->speaker);
}

static void
on_stale(void *arg)
{
	struct link *l = arg;

	for (unsigned f = 0; f < BGP_FAMILIES; f++)
		sweep(l, (enum bgp_family)f);
}

static void
on_down(void *arg, struct peer *p, const char *why)
{
	struct link *l = arg;

	(void)p;
	log_notice("%s: session down: %s", l->name, why);
	for (unsigned f = 0; f < BGP_FAMILIES; f++)
		rib_stale(&l->speaker->rib, l->routes, (enum bgp_family)f);
	loop_timer_set(l->stale, (int64_t)l->speaker->settings.stale_ms);
}

/* An IPv6 prefix that spells IPv4 is no route for it. */
static bool
is_disguised(const struct nlri *n, const struct prefix *p)
{
	return n->family == BGP_IPV6 && p->len >= 96 && addr_is_v4(&p->addr);
}

static void
withdraw_all(struct link *l, const struct nlri *n)
{
	struct rd r = n->routes;
	struct prefix p;
	uint32_t id;

	while (nlri_next(&r, n, &p, &id) == 0)
		if (!is_disguised(n, &p))
			rib_withdraw(&l->speaker->rib, l->routes, &p, id);
}

static void
announce_all(struct link *l, const struct nlri *n, const struct attrs *a)
{
	struct rib *rib = &l->speaker->rib;
	uint32_t attrs = rib_attrs(rib, a, &n->next_hop);
	struct rd r = n->routes;
	struct prefix p;
	uint32_t id;

	while (nlri_next(&r, n, &p, &id) == 0)
		if (!is_disguised(n, &p))
			rib_announce(rib, l->routes, &p, id, attrs);
	rib_attrs_drop(rib, attrs);
}

static bool
too_many(struct link *l, struct peer *p)
{
	const struct rib *r = &l->speaker->rib;
	uint64_t n = r->peers[l->routes].routes[BGP_IPV4] + r->peers[l->routes].routes[BGP_IPV6];

	if (l->settings.max_prefixes == 0 || n <= l->settings.max_prefixes)
		return false;
	bgp_error_set(peer_error(p), BGP_ERR_CEASE, BGP_CEASE_PREFIXES, "more than %llu routes",
	    (unsigned long long)l->settings.max_prefixes);
	return true;
}

static bool
on_update(void *arg, struct peer *p, const struct update *u)
{
	struct link *l = arg;

	l->updates++;
	for (unsigned i = 0; i < u->withdrawn_count; i++)
		withdraw_all(l, &u->withdrawn[i]);
	for (unsigned i = 0; i < u->announced_count; i++) {
		if (u->verdict >= VERDICT_WITHDRAW)
			withdraw_all(l, &u->announced[i]);
		else
			announce_all(l, &u->announced[i], &u->attrs);
	}
	l->withdrawn_by_error += u->verdict >= VERDICT_WITHDRAW;
	if (u->end_of_rib)
		sweep(l, u->family);
	changed(l->speaker);
	return !too_many(l, p);
}

static void
on_refresh(void *arg, struct peer *p, enum bgp_family f, enum bgp_refresh kind)
{
	struct link *l = arg;

	if (kind == BGP_REFRESH_ASK)
		tell_all(l, (uint8_t)(peer_terms(p)->families & 1 << f));
	else if (kind == BGP_REFRESH_BEGIN)
		rib_stale(&l->speaker->rib, l->routes, f);
	else if (kind == BGP_REFRESH_END)
		sweep(l, f);
}

static void
on_complain(void *arg, struct peer *p, const char *words)
{
	struct link *l = arg;

	(void)p;
	log_limited(&l->complaints, clock_mono_ms(), "%s: %s", l->name, words);
}

static const struct peer_ops ops = {on_up, on_down, on_update, on_refresh, on_complain};

static void
on_call(void *arg, int fd, int what)
{
	struct speaker *s = arg;
	struct addr from;
	int got;

	(void)what;
	while ((got = tcp_accept(fd, &from)) != -1) {
		unsigned i = 0;

		while (i < s->settings.count && !prefix_contains(&s->links[i].settings.from, &from))
			i++;
		if (i < s->settings.count)
			peer_accept(s->links[i].peer, got);
		else
			close(got);
	}
}

/* The port may be taken, or the address not be there yet: a first run is not refused for that. */
static void
on_listen(void *arg)
{
	struct speaker *s = arg;
	struct err e;

	s->listen_fd = tcp_listen(&s->settings.listen, s->settings.port, &e);
	if (s->listen_fd == -1) {
		if (strcmp(e.msg, s->listen_said.msg) != 0)
			log_warnx("%s; it is tried again, meanwhile only we call", e.msg);
		s->listen_said = e;
		loop_timer_set(s->listen_again, LISTEN_AGAIN_MS);
		return;
	}
	for (unsigned i = 0; i < s->settings.count; i++)
		if (s->links[i].settings.md5[0] != '\0' &&
		    tcp_listen_md5(s->listen_fd, &s->links[i].settings.from, s->links[i].settings.md5, &e) ==
			-1)
			log_warnx("%s: %s", s->links[i].name, e.msg);
	s->listen_watch = loop_fd_add(s->loop, s->listen_fd, LOOP_READ, on_call, s);
}

struct speaker *
speaker_new(struct loop *l, const struct bgpd_settings *settings, const struct blackholes *bs)
{
	struct speaker *s = mem_zero(1, sizeof *s);
	uint64_t seed = 0;

	s->loop = l;
	s->settings = *settings;
	s->blackholes = bs;
	s->listen_fd = -1;
	if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
		seed = (uintptr_t)s;
	rib_init(&s->rib, s->settings.asn, s->settings.id, seed);
	tablefile_init(&s->table, l, &s->rib, s->settings.table, s->settings.table_interval_ms);
	s->settle = loop_timer_add(l, on_settled, s);
	s->listen_again = loop_timer_add(l, on_listen, s);
	for (unsigned i = 0; i < s->settings.count; i++) {
		struct link *k = &s->links[i];

		k->speaker = s;
		k->settings = settings->neighbours[i];
		if (k->settings.md5[0] != '\0')
			k->settings.peer.md5 = k->settings.md5;
		addr_text(k->name, &k->settings.peer.remote);
		k->stale = loop_timer_add(l, on_stale, k);
		k->routes = rib_peer_add(&s->rib, &(struct rib_peer){.addr = k->settings.peer.remote});
		k->peer = peer_new(l, &k->settings.peer, &ops, k);
	}
	return s;
}

void
speaker_start(struct speaker *s)
{
	on_listen(s);
	for (unsigned i = 0; i < s->settings.count; i++)
		peer_start(s->links[i].peer);
}

void
speaker_free(struct speaker *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i < s->settings.count; i++) {
		peer_stop(s->links[i].peer, BGP_CEASE_SHUTDOWN, "nf-bgpd ends");
		peer_free(s->links[i].peer);
		loop_timer_remove(s->links[i].stale);
	}
	if (s->listen_fd != -1) {
		loop_fd_remove(s->listen_watch);
		close(s->listen_fd);
	}
	loop_timer_remove(s->listen_again);
	loop_timer_remove(s->settle);
	tablefile_release(&s->table);
	rib_release(&s->rib);
	explicit_bzero(s->links, sizeof s->links);
	free(s);
}

static void
send_each(struct speaker *s, const struct prefix *withdrawn, const struct announcement *announced)
{
	for (unsigned i = 0; i < s->settings.count; i++) {
		struct link *l = &s->links[i];
		const struct bgp_terms *t = peer_terms(l->peer);
		struct buf out = {0};

		if (t == NULL)
			continue;
		if (announced != NULL)
			announcement_write(&out, announced, t, s->settings.asn);
		else
			withdrawal_write(&out, withdrawn, t);
		peer_send(l->peer, &out);
		buf_release(&out);
	}
}

void
speaker_announce(struct speaker *s, const struct blackhole *b)
{
	struct announcement a = blackhole_announcement(b);

	if (s->blackholes != NULL)
		send_each(s, NULL, &a);
}

void
speaker_withdraw(struct speaker *s, const struct prefix *p)
{
	if (s->blackholes != NULL)
		send_each(s, p, NULL);
}

void
speaker_announce_all(struct speaker *s)
{
	for (unsigned i = 0; i < s->settings.count; i++) {
		const struct bgp_terms *t = peer_terms(s->links[i].peer);

		if (t != NULL)
			tell_all(&s->links[i], t->families);
	}
}

unsigned
speaker_sessions(const struct speaker *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->settings.count; i++)
		n += peer_terms(s->links[i].peer) != NULL;
	return n;
}

const struct rib *
speaker_rib(const struct speaker *s)
{
	return &s->rib;
}

void
speaker_each(const struct speaker *s, void (*fn)(void *arg, const struct neighbour_view *v), void *arg)
{
	for (unsigned i = 0; i < s->settings.count; i++) {
		const struct link *l = &s->links[i];
		const uint64_t *n = s->rib.peers[l->routes].routes;
		struct neighbour_view v = {.name = l->name,
		    .terms = peer_terms(l->peer),
		    .routes = {n[BGP_IPV4], n[BGP_IPV6]},
		    .updates = l->updates};

		peer_view(l->peer, &v.peer);
		fn(arg, &v);
	}
}

static void
peer_samples(const struct speaker *s, struct buf *out, const char *name, const char *help,
    enum metric_kind kind, uint64_t (*value)(const struct link *l))
{
	metrics_head(out, name, help, kind);
	for (unsigned i = 0; i < s->settings.count; i++) {
		struct buf labels = {0};

		metrics_label(&labels, "peer", s->links[i].name);
		metrics_sample(out, name, buf_cstr(&labels), value(&s->links[i]));
		buf_release(&labels);
	}
}

static uint64_t
is_up(const struct link *l)
{
	return peer_terms(l->peer) != NULL;
}

static uint64_t
routes_of(const struct link *l)
{
	const uint64_t *n = l->speaker->rib.peers[l->routes].routes;

	return n[BGP_IPV4] + n[BGP_IPV6];
}

static uint64_t
updates_of(const struct link *l)
{
	return l->updates;
}

static uint64_t
errors_of(const struct link *l)
{
	return l->withdrawn_by_error;
}

static void
sample(struct buf *out, const char *name, const char *help, enum metric_kind kind, uint64_t v)
{
	metrics_head(out, name, help, kind);
	metrics_sample(out, name, NULL, v);
}

void
speaker_metrics(void *arg, struct buf *out)
{
	const struct speaker *s = arg;

	peer_samples(s, out, "nf_bgpd_peer_up", "whether there is a session", METRIC_GAUGE, is_up);
	peer_samples(s, out, "nf_bgpd_routes", "routes of the peer", METRIC_GAUGE, routes_of);
	peer_samples(s, out, "nf_bgpd_updates_total", "UPDATE messages", METRIC_COUNTER, updates_of);
	peer_samples(s, out, "nf_bgpd_withdrawn_by_error_total",
	    "UPDATE messages whose routes were taken as withdrawn (RFC 7606)", METRIC_COUNTER, errors_of);
	sample(out, "nf_bgpd_prefixes", "prefixes with a route", METRIC_GAUGE,
	    s->rib.prefixes[BGP_IPV4].count + s->rib.prefixes[BGP_IPV6].count);
	sample(
	    out, "nf_bgpd_attribute_sets", "distinct sets of attributes", METRIC_GAUGE, s->rib.attrs.count);
	sample(out, "nf_bgpd_paths_refused_total", "paths beyond the most for a prefix", METRIC_COUNTER,
	    s->rib.refused);
	sample(
	    out, "nf_bgpd_tables_written_total", "prefix tables written", METRIC_COUNTER, s->table.written);
	sample(out, "nf_bgpd_tables_failed_total", "prefix tables that could not be", METRIC_COUNTER,
	    s->table.failed);
}
