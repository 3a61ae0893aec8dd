/*
 * The line of rows between the reader (main thread) and the senders.
 *
 * Rows stand in groups; a group becomes one insert, again and again until it is
 * stored. A group is in memory, or on disk as a segment of the spool. Numbers
 * give the order: a sender always gets the lowest that no other has.
 *
 * New rows go to disk, not memory, while the server is away, while older rows
 * are on disk, or when memory holds as much as it may. If the spool is full (or
 * there is none) they stay in memory, and the reader is asked to pause; but with
 * the server away and a full spool they are dropped and counted: what is on disk
 * already was promised, and the input must not stand still for an outage.
 *
 * The group that takes rows is due when it is full (of rows, bytes, or days:
 * days.h); when it has batch_rows rows and the last insert is flush_ms ago; or
 * when its first row is flush_ms old.
 * While the senders are at work it grows on, so inserts grow with the load.
 */
#ifndef NF_CH_INSERT_QUEUE_H
#define NF_CH_INSERT_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "ch/spool.h"
#include "flow/batch.h"

enum {
	GROUP_ROWS = 262144,
	GROUP_BYTES = 24 << 20,
	QUEUE_LINES_MAX = 4 << 20,
	TAKERS_MAX = 8,
};

struct queue_options {
	struct spool *spool; /* NULL: none; else the queue's until queue_free */
	uint64_t first; /* the number of the first group, above those in the spool */
	unsigned
	    takers; /* threads that take groups: 1 to TAKERS_MAX. Memory holds a group for each, and one more that grows */
	uint64_t batch_rows;
	int64_t flush_ms;
	bool patient; /* the input waits without harm (it is a file): pause rather than spool */
};

/* What inserts there were. */
struct insert_counts {
	uint64_t inserts, bytes, retries;
	uint64_t ambiguous; /* sent whole and not answered */
	uint64_t unfit; /* values that a column could not hold as they were */
};

struct queue_counts {
	uint64_t rows_in, rows_stored, rows_spooled;
	uint64_t rows_dropped; /* spool full and server away */
	uint64_t rows_failed; /* refused by the server for good, set aside in failed/ */
	uint64_t rows_lost; /* refused and no spool to set them aside, or damaged on disk */
	struct insert_counts sent;
	uint64_t rows_waiting, spool_rows, spool_bytes, up;
};

struct group {
	uint64_t number, rows;
	const void *p; /* a pack (ch/pack.h), or lines of NDJSON */
	size_t len;
	struct buf read; /* where it is read to from disk; the taker's, from group to group */
	bool again; /* it was given back before */
	unsigned stirs; /* the queue's */
};

/* What became of a group. */
struct group_end {
	bool away; /* the server is: the group stays, and the rest says nothing */
	uint64_t stored; /* rows */
	/* What the server refuses for good: the group itself, or a part of it. */
	struct str bad;
	uint64_t bad_rows;
	const char *words;
};

struct queue;

struct queue *queue_new(const struct queue_options *o);
void queue_free(struct queue *q);

/* For the reader. One of the two, as the spool has it; lines are whole ones, each a row, at most QUEUE_LINES_MAX bytes. */
void queue_put(struct queue *q, const struct batch *b);
void queue_put_lines(struct queue *q, const void *p, size_t len, uint64_t rows);
bool queue_wants_pause(struct queue *q); /* queue_wake_fd() turns readable when that may have changed */
int queue_wake_fd(const struct queue *q);
void queue_tick(struct queue *q); /* once a second: what is on disk becomes durable */
void queue_counts(struct queue *q, struct queue_counts *c);

/* The end: no more rows come, so what there is, is due. Waits until nothing is left or wait_ms are over: whether so. */
bool queue_drain(struct queue *q, int64_t wait_ms);

/* Takes the takers off: queue_take gives no more. */
void queue_quit(struct queue *q);

/* With the takers gone: puts what is left in memory on disk, or counts it as lost. */
void queue_rest(struct queue *q);

/*
 * For each taker. queue_take waits for a group that is due; false after
 * queue_quit. The group is the taker's until queue_done. While the server is
 * away only one is out at a time.
 */
bool queue_take(struct queue *q, struct group *g);
void queue_done(struct queue *q, const struct group *g, const struct group_end *end);

/* Waits so long, or until the end begins, queue_quit, or a queue_stir since that group was taken. */
void queue_sleep(struct queue *q, const struct group *g, int64_t ms);
void queue_stir(struct queue *q);

/* Adds them to the counts. */
void queue_count(struct queue *q, const struct insert_counts *c);

#endif
