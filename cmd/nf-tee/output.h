/*
 * The outputs and those who read them.
 *
 * An output is named by its text: unix:PATH, file:PATH or -, then in any order
 * block or drop, and the size of its queue. Each reader of an output has a
 * queue of its own, of batches that all share.
 *
 * block: when a reader's queue is full, no more input is taken. Without any
 *     reader the queue of the last one that left goes on filling, up to its
 *     size, and the next reader gets it.
 * drop: what a reader's queue has no room for is dropped for it, whole batches,
 *     the newest; and everything while nobody reads.
 */
#ifndef TEE_OUTPUT_H
#define TEE_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "io/loop.h"
#include "io/metrics.h"
#include "queue.h"

enum output_kind { OUTPUT_UNIX, OUTPUT_FILE, OUTPUT_STDOUT };

enum drop_reason {
	DROP_FULL, /* the queue had no room */
	DROP_ABSENT, /* nobody read */
	DROP_LEFT, /* the reader left, and they were kept for nobody */
	DROP_END, /* the end came first */
	DROP_REASONS
};

struct output {
	const char *text;
	enum output_kind kind;
	char *path;
	bool block;
	uint64_t size; /* of a queue, in bytes; it is full when it holds so much */

	struct outputs *all;
	int listen_fd;
	struct loop_fd *listener;
	struct loop_timer *listen_again;
	struct reader *readers;
	unsigned reader_count;
	struct queue kept; /* block: what the next reader gets first */
	bool closed; /* takes nothing any more */
	struct log_limit complaints;

	/* Counters. Of two readers of an output each has its own rows. */
	uint64_t rows, bytes; /* sent */
	uint64_t resent_rows; /* of those: sent again after a reader left */
	uint64_t dropped[DROP_REASONS]; /* rows */
	uint64_t joined, refused; /* readers */
};

struct outputs {
	struct output *v;
	size_t count;
	struct loop *loop;
	void (*changed)(
	    void *arg); /* a queue got shorter, or an output closed; never called from output_offer */
	void *arg;
};

/* Reads the text. 0 or -1 with words. */
int output_parse(struct output *o, const char *text, struct err *e);
bool output_same(const struct output *a, const struct output *b); /* the same place to write to */
int output_open(struct output *o, struct outputs *all, struct err *e);

/* Gives the batch to all readers, as far as the rules say. */
void output_offer(struct output *o, struct chunk *c);

/* Whether a queue is so full that no more input may be taken. */
bool output_full(const struct output *o);

/* Whether all that was offered and not dropped is written. A drop output waits for nobody once `patience` is out. */
bool output_drained(const struct output *o, bool patience);

/* Ends it: readers see the end of the stream after what is written. What is not counts as dropped. */
void output_close(struct output *o);
void output_release(struct output *o); /* of one that is closed, or was never opened */

/* HUP: a file is opened again by its name. */
void output_reopen(struct output *o);

/* The counters of all outputs, in metrics.c. */
void outputs_register(struct outputs *all, struct metrics *m);

size_t output_queued(const struct output *o); /* bytes that wait, in all its queues */
size_t output_unread(
    const struct output *o); /* bytes written that may be unread, and are held to be written again */

/* One place that bytes go to: a connection, a file, stdout. */
struct reader {
	struct reader *next;
	struct output *out;
	int fd;
	bool socket, watched; /* watched: the loop can tell us when it goes away */
	bool stuck; /* it takes nothing now */
	struct loop_fd *watch;
	struct loop_timer *timer;
	int64_t pause_ms;
	struct queue queue;
	size_t sent,
	    sent_bytes; /* chunks at the front that are written whole, and held until they are surely read */
	size_t offset; /* bytes written of the next one */
};

/* Takes fd, and closes it in reader_free. */
struct reader *reader_new(struct output *o, int fd);
void reader_free(struct reader *r);

/* Writes as much as it takes now. -1: it is gone. */
int reader_send(struct reader *r);

/* Bytes in its queue that are not written yet. */
size_t reader_waiting(const struct reader *r);

/* Writes to fd from now on, beginning with a whole batch. */
void reader_redirect(struct reader *r, int fd);

/* For the reader: it is gone. Frees it. */
void output_left(struct output *o, struct reader *r);

#endif
