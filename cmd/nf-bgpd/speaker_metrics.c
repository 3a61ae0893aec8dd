#include "speaker_parts.h"

static void
peer_samples(const struct speaker *s, struct buf *out, const char *name, const char *help,
    enum metric_kind kind, uint64_t (*value)(const struct link *l))
{
	metrics_head(out, name, help, kind);
	for (unsigned i = 0; i < s->count; i++) {
		struct buf labels = {0};

		metrics_label(&labels, "peer", s->links[i]->name);
		metrics_sample(out, name, buf_cstr(&labels), value(s->links[i]));
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
	    s->rib.prefixes[BGP_IPV4].shelf.count + s->rib.prefixes[BGP_IPV6].shelf.count);
	sample(
	    out, "nf_bgpd_attribute_sets", "distinct sets of attributes", METRIC_GAUGE, s->rib.attrs.count);
	sample(out, "nf_bgpd_paths_refused_total", "paths beyond the most for a prefix", METRIC_COUNTER,
	    s->rib.refused);
	sample(
	    out, "nf_bgpd_tables_written_total", "prefix tables written", METRIC_COUNTER, s->table.written);
	sample(out, "nf_bgpd_tables_failed_total", "prefix tables that could not be", METRIC_COUNTER,
	    s->table.failed);
	sample(
	    out, "nf_bgpd_dumps_written_total", "dumps of routes written", METRIC_COUNTER, s->dump.written);
	sample(out, "nf_bgpd_dumps_failed_total", "dumps that could not be", METRIC_COUNTER, s->dump.failed);
}
