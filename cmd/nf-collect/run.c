#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "collect.h"
#include "decode/explain.h"
#include "io/clock.h"
#include "io/fdio.h"
#include "io/sandbox.h"
#include "report.h"

enum {
	CAPTURE_RING = 1 << 20, /* small enough for the processor's cache */
	TROUBLE_MS = 60 * 1000,
	TICK_MS = 1000,
};

/* No more input; what has come is still decoded and written, unless nothing more can be. */
static void
stop(struct collect *c)
{
	if (c->listener != NULL)
		listener_stop(c->listener);
	if (c->tcp != NULL)
		tcp_stop(c->tcp);
	if (c->capture != NULL)
		capture_stop(c->capture);
	if (c->output != NULL)
		output_hurry(c->output);
}

static void
on_stop(void *arg)
{
	stop(arg);
}

static void
on_news(void *arg, int fd, int what)
{
	struct collect *c = arg;
	unsigned ended = 0;
	uint64_t n;

	(void)what;
	(void)!read(fd, &n, sizeof n);
	if (output_ended(c->output))
		stop(c);
	for (unsigned i = 0; i < c->worker_count; i++)
		ended += worker_ended(c->workers[i]);
	if (ended == c->worker_count)
		loop_break(c->loop);
}

static void
say_trouble(struct collect *c)
{
	struct report *r = report_new();

	for (unsigned i = 0; i < c->worker_count; i++)
		worker_visit(c->workers[i], report_add, r);
	report_trouble(r, c->said);
	report_free(r);
}

static void
on_trouble(void *arg)
{
	struct collect *c = arg;

	say_trouble(c);
	loop_timer_set(c->trouble, TROUBLE_MS);
}

static void
on_tick(void *arg)
{
	struct collect *c = arg;

	output_tick(c->output, clock_wall_ms());
	loop_timer_set(c->tick, TICK_MS);
}

static int
on_conf(void *arg, const struct conf *conf, struct err *e)
{
	struct collect *c = arg;

	return rules_read(&c->rules, conf, e);
}

static void
set_rules(void *arg, struct decoder *d)
{
	rules_apply(arg, d);
}

static void
on_reload(void *arg)
{
	struct collect *c = arg;

	counters_reopen(c->counters);
	if (prog_reload(&c->prog, on_conf, c) == -1)
		return;
	for (unsigned i = 0; i < c->worker_count; i++)
		worker_visit(c->workers[i], set_rules, &c->rules);
}

static void
queue_metrics(struct collect *c, struct buf *out)
{
	uint64_t used = 0, size = 0;

	for (unsigned i = 0; i < c->worker_count; i++) {
		const struct ring *r = worker_source(c->workers[i])->ring;

		used += ring_used(r);
		size += ring_size(r);
	}
	metrics_head(out, "nf_collect_queue_bytes", "bytes that wait to be decoded", METRIC_GAUGE);
	metrics_sample(out, "nf_collect_queue_bytes", NULL, used);
	metrics_head(out, "nf_collect_queue_size_bytes", "bytes that may", METRIC_GAUGE);
	metrics_sample(out, "nf_collect_queue_size_bytes", NULL, size);
}

static void
on_metrics(void *arg, struct buf *out)
{
	struct collect *c = arg;
	struct report *r = report_new();

	if (c->listener != NULL)
		listener_metrics(c->listener, out);
	if (c->tcp != NULL)
		tcp_metrics(c->tcp, out);
	if (c->forward != NULL)
		forward_metrics(c->forward, out);
	if (c->capture != NULL)
		capture_metrics(c->capture, out);
	queue_metrics(c, out);
	for (unsigned i = 0; i < c->worker_count; i++)
		worker_visit(c->workers[i], report_add, r);
	report_metrics(r, out);
	report_free(r);
	if (c->counters != NULL)
		counters_metrics(c->counters, out);
	output_metrics(c->output, out);
}

static void
add_explanation(void *arg, struct decoder *d)
{
	decoder_explain(d, arg);
}

