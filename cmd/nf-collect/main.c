/*
 * nf-collect: flow exports in, by UDP or from captures; flows out.
 *
 * Nothing is decoded where packets can be lost: one thread receives and puts
 * datagrams into a ring, the main thread decodes what is in it and writes. If
 * the reader of stdout stalls, the ring fills, and then datagrams are dropped
 * and counted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/mem.h"
#include "capture.h"
#include "decode/decode.h"
#include "flow/filter.h"
#include "io/clock.h"
#include "io/loop.h"
#include "io/prog.h"
#include "listen.h"
#include "output.h"
#include "report.h"
#include "source.h"

enum {
	FLUSH_MS = 5, /* of silence */
	AGE_MS = 200, /* of the oldest flow, where input never falls silent */
	AT_ONCE = 4096, /* datagrams before the loop looks at signals */
	WAKE_EVERY = 64,
	TICK_MS = 1000,
	COMMANDS_MS = 10 * 1000, /* how long they are waited for at the end */
	SIZE_LEAST = 64 << 10,
	CAPTURE_RING = 1 << 20, /* small enough for the processor's cache */
	TROUBLE_MS = 60 * 1000,
	ALLOW_MAX = 4096,
};

struct options {
	struct opt_list listen, read;
	uint64_t buffer, queue;
	const char *write, *command;
	uint64_t period_ms, size;
};

struct collect {
	struct prog prog;
	struct options opt;
	struct loop *loop;
	struct loop_timer *again, *flush, *trouble, *tick;
	struct loop_fd *ring_fd;
	struct source source;
	struct listener *listener;
	struct capture *capture;
	struct decoder *decoder;
	struct builder rows;
	int64_t since_ms; /* when the first of these rows came */
	struct batch batch;
	struct filter *filter; /* NULL: all flows pass */
	struct arena scratch;
	struct output *out;
	struct steward *steward; /* NULL: no need of one */
	bool ended; /* nothing more can be written */
	int status;
	uint64_t said[DECODE_COUNTS];
	struct prefix allow[ALLOW_MAX];
	size_t allow_count;
};

/* The batch without the flows that the filter refuses; false if none is left. */
static bool
filtered(struct collect *c)
{
	if (c->filter == NULL)
		return true;
	arena_reset(&c->scratch);
	return filter_apply(c->filter, &c->batch, &c->scratch) > 0;
}

/* The reader went away, which is a normal end, or writing failed. */
static void
end(struct collect *c, int status)
{
	c->ended = true;
	c->status = status > c->status ? status : c->status;
	atomic_store(&c->source.stop, true);
	loop_break(c->loop);
}

/* Writing failed for good. */
static void
fail(struct collect *c, const struct err *e)
{
	log_warnx("%s", e->msg);
	end(c, EXIT_FAILED);
}

static void
emit(struct collect *c, bool flush)
{
	struct err e;
	bool closed = false;
	int r = 0;

	if (c->rows.rows > 0) {
		builder_finish(&c->rows, &c->batch);
		if (!c->ended && filtered(c))
			r = output_batch(c->out, &c->batch, &closed, &e);
		builder_reset(&c->rows);
	}
	if (r == 0 && !closed && flush && !c->ended)
		r = output_flush(c->out, &closed, &e);
	if (r == -1) {
		fail(c, &e);
	} else if (closed) {
		end(c, EXIT_OK);
	}
}

static void
on_full(void *arg, struct builder *rows)
{
	(void)rows;
	emit(arg, false);
}

static void
on_flush(void *arg)
{
	emit(arg, true);
}

/* What comes next was received at that time, which may want another file. */
static void
turn(struct collect *c, int64_t received_ms)
{
	struct err e;

	emit(c, true);
	if (!c->ended && output_turn(c->out, received_ms, &e) == -1)
		fail(c, &e);
}

/* All that is in the ring, up to a bound. False: there is more. */
static bool
drain(struct collect *c)
{
	struct ring *ring = c->source.ring;
	const struct message *m;
	size_t len;

	for (unsigned n = 0; n < AT_ONCE; n++) {
		m = ring_get(ring, &len);
		if (m == NULL)
			return true;
		if (output_turns(c->out, m->received_ms))
			turn(c, m->received_ms);
		if (c->ended || output_stalled(c->out))
			return false;
		struct datagram dg = {m->exporter, m->received_ms, m->bytes, len - sizeof *m};
		decoder_datagram(c->decoder, &dg);
		ring_drop(ring);
		if (n % WAKE_EVERY == 0)
			ring_wake_putter(ring);
	}
	return false;
}

