#include "detect/detection.h"

#include <inttypes.h>

#include "detect/sha1.h"
#include "flow/put.h"

/* The name space of our ids: a UUID of version 4, drawn once. */
static const uint8_t id_space[16] = {
    0x5d, 0x0c, 0x1c, 0x8e, 0x7f, 0x43, 0x4b, 0x52, 0x9a, 0x3e, 0x21, 0xd4, 0x66, 0xb0, 0x9f, 0x17};

static const char *const state_names[] = {"start", "update", "end"};
static const char *const unique_names[UNIQUES] = {"unique_dst_ips", "unique_dst_ports", "unique_src_ips"};
static const enum rule_limit unique_limits[UNIQUES] = {LIMIT_DST_IPS, LIMIT_DST_PORTS, LIMIT_SRC_IPS};

void
detection_id(uint8_t id[16], const struct rule *r, bool trusted, const struct flowkey *k,
    enum flowkey_width width, const uint8_t *key_bytes, int64_t start_ms)
{
	struct buf name = {0};

	buf_puts(&name, r->name);
	buf_putc(&name, '\0');
	flowkey_json(k, width, key_bytes, &name);
	buf_printf(&name, "%c%" PRId64 "%s", '\0', start_ms / 1000, trusted ? "" : " untrusted");
	uuid5(id, id_space, name.p, name.len);
	buf_release(&name);
}

static void
write_str(struct buf *out, struct str s)
{
	char *p = (char *)buf_reserve(out, 6 * s.len + 18);

	*p = '"';
	char *end = put_escaped(p + 1, s);
	*end++ = '"';
	out->len += (size_t)(end - p);
}

static void
write_time(struct buf *out, const char *name, int64_t ms)
{
	buf_printf(out, ",\"%s\":%" PRId64 ".%03d", name, ms / 1000, (int)(ms % 1000));
}

static uint64_t
bits_per_second(uint64_t bytes, uint32_t seconds)
{
	return (uint64_t)((unsigned __int128)bytes * 8 / seconds);
}

static void
write_totals(const struct detection *d, const struct totals *t, struct buf *out)
{
	uint32_t w = d->window->seconds;

	buf_printf(out, "\"flows\":%" PRIu64 ",\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64, t->flows,
	    t->packets, t->bytes);
	buf_printf(
	    out, ",\"pps\":%" PRIu64 ",\"bps\":%" PRIu64, t->packets / w, bits_per_second(t->bytes, w));
	for (unsigned u = 0; u < UNIQUES; u++)
		if (d->window->unique_max[u] > 0)
			buf_printf(out, ",\"%s\":%" PRIu32, unique_names[u], t->unique[u]);
	if (t->score >= 0)
		buf_printf(out, ",\"ml_score\":%.4g", t->score);
}

uint64_t
totals_value(const struct totals *t, enum rule_limit l, uint32_t window)
{
	switch (l) {
	case LIMIT_FLOWS:
		return t->flows;
	case LIMIT_BYTES:
		return t->bytes;
	case LIMIT_PACKETS:
		return t->packets;
	case LIMIT_PPS:
		return t->packets / window;
	case LIMIT_BPS:
		return bits_per_second(t->bytes, window);
	default:
		break;
	}
	for (unsigned u = 0; u < UNIQUES; u++)
		if (unique_limits[u] == l)
			return t->unique[u];
	return 0;
}

/* Whether the value is only known to be no less. */
static bool
limit_at_least(const struct detection *d, enum rule_limit l)
{
	for (unsigned u = 0; u < UNIQUES; u++)
		if (unique_limits[u] == l)
			return d->now.unique[u] >= d->window->unique_max[u];
	return false;
}

static void
write_reasons(const struct detection *d, struct buf *out)
{
	const char *sep = "";

	buf_puts(out, ",\"reasons\":[");
	for (int l = 0; l < LIMITS; l++) {
		if (d->rule->limits[l] == 0)
			continue;
		buf_printf(out, "%s{\"threshold\":\"%s\",\"limit\":%" PRIu64 ",\"value\":%" PRIu64 "%s}", sep,
		    rule_limit_names[l], d->limits[l],
		    totals_value(&d->now, (enum rule_limit)l, d->window->seconds),
		    limit_at_least(d, (enum rule_limit)l) ? ",\"at_least\":true" : "");
		sep = ",";
	}
	if (d->rule->min_ml_score >= 0)
		buf_printf(out, "%s{\"threshold\":\"min_ml_score\",\"limit\":%.4g,\"value\":%.4g}", sep,
		    d->rule->min_ml_score, d->now.score);
	buf_putc(out, ']');
}

static void
write_usual(const struct detection *d, struct buf *out)
{
	const double *mean = d->usual.mean;

	if (d->host_group != NULL) {
		buf_puts(out, ",\"host_group\":");
		write_str(out, str_from(d->host_group));
	}
	if (d->rule->above_baseline > 0)
		buf_printf(out, ",\"usual\":{\"flows\":%.0f,\"packets\":%.0f,\"bytes\":%.0f}",
		    mean[BASELINE_FLOWS], mean[BASELINE_PACKETS], mean[BASELINE_BYTES]);
}