static bool
explain(struct collect *c)
{
	struct buf text = {0};

	for (unsigned i = 0; i < c->worker_count; i++)
		worker_visit(c->workers[i], add_explanation, &text);
	if (text.len == 0)
		buf_puts(&text, "no datagram of NetFlow, IPFIX or sFlow came\n");
	bool ok = fd_write_all(1, text.p, text.len) == 0;
	if (!ok)
		log_warn("stdout");
	buf_release(&text);
	return ok;
}

/* How many of the workers have UDP. */
static unsigned
udp_workers(const struct collect *c)
{
	return c->listener == NULL ? 0 : c->opt.explain ? 1 : (unsigned)c->opt.workers;
}

static struct source *
make_worker(struct collect *c, uint64_t queue, bool in_sessions)
{
	struct worker *w = worker_new(&(struct worker_options){
	    .queue = queue,
	    .live = c->capture == NULL,
	    .in_sessions = in_sessions,
	    .template_lifetime_ms = in_sessions ? 0 : (int64_t)c->opt.template_lifetime,
	    .explain = c->opt.explain,
	    .inner = c->opt.inner,
	    .counters = c->counters,
	    .filter = c->filter,
	    .output = c->output,
	    .news = c->news,
	});

	worker_visit(w, set_rules, &c->rules);
	c->workers[c->worker_count++] = w;
	return worker_source(w);
}

/* A capture is read in order, by one; and so are the sessions of TCP, none of which can be drowned by others. */
static void
make_workers(struct collect *c)
{
	if (c->listener != NULL) {
		listener_forward(c->listener, c->forward);
		for (unsigned i = 0; i < udp_workers(c); i++)
			listener_feed(c->listener, make_worker(c, c->opt.queue, false));
	}
	if (c->tcp != NULL)
		tcp_feed(c->tcp, make_worker(c, TCP_RING, true), c->opt.tcp_idle);
	if (c->capture != NULL) {
		capture_forward(c->capture, c->forward);
		capture_feed(c->capture, make_worker(c, CAPTURE_RING, false));
	}
	/* Sessions of TCP begin with their templates. */
	if (c->opt.template_file != NULL)
		keeper_read(c->opt.template_file, c->workers, c->capture != NULL ? 1 : udp_workers(c),
		    c->listener != NULL);
}

/* Files are the steward's from now on, and sockets may still have to be opened. */
static int
give_up(struct collect *c, struct err *e)
{
	struct sandbox s = {
	    .user = c->opt.user,
	    .network = c->capture == NULL,
	    .low_ports = (c->listener != NULL && listener_wants_low_port(c->listener)) ||
			 (c->tcp != NULL && tcp_wants_low_port(c->tcp)),
	};

	return c->opt.no_sandbox ? 0 : sandbox_enter(&s, e);
}

static int
start(struct collect *c, bool must, struct err *e)
{
	c->loop = loop_new(e);
	if (c->loop == NULL)
		return -1;
	c->trouble = loop_timer_add(c->loop, on_trouble, c);
	c->news_fd = loop_fd_add(c->loop, c->news, LOOP_READ, on_news, c);
	loop_timer_set(c->trouble, TROUBLE_MS);
	c->tick = loop_timer_add(c->loop, on_tick, c);
	loop_timer_set(c->tick, TICK_MS);
	if (c->opt.template_file != NULL && c->listener != NULL)
		c->keeper = keeper_new(c->loop, c->opt.template_file, c->workers, udp_workers(c), c->steward);
	struct loop_signals signals = {on_stop, on_reload, c, &c->prog.metrics, c->prog.metrics_path};
	if (loop_signals(c->loop, &signals, e) == -1)
		return -1;
	if (c->tcp != NULL && tcp_open(c->tcp, must, e) == -1)
		return -1;
	if (c->listener != NULL && listener_open(c->listener, must, e) == -1)
		return -1;
	if (give_up(c, e) == -1)
		return -1;
	if (c->listener != NULL && listener_start(c->listener, e) == -1)
		return -1;
	if (c->counters != NULL && counters_start(c->counters, e) == -1)
		return -1;
	for (unsigned i = 0; i < c->worker_count; i++)
		if (worker_start(c->workers[i], e) == -1)
			return -1;
	if (c->forward != NULL && forward_start(c->forward, e) == -1)
		return -1;
	if (c->tcp != NULL && tcp_start(c->tcp, e) == -1)
		return -1;
	return c->capture != NULL ? capture_start(c->capture, e) : 0;
}