static void
on_ring(void *arg)
{
	struct collect *c = arg;

	if (output_stalled(c->out)) {
		loop_fd_set(c->ring_fd, 0);
		return;
	}
	/* Looked at before the ring, so that nothing put before it is missed. */
	bool done = atomic_load(&c->source.done), had_rows = c->rows.rows > 0, empty = drain(c);

	ring_wake_putter(c->source.ring);
	if (c->ended)
		return;
	if (empty && done) {
		loop_break(c->loop);
		return;
	}
	int64_t now = clock_mono_ms();
	if (!had_rows)
		c->since_ms = now;
	if (now - c->since_ms > AGE_MS) {
		emit(c, true);
		c->since_ms = now;
	}
	if (!empty || !ring_sleep(c->source.ring) || atomic_load(&c->source.done) != done)
		loop_timer_set(c->again, 0);
	else
		loop_timer_set(c->flush, FLUSH_MS);
}

static void
on_ring_fd(void *arg, int fd, int what)
{
	struct collect *c = arg;

	(void)fd;
	(void)what;
	if (!loop_timer_pending(c->again))
		on_ring(c);
}

static void
on_stop(void *arg)
{
	struct collect *c = arg;

	atomic_store(&c->source.stop, true);
	if (c->listener != NULL) {
		listener_stop(c->listener);
		return;
	}
	/* Its thread may wait for a pipe that stays silent; what it has put is decoded without it. */
	while (!c->ended && !output_stalled(c->out) && !drain(c))
		continue;
	loop_break(c->loop);
}

/* Files end by the clock where no datagram tells the time, and a stall ends some time, or with us. */
static void
on_tick(void *arg)
{
	struct collect *c = arg;
	bool stalled = output_stalled(c->out);
	struct err e;

	loop_timer_set(c->tick, TICK_MS);
	if (!stalled && ring_used(c->source.ring) > 0)
		return;
	emit(c, true);
	if (!c->ended && output_tick(c->out, clock_wall_ms(), &e) == -1)
		fail(c, &e);
	if (!stalled || c->ended)
		return;
	if (!output_stalled(c->out)) {
		loop_fd_set(c->ring_fd, LOOP_READ);
		on_ring(c);
	} else if (atomic_load(&c->source.stop)) {
		log_warnx("%zu bytes of datagrams still waited and are lost", ring_used(c->source.ring));
		c->status = EXIT_FAILED;
		loop_break(c->loop);
	}
}

static void
on_trouble(void *arg)
{
	struct collect *c = arg;

	report_trouble(c->decoder, c->said);
	loop_timer_set(c->trouble, TROUBLE_MS);
}

struct allow_list {
	struct prefix *list;
	size_t count;
};

static int
allow_add(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct allow_list *a = arg;
	struct err why;

	if (a->count == ALLOW_MAX)
		return cnode_err(at, e, "more than %d prefixes", ALLOW_MAX);
	if (prefix_parse(&a->list[a->count], item, &why) == -1)
		return cnode_err(at, e, "%s", why.msg);
	a->count++;
	return 0;
}

/* One that is ours. It may be a name, which says nothing about the source of datagrams. */
static int
allow_ours(void *arg, struct str item, const struct cnode *at, struct err *e)
{
	struct allow_list *a = arg;
	struct addr addr;

	(void)at;
	(void)e;
	if (addr_parse(&addr, item) == 0 && a->count < ALLOW_MAX)
		a->list[a->count++] = (struct prefix){addr, 128};
	return 0;
}

/* The list of trusted exporters, to which those belong that the configuration names elsewhere as ours. */
static int
read_allow(struct allow_list *a, const struct conf *conf, struct err *e)
{
	static const char *const ours[] = {"snmp.target", "bgp.bgp_listener.peer_ip"};
	const struct cnode *n = conf_find(conf, "collectors.netflow.config.allow");

	if (n != NULL && cnode_each(n, allow_add, a, e) == -1)
		return -1;
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
		n = conf_find(conf, ours[i]);
		if (n != NULL && cnode_each(n, allow_ours, a, e) == -1)
			return -1;
	}
	return 0;
}

