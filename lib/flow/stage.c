#include "flow/stage.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "io/clock.h"
#include "io/fdio.h"

enum {
	SILENCE_MS = 5, /* without input, before output is flushed */
	GRACE_MS = 100, /* without input, before a stop believes that the pipe is empty */
	STOP_MS = 2000, /* that a stop may take while input keeps coming */
	AGAIN_MS = 1000, /* between two stops that are no echo of one */
	TICK_MS = 1000,
};

struct stage {
	struct prog *prog;
	const struct stage_options *options;
	const struct stage_ops *ops;
	void *arg;
	struct loop *loop;
	struct stream_in *in;
	struct stream_out *out; /* NULL for a sink */
	enum stream_format out_format;
	int fd;
	struct loop_fd *input;
	struct loop_timer *silence, *tick, *grace;
	struct arena arena;
	struct batch batch; /* the one at hand */
	struct log_limit complaints;
	bool stopping, closed, begun, paused, eof, finishing, ended;
	bool held; /* the batch at hand was handed over, and is to be so again */
	bool last; /* a stop's time is up: the batch that has begun to come is the last */
	bool enough; /* nothing more is wanted, not even what was read */
	const char *input_name;
	int64_t stop_since; /* monotonic */
	int status;
};

static void
complain(void *arg, const char *place, const char *words)
{
	struct stage *s = arg;

	log_limited(&s->complaints, clock_mono_ms(), "%s: %s: %s", s->input_name, place, words);
}

static void
stage_fail(struct stage *s, const struct err *e)
{
	log_warnx("%s", e->msg);
	s->status = EXIT_FAILED;
	s->ended = true;
	loop_break(s->loop);
}

/* The reader of our output went away, which is a normal end. */
static void
note_closed(struct stage *s, bool closed)
{
	if (!closed || s->closed)
		return;
	s->closed = true;
	s->ended = true;
	loop_break(s->loop);
}

int
stage_emit(struct stage *s, const struct batch *b, struct err *e)
{
	bool closed = false;

	if (s->closed)
		return 0;
	struct str raw = s->out_format == STREAM_BINARY ? stage_raw(s, b) : (struct str){NULL, 0};
	int status = raw.p != NULL ? stream_out_bytes(s->out, b, raw, &closed, e)
				   : stream_out_batch(s->out, b, &closed, e);
	note_closed(s, closed);
	return closed ? 0 : status;
}

static int
stage_flush(struct stage *s, struct err *e)
{
	bool closed = false;

	if (s->out == NULL || s->closed || !stream_out_pending(s->out))
		return 0;
	int status = stream_out_flush(s->out, &closed, e);
	note_closed(s, closed);
	return closed ? 0 : status;
}

static int
handle_flows(struct stage *s, struct batch *b, struct err *e)
{
	int n = s->ops->batch(s->arg, s, b, e);

	s->held = n == 1;
	if (s->held)
		stage_pause(s, true);
	return n == -1 ? -1 : 0;
}

static int
handle(struct stage *s, struct batch *b, struct err *e)
{
	arena_reset(&s->arena);
	if (b->kind != BATCH_MARK)
		return handle_flows(s, b, e);
	if (s->ops->mark != NULL)
		return s->ops->mark(s->arg, s, b, e);
	return s->out != NULL ? stage_emit(s, b, e) : 0;
}

/* Hands over what was read, for as long as the program takes it. */
static int
take(struct stage *s, bool flush, struct err *e)
{
	struct batch *b = &s->batch;
	int n = 0;

	if (s->held && (!s->paused || s->finishing) && !s->ended && handle_flows(s, b, e) == -1)
		return -1;
	while (!s->ended && !s->enough && (!s->paused || s->finishing) &&
	       (n = stream_in_next(s->in, b, flush, e)) == 1)
		if (handle(s, b, e) == -1)
			return -1;
	return n == -1 ? -1 : 0;
}

/* Goes over to the next input, if there is one. */
static bool
next_input(struct stage *s)
{
	const char *name = "input";
	int fd = s->ops->next != NULL && !s->stopping ? s->ops->next(s->arg, s, &name) : -1;

	if (fd == -1)
		return false;
	loop_fd_remove(s->input);
	s->input = NULL;
	close(s->fd);
	s->fd = fd;
	s->eof = false;
	stage_pause(s, s->paused);
	s->input_name = name;
	stream_in_switch(s->in, fd, name);
	return true;
}

/* The end: what is left goes out, in order. */
static void
finish(struct stage *s)
{
	struct err e;
	int more = 0;

	if (s->ended || s->finishing)
		return;
	s->finishing = true; /* what was read goes, be there room or not */
	stage_pause(s, true);
	if (take(s, true, &e) == -1 ||
	    (s->ops->end != NULL && !s->ended && (more = s->ops->end(s->arg, s, &e)) == -1) ||
	    stage_flush(s, &e) == -1) {
		stage_fail(s, &e);
		return;
	}
	if (more == 0)
		stage_done(s);
}

