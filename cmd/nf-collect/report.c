#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/metrics.h"

struct shown {
	unsigned count;
	struct {
		char name[ADDR_TEXT_MAX];
		const uint64_t *counts;
	} exporters[EXPORTERS_SHOWN];
	uint64_t other[DECODE_COUNTS]; /* the totals, less what is shown by name */
};

static bool
show_exporter(void *arg, const struct exporter_view *v)
{
	struct shown *s = arg;

	addr_text(s->exporters[s->count].name, v->addr);
	s->exporters[s->count++].counts = v->counts;
	for (unsigned i = 0; i < DECODE_COUNTS; i++)
		s->other[i] -= v->counts[i];
	return s->count < EXPORTERS_SHOWN;
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
samples(struct buf *out, const char *metric, const struct shown *s, unsigned kind)
{
	const char *reason = decode_counts[kind].label;

	for (unsigned i = 0; i < s->count; i++)
		if (reason == NULL || s->exporters[i].counts[kind] != 0)
			sample(out, metric, s->exporters[i].name, reason, s->exporters[i].counts[kind]);
	if (s->other[kind] != 0)
		sample(out, metric, "other", reason, s->other[kind]);
}

static void
gauge(struct buf *out, const char *name, const char *help, enum metric_kind kind, uint64_t v)
{
	metrics_head(out, name, help, kind);
	metrics_sample(out, name, NULL, v);
}

void
report_metrics(const struct decoder *d, struct buf *out)
{
	struct shown *s = mem_zero(1, sizeof *s);
	struct decoder_gauges g;
	struct buf name = {0};

	decoder_totals(d, s->other);
	decoder_exporters(d, show_exporter, s);
	for (unsigned kind = 0; kind < DECODE_COUNTS; kind++) {
		if (decode_counts[kind].doc != NULL) {
			name.len = 0;
			buf_printf(&name, "nf_collect_%s_total", decode_counts[kind].metric);
			metrics_head(out, buf_cstr(&name), decode_counts[kind].doc, METRIC_COUNTER);
		}
		samples(out, buf_cstr(&name), s, kind);
	}
	decoder_gauges(d, &g);
	gauge(out, "nf_collect_exporters", "exporters known", METRIC_GAUGE, g.exporters);
	gauge(out, "nf_collect_domains", "observation domains known", METRIC_GAUGE, g.domains);
	gauge(out, "nf_collect_templates", "templates known", METRIC_GAUGE, g.templates);
	gauge(out, "nf_collect_names", "names known from options", METRIC_GAUGE, g.names);
	gauge(out, "nf_collect_held_bytes", "data sets that wait for their template", METRIC_GAUGE,
	    g.held_bytes);
	gauge(out, "nf_collect_sources", "sources of sFlow samples known", METRIC_GAUGE, g.sources);
	gauge(out, "nf_collect_exporters_refused_total",
	    "datagrams of exporters for whom the table had no room", METRIC_COUNTER, g.exporters_refused);
	gauge(out, "nf_collect_exporters_dropped_total", "exporters who made room for others", METRIC_COUNTER,
	    g.exporters_dropped);
	buf_release(&name);
	free(s);
}

void
report_trouble(const struct decoder *d, uint64_t said[DECODE_COUNTS])
{
	uint64_t now[DECODE_COUNTS];
	struct buf words = {0};

	decoder_totals(d, now);
	for (unsigned kind = COUNT_BAD_VERSION; kind < DECODE_COUNTS; kind++)
		if (now[kind] > said[kind])
			buf_printf(&words, "%s%llu %s", words.len > 0 ? ", " : "",
			    (unsigned long long)(now[kind] - said[kind]), decode_counts[kind].label);
	if (words.len > 0)
		log_notice("not decoded, by reason: %s", buf_cstr(&words));
	memcpy(said, now, sizeof now);
	buf_release(&words);
}
