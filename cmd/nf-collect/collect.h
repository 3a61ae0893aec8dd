/*
 * What nf-collect consists of, and its course: main.c has the options, prepare.c
 * makes of them what may be refused, run.c sets it going.
 *
 * Nothing is decoded where packets can be lost: one thread receives (listen.c)
 * or reads (capture.c) and puts datagrams into a ring, another decodes what is
 * in it and writes (worker.c, output.c). If the reader of stdout stalls, the
 * ring fills, and then datagrams are dropped and counted. With -j there are
 * several such pairs. The main thread has the signals and the counters.
 */
#ifndef NF_COLLECT_COLLECT_H
#define NF_COLLECT_COLLECT_H

#include "capture.h"
#include "counters.h"
#include "flow/filter.h"
#include "forward.h"
#include "io/loop.h"
#include "io/prog.h"
#include "keeper.h"
#include "listen.h"
#include "output.h"
#include "rules.h"
#include "tcp.h"
#include "worker.h"

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

/* Everything that may be refused: 0, or the exit status, with words said. */
int collect_prepare(struct collect *c);

/* To the end of input; the exit status. `must`: an address that cannot be had is a failure. */
int collect_run(struct collect *c, bool must);

void collect_release(struct collect *c);

#endif
