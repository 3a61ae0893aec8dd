/* The BMP station as it is shown. */
#include <inttypes.h>

#include "bgp/json_text.h"
#include "bmp_parts.h"
#include "io/clock.h"

static const uint64_t *
routes_of(const struct bmp_neighbour *n)
{
	return n->station->rib->peers[n->routes].routes;
}

static const char *
truth(bool b)
{
	return b ? "true" : "false";
}

static void
put_neighbour(struct buf *out, const struct bmp_neighbour *n, int64_t now)
{
	const struct bgp_terms *t = &n->up.terms;
	struct addr id = addr_from_v4(t->peer.id);
	char text[ADDR_TEXT_MAX];

	buf_printf(
	    out, "\n{\"address\":\"%s\",\"source\":\"%s\"", addr_text(text, &n->about.addr), n->source);
	if (n->session != NULL && n->session->name[0] != '\0') {
		buf_puts(out, ",\"router\":");
		json_put_string(out, str_from(n->session->name));
	}
	buf_printf(out, ",\"state\":\"%s\",\"seconds\":%" PRId64 ",\"asn\":%u,\"id\":\"%s\",\"ebgp\":%s",
	    fsm_state_names[n->session != NULL ? FSM_ESTABLISHED : FSM_IDLE], (now - n->since_ms) / 1000,
	    (unsigned)n->about.asn, addr_text(text, &id), truth(t->ebgp));
	buf_printf(out,
	    ",\"ipv4\":%s,\"ipv6\":%s,\"updates\":%" PRIu64 ",\"routes\":{\"ipv4\":%" PRIu64
	    ",\"ipv6\":%" PRIu64 "}}",
	    truth((t->families >> BGP_IPV4 & 1) != 0), truth((t->families >> BGP_IPV6 & 1) != 0), n->updates,
	    routes_of(n)[BGP_IPV4], routes_of(n)[BGP_IPV6]);
}

void
bmp_station_view(struct buf *out, const struct bmp_station *b, const char *comma)
{
	int64_t now = clock_mono_ms();

	for (unsigned i = 0; i < b->neighbour_count; i++, comma = ",") {
		buf_puts(out, comma);
		put_neighbour(out, b->neighbours[i], now);
	}
}

static uint64_t
is_up(const struct bmp_neighbour *n)
{
	return n->session != NULL;
}

static uint64_t
all_routes(const struct bmp_neighbour *n)
{
	return routes_of(n)[BGP_IPV4] + routes_of(n)[BGP_IPV6];
}

static uint64_t
updates_of(const struct bmp_neighbour *n)
{
	return n->updates;
}

static uint64_t
errors_of(const struct bmp_neighbour *n)
{
	return n->withdrawn_by_error;
}

static void
samples(const struct bmp_station *b, struct buf *out, const char *name, const char *help,
    enum metric_kind kind, uint64_t (*value)(const struct bmp_neighbour *n))
{
	metrics_head(out, name, help, kind);
	for (unsigned i = 0; i < b->neighbour_count; i++) {
		const struct bmp_neighbour *n = b->neighbours[i];
		char text[ADDR_TEXT_MAX];
		struct buf labels = {0};

		metrics_label(&labels, "router", addr_text(text, &n->router));
		metrics_label(&labels, "peer", addr_text(text, &n->about.addr));
		metrics_sample(out, name, buf_cstr(&labels), value(n));
		buf_release(&labels);
	}
}

static void
sample(struct buf *out, const char *name, const char *help, enum metric_kind kind, uint64_t v)
{
	metrics_head(out, name, help, kind);
	metrics_sample(out, name, NULL, v);
}

void
bmp_station_metrics(void *arg, struct buf *out)
{
	const struct bmp_station *b = arg;

	if (!b->settings.enabled)
		return;
	sample(out, "nf_bgpd_bmp_sessions", "routers that tell by BMP", METRIC_GAUGE, b->session_count);
	sample(out, "nf_bgpd_bmp_calls_total", "calls of routers", METRIC_COUNTER, b->calls);
	sample(out, "nf_bgpd_bmp_calls_refused_total", "calls of those who are not listed, or of too many",
	    METRIC_COUNTER, b->calls_refused);
	sample(out, "nf_bgpd_bmp_messages_total", "BMP messages", METRIC_COUNTER, b->messages);
	sample(out, "nf_bgpd_bmp_passed_total",
	    "BMP messages of no use: statistics, post-policy routes, other tables", METRIC_COUNTER,
	    b->passed);
	sample(out, "nf_bgpd_bmp_errors_total", "BMP messages that ended their session", METRIC_COUNTER,
	    b->errors);
	samples(b, out, "nf_bgpd_bmp_peer_up", "whether a router tells of it", METRIC_GAUGE, is_up);
	samples(b, out, "nf_bgpd_bmp_routes", "routes of the peer", METRIC_GAUGE, all_routes);
	samples(b, out, "nf_bgpd_bmp_updates_total", "UPDATE messages", METRIC_COUNTER, updates_of);
	samples(b, out, "nf_bgpd_bmp_withdrawn_by_error_total",
	    "UPDATE messages with errors (RFC 7606), or that could not be read", METRIC_COUNTER, errors_of);
}
