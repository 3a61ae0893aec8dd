#include "rows_in.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "ch/rows.h"
#include "io/clock.h"
#include "io/fdio.h"

enum { READ_SIZE = 256 << 10, GRACE_MS = 100, STOP_MS = 2000, TICK_MS = 1000 };

struct rows_in {
	struct prog *prog;
	const struct rows_in_ops *ops;
	void *arg;
	struct loop *loop;
	struct loop_fd *input;
	struct loop_timer *tick, *grace;
	struct buf text; /* from the beginning of a line */
	struct buf sound; /* lines to hand over */
	bool skipping; /* the rest of a line that is too long */
	bool paused, stopping, ended;
	int64_t stop_ms; /* ends at the next line from then on */
	uint64_t bytes, lines, bad;
	struct log_limit complaints;
	int status;
};

static void
complain(struct rows_in *r, const char *words)
{
	r->bad++;
	log_limited(&r->complaints, clock_mono_ms(), "input: line %" PRIu64 ": %s", r->lines, words);
}

/* One line, as far as it is a row. */
static uint64_t
take_line(struct rows_in *r, struct str line)
{
	struct err e;

	r->lines++;
	if (r->skipping || line.len > ROWS_LINE_MAX) {
		r->skipping = false;
		complain(r, "longer than 1 MiB");
		return 0;
	}
	enum row_kind kind = row_look(line, &e);
	if (kind == ROW_BAD)
		complain(r, e.msg);
	if (kind != ROW_SOUND)
		return 0;
	buf_add(&r->sound, line.p, line.len);
	buf_putc(&r->sound, '\n');
	return 1;
}

/* All whole lines that were read, and at the end of input what no newline ends. */
static void
take_lines(struct rows_in *r, bool end)
{
	struct str text = {(const char *)r->text.p, r->text.len}, line;
	uint64_t rows = 0;

	while (text.len > 0 && (end || memchr(text.p, '\n', text.len) != NULL) && row_next(&text, &line))
		rows += take_line(r, line);
	buf_consume(&r->text, r->text.len - text.len);
	if (r->text.len > ROWS_LINE_MAX) {
		r->skipping = true;
		r->text.len = 0;
	}
	if (rows > 0)
		r->ops->rows(r->arg, r, r->sound.p, r->sound.len, rows);
	r->sound.len = 0;
}

static void
finish(struct rows_in *r)
{
	if (r->ended)
		return;
	r->ended = true;
	loop_fd_set(r->input, 0);
	take_lines(r, true);
	if (r->skipping)
		take_line(r, (struct str){"", 0});
	r->ops->end(r->arg);
	loop_break(r->loop);
}

/* A stop's time is up: what follows the line that has begun is for the next reader of the pipe. */
static bool
last_line(const struct rows_in *r)
{
	return r->stopping && clock_mono_ms() >= r->stop_ms;
}

static void
on_input(void *arg, int fd, int what)
{
	struct rows_in *r = arg;
	size_t room = last_line(r) ? 1 : READ_SIZE;

	(void)what;
	ssize_t n = fd_read(fd, buf_reserve(&r->text, room), room);
	if (n == -1 && errno == EAGAIN)
		return;
	if (n == -1) {
		log_warn("input");
		r->status = EXIT_FAILED;
	}
	if (n <= 0) {
		finish(r);
		return;
	}
	r->text.len += (size_t)n;
	r->bytes += (uint64_t)n;
	take_lines(r, false);
	if (last_line(r) && r->text.len == 0 && !r->skipping)
		finish(r);
	else if (r->stopping)
		loop_timer_set(r->grace, GRACE_MS);
}

/* Nothing came for a while, unless it was us who did not take it. */
static void
on_grace(void *arg)
{
	struct rows_in *r = arg;

	if (!r->paused || last_line(r))
		finish(r);
	else
		loop_timer_set(r->grace, GRACE_MS);
}

static void
on_stop(void *arg)
{
	struct rows_in *r = arg;

	if (r->stopping)
		return;
	r->stopping = true;
	r->stop_ms = clock_mono_ms() + STOP_MS;
	loop_timer_set(r->grace, GRACE_MS);
}

static void
on_reload(void *arg)
{
	struct rows_in *r = arg;

	prog_reload(r->prog, r->ops->reload, r->arg);
}

static void
on_tick(void *arg)
{
	struct rows_in *r = arg;

	r->ops->tick(r->arg);
	loop_timer_set(r->tick, TICK_MS);
}

struct loop *
rows_in_loop(struct rows_in *r)
{
	return r->loop;
}

void
rows_in_pause(struct rows_in *r, bool pause)
{
	r->paused = pause;
	if (!r->ended)
		loop_fd_set(r->input, pause ? 0 : LOOP_READ);
}

static void
add_metrics(struct rows_in *r, struct metrics *m)
{
	metrics_counter(m, "nf_input_bytes_total", "Bytes read.", &r->bytes);
	metrics_counter(m, "nf_input_lines_total", "Lines read.", &r->lines);
	metrics_counter(m, "nf_input_bad_lines_total", "Lines that are no JSON object, skipped.", &r->bad);
}

int
rows_in_run(struct prog *p, const struct rows_in_ops *ops, void *arg)
{
	struct rows_in r = {.prog = p, .ops = ops, .arg = arg, .status = EXIT_OK};
	struct loop_signals signals = {.stop = on_stop,
	    .reload = on_reload,
	    .arg = &r,
	    .metrics = &p->metrics,
	    .metrics_path = p->metrics_path};
	struct err e;

	add_metrics(&r, &p->metrics);
	fd_grow_pipe(0);
	r.loop = loop_new(&e);
	if (r.loop == NULL || loop_signals(r.loop, &signals, &e) == -1)
		fatalx("%s", e.msg);
	r.grace = loop_timer_add(r.loop, on_grace, &r);
	r.tick = loop_timer_add(r.loop, on_tick, &r);
	loop_timer_set(r.tick, TICK_MS);
	r.input = loop_fd_add(r.loop, 0, LOOP_READ, on_input, &r);
	loop_run(r.loop);
	loop_fd_remove(r.input);
	loop_timer_remove(r.grace);
	loop_timer_remove(r.tick);
	loop_free(r.loop);
	buf_release(&r.text);
	buf_release(&r.sound);
	if (r.bad > 0)
		log_warnx("%" PRIu64 " lines were no rows", r.bad);
	prog_finish(p); /* while the counts are still there */
	return r.status;
}
