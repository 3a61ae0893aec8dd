/*
 * What waits to be done by one kind of action: first in, first out, bounded. A
 * failure makes the whole queue wait, 1 s at first, twice as long each time up
 * to a minute; other kinds go on.
 */
#ifndef ACT_QUEUE_H
#define ACT_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

struct queue_item {
	uint8_t key[24]; /* of the journal */
	struct str text; /* what to write or send; owned */
	struct str line; /* the detection as it came, for another life; owned */
};

struct queue {
	struct queue_item *v; /* a ring */
	uint32_t cap, head, count;
	int64_t retry_ms; /* not before this time */
	uint32_t failures; /* in a row */
};

void queue_init(struct queue *q, uint32_t cap);
void queue_release(struct queue *q);

/* Takes the item over, or returns -1 where the queue is full. */
int queue_push(struct queue *q, const struct queue_item *item);

/* The i-th item that waits, 0 first. */
struct queue_item *queue_at(const struct queue *q, uint32_t i);

/* The first item is done with. */
void queue_pop(struct queue *q);

/* The first item failed at this time. */
void queue_fail(struct queue *q, int64_t now_ms);

/* Milliseconds until the first item may be tried: 0 = now, -1 = nothing waits. */
int64_t queue_wait(const struct queue *q, int64_t now_ms);

#endif
