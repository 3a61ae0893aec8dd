#include "views.h"

#include <inttypes.h>

#include "bgp/segments.h"
#include "io/clock.h"
#include "bgp/json_text.h"

/* Since when, until when, and why. */
static void
put_circumstances(struct buf *out, int64_t since, int64_t expires, const char *rule, const char *id,
    const char *zone, int64_t now)
{
	buf_puts(out, ",\"timestamp\":");
	json_put_time(out, since, zone);
	if (expires != 0) {
		buf_puts(out, ",\"expires\":");
		json_put_time(out, expires, zone);
		buf_printf(out, ",\"time_left\":%" PRId64, expires > now ? (expires - now + 999) / 1000 : 0);
	}
	if (rule[0] != '\0') {
		buf_puts(out, ",\"rule\":");
		json_put_string(out, str_from(rule));
	}
	if (id[0] != '\0') {
		buf_puts(out, ",\"id\":");
		json_put_string(out, str_from(id));
	}
	buf_putc(out, '}');
}

static void
put_communities(struct buf *out, struct str communities, struct str large)
{
	const char *comma = "";

	buf_puts(out, ",\"communities\":[");
	json_put_list(out, communities_list, communities, &comma);
	json_put_list(out, large_communities_list, large, &comma);
	buf_putc(out, ']');
}

void
view_blackhole(struct buf *out, const struct blackhole *b, const char *zone, int64_t now)
{
	struct announcement a = blackhole_announcement(b);
	char text[PREFIX_TEXT_MAX];

	buf_printf(out, "{\"prefix\":\"%s\"", prefix_text(text, &b->prefix));
	buf_printf(out, ",\"next_hop\":\"%s\"", addr_text(text, &b->next_hop));
	put_communities(out, a.communities, a.large);
	put_circumstances(out, b->since_ms, b->expires_ms, b->rule, b->id, zone, now);
}

void
view_flow(struct buf *out, const struct flow *f, const char *zone, int64_t now)
{
	struct flow_announcement a = flow_announcement(f);
	const struct request *r = &f->request;

	buf_putc(out, '{');
	flow_rule_json(out, &r->flow);
	put_communities(out, a.communities, a.large);
	put_circumstances(out, r->since, r->has_expires ? r->expires : 0, r->rule, r->id, zone, now);
}

struct listing {
	struct buf *out;
	const char *comma, *zone;
	int64_t now;
};

static void
list_blackhole(void *arg, const struct blackhole *b)
{
	struct listing *l = arg;
	char text[PREFIX_TEXT_MAX];

	buf_printf(l->out, "%s\n\"%s\":", l->comma, prefix_text(text, &b->prefix));
	view_blackhole(l->out, b, l->zone, l->now);
	l->comma = ",";
}

static void
list_flow(void *arg, const struct flow *f)
{
	struct listing *l = arg;

	buf_printf(l->out, "%s\n\"flow ", l->comma);
	flow_rule_text(l->out, &f->request.flow);
	buf_puts(l->out, "\":");
	view_flow(l->out, f, l->zone, l->now);
	l->comma = ",";
}

void
view_blackholes(struct buf *out, const struct blackholes *bs, const char *zone, int64_t now)
{
	struct listing l = {out, "", zone, now};

	buf_putc(out, '{');
	blackholes_each(bs, list_blackhole, &l);
	flows_each(&bs->flows, list_flow, &l);
	buf_puts(out, "}\n");
}

static void
list_peer(void *arg, const struct neighbour_view *v)
{
	struct listing *l = arg;
	const struct bgp_terms *t = v->terms;

	buf_printf(l->out, "%s\n{\"address\":\"%s\",\"state\":\"%s\",\"seconds\":%" PRId64, l->comma, v->name,
	    fsm_state_names[v->peer.state], (l->now - v->peer.since_ms) / 1000);
	buf_printf(l->out,
	    ",\"local_asn\":%u,\"sessions\":%" PRIu64 ",\"received\":%" PRIu64 ",\"sent\":%" PRIu64
	    ",\"updates\":%" PRIu64 ",\"routes\":{\"ipv4\":%" PRIu64 ",\"ipv6\":%" PRIu64 "}",
	    (unsigned)v->peer.settings->open.asn, v->peer.sessions, v->peer.received, v->peer.sent,
	    v->updates, v->routes[BGP_IPV4], v->routes[BGP_IPV6]);
	if (t != NULL) {
		char id[ADDR_TEXT_MAX];
		struct addr a = addr_from_v4(t->peer.id);

		buf_printf(l->out,
		    ",\"asn\":%u,\"id\":\"%s\",\"ebgp\":%s,\"ipv4\":%s,\"ipv6\":%s,\"hold_time\":%u",
		    (unsigned)t->peer.asn, addr_text(id, &a), t->ebgp ? "true" : "false",
		    (t->families >> BGP_IPV4 & 1) != 0 ? "true" : "false",
		    (t->families >> BGP_IPV6 & 1) != 0 ? "true" : "false", (unsigned)t->hold);
		buf_printf(l->out, ",\"flowspec\":{\"ipv4\":%s,\"ipv6\":%s}",
		    (t->flows >> BGP_IPV4 & 1) != 0 ? "true" : "false",
		    (t->flows >> BGP_IPV6 & 1) != 0 ? "true" : "false");
	}
	if (v->peer.last_error[0] != '\0') {
		buf_puts(l->out, ",\"last_error\":");
		json_put_string(l->out, str_from(v->peer.last_error));
	}
	buf_putc(l->out, '}');
	l->comma = ",";
}

