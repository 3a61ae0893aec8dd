/* nf-act: detections in, actions out. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act/act.h"
#include "io/clock.h"
#include "io/fdio.h"
#include "io/loop.h"
#include "io/prog.h"
#include "settings.h"

enum { READ_SIZE = 64 << 10, LAST_TRY_MS = 3000 };

static const char *log_dir, *state_dir, *timezone_name, *rows;
static bool dry_run;
static uint64_t queue_max = 10000;

static struct opt opts[] = {
    {'L', "log-dir", OPT_STR, &log_dir, "DIR", "detection.log_dir", "folder of detections.log", false},
    {0, "timezone", OPT_STR, &timezone_name, "ZONE", "timezone", "of times in the log (UTC)", false},
    {'s', "state", OPT_STR, &state_dir, "DIR", "act.state_dir", "keep there what was done", false},
    {0, "dry-run", OPT_FLAG, &dry_run, NULL, "act.dry_run", "print what would be done, do nothing", false},
    {0, "queue", OPT_NUM, &queue_max, "N", "act.queue", "actions of a kind that may wait (10000)", false},
    {0, "detections-out", OPT_STR, &rows, "FILE", "act.detections_out", "rows for a table of detections",
	false},
    OPT_END,
};

static struct prog prog = {
    .name = "nf-act",
    .usage = "[-L DIR] [-s DIR] [--dry-run] <detections",
    .brief = "Acts on the detections of nf-detect.",
    .opts = opts,
};

struct nf_act {
	struct act *act;
	struct loop *loop;
	struct loop_fd *in, *wake;
	struct loop_timer *timer;
	struct buf line; /* what came of a line so far */
	bool too_long; /* the line at hand is, the rest of it is passed over */
	bool stopping;
	int64_t stop_ms; /* give up then */
	int status;
};

static struct instant
now(void)
{
	return (struct instant){clock_mono_ms(), clock_wall_ms()};
}

static void
say_dry(void *arg, enum action action, struct str line)
{
	static const char *const verbs[ACTS] = {
	    "alert", "blackhole", "tell Slack", "store", "run the script with"};

	(void)arg;
	printf("would %s: %.*s", verbs[action], (int)line.len, line.p);
	fflush(stdout);
}

/* Does what is due and sets the alarm for what is next; at the end of input, ends when nothing is left. */
static void
work(void *arg)
{
	struct nf_act *n = arg;
	struct instant t = now();
	int64_t wait = act_run(n->act, &t);

	if (n->stopping && (wait < 0 || t.mono_ms >= n->stop_ms)) {
		n->status = act_finish(n->act) > 0 ? EXIT_FAILED : EXIT_OK;
		loop_break(n->loop);
		return;
	}
	if (wait >= 0)
		loop_timer_set(n->timer, n->stopping && wait > 100 ? 100 : wait);
}

static void
on_wake(void *arg, int fd, int what)
{
	(void)fd;
	(void)what;
	work(arg);
}

static void
line_end(struct nf_act *n)
{
	struct instant t = now();

	if (n->line.len > 0 && !n->too_long)
		act_line(n->act, (struct str){(const char *)n->line.p, n->line.len}, &t);
	n->line.len = 0;
	n->too_long = false;
}

static void
stop(struct nf_act *n)
{
	if (n->stopping)
		return;
	n->stopping = true;
	n->stop_ms = clock_mono_ms() + LAST_TRY_MS;
	loop_fd_remove(n->in);
	n->in = NULL;
	line_end(n);
	work(n);
}

/* Cuts what was read into lines. */
static void
take(struct nf_act *n, const char *p, size_t len)
{
	while (len > 0) {
		const char *end = memchr(p, '\n', len);
		size_t used = end != NULL ? (size_t)(end - p) : len;

		if (n->line.len + used > DETECTION_LINE_MAX && !n->too_long) {
			struct instant t = now();

			n->too_long = true;
			act_long_line(n->act, &t);
		}
		if (!n->too_long)
			buf_add(&n->line, p, used);
		if (end != NULL) {
			line_end(n);
			used++;
		}
		p += used;
		len -= used;
	}
}

static void
on_input(void *arg, int fd, int what)
{
	static char buffer[READ_SIZE];
	struct nf_act *n = arg;

	(void)what;
	ssize_t got = fd_read(fd, buffer, sizeof buffer);
	if (got > 0) {
		take(n, buffer, (size_t)got);
		work(n);
	} else if (got == 0) {
		stop(n);
	} else if (errno != EAGAIN) {
		log_warn("stdin");
		n->status = EXIT_FAILED;
		loop_break(n->loop);
	}
}

/* TERM: what is in the pipe already is taken, then it ends. */
static void
on_stop(void *arg)
{
	struct nf_act *n = arg;
	static char buffer[READ_SIZE];
	ssize_t got;

	if (n->stopping)
		return;
	if (fd_nonblock(0) == 0)
		while ((got = fd_read(0, buffer, sizeof buffer)) > 0)
			take(n, buffer, (size_t)got);
	stop(n);
}

