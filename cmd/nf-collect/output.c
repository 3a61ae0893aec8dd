#include "output.h"

#include <stdlib.h>
#include <unistd.h>

#include "io/fdio.h"
#include "io/metrics.h"

struct output {
	struct stream_out *stream;
};

struct output *
output_new(const struct output_options *opt)
{
	struct output *o = mem_zero(1, sizeof *o);

	fd_grow_pipe(STDOUT_FILENO);
	o->stream = stream_out_new(STDOUT_FILENO, opt->format);
	return o;
}

void
output_free(struct output *o)
{
	if (o == NULL)
		return;
	stream_out_free(o->stream);
	free(o);
}

int
output_batch(struct output *o, const struct batch *b, bool *closed, struct err *e)
{
	return stream_out_batch(o->stream, b, closed, e);
}

int
output_flush(struct output *o, bool *closed, struct err *e)
{
	return stream_out_flush(o->stream, closed, e);
}

void
output_metrics(const struct output *o, struct buf *out)
{
	metrics_head(out, "nf_collect_written_total", "flows written", METRIC_COUNTER);
	metrics_sample(out, "nf_collect_written_total", NULL, stream_out_counts(o->stream)->rows);
}
