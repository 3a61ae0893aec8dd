#include "output.h"

#include <stddef.h>

static const char *const reasons[DROP_REASONS] = {
    [DROP_FULL] = "full",
    [DROP_ABSENT] = "absent",
    [DROP_LEFT] = "left",
    [DROP_END] = "end",
};

static const struct {
	const char *name, *help;
	size_t at;
} counters[] = {
    {"nf_tee_output_rows_total", "rows written, to each of its readers", offsetof(struct output, rows)},
    {"nf_tee_output_bytes_total", "bytes written", offsetof(struct output, bytes)},
    {"nf_tee_output_resent_rows_total", "rows written again after a reader left",
	offsetof(struct output, resent_rows)},
    {"nf_tee_output_joined_total", "readers that came", offsetof(struct output, joined)},
    {"nf_tee_output_refused_total", "readers beyond the most", offsetof(struct output, refused)},
};

static void
put_sample(struct buf *out, const char *name, const struct output *o, const char *reason, uint64_t value)
{
	struct buf labels = {0};

	metrics_label(&labels, "output", o->text);
	if (reason != NULL)
		metrics_label(&labels, "reason", reason);
	metrics_sample(out, name, buf_cstr(&labels), value);
	buf_release(&labels);
}

static void
put_outputs(void *arg, struct buf *out)
{
	static const char dropped[] = "nf_tee_output_dropped_rows_total";
	static const char readers[] = "nf_tee_output_readers", queue[] = "nf_tee_output_queue_bytes",
			  unread[] = "nf_tee_output_unread_bytes";
	const struct outputs *all = arg;
	const struct output *end = all->v + all->count;

	for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
		metrics_head(out, counters[i].name, counters[i].help, METRIC_COUNTER);
		for (const struct output *o = all->v; o < end; o++)
			put_sample(out, counters[i].name, o, NULL,
			    *(const uint64_t *)(const void *)((const char *)o + counters[i].at));
	}
	metrics_head(
	    out, dropped, "rows not written: full queue, no reader, reader left, end", METRIC_COUNTER);
	for (const struct output *o = all->v; o < end; o++)
		for (unsigned r = 0; r < DROP_REASONS; r++)
			put_sample(out, dropped, o, reasons[r], o->dropped[r]);
	metrics_head(out, readers, "readers now", METRIC_GAUGE);
	for (const struct output *o = all->v; o < end; o++)
		put_sample(out, readers, o, NULL, o->reader_count);
	metrics_head(out, queue, "bytes that wait", METRIC_GAUGE);
	for (const struct output *o = all->v; o < end; o++)
		put_sample(out, queue, o, NULL, output_queued(o));
	metrics_head(out, unread, "bytes written that may be unread", METRIC_GAUGE);
	for (const struct output *o = all->v; o < end; o++)
		put_sample(out, unread, o, NULL, output_unread(o));
}

void
outputs_register(struct outputs *all, struct metrics *m)
{
	metrics_add_fn(m, put_outputs, all);
}
