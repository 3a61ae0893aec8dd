/*
 * The event loop (libevent behind it): descriptors, timers, and the signals
 * that every program treats alike. Works on regular files too.
 *
 *     TERM, INT   loop_stop() is called: `stop` callback once, or the loop ends
 *     HUP         `reload` callback
 *     USR1        metrics to stderr
 */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "io/metrics.h"

struct loop;
struct loop_fd;
struct loop_timer;

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

typedef void loop_fd_fn(void *arg, int fd, int what);
typedef void loop_fn(void *arg);

struct loop_signals {
	loop_fn *stop; /* NULL: loop_break */
	loop_fn *reload; /* NULL: HUP is ignored */
	void *arg;
	const struct metrics *metrics; /* for USR1, may be NULL */
	const char *metrics_path; /* written every 10 s and at the end, may be NULL */
};

struct loop *loop_new(struct err *e);
void loop_free(struct loop *l);
int loop_signals(struct loop *l, const struct loop_signals *s, struct err *e);

/* Runs until loop_break; callbacks may add and remove anything, themselves included. */
void loop_run(struct loop *l);
void loop_break(struct loop *l);

/* Persistent interest in a descriptor; `what` may be changed, 0 pauses. */
struct loop_fd *loop_fd_add(struct loop *l, int fd, int what, loop_fd_fn *fn, void *arg);
void loop_fd_set(struct loop_fd *f, int what);
void loop_fd_remove(struct loop_fd *f); /* does not close fd; NULL is fine */

/* One-shot timers, set and set again at will. */
struct loop_timer *loop_timer_add(struct loop *l, loop_fn *fn, void *arg);
void loop_timer_set(struct loop_timer *t, int64_t in_ms);
void loop_timer_cancel(struct loop_timer *t);
bool loop_timer_pending(const struct loop_timer *t);
void loop_timer_remove(struct loop_timer *t);

/* The struct event_base, for evhttp users, who include libevent's headers themselves. */
void *loop_base(struct loop *l);

#endif
