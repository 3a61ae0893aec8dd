/*
 * A child of the process that writes a file: its memory is a still picture of
 * the routes, so that the sessions and the API never wait.
 */
#ifndef NF_BGPD_WRITER_H
#define NF_BGPD_WRITER_H

#include <stdbool.h>

#include "io/loop.h"

struct writer {
	struct loop *loop;
	struct loop_fd *watch;
	const char *what; /* is written, in words */
	int pid, fd; /* of the child; fd -1: there is none */
	void (*done)(void *arg, bool good);
	void *arg;
};

/* `done` is called when a child has ended; what went wrong has been said then. */
void writer_init(
    struct writer *w, struct loop *l, const char *what, void (*done)(void *arg, bool good), void *arg);

static inline bool
writer_busy(const struct writer *w)
{
	return w->fd != -1;
}

/* Calls `write` in a child, which ends with it. Not while another is at work. */
void writer_begin(struct writer *w, int (*write)(void *arg, struct err *e));

/* Waits for the child, if there is one. */
void writer_wait(struct writer *w);

#endif
