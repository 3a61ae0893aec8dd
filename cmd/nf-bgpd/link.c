/* A neighbour: what its session brings goes into the RIB, and what we announce to it. */
#include <stdlib.h>
#include <string.h>

#include "bgp/rib_update.h"
#include "io/clock.h"
#include "speaker_parts.h"

enum { TELL_AT_ONCE = 64 << 10 };

/* All that the peer takes of what it is to be told; the rest when it has taken that. */
static void
tell_more(struct link *l)
{
	const struct blackholes *bs = l->speaker->blackholes;
	struct buf out = {0};

	while (!outlet_empty(&l->outlet) && peer_has_room(l->peer)) {
		out.len = 0;
		while (!outlet_empty(&l->outlet) && out.len < TELL_AT_ONCE)
			outlet_write(&l->outlet, &out, bs, peer_terms(l->peer), l->settings.peer.open.asn);
		peer_send(l->peer, &out);
	}
	buf_release(&out);
}

/* It was put into the outlet, or there was no room for it. */
static void
told(struct link *l, int put)
{
	if (put == -1)
		peer_give_up(l->peer);
	else
		tell_more(l);
}

static void
tell_families(struct link *l, uint8_t families, uint8_t flows)
{
	const struct blackholes *bs = l->speaker->blackholes;

	told(l, outlet_put_all(&l->outlet, bs, families) | outlet_put_flows(&l->outlet, bs, flows));
}

void
link_tell_all(struct link *l)
{
	const struct bgp_terms *t = peer_terms(l->peer);

	tell_families(l, t->families, t->flows);
}

void
link_tell(struct link *l, const struct buf *message, enum outlet_kind kind, const void *key, size_t len)
{
	if (outlet_empty(&l->outlet) && peer_has_room(l->peer))
		peer_send(l->peer, message);
	else if (outlet_put(&l->outlet, kind, key, len) == -1)
		peer_give_up(l->peer);
}

static void
on_drained(void *arg, struct peer *p)
{
	(void)p;
	tell_more(arg);
}

static void
on_up(void *arg, struct peer *p)
{
	struct link *l = arg;
	const struct bgp_terms *t = peer_terms(p);
	struct rib_peer r = {.addr = l->remote, .id = t->peer.id, .asn = t->peer.asn, .ebgp = t->ebgp};

	log_notice("%s: session up with AS %u", l->name, (unsigned)t->peer.asn);
	rib_peer_set(&l->speaker->rib, l->routes, &r);
	l->ended = 0;
	/* What the session before has left is stale until the peer has said it again. */
	for (unsigned f = 0; f < BGP_FAMILIES; f++)
		rib_stale(&l->speaker->rib, l->routes, (enum bgp_family)f);
	loop_timer_set(l->stale, (int64_t)l->speaker->settings.stale_ms);
	link_tell_all(l);
}

static void
sweep(struct link *l, enum bgp_family f)
{
	uint64_t gone = rib_sweep(&l->speaker->rib, l->routes, f);

	if (gone > 0)
		log_info("%s: %llu stale routes of IPv%d leave", l->name, (unsigned long long)gone,
		    f == BGP_IPV4 ? 4 : 6);
	tablefile_changed(&l->speaker->table);
}

static void
ended(struct link *l, enum bgp_family f)
{
	sweep(l, f);
	l->ended |= (uint8_t)(1 << f);
	if ((peer_terms(l->peer)->families & ~l->ended) == 0)
		tablefile_whole(&l->speaker->table);
}

static void
on_stale(void *arg)
{
	struct link *l = arg;

	for (unsigned f = 0; f < BGP_FAMILIES; f++)
		sweep(l, (enum bgp_family)f);
	if (!l->dynamic || peer_terms(l->peer) != NULL)
		return;
	struct peer_view v;
	peer_view(l->peer, &v);
	if (v.state == FSM_IDLE)
		link_remove(l);
	else
		loop_timer_set(l->stale, (int64_t)l->speaker->settings.stale_ms);
}

static void
on_down(void *arg, struct peer *p, const char *why)
{
	struct link *l = arg;

	(void)p;
	log_notice("%s: session down: %s", l->name, why);
	outlet_release(&l->outlet);
	for (unsigned f = 0; f < BGP_FAMILIES; f++)
		rib_stale(&l->speaker->rib, l->routes, (enum bgp_family)f);
	loop_timer_set(l->stale, (int64_t)l->speaker->settings.stale_ms);
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
	rib_update(&l->speaker->rib, l->routes, u);
	l->withdrawn_by_error += u->verdict >= VERDICT_WITHDRAW;
	if (u->end_of_rib)
		ended(l, u->family);
	tablefile_changed(&l->speaker->table);
	return !too_many(l, p);
}

static void
on_refresh(void *arg, struct peer *p, enum bgp_family f, enum bgp_refresh kind)
{
	struct link *l = arg;

	if (kind == BGP_REFRESH_ASK)
		tell_families(l, (uint8_t)(peer_terms(p)->families & 1 << f), 0);
	else if (kind == BGP_REFRESH_BEGIN)
		rib_stale(&l->speaker->rib, l->routes, f);
	else if (kind == BGP_REFRESH_END)
		sweep(l, f);
}

static void
on_refresh_flows(void *arg, struct peer *p, enum bgp_family f)
{
	tell_families(arg, 0, (uint8_t)(peer_terms(p)->flows & 1 << f));
}

static void
on_complain(void *arg, struct peer *p, const char *words)
{
	struct link *l = arg;

	(void)p;
	log_limited(&l->complaints, clock_mono_ms(), "%s: %s", l->name, words);
}

static const struct peer_ops ops = {.up = on_up,
    .down = on_down,
    .update = on_update,
    .refresh = on_refresh,
    .refresh_flows = on_refresh_flows,
    .drained = on_drained,
    .complain = on_complain};

struct link *
link_new(struct speaker *s, const struct neighbour *n, const struct addr *remote, bool dynamic)
{
	if (s->count == LINKS_MAX)
		return NULL;
	int routes = rib_peer_add(&s->rib, &(struct rib_peer){.addr = *remote});
	if (routes == -1)
		return NULL;
	struct link *l = mem_zero(1, sizeof *l);
	l->speaker = s;
	l->settings = *n;
	l->remote = *remote;
	l->dynamic = dynamic;
	l->routes = routes;
	addr_text(l->name, remote);
	l->stale = loop_timer_add(s->loop, on_stale, l);
	struct peer_settings p = n->peer;
	p.remote = *remote;
	p.passive |= dynamic;
	p.md5 = l->settings.md5[0] != '\0' ? l->settings.md5 : NULL;
	l->peer = peer_new(s->loop, &p, &ops, l);
	s->links[s->count++] = l;
	/* One that calls and then says nothing leaves again. */
	if (dynamic)
		loop_timer_set(l->stale, (int64_t)s->settings.stale_ms);
	return l;
}

void
link_free(struct link *l, uint8_t subcode, const char *why)
{
	struct speaker *s = l->speaker;
	unsigned i = 0;

	peer_stop(l->peer, subcode, why);
	peer_free(l->peer);
	loop_timer_remove(l->stale);
	while (s->links[i] != l)
		i++;
	s->links[i] = s->links[--s->count];
	outlet_release(&l->outlet);
	explicit_bzero(l->settings.md5, sizeof l->settings.md5);
	free(l);
}

void
link_remove(struct link *l)
{
	struct speaker *s = l->speaker;
	int routes = l->routes;

	link_free(l, BGP_CEASE_DECONFIGURED, "");
	rib_peer_remove(&s->rib, routes);
	tablefile_changed(&s->table);
}
