#include "io/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/fdio.h"

void
metrics_add(struct metrics *m, const char *name, const char *labels, const char *help, enum metric_kind kind,
    const uint64_t *value)
{
	m->list = mem_resize(m->list, m->count + 1, sizeof *m->list);
	m->list[m->count++] = (struct metric){name, labels, help, kind, value};
}

void
metrics_counter(struct metrics *m, const char *name, const char *help, const uint64_t *value)
{
	metrics_add(m, name, NULL, help, METRIC_COUNTER, value);
}

void
metrics_gauge(struct metrics *m, const char *name, const char *help, const uint64_t *value)
{
	metrics_add(m, name, NULL, help, METRIC_GAUGE, value);
}

void
metrics_add_fn(struct metrics *m, metrics_fn *fn, void *arg)
{
	if (m->fn_count == sizeof m->fns / sizeof m->fns[0])
		abort();
	m->fns[m->fn_count].fn = fn;
	m->fns[m->fn_count++].arg = arg;
}

void
metrics_head(struct buf *out, const char *name, const char *help, enum metric_kind kind)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
	    kind == METRIC_COUNTER ? "counter" : "gauge");
}

void
metrics_sample(struct buf *out, const char *name, const char *labels, uint64_t value)
{
	buf_puts(out, name);
	if (labels != NULL && labels[0] != '\0')
		buf_printf(out, "{%s}", labels);
	buf_printf(out, " %" PRIu64 "\n", value);
}

void
metrics_label(struct buf *out, const char *name, const char *value)
{
	if (out->len > 0)
		buf_putc(out, ',');
	buf_printf(out, "%s=\"", name);
	for (; *value != '\0'; value++) {
		if (*value == '\n') {
			buf_puts(out, "\\n");
			continue;
		}
		if (*value == '"' || *value == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *value);
	}
	buf_putc(out, '"');
}

/* With `heads` the exposition format, without only the samples. */
static void
format_list(const struct metrics *m, struct buf *out, int heads)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct metric *s = &m->list[i];

		if (heads && (i == 0 || strcmp(s->name, m->list[i - 1].name) != 0))
			metrics_head(out, s->name, s->help, s->kind);
		/* Other threads may count while we read; a torn read is ruled out by the width. */
		metrics_sample(out, s->name, s->labels, __atomic_load_n(s->value, __ATOMIC_RELAXED));
	}
}

void
metrics_format(const struct metrics *m, struct buf *out)
{
	format_list(m, out, 1);
	for (size_t i = 0; i < m->fn_count; i++)
		m->fns[i].fn(m->fns[i].arg, out);
}

int
metrics_write(const struct metrics *m, const char *path, struct err *e)
{
	struct buf out = {0};

	metrics_format(m, &out);
	int status = steward_replace(m->steward, path, out.p, out.len, e);
	buf_release(&out);
	return status;
}

void
metrics_print(const struct metrics *m)
{
	struct buf out = {0};

	format_list(m, &out, 0);
	for (size_t i = 0; i < m->fn_count; i++)
		m->fns[i].fn(m->fns[i].arg, &out);
	if (out.len > 0)
		fd_write_all(STDERR_FILENO, out.p, out.len);
	buf_release(&out);
}

void
metrics_release(struct metrics *m)
{
	free(m->list);
	*m = (struct metrics){0};
}
