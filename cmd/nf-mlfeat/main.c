/* nf-mlfeat: flows in, a vector of features per source and window out, scored where a scorer is given. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "flow/put.h"
#include "flow/stage.h"
#include "io/fdio.h"
#include "pages.h"
#include "settings.h"

enum {
	LIVE_MS = 60000, /* flows no older than this are live */
	LAG_MS = 5000, /* how long a live flow may be on its way to us */
	ROWS_WAIT_MS = 2000,
};

static uint64_t window_ms = 60000, step_ms = 10000, min_flows = 1, memory = (uint64_t)512 << 20;
static const char *key = "src", *rows_path;
static struct settings_flags flags;

static struct opt opts[] = {
    {0, "window", OPT_SECONDS, &window_ms, "TIME", "ml.window", "what a vector is about (60s)", false},
    {0, "step", OPT_SECONDS, &step_ms, "TIME", "ml.step", "a new window begins this often (10s)", false},
    {0, "key", OPT_STR, &key, "src|dst", "ml.key", "vectors of sources (default) or of destinations", false},
    {0, "min-flows", OPT_NUM, &min_flows, "N", "ml.min_flows", "no vector of fewer flows in a window (1)",
	false},
    {0, "memory", OPT_SIZE, &memory, "SIZE", "ml.memory", "most memory of what is gathered (512M)", false},
    {0, "rows", OPT_STR, &rows_path, "PATH", NULL, "write scores there too, as rows of ml_scores", false},
    {0, "scorer", OPT_LIST, &flags.scorers, "WHAT", NULL,
	"score by native:MODEL, native or a URL; twice: by two", false},
    {0, "socket", OPT_STR, &flags.socket, "PATH", NULL, "the Unix socket of native", false},
    {0, "timeout", OPT_MS, &flags.timeout_ms, "TIME", NULL, "longest wait for a scorer's answer (2s)", false},
    {0, "explain", OPT_FLAG, &flags.explain, NULL, NULL, "name the features that were odd", false},
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
	struct pages *pages;
	struct row_out rows;
	struct stage *stage;
	struct err failure; /* of a write, from within emit */
	bool failed;
	bool live; /* the newest flows came with the time of now */
	bool silent; /* no flow since the last second */
};

static void
out_write(void *arg, struct str text)
{
	struct mlfeat *m = arg;

	if (text.len == 0 || m->failed || fd_write_all(STDOUT_FILENO, text.p, text.len) == 0)
		return;
	m->failed = true;
	if (errno == EPIPE)
		stage_finish(m->stage);
	else
		err_sys(&m->failure, "output");
}

/* What out_write() met: a reader that went away is no failure. */
static int
out_status(const struct mlfeat *m, struct err *e)
{
	return m->failed && m->failure.msg[0] != '\0' ? err_set(e, "%s", m->failure.msg) : 0;
}

static void
emit(void *arg, const struct addr *who, int64_t start, int64_t end, const float *values)
{
	struct mlfeat *m = arg;

	pages_add(m->pages, who, start, end, values);
}

static int
on_begin(void *arg, struct stage *s, struct err *e)
{
	struct mlfeat *m = arg;

	(void)e;
	m->stage = s;
	pages_watch(m->pages, stage_loop(s));
	return 0;
}

static int
on_batch(void *arg, struct stage *s, struct batch *b, struct err *e)
{
	struct mlfeat *m = arg;

	features_batch(m->features, b, stage_arena(s));
	m->silent = false;
	pages_send(m->pages);
	return out_status(m, e);
}

/* Marks go on in order. */
static int
on_mark(void *arg, struct stage *s, struct batch *b, struct err *e)
{
	struct mlfeat *m = arg;
	struct buf line = {0};

	(void)s;
	buf_puts(&line, "{\"_mark\":\"");
	char *p = (char *)buf_reserve(&line, 6 * b->mark.len + 16);
	line.len += (size_t)(put_escaped(p, b->mark) - p);
	buf_puts(&line, "\"}\n");
	pages_text(m->pages, (struct str){(const char *)line.p, line.len});
	buf_release(&line);
	pages_send(m->pages);
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
	pages_patient(m->pages, !m->live);
	pages_send(m->pages);
	row_out_flush(&m->rows);
}

