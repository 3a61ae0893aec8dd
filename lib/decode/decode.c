#include "decode/decode.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "decode/proto.h"
#include "decode/state.h"

enum { MESSAGE_MIN = 16 };

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
	free(d->rules);
	buf_release(&d->line);
	free(d);
}

/* Reads one message, and steps over what it takes of r; a message of unknown length takes it all. */
static void
read_message(struct job *j, struct rd *r, uint16_t version)
{
	uint16_t more;

	switch (version) {
	case 1:
	case 5:
	case 7:
		nf5_datagram(j, r, version);
		return;
	case 10:
		ipfix_datagram(j, r);
		return;
	case 9:
		nf9_datagram(j, r);
		break;
	default:
		if (version == 0 && rd_be16(r, &more) == 0 && more == 5)
			sflow_datagram(j, r);
		else
			job_count(j, COUNT_BAD_VERSION, 1);
	}
	rd_skip(r, rd_left(r));
}

void
decoder_datagram(struct decoder *d, const struct datagram *dg)
{
	struct rd r = rd_from(dg->p, dg->len);
	struct exporter *x = exporter_get(d, &dg->exporter, dg->received_ms);
	uint16_t version, first = rd_left(&r) >= 2 ? load_be16(r.p) : 0;

	if (x == NULL) {
		d->gauges.exporters_refused++;
		return;
	}
	x->counts[COUNT_DATAGRAMS]++;
	x->counts[COUNT_BYTES] += dg->len;
	/* A message has its own length, and another may stand behind it (as in files of them, RFC 5655). */
	do {
		struct job j = {.d = d, .exporter = x, .received_ms = dg->received_ms};

		if (rd_be16(&r, &version) == -1)
			job_count(&j, COUNT_BAD_HEADER, 1);
		else
			read_message(&j, &r, version);
		if (x->notes != NULL)
			notes_message(x->notes, &j);
	} while (rd_left(&r) >= MESSAGE_MIN && first != 0 && load_be16(r.p) == first);
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
			/* cppcheck-suppress uninitvar ; the macro sets x */
			struct exporter_view v = {&x->addr, x->trusted, x->counts};

			if (!fn(arg, &v))
				return;
		}
}
