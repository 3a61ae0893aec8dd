/* nf-mlfeat: flows in, a vector of features per source and window out, scored where a model is given. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "flow/put.h"
#include "flow/stage.h"
#include "io/fdio.h"
#include "ml/features.h"
#include "ml/vector.h"

enum {
	LIVE_MS = 60000, /* flows no older than this are live */
	LAG_MS = 5000, /* how long a live flow may be on its way to us */
	OUT_BYTES = 1 << 16,
	REASONS_MAX = 3,
};

static uint64_t window_ms = 60000, step_ms = 10000, min_flows = 1, memory = (uint64_t)512 << 20;
static const char *key = "src", *scorer;
static bool explain;

static struct opt opts[] = {
    {0, "window", OPT_SECONDS, &window_ms, "TIME", "ml.window", "what a vector is about (60s)", false},
    {0, "step", OPT_SECONDS, &step_ms, "TIME", NULL, "a new window begins this often (10s)", false},
    {0, "key", OPT_STR, &key, "src|dst", NULL, "vectors of sources (default) or of destinations", false},
    {0, "min-flows", OPT_NUM, &min_flows, "N", NULL, "no vector of fewer flows in a window (1)", false},
    {0, "memory", OPT_SIZE, &memory, "SIZE", NULL, "most memory of what is gathered (512M)", false},
    {0, "scorer", OPT_STR, &scorer, "native:MODEL", NULL, "score by that model of nf-score", false},
    {0, "explain", OPT_FLAG, &explain, NULL, NULL, "name the features that were odd", false},
    OPT_END,
};

static struct prog prog = {
    .name = "nf-mlfeat",
    .usage = "<flows",
    .brief = "Tells how each source behaved in a window of time, as a vector of features.",
    .opts = opts,
};

struct mlfeat {
	struct features *features;
	struct model model; /* without features where there is none */
	struct buf out;
	struct stage *stage;
	struct err failure; /* of a write, from within emit */
	bool failed;
	bool live; /* the newest flows came with the time of now */
	bool silent; /* no flow since the last second */
};

static void
out_flush(struct mlfeat *m)
{
	if (m->out.len > 0 && !m->failed && fd_write_all(STDOUT_FILENO, m->out.p, m->out.len) < 0) {
		m->failed = true;
		if (errno == EPIPE)
			stage_finish(m->stage);
		else
			err_sys(&m->failure, "output");
	}
	m->out.len = 0;
}

/* What out_flush() met: a reader that went away is no failure. */
static int
out_status(const struct mlfeat *m, struct err *e)
{
	return m->failed && m->failure.msg[0] != '\0' ? err_set(e, "%s", m->failure.msg) : 0;
}

static void
put_text(struct buf *out, const char *before, const char *text, size_t len)
{
	buf_puts(out, before);
	buf_add(out, text, len);
}

static void
score_put(struct mlfeat *m, const float *values)
{
	struct err e;
	float score;

	if (m->model.features == NULL || forest_score(&m->model.forest, values, 1, &score, &e) < 0)
		return;
	buf_printf(&m->out, ",\"ml_score\":%.6f", (double)score);
	if (explain)
		vector_explain(&m->out, &m->model, values, REASONS_MAX);
}

static void
emit(void *arg, const struct addr *who, int64_t start, int64_t end, const float *values)
{
	struct mlfeat *m = arg;
	char text[ADDR_TEXT_MAX], number[PUT_MAX];

	put_text(&m->out, "{\"type\":\"features\",\"version\":1,\"key\":\"", text, addr_format(text, who));
	put_text(
	    &m->out, "\",\"window_start\":", number, (size_t)(put_time(number, (uint64_t)start) - number));
	put_text(&m->out, ",\"window_end\":", number, (size_t)(put_time(number, (uint64_t)end) - number));
	buf_puts(&m->out, ",\"features\":{");
	for (unsigned i = 0; i < FEATURES; i++) {
		buf_puts(&m->out, i > 0 ? ",\"" : "\"");
		buf_puts(&m->out, feature_names[i]);
		put_text(&m->out, "\":", number, (size_t)(put_real(number, values[i]) - number));
	}
	buf_putc(&m->out, '}');
	score_put(m, values);
	buf_puts(&m->out, "}\n");
	if (m->out.len >= OUT_BYTES)
		out_flush(m);
}

static int
on_begin(void *arg, struct stage *s, struct err *e)
{
	struct mlfeat *m = arg;

	(void)e;
	m->stage = s;
	return 0;
}

static int
on_batch(void *arg, struct stage *s, struct batch *b, struct err *e)
{
	struct mlfeat *m = arg;

	features_batch(m->features, b, stage_arena(s));
	m->silent = false;
	out_flush(m);
	return out_status(m, e);
}

/* Marks go on in order. */
static int
on_mark(void *arg, struct stage *s, struct batch *b, struct err *e)
{
	struct mlfeat *m = arg;

	(void)s;
	buf_puts(&m->out, "{\"_mark\":\"");
	char *p = (char *)buf_reserve(&m->out, 6 * b->mark.len + 16);
	m->out.len += (size_t)(put_escaped(p, b->mark) - p);
	buf_puts(&m->out, "\"}\n");
	out_flush(m);
	return out_status(m, e);
}

