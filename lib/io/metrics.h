/*
 * Counters and gauges as Prometheus text (exposition format 0.0.4). A metric is
 * registered once with a pointer to the number that the program keeps anyway;
 * what comes and goes (exporters, outputs) is written by a function.
 */
#ifndef IO_METRICS_H
#define IO_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "io/steward.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE };

struct metric {
	const char *name; /* nf_collect_flows_total */
	const char *labels; /* protocol="v9" or NULL; escaped by the caller, see metrics_label */
	const char *help;
	enum metric_kind kind;
	const uint64_t *value;
};

typedef void metrics_fn(void *arg, struct buf *out);

struct metrics {
	struct metric *list;
	size_t count;
	struct {
		metrics_fn *fn;
		void *arg;
	} fns[8];
	size_t fn_count;
	struct steward *steward; /* replaces the file; NULL: this process does */
};

/* Strings are kept, not copied. Samples of one name must be added one after the other. */
void metrics_add(struct metrics *m, const char *name, const char *labels, const char *help,
    enum metric_kind kind, const uint64_t *value);
void metrics_counter(struct metrics *m, const char *name, const char *help, const uint64_t *value);
void metrics_gauge(struct metrics *m, const char *name, const char *help, const uint64_t *value);
void metrics_add_fn(struct metrics *m, metrics_fn *fn, void *arg);

/* For metrics_fn: the HELP and TYPE lines, then samples. */
void metrics_head(struct buf *out, const char *name, const char *help, enum metric_kind kind);
void metrics_sample(struct buf *out, const char *name, const char *labels, uint64_t value);

/* Appends name="value" with the value escaped; a comma first unless *out is empty. */
void metrics_label(struct buf *out, const char *name, const char *value);

void metrics_format(const struct metrics *m, struct buf *out);
int metrics_write(const struct metrics *m, const char *path, struct err *e); /* aside, renamed */
void metrics_print(const struct metrics *m); /* USR1: "name{labels} value" lines on stderr */
void metrics_release(struct metrics *m);

#endif
