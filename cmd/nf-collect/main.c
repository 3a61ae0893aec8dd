/*
 * nf-collect: flow exports in, by UDP or from captures; flows out.
 *
 * Nothing is decoded where packets can be lost: one thread receives (listen.c)
 * or reads (capture.c) and puts datagrams into a ring, another decodes what is
 * in it and writes (worker.c, output.c). If the reader of stdout stalls, the
 * ring fills, and then datagrams are dropped and counted. With -j there are
 * several such pairs. The main thread has the signals and the counters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "capture.h"
#include "counters.h"
#include "decode/explain.h"
#include "flow/filter.h"
#include "forward.h"
#include "io/clock.h"
#include "io/fdio.h"
#include "io/loop.h"
#include "io/prog.h"
#include "io/sandbox.h"
#include "keeper.h"
#include "listen.h"
#include "output.h"
#include "report.h"
#include "rules.h"
#include "tcp.h"
#include "worker.h"

enum {
	CAPTURE_RING = 1 << 20, /* small enough for the processor's cache */
	TROUBLE_MS = 60 * 1000,
	TICK_MS = 1000,
	COMMANDS_MS = 10 * 1000, /* how long those of -z are waited for at the end */
	SIZE_LEAST = 64 << 10,
};

struct options {
	struct opt_list listen, read, forward;
	uint64_t buffer, queue, workers, tcp_idle, template_lifetime;
	const char *template_file, *counters;
	bool explain, inner;
	const char *write, *command;
	uint64_t period_ms, size;
	const char *user;
	bool no_sandbox;
};