void
view_peers(struct buf *out, const struct speaker *s, const struct bmp_station *b)
{
	struct listing l = {.out = out, .comma = "", .now = clock_mono_ms()};

	buf_putc(out, '[');
	speaker_each(s, list_peer, &l);
	bmp_station_view(out, b, l.comma);
	buf_puts(out, "]\n");
}

static void
put_list(struct buf *out, const char *key, void (*list)(struct buf *o, struct str wire), struct str wire)
{
	const char *comma = "";

	if (wire.len == 0)
		return;
	buf_printf(out, ",\"%s\":[", key);
	json_put_list(out, list, wire, &comma);
	buf_putc(out, ']');
}

static void
clusters_list(struct buf *out, struct str wire)
{
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i + 4 <= wire.len; i += 4) {
		struct addr a = addr_from_v4(load_be32(wire.p + i));

		buf_puts(out, addr_text(text, &a));
		buf_putc(out, '\0');
	}
}

static void
put_attrs(struct buf *out, const struct attrs *a)
{
	static const char *const origins[] = {"igp", "egp", "incomplete"};
	char text[ADDR_TEXT_MAX];
	const char *comma = "";

	buf_puts(out, ",\"as_path\":[");
	json_put_list(out, segments_list, a->as_path, &comma);
	buf_printf(out, "],\"origin\":\"%s\"", origins[a->origin < 3 ? a->origin : 2]);
	if (attrs_has(a, BGP_ATTR_LOCAL_PREF))
		buf_printf(out, ",\"local_pref\":%u", (unsigned)a->local_pref);
	if (attrs_has(a, BGP_ATTR_MED))
		buf_printf(out, ",\"med\":%u", (unsigned)a->med);
	if (attrs_has(a, BGP_ATTR_ATOMIC))
		buf_puts(out, ",\"atomic_aggregate\":true");
	if (attrs_has(a, BGP_ATTR_AGGREGATOR))
		buf_printf(out, ",\"aggregator\":{\"asn\":%u,\"address\":\"%s\"}", (unsigned)a->aggregator_as,
		    addr_text(text, &a->aggregator));
	put_list(out, "communities", communities_list, a->communities);
	put_list(out, "large_communities", large_communities_list, a->large);
	put_list(out, "extended_communities", extended_communities_list, a->extended);
	if (attrs_has(a, BGP_ATTR_ORIGINATOR)) {
		struct addr id = addr_from_v4(a->originator);

		buf_printf(out, ",\"originator\":\"%s\"", addr_text(text, &id));
	}
	put_list(out, "clusters", clusters_list, a->clusters);
}

static void
put_path(struct buf *out, const struct rib_route *r, const char *comma)
{
	char text[ADDR_TEXT_MAX];
	struct attrs a;

	attrset_get(r->set, &a);
	buf_printf(out, "%s\n{\"best\":%s,\"peer\":\"%s\"", comma, r->best ? "true" : "false",
	    addr_text(text, &r->from->addr));
	buf_printf(out, ",\"peer_asn\":%u,\"next_hop\":\"%s\"", (unsigned)r->from->asn,
	    addr_text(text, &r->set->next_hop));
	if (r->from->source != NULL) {
		buf_puts(out, ",\"source\":");
		json_put_string(out, str_from(r->from->source));
	}
	if (r->path_id != 0)
		buf_printf(out, ",\"path_id\":%u", (unsigned)r->path_id);
	if (r->stale)
		buf_puts(out, ",\"stale\":true");
	if (r->loop)
		buf_puts(out, ",\"loop\":true");
	put_attrs(out, &a);
	buf_putc(out, '}');
}

bool
view_route(struct buf *out, const struct rib *r, const struct addr *a)
{
	struct rib_route routes[VIEW_PATHS_MAX];
	size_t n = rib_lookup(r, a, routes, VIEW_PATHS_MAX);
	char text[PREFIX_TEXT_MAX];

	if (n == 0)
		return false;
	buf_printf(out, "{\"address\":\"%s\"", addr_text(text, a));
	buf_printf(out, ",\"prefix\":\"%s\",\"paths\":[", prefix_text(text, &routes[0].prefix));
	for (size_t i = 0; i < n; i++)
		put_path(out, &routes[i], i > 0 ? "," : "");
	buf_puts(out, "]}\n");
	return true;
}
