/* nf-tee: one stream of flows to many. Here are the options and the input; the outputs are in output.h. */
#include <stdlib.h>

#include "base/log.h"
#include "flow/stage.h"
#include "io/clock.h"
#include "output.h"

struct tee {
	struct prog prog;
	struct stage *stage;
	struct outputs outputs;
	bool full; /* an output is: the input waits */
	bool ending; /* there is no more input */
	bool patient; /* drop outputs still get time to drain */
	uint64_t drain_ms;
	struct loop_timer *patience;
	struct buf scratch;
	struct log_limit waits;
};

static void
tee_parse(struct tee *t)
{
	struct err e;

	t->outputs.count = (size_t)t->prog.operand_count;
	t->outputs.v = mem_zero(t->outputs.count, sizeof *t->outputs.v);
	for (size_t i = 0; i < t->outputs.count; i++) {
		struct output *o = &t->outputs.v[i];

		if (output_parse(o, t->prog.operands[i], &e) == -1)
			fatal_config("%s", e.msg);
		for (size_t k = 0; k < i; k++)
			if (output_same(o, &t->outputs.v[k]))
				fatal_config("output '%s': it is there twice", o->text);
	}
}

/* The output that holds the input up, or NULL. */
static const struct output *
full_output(const struct tee *t)
{
	for (size_t i = 0; i < t->outputs.count; i++)
		if (output_full(&t->outputs.v[i]))
			return &t->outputs.v[i];
	return NULL;
}

/* Closes what is drained, and ends when all are closed: drained, or without a reader that could come back. */
static void
check_end(struct tee *t)
{
	size_t closed = 0;

	for (size_t i = 0; i < t->outputs.count; i++) {
		struct output *o = &t->outputs.v[i];

		if (t->ending && output_drained(o, t->patient))
			output_close(o);
		closed += o->closed;
	}
	if (closed < t->outputs.count)
		return;
	if (t->ending)
		stage_done(t->stage);
	else
		stage_finish(t->stage);
}

/* A queue got shorter, or an output closed. */
static void
on_change(void *arg)
{
	struct tee *t = arg;

	if (t->full && full_output(t) == NULL) {
		t->full = false;
		stage_pause(t->stage, false);
	}
	check_end(t);
}

static void
on_patience(void *arg)
{
	struct tee *t = arg;

	t->patient = false;
	check_end(t);
}

static int
on_begin(void *arg, struct stage *s, struct err *e)
{
	struct tee *t = arg;

	t->stage = s;
	t->outputs.loop = stage_loop(s);
	t->outputs.changed = on_change;
	t->outputs.arg = t;
	t->patience = loop_timer_add(stage_loop(s), on_patience, t);
	outputs_register(&t->outputs, &t->prog.metrics);
	for (size_t i = 0; i < t->outputs.count; i++)
		if (output_open(&t->outputs.v[i], &t->outputs, e) == -1)
			return -1;
	return 0;
}

/* One copy of the batch, or mark, as it travels, for all outputs. */
static int
on_batch(void *arg, struct stage *s, struct batch *b, struct err *e)
{
	struct tee *t = arg;
	enum stream_format format = t->prog.binary ? STREAM_BINARY : STREAM_NDJSON;
	struct str bytes = stage_raw(s, b);

	if (bytes.p == NULL || format == STREAM_NDJSON) {
		t->scratch.len = 0;
		if (stream_put(&t->scratch, b, format, stage_arena(s), e) == -1)
			return -1;
		bytes = (struct str){(const char *)t->scratch.p, t->scratch.len};
	}
	struct chunk *c = chunk_new(bytes.p, bytes.len, b->rows);
	for (size_t i = 0; i < t->outputs.count; i++)
		output_offer(&t->outputs.v[i], c);
	chunk_unref(c);

	const struct output *full = full_output(t);
	if (full != NULL && !t->full) {
		t->full = true;
		stage_pause(s, true);
		if (full->readers == NULL)
			log_limited(&t->waits, clock_mono_ms(),
			    "%s: nobody reads and its queue is full: the input waits", full->text);
	}
	check_end(t);
	return 0;
}

static int
on_end(void *arg, struct stage *s, struct err *e)
{
	struct tee *t = arg;

	(void)s;
	(void)e;
	t->ending = true;
	loop_timer_set(t->patience, (int64_t)t->drain_ms);
	check_end(t);
	return 1;
}

static int
on_reload(void *arg, const struct conf *c, struct err *e)
{
	struct tee *t = arg;

	(void)c;
	(void)e;
	for (size_t i = 0; i < t->outputs.count; i++)
		output_reopen(&t->outputs.v[i]);
	return 0;
}

static void
on_close(void *arg)
{
	struct tee *t = arg;

	for (size_t i = 0; i < t->outputs.count; i++)
		output_close(&t->outputs.v[i]);
	loop_timer_remove(t->patience);
}

int
main(int argc, char **argv)
{
	static const struct stage_ops ops = {.begin = on_begin,
	    .batch = on_batch,
	    .mark = on_batch,
	    .reload = on_reload,
	    .end = on_end,
	    .close = on_close};
	/* Rows that came as lines get numbers, so that a reader sees what was dropped. */
	static const struct stage_options options = {.in = {.numbered = true}, .no_output = true};
	struct tee t = {.patient = true, .drain_ms = 10000, .waits = {.burst = 1}};
	struct opt opts[] = {
	    {0, "drain-timeout", OPT_SECONDS, &t.drain_ms, "TIME", "tee.drain_timeout",
		"how long drop outputs may drain at the end (10s)", false},
	    OPT_END,
	};

	t.prog = (struct prog){
	    .name = "nf-tee",
	    .usage = "OUTPUT...",
	    .brief = "Gives one stream of flows to many readers.\n"
		     "OUTPUT is unix:PATH, file:PATH or -, each with [,block|drop][,SIZE]",
	    .opts = opts,
	};
	int status = prog_start(&t.prog, argc, argv);
	if (status >= 0)
		return status;
	if (t.prog.operand_count == 0)
		fatal_config("no output was named; nf-tee -h shows the usage");
	tee_parse(&t);
	status = t.prog.check_only ? EXIT_OK : stage_run(&t.prog, &options, &ops, &t);
	for (size_t i = 0; i < t.outputs.count; i++)
		output_release(&t.outputs.v[i]);
	free(t.outputs.v);
	buf_release(&t.scratch);
	return status;
}
