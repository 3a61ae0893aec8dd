/* What happens to each batch on its way, and when it goes out. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "cat.h"
#include "flow/ndjson.h"
#include "flow/scale.h"
#include "io/clock.h"
#include "io/fdio.h"

enum {
	WRITE_BYTES = 64 << 10, /* of text, gathered before a write */
	PACE_LOOK_MS = 1000, /* the longest sleep between flows that are far apart */
};

struct cat {
	const struct settings *s;
	struct stage *stage;
	char **next; /* inputs still to come */
	int status;
	uint64_t left; /* flows of the limit */

	/* output that is neither lines of JSON nor batches */
	struct buf text;
	struct arena scratch;
	bool header; /* the line of names was written */
	bool closed;

	/* flows that wait for their time */
	struct loop_timer *pace;
	struct batch *batch; /* NULL: none wait */
	uint32_t sent; /* rows of it that went out */
	bool pace_begun;
	uint64_t pace_flow_ms; /* a flow of this time is due at pace_wall_ms */
	int64_t pace_wall_ms;
};

static bool
own_text(const struct cat *c)
{
	return c->s->format != FORMAT_NDJSON && c->s->format != FORMAT_BINARY;
}

static int
text_flush(struct cat *c, struct err *e)
{
	if (c->closed || c->text.len == 0)
		return 0;
	int status = fd_write_all(STDOUT_FILENO, c->text.p, c->text.len);
	c->text.len = 0;
	if (status == 0)
		return 0;
	if (errno != EPIPE)
		return err_sys(e, "output");
	c->closed = true;
	stage_finish(c->stage);
	return 0;
}

/* A table without rows has its names all the same. */
static void
header_write(struct cat *c)
{
	if (c->s->format == FORMAT_CSV && !c->header)
		csv_header(&c->s->columns, &c->text);
	c->header = true;
}

static int
emit(struct cat *c, struct batch *b, struct err *e)
{
	if (!c->s->all_columns)
		columns_keep(&c->s->columns, b);
	if (!own_text(c))
		return stage_emit(c->stage, b, e);
	header_write(c);
	switch (c->s->format) {
	case FORMAT_TEXT:
		text_write(b, &c->text);
		break;
	case FORMAT_CSV:
		csv_write(&c->s->columns, b, &c->text);
		break;
	default:
		ndjson_write_clickhouse(b, &c->text, &c->scratch);
		arena_reset(&c->scratch);
	}
	return c->text.len >= WRITE_BYTES ? text_flush(c, e) : 0;
}

/* When the row was received, or else ended or began; 0 if none is known. */
static uint64_t
row_time(const struct batch *b, uint32_t row)
{
	static const enum field order[] = {
	    FIELD_timestamp_received, FIELD_timestamp_end, FIELD_timestamp_start};

	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
		const struct col *col = batch_col(b, order[i]);

		if (col != NULL && col_has(col, row))
			return col_u64(col, row);
	}
	return 0;
}

/* How long until the row is due, in ms; 0: now. */
static int64_t
row_delay(struct cat *c, uint32_t row)
{
	uint64_t when = row_time(c->batch, row);
	int64_t now = clock_mono_ms();

	if (when != 0 && !c->pace_begun) {
		c->pace_begun = true;
		c->pace_flow_ms = when;
		c->pace_wall_ms = now;
	}
	if (when <= c->pace_flow_ms)
		return 0;
	double after = (double)(when - c->pace_flow_ms) / c->s->pace;
	double delay = after - (double)(now - c->pace_wall_ms);
	return delay > PACE_LOOK_MS ? PACE_LOOK_MS : delay > 0 ? (int64_t)delay + 1 : 0;
}

