/* nf-detect: flows in, detections out, by rules. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "detect/engine.h"
#include "flow/put.h"
#include "flow/stage.h"
#include "io/clock.h"
#include "io/fdio.h"
#include "io/prog.h"
#include "keep.h"
#include "report.h"

enum {
	LIVE_MS = 60000, /* flows no older than this are live */
	LAG_MS = 5000, /* how long a live flow may be on its way to us */
};

static const char *rules_path, *clock_name = "received";
static uint64_t tolerance_ms = 60000, update_ms = 60000, memory = (uint64_t)512 << 20, incidents = 10000;

static struct report report = {.top = 20};
static struct keep keep;

static struct opt opts[] = {
    {'r', "rules", OPT_STR, &rules_path, "FILE", NULL, "file of rules, nf-rules(5)", false},
    {0, "clock", OPT_STR, &clock_name, "flow|received", "detection.clock",
	"go by receive times (default) or the flows' own", false},
    {0, "tolerance", OPT_SECONDS, &tolerance_ms, "SECONDS", "detection.tolerance",
	"flows that are later are not counted (60)", false},
    {0, "update", OPT_SECONDS, &update_ms, "SECONDS", "detection.update",
	"tell this often that it goes on (60)", false},
    {0, "memory", OPT_SIZE, &memory, "SIZE", "detection.memory", "most memory of windows (512M)", false},
    {0, "incidents", OPT_NUM, &incidents, "N", "detection.incidents",
	"most incidents open or remembered (10000)", false},
    {0, "baselines", OPT_STR, &keep.path, "FILE", "detection.baseline_file",
	"file in which to keep what is usual of groups", false},
    {0, "explain", OPT_STR, &report.explain, "RULE", NULL,
	"print how near groups came to the rule's thresholds", false},
    {0, "top", OPT_NUM, &report.top, "N", NULL, "groups that --explain shows (20)", false},
    {0, "suggest", OPT_FLAG, &report.suggest, NULL, NULL, "print thresholds above what the flows reach",
	false},
    OPT_END,
};

static struct prog prog = {
    .name = "nf-detect",
    .usage = "-r RULES <flows",
    .brief = "Detects scans, floods and the like by rules over sliding windows.",
    .opts = opts,
};

struct nf_detect {
	struct engine *engine;
	struct buf out;
	enum engine_clock clock;
	bool live; /* the newest flows came with the time of now */
	bool silent; /* no flow since the last second */
};

static void
warn(void *arg, const char *words)
{
	(void)arg;
	log_warnx("%s", words);
}

static int
own_item(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct prefix p;

	(void)at;
	if (prefix_parse(&p, item, e) < 0)
		return -1;
	nets_add(arg, &p);
	return 0;
}

static int
upstream_item(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct range r;

	if (range_parse(&r, item, UINT32_MAX) < 0) {
		const char *words = "'%.64s' in upstream_interfaces, expected interface numbers";

		return at != NULL ? cnode_err(at, e, words, item.p) : err_set(e, words, item.p);
	}
	ranges_add(arg, r.lo, r.hi);
	return 0;
}

static void
rules_drop(struct engine_rules *r)
{
	rules_release(&r->rules);
	nets_release(&r->own);
	ranges_release(&r->upstream);
}

/* The rules that were asked for must be there; those of the configuration may come later. */
static int
rules_find(struct rules *rs, const struct conf *c, const struct rules_options *o, struct err *e)
{
	const char *path = rules_path != NULL ? rules_path : conf_str(c, "detection.rules_config");

	if (rules_path == NULL && access(path, F_OK) < 0) {
		log_warnx("%s is not there: nothing is detected until it is, and HUP is sent", path);
		*rs = (struct rules){0};
		return 0;
	}
	return rules_load(rs, path, o, e);
}

/* All that the engine works by, from the configuration and the file of rules. */
static int
rules_read(struct engine_rules *r, const struct conf *c, struct err *e)
{
	struct rules_options o = {.warn = warn};

	*r = (struct engine_rules){0};
	if (conf_has(c, "detection.flow_cache_max_window"))
		o.window = (uint32_t)(conf_duration(c, "detection.flow_cache_max_window") / 1000);
	if (conf_each(c, "my_prefixes", own_item, &r->own, e) < 0 ||
	    conf_each(c, "upstream_interfaces", upstream_item, &r->upstream, e) < 0 ||
	    rules_find(&r->rules, c, &o, e) < 0) {
		rules_drop(r);
		return -1;
	}
	nets_seal(&r->own);
	ranges_seal(&r->upstream);
	return 0;
}