void
stage_done(struct stage *s)
{
	s->ended = true;
	loop_break(s->loop);
}

/* Input came or its end did, or there is room again. */
static void
go_on(struct stage *s, bool flush)
{
	struct err e;

	if (take(s, flush || s->eof, &e) == -1)
		stage_fail(s, &e);
	else if (s->eof && !s->paused && !s->ended && !next_input(s))
		finish(s);
}

static bool
time_is_up(const struct stage *s)
{
	return s->last || clock_mono_ms() >= s->stop_since + STOP_MS;
}

/* Ends where the next process can go on: what was read of a batch would be lost for both. */
static void
end_at_batch(struct stage *s)
{
	s->last = true;
	if (s->held) { /* it goes now: it lies where input is read to */
		stage_pause(s, false);
		go_on(s, false);
		if (s->ended || s->finishing)
			return;
	}
	if (stream_in_end_here(s->in)) {
		finish(s);
		return;
	}
	loop_fd_set(s->input, LOOP_READ);
	loop_timer_set(s->grace, GRACE_MS);
}

static void
on_input(void *arg, int fd, int what)
{
	struct stage *s = arg;
	struct err e;

	(void)fd;
	(void)what;
	if (s->held) { /* not before it has gone: it lies where input is read to */
		go_on(s, false);
		return;
	}
	int n = stream_in_fill(s->in, &e);
	if (n == -1) {
		stage_fail(s, &e);
		return;
	}
	s->eof = n == 0;
	if (s->eof)
		loop_fd_set(s->input, 0);
	go_on(s, false);
	if (s->ended || s->finishing || s->eof)
		return;
	loop_timer_set(s->silence, SILENCE_MS);
	if (s->stopping && time_is_up(s))
		end_at_batch(s);
	else if (s->stopping)
		loop_timer_set(s->grace, GRACE_MS);
}

static void
on_silence(void *arg)
{
	struct stage *s = arg;
	struct err e;

	if (s->ended || s->finishing)
		return;
	go_on(s, true);
	if (s->ended || s->finishing)
		return;
	if ((s->ops->idle != NULL && !s->paused && s->ops->idle(s->arg, s, &e) == -1) ||
	    stage_flush(s, &e) == -1)
		stage_fail(s, &e);
}

/* Nothing came for a while, unless it was us who did not take it. */
static void
on_grace(void *arg)
{
	struct stage *s = arg;

	if (!s->paused || s->last)
		finish(s);
	else if (time_is_up(s))
		end_at_batch(s);
	else
		loop_timer_set(s->grace, GRACE_MS);
}

static void
on_tick(void *arg)
{
	struct stage *s = arg;

	s->ops->tick(s->arg, s, clock_wall_ms());
	loop_timer_set(s->tick, TICK_MS);
}

static void
on_stop(void *arg)
{
	struct stage *s = arg;
	int64_t now = clock_mono_ms();

	if (!s->stopping) {
		s->stopping = true;
		s->stop_since = now;
		loop_timer_set(s->grace, GRACE_MS);
	} else if (now < s->stop_since + AGAIN_MS) {
		return; /* to a whole group of processes, and by their supervisor */
	} else if (!s->finishing) {
		end_at_batch(s);
	} else {
		log_warnx("told twice to stop: not all is done");
		s->status = EXIT_FAILED;
		stage_done(s);
	}
}

static void
on_reload(void *arg)
{
	struct stage *s = arg;

	if (s->ops->reload != NULL)
		prog_reload(s->prog, s->ops->reload, s->arg);
}

struct arena *
stage_arena(struct stage *s)
{
	return &s->arena;
}

struct loop *
stage_loop(struct stage *s)
{
	return s->loop;
}

bool
stage_ending(const struct stage *s)
{
	return s->finishing || s->last;
}

void
stage_stop(struct stage *s)
{
	on_stop(s);
}

void
stage_finish(struct stage *s)
{
	s->enough = true;
	finish(s);
}

bool
stage_closed(const struct stage *s)
{
	return s->closed;
}

void
stage_pause(struct stage *s, bool pause)
{
	s->paused = pause;
	if (s->input == NULL)
		s->input = loop_fd_add(s->loop, s->fd, pause ? 0 : LOOP_READ, on_input, s);
	else
		loop_fd_set(s->input, pause || s->eof ? 0 : LOOP_READ);
	/* What was read and not taken goes first; not from here, since we may be called from there. */
	if (!pause)
		loop_timer_set(s->silence, 0);
}

struct str
stage_raw(const struct stage *s, const struct batch *b)
{
	return stream_in_raw(s->in, b);
}