static int
on_end(void *arg, struct stage *s, struct err *e)
{
	struct mlfeat *m = arg;

	(void)s;
	features_end(m->features);
	pages_drain(m->pages);
	row_out_drain(&m->rows, ROWS_WAIT_MS);
	return out_status(m, e);
}

/* The scorers, read anew. What a vector is about stays until a restart: models go by it. */
static int
on_reload(void *arg, const struct conf *c, struct err *e)
{
	struct mlfeat *m = arg;
	struct settings s;

	if (settings_read(&s, &flags, c, true, e) < 0)
		return -1;
	int status = pages_set(m->pages, s.scorers, s.count, &s.options, e);
	settings_release(&s);
	if (status == 0)
		row_out_reopen(&m->rows, rows_path);
	return status;
}

static void
add_metrics(const struct features_counts *n, const struct pages_counts *p, const struct row_out *rows)
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
	metrics_add(
	    m, "nf_mlfeat_scored_total", "scorer=\"1\"", "vectors scored", METRIC_COUNTER, &p->scored[0]);
	metrics_add(
	    m, "nf_mlfeat_scored_total", "scorer=\"2\"", "vectors scored", METRIC_COUNTER, &p->scored[1]);
	metrics_add(m, "nf_mlfeat_unscored_total", "scorer=\"1\"",
	    "vectors without a score, since the scorer failed or was too slow", METRIC_COUNTER,
	    &p->absent[0]);
	metrics_add(m, "nf_mlfeat_unscored_total", "scorer=\"2\"",
	    "vectors without a score, since the scorer failed or was too slow", METRIC_COUNTER,
	    &p->absent[1]);
	metrics_gauge(m, "nf_mlfeat_waiting_pages", "pages of up to 512 vectors at the scorers", &p->waiting);
	metrics_counter(m, "nf_mlfeat_rows_total", "rows of scores written", &rows->written);
	metrics_counter(m, "nf_mlfeat_rows_dropped_total", "rows of scores that nobody took", &rows->dropped);
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
}

int
main(int argc, char **argv)
{
	static const struct stage_ops ops = {.begin = on_begin,
	    .batch = on_batch,
	    .mark = on_mark,
	    .tick = on_tick,
	    .reload = on_reload,
	    .end = on_end};
	static const struct stage_options stage = {.no_output = true};
	struct mlfeat m = {0};
	struct settings s;
	struct err e;
	int status = prog_start(&prog, argc, argv);

	if (status >= 0)
		return status;
	check_options();
	row_out_init(&m.rows, rows_path);
	const struct pages_options p = {.window_ms = window_ms,
	    .step_ms = step_ms,
	    .by_dst = strcmp(key, "dst") == 0,
	    .write = out_write,
	    .arg = &m,
	    .rows = &m.rows};
	m.pages = pages_new(&p);
	if (settings_read(&s, &flags, &prog.conf, prog.has_conf, &e) < 0 ||
	    pages_set(m.pages, s.scorers, s.count, &s.options, &e) < 0)
		fatal_config("%s", e.msg);
	settings_release(&s);
	const struct features_options o = {
	    .window_ms = window_ms,
	    .step_ms = step_ms,
	    .by_dst = p.by_dst,
	    .min_flows = min_flows,
	    .memory = memory,
	    .emit = emit,
	    .arg = &m,
	};
	m.features = features_new(&o);
	add_metrics(features_counts(m.features), pages_counts(m.pages), &m.rows);
	status = prog.check_only ? EXIT_OK : stage_run(&prog, &stage, &ops, &m);
	features_free(m.features);
	pages_free(m.pages);
	row_out_release(&m.rows);
	return status;
}