static void
emit(void *arg, const struct detection *d)
{
	if (report.survey != NULL)
		return;
	detection_write(d, arg);
}

/* Writes what was detected at once: who acts on it should not wait. */
static int
output(struct nf_detect *d, struct stage *s, struct err *e)
{
	if (d->out.len == 0)
		return 0;
	int r = fd_write_all(STDOUT_FILENO, d->out.p, d->out.len);
	d->out.len = 0;
	if (r == 0)
		return 0;
	if (errno != EPIPE)
		return err_sys(e, "stdout");
	stage_finish(s);
	return 0;
}

static int
on_batch(void *arg, struct stage *s, struct batch *b, struct err *e)
{
	struct nf_detect *d = arg;

	engine_batch(d->engine, b, stage_arena(s));
	d->silent = false;
	(void)engine_counts(d->engine);
	return output(d, s, e);
}

/* Marks go on in order, so that who reads detections can acknowledge too. */
static int
on_mark(void *arg, struct stage *s, struct batch *b, struct err *e)
{
	static const char head[] = "{\"_mark\":\"", tail[] = "\"}\n";
	struct nf_detect *d = arg;
	char *p;

	buf_puts(&d->out, head);
	p = (char *)buf_reserve(&d->out, 6 * b->mark.len + 16);
	d->out.len += (size_t)(put_escaped(p, b->mark) - p);
	buf_puts(&d->out, tail);
	return output(d, s, e);
}

/*
 * Live, time goes on without flows: what has ended must be said. Not so in a
 * replay, whose clock is that of its flows alone.
 */
static void
on_tick(void *arg, struct stage *s, int64_t wall_ms)
{
	struct nf_detect *d = arg;
	int64_t age = wall_ms - (int64_t)engine_now(d->engine) * 1000;
	struct err e;

	if (!d->silent)
		d->live = d->clock == CLOCK_RECEIVED && age > -LIVE_MS && age < LIVE_MS;
	else if (d->live)
		engine_advance(d->engine, wall_ms - LAG_MS);
	d->silent = true;
	if (report.survey == NULL)
		keep_tick(&keep, d->engine, wall_ms);
	(void)engine_counts(d->engine);
	if (output(d, s, &e) < 0)
		log_warnx("%s", e.msg);
}

static int
on_end(void *arg, struct stage *s, struct err *e)
{
	struct nf_detect *d = arg;

	engine_end(d->engine);
	(void)engine_counts(d->engine);
	if (report.survey != NULL)
		report_write(&report, engine_rules_now(d->engine), &d->out);
	if (output(d, s, e) < 0)
		return -1;
	/* A report is made of what was learnt before and leaves it as it is. */
	return report.survey == NULL ? keep_save(&keep, d->engine, e) : 0;
}

/* New rules; windows and incidents of those that did not change go on. */
static int
on_reload(void *arg, const struct conf *c, struct err *e)
{
	struct nf_detect *d = arg;
	struct engine_rules r;

	if (report.survey != NULL)
		return err_set(e, "a report is of one set of rules");
	if (rules_read(&r, c, e) < 0)
		return -1;
	log_info("%zu rules", r.rules.n);
	engine_reload(d->engine, &r);
	return 0;
}

