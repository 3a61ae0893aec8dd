/*
 * The life of a filter: flows in on stdin, something out. It reads, hands over
 * batch after batch, flushes 5 ms after input falls silent, keeps the metrics,
 * and obeys the signals:
 *
 *     TERM, INT   takes no more than what is already in the pipe (until the end
 *                 of input, or silence for 100 ms, or 2 s and then the end of
 *                 the batch that is coming), flushes, ends; the rest stays in
 *                 the pipe, whole
 *     HUP         reload
 *     USR1        counters to stderr
 */
#ifndef FLOW_STAGE_H
#define FLOW_STAGE_H

#include "flow/stream.h"
#include "io/loop.h"
#include "io/prog.h"

struct stage;

struct stage_ops {
	/* Before the first input, with the loop there. May be NULL. */
	int (*begin)(void *arg, struct stage *s, struct err *e);

	/* A batch of flows, writable in its struct (columns may be added, dropped, filtered). -1 with words ends
	 * the program with status 1. 1: not yet; the input waits, and the same batch is handed over again, as it is
	 * now, with stage_pause(s, false), or when all must go (see stage_ending; then 1 is no answer). */
	int (*batch)(void *arg, struct stage *s, struct batch *b, struct err *e);

	/* A mark. NULL: passed on in order. */
	int (*mark)(void *arg, struct stage *s, struct batch *b, struct err *e);

	/* Input fell silent; called once per silence, before the output is flushed. May be NULL. */
	int (*idle)(void *arg, struct stage *s, struct err *e);

	/* Once a second. May be NULL. */
	void (*tick)(void *arg, struct stage *s, int64_t wall_ms);

	/* HUP: take the new configuration or refuse it. NULL: nothing to reload. */
	int (*reload)(void *arg, const struct conf *c, struct err *e);

	/* The input ended: another descriptor to read (closed by the stage at its end) and what to call it, or -1
	 * for no more. May be NULL: one input. */
	int (*next)(void *arg, struct stage *s, const char **name);

	/* The end of all input: last output. 1: there is more to do as the loop runs on, stage_done() when it is
	 * done (or a second stop, a second after the first, which is a failure). May be NULL. */
	int (*end)(void *arg, struct stage *s, struct err *e);

	/* Always last, after `begin`, with the loop still there. May be NULL. */
	void (*close)(void *arg);
};

struct stage_options {
	struct stream_in_options in; /* complain and arg are set by the stage */
	enum stream_format out; /* STREAM_AUTO: by -b */
	bool no_output; /* a sink: stage_emit is never called */
	int in_fd; /* 0 = stdin */
};

/* Runs to the end; the exit status. */
int stage_run(struct prog *p, const struct stage_options *o, const struct stage_ops *ops, void *arg);

/* For the callbacks. */
int stage_emit(struct stage *s, const struct batch *b, struct err *e);
struct arena *stage_arena(struct stage *s); /* reset before every batch */
struct loop *stage_loop(struct stage *s); /* for descriptors and timers of the program's own */
bool stage_ending(const struct stage *s); /* what was read goes now: there is no more waiting */
void stage_stop(struct stage *s); /* as if TERM had come */
void stage_finish(struct stage *s); /* no more input is wanted, nor what was read: flush and end now */
void stage_done(struct stage *s); /* after `end` gave 1 */

/*
 * Stops and resumes: a sink that has no room takes neither more input nor what was read already. The batch at hand
 * lasts while paused.
 */
void stage_pause(struct stage *s, bool pause);

/* The bytes that came, if they are what the batch at hand still is in binary; else p is NULL. */
struct str stage_raw(const struct stage *s, const struct batch *b);
bool stage_closed(const struct stage *s); /* the reader of our output went away */

#endif