static int
on_conf(void *arg, const struct conf *conf, struct err *e)
{
	struct collect *c = arg;
	struct allow_list a = {mem_zero(ALLOW_MAX, sizeof *a.list), 0};
	int r = read_allow(&a, conf, e);

	if (r == 0) {
		memcpy(c->allow, a.list, a.count * sizeof *a.list);
		c->allow_count = a.count;
	}
	free(a.list);
	return r;
}

static void
on_reload(void *arg)
{
	struct collect *c = arg;

	if (prog_reload(&c->prog, on_conf, c) == 0)
		decoder_allow(c->decoder, c->allow, c->allow_count);
}

static void
on_metrics(void *arg, struct buf *out)
{
	struct collect *c = arg;

	if (c->listener != NULL)
		listener_metrics(c->listener, out);
	if (c->capture != NULL)
		capture_metrics(c->capture, out);
	metrics_head(out, "nf_collect_queue_bytes", "bytes that wait to be decoded", METRIC_GAUGE);
	metrics_sample(out, "nf_collect_queue_bytes", NULL, ring_used(c->source.ring));
	metrics_head(out, "nf_collect_queue_size_bytes", "bytes that may", METRIC_GAUGE);
	metrics_sample(out, "nf_collect_queue_size_bytes", NULL, ring_size(c->source.ring));
	report_metrics(c->decoder, out);
	output_metrics(c->out, out);
}

/* The addresses by flag or key; else bindaddr and bindport. */
static int
add_addresses(struct collect *c, struct err *e)
{
	for (size_t i = 0; i < c->opt.listen.n; i++)
		if (listener_add(c->listener, str_from(c->opt.listen.v[i]), e) == -1)
			return -1;
	if (c->opt.listen.n > 0)
		return 0;
	const struct conf *conf = &c->prog.conf;
	const char *host = conf_str(conf, "collectors.netflow.config.bindaddr");
	struct buf where = {0};
	buf_printf(&where, strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host,
	    (unsigned)conf_num(conf, "collectors.netflow.config.bindport"));
	int r = listener_add(c->listener, str_from(buf_cstr(&where)), e);
	buf_release(&where);
	return r;
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

	if (check_files(&c->opt, &e) == -1)
		goto refused;
	if (c->prog.operand_count > 0 && compile_filter(c, &e) == -1)
		goto refused;
	c->source.ring = ring_new(c->opt.read.n > 0 ? CAPTURE_RING : c->opt.queue);
	if (on_conf(c, &c->prog.conf, &e) == -1)
		goto refused;
	if (conf_bool(&c->prog.conf, "collectors.netflow.config.debug"))
		log_verbose(2);
	if (c->opt.read.n == 0) {
		c->listener = listener_new(&c->source, c->opt.buffer);
		if (add_addresses(c, &e) == -1)
			goto refused;
		return 0;
	}
	c->capture = capture_new(&c->source);
	for (size_t i = 0; i < c->opt.read.n; i++)
		if (capture_add(c->capture, c->opt.read.v[i], &e) == -1) {
			log_warnx("%s", e.msg);
			return EXIT_FAILED;
		}
	return 0;
refused:
	log_warnx("%s", e.msg);
	return EXIT_CONFIG;
}

static int
start(struct collect *c, bool must, struct err *e)
{
	c->loop = loop_new(e);
	if (c->loop == NULL)
		return -1;
	c->again = loop_timer_add(c->loop, on_ring, c);
	c->flush = loop_timer_add(c->loop, on_flush, c);
	c->trouble = loop_timer_add(c->loop, on_trouble, c);
	c->ring_fd = loop_fd_add(c->loop, ring_fd(c->source.ring), LOOP_READ, on_ring_fd, c);
	loop_timer_set(c->again, 0);
	loop_timer_set(c->trouble, TROUBLE_MS);
	c->tick = loop_timer_add(c->loop, on_tick, c);
	loop_timer_set(c->tick, TICK_MS);
	struct loop_signals signals = {on_stop, on_reload, c, &c->prog.metrics, c->prog.metrics_path};
	if (loop_signals(c->loop, &signals, e) == -1)
		return -1;
	return c->listener != NULL ? listener_start(c->listener, must, e) : capture_start(c->capture, e);
}

static bool
writes_files(const struct collect *c)
{
	return c->opt.write != NULL && strcmp(c->opt.write, "-") != 0;
}