static void
add_metrics(const struct engine_counts *c)
{
	struct metrics *m = &prog.metrics;

	metrics_counter(m, "nf_detect_flows_total", "flows looked at", &c->flows);
	metrics_counter(m, "nf_detect_matched_total", "flows counted, once for each window", &c->matched);
	metrics_counter(m, "nf_detect_untimed_flows_total", "flows without a time", &c->untimed);
	metrics_counter(
	    m, "nf_detect_late_flows_total", "flows behind the clock, counted in their second", &c->late);
	metrics_counter(
	    m, "nf_detect_stale_flows_total", "flows too far behind the clock, not counted", &c->stale);
	metrics_counter(m, "nf_detect_clock_resets_total", "times the clock went back", &c->clock_resets);
	metrics_add(
	    m, "nf_detect_detections_total", "state=\"start\"", "detections", METRIC_COUNTER, &c->started);
	metrics_add(
	    m, "nf_detect_detections_total", "state=\"update\"", "detections", METRIC_COUNTER, &c->updated);
	metrics_add(
	    m, "nf_detect_detections_total", "state=\"end\"", "detections", METRIC_COUNTER, &c->ended);
	metrics_gauge(m, "nf_detect_incidents_open", "incidents that go on", &c->open);
	metrics_counter(m, "nf_detect_incidents_refused_total", "incidents not opened for want of room",
	    &c->incidents_refused);
	metrics_counter(m, "nf_detect_incidents_forgotten_total",
	    "remembered incidents that made room for others", &c->incidents_forgotten);
	metrics_gauge(m, "nf_detect_baselines", "groups whose usual traffic is kept", &c->baselines);
	metrics_counter(m, "nf_detect_baselines_refused_total",
	    "groups whose usual traffic was not kept for want of room", &c->baselines_refused);
	metrics_gauge(m, "nf_detect_groups", "groups of flows in windows", &c->groups);
	metrics_gauge(m, "nf_detect_window_bytes", "memory of windows", &c->memory);
	metrics_counter(m, "nf_detect_groups_evicted_total",
	    "least active groups that left for want of memory", &c->groups_evicted);
	metrics_counter(
	    m, "nf_detect_groups_refused_total", "groups not made for want of memory", &c->groups_refused);
	metrics_counter(m, "nf_detect_squeezed_total",
	    "seconds and values forgotten early for want of memory", &c->squeezed);
}

/* The rest of what options must be; they come from the configuration too. */
static void
check_options(void)
{
	if (prog.operand_count > 0)
		fatal_config("unexpected argument '%s'", prog.operands[0]);
	if (prog.binary)
		fatal_config("option -b: detections are NDJSON");
	if (rules_path == NULL && !prog.has_conf)
		fatal_config("no rules: -r FILE, or detection.rules_config in the configuration");
	if (strcmp(clock_name, "flow") != 0 && strcmp(clock_name, "received") != 0)
		fatal_config("--clock '%s': expected flow or received", clock_name);
	if (tolerance_ms % 1000 != 0 || tolerance_ms > 86400000)
		fatal_config("--tolerance: expected whole seconds, at most a day");
	if (update_ms % 1000 != 0 || update_ms < 1000 || update_ms > 86400000)
		fatal_config("--update: expected whole seconds, at most a day");
	if (memory < (uint64_t)1 << 20 || memory > (uint64_t)1 << 40)
		fatal_config("--memory: expected 1M to 1T");
	if (report.suggest && report.explain != NULL)
		fatal_config("--suggest beside --explain: one report at a time");
	if (report.top < 1 || report.top > UINT32_MAX)
		fatal_config("--top: expected 1 or more");
	if (incidents < 1 || incidents > 1000000)
		fatal_config("--incidents: expected 1 to 1000000");
}

int
main(int argc, char **argv)
{
	static const struct stage_ops ops = {
	    .batch = on_batch, .mark = on_mark, .tick = on_tick, .reload = on_reload, .end = on_end};
	static const struct stage_options stage = {.no_output = true};
	struct nf_detect d = {0};
	struct engine_rules rules;
	struct err e;
	int status = prog_start(&prog, argc, argv);

	if (status >= 0)
		return status;
	check_options();
	if (rules_read(&rules, &prog.conf, &e) < 0)
		fatal_config("%s", e.msg);
	if (report_begin(&report, &rules.rules, &e) < 0)
		fatal_config("%s", e.msg);
	if (prog.check_only) {
		report_release(&report);
		rules_drop(&rules);
		return EXIT_OK;
	}
	log_info("%zu rules", rules.rules.n);
	d.clock = strcmp(clock_name, "flow") == 0 ? CLOCK_FLOW : CLOCK_RECEIVED;
	const struct engine_options o = {
	    .clock = d.clock,
	    .tolerance = (uint32_t)(tolerance_ms / 1000),
	    .update_every = (uint32_t)(update_ms / 1000),
	    .memory = memory,
	    .incidents_max = (uint32_t)incidents,
	    .survey = report.survey,
	    .emit = emit,
	    .arg = &d.out,
	};
	d.engine = engine_new(&rules, &o);
	keep_load(&keep, d.engine);
	add_metrics(engine_counts(d.engine));
	status = stage_run(&prog, &stage, &ops, &d);
	report_release(&report);
	engine_free(d.engine);
	buf_release(&d.out);
	return status;
}