static int
read_settings(struct settings *s, const struct conf *c, struct err *e)
{
	const struct flags f = {log_dir, timezone_name, rows};

	return settings_read(s, c, &f, prog.has_conf, e);
}

static int
apply(void *arg, const struct conf *c, struct err *e)
{
	struct nf_act *n = arg;
	struct settings s;

	if (read_settings(&s, c, e) < 0)
		return -1;
	act_reload(n->act, &s.act, &s.guard);
	settings_release(&s);
	return 0;
}

static void
on_reload(void *arg)
{
	(void)prog_reload(&prog, apply, arg);
	work(arg);
}

static void
add_action_metrics(const struct act_counts *c)
{
	static const struct {
		const char *name, *help;
		size_t offset;
	} kinds[] = {
	    {"nf_act_done_total", "actions done", offsetof(struct act_counts, done)},
	    {"nf_act_failures_total", "attempts that failed", offsetof(struct act_counts, failures)},
	    {"nf_act_dropped_total", "actions lost because too many waited",
		offsetof(struct act_counts, dropped)},
	    {"nf_act_refused_total", "actions refused by whom they were asked of",
		offsetof(struct act_counts, refused)},
	    {"nf_act_unavailable_total", "actions asked for that are not set up",
		offsetof(struct act_counts, unavailable)},
	};
	static char labels[ACTS][32];

	for (unsigned i = 0; i < ACTS; i++)
		snprintf(labels[i], sizeof labels[i], "action=\"%s\"", action_names[i]);
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
		for (unsigned i = 0; i < ACTS; i++)
			metrics_add(&prog.metrics, kinds[k].name, labels[i], kinds[k].help, METRIC_COUNTER,
			    (const uint64_t *)((const char *)c + kinds[k].offset) + i);
}

/* Why blackholes were not announced. */
static void
add_hole_metrics(const struct act_counts *c)
{
	const struct {
		const char *label;
		const uint64_t *value;
	} reasons[] = {{"reason=\"protected\"", &c->never}, {"reason=\"fuse\"", &c->fuse},
	    {"reason=\"late\"", &c->late}, {"reason=\"ended\"", &c->ended}};

	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		metrics_add(&prog.metrics, "nf_act_blackholes_withheld_total", reasons[i].label,
		    "blackholes that were not asked for", METRIC_COUNTER, reasons[i].value);
}

static void
add_metrics(const struct act_counts *c)
{
	metrics_counter(&prog.metrics, "nf_act_detections_total", "detections read", &c->detections);
	metrics_counter(&prog.metrics, "nf_act_bad_lines_total", "lines that are no detection", &c->bad);
	metrics_counter(
	    &prog.metrics, "nf_act_duplicates_total", "actions that were taken on before", &c->duplicates);
	metrics_gauge(&prog.metrics, "nf_act_waiting", "actions that wait", &c->waiting);
	add_action_metrics(c);
	add_hole_metrics(c);
}

static int
run(struct nf_act *n)
{
	struct err e;
	struct loop_signals signals = {.stop = on_stop,
	    .reload = on_reload,
	    .arg = n,
	    .metrics = &prog.metrics,
	    .metrics_path = prog.metrics_path};

	n->loop = loop_new(&e);
	if (n->loop == NULL || loop_signals(n->loop, &signals, &e) < 0)
		fatalx("%s", e.msg);
	n->timer = loop_timer_add(n->loop, work, n);
	n->in = loop_fd_add(n->loop, 0, LOOP_READ, on_input, n);
	n->wake = loop_fd_add(n->loop, act_wake_fd(n->act), LOOP_READ, on_wake, n);
	work(n);
	loop_run(n->loop);
	loop_fd_remove(n->wake);
	loop_fd_remove(n->in);
	loop_timer_remove(n->timer);
	loop_free(n->loop);
	return n->status;
}

int
main(int argc, char **argv)
{
	struct nf_act n = {0};
	int status = prog_start(&prog, argc, argv);

	if (status >= 0)
		return status;
	if (prog.operand_count > 0)
		fatal_config("unexpected argument '%s'", prog.operands[0]);
	struct settings s;
	struct err e;
	if (read_settings(&s, &prog.conf, &e) < 0)
		fatal_config("%s", e.msg);
	if (queue_max < 1 || queue_max > 1000000)
		fatal_config("--queue: expected 1 to 1000000");
	if (prog.check_only) {
		settings_release(&s);
		return EXIT_OK;
	}

	struct act_options o = {
	    .settings = s.act,
	    /* At a shell prompt nothing is remembered unless asked for. */
	    .state_dir =
		state_dir == NULL && prog.has_conf ? conf_str(&prog.conf, "act.state_dir") : state_dir,
	    .memory_ms = (int64_t)conf_duration(&prog.conf, "act.blackhole_memory"),
	    .queue_max = (uint32_t)queue_max,
	    .dry_run = dry_run ? say_dry : NULL,
	};
	/* A file that may not grow is as good as a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	struct instant start = now();
	n.act = act_new(&o, &s.guard, &start);
	settings_release(&s);
	add_metrics(act_counts(n.act));
	status = run(&n);
	buf_release(&n.line);
	prog_finish(&prog);
	act_free(n.act);
	return status;
}