struct collect {
	struct prog prog;
	struct options opt;
	struct loop *loop;
	struct loop_timer *trouble, *tick;
	struct loop_fd *news_fd;
	int news; /* an eventfd: a worker has ended, or the output */
	struct listener *listener; /* each of the four may be NULL */
	struct tcp *tcp;
	struct capture *capture;
	struct forward *forward;
	unsigned worker_count;
	struct worker *workers[WORKERS_MAX + 1]; /* TCP has one of its own, the last */
	struct keeper *keeper; /* NULL: nothing is kept */
	struct counters *counters; /* NULL: not wanted */
	struct output *output;
	struct steward *steward; /* NULL: there is no need of one */
	struct filter *filter; /* NULL: all flows pass */
	uint64_t said[DECODE_COUNTS];
	struct rules rules;
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

/* One address, of datagrams or of streams. */
static int
add_address(struct collect *c, struct str where, struct err *e)
{
	struct endpoint ep;

	if (endpoint_parse(&ep, where, e) == -1)
		return -1;
	if (ep.transport != TRANSPORT_UDP) {
		if (c->tcp == NULL)
			c->tcp = tcp_new();
		return tcp_add(c->tcp, &ep, e);
	}
	if (c->forward != NULL && forward_returns(c->forward, &ep.addr, ep.port))
		return err_set(e, "what is forwarded would come back to %s for ever", ep.name);
	if (c->listener == NULL)
		c->listener = listener_new(c->opt.buffer);
	return listener_add(c->listener, &ep, e);
}

/* The addresses by flag or key; else bindaddr and bindport. */
static int
add_addresses(struct collect *c, struct err *e)
{
	for (size_t i = 0; i < c->opt.listen.n; i++)
		if (add_address(c, str_from(c->opt.listen.v[i]), e) == -1)
			return -1;
	if (c->opt.listen.n > 0)
		return 0;
	const struct conf *conf = &c->prog.conf;
	const char *host = conf_str(conf, "collectors.netflow.config.bindaddr");
	struct buf where = {0};
	buf_printf(&where, strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host,
	    (unsigned)conf_num(conf, "collectors.netflow.config.bindport"));
	int r = add_address(c, str_from(buf_cstr(&where)), e);
	buf_release(&where);
	return r;
}

static int
add_forwards(struct collect *c, struct err *e)
{
	if (c->opt.forward.n > 0)
		c->forward = forward_new(c->opt.read.n > 0);
	for (size_t i = 0; i < c->opt.forward.n; i++)
		if (forward_add(c->forward, str_from(c->opt.forward.v[i]), e) == -1)
			return -1;
	return 0;
}

/* The operands are one expression, as tcpdump has it. */
static int
compile_filter(struct collect *c, struct err *e)
{
	struct buf text = {0};

	for (int i = 0; i < c->prog.operand_count; i++)
		buf_printf(&text, "%s%s", i > 0 ? " " : "", c->prog.operands[i]);
	c->filter = filter_compile(buf_cstr(&text), e);
	buf_release(&text);
	return c->filter != NULL ? 0 : -1;
}

static int
add_captures(struct collect *c, struct err *e)
{
	for (size_t i = 0; i < c->opt.read.n; i++)
		if (capture_add(c->capture, c->opt.read.v[i], e) == -1)
			return -1;
	return 0;
}

static int
check_files(const struct options *o, struct err *e)
{
	if (o->write == NULL && (o->period_ms > 0 || o->size > 0 || o->command != NULL))
		return err_set(e, "options -G, -C and -z are about the files of -w, which is not given");
	if (o->write != NULL && o->write[0] == '\0')
		return err_set(e, "option -w: the name of a file is expected");
	if (o->period_ms % 1000 != 0 || o->period_ms > INT32_MAX * UINT64_C(1000))
		return err_set(e, "option -G: whole seconds are expected");
	if (o->size > 0 && o->size < SIZE_LEAST)
		return err_set(e, "option -C: %llu bytes; at least 64K is expected, 100M for instance",
		    (unsigned long long)o->size);
	return 0;
}

/* Everything that may be refused: 0, or the exit status, with words said. */
static int
prepare(struct collect *c)
{
	struct err e;
	int status = EXIT_CONFIG;

	if (check_files(&c->opt, &e) == -1)
		goto refused;
	if (c->prog.operand_count > 0 && compile_filter(c, &e) == -1)
		goto refused;
	if (c->filter != NULL && c->opt.explain) {
		err_set(&e, "--explain tells of exporters, not of flows: it takes no filter");
		goto refused;
	}
	if (c->opt.workers < 1 || c->opt.workers > WORKERS_MAX) {
		err_set(
		    &e, "%llu workers: 1 to %d may be had", (unsigned long long)c->opt.workers, WORKERS_MAX);
		goto refused;
	}
	if (on_conf(c, &c->prog.conf, &e) == -1)
		goto refused;
	if (c->opt.user != NULL && sandbox_user_check(c->opt.user, &e) == -1)
		goto refused;
	if (!conf_bool(&c->prog.conf, "collectors.netflow.config.sandbox"))
		c->opt.no_sandbox = true;
	if (conf_bool(&c->prog.conf, "collectors.netflow.config.debug"))
		log_verbose(2);
	if (add_forwards(c, &e) == -1)
		goto refused;
	if (c->opt.read.n == 0) {
		if (add_addresses(c, &e) == -1)
			goto refused;
		return 0;
	}
	c->capture = capture_new();
	if (add_captures(c, &e) == -1) {
		status = EXIT_FAILED;
		goto refused;
	}
	return 0;
refused:
	log_warnx("%s", e.msg);
	return status;
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

static int
run(struct collect *c, bool must)
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

/* A file that could not be completed is a failure of ours. */
static int
end_steward(struct steward *s, int status)
{
	struct steward_counts counts;

	if (s == NULL)
		return status;
	steward_end(s, COMMANDS_MS);
	steward_counts(s, &counts);
	return counts.file_errors > 0 && status == EXIT_OK ? EXIT_FAILED : status;
}

/* A capture's thread that waits for a pipe still has hold of what it uses: that goes with the process. */
static void
release(struct collect *c)
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

int
main(int argc, char **argv)
{
	static struct collect c;
	struct opt opts[] = {
	    {'l', "listen", OPT_LIST, &c.opt.listen, "HOST:PORT", "collectors.netflow.config.listen",
		"receive here, by UDP or, with tcp: before it, TCP; repeatable (default: 0.0.0.0:2055)",
		false},
	    {'r', "read", OPT_LIST, &c.opt.read, "FILE", NULL,
		"read a capture (pcap, pcapng; - is stdin) instead; repeatable", false},
	    {0, "receive-buffer", OPT_SIZE, &c.opt.buffer, "SIZE", "collectors.netflow.config.receive_buffer",
		"buffer of each socket to ask the kernel for (default: 64M)", false},
	    {'j', "workers", OPT_NUM, &c.opt.workers, "N", "collectors.netflow.config.workers",
		"receive and decode in N pairs of threads (default: 1)", false},
	    {0, "queue", OPT_SIZE, &c.opt.queue, "SIZE", "collectors.netflow.config.queue",
		"memory of a worker for datagrams that wait to be decoded (default: 64M)", false},
	    {0, "inner", OPT_FLAG, &c.opt.inner, NULL, "collectors.netflow.config.inner",
		"of sampled packets in tunnels, tell of the innermost", false},
	    {0, "counters", OPT_STR, &c.opt.counters, "FILE", "collectors.netflow.config.counters",
		"write the counters of sFlow agents here, as NDJSON", false},
	    {0, "forward", OPT_LIST, &c.opt.forward, "HOST:PORT", "collectors.netflow.config.forward",
		"copy datagrams on to this address, their source kept; repeatable", false},
	    {0, "tcp-idle", OPT_SECONDS, &c.opt.tcp_idle, "SECONDS", "collectors.netflow.config.tcp_idle",
		"close TCP connections that bring no message for so long (default: never)", false},
	    {0, "explain", OPT_FLAG, &c.opt.explain, NULL, NULL,
		"tell what each exporter sends and what is odd about it, at the end, instead of flows",
		false},
	    {0, "template-file", OPT_STR, &c.opt.template_file, "FILE",
		"collectors.netflow.config.template_file",
		"keep templates here over a restart; with -r, only read them", false},
	    {0, "template-lifetime", OPT_SECONDS, &c.opt.template_lifetime, "TIME",
		"collectors.netflow.config.template_lifetime",
		"use no template that was not sent again for so long (default: no limit)", false},
	    {'w', NULL, OPT_STR, &c.opt.write, "FILE", NULL,
		"write to this file instead of stdout; its name is made by strftime(3)", false},
	    {'G', NULL, OPT_SECONDS, &c.opt.period_ms, "SECONDS", NULL,
		"begin a new file at each multiple of this time", false},
	    {'C', NULL, OPT_SIZE, &c.opt.size, "SIZE", NULL, "and where a file has grown to this size",
		false},
	    {'z', NULL, OPT_STR, &c.opt.command, "COMMAND", NULL, "run COMMAND FILE for each complete file",
		false},
	    {0, "user", OPT_STR, &c.opt.user, "USER", "collectors.netflow.config.user",
		"as root, become this user (default: flowenricher, or nobody)", false},
	    {0, "no-sandbox", OPT_FLAG, &c.opt.no_sandbox, NULL, NULL,
		"give up no rights once the sockets are open", false},
	    OPT_END,
	};

	c.opt.buffer = c.opt.queue = 64 << 20;
	c.opt.workers = 1;
	c.prog = (struct prog){.name = "nf-collect",
	    .usage = "[-l HOST:PORT ...] [-j N] [-r FILE ...] [FILTER]",
	    .brief = "collects NetFlow, IPFIX and sFlow and writes flows",
	    .opts = opts};
	int status = prog_start(&c.prog, argc, argv);
	if (status >= 0)
		return status;
	status = prepare(&c);
	if (status == 0 && !c.prog.check_only)
		status = run(&c, opts[0].given && c.opt.listen.n == 1);
	prog_finish(&c.prog);
	status = end_steward(c.steward, status);
	release(&c);
	return status;
}
