#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/metrics.h"

struct shown {
	char name[ADDR_TEXT_MAX];
	uint64_t counts[DECODE_COUNTS];
};

struct report {
	unsigned count;
	struct shown exporters[EXPORTERS_SHOWN];
	uint64_t totals[DECODE_COUNTS];
	struct decoder_gauges gauges;
};

struct report *
report_new(void)
{
	return mem_zero(1, sizeof(struct report));
}

void
report_free(struct report *r)
{
	free(r);
}

static bool
add_exporter(void *arg, const struct exporter_view *v)
{
	struct report *r = arg;

	if (r->count == EXPORTERS_SHOWN)
		return false;
	addr_text(r->exporters[r->count].name, v->addr);
	memcpy(r->exporters[r->count].counts, v->counts, sizeof r->exporters[0].counts);
	r->count++;
	return true;
}

void
report_add(void *report, struct decoder *d)
{
	struct report *r = report;
	struct decoder_gauges g;
	uint64_t totals[DECODE_COUNTS];

	decoder_exporters(d, add_exporter, r);
	decoder_totals(d, totals);
	for (unsigned i = 0; i < DECODE_COUNTS; i++)
		r->totals[i] += totals[i];
	decoder_gauges(d, &g);
	r->gauges.exporters += g.exporters;
	r->gauges.domains += g.domains;
	r->gauges.templates += g.templates;
	r->gauges.names += g.names;
	r->gauges.held_bytes += g.held_bytes;
	r->gauges.sources += g.sources;
	r->gauges.exporters_refused += g.exporters_refused;
	r->gauges.exporters_dropped += g.exporters_dropped;
}

static void
sample(struct buf *out, const char *metric, const char *exporter, const char *reason, uint64_t n)
{
	struct buf labels = {0};

	metrics_label(&labels, "exporter", exporter);
	if (reason != NULL)
		metrics_label(&labels, "reason", reason);
	metrics_sample(out, metric, buf_cstr(&labels), n);
	buf_release(&labels);
}

/* One kind of count, of all exporters. Reasons that never occurred are left out: there are many. */
static void
samples(struct buf *out, const char *metric, const struct report *r, unsigned kind)
{
	const char *reason = decode_counts[kind].label;
	uint64_t other = r->totals[kind];

	for (unsigned i = 0; i < r->count; i++) {
		uint64_t n = r->exporters[i].counts[kind];

		other -= n;
		if (reason == NULL || n != 0)
			sample(out, metric, r->exporters[i].name, reason, n);
	}
	if (other != 0)
		sample(out, metric, "other", reason, other);
}

static void
gauge(struct buf *out, const char *name, const char *help, enum metric_kind kind, uint64_t v)
{
	metrics_head(out, name, help, kind);
	metrics_sample(out, name, NULL, v);
}

void
report_metrics(const struct report *r, struct buf *out)
{
	const struct decoder_gauges *g = &r->gauges;
	struct buf name = {0};

	for (unsigned kind = 0; kind < DECODE_COUNTS; kind++) {
		if (decode_counts[kind].doc != NULL) {
			name.len = 0;
			buf_printf(&name, "nf_collect_%s_total", decode_counts[kind].metric);
			metrics_head(out, buf_cstr(&name), decode_counts[kind].doc, METRIC_COUNTER);
		}
		samples(out, buf_cstr(&name), r, kind);
	}
	gauge(out, "nf_collect_exporters", "exporters known", METRIC_GAUGE, g->exporters);
	gauge(out, "nf_collect_domains", "observation domains known", METRIC_GAUGE, g->domains);
	gauge(out, "nf_collect_templates", "templates known", METRIC_GAUGE, g->templates);
	gauge(out, "nf_collect_names", "names known from options", METRIC_GAUGE, g->names);
	gauge(out, "nf_collect_held_bytes", "data sets that wait for their template", METRIC_GAUGE,
	    g->held_bytes);
	gauge(out, "nf_collect_sources", "sources of sFlow samples known", METRIC_GAUGE, g->sources);
	gauge(out, "nf_collect_exporters_refused_total",
	    "datagrams of exporters for whom the table had no room", METRIC_COUNTER, g->exporters_refused);
	gauge(out, "nf_collect_exporters_dropped_total", "exporters who made room for others", METRIC_COUNTER,
	    g->exporters_dropped);
	buf_release(&name);
}

void
report_trouble(const struct report *r, uint64_t said[DECODE_COUNTS])
{
	struct buf words = {0};

	for (unsigned kind = COUNT_BAD_VERSION; kind < DECODE_COUNTS; kind++)
		if (r->totals[kind] > said[kind])
			buf_printf(&words, "%s%llu %s", words.len > 0 ? ", " : "",
			    (unsigned long long)(r->totals[kind] - said[kind]), decode_counts[kind].label);
	if (words.len > 0)
		log_notice("not decoded, by reason: %s", buf_cstr(&words));
	memcpy(said, r->totals, sizeof r->totals);
	buf_release(&words);
}
