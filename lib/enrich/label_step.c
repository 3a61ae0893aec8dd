/* The step of labels: in the chain whenever there is a file of them, whatever -e says. */
#include <stdlib.h>

#include "base/log.h"
#include "enrich/labels.h"
#include "enrich/step.h"
#include "enrich/watch.h"
#include "io/metrics.h"

#define REMEDY "flows get no labels until it is there and sound"

struct label {
	struct watch watch;
	struct textcol_codes codes;
};

static void *
label_load(const char *path, const void *arg, struct err *e)
{
	(void)arg;
	return labels_load(path, e);
}

static void
label_free(void *labels)
{
	labels_free(labels);
}

static size_t
label_count(const void *labels)
{
	return ((const struct labels *)labels)->prefix_count;
}

static const struct watch_kind kind = {"labels", label_load, label_free, label_count, "prefixes"};

static void
complain(const struct labels *l)
{
	if (l != NULL)
		complaints_log(&l->bad);
}

static void *
label_open(const struct enrich_settings *s)
{
	struct label *g = mem_zero(1, sizeof *g);

	watch_start(&g->watch, &kind, s->labels_file, NULL, REMEDY, true);
	complain(g->watch.data);
	return g;
}

static void
label_close(void *state)
{
	struct label *g = state;

	watch_stop(&g->watch);
	free(g->codes.v);
	free(g);
}

static void
label_apply(void *state, struct pass *p)
{
	static const enum field field[SIDES] = {FIELD_src_label, FIELD_dst_label};
	struct label *g = state;
	const struct labels *l = g->watch.data;

	for (unsigned side = 0; side < SIDES && l != NULL; side++) {
		const uint32_t *texts = pass_lookup(p, side, &l->lpm);

		if (texts != NULL)
			textcol_put(p->b, p->a, field[side], &g->codes, l->texts, l->text_count, texts);
	}
}

static void
label_tick(void *state)
{
	struct label *g = state;

	if (watch_tick(&g->watch))
		complain(g->watch.data);
}

static void
label_reload(void *state, const struct enrich_settings *s)
{
	struct label *g = state;

	watch_set(&g->watch, &kind, s->labels_file, NULL, REMEDY, true);
}

static void
label_metrics(const void *state, struct buf *out)
{
	const struct label *g = state;
	const struct labels *l = g->watch.data;

	metrics_head(out, "nf_enrich_labels_prefixes", "prefixes with labels", METRIC_GAUGE);
	metrics_sample(out, "nf_enrich_labels_prefixes", NULL, l != NULL ? l->prefix_count : 0);
	metrics_head(out, "nf_enrich_labels_bad_lines", "lines of the file that were left out", METRIC_GAUGE);
	metrics_sample(out, "nf_enrich_labels_bad_lines", NULL, l != NULL ? l->bad.count : 0);
	metrics_head(out, "nf_enrich_labels_loads_total", "files taken into use", METRIC_COUNTER);
	metrics_sample(out, "nf_enrich_labels_loads_total", NULL, g->watch.loads);
	metrics_head(out, "nf_enrich_labels_failures_total", "files refused", METRIC_COUNTER);
	metrics_sample(out, "nf_enrich_labels_failures_total", NULL, g->watch.failures);
}

const struct step_ops label_step = {
    .name = "label",
    .open = label_open,
    .close = label_close,
    .apply = label_apply,
    .tick = label_tick,
    .reload = label_reload,
    .metrics = label_metrics,
};