static void
add_metrics(struct stage *s, struct metrics *m)
{
	const struct stream_counts *in = stream_in_counts(s->in);

	metrics_counter(m, "nf_input_bytes_total", "Bytes read.", &in->bytes);
	metrics_counter(m, "nf_input_rows_total", "Flows read.", &in->rows);
	metrics_counter(m, "nf_input_marks_total", "Marks read.", &in->marks);
	metrics_counter(
	    m, "nf_input_bad_lines_total", "NDJSON lines that are no flow, skipped.", &in->bad_lines);
	metrics_counter(
	    m, "nf_input_bad_batches_total", "Batches that did not hold, skipped.", &in->bad_batches);
	metrics_counter(
	    m, "nf_input_skipped_bytes_total", "Bytes between sound batches, skipped.", &in->skipped_bytes);
	metrics_counter(m, "nf_input_torn_bytes_total",
	    "Bytes of a batch or line that the end of input cut off.", &in->torn_bytes);
	metrics_counter(m, "nf_input_gap_rows_total", "Flows that their source numbered and that never came.",
	    &in->gap_rows);
	if (s->out == NULL)
		return;
	const struct stream_counts *out = stream_out_counts(s->out);
	metrics_counter(m, "nf_output_bytes_total", "Bytes written.", &out->bytes);
	metrics_counter(m, "nf_output_rows_total", "Flows written.", &out->rows);
}

static int
stage_open(struct stage *s, struct err *e)
{
	struct stream_in_options in = s->options->in;
	struct stage_options const *o = s->options;

	if (s->prog->input != NULL && stream_format_parse(&in.format, s->prog->input, e) == -1)
		return -1;
	in.complain = complain;
	in.arg = s;
	s->input_name = in.name != NULL ? in.name : "input";
	s->loop = loop_new(e);
	if (s->loop == NULL)
		return -1;
	s->in = stream_in_new(s->fd, &in);
	fd_grow_pipe(s->fd);
	if (!o->no_output) {
		s->out_format = o->out;
		if (o->out == STREAM_AUTO)
			s->out_format = s->prog->binary ? STREAM_BINARY : STREAM_NDJSON;
		s->out = stream_out_new(STDOUT_FILENO, s->out_format);
		fd_grow_pipe(STDOUT_FILENO);
	}
	add_metrics(s, &s->prog->metrics);
	struct loop_signals signals = {
	    .stop = on_stop,
	    .reload = on_reload,
	    .arg = s,
	    .metrics = &s->prog->metrics,
	    .metrics_path = s->prog->metrics_path,
	};
	if (loop_signals(s->loop, &signals, e) == -1)
		return -1;
	s->silence = loop_timer_add(s->loop, on_silence, s);
	s->grace = loop_timer_add(s->loop, on_grace, s);
	s->tick = loop_timer_add(s->loop, on_tick, s);
	if (s->ops->tick != NULL)
		loop_timer_set(s->tick, TICK_MS);
	s->begun = true;
	if (s->ops->begin != NULL && s->ops->begin(s->arg, s, e) == -1)
		return -1;
	stage_pause(s, false);
	return 0;
}

/* What was lost on the way in, in one line: single complaints may have been held back. */
static void
say_losses(const struct stream_counts *n)
{
	if (n->bad_lines + n->bad_batches + n->skipped_bytes + n->torn_bytes == 0)
		return;
	log_warnx("left out of the input: %" PRIu64 " bad lines, %" PRIu64 " bad batches, %" PRIu64
		  " bytes between batches, %" PRIu64 " bytes cut off at the end",
	    n->bad_lines, n->bad_batches, n->skipped_bytes, n->torn_bytes);
}

static void
stage_close(struct stage *s)
{
	if (s->in != NULL)
		say_losses(stream_in_counts(s->in));
	if (s->begun && s->ops->close != NULL)
		s->ops->close(s->arg);
	loop_fd_remove(s->input);
	loop_timer_remove(s->silence);
	loop_timer_remove(s->grace);
	loop_timer_remove(s->tick);
	prog_finish(s->prog);
	loop_free(s->loop);
	stream_in_free(s->in);
	if (s->out != NULL)
		stream_out_free(s->out);
	arena_release(&s->arena);
	free(s);
}

int
stage_run(struct prog *p, const struct stage_options *o, const struct stage_ops *ops, void *arg)
{
	struct stage *s = mem_zero(1, sizeof *s);
	struct err e;

	*s = (struct stage){.prog = p, .options = o, .ops = ops, .arg = arg, .fd = o->in_fd};
	if (stage_open(s, &e) == -1) {
		log_warnx("%s", e.msg);
		s->status = EXIT_FAILED;
		s->ended = true;
	}
	while (!s->ended)
		loop_run(s->loop);
	int status = s->status;
	stage_close(s);
	return status;
}