static bool
writes_files(const struct collect *c)
{
	return c->opt.write != NULL && strcmp(c->opt.write, "-") != 0;
}

/* What outlives the rights of this process is left to another. */
static int
start_steward(struct collect *c, struct err *e)
{
	struct steward_series series = {
	    .pattern = c->opt.write,
	    .zone = conf_str(&c->prog.conf, "timezone"),
	    .command = c->opt.command,
	};

	bool entrusts = c->prog.conf_path != NULL || c->prog.metrics_path != NULL ||
			c->opt.template_file != NULL || c->counters != NULL;
	if (!writes_files(c) && (c->opt.no_sandbox || !entrusts))
		return 0;
	c->steward = steward_new();
	steward_series(c->steward, &series);
	prog_entrust(&c->prog, c->steward);
	if (c->opt.template_file != NULL)
		keeper_entrust(c->opt.template_file, c->steward);
	if (c->counters != NULL)
		counters_entrust(c->counters, c->steward);
	return steward_start(c->steward, e);
}

static int
start_output(struct collect *c, struct err *e)
{
	struct files_options o = {
	    .steward = c->steward,
	    .live = c->capture == NULL,
	    .period_ms = (int64_t)c->opt.period_ms,
	    .size_max = c->opt.size,
	};
	struct files *files = writes_files(c) ? files_new(&o) : NULL;

	c->output = output_new(files, c->prog.binary ? STREAM_BINARY : STREAM_NDJSON, c->news);
	return files != NULL && o.live ? files_start(files, clock_wall_ms(), e) : 0;
}

/* All threads have what they need until they have ended. */
static void
finish(struct collect *c)
{
	stop(c);
	for (unsigned i = 0; i < c->worker_count; i++)
		worker_join(c->workers[i]);
	output_close(c->output);
}

int
collect_run(struct collect *c, bool must)
{
	struct err e;

	if (c->opt.counters != NULL && (c->counters = counters_open(c->opt.counters, &e)) == NULL) {
		log_warnx("%s", e.msg);
		return EXIT_FAILED;
	}
	c->news = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (start_steward(c, &e) == -1 || start_output(c, &e) == -1) {
		log_warnx("%s", e.msg);
		return EXIT_FAILED;
	}
	make_workers(c);
	metrics_add_fn(&c->prog.metrics, on_metrics, c);
	if (c->forward != NULL && forward_open(c->forward, &e) == -1) {
		log_warnx("%s", e.msg);
		finish(c);
		return EXIT_CONFIG;
	}
	if (start(c, must, &e) == -1) {
		log_warnx("%s", e.msg);
		finish(c);
		return EXIT_FAILED;
	}
	loop_run(c->loop);
	finish(c);
	keeper_finish(c->keeper);
	if (c->forward != NULL)
		forward_stop(c->forward);
	counters_finish(c->counters);
	say_trouble(c);
	if (c->opt.explain && !explain(c))
		return EXIT_FAILED;
	bool failed = output_failed(c->output) || (c->capture != NULL && capture_failed(c->capture));
	return failed ? EXIT_FAILED : EXIT_OK;
}

/* A capture's thread that waits for a pipe still has hold of what it uses: that goes with the process. */
void
collect_release(struct collect *c)
{
	listener_free(c->listener);
	tcp_free(c->tcp);
	if (c->capture == NULL || !capture_running(c->capture)) {
		capture_free(c->capture);
		forward_free(c->forward);
		for (unsigned i = 0; i < c->worker_count; i++)
			worker_free(c->workers[i]);
	}
	counters_free(c->counters);
	output_free(c->output);
	steward_free(c->steward);
	filter_free(c->filter);
	rules_release(&c->rules);
	loop_timer_remove(c->trouble);
	loop_timer_remove(c->tick);
	loop_fd_remove(c->news_fd);
	loop_free(c->loop);
}
