#include "decode/decode.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "decode/proto.h"
#include "decode/state.h"

const struct decode_count_info decode_counts[DECODE_COUNTS] = {
#define COUNT(name, metric, label, doc) {metric, label, doc},
#include "decode/counts.def"
#undef COUNT
};

struct decoder *
decoder_new(const struct decoder_options *o)
{
	struct decoder *d = mem_zero(1, sizeof *d);

	d->opt = *o;
	map_init(&d->exporters, sizeof(struct addr), sizeof(struct exporter *));
	TAILQ_INIT(&d->order[false]);
	TAILQ_INIT(&d->order[true]);
	TAILQ_INIT(&d->held);
	d->fixed[1] = nf5_template(1);
	d->fixed[5] = nf5_template(5);
	d->fixed[7] = nf5_template(7);
	return d;
}

void
decoder_free(struct decoder *d)
{
	if (d == NULL)
		return;
	for (int trusted = 0; trusted < 2; trusted++)
		while (!TAILQ_EMPTY(&d->order[trusted]))
			exporter_drop(d, TAILQ_FIRST(&d->order[trusted]));
	map_release(&d->exporters);
	for (size_t i = 0; i < sizeof d->fixed / sizeof d->fixed[0]; i++)
		template_free(d->fixed[i]);
	free(d->allow);
	free(d);
}

void
decoder_datagram(struct decoder *d, const struct datagram *dg)
{
	struct rd r = rd_from(dg->p, dg->len);
	struct job j = {.d = d, .received_ms = dg->received_ms};
	uint16_t version, more;

	j.exporter = exporter_get(d, &dg->exporter, dg->received_ms);
	if (j.exporter == NULL) {
		d->gauges.exporters_refused++;
		return;
	}
	job_count(&j, COUNT_DATAGRAMS, 1);
	job_count(&j, COUNT_BYTES, dg->len);
	if (rd_be16(&r, &version) < 0) {
		job_count(&j, COUNT_BAD_HEADER, 1);
		return;
	}
	switch (version) {
	case 1:
	case 5:
	case 7:
		nf5_datagram(&j, &r, version);
		break;
	case 9:
		nf9_datagram(&j, &r);
		break;
	case 10:
		ipfix_datagram(&j, &r);
		break;
	case 0:
		if (rd_be16(&r, &more) == 0 && more == 5)
			sflow_datagram(&j, &r);
		else
			job_count(&j, COUNT_BAD_VERSION, 1);
		break;
	default:
		job_count(&j, COUNT_BAD_VERSION, 1);
	}
}

void
decoder_totals(const struct decoder *d, uint64_t counts[DECODE_COUNTS])
{
	const struct exporter *x;

	memcpy(counts, d->gone, sizeof d->gone);
	for (int trusted = 0; trusted < 2; trusted++)
		TAILQ_FOREACH(x, &d->order[trusted], order)
	for (unsigned i = 0; i < DECODE_COUNTS; i++)
		counts[i] += x->counts[i];
}

void
decoder_gauges(const struct decoder *d, struct decoder_gauges *g)
{
	*g = d->gauges;
}

void
decoder_exporters(const struct decoder *d, bool (*fn)(void *arg, const struct exporter_view *v), void *arg)
{
	const struct exporter *x;

	for (int trusted = 1; trusted >= 0; trusted--)
		TAILQ_FOREACH_REVERSE(x, &d->order[trusted], exporter_list, order)
		{
			struct exporter_view v = {&x->addr, x->trusted, x->counts};

			if (!fn(arg, &v))
				return;
		}
}
