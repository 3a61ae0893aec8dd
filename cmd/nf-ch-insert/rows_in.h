/*
 * Lines of NDJSON from stdin, for as long as they come; what flow/stage.h is to
 * flows. Signals mean the same: TERM and INT take what is in the pipe already
 * (until silence for 100 ms, or 2 s and then the end of the line that is coming),
 * HUP reloads.
 */
#ifndef NF_CH_INSERT_ROWS_IN_H
#define NF_CH_INSERT_ROWS_IN_H

#include "io/loop.h"
#include "io/prog.h"

struct rows_in;

struct rows_in_ops {
	/* Whole lines, each a JSON object; at most QUEUE_LINES_MAX bytes. */
	void (*rows)(void *arg, struct rows_in *r, const void *p, size_t len, uint64_t rows);
	void (*tick)(void *arg); /* once a second */
	int (*reload)(void *arg, const struct conf *c, struct err *e);
	void (*end)(void *arg); /* all input was handed over; the loop is still there */
};

/* Runs to the end; the exit status. Lines that are no object are counted, told with their number, and skipped. */
int rows_in_run(struct prog *p, const struct rows_in_ops *ops, void *arg);

struct loop *rows_in_loop(struct rows_in *r);
void rows_in_pause(struct rows_in *r, bool pause);

#endif
