#include "io/loop.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"

#define METRICS_INTERVAL_MS 10000

struct loop {
	struct event_base *base;
	struct event *signals[4];
	struct loop_signals want;
	struct loop_timer *metrics_timer;
};

struct loop_fd {
	struct loop *loop;
	struct event *ev;
	int fd, what;
	loop_fd_fn *fn;
	void *arg;
};

struct loop_timer {
	struct event *ev;
	loop_fn *fn;
	void *arg;
};

struct loop *
loop_new(struct err *e)
{
	struct event_config *cfg = event_config_new();
	struct loop *l = mem_zero(1, sizeof *l);

	/* epoll refuses regular files, which stdin may be. */
	if (cfg != NULL && event_config_require_features(cfg, EV_FEATURE_FDS) == 0)
		l->base = event_base_new_with_config(cfg);
	if (cfg != NULL)
		event_config_free(cfg);
	if (l->base == NULL) {
		free(l);
		err_set(e, "no event loop to be had from libevent");
		return NULL;
	}
	return l;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < sizeof l->signals / sizeof l->signals[0]; i++)
		if (l->signals[i] != NULL)
			event_free(l->signals[i]);
	loop_timer_remove(l->metrics_timer);
	event_base_free(l->base);
	free(l);
}

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct loop *l = arg;

	(void)what;
	if (sig == SIGHUP) {
		if (l->want.reload != NULL)
			l->want.reload(l->want.arg);
	} else if (sig == SIGUSR1) {
		if (l->want.metrics != NULL)
			metrics_print(l->want.metrics);
	} else if (l->want.stop != NULL) {
		l->want.stop(l->want.arg);
	} else {
		loop_break(l);
	}
}

static void
on_metrics_time(void *arg)
{
	struct loop *l = arg;
	struct err e;

	if (metrics_write(l->want.metrics, l->want.metrics_path, &e) == -1)
		log_warnx("metrics: %s", e.msg);
	loop_timer_set(l->metrics_timer, METRICS_INTERVAL_MS);
}

int
loop_signals(struct loop *l, const struct loop_signals *s, struct err *e)
{
	static const int which[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

	l->want = *s;
	for (size_t i = 0; i < sizeof which / sizeof which[0]; i++) {
		l->signals[i] = evsignal_new(l->base, which[i], on_signal, l);
		if (l->signals[i] == NULL || event_add(l->signals[i], NULL) != 0)
			return err_set(e, "cannot watch for signal %d", which[i]);
	}
	if (s->metrics != NULL && s->metrics_path != NULL) {
		l->metrics_timer = loop_timer_add(l, on_metrics_time, l);
		loop_timer_set(l->metrics_timer, 0);
	}
	return 0;
}

void
loop_run(struct loop *l)
{
	event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

void
loop_break(struct loop *l)
{
	event_base_loopbreak(l->base);
}

static void
on_fd(evutil_socket_t fd, short what, void *arg)
{
	struct loop_fd *f = arg;

	f->fn(
	    f->arg, fd, ((what & EV_READ) != 0 ? LOOP_READ : 0) | ((what & EV_WRITE) != 0 ? LOOP_WRITE : 0));
}

struct loop_fd *
loop_fd_add(struct loop *l, int fd, int what, loop_fd_fn *fn, void *arg)
{
	struct loop_fd *f = mem_zero(1, sizeof *f);

	*f = (struct loop_fd){.loop = l, .fd = fd, .fn = fn, .arg = arg};
	loop_fd_set(f, what);
	return f;
}

void
loop_fd_set(struct loop_fd *f, int what)
{
	if (what == f->what)
		return;
	if (f->ev != NULL)
		event_free(f->ev);
	f->ev = NULL;
	f->what = what;
	if (what == 0)
		return;
	short events = (short)(EV_PERSIST | ((what & LOOP_READ) != 0 ? EV_READ : 0) |
			       ((what & LOOP_WRITE) != 0 ? EV_WRITE : 0));
	f->ev = event_new(f->loop->base, f->fd, events, on_fd, f);
	if (f->ev == NULL || event_add(f->ev, NULL) != 0)
		log_warnx("cannot watch descriptor %d", f->fd);
}

void
loop_fd_remove(struct loop_fd *f)
{
	if (f == NULL)
		return;
	if (f->ev != NULL)
		event_free(f->ev);
	free(f);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	(void)fd;
	(void)what;
	t->fn(t->arg);
}

struct loop_timer *
loop_timer_add(struct loop *l, loop_fn *fn, void *arg)
{
	struct loop_timer *t = mem_zero(1, sizeof *t);

	*t = (struct loop_timer){.fn = fn, .arg = arg};
	t->ev = evtimer_new(l->base, on_timer, t);
	return t;
}

void
loop_timer_set(struct loop_timer *t, int64_t in_ms)
{
	struct timeval tv = {.tv_sec = in_ms / 1000, .tv_usec = in_ms % 1000 * 1000};

	evtimer_add(t->ev, &tv);
}

void
loop_timer_cancel(struct loop_timer *t)
{
	evtimer_del(t->ev);
}

bool
loop_timer_pending(const struct loop_timer *t)
{
	return evtimer_pending(t->ev, NULL) != 0;
}

void
loop_timer_remove(struct loop_timer *t)
{
	if (t == NULL)
		return;
	if (t->ev != NULL)
		event_free(t->ev);
	free(t);
}

void *
loop_base(struct loop *l)
{
	return l->base;
}