static void
write_actions(const struct detection *d, struct buf *out)
{
	const char *sep = "";

	buf_puts(out, ",\"actions\":[");
	for (unsigned i = 0; i < RULE_ACTIONS; i++) {
		if ((d->actions >> i & 1) == 0)
			continue;
		buf_printf(out, "%s\"%s\"", sep, rule_action_names[i]);
		sep = ",";
	}
	buf_putc(out, ']');
}

/* What is proposed: whether it may be done is for others to judge. */
static void
write_blackhole(const struct detection *d, struct buf *out)
{
	const struct rule *r = d->rule;
	struct prefix net =
	    flowkey_prefix(d->key, d->key_width, d->key_bytes, (enum rule_target)r->blackhole_target);
	bool v6 = !addr_is_v4(&net.addr);
	char text[PREFIX_TEXT_MAX];

	buf_printf(out, ",\"blackhole\":{\"prefix\":\"%s\",\"target\":\"%s\"", prefix_text(text, &net),
	    r->blackhole_target == TARGET_SRC ? "src" : "dst");
	if (r->has_next_hop[v6])
		buf_printf(out, ",\"next_hop\":\"%s\"", addr_text(text, &r->next_hop[v6]));
	if (r->community_count > 0) {
		buf_puts(out, ",\"communities\":[");
		for (size_t i = 0; i < r->community_count; i++)
			buf_printf(out, "%s\"%s\"", i > 0 ? "," : "", r->communities[i]);
		buf_putc(out, ']');
	}
	buf_puts(out, ",\"ttl\":");
	if (r->blackhole_time_count > 1)
		buf_putc(out, '[');
	for (size_t i = 0; i < r->blackhole_time_count; i++)
		buf_printf(out, "%s%" PRIu32, i > 0 ? "," : "", r->blackhole_times[i]);
	if (r->blackhole_time_count > 1)
		buf_putc(out, ']');
	buf_putc(out, '}');
}

static void
write_sample(const struct sample *s, struct buf *out)
{
	char text[ADDR_TEXT_MAX];

	buf_printf(out, "{\"time\":%" PRId64 ".%03d,\"src_host\":\"%s\"", s->time_ms / 1000,
	    (int)(s->time_ms % 1000), addr_text(text, &s->src));
	buf_printf(out, ",\"dst_host\":\"%s\"", addr_text(text, &s->dst));
	if (s->has_ports)
		buf_printf(out, ",\"src_port\":%u,\"dst_port\":%u", s->src_port, s->dst_port);
	buf_printf(out, ",\"proto\":%u", s->proto);
	if (s->has_flags)
		buf_printf(out, ",\"tcpflags\":%u", s->flags);
	buf_printf(out, ",\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64, s->packets, s->bytes);
	if (!addr_is_any(&s->exporter))
		buf_printf(out, ",\"exporter_ip\":\"%s\"", addr_text(text, &s->exporter));
	buf_putc(out, '}');
}

static void
write_nats(const struct nats *n, const char *name, struct buf *out)
{
	char text[ADDR_TEXT_MAX];

	if (n->count == 0)
		return;
	buf_printf(out, ",\"%s\":[", name);
	for (unsigned i = 0; i < n->count; i++)
		buf_printf(out, "%s\"%s\"", i > 0 ? "," : "", addr_text(text, &n->v[i]));
	buf_putc(out, ']');
}

void
detection_write(const struct detection *d, struct buf *out)
{
	char id[UUID_TEXT_MAX];

	buf_printf(out, "{\"type\":\"detection\",\"id\":\"%s\",\"state\":\"%s\"", uuid_text(id, d->id),
	    state_names[d->state]);
	write_time(out, "time", d->time_ms);
	write_time(out, "start", d->start_ms);
	buf_puts(out, ",\"rule\":");
	write_str(out, str_from(d->rule->name));
	buf_puts(out, ",\"key\":");
	flowkey_json(d->key, d->key_width, d->key_bytes, out);
	buf_printf(out, ",\"window\":%" PRIu32 ",", d->window->seconds);
	write_totals(d, &d->now, out);
	if (d->state != DETECTION_START) {
		buf_puts(out, ",\"peak\":{");
		write_totals(d, &d->peak, out);
		buf_putc(out, '}');
	}
	write_reasons(d, out);
	write_usual(d, out);
	write_actions(d, out);
	if (!d->trusted)
		buf_puts(out, ",\"trusted\":false");
	write_nats(&d->nat_src, "nat_src_hosts", out);
	write_nats(&d->nat_dst, "nat_dst_hosts", out);
	if (d->blackhole && d->state != DETECTION_END)
		write_blackhole(d, out);
	buf_puts(out, ",\"samples\":[");
	for (unsigned i = 0; i < d->sample_count; i++) {
		if (i > 0)
			buf_putc(out, ',');
		write_sample(&d->samples[i], out);
	}
	buf_puts(out, "]}\n");
}