/* What needs more than a pipe is left to a process of its own. */
static int
start_steward(struct collect *c, struct err *e)
{
	struct steward_series series = {
	    .pattern = c->opt.write,
	    .zone = conf_str(&c->prog.conf, "timezone"),
	    .command = c->opt.command,
	};

	if (!writes_files(c))
		return 0;
	c->steward = steward_new();
	steward_series(c->steward, &series);
	prog_entrust(&c->prog, c->steward);
	return steward_start(c->steward, e);
}

static int
start_output(struct collect *c, struct err *e)
{
	c->out = output_new(&(struct output_options){
	    .format = c->prog.binary ? STREAM_BINARY : STREAM_NDJSON,
	    .live = c->listener != NULL,
	    .files = writes_files(c) ? c->steward : NULL,
	    .period_ms = (int64_t)c->opt.period_ms,
	    .size_max = c->opt.size,
	});
	return writes_files(c) && c->listener != NULL ? output_start(c->out, clock_wall_ms(), e) : 0;
}

static int
run(struct collect *c, bool must)
{
	struct err e;
	uint64_t origin = 0;

	if (start_steward(c, &e) == -1 || start_output(c, &e) == -1) {
		log_warnx("%s", e.msg);
		return EXIT_FAILED;
	}

	while (origin == 0)
		if (getrandom(&origin, sizeof origin, 0) != (ssize_t)sizeof origin)
			origin = (uint64_t)clock_wall_ms();
	builder_init(&c->rows, origin);
	c->decoder = decoder_new(&(struct decoder_options){
	    .rows = &c->rows, .full = on_full, .arg = c, .live = c->listener != NULL});
	decoder_allow(c->decoder, c->allow, c->allow_count);
	metrics_add_fn(&c->prog.metrics, on_metrics, c);
	if (start(c, must, &e) == -1) {
		log_warnx("%s", e.msg);
		return EXIT_FAILED;
	}
	loop_run(c->loop);
	emit(c, true);
	if (output_end(c->out, &e) == -1)
		fail(c, &e);
	report_trouble(c->decoder, c->said);
	return atomic_load(&c->source.failed) ? EXIT_FAILED : c->status;
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
	if (c->listener != NULL) {
		atomic_store(&c->source.stop, true);
		listener_stop(c->listener);
	}
	listener_free(c->listener);
	if (c->capture == NULL || !capture_running(c->capture)) {
		capture_free(c->capture);
		ring_free(c->source.ring);
	}
	decoder_free(c->decoder);
	builder_release(&c->rows);
	output_free(c->out);
	steward_free(c->steward);
	filter_free(c->filter);
	arena_release(&c->scratch);
	loop_timer_remove(c->again);
	loop_timer_remove(c->flush);
	loop_timer_remove(c->trouble);
	loop_timer_remove(c->tick);
	loop_fd_remove(c->ring_fd);
	loop_free(c->loop);
}

int
main(int argc, char **argv)
{
	static struct collect c;
	struct opt opts[] = {
	    {'l', "listen", OPT_LIST, &c.opt.listen, "HOST:PORT", "collectors.netflow.config.listen",
		"receive datagrams here; repeatable (default: bindaddr and bindport, 0.0.0.0:2055)", false},
	    {'r', "read", OPT_LIST, &c.opt.read, "FILE", NULL,
		"read a capture (pcap, pcapng; - is stdin) instead; repeatable", false},
	    {0, "receive-buffer", OPT_SIZE, &c.opt.buffer, "SIZE", "collectors.netflow.config.receive_buffer",
		"buffer of each socket to ask the kernel for (default: 64M)", false},
	    {0, "queue", OPT_SIZE, &c.opt.queue, "SIZE", "collectors.netflow.config.queue",
		"memory for datagrams that wait to be decoded (default: 64M)", false},
	    {'w', NULL, OPT_STR, &c.opt.write, "FILE", NULL,
		"write to this file instead of stdout; its name is made by strftime(3)", false},
	    {'G', NULL, OPT_SECONDS, &c.opt.period_ms, "SECONDS", NULL,
		"begin a new file at each multiple of this time", false},
	    {'C', NULL, OPT_SIZE, &c.opt.size, "SIZE", NULL, "and where a file has grown to this size",
		false},
	    {'z', NULL, OPT_STR, &c.opt.command, "COMMAND", NULL, "run COMMAND FILE for each complete file",
		false},
	    OPT_END,
	};

	c.opt.buffer = c.opt.queue = 64 << 20;
	c.prog = (struct prog){.name = "nf-collect",
	    .usage = "[-l HOST:PORT ...] [-r FILE ...] [FILTER]",
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
