/* The neighbours of routers, and what their UPDATEs do to the RIB. */
#include <stdio.h>
#include <stdlib.h>

#include "bgp/rib_update.h"
#include "bmp_parts.h"
#include "io/clock.h"

void
bmp_neighbour_stale(struct bmp_neighbour *n)
{
	for (unsigned f = 0; f < BGP_FAMILIES; f++)
		rib_stale(n->station->rib, n->routes, (enum bgp_family)f);
	loop_timer_set(n->stale, (int64_t)n->station->settings.stale_ms);
}

static void
on_stale(void *arg)
{
	struct bmp_neighbour *n = arg;

	if (n->session == NULL) {
		bmp_neighbour_remove(n);
		return;
	}
	for (unsigned f = 0; f < BGP_FAMILIES; f++)
		rib_sweep(n->station->rib, n->routes, (enum bgp_family)f);
	speaker_changed(n->station->speaker);
}

static bool
is_about(const struct bmp_neighbour *n, const struct bmp_session *s, const struct bmp_peer *p)
{
	return addr_eq(&n->about.addr, &p->addr) && n->about.distinguisher == p->distinguisher &&
	       addr_eq(&n->router, &s->router);
}

/* Of the router of this session, whichever session told of it. */
static struct bmp_neighbour *
find(const struct bmp_session *s, const struct bmp_peer *p)
{
	const struct bmp_station *b = s->station;

	for (unsigned i = 0; i < b->neighbour_count; i++)
		if (is_about(b->neighbours[i], s, p))
			return b->neighbours[i];
	return NULL;
}

struct bmp_neighbour *
bmp_neighbour_find(const struct bmp_session *s, const struct bmp_peer *p)
{
	struct bmp_neighbour *n = find(s, p);

	return n != NULL && n->session == s ? n : NULL;
}

static struct bmp_neighbour *
neighbour_new(struct bmp_session *s, const struct bmp_peer *p)
{
	struct bmp_station *b = s->station;
	int routes = b->neighbour_count < BMP_NEIGHBOURS_MAX
			 ? rib_peer_add(b->rib, &(struct rib_peer){.addr = p->addr})
			 : -1;

	if (routes == -1)
		return NULL;
	struct bmp_neighbour *n = mem_zero(1, sizeof *n);
	n->station = b;
	n->router = s->router;
	n->routes = routes;
	n->stale = loop_timer_add(b->loop, on_stale, n);
	snprintf(n->source, sizeof n->source, "bmp %s", s->text);
	b->neighbours[b->neighbour_count++] = n;
	return n;
}

/*
 * One that is known may be told of by another session of its router: the one
 * before may be dead without our knowing it, so that the last word counts.
 */
struct bmp_neighbour *
bmp_neighbour_up(struct bmp_session *s, const struct bmp_peer *p, const struct bmp_up *up)
{
	struct bmp_neighbour *n = find(s, p);

	if (n == NULL)
		n = neighbour_new(s, p);
	if (n == NULL)
		return NULL;
	struct rib_peer r = {.addr = p->addr,
	    .id = up->terms.peer.id,
	    .asn = p->asn,
	    .ebgp = up->terms.ebgp,
	    .source = n->source};
	n->session = s;
	n->about = *p;
	n->up = *up;
	n->since_ms = clock_mono_ms();
	rib_peer_set(n->station->rib, n->routes, &r);
	bmp_neighbour_stale(n);
	return n;
}

void
bmp_neighbour_update(struct bmp_neighbour *n, const struct update *u)
{
	n->updates++;
	n->withdrawn_by_error += u->verdict >= VERDICT_WITHDRAW;
	rib_update(n->station->rib, n->routes, u);
	if (u->end_of_rib)
		rib_sweep(n->station->rib, n->routes, u->family);
	speaker_changed(n->station->speaker);
}

void
bmp_neighbour_orphan(struct bmp_neighbour *n)
{
	n->session = NULL;
	n->since_ms = clock_mono_ms();
	bmp_neighbour_stale(n);
}

void
bmp_neighbour_remove(struct bmp_neighbour *n)
{
	struct bmp_station *b = n->station;
	unsigned i = 0;

	while (b->neighbours[i] != n)
		i++;
	b->neighbours[i] = b->neighbours[--b->neighbour_count];
	rib_peer_remove(b->rib, n->routes);
	speaker_changed(b->speaker);
	loop_timer_remove(n->stale);
	free(n);
}