/* Sends the rows that are due. When none are left, reading goes on; else the timer is set for the next. */
static int
pace_on(struct cat *c, struct err *e)
{
	int64_t delay = 0;
	uint32_t end = c->sent;

	while (end < c->batch->rows && (delay = row_delay(c, end)) == 0)
		end++;
	if (end > c->sent) {
		struct batch part = *c->batch;

		batch_slice(&part, stage_arena(c->stage), c->sent, end - c->sent);
		c->sent = end;
		if (emit(c, &part, e) == -1 || text_flush(c, e) == -1)
			return -1;
	}
	if (end < c->batch->rows) {
		loop_timer_set(c->pace, delay);
		return 0;
	}
	c->batch = NULL;
	if (c->s->limited && c->left == 0)
		stage_finish(c->stage);
	else
		stage_pause(c->stage, false);
	return 0;
}

static void
on_pace(void *arg)
{
	struct cat *c = arg;
	struct err e;

	if (c->batch == NULL || pace_on(c, &e) == 0)
		return;
	log_warnx("%s", e.msg);
	c->status = EXIT_FAILED;
	stage_finish(c->stage);
}

/* What the flags make of a batch. */
static void
transform(struct cat *c, struct batch *b)
{
	struct arena *a = stage_arena(c->stage);

	if (c->s->filter != NULL && filter_apply(c->s->filter, b, a) == 0)
		return;
	if (c->s->limited && b->rows > c->left)
		batch_slice(b, a, 0, (uint32_t)c->left);
	if (c->s->limited)
		c->left -= b->rows;
	if (c->s->scale)
		batch_scale(b, a);
}

static int
on_batch(void *arg, struct stage *s, struct batch *b, struct err *e)
{
	struct cat *c = arg;

	if (c->closed || c->batch != NULL)
		return 0; /* stopped while flows wait for their time: the others never get theirs */
	transform(c, b);
	if (b->rows > 0 && c->s->pace > 0) {
		stage_pause(s, true);
		c->batch = b;
		c->sent = 0;
		return pace_on(c, e);
	}
	if (b->rows > 0 && emit(c, b, e) == -1)
		return -1;
	if (c->s->limited && c->left == 0)
		stage_finish(s);
	return 0;
}

static int
on_next(void *arg, struct stage *s, const char **name)
{
	struct cat *c = arg;
	struct err e;
	int fd;

	(void)s;
	while (*c->next != NULL) {
		*name = *c->next++;
		fd = input_open(*name, c->s->wait_ms, &e);
		if (fd != -1)
			return fd;
		log_warnx("%s", e.msg);
		c->status = EXIT_FAILED;
	}
	return -1;
}

static int
on_idle(void *arg, struct stage *s, struct err *e)
{
	struct cat *c = arg;

	(void)s;
	return text_flush(c, e);
}

static int
on_end(void *arg, struct stage *s, struct err *e)
{
	struct cat *c = arg;

	(void)s;
	header_write(c);
	return text_flush(c, e);
}

static int
on_begin(void *arg, struct stage *s, struct err *e)
{
	struct cat *c = arg;

	(void)e;
	c->stage = s;
	c->pace = loop_timer_add(stage_loop(s), on_pace, c);
	return 0;
}

static void
on_close(void *arg)
{
	struct cat *c = arg;

	loop_timer_remove(c->pace);
}

int
cat_run(struct prog *p, const struct settings *s)
{
	static const struct stage_ops ops = {
	    .begin = on_begin,
	    .batch = on_batch,
	    .idle = on_idle,
	    .next = on_next,
	    .end = on_end,
	    .close = on_close,
	};
	struct cat c = {.s = s, .next = s->inputs + 1, .left = s->limit};
	struct stage_options o = {.in = s->in, .out = STREAM_NDJSON, .no_output = own_text(&c)};
	struct err e;

	if (s->format == FORMAT_BINARY)
		o.out = STREAM_BINARY;
	o.in.name = s->inputs[0];
	o.in_fd = input_open(s->inputs[0], s->wait_ms, &e);
	if (o.in_fd == -1) {
		log_warnx("%s", e.msg);
		return EXIT_FAILED;
	}
	int status = stage_run(p, &o, &ops, &c);
	buf_release(&c.text);
	arena_release(&c.scratch);
	return status != EXIT_OK ? status : c.status;
}