/* Live, windows end without flows too. Not so in a replay, whose clock is that of its flows alone. */
static void
on_tick(void *arg, struct stage *s, int64_t wall_ms)
{
	struct mlfeat *m = arg;
	int64_t age = wall_ms - features_pane_end(m->features);

	(void)s;
	if (!m->silent)
		m->live = age > -LIVE_MS && age < LIVE_MS;
	else if (m->live)
		features_advance(m->features, wall_ms - LAG_MS);
	m->silent = true;
	out_flush(m);
}

static int
on_end(void *arg, struct stage *s, struct err *e)
{
	struct mlfeat *m = arg;

	(void)s;
	features_end(m->features);
	out_flush(m);
	return out_status(m, e);
}

static void
add_metrics(const struct features_counts *n)
{
	struct metrics *m = &prog.metrics;

	metrics_counter(m, "nf_mlfeat_flows_total", "flows looked at", &n->flows);
	metrics_counter(m, "nf_mlfeat_vectors_total", "vectors written", &n->vectors);
	metrics_counter(m, "nf_mlfeat_windows_total", "windows that had flows", &n->windows);
	metrics_counter(m, "nf_mlfeat_keyless_flows_total", "flows without address or time", &n->keyless);
	metrics_counter(m, "nf_mlfeat_late_flows_total", "flows late for a window of theirs", &n->late);
	metrics_counter(m, "nf_mlfeat_stale_flows_total", "flows late for all, left out", &n->stale);
	metrics_counter(
	    m, "nf_mlfeat_refused_flows_total", "flows of keys left out for want of memory", &n->refused);
	metrics_counter(m, "nf_mlfeat_squeezed_flows_total",
	    "flows whose addresses and ports were not told apart for want of memory", &n->squeezed);
	metrics_gauge(m, "nf_mlfeat_memory_bytes", "memory of what is gathered", &n->memory);
}

/* The model must be of the features that are ours. */
static int
model_open(struct model *m, const char *text, struct err *e)
{
	static const char native[] = "native:";

	if (strncmp(text, native, sizeof native - 1) != 0)
		return err_set(e, "--scorer '%s': expected native:MODEL", text);
	const char *path = text + sizeof native - 1;
	if (model_load(m, path, e) < 0)
		return -1;
	if (m->vectors != FEATURES_VERSION || m->forest.features != FEATURES)
		return err_set(e,
		    "%s: a model of other features: version %" PRIu32 " with %" PRIu32
		    ", expected version %d with %d",
		    path, m->vectors, m->forest.features, FEATURES_VERSION, FEATURES);
	for (unsigned i = 0; i < FEATURES; i++)
		if (strcmp(m->features[i].name, feature_names[i]) != 0)
			return err_set(e, "%s: a model of other features: %s where %s was expected", path,
			    m->features[i].name, feature_names[i]);
	return 0;
}

static void
check_options(void)
{
	if (prog.operand_count > 0)
		fatal_config("unexpected argument '%s'", prog.operands[0]);
	if (prog.binary)
		fatal_config("option -b: vectors are NDJSON");
	if (strcmp(key, "src") != 0 && strcmp(key, "dst") != 0)
		fatal_config("--key '%s': expected src or dst", key);
	if (step_ms < 100 || window_ms % step_ms != 0 || window_ms / step_ms > FEATURES_PANES_MAX ||
	    window_ms < step_ms)
		fatal_config("--step: expected at least 100ms, and --window 1 to %d times as long",
		    FEATURES_PANES_MAX);
	if (memory < (uint64_t)1 << 20 || memory > (uint64_t)1 << 40)
		fatal_config("--memory: expected 1M to 1T");
	if (explain && scorer == NULL)
		fatal_config("--explain needs a --scorer");
}

int
main(int argc, char **argv)
{
	static const struct stage_ops ops = {
	    .begin = on_begin, .batch = on_batch, .mark = on_mark, .tick = on_tick, .end = on_end};
	static const struct stage_options stage = {.no_output = true};
	struct mlfeat m = {0};
	struct err e;
	int status = prog_start(&prog, argc, argv);

	if (status >= 0)
		return status;
	check_options();
	if (scorer != NULL && model_open(&m.model, scorer, &e) < 0)
		fatal_config("%s", e.msg);
	const struct features_options o = {
	    .window_ms = window_ms,
	    .step_ms = step_ms,
	    .by_dst = strcmp(key, "dst") == 0,
	    .min_flows = min_flows,
	    .memory = memory,
	    .emit = emit,
	    .arg = &m,
	};
	m.features = features_new(&o);
	add_metrics(features_counts(m.features));
	status = prog.check_only ? EXIT_OK : stage_run(&prog, &stage, &ops, &m);
	features_free(m.features);
	if (m.model.features != NULL)
		model_release(&m.model);
	buf_release(&m.out);
	return status;
}
